"""`split4ml explain DIR`: why a design is as it is, in sections that each know one side of it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from split4ml.compiler.progress import Reporter, make_reporter
from split4ml.dialects.errors import Split4mlError, UsageError
from split4ml.passes.timing.frames import fault as frames_fault

if TYPE_CHECKING:
    from split4ml.compiler.design import Design


@dataclass(frozen=True)
class Section:
    """title: a line. text: for the terminal, several lines. data: the same as JSON."""

    title: str
    text: str
    data: Mapping[str, Any]


@dataclass
class Asked:
    """directory: a build, or an hls4ml project. seconds: that a section may take. frames: of a flooding run.

    tool, clock_ns: of a project, in place of what it says. timeline: where an SVG is to be written. every: cycles between the frames that
    are offered; 0: as fast as they are taken.
    """

    directory: Path
    reporter: Reporter
    seconds: float = 60.0
    frames: int = 8
    tool: str | None = None
    clock_ns: float | None = None
    timeline: Path | None = None
    every: int = 0

    @cached_property
    def is_project(self) -> bool:
        from split4ml.compiler.builddir import is_build

        return (self.directory / "firmware").is_dir() and not is_build(self.directory)

    @cached_property
    def design(self) -> Design:
        """Raises Split4mlError if it is no build."""
        from split4ml.compiler.design import Design

        return Design(self.directory)


def _split(asked: Asked) -> Section | None:
    from split4ml.compiler.explain_split import explain_split

    return None if asked.is_project else explain_split(asked.design, asked.seconds)


def _timing(asked: Asked) -> Section | None:
    from split4ml.compiler.explain_timing import explain_timing

    return explain_timing(asked)


SECTIONS: Mapping[str, Callable[[Asked], Section | None]] = {"split": _split, "timing": _timing}
"""By name. None if there is no such side to a design, such as the split of a project."""


def run_explain(arguments: argparse.Namespace) -> int:
    names = arguments.section or list(SECTIONS)
    for name in names:
        if name not in SECTIONS:
            raise UsageError(f"there is no section {name!r}", hint=f"there are {', '.join(SECTIONS)}")
    if arguments.time_limit <= 0:
        raise UsageError(f"explaining needs some time, not {arguments.time_limit:g} seconds")
    if wrong := frames_fault(arguments.frames):
        raise UsageError(wrong)
    for option, value in (("timeline", arguments.timeline), ("every", arguments.every or None)):
        if value is not None and "timing" not in names:
            raise UsageError(f"--{option} is of the section timing")
    if arguments.every < 0:
        raise UsageError(f"frames cannot come every {arguments.every} cycles")
    asked = Asked(
        arguments.directory,
        make_reporter(arguments.json),
        arguments.time_limit,
        arguments.frames,
        arguments.tool,
        arguments.clock,
        arguments.timeline,
        arguments.every,
    )
    for option, value in (("tool", asked.tool), ("clock", asked.clock_ns)):
        if value is not None and not asked.is_project:
            raise UsageError(f"--{option} is for an hls4ml project, and {asked.directory} is none")
    found = explain(asked, names)
    if arguments.json:
        print(json.dumps({name: section.data for name, section in found.items()}, indent=1))
    else:
        print("\n\n".join(f"{section.title}\n\n{section.text}" for section in found.values()))
    return 0


def explain(asked: Asked, names: list[str]) -> dict[str, Section]:
    """The sections by name. Raises Split4mlError for what is no build and no project, and if none of them applies."""
    try:
        found = {name: SECTIONS[name](asked) for name in names}
    finally:
        if "design" in vars(asked):
            asked.design.close()
    sections = {name: section for name, section in found.items() if section is not None}
    if not sections:
        raise Split4mlError(f"there is nothing to say of its {', '.join(names)}", str(asked.directory))
    return sections
