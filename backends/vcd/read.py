"""FIFO profiles from a VCD, with vcdvcd."""

from __future__ import annotations

import os
import signal as signals_of_the_process
import threading
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from split4ml.backends.vcd.header import Header, read_header
from split4ml.backends.vcd.names import Role, Signal, belonging
from split4ml.dialects.errors import Split4mlError

Ints = npt.NDArray[np.int64]
UNKNOWN = -1
Changes = tuple[Ints, Ints]
"""Times of value changes, and the values (UNKNOWN: x or z)."""


@dataclass(frozen=True, eq=False)
class FifoProfile:
    """What one FIFO did.

    peak: most tokens held at once, at the end of any cycle.
    write_times, read_times: int64[tokens], cycles in which a token went in and out, counted from the first time
        in the file; None if the file has occupancies only.
    """

    peak: int
    write_times: Ints | None
    read_times: Ints | None


def read_profile(
    path: str | os.PathLike[str], names: Iterable[str], clock_ps: int | None = None
) -> dict[str, FifoProfile]:
    """Profiles of the FIFOs `names`.

    clock_ps: the clock period. The file's own clock, if it has one, must agree; without either, cycles are unknown.
    A strobe counts if it is 1 at the end of a cycle, and is taken for an accepted operation unless `if_full_n` or
    `if_empty_n` beside it say otherwise. Unknown values (x, z) are allowed before the first known one only.
    Raises Split4mlError for a file that is none or incomplete, missing FIFOs (all named), and unknown values.
    """
    file = Path(path)
    wanted = list(dict.fromkeys(names))
    header = read_header(file)
    found = {name: belonging(name, header.signals) for name in wanted}
    _check(file, found, header)
    if not wanted:
        return {}
    period = _period(file, header, clock_ps)
    chosen = {name: {role: many[0] for role, many in roles.items()} for name, roles in found.items()}
    changes, begin, end = _load(
        file, sorted({s.reference for roles in chosen.values() for s in roles.values()})
    )
    cycles = _Cycles(file, begin, period, header.phase, end)
    return {name: _profile(cycles, name, roles, changes) for name, roles in chosen.items()}


def _check(file: Path, found: dict[str, dict[Role, list[Signal]]], header: Header) -> None:
    missing = [
        n for n, roles in found.items() if "usedw" not in roles and not {"write", "read"} <= set(roles)
    ]
    if missing:
        shown = ", ".join(missing[:10]) + (f" and {len(missing) - 10} more" if len(missing) > 10 else "")
        raise Split4mlError(
            f"has no occupancy or strobes of the FIFO{'s' * (len(missing) > 1)} {shown}, among {len(header.signals)} signals",
            str(file),
            "log `usedw`, or `if_write` and `if_read`, of every FIFO of this design",
        )
    for name, roles in found.items():
        for many in roles.values():
            if len(many) > 1:
                raise Split4mlError(
                    f"FIFO {name} could be {many[0].reference} or {many[1].reference}",
                    str(file),
                    "log one design",
                )


def _period(file: Path, header: Header, clock_ps: int | None) -> int:
    """Units of time in a clock cycle."""
    if clock_ps is None:
        if header.period is None:
            raise Split4mlError("has no running clock signal", str(file), "log the clock, or give its period")
        return header.period
    period, rest = divmod(clock_ps * 1000, header.unit_fs)
    if period == 0 or rest:
        raise Split4mlError(
            f"has a time unit of {header.unit_fs / 1000:g} ps, which does not divide the clock period of {clock_ps} ps",
            str(file),
        )
    if header.period not in (None, period):
        own = header.period or 0
        raise Split4mlError(
            f"has a clock period of {own * header.unit_fs / 1000:g} ps, and not of {clock_ps} ps",
            str(file),
            "is it from another build?",
        )
    return period


def _load(file: Path, references: list[str]) -> tuple[dict[str, Changes], int, int]:
    """Value changes of these signals, the first and the last time in the file."""
    with file.open("rb") as raw:
        raw.seek(0, os.SEEK_END)
        raw.seek(max(0, raw.tell() - 1))
        whole = raw.read(1) == b"\n"
    if not whole:
        raise Split4mlError("ends in the middle of a line", str(file), "let the simulation finish")
    collected = _Collected()
    try:
        vcd = _parser().VCDVCD(str(file), signals=references, store_tvs=False, callbacks=collected)
    except Exception as error:  # what vcdvcd raises on malformed lines is of many kinds
        raise Split4mlError(f"cannot be read as VCD: {error}", str(file)) from error
    if not collected.times:
        raise Split4mlError("has no value changes of any FIFO", str(file), "let the simulation run")
    codes = {r: vcd.references_to_ids[r] for r in references}
    return {r: collected.changes(code) for r, code in codes.items()}, int(vcd.begintime), int(vcd.endtime)


class _Collected:
    """vcdvcd's callbacks: keeps value changes in 16 bytes each, where its own store takes a hundred."""

    def __init__(self) -> None:
        self.times: dict[str, array[int]] = {}
        self.values: dict[str, array[int]] = {}

    def enddefinitions(self, vcd: object, signals: object, cur_sig_vals: object) -> None:
        pass

    def time(self, vcd: object, time: int, cur_sig_vals: object) -> None:
        pass

    def value(self, vcd: object, time: int, value: str, identifier_code: str, cur_sig_vals: object) -> None:
        if identifier_code not in self.times:
            self.times[identifier_code] = array("q")
            self.values[identifier_code] = array("q")
        self.times[identifier_code].append(time)
        self.values[identifier_code].append(_KNOWN[value] if value in _KNOWN else _number(value))

    def changes(self, code: str) -> Changes:
        empty = array("q")
        return (
            np.array(self.times.get(code, empty), np.int64),
            np.array(self.values.get(code, empty), np.int64),
        )


_KNOWN = {"0": 0, "1": 1}


def _number(text: str) -> int:
    """A binary number, or UNKNOWN for one with x or z."""
    return UNKNOWN if set(text.lower()) & {"x", "z"} else int(text, 2)


def _parser() -> Any:
    """vcdvcd, without the handler for SIGPIPE that it installs."""
    main = threading.current_thread() is threading.main_thread()
    pipe = getattr(signals_of_the_process, "SIGPIPE", None)
    before = signals_of_the_process.getsignal(pipe) if main and pipe is not None else None
    import vcdvcd

    if main and pipe is not None and before is not None:
        signals_of_the_process.signal(pipe, before)
    return vcdvcd


class _Cycles:
    """Times of a file as cycles: cycle 0 holds the first time in it."""

    def __init__(self, file: Path, begin: int, period: int, phase: int, end: int) -> None:
        self.file = file
        self.period = period
        self.zero = begin - (begin - phase) % period
        self.end = (end - self.zero) // period

    def values(self, changes: Changes, what: str) -> tuple[Ints, Ints]:
        """Cycles in which the value at the cycle's end is a new one, and these values."""
        times, values = changes
        cycles = (times - self.zero) // self.period
        last = np.append(cycles[1:] != cycles[:-1], True)[: len(cycles)]
        times, cycles, values = times[last], cycles[last], values[last]
        known = np.flatnonzero(values != UNKNOWN)
        if not len(known):
            raise Split4mlError(f"{what} never has a known value", str(self.file), "was it reset?")
        first = int(known[0])
        if len(known) < len(values) - first:
            at = first + int(np.argmax(values[first:] == UNKNOWN))
            raise Split4mlError(
                f"{what} is unknown (x or z) at time {times[at]}", str(self.file), "was it reset?"
            )
        return cycles[first:], values[first:]

    def high(self, changes: Changes, what: str) -> Ints:
        """int64[n], cycles at whose end a signal of one bit is 1."""
        starts, values = self.values(changes, what)
        lengths = np.diff(np.append(starts, self.end))[values != 0].clip(min=0)
        starts = starts[values != 0]
        # Of each span start, start + 1, ...: a running count, less the count at the span's begin.
        before = np.cumsum(lengths) - lengths
        cycles: Ints = np.arange(lengths.sum()) + np.repeat(starts - before, lengths)
        return cycles


def _profile(
    cycles: _Cycles, name: str, roles: dict[Role, Signal], changes: dict[str, Changes]
) -> FifoProfile:
    def accepted(role: Role, gate: Role) -> Ints | None:
        if role not in roles:
            return None
        at = cycles.high(changes[roles[role].reference], f"{role} strobe of FIFO {name}")
        if gate in roles:
            at = np.intersect1d(at, cycles.high(changes[roles[gate].reference], f"{gate} of FIFO {name}"))
        return at

    writes, reads = accepted("write", "not_full"), accepted("read", "not_empty")
    if "usedw" in roles:
        _, held = cycles.values(changes[roles["usedw"].reference], f"occupancy of FIFO {name}")
        return FifoProfile(int(held.max()), writes, reads)
    assert writes is not None and reads is not None
    steps = np.concatenate([np.ones(len(writes), np.int64), -np.ones(len(reads), np.int64)])
    at, index = np.unique(np.concatenate([writes, reads]), return_inverse=True)
    change = np.zeros(len(at), np.int64)
    np.add.at(change, index, steps)
    return FifoProfile(int(np.cumsum(change).max(initial=0)), writes, reads)
