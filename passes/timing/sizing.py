"""FIFO depths under replay: as shallow as they can be without the design getting slower.

Feasible are depths with which a lone frame's latency and the interval of a run of several frames equal those of the
same network with FIFOs of unbounded depth, no frame of that run ends later, and nothing deadlocks. The reference has
the latencies that the candidate's depths imply (a shift register is a cycle faster than a memory), so it is a new one
whenever a FIFO changes its style.

Deeper is better only as long as styles stay the same, and not even then for certain: a task whose tail is held goes
on earlier if its next call begins later. So nothing is concluded to be feasible: every vector that is accepted, and the
final one, has been replayed. Until the last round, attempts to shrink are skipped if a vector at least as deep failed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np

from split4ml.dialects.errors import Split4mlError
from split4ml.passes.timing.metrics import Metrics, interval, measure
from split4ml.passes.timing.network import UNBOUNDED, Network
from split4ml.passes.timing.replay import Engine
from split4ml.passes.timing.schedule import Ints

Method = Literal["peak", "bisect"]
LatencyRule = Callable[[int, int], int]

SHIFT_REGISTER_BITS = 1024
"""Up to so many bits Vitis HLS 2022.2 to 2023.2 makes a FIFO of shift registers (measured on vendor RTL)."""


def fifo_latency(width_bits: int, depth: int) -> int:
    """Cycles from write to readable: 1 for a shift register, 2 for a memory with an output register."""
    return 1 if depth == 1 or width_bits * depth <= SHIFT_REGISTER_BITS else 2


@dataclass(frozen=True)
class Fifo:
    """A channel whose depth is to be chosen; with `sizable` False it keeps the channel's capacity and latency."""

    channel: int
    width_bits: int
    sizable: bool = True


class Progress(Protocol):
    """Told after every candidate: how many were tried, how many bits the best so far has."""

    def __call__(self, tried: int, bits: int) -> None: ...


@dataclass(frozen=True, eq=False)
class Sized:
    """Depths that are feasible, in the order of the FIFOs given.

    peaks:     most tokens held in the run of several frames with unbounded depths.
    latencies: cycles from write to readable that go with the depths.
    metrics:   of the sized network (`metrics.peaks` are its own, per channel).
    replays:   runs made.
    """

    depths: tuple[int, ...]
    peaks: tuple[int, ...]
    latencies: tuple[int, ...]
    metrics: Metrics
    replays: int


def size(
    network: Network,
    fifos: Sequence[Fifo],
    method: Method = "bisect",
    *,
    frames: int = 8,
    latency: LatencyRule = fifo_latency,
    progress: Progress | None = None,
) -> Sized:
    """Depths by `peak` (what an unbounded run holds at most, plus one) or `bisect` (no FIFO can shrink alone).

    Capacities and latencies that `network` has for the sizable FIFOs do not matter. Raises Split4mlError if the
    network deadlocks however deep its FIFOs are.
    """
    judge = _Judge(network, fifos, frames, latency, progress)
    depths, peaks = _peak(judge)
    if method == "bisect":
        depths = _bisect(judge, depths)
    if judge.tokens_held(depths) is None:
        raise AssertionError("the sized network is slower than the unbounded one")  # pragma: no cover
    found = tuple(int(d) for d in depths)
    sized = resized(network, fifos, found, latency)
    return Sized(
        depths=found,
        peaks=tuple(int(p) for p in peaks),
        latencies=tuple(sized.channels[f.channel].latency for f in fifos),
        metrics=measure(sized, frames),
        replays=judge.replays + 2,
    )


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
class _Reference:
    """The unbounded network: ends of a lone frame and of several (-1: never), tokens held, interval."""

    lone: int
    ends: tuple[int, ...]
    peaks: Ints
    interval: int | float | None


class _Judge:
    """Decides whether depths are feasible, and remembers what it has seen."""

    def __init__(
        self,
        network: Network,
        fifos: Sequence[Fifo],
        frames: int,
        latency: LatencyRule,
        progress: Progress | None,
    ) -> None:
        self.engine = Engine(network)
        self.fifos = fifos
        self.frames = frames
        self.replays = 0
        self.tried = 0
        self.at: Ints = np.array([f.channel for f in fifos], np.int64)
        self.width: Ints = np.array([f.width_bits for f in fifos], np.int64)
        self.sizable = [i for i, f in enumerate(fifos) if f.sizable]
        self._latency = latency
        self._progress = progress
        self._references: dict[bytes, _Reference] = {}
        self._failed: dict[bytes, list[Ints]] = {}
        self._unbounded = self.engine.capacities.copy()
        self._unbounded[self.at[self.sizable]] = UNBOUNDED

    def rule(self, fifo: int, depth: int) -> int:
        return self._latency(self.fifos[fifo].width_bits, int(depth))

    def latencies(self, depths: Ints) -> Ints:
        """Per channel, with FIFOs of these depths."""
        result = self.engine.latencies.copy()
        for i in self.sizable:
            result[self.at[i]] = self.rule(i, int(depths[i]))
        return result

    def reference(self, latencies: Ints) -> _Reference:
        key = latencies.tobytes()
        if key not in self._references:
            lone = self.engine.run(1, capacities=self._unbounded, latencies=latencies)
            many = self.engine.run(self.frames, capacities=self._unbounded, latencies=latencies)
            self.replays += 2
            for run in (lone, many):
                if run.deadlock:
                    steps = ", ".join(
                        f"{who} waits for {what} ({state})" for who, state, what in run.deadlock
                    )
                    raise Split4mlError(
                        f"the design deadlocks however deep its FIFOs are: {steps}",
                        hint="a task outside of these subgraphs must be part of them, or the cut must move",
                    )
            ends = tuple(int(t) for t in many.last_out)
            peaks = np.maximum(lone.peak, many.peak)
            self._references[key] = _Reference(int(lone.last_out[0]), ends, peaks, interval(ends))
        return self._references[key]

    def hopeless(self, depths: Ints, exactly: bool) -> bool:
        """Whether this vector has failed, or (not `exactly`) one of the same styles that is nowhere shallower."""
        failed = self._failed.get(self.latencies(depths).tobytes(), ())
        return any(np.array_equal(f, depths) if exactly else np.all(f >= depths) for f in failed)

    def tokens_held(self, depths: Ints) -> Ints | None:
        """None if the depths are not feasible, else the most tokens held, per FIFO, over both runs."""
        latencies = self.latencies(depths)
        wanted = self.reference(latencies)
        capacities = self.engine.capacities.copy()
        capacities[self.at[self.sizable]] = depths[self.sizable]
        held = self._held(wanted, capacities, latencies)
        self.tried += 1
        if held is None:
            self._failed.setdefault(latencies.tobytes(), []).append(depths.copy())
        return None if held is None else held[self.at]

    def _held(self, wanted: _Reference, capacities: Ints, latencies: Ints) -> Ints | None:
        self.replays += 1
        lone = self.engine.ends((wanted.lone,), capacities=capacities, latencies=latencies)
        if lone is None or lone[0] != (wanted.lone,):
            return None
        self.replays += 1
        many = self.engine.ends(wanted.ends, capacities=capacities, latencies=latencies)
        if many is None or interval(many[0]) != wanted.interval:
            return None
        return np.maximum(lone[1], many[1])

    def bits(self, depths: Ints) -> int:
        return int(np.sum(depths * self.width))

    def tell(self, depths: Ints) -> None:
        if self._progress:
            self._progress(self.tried, self.bits(depths))


def _peak(judge: _Judge) -> tuple[Ints, Ints]:
    """Depths one above the peaks of an unbounded run, which therefore change nothing; and those peaks."""
    capacities = judge.engine.capacities[judge.at]
    depths = np.where([f.sizable for f in judge.fifos], UNBOUNDED, capacities)
    # The peaks depend on the latencies, these on the depths, these on the peaks. If that never settles, never
    # going back settles it.
    for attempt in range(10 + len(depths)):
        peaks = judge.reference(judge.latencies(depths)).peaks[judge.at]
        wanted = np.where([f.sizable for f in judge.fifos], peaks + 1, capacities)
        settled = np.array_equal(judge.latencies(wanted), judge.latencies(depths))
        if settled and (attempt < 10 or np.all(wanted <= depths)):
            return wanted, peaks
        depths = wanted if attempt < 10 else np.maximum(wanted, depths)
    return depths, peaks


def _bisect(judge: _Judge, depths: Ints) -> Ints:
    search = _Search(judge, depths)
    # Most FIFOs need next to nothing: settle them together, and leave the few others for bisection.
    for level in (2, 1):
        search.together(search.order, level)
    for fifo in search.order:
        search.alone(fifo)
    before = None
    while before is None or not np.array_equal(before, search.depths):
        before = search.depths.copy()
        for fifo in search.order:
            if search.depths[fifo] > 1 and search.shrink([fifo], int(search.depths[fifo]) - 1, surely=True):
                search.alone(fifo)
    return search.depths


class _Search:
    """The best depths so far, always feasible, and the ways to improve them."""

    def __init__(self, judge: _Judge, depths: Ints) -> None:
        self.judge = judge
        self.depths = depths
        # What costs most is made small first.
        self.order = sorted(judge.sizable, key=lambda i: (-int(depths[i]) * judge.fifos[i].width_bits, i))

    def shrink(self, fifos: Iterable[int], level: int, surely: bool = False) -> bool:
        """Makes these FIFOs `level` deep where they are deeper, if that is feasible.

        surely: by replaying it, even if something deeper was not feasible.
        """
        wanted = self.depths.copy()
        for i in fifos:
            wanted[i] = min(wanted[i], level)
        if np.array_equal(wanted, self.depths):
            return True
        if self.judge.hopeless(wanted, exactly=surely):
            return False
        held = self.judge.tokens_held(wanted)
        if held is not None:
            for i in self.judge.sizable:
                # A FIFO that never fills up may be as deep as one more than it held, and nothing changes.
                if held[i] + 1 < wanted[i] and self.judge.rule(i, held[i] + 1) == self.judge.rule(
                    i, wanted[i]
                ):
                    wanted[i] = held[i] + 1
            self.depths = wanted
        self.judge.tell(self.depths)
        return held is not None

    def together(self, fifos: list[int], level: int) -> None:
        """Shrinks as many of them to `level` as can be found by halving the group."""
        fifos = [i for i in fifos if self.depths[i] > level]
        if not fifos or self.shrink(fifos, level) or len(fifos) == 1:
            return
        half = len(fifos) // 2
        self.together(fifos[:half], level)
        self.together(fifos[half:], level)

    def alone(self, fifo: int) -> None:
        """Bisects one FIFO's depth, all others as they are."""
        low = 0
        while self.depths[fifo] - low > 1:
            middle = (low + int(self.depths[fifo])) // 2
            if not self.shrink([fifo], middle):
                low = middle
