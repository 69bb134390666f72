"""What one FIFO does, from the changes of its signals, cycle by cycle."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from split4ml.backends.vcd.names import Role, Signal
from split4ml.dialects.errors import Split4mlError

Ints = npt.NDArray[np.int64]

OPERATIONS = 1 << 26
"""Reads and writes, of all FIFOs together, of which the times are kept: 512 MB."""
MOST = 1 << 22
"""Reads, and writes, of one FIFO of which they are kept."""

_UNKNOWN = -1


@dataclass(frozen=True, eq=False)
class FifoProfile:
    """What one FIFO did.

    peak: most tokens held at once, at the end of any cycle.
    write_times, read_times: int64[tokens], cycles in which a token went in and out, counted from the first time
        in the file, of as many tokens as OPERATIONS and MOST allow; None if the file has occupancies only.
    exact: False if the file has only what the FIFO's memory held: with a token in its output register it held one more.
    strobed: most tokens held as strobes alone have it, if they are not what `peak` is from and the occupancy is of all tokens: more
        than `peak` means that a strobe was no operation, or that a cycle is not as long as was said.
    """

    peak: int
    write_times: Ints | None
    read_times: Ints | None
    exact: bool = True
    strobed: int | None = None


@dataclass
class FifoState:
    """signals: by role. Values take effect with the cycle in which they stand; the last of a cycle counts.

    since: the cycle from which the values stand; fresh: roles that changed in it; unknown: roles that are x or z.
    counted: writes less reads; least: the least that ever was, below 0 if the file begins when tokens were there already.
    kept: so many writes, and reads, have their times kept, the first ones. All are counted.
    """

    name: str
    where: str
    signals: Mapping[Role, Signal]
    kept: int = MOST
    values: dict[Role, int] = field(default_factory=dict)
    known: set[Role] = field(default_factory=set)
    unknown: set[Role] = field(default_factory=set)
    fresh: list[Role] = field(default_factory=list)
    since: int = -1
    when: int = 0
    counted: int = 0
    least: int = 0
    most: int = 0
    peak: int | None = None
    empty: int | None = None
    writes: array[int] = field(default_factory=lambda: array("q"))
    reads: array[int] = field(default_factory=lambda: array("q"))

    def __post_init__(self) -> None:
        roles = set(self.signals)
        self.occupancy: Role | None = next((role for role in _OCCUPANCIES if role in roles), None)
        self.counts = {"write", "read"} <= roles and (self.occupancy is None or _HANDSHAKE <= roles)

    def change(self, role: Role, value: str, cycle: int, time: int) -> None:
        if cycle > self.since >= 0:
            self._settle(cycle)
        self.since, self.when = cycle, time
        number = _KNOWN[value] if value in _KNOWN else _number(value)
        self.values[role] = number
        self.fresh.append(role)
        if number == _UNKNOWN:
            self.unknown.add(role)
        elif self.unknown:
            self.unknown.discard(role)

    def _settle(self, until: int) -> None:
        """The values have stood from `since` on, to the end of the cycle before `until`."""
        for role in self.unknown & self.known:
            what = "occupancy" if role in _OCCUPANCIES else f"{role} strobe"
            raise Split4mlError(
                f"{what} of FIFO {self.name} is unknown (x or z) at time {self.when}",
                self.where,
                "was it reset?",
            )
        self.known.update(role for role in self.fresh if role not in self.unknown)
        occupancy = self.occupancy
        if (
            occupancy in self.fresh
            and occupancy in self.known
            or occupancy in ("memory", "pointer")
            and "output" in self.fresh
            and occupancy in self.known
        ):
            self._occupied(occupancy)
        self.fresh.clear()
        wrote = self._accepted("write", "not_full", "write_ce", until, self.writes)
        read = self._accepted("read", "not_empty", "read_ce", until, self.reads)
        if wrote != read:
            self.counted += wrote - read
            self.least = min(self.least, self.counted)
            self.most = max(self.most, self.counted)

    def _accepted(self, role: Role, gate: Role, enable: Role, until: int, times: array[int]) -> int:
        values = self.values
        if values.get(role) != 1 or values.get(gate, 1) != 1 or values.get(enable, 1) != 1:
            return 0
        if len(times) < self.kept:
            times.extend(range(self.since, min(until, self.since + self.kept - len(times))))
        return until - self.since

    def _occupied(self, role: Role) -> None:
        value = self.values[role]
        if role == "pointer":
            none = (1 << self.signals["pointer"].bits) - 1  # -1
            if self.empty is None:  # what comes out of reset: -1 in a shift register, 0 in a memory
                self.empty = -1 if value == none else 0
            value = (0 if value == none else value + 1) if self.empty else value
        if role == "memory" or (role == "pointer" and not self.empty):
            value += max(0, self.values.get("output", 0))
        self.peak = max(self.peak or 0, value)

    def profile(self, end: int) -> FifoProfile:
        """end: the cycle of the last time in the file."""
        if self.since >= 0:
            self._settle(max(end, self.since + 1))
        strobes = {"write", "read"} <= self.known
        exact, strobed = True, None
        if self.counts and strobes:
            peak: int | None = self.most - self.least
        else:
            strobed = self.most - self.least if self.occupancy == "held" and strobes else None
            peak = self.peak
            beside = self.occupancy == "memory" or (self.occupancy == "pointer" and not self.empty)
            exact = not beside or "output" in self.known
        if peak is None:
            what = "occupancy" if self.occupancy else "strobes"
            raise Split4mlError(
                f"{what} of FIFO {self.name} never has a known value", self.where, "was it reset?"
            )
        return FifoProfile(
            peak,
            _times(self.writes) if "write" in self.signals else None,
            _times(self.reads) if "read" in self.signals else None,
            exact,
            strobed,
        )


def _times(found: array[int]) -> Ints:
    """The same numbers, not copied."""
    return np.frombuffer(found, np.int64) if found else np.zeros(0, np.int64)


_OCCUPANCIES: tuple[Role, ...] = ("held", "memory", "pointer")
_HANDSHAKE: set[Role] = {"write", "read", "not_full", "not_empty"}
_KNOWN = {"0": 0, "1": 1}


def _number(text: str) -> int:
    """A binary number, or -1 for one with x or z."""
    return _UNKNOWN if set(text.lower()) & {"x", "z"} else int(text, 2)
