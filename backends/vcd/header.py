"""The declarations at the start of a VCD, and its clocks: all that must be known before anything is loaded."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from split4ml.backends.vcd.names import Signal
from split4ml.dialects.errors import Split4mlError

CLOCKS = ("clk", "ap_clk", "clock", "aclk")
_FEMTOSECONDS = {"s": 10**15, "ms": 10**12, "us": 10**9, "ns": 10**6, "ps": 10**3, "fs": 1}
_TAIL = 1 << 16
_EDGES = 4 << 20
"""Bytes behind the declarations in which the clocks must have run."""


@dataclass(frozen=True)
class Clock:
    """period: units of time between rising edges; phase: time of a rising edge, less than the period."""

    signal: Signal
    period: int
    phase: int


@dataclass(frozen=True)
class Header:
    """signals: all, in file order. unit_fs: femtoseconds of one unit of time. clocks: those that run.

    body: bytes before the first value change. begin, end: first and last time in the file; end is None if the file ends
    before it.
    """

    signals: tuple[Signal, ...]
    unit_fs: int
    clocks: tuple[Clock, ...]
    body: int
    begin: int
    end: int | None


def read_header(path: Path) -> Header:
    """Reads the declarations, and as far as two rising edges of every clock. Raises Split4mlError if they are not complete."""
    signals: list[Signal] = []
    scopes: list[str] = []
    unit: int | None = None
    try:
        with path.open("rb") as file:
            lines = iter(file.readline, b"")
            tokens = (token for line in lines for token in line.decode().split())
            for token in tokens:
                if not token.startswith("$"):
                    raise broken(path, f"{token[:40]!r} where a declaration should be")
                if token == "$enddefinitions":
                    break
                words: list[str] = []
                for word in tokens:
                    if word == "$end":
                        break
                    words.append(word)
                else:
                    raise broken(path, "it ends within its declarations")
                if token == "$timescale":
                    unit = _unit(path, "".join(words))
                elif token == "$scope" and len(words) == 2:
                    scopes.append(words[1])
                elif token == "$upscope" and scopes:
                    scopes.pop()
                elif token == "$var" and len(words) >= 4 and words[1].isdecimal():
                    signals.append(Signal(tuple(scopes), "".join(words[3:]), int(words[1]), words[2]))
                elif token in ("$scope", "$upscope", "$var"):
                    raise broken(path, f"cannot read {' '.join([token, *words])[:60]!r}")
            else:
                raise broken(path, "it ends within its declarations")
            if unit is None:
                raise broken(path, "it declares no timescale, so its times mean nothing")
            body = file.tell()
            clocks, begin = _clocks(path, _beginning(file), signals)
    except OSError as error:
        raise Split4mlError(f"cannot be read: {error.strerror}", str(path)) from None
    except UnicodeDecodeError:
        raise broken(path, "it is no text") from None
    return Header(tuple(signals), unit, clocks, body, begin, _last_time(path))


def _beginning(file: BinaryIO) -> Iterator[str]:
    read = 0
    for line in iter(file.readline, b""):
        read += len(line)
        if read > _EDGES:
            return
        yield line.decode(errors="replace")


def _clocks(path: Path, lines: Iterable[str], signals: Iterable[Signal]) -> tuple[tuple[Clock, ...], int]:
    """The clocks that rise twice, one for each identifier code, and the first time."""
    candidates = {s.code: s for s in signals if s.name in CLOCKS and s.bits == 1}
    time, begin = 0, None
    values: dict[str, str] = {}
    edges: dict[str, list[int]] = {code: [] for code in candidates}
    # Changes may stand on the line of their time.
    words = (word for line in lines for word in (line.split() if line.startswith("#") else [line.strip()]))
    for line in words:
        if line.startswith("#"):
            if not line[1:].isdecimal():
                raise broken(path, f"{line[:40]!r} is no time")
            time = int(line[1:])
            begin = time if begin is None else begin
        elif line[:1] in ("0", "1", "x", "X", "z", "Z") and line[1:] in edges:
            code, found = line[1:], edges[line[1:]]
            # The first value that is known is the start of a cycle, if it is 1.
            if line[0] == "1" and values.get(code) != "1" and len(found) < 2:
                found.append(time)
            values[code] = line[0]
            if all(len(each) == 2 for each in edges.values()):
                break
    clocks = tuple(
        Clock(candidates[code], at[1] - at[0], at[0] % (at[1] - at[0]))
        for code, at in edges.items()
        if len(at) == 2 and at[1] > at[0]
    )
    return clocks, begin or 0


def _last_time(path: Path) -> int | None:
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        size = file.tell()
        file.seek(max(0, size - _TAIL))
        times = re.findall(rb"^#(\d+)\s", file.read(), re.MULTILINE)
    return int(times[-1]) if times else None


def clock_of(header: Header, fifos: Iterable[Signal]) -> tuple[Clock, ...]:
    """The clocks nearest to these signals: in their own scope, or else in the closest one around. Several, if they are equally near."""
    wanted = [signal.scopes for signal in fifos]
    if not wanted:
        return header.clocks

    def distance(clock: Clock) -> tuple[int, int]:
        """Scopes up from the signals to one that also holds the clock, and down from it to the clock."""
        common = min(_common(scopes, clock.signal.scopes) for scopes in wanted)
        up = max(len(scopes) for scopes in wanted) - common
        return up, len(clock.signal.scopes) - common

    best = min((distance(clock) for clock in header.clocks), default=None)
    return tuple(clock for clock in header.clocks if distance(clock) == best)


def _common(first: tuple[str, ...], second: tuple[str, ...]) -> int:
    return next(
        (k for k, (a, b) in enumerate(zip(first, second, strict=False)) if a != b),
        min(len(first), len(second)),
    )


def _unit(path: Path, text: str) -> int:
    match = re.fullmatch(r"(1|10|100)(s|ms|us|ns|ps|fs)", text)
    if match is None:
        raise broken(path, f"{text[:40]!r} is no timescale")
    return int(match[1]) * _FEMTOSECONDS[match[2]]


def broken(path: Path, why: str) -> Split4mlError:
    return Split4mlError(
        f"is no complete VCD: {why}", str(path), "let the simulation finish and write it again"
    )
