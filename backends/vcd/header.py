"""The declarations at the start of a VCD, and the clock: all that must be known before anything is loaded."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from split4ml.backends.vcd.names import Signal
from split4ml.dialects.errors import Split4mlError

CLOCKS = ("clk", "ap_clk", "clock", "aclk")
_FEMTOSECONDS = {"s": 10**15, "ms": 10**12, "us": 10**9, "ns": 10**6, "ps": 10**3, "fs": 1}


@dataclass(frozen=True)
class Header:
    """signals: all, in file order. unit_fs: femtoseconds of one unit of time.

    period, phase: units of time, from rising edges of a clock signal; None if the file has none.
    """

    signals: tuple[Signal, ...]
    unit_fs: int
    period: int | None
    phase: int


def read_header(path: Path) -> Header:
    """Reads up to the second rising edge of the clock. Raises Split4mlError if this is no whole VCD header."""
    signals: list[Signal] = []
    scopes: list[str] = []
    codes: dict[str, str] = {}  # identifier code of each candidate for the clock
    unit: int | None = None
    try:
        with path.open(encoding="utf-8") as file:
            tokens = (token for line in file for token in line.split())
            for token in tokens:
                if not token.startswith("$"):
                    raise _broken(path, f"{token[:40]!r} where a declaration should be")
                if token == "$enddefinitions":
                    break
                words: list[str] = []
                for word in tokens:
                    if word == "$end":
                        break
                    words.append(word)
                else:
                    raise _broken(path, "it ends within its declarations")
                if token == "$timescale":
                    unit = _unit(path, "".join(words))
                elif token == "$scope" and len(words) == 2:
                    scopes.append(words[1])
                elif token == "$upscope" and scopes:
                    scopes.pop()
                elif token == "$var" and len(words) >= 4 and words[1].isdecimal():
                    # "name [7:0]", "name[7:0]", "name [3]"
                    text = "".join(words[3:])
                    name, bracket, index = text.partition("[")
                    signals.append(Signal(tuple(scopes), name, int(words[1]), bracket + index))
                    if name in CLOCKS and words[1] == "1":
                        codes.setdefault(name, words[2])
                elif token in ("$scope", "$upscope", "$var"):
                    raise _broken(path, f"cannot read {' '.join([token, *words])[:60]!r}")
            else:
                raise _broken(path, "it ends within its declarations")
            if unit is None:
                raise _broken(path, "it declares no timescale, so its times mean nothing")
            code = next((codes[name] for name in CLOCKS if name in codes), None)
            edges = [] if code is None else _rising(path, file, code)
    except OSError as error:
        raise Split4mlError(f"cannot be read: {error.strerror}", str(path)) from None
    except UnicodeDecodeError:
        raise _broken(path, "it is no text") from None
    if len(edges) < 2:
        return Header(tuple(signals), unit, None, 0)
    period = edges[1] - edges[0]
    return Header(tuple(signals), unit, period, edges[0] % period)


def _rising(path: Path, lines: Iterable[str], code: str) -> list[int]:
    """The first two rising edges of the signal with this identifier code."""
    time, value, edges = 0, "x", list[int]()
    for line in lines:
        line = line.strip()
        if line.startswith("#"):
            if not line[1:].isdecimal():
                raise _broken(path, f"{line[:40]!r} is no time")
            time = int(line[1:])
        elif line[1:] == code and line[0] in "01xXzZ":
            # The first value that is known is the start of a cycle, if it is 1.
            if line[0] == "1" and value != "1":
                edges.append(time)
                if len(edges) == 2:
                    break
            value = line[0]
    return edges


def _unit(path: Path, text: str) -> int:
    match = re.fullmatch(r"(1|10|100)(s|ms|us|ns|ps|fs)", text)
    if match is None:
        raise _broken(path, f"{text[:40]!r} is no timescale")
    return int(match[1]) * _FEMTOSECONDS[match[2]]


def _broken(path: Path, why: str) -> Split4mlError:
    return Split4mlError(
        f"is no complete VCD: {why}", str(path), "let the simulation finish and write it again"
    )
