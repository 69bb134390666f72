"""docs/tutorial.md does what it says: every command of every console block is run, and what it prints is what the page shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from e2e_cli import ROOT

PAGE = ROOT / "docs" / "tutorial.md"
NUMBER = r"(?<![\w<])\d[\d,]*(?:\\\.\d+)?(?!\w)"
"""In text that is escaped for a pattern."""
SHELL = {"sh", "bash", "shell", "zsh"}


@dataclass
class Step:
    """A command and the lines that the page shows after it."""

    command: str
    lines: list[str] = field(default_factory=list)


def steps(text: str) -> Iterator[Step]:
    """The commands of all console blocks, in order."""
    for language, body in re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        assert language not in SHELL, "commands stand in console blocks, after a $"
        step: Step | None = None
        for line in body.splitlines() if language == "console" else ():
            if line.startswith("$ "):
                if step is not None:
                    yield step
                step = Step(line.removeprefix("$ "))
            else:
                assert step is not None, f"nothing prints {line!r}"
                step.lines.append(line)
        if step is not None:
            yield step


def pattern(lines: list[str]) -> str:
    """What is printed, but for numbers that are no part of a name, and what `…` leaves out: a part of a line, or lines."""
    parts = []
    for line in lines:
        loose = re.escape(line).replace(re.escape("…"), ".*")
        loose = re.sub(NUMBER, lambda match: r"[\d,.]+", loose)
        parts.append(r"(?:.*\n)*?" if line == "…" else f"{loose}\n")
    return "".join(parts)


def test_the_patterns() -> None:
    assert re.fullmatch(pattern(["a 1.5 b", "…", "c<…>"]), "a 2,750 b\nx\ny\nc<d>\n")
    assert not re.fullmatch(pattern(["a1 b"]), "a2 b\n")
    assert [step.lines for step in steps("```console\n$ a\nx\n$ b\n```\n")] == [["x"], []]


@pytest.mark.slow
def test_the_tutorial(tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (tmp_path / "build").mkdir()
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    found = list(steps(PAGE.read_text("utf-8")))
    assert len(found) >= 10
    for step in found:
        done = subprocess.run(
            ["bash", "-c", step.command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        printed = done.stdout + done.stderr
        refused = any(line.startswith("error: ") for line in step.lines)
        assert (done.returncode != 0) == refused, f"{step.command}\n{printed}"
        if step.lines or not printed.startswith("warning: "):
            assert re.fullmatch(pattern(step.lines), printed), f"{step.command}\n{printed}"
