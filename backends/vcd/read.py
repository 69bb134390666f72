"""FIFO profiles from a VCD, with vcdvcd. Of a file of any size, no more than a part is in memory at a time."""

from __future__ import annotations

import os
import signal as signals_of_the_process
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from split4ml.backends.vcd.fifo import MOST, OPERATIONS, FifoProfile, FifoState
from split4ml.backends.vcd.header import Header, clock_of, read_header
from split4ml.backends.vcd.names import Role, Roles, Signal, of_fifos, usable
from split4ml.dialects.errors import Split4mlError

__all__ = ["FifoProfile", "read_profile"]

PART = 8 << 20
"""Bytes that are read at a time."""

Progress = Callable[[int, int], None]
"""Told how many bytes of how many are read."""


def read_profile(
    path: str | os.PathLike[str],
    names: Iterable[str],
    clock_ps: int | None = None,
    progress: Progress | None = None,
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
    found = of_fifos(wanted, header.signals)
    _check(file, found, header)
    if not wanted:
        return {}
    chosen = {name: {role: many[0] for role, many in roles.items()} for name, roles in found.items()}
    period, phase = _period(file, header, clock_ps, [s for roles in chosen.values() for s in roles.values()])
    _whole(file)
    zero = header.begin - (header.begin - phase) % period
    kept = max(1, min(MOST, OPERATIONS // (2 * len(wanted))))
    reader = _Reader(
        file, {n: FifoState(n, str(file), roles, kept) for n, roles in chosen.items()}, zero, period
    )
    reader.run(header, progress)
    return reader.profiles()


def _check(file: Path, found: dict[str, Roles], header: Header) -> None:
    missing = [name for name, roles in found.items() if not usable(roles)]
    if missing:
        shown = ", ".join(missing[:10]) + (f" and {len(missing) - 10} more" if len(missing) > 10 else "")
        raise Split4mlError(
            f"has no occupancy or strobes of the FIFO{'s' * (len(missing) > 1)} {shown}, among {len(header.signals)} signals",
            str(file),
            "log `usedw`, or `if_write` and `if_read`, of every FIFO of this design",
        )
    for name, roles in found.items():
        for many in roles.values():
            if len({signal.code for signal in many}) > 1:
                raise Split4mlError(
                    f"FIFO {name} could be {many[0].reference} or {many[1].reference}",
                    str(file),
                    "log one design",
                )


def _period(file: Path, header: Header, clock_ps: int | None, fifos: list[Signal]) -> tuple[int, int]:
    """Units of time in a clock cycle, and where one begins. Of several clocks the one that is nearest to the FIFOs counts."""
    clocks = clock_of(header, fifos)
    if clock_ps is None:
        periods = sorted({clock.period for clock in clocks})
        if not periods:
            raise Split4mlError("has no running clock signal", str(file), "log the clock, or give its period")
        if len(periods) > 1:
            raise Split4mlError(
                f"has several clocks: {', '.join(clock.signal.reference for clock in clocks)}",
                str(file),
                "give the period of the right one",
            )
        return clocks[0].period, clocks[0].phase
    period, rest = divmod(clock_ps * 1000, header.unit_fs)
    if period == 0 or rest:
        raise Split4mlError(
            f"has a time unit of {header.unit_fs / 1000:g} ps, which does not divide the clock period of {clock_ps} ps",
            str(file),
        )
    agreeing = [clock for clock in (*clocks, *header.clocks) if clock.period == period]
    if clocks and not agreeing:
        raise Split4mlError(
            f"has a clock period of {clocks[0].period * header.unit_fs / 1000:g} ps, and not of {clock_ps} ps",
            str(file),
            "is it from another build?",
        )
    return period, agreeing[0].phase if agreeing else 0


def _whole(file: Path) -> None:
    with file.open("rb") as raw:
        raw.seek(0, os.SEEK_END)
        raw.seek(max(0, raw.tell() - 1))
        if raw.read(1) != b"\n":
            raise Split4mlError("ends in the middle of a line", str(file), "let the simulation finish")


@dataclass
class _Reader:
    """vcdvcd's callbacks, for part after part of the file."""

    file: Path
    fifos: dict[str, FifoState]
    zero: int
    period: int
    last: int = 0
    now: int = 0
    changes: int = 0
    owners: dict[str, list[tuple[FifoState, Role]]] = field(default_factory=dict)

    def run(self, header: Header, progress: Progress | None) -> None:
        declared: list[str] = []
        for state in self.fifos.values():
            for role, signal in state.signals.items():
                self.owners.setdefault(signal.code, []).append((state, role))
                declared.append(f"$var wire {signal.bits} {signal.code} s{len(declared)} $end")
        preamble = "\n".join(["$timescale 1 ps $end", *declared, "$enddefinitions $end", ""])
        parser = _parser()
        self.last = header.begin
        for text in _parts(self.file, header, set(self.owners), progress):
            try:
                vcd = parser.VCDVCD(
                    vcd_string=f"{preamble}#{self.last}\n{text}", store_tvs=False, callbacks=self
                )
            except Split4mlError:
                raise
            except Exception as error:  # what vcdvcd raises on malformed lines is of many kinds
                raise Split4mlError(f"cannot be read as VCD: {error}", str(self.file)) from error
            self.last = int(vcd.endtime)
        if not self.changes:
            raise Split4mlError("has no value changes of any FIFO", str(self.file), "let the simulation run")
        if header.end is None or header.end == header.begin:
            raise Split4mlError(
                "ends at the time at which it begins", str(self.file), "let the simulation run"
            )
        self.last = max(self.last, header.end)

    def profiles(self) -> dict[str, FifoProfile]:
        end = (self.last - self.zero) // self.period
        return {name: state.profile(end) for name, state in self.fifos.items()}

    def enddefinitions(self, vcd: object, signals: object, cur_sig_vals: object) -> None:
        pass

    def time(self, vcd: object, time: int, cur_sig_vals: object) -> None:
        pass  # vcdvcd tells the time before the new one, which is 0 at the begin of every part

    def value(self, vcd: object, time: int, value: str, identifier_code: str, cur_sig_vals: object) -> None:
        if time < self.now:
            raise Split4mlError(
                f"time goes back from {self.now} to {time}", str(self.file), "is it one simulation's?"
            )
        self.now = time
        self.changes += 1
        cycle = (time - self.zero) // self.period
        for state, role in self.owners[identifier_code]:
            state.change(role, value, cycle, time)


def _parts(file: Path, header: Header, codes: set[str], progress: Progress | None) -> Iterator[str]:
    """The value changes of these signals and their times, a part of the file after the other."""
    known = {code.encode() for code in codes}
    size = file.stat().st_size
    time, told, rest = b"", b"", b""
    with file.open("rb") as raw:
        raw.seek(header.body)
        while True:
            data = raw.read(PART)
            lines = (rest + data).split(b"\n")
            rest = lines.pop() if data else b""
            kept: list[bytes] = []
            for line in lines:
                first = line[:1]
                if first == b"#":
                    time = line.rstrip()
                    if b" " in time:  # changes on the line of their time
                        time, *changes = time.split()
                        kept += [time, *(change for change in changes if change[1:] in known)]
                        told = time
                    continue
                if first in (b"b", b"B"):
                    mine = line[line.rfind(b" ") + 1 :].rstrip() in known or b" " not in line.strip()
                else:
                    mine = line[1:].rstrip() in known
                if mine:
                    if time != told:
                        kept.append(time)
                        told = time
                    kept.append(line.rstrip())
            if kept:
                yield b"\n".join(kept).decode(errors="replace") + "\n"
            if progress is not None:
                progress(raw.tell(), size)
            if not data:
                return


def _parser() -> Any:
    """vcdvcd, without the handler for SIGPIPE that it installs."""
    main = threading.current_thread() is threading.main_thread()
    pipe = getattr(signals_of_the_process, "SIGPIPE", None)
    before = signals_of_the_process.getsignal(pipe) if main and pipe is not None else None
    import vcdvcd

    if main and pipe is not None and before is not None:
        signals_of_the_process.signal(pipe, before)
    return vcdvcd
