"""Progress of long steps: bars on a terminal, lines elsewhere, nothing with --quiet. All on standard error.

    reporter = make_reporter(quiet=False)
    with reporter.step("C simulation") as step:
        step.update(1, 4, "sg0")

A step that ends within a second is never shown, so short runs stay silent.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

DELAY = 1.0
"""Seconds before a step is shown."""


class Step(Protocol):
    """A step under way. May be updated from any thread."""

    def update(self, done: int, total: int, text: str = "") -> None:
        """`done` of `total` parts are finished; `text` is the one at work."""
        ...


class Reporter:
    """Says nothing but warnings; what --quiet gives. Also the base of the others."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """A step that may take long."""
        yield _Ignored()

    def note(self, text: str) -> None:
        """Something the user wants to know."""

    def warn(self, text: str) -> None:
        """Something the user should act on."""
        print(f"warning: {text}", file=self.stream, flush=True)


class _Ignored:
    def update(self, done: int, total: int, text: str = "") -> None:
        pass


class Lines(Reporter):
    """For logs and CI: a line once a step has taken a second, and one with its time when it ends."""

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        begin = time.monotonic()
        timer = threading.Timer(DELAY, self.note, [f"{title} …"])
        timer.daemon = True
        timer.start()
        try:
            yield _Ignored()
        finally:
            timer.cancel()
            timer.join()
        if (seconds := time.monotonic() - begin) >= DELAY:
            self.note(f"{title}: {seconds:.0f} s")

    def note(self, text: str) -> None:
        print(text, file=self.stream, flush=True)


class Bars(Reporter):
    """A bar for each step that takes longer than a second. rich is imported then, and not before."""

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__(stream)
        self.lock = threading.RLock()
        """Held while the display changes: steps are shown by timers, and updated from any thread."""
        self._live: RichProgress | None = None

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        bar = _Bar(self, title)
        timer = threading.Timer(DELAY, bar.show)
        timer.daemon = True
        timer.start()
        try:
            yield bar
        finally:
            timer.cancel()
            bar.hide()

    def note(self, text: str) -> None:
        self._print(text)

    def warn(self, text: str) -> None:
        self._print(f"warning: {text}")

    def _print(self, text: str) -> None:
        with self.lock:
            if self._live is not None:
                self._live.console.print(text, markup=False, highlight=False, soft_wrap=True)
            else:
                print(text, file=self.stream, flush=True)

    def open(self) -> RichProgress:
        """The display that all bars share."""
        if self._live is None:
            from rich.console import Console
            from rich.progress import (
                BarColumn,
                MofNCompleteColumn,
                Progress,
                SpinnerColumn,
                TextColumn,
                TimeElapsedColumn,
            )

            self._live = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=24),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=Console(file=self.stream),
                transient=True,
            )
            self._live.start()
        return self._live

    def close(self) -> None:
        if self._live is not None and not self._live.tasks:
            self._live.stop()
            self._live = None


class _Bar:
    def __init__(self, owner: Bars, title: str) -> None:
        self._owner = owner
        self._title = title
        self._lock = owner.lock
        self._state: tuple[int, int | None, str] = (0, None, "")
        self._task: TaskID | None = None
        self._over = False

    def update(self, done: int, total: int, text: str = "") -> None:
        with self._lock:
            self._state = (done, total, text)
            self._draw()

    def show(self) -> None:
        with self._lock:
            if self._over:
                return
            # a step that shows no parts has a total of none: a moving bar
            self._task = self._owner.open().add_task(self._title, total=None)
            self._draw()

    def hide(self) -> None:
        with self._lock:
            self._over = True
            if self._task is not None:
                self._owner.open().remove_task(self._task)
                self._task = None
                self._owner.close()

    def _draw(self) -> None:
        if self._task is not None:
            done, total, text = self._state
            description = f"{self._title}: {text}" if text else self._title
            self._owner.open().update(self._task, completed=done, total=total, description=description)


def make_reporter(quiet: bool = False, stream: TextIO | None = None) -> Reporter:
    """What fits: silence, bars on a terminal, or lines."""
    stream = stream or sys.stderr
    if quiet:
        return Reporter(stream)
    return Bars(stream) if stream.isatty() else Lines(stream)
