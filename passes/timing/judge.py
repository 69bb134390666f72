"""Whether FIFO depths are feasible: replays against the same network with FIFOs of unbounded depth.

Feasible are depths with which a lone frame's latency and the interval of a run of several frames equal those of the
same network with FIFOs of unbounded depth, no frame of that run ends later, and nothing deadlocks. The reference has
the latencies that the candidate's depths imply (a shift register is a cycle faster than a memory), so it is a new one
whenever a FIFO changes its style (docs/decisions/0002-unbounded-reference.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from split4ml.dialects.errors import Split4mlError
from split4ml.passes.timing.critical import Critical, Flags
from split4ml.passes.timing.limits import KEEP, Limits
from split4ml.passes.timing.metrics import interval
from split4ml.passes.timing.network import UNBOUNDED, Network
from split4ml.passes.timing.replay import Engine
from split4ml.passes.timing.schedule import Ints
from split4ml.passes.timing.series import Together

LatencyRule = Callable[[int, int], int]
"""From bits of a token and depth to cycles from write to readable; never falls as the depth rises."""

SHIFT_REGISTER_BITS = 1024
"""Up to so many bits Vitis HLS 2022.2 to 2023.2 makes a FIFO of shift registers (measured on vendor RTL)."""


def fifo_latency(width_bits: int, depth: int) -> int:
    """Cycles from write to readable: 1 for a shift register, 2 for a memory with an output register; 0 for a wire in place of it."""
    if depth == 0:
        return 0
    return 1 if depth == 1 or width_bits * depth <= SHIFT_REGISTER_BITS else 2


@dataclass(frozen=True)
class Fifo:
    """A channel whose depth is to be chosen, from `least` to `most`; with `sizable` False it keeps the channel's capacity
    and latency. least: 0 only between movers, where no FIFO is needed.
    """

    channel: int
    width_bits: int
    sizable: bool = True
    least: int = 1
    most: int = UNBOUNDED


Cost = Callable[[Fifo, int], int]
"""What a FIFO of a depth costs, at least 0; never falls as the depth rises."""


def storage_bits(fifo: Fifo, depth: int) -> int:
    return fifo.width_bits * depth


class Progress(Protocol):
    """Told after every candidate: how many were tried, how many bits the best so far has."""

    def __call__(self, tried: int, bits: int) -> None: ...


def resized(
    network: Network, fifos: Sequence[Fifo], depths: Sequence[int], latency: LatencyRule = fifo_latency
) -> Network:
    """`network` with these depths, and the latencies that go with them, in its sizable FIFOs."""
    channels = list(network.channels)
    for fifo, depth in zip(fifos, depths, strict=True):
        if fifo.sizable:
            channels[fifo.channel] = replace(
                channels[fifo.channel], capacity=int(depth), latency=latency(fifo.width_bits, int(depth))
            )
    return replace(network, channels=tuple(channels))


@dataclass(frozen=True)
class Reference:
    """The unbounded network, and with it what is demanded: ends of a lone frame and of several (-1: never) and the interval, no
    later and no longer than which these may be; the tokens held, and when a lone frame
    comes in.
    """

    lone: int
    ends: tuple[int, ...]
    peaks: Ints
    interval: int | float | None
    first_in: int


@dataclass(frozen=True, eq=False)
class Room:
    """What FIFOs can hold.

    capacities: per FIFO; UNBOUNDED for those in a row.
    rows, held: FIFOs in a row, and how much these can hold in all; together: the network in which they do.
    """

    capacities: Ints
    rows: tuple[tuple[int, ...], ...] = ()
    held: tuple[int, ...] = ()
    together: Together | None = None

    def holds(self, depths: Ints) -> bool:
        """Whether no FIFO and no row of these depths can hold more."""
        return bool(np.all(depths <= self.capacities)) and all(
            depths[list(row)].sum() <= most for row, most in zip(self.rows, self.held, strict=True)
        )

    @property
    def shallow(self) -> Flags:
        """Per FIFO, whether it could be deeper."""
        found = self.capacities < UNBOUNDED
        for row in self.rows:
            found[list(row)] = True
        return found


class Rows:
    """Vectors of one length, as a matrix that grows."""

    def __init__(self, length: int) -> None:
        self._room: Ints = np.zeros((16, length), np.int64)
        self._count = 0

    def append(self, row: Ints) -> None:
        if self._count == len(self._room):
            self._room = np.concatenate((self._room, np.zeros_like(self._room)))
        self._room[self._count] = row
        self._count += 1

    def rows(self) -> Ints:
        return self._room[: self._count]


class Judge:
    """Decides whether depths are feasible, and remembers what it has seen."""

    def __init__(
        self,
        network: Network,
        fifos: Sequence[Fifo],
        frames: int,
        latency: LatencyRule,
        progress: Progress | None,
        limits: Limits = KEEP,
    ) -> None:
        self.limits = limits
        self.engine = Engine(network)
        self.fifos = fifos
        self.frames = frames
        self.replays = 0
        self.frames_run = 0  # in all replays, those that ended early too
        self.tried = 0
        self.at: Ints = np.array([f.channel for f in fifos], np.int64)
        self.width: Ints = np.array([f.width_bits for f in fifos], np.int64)
        self.sizable = [i for i, f in enumerate(fifos) if f.sizable]
        self.latency_rule = latency
        self._progress = progress
        self._references: dict[bytes, Reference] = {}
        self._failed: dict[bytes, Rows] = {}
        self.unbounded = self.engine.capacities.copy()
        self.unbounded[self.at[self.sizable]] = UNBOUNDED

    @cached_property
    def floor(self) -> Ints:
        """Per FIFO, the least depth that there is, whatever its bounds: 0 where a wire can take its place and may, else 1."""
        return np.array([min(1, f.least) if f.sizable else 1 for f in self.fifos], np.int64)

    def rule(self, fifo: int, depth: int) -> int:
        return self.latency_rule(self.fifos[fifo].width_bits, int(depth))

    def roomy(self, fifo: int, slow: int) -> int:
        """Room for all that is ever written to it, or as much as FIFOs of a latency of at most `slow` can have."""
        one = self.fifos[fifo]
        frames = self.frames + (2 if self.engine.network.held_start else 0)
        slowest = max(slow, self.rule(fifo, one.least))
        low, high = one.least, max(int(self.engine.flat.tokens[one.channel]) * frames, one.least)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.rule(fifo, middle) <= slowest else (low, middle - 1)
        return low

    def latencies(self, depths: Ints) -> Ints:
        """Per channel, with FIFOs of these depths."""
        result = self.engine.latencies.copy()
        for i in self.sizable:
            result[self.at[i]] = self.rule(i, int(depths[i]))
        return result

    def reference(self, latencies: Ints) -> Reference:
        key = latencies.tobytes()
        if key not in self._references:
            found = self._unbounded(latencies)
            self._references[key] = found if self.limits.keep else self._allowed(found)
        return self._references[key]

    def _unbounded(self, latencies: Ints) -> Reference:
        lone = self.engine.run(1, capacities=self.unbounded, latencies=latencies)
        many = self.engine.run(self.frames, capacities=self.unbounded, latencies=latencies)
        self.replays += 2
        self.frames_run += 1 + self.frames
        for run in (lone, many):
            if run.deadlock:
                steps = ", ".join(f"{who} waits for {what} ({state})" for who, state, what in run.deadlock)
                raise Split4mlError(
                    f"the design deadlocks however deep its FIFOs are: {steps}",
                    hint="a task outside of these subgraphs must be part of them, or the cut must move",
                )
        ends = tuple(int(t) for t in many.last_out)
        peaks = np.maximum(lone.peak, many.peak)
        return Reference(int(lone.last_out[0]), ends, peaks, interval(ends), int(lone.first_in[0]))

    @cached_property
    def _base(self) -> Reference:
        """The unbounded network with the least latencies that the FIFOs may have."""
        return self._unbounded(self.latencies(np.array([f.least for f in self.fifos], np.int64)))

    def _allowed(self, unbounded: Reference) -> Reference:
        """With later deadlines, as far as the limits allow. Slacks are counted from the network with the least latencies, so
        that they are the same whatever the styles are.
        """
        base = self._base
        if base.lone < 0 or base.interval is None or unbounded.interval is None:
            raise Split4mlError("a frame never ends, so no latency or interval can be kept within limits")
        more = self.limits.latency.slack(base.lone - base.first_in, "latency")
        each = self.limits.interval.slack(base.interval, "interval")
        if self.limits.latency.cycles is None:
            lone, ends = unbounded.lone + more, [end + more for end in unbounded.ends]
        else:
            lone = base.first_in + self.limits.latency.cycles
            ends = [lone + end - base.lone for end in base.ends]
        ends = [end + frame * each if end >= 0 else end for frame, end in enumerate(ends)]
        return Reference(lone, tuple(ends), unbounded.peaks, unbounded.interval + each, unbounded.first_in)

    def hopeless(self, depths: Ints, exactly: bool) -> bool:
        """Whether this vector has failed, or (not `exactly`) one of the same styles that is nowhere shallower."""
        failed = self._failed.get(self.latencies(depths).tobytes())
        if failed is None:
            return False
        known = failed.rows()
        return bool(np.any(np.all(known == depths if exactly else known >= depths, axis=1)))

    def tokens_held(self, depths: Ints) -> Ints | None:
        """None if the depths are not feasible, else the most tokens held, per FIFO, over both runs."""
        feasible, peaks = self.verdict(depths)
        self.tried += 1
        if not feasible:
            self._failed.setdefault(self.latencies(depths).tobytes(), Rows(len(depths))).append(depths)
        return peaks if feasible else None

    def verdict(self, depths: Ints) -> tuple[bool, Ints]:
        """Whether the depths are feasible, and the most tokens held per FIFO: over both runs, or until the first that
        shows that they are not was late, or over all of it."""
        capacities, latencies = self.capacities(depths), self.latencies(depths)
        wanted = self.reference(latencies)
        self.replays += 1
        self.frames_run += 1
        lone = self.engine.race((wanted.lone,), capacities=capacities, latencies=latencies)
        if lone.ends is None or (self.limits.keep and lone.ends != (wanted.lone,)):
            return False, lone.peaks[self.at]
        self.replays += 1
        self.frames_run += self.frames
        many = self.engine.race(wanted.ends, capacities=capacities, latencies=latencies)
        if many.ends is None or not self._steady(many.ends, wanted):
            return False, many.peaks[self.at]
        return True, np.maximum(lone.peaks, many.peaks)[self.at]

    def _steady(self, ends: tuple[int, ...], wanted: Reference) -> bool:
        """Whether the interval is as demanded."""
        found = interval(ends)
        if self.limits.keep or found is None or wanted.interval is None:
            return found == wanted.interval
        return found <= wanted.interval

    def peaks(self, depths: Ints) -> Ints:
        """The most tokens held per FIFO over whole runs with these depths."""
        capacities, latencies = self.capacities(depths), self.latencies(depths)
        self.replays += 2
        runs = [self.engine.run(n, capacities=capacities, latencies=latencies) for n in (1, self.frames)]
        return np.maximum(runs[0].peak, runs[1].peak)[self.at]

    def late(self, room: Room, lo: Ints, hi: Ints, frames: int) -> tuple[bool, Flags]:
        """Whether a run (lone, or of `self.frames`) misses a deadline, and per FIFO, whether its room was waited for.

        A FIFO has the latency of its depth in `lo`, and the reference that of its depth in `hi`.
        """
        wanted = self.reference(self.latencies(np.minimum(hi, room.capacities)))
        deadline = (wanted.lone,) if frames == 1 else wanted.ends
        self.replays += 1
        engine, capacities, latencies = self._bounded(room, lo)
        race = engine.race(deadline, capacities=capacities, latencies=latencies)
        return race.ends is None, race.pressed[self.at]

    def late_on_path(self, room: Room, lo: Ints, hi: Ints) -> tuple[bool, Flags | None]:
        """As `late` for a lone frame, but where the critical path crosses a FIFO, the reference has its latency in `lo`. With the
        FIFOs for whose room that path waits; None if the frame does not complete.

        Whatever latency between the two that FIFO has: it delays the path at least as often as it delays any path
        of the reference, which crosses it once at most.
        """
        engine, capacities, latencies = self._bounded(room, lo)
        self.replays += 1
        run = engine.run(1, capacities=capacities, latencies=latencies, record=True)
        if not run.completed:
            return True, None
        critical = self.critical if room.together is None else room.together.critical
        path = critical.path(run, capacities, latencies)
        own = len(self.engine.capacities)
        most = self.latencies(np.minimum(hi, room.capacities))
        wanted = self.reference(np.where(path.crossed[:own], latencies[:own], most))
        return int(run.last_out[0]) > wanted.lone, path.pressed[self.at]

    def _bounded(self, room: Room, depths: Ints) -> tuple[Engine, Ints, Ints]:
        """With capacities and latencies of its channels; the FIFOs have the latencies that go with these depths."""
        capacities, latencies = self.capacities(room.capacities), self.latencies(depths)
        if room.together is None:
            return self.engine, capacities, latencies
        return room.together.engine, *room.together.channels(capacities, latencies, room.held)

    def capacities(self, depths: Ints) -> Ints:
        """Per channel, with FIFOs of these depths."""
        result = self.engine.capacities.copy()
        result[self.at[self.sizable]] = depths[self.sizable]
        return result

    @cached_property
    def critical(self) -> Critical:
        return Critical(self.engine.network)

    def bits(self, depths: Ints) -> int:
        return int(np.sum(depths * self.width))

    def tell(self, depths: Ints) -> None:
        if self._progress:
            self._progress(self.tried, self.bits(depths))
