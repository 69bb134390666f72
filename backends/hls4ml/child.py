"""The child process in which simulated C++ runs, and what becomes of its death."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Self

from split4ml.backends.cxx import printable, signal_name
from split4ml.dialects.errors import Split4mlError

_RUNNER = Path(__file__).with_name("runner.py")
_KEPT_OUTPUT = 20_000


def run_child(folder: Path, timeout: float) -> dict[str, tuple[int, int]]:
    """Runs the plan in `folder/plan.json`; returns (elements a token, words an element) by stream written.

    Its own prints go through a pipe of which the beginning is kept."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", str(_RUNNER), str(folder / "plan.json")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    with _Drain(process) as drain:
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Split4mlError(
                f"the C simulation did not end within {timeout:.0f} s", _stage(folder)
            ) from None
        except BaseException:
            process.kill()
            process.wait()
            raise
    printed = drain.text
    status_file = folder / "status.json"
    if code == 0 and status_file.exists():
        shapes: dict[str, tuple[int, int]] = json.loads(status_file.read_text())["shapes"]
        if "WARNING: Hls::stream" in printed:  # the only trace that an inner stream ran empty or over
            line = next(line for line in printed.splitlines() if "WARNING: Hls::stream" in line)
            raise Split4mlError(
                f"the C simulation lost or invented tokens: {line.strip()[:300]}", _stage(folder)
            )
        return shapes
    failure_file = folder / "failure.json"
    if code == 3 and failure_file.exists():  # not the simulated C++ itself, by `exit(3)`
        failure = json.loads(failure_file.read_text())
        raise Split4mlError(failure["message"], _stage(folder))
    if code < 0:
        raise Split4mlError(
            f"the C simulation crashed ({signal_name(-code)}){_last(printed)}", _stage(folder)
        )
    raise Split4mlError(f"the C simulation ended itself with status {code}{_last(printed)}", _stage(folder))


class _Drain:
    """Reads a child's output so that it never blocks, and keeps only the beginning and the end."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.head, self.tail = b"", b""
        self.thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.thread.join(10)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        while chunk := self.process.stdout.read(65536):
            room = _KEPT_OUTPUT - len(self.head)
            self.head += chunk[: max(0, room)]
            self.tail = (self.tail + chunk)[-2000:]

    @property
    def text(self) -> str:
        return (self.head if len(self.head) < _KEPT_OUTPUT else self.head + self.tail).decode(
            errors="replace"
        )


def _last(printed: str) -> str:
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    return f": {printable(lines[-1])}" if lines else ""


def _stage(folder: Path) -> str:
    """The stage that ran last, as the child noted it."""
    try:
        return f"subgraph {(folder / 'stage').read_text()}"
    except OSError:
        return "C simulation"
