"""Fits the timing of tasks to what a simulation was seen to do: iteration interval and depth of each, one task at a time.

A task is replayed alone between the FIFOs around it, whose other ends are given by the simulation (alone.py), with one pair of
II and depth after the other; the pair whose operations come nearest to those that were seen is the task's. Where a task
waits for others all the time its own II leaves no trace, and the estimate stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from split4ml.passes.timing.alone import NEVER, Alone, Operations, alone
from split4ml.passes.timing.known import Known
from split4ml.passes.timing.network import UNBOUNDED, Network
from split4ml.passes.timing.rules import TaskTiming
from split4ml.passes.timing.schedule import Ints

FRAMES = 4
"""Frames that are fitted to; more tell nothing new."""
OPERATIONS = 2_000_000
"""Of one task, that are fitted to; so that a large image is read in part of its frames."""
_EARLY = 1 << 40

Make = Callable[[str, Known | None], TaskTiming]
"""The timing of a task of this name, with what is known of it in place of what was known before (None: as it was)."""


@dataclass(frozen=True, eq=False)
class Seen:
    """Of one FIFO: cycles of its writes and reads, None if there were no strobes; the most tokens that it held."""

    writes: Ints | None
    reads: Ints | None
    peak: int

    def fits(self, capacity: int) -> bool:
        """Whether a FIFO of this capacity can have done that: when full it takes no write in the cycle of a read. Of 0, it is a wire."""
        if self.peak > capacity:
            return False
        if capacity == 0 and self.writes is not None and self.reads is not None:
            return np.array_equal(self.writes, self.reads)
        if self.writes is None or self.reads is None or len(self.writes) <= capacity:
            return True
        freed = self.reads[: len(self.writes) - capacity]
        return len(freed) == len(self.writes) - capacity and bool(np.all(self.writes[capacity:] > freed))

    def latency(self, default: int) -> int:
        """From a write to the first cycle in which it can be read, as far as that was seen: 1 or 2."""
        both = 0 if self.writes is None or self.reads is None else min(len(self.writes), len(self.reads))
        if self.writes is None or self.reads is None or not both:
            return default
        return int(np.clip(np.min(self.reads[:both] - self.writes[:both]), 1, 2))


@dataclass(frozen=True)
class Fit:
    """of, to: (II, depth) before and after. error: mean distance in cycles of the task's operations from those seen, before and
    after. known: what to go on with, None if nothing fits better than what was known.
    """

    of: tuple[int, int]
    to: tuple[int, int]
    error: tuple[float, float]
    known: Known | None


@dataclass(frozen=True)
class Calibration:
    """fits: by task. unfitted: why, by task. frames: of which every FIFO was seen to be written."""

    fits: Mapping[str, Fit]
    unfitted: Mapping[str, str]
    frames: int

    @property
    def known(self) -> dict[str, Known]:
        return {name: fit.known for name, fit in self.fits.items() if fit.known is not None}


def frames_seen(network: Network, seen: Mapping[int, Seen]) -> int:
    """Frames that every FIFO has been written at least in part."""
    return min(_written(network, seen), default=0)


def frames_begun(network: Network, seen: Mapping[int, Seen]) -> int:
    """Frames that some FIFO has been written, which push the tails of the ones before out of the tasks that they have reached."""
    return max(_written(network, seen), default=0)


def _written(network: Network, seen: Mapping[int, Seen]) -> list[int]:
    """Frames, the last one perhaps in part, by FIFO."""
    tokens = tokens_of(network)
    return [-(-len(s.writes) // tokens[c]) for c, s in seen.items() if s.writes is not None]


def tokens_of(network: Network) -> dict[int, int]:
    """Tokens a frame, by channel that a task reads or writes."""
    found: dict[int, int] = {}
    for process in network.processes:
        if process.schedule is not None:
            for port, channel in enumerate(process.inputs):
                found[channel] = process.schedule.tokens_read(port)
            for port, channel in enumerate(process.outputs):
                found[channel] = process.schedule.tokens_written(port)
    for process in network.processes:
        if process.schedule is None:
            count = found.get(process.inputs[0], found.get(process.outputs[0], 1))
            found.setdefault(process.inputs[0], count)
            found.setdefault(process.outputs[0], count)
    return found


def calibrate(
    network: Network,
    seen: Mapping[int, Seen],
    make: Make,
    progress: Callable[[int, int], None] | None = None,
) -> Calibration:
    """network: what was simulated, by what is known so far. seen: by channel.

    A channel that cannot have done what was seen was deeper in the simulation; it counts as one that is never full.
    """
    view = _View(network, seen)
    frames = frames_begun(network, seen)
    fits: dict[str, Fit] = {}
    unfitted: dict[str, str] = {}
    begins: dict[int, Ints] = {}
    by_domain: dict[int, Ints] = {}  # all roots of a subgraph begin in the same cycle
    order = _parents_first(network, make)
    for done, number in enumerate(order):
        process = network.processes[number]
        why = view.missing(number)
        if why is None:
            parent = begins.get(process.parent)
            starts, certain = (parent + 1 if parent is not None else None), network.start_depth
            if process.parent < 0 and process.domain in by_domain:
                starts = by_domain[process.domain]
            elif process.parent < 0 and by_domain:  # the first frame starts all subgraphs at once
                starts, certain = next(iter(by_domain.values()))[:1], 1
            task = _Task(view, number, make, frames, starts, certain)
            fits[process.name], begins[number] = task.fit()
            if process.parent < 0:
                by_domain.setdefault(process.domain, begins[number])
        else:
            unfitted[process.name] = why
        if progress is not None:
            progress(done + 1, len(order))
    return Calibration(fits, unfitted, frames_seen(network, seen))


def _parents_first(network: Network, make: Make) -> list[int]:
    """Tasks that begin of themselves first; of these first the ones whose begin can be told from what is seen, since nothing of them
    is to be fitted."""
    order: list[int] = []
    left = [n for n, process in enumerate(network.processes) if process.schedule is not None]
    while left:
        ready = [n for n in left if network.processes[n].parent not in left]
        order += ready if order else sorted(ready, key=lambda n: movable(make, network.processes[n].name))
        left = [n for n in left if n not in ready]
    return order


def movable(make: Make, name: str) -> bool:
    """Whether II or depth make any difference to this task."""
    here = make(name, None)
    try:
        there = make(name, Known("measured", here.ii + 2, here.depth + 3)).schedule
    except ValueError:
        return False
    return (there.length, there.period) != (here.schedule.length, here.schedule.period)


class _View:
    """What was seen at every channel. A register slice shows itself by the wire that fills or empties it."""

    def __init__(self, network: Network, seen: Mapping[int, Seen]) -> None:
        self.network = network
        self.writes: dict[int, Ints] = {c: s.writes for c, s in seen.items() if s.writes is not None}
        self.reads: dict[int, Ints] = {c: s.reads for c, s in seen.items() if s.reads is not None}
        self.lagging: set[int] = set()
        """Channels whose writes are inferred: they are seen one cycle later, at the other end of a slice."""
        for process in network.processes:
            if process.schedule is None:
                before, after = process.inputs[0], process.outputs[0]
                if before in self.reads and after not in seen:
                    self.writes.setdefault(after, self.reads[before])
                if after in self.writes and before not in seen:
                    self.reads.setdefault(before, self.writes[after])
                    self.lagging.add(before)
        self.sources = {source.channel for source in network.sources}
        self.sinks = {sink.channel for sink in network.sinks}
        self.capacity = {
            c: channel.capacity if c not in seen or seen[c].fits(channel.capacity) else UNBOUNDED
            for c, channel in enumerate(network.channels)
        }

        self.latency = {
            c: seen[c].latency(channel.latency) if c in seen else channel.latency
            for c, channel in enumerate(network.channels)
        }

    def missing(self, task: int) -> str | None:
        """Why nothing can be said of a task."""
        process = self.network.processes[task]
        for channel in process.inputs:
            if channel not in self.writes and channel not in self.sources:
                return f"{self.network.channels[channel].name} was not seen"
        mine = [self.observed(channel, False) for channel in process.inputs]
        mine += [self.observed(channel, True) for channel in process.outputs]
        if all(times is None or not len(times) for times in mine):
            return "none of its operations was seen"
        return None

    def observed(self, channel: int, write: bool) -> Ints | None:
        """The task's own operations."""
        if not write:
            return self.reads.get(channel)
        if channel in self.lagging:
            return self.reads[channel] - 1
        return self.writes.get(channel)

    def limit(self, channel: int, write: bool, count: int) -> Ints:
        """Earliest cycle of each of `count` operations, by what the other end did."""
        if not write:
            if channel not in self.writes:
                return np.full(count, -_EARLY, np.int64)
            writes = self.writes[channel][:count]
            return writes + self.latency[channel]
        capacity, reads = self.capacity[channel], self.reads.get(channel)
        if reads is None or capacity >= count:
            return np.full(count, -_EARLY, np.int64)
        return np.concatenate([np.full(capacity, -_EARLY, np.int64), reads + 1])[:count]


@dataclass
class _Task:
    """starts: earliest begins of its calls, of which the first `certain` are not later; None if nothing is known of them."""

    view: _View
    number: int
    make: Make
    frames: int
    starts: Ints | None
    certain: int
    tried: dict[tuple[int, int] | None, tuple[float, Ints]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        process = self.view.network.processes[self.number]
        assert process.schedule is not None
        self.name = process.name
        schedule = process.schedule
        calls = max(1, min(self.frames, FRAMES))
        calls = max(1, min(calls, OPERATIONS // max(1, len(schedule.read_port) + len(schedule.write_port))))
        ports = [(c, False, schedule.tokens_read(p)) for p, c in enumerate(process.inputs)]
        ports += [(c, True, schedule.tokens_written(p)) for p, c in enumerate(process.outputs)]
        self.inputs = len(process.inputs)
        self.tokens = [count for _, _, count in ports]
        self.limits = [self.view.limit(c, write, calls * count) for c, write, count in ports]
        observed = [self.view.observed(c, write) for c, write, _ in ports]
        self.observed = [
            None if times is None else times[: calls * count]
            for times, (_, _, count) in zip(observed, ports, strict=True)
        ]
        self.end = max(int(times[-1]) for times in self.observed if times is not None and len(times))
        self.calls = calls

    def fit(self) -> tuple[Fit, Ints]:
        """And the begins of its calls with the fitted schedule."""
        before = self.make(self.name, None)
        start = (before.ii, before.depth)
        error, begins = self._cost(None)
        best = start
        if error > 0 and movable(self.make, self.name):
            best, found, its = self._search(start)
            if found < error:
                begins = its
                known = Known("measured", *best)
                return Fit(start, best, (self._mean(error), self._mean(found)), known), begins
        return Fit(start, start, (self._mean(error), self._mean(error)), None), begins

    def _schedule(self, pair: tuple[int, int] | None):  # type: ignore[no-untyped-def]
        if pair is not None and min(pair) < 0:
            return None
        known = None if pair is None else Known("measured", *pair)
        direct = self.view.network.processes[self.number]
        try:
            return self.make(direct.name, known).schedule
        except ValueError:
            return None

    def _search(self, start: tuple[int, int]) -> tuple[tuple[int, int], float, Ints]:
        """The pair of least error, of all that steps of halving size lead to from the estimate and from intervals that were seen."""
        seeds = {start}
        for ii in self._intervals():
            seeds |= {(ii, start[1]), (ii, max(0, start[1] + ii - start[0]))}
        best = self._descent(min(seeds, key=lambda pair: self._rank(pair, start)), start)
        # A pipeline that is starved shows by how many tokens it lags, not its II and depth: valleys lie side by side.
        for middle in (start, best):
            if self._cost(best)[0] > 0:
                around = [(middle[0] + a, middle[1] + b) for a in range(-2, 4) for b in range(-4, 9)]
                near = min(around, key=lambda pair: self._rank(pair, start))
                if self._rank(near, start) < self._rank(best, start):
                    best = self._descent(near, start)
        return best, *self._cost(best)

    def _descent(self, best: tuple[int, int], start: tuple[int, int]) -> tuple[int, int]:
        step = 1 << max(0, max(best).bit_length() - 2)
        while step:
            moves = [(best[0] + a * step, best[1] + b * step) for a, b in _MOVES]
            moved = min(moves, key=lambda pair: self._rank(pair, start))
            if self._rank(moved, start) < self._rank(best, start):
                best = moved
            else:
                step //= 2
        return best

    def _rank(self, pair: tuple[int, int], start: tuple[int, int]) -> tuple[float, int, int]:
        """Error first; of equal ones the nearest to the estimate."""
        if pair[0] < 1 or pair[1] < 0:
            return float("inf"), 0, 0
        return self._cost(pair)[0], abs(pair[0] - start[0]) + abs(pair[1] - start[1]), pair[0]

    def _intervals(self) -> set[int]:
        """Iteration intervals that the seen operations suggest."""
        found: set[int] = set()
        for times, count in zip(self.observed, self.tokens, strict=True):
            if times is None or len(times) < 2:
                continue
            gaps = np.diff(times)
            values, often = np.unique(gaps, return_counts=True)
            found |= {int(values[0]), int(values[np.argmax(often)]), int(np.median(gaps))}
            if len(times) > count:
                found.add(int(np.median(times[count:] - times[:-count])))
        return {ii for ii in found if ii >= 1}

    def _cost(self, pair: tuple[int, int] | None) -> tuple[float, Ints]:
        """Sum of the distances, in cycles, of the operations from those seen; and the begins of the calls."""
        if pair in self.tried:
            return self.tried[pair]
        schedule = self._schedule(pair)
        if schedule is None:
            result = (float("inf"), np.zeros(0, np.int64))
        else:
            result = self._replayed(Operations.of(schedule, self.inputs))
        self.tried[pair] = result
        return result

    def _replayed(self, operations: Operations) -> tuple[float, Ints]:
        """Calls begin as early as can be, but none whose parent's is unknown, or that may have had to wait for the start FIFO
        of a child, before its first operation was seen."""
        first = self._firsts(self.observed)
        if self.starts is not None:
            starts, certain = self._padded(self.starts), self.certain
        else:
            starts = np.full(self.calls, min(first.values()) - operations.schedule.length - 2, np.int64)
            certain = 0
        found = self._aligned(operations, starts, first, certain)
        distance = self._distance(found.times)
        if distance and certain < self.calls:
            # Perhaps they began late, and what was before them could drain.
            lead = int(operations.schedule.offset[0]) if len(operations.schedule.offset) else 0
            starts = starts.copy()
            for call in range(certain, self.calls):
                if call in first:
                    starts[call] = max(int(starts[call]), first[call] - lead)
            late = self._aligned(operations, starts, first, certain)
            if self._distance(late.times) < distance:
                found, distance = late, self._distance(late.times)
        return distance, found.begins

    def _aligned(self, operations: Operations, starts: Ints, first: Mapping[int, int], certain: int) -> Alone:
        """No call from `certain` on does anything before its first operation was seen."""
        starts = starts.copy()
        for _ in range(2 * self.calls + 1):  # once more for a call that room held up, too
            found = alone(operations, self.limits, starts)
            early = self._firsts(found.times)
            late = [f for f in sorted(first) if f >= certain and f in early and early[f] < first[f]]
            if not late:
                break
            call = late[0]
            starts[call] = found.begins[call] + first[call] - early[call]
        return found

    def _padded(self, starts: Ints) -> Ints:
        """One a call. Calls that the parent was not seen to begin never begin; those of which nothing is known, any time."""
        more = np.full(max(0, self.calls - len(starts)), NEVER if self.certain > 1 else starts[0], np.int64)
        return np.concatenate([starts, more])[: self.calls]

    def _firsts(self, times: Sequence[Ints | None]) -> dict[int, int]:
        """Cycle of the first operation of each frame that is also observed."""
        found: dict[int, int] = {}
        for mine, seen, count in zip(times, self.observed, self.tokens, strict=True):
            if mine is None or seen is None:
                continue
            for frame, at in enumerate(range(0, min(len(mine), len(seen)), count)):
                found[frame] = min(found.get(frame, NEVER), int(mine[at]))
        return found

    def _distance(self, times: Sequence[Ints]) -> float:
        """An operation that did not happen counts as one after the end of what was seen."""
        total = 0
        for mine, seen in zip(times, self.observed, strict=True):
            if seen is not None:
                both = min(len(mine), len(seen))
                total += int(np.abs(mine[:both] - seen[:both]).sum())
                total += int((self.end + 1 - seen[both:]).sum())
        return float(total)

    def _mean(self, total: float) -> float:
        count = sum(len(seen) for seen in self.observed if seen is not None)
        return round(total / max(1, count), 3)


_MOVES = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1))
