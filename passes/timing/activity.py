"""What each task of a recorded run did in every cycle: advance, wait for data, wait for room, or nothing.

A task that does not advance waits for the last of its group's streams to become ready, and that one is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from split4ml.passes.timing.critical import Flags
from split4ml.passes.timing.kernel import NEVER
from split4ml.passes.timing.network import Network, Replayed
from split4ml.passes.timing.schedule import Ints, Schedule

State = Literal["working", "starved", "blocked", "idle"]
STATES: tuple[State, ...] = ("working", "starved", "blocked", "idle")
"""Its pipeline advances; it waits for a token; it waits for room for a token; it has no call to do."""
WORKING, STARVED, BLOCKED, IDLE = range(4)


@dataclass(frozen=True, eq=False)
class Activity:
    """Spans of cycles, which follow each other from cycle 0 to `end`, exclusive.

    start: int64[n], first cycle of each span. state: int64[n], index into STATES.
    channel: int64[n], the channel that is waited for, -1 if none is.
    """

    start: Ints
    state: Ints
    channel: Ints
    end: int

    def cycles(self, first: int, stop: int) -> Ints:
        """int64[n], cycles of each span that lie in first <= cycle < stop."""
        stops = np.append(self.start[1:], self.end)
        cycles: Ints = np.maximum(0, np.minimum(stops, stop) - np.maximum(self.start, first))
        return cycles

    def totals(self, first: int, stop: int) -> dict[State, int]:
        """Cycles in each state within first <= cycle < stop."""
        cycles = self.cycles(first, stop)
        return {name: int(cycles[self.state == index].sum()) for index, name in enumerate(STATES)}

    def waits(self, first: int, stop: int) -> dict[tuple[int, bool], int]:
        """Cycles of waiting by (channel, whether for data), most first."""
        cycles = self.cycles(first, stop)
        found: dict[tuple[int, bool], int] = {}
        for state in (STARVED, BLOCKED):
            for channel in np.unique(self.channel[self.state == state]).tolist():
                count = int(cycles[(self.state == state) & (self.channel == channel)].sum())
                if count:
                    found[channel, state == STARVED] = count
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def activity(network: Network, run: Replayed, process: int) -> Activity:
    """Of a task in a run that was recorded."""
    schedule = network.processes[process].schedule
    if schedule is None or not run.starts:
        raise ValueError("only tasks of recorded runs have an activity")
    begins = run.starts[process].begins
    begins = begins[begins < run.cycles]
    if len(begins) == 0:
        return _spans([], [], [], run.cycles)
    time, ready, cause = _groups(network, run, process, schedule, len(begins))
    # A begin with groups of an earlier call still to be done interrupts nothing.
    over = np.maximum.accumulate(time.reshape(len(begins), -1)[:, -1])
    fresh = np.concatenate([[True], begins[1:] > over[:-1]])
    clocks = run.starts[process].clock[: len(begins)] + np.cumsum(fresh)
    advance = (clocks[:, None] + schedule.offset[None, :]).ravel()
    order = np.argsort(advance, kind="stable")
    advance, time, ready, cause = (values[order] for values in (advance, time, ready, cause))
    # Calls that overlap do their groups of one advance together: the latest stream counts.
    first = np.flatnonzero(np.diff(advance, prepend=-1))
    joined = [
        (clock, begin, int(cause[among][np.argmax(ready[among])]))
        for clock, begin, among in _joining(clocks, begins, fresh, advance)
        if schedule.offset[0] == 0
    ]
    advance, time, cause = advance[first], time[first], cause[_latest(ready, first)]
    done = int(np.count_nonzero(time < NEVER))
    pending = done < len(first)
    advance, time, cause = (values[: done + 1] for values in (advance, time, cause))
    time = np.minimum(time, run.cycles)
    clock, begin, before = np.array(joined, np.int64).reshape(-1, 3).T
    at = np.concatenate([clocks[fresh], clock, advance])
    when = np.concatenate([begins[fresh], begin, time])
    why = np.concatenate([np.full(int(fresh.sum()), -1, np.int64), before, cause])
    order = np.lexsort((when, at))
    at, when, why = at[order], when[order], why[order]
    is_begin = why < 0
    # From each event to the next: advances, then waiting for the next one.
    due = when[:-1] + np.diff(at)
    state = np.where(is_begin[1:], IDLE, np.where(why[1:] % 2 == 0, STARVED, BLOCKED))
    channel = np.where(is_begin[1:], -1, why[1:] // 2)
    spans = [
        _woven(when[:-1], due),
        _woven(np.full(len(due), WORKING), state),
        _woven(np.full(len(due), -1), channel),
    ]
    if not pending:
        over_at = int(when[-1] + max(0, clocks[-1] + schedule.length - at[-1]))
        for values, more in zip(spans, ([int(when[-1]), over_at], [WORKING, IDLE], [-1, -1]), strict=True):
            values += more
    return _spans(spans[0], spans[1], spans[2], run.cycles)


def _joining(clocks: Ints, begins: Ints, fresh: Flags, advance: Ints) -> Iterator[tuple[int, int, slice]]:
    """Calls that begin while a group of an earlier one waits: its advance, when they begin, and where that advance's groups
    of earlier calls are in `advance`.
    """
    for clock, begin in zip(clocks[~fresh].tolist(), begins[~fresh].tolist(), strict=True):
        start, stop = np.searchsorted(advance, [clock, clock + 1]).tolist()
        if stop - start > 1:
            yield clock, begin, slice(start, stop - 1)


def _woven(one: Ints, other: Ints) -> list[int]:
    """The values of both in turn."""
    woven: list[int] = np.stack([one, other], 1).ravel().tolist()
    return woven


def _groups(
    network: Network, run: Replayed, process: int, schedule: Schedule, calls: int
) -> tuple[Ints, Ints, Ints]:
    """Per group of every call: its cycle, or NEVER; the cycle from which on all its streams are ready; and the last of these,
    as 2 * channel for data and 2 * channel + 1 for room.
    """
    groups = len(schedule.offset)
    time = np.full(calls * groups, NEVER, np.int64)
    ready, cause = np.full(calls * groups, -1, np.int64), np.zeros(calls * groups, np.int64)
    at = network.processes[process]
    for writes, channels, ptr, port in (
        (False, at.inputs, schedule.read_ptr, schedule.read_port),
        (True, at.outputs, schedule.write_ptr, schedule.write_port),
    ):
        group = np.repeat(np.arange(groups), np.diff(ptr))
        for number, channel in enumerate(channels):
            mine = group[port == number]
            index = (np.arange(calls)[:, None] * groups + mine[None, :]).ravel()
            count = calls * len(mine)
            if writes:
                capacity = network.channels[channel].capacity
                free = np.zeros(min(capacity, count), np.int64)
                possible = _padded(np.concatenate([free, run.reads[channel] + 1]), count)
                happened = _padded(run.writes[channel], count)
            else:
                possible = _padded(run.writes[channel] + network.channels[channel].latency, count)
                happened = _padded(run.reads[channel], count)
            time[index] = happened
            later = possible > ready[index]
            ready[index] = np.where(later, possible, ready[index])
            cause[index] = np.where(later, 2 * channel + writes, cause[index])
    return time, ready, cause


def _latest(ready: Ints, first: Ints) -> Ints:
    """Where the greatest of each stretch of `ready` is; stretches begin at `first`."""
    if len(first) == len(ready):
        return first
    stretch = np.repeat(np.arange(len(first)), np.diff(np.append(first, len(ready))))
    order = np.lexsort((ready, stretch))
    latest: Ints = order[np.append(first[1:], len(ready)) - 1]
    return latest


def _padded(times: Ints, count: int) -> Ints:
    """The first `count` times, with NEVER for those that are not there."""
    missing = np.full(max(0, count - len(times)), NEVER, np.int64)
    return np.concatenate([times[:count], missing])


def _spans(start: list[int], state: list[int], channel: list[int], end: int) -> Activity:
    """Idle before them; without empty ones and those beyond the end, and equal neighbours as one."""
    starts = np.array([0, *start], np.int64)
    states = np.array([IDLE, *state], np.int64)
    channels = np.array([-1, *channel], np.int64)
    keep = np.minimum(np.append(starts[1:], end), end) > starts
    starts, states, channels = starts[keep], states[keep], channels[keep]
    changes = (np.diff(states, prepend=-1) != 0) | (np.diff(channels, prepend=-2) != 0)
    return Activity(starts[changes], states[changes], channels[changes], end)


def levels(writes: Ints, reads: Ints, edges: Sequence[int]) -> Ints:
    """int64[n-1], the most tokens that a channel held at the end of any cycle in edges[i] <= cycle < edges[i+1]."""
    cycles = np.unique(np.concatenate([writes, reads, np.array(edges[:-1], np.int64)]))
    cycles = cycles[(cycles >= edges[0]) & (cycles < edges[-1])]
    held = np.searchsorted(writes, cycles, "right") - np.searchsorted(reads, cycles, "right")
    found: Ints = np.maximum.reduceat(held, np.searchsorted(cycles, np.array(edges[:-1])))
    return found
