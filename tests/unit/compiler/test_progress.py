"""Progress goes to standard error, in the form that fits, and short steps stay silent."""

from __future__ import annotations

import io
import time

import pytest

from split4ml.compiler import progress
from split4ml.compiler.progress import Bars, Lines, Reporter, make_reporter


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_right_kind() -> None:
    assert type(make_reporter(quiet=True)) is Reporter
    assert type(make_reporter(stream=Terminal())) is Bars
    assert type(make_reporter(stream=io.StringIO())) is Lines


def test_quiet_says_warnings_only() -> None:
    stream = io.StringIO()
    reporter = make_reporter(quiet=True, stream=stream)
    with reporter.step("work") as step:
        step.update(1, 2, "part")
    reporter.note("noted")
    reporter.warn("look")
    assert stream.getvalue() == "warning: look\n"


def test_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "DELAY", 0.2)
    stream = io.StringIO()
    reporter = make_reporter(stream=stream)
    with reporter.step("short") as step:
        step.update(1, 2)
    with reporter.step("long"):
        time.sleep(0.6)
    reporter.note("noted")
    assert stream.getvalue() in ("long …\nlong: 1 s\nnoted\n", "long …\nlong: 2 s\nnoted\n")


def test_short_steps_show_no_bar() -> None:
    stream = Terminal()
    with make_reporter(stream=stream).step("work") as step:
        step.update(1, 2)
    assert stream.getvalue() == ""


def test_bars_of_nested_long_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "DELAY", 0.01)
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    reporter = make_reporter(stream=stream)
    with reporter.step("outer"), reporter.step("inner") as step:
        step.update(1, 4, "[first]")
        deadline = time.monotonic() + 20
        while "inner: [first]" not in stream.getvalue() and time.monotonic() < deadline:
            time.sleep(0.05)
        reporter.note("a [note]")
    assert "outer" in stream.getvalue()
    assert "inner: [first]" in stream.getvalue()
    assert "1/4" in stream.getvalue()
    assert "a [note]" in stream.getvalue()


def test_a_failing_step_takes_its_bar_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "DELAY", 0.0)
    reporter = Bars(Terminal())
    with pytest.raises(RuntimeError), reporter.step("work"):
        time.sleep(0.5)
        raise RuntimeError
    assert reporter._live is None
