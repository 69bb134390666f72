"""`#pragma HLS STREAM` in a top function: which stream, and how deep. Its options may stand in any order, with blanks around `=`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_PRAGMA = re.compile(r"^[ \t]*#[ \t]*pragma[ \t]+HLS[ \t]+STREAM\b([^\r\n]*)", re.MULTILINE | re.IGNORECASE)
_VARIABLE = re.compile(r"\bvariable[ \t]*=[ \t]*&?[ \t]*(\w+)", re.IGNORECASE)
_DEPTH = re.compile(
    r"\bdepth[ \t]*=[ \t]*(.+?)[ \t]*(?=$|\b(?:variable|dim|type)[ \t]*=|\boff\b)", re.IGNORECASE
)


@dataclass(frozen=True)
class StreamPragma:
    """variable: the stream. depth: as it is written, None if it is not; start, stop: where that stands, or where it belongs."""

    variable: str
    depth: str | None
    start: int
    stop: int


def stream_pragmas(text: str, at: int = 0, end: int | None = None) -> Iterator[StreamPragma]:
    """Those of text[at:end], which has no comments, in order; positions are of `text`."""
    for found in _PRAGMA.finditer(text, at, len(text) if end is None else end):
        variable = _VARIABLE.search(found[1])
        if variable is None:
            continue
        depth = _DEPTH.search(found[1])
        span = depth.span(1) if depth else (variable.end(), variable.end())
        yield StreamPragma(
            variable[1], depth[1] if depth else None, found.start(1) + span[0], found.start(1) + span[1]
        )


def depth_of(pragma: StreamPragma) -> int | None:
    """None if none is stated. Raises ValueError for one that is no number."""
    if pragma.depth is None:
        return None
    number = pragma.depth.strip("()")
    if not number.isdecimal() or int(number) < 1:
        raise ValueError(
            f"the depth of stream {pragma.variable} is {pragma.depth!r}, which is no number from 1 on"
        )
    return int(number)
