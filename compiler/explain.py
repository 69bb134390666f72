"""`split4ml explain DIR`: why a build is as it is, in sections that each know one side of it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from split4ml.dialects.errors import UsageError

if TYPE_CHECKING:
    from split4ml.compiler.design import Design


@dataclass(frozen=True)
class Section:
    """title: a line. text: for the terminal, several lines. data: the same as JSON."""

    title: str
    text: str
    data: Mapping[str, Any]


def _split(design: Design, seconds: float) -> Section:
    from split4ml.compiler.explain_split import explain_split

    return explain_split(design, seconds)


SECTIONS: Mapping[str, Callable[[Design, float], Section]] = {"split": _split}
"""By name. Each is given the build, and the seconds that it may take."""


def run_explain(arguments: argparse.Namespace) -> int:
    from split4ml.compiler.design import Design

    names = arguments.section or list(SECTIONS)
    for name in names:
        if name not in SECTIONS:
            raise UsageError(f"there is no section {name!r}", hint=f"there are {', '.join(SECTIONS)}")
    if arguments.time_limit <= 0:
        raise UsageError(f"explaining needs some time, not {arguments.time_limit:g} seconds")
    with Design(arguments.directory) as design:
        found = {name: SECTIONS[name](design, arguments.time_limit) for name in names}
    if arguments.json:
        print(json.dumps({name: section.data for name, section in found.items()}, indent=1))
    else:
        print("\n\n".join(f"{section.title}\n\n{section.text}" for section in found.values()))
    return 0
