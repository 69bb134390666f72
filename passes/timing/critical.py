"""The critical path of a recorded run: the chain of waits that makes a frame end as late as it does.

Each event of a replay waits for the latest of a few others: the event before it in the same pipeline, the write of a
token it reads (through a FIFO: a *crossing*), the read that made room for a token it writes (*back-pressure*), or, for the
begin of a call, what docs/timing.md says of starts. Followed back from the last token that a sink takes, the latest ones are
a path whose length is the frame's end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from split4ml.passes.timing.jit import compiled
from split4ml.passes.timing.network import Network, Replayed
from split4ml.passes.timing.schedule import Ints

Flags = npt.NDArray[np.bool_]

OWN, DATA, ROOM, START, ROOTS, OFFER, FIRST = range(7)
"""What an event waits for: the one before it in its own pipeline (or its source's or sink's next cycle); the write of a token;
the read that made room; the begin of the parent's call; the ready of a child, or of another root, that lets a call
begin; the offer of a frame by a source; nothing."""


@dataclass(frozen=True, eq=False)
class Path:
    """From the last event back to one that waited for nothing; per step:

    actor:   who; as in the replay: processes, then sources, then sinks. time: the cycle.
    wait:    what for: OWN, …. channel: through which channel; -1 if through none.

    crossed, pressed: bool[channels], whether the path waits for data in it at least once, and for room in it.
    """

    actor: Ints
    time: Ints
    wait: Ints
    channel: Ints
    crossed: Flags
    pressed: Flags


class Critical:
    """Finds critical paths in recorded runs of one network."""

    def __init__(self, network: Network) -> None:
        self.network = network = network.joined()
        processes, none = network.processes, np.zeros(0, np.int64)
        ports = len(network.sources) + len(network.sinks)
        takes = [list(p.inputs) for p in processes] + [[] for _ in network.sources]
        takes += [[s.channel] for s in network.sinks]
        gives = [list(p.outputs) for p in processes] + [[s.channel] for s in network.sources]
        gives += [[] for _ in network.sinks]
        roots = [at for at, p in enumerate(processes) if p.schedule is not None and p.parent < 0]
        mates = [[r for r in roots if processes[r].domain == p.domain] for p in processes]
        children = [[c for c, p in enumerate(processes) if p.parent == at] for at in range(len(processes))]
        advances: list[list[Ints]] = [[none] * len(network.channels) for _ in range(2)]
        ends = np.zeros((2, len(network.channels)), np.int64)
        for at, channels in enumerate(gives):
            ends[0, channels] = at
        for at, channels in enumerate(takes):
            ends[1, channels] = at
        for process in processes:
            if (schedule := process.schedule) is not None:
                for side, inner, ptr, port in (
                    (0, process.outputs, schedule.write_ptr, schedule.write_port),
                    (1, process.inputs, schedule.read_ptr, schedule.read_port),
                ):
                    offset = np.repeat(schedule.offset, np.diff(ptr))
                    for number, channel in enumerate(inner):
                        advances[side][channel] = offset[port == number]
        self._fixed = _Fixed(
            *_joined(takes),
            *_joined(gives),
            *_joined([mates[at] if at in roots else [] for at in range(len(processes))] + [[]] * ports),
            *_joined([*children, *([[]] * ports)]),
            np.array([p.parent for p in processes] + [-1] * ports, np.int64),
            np.array([p.schedule.period if p.schedule else 0 for p in processes] + [0] * ports, np.int64),
            ends[0],
            ends[1],
            *_joined(advances[0]),
            *_joined(advances[1]),
            np.array([s.channel for s in network.sources], np.int64),
            np.array([s.tokens for s in network.sources], np.int64),
        )

    @staticmethod
    def applies(network: Network, sized: Iterable[int]) -> bool:
        """Whether paths of lone frames cross no channel of `sized` twice if these are unbounded.

        So it is with one call a task, sinks that are always ready, and no way from a sized channel's consumer back to its
        producer: forwards through any channel, or backwards through those that stay bounded.
        """
        if network.held_start or any(np.any(sink.stall != 0) for sink in network.sinks):
            return False
        return _one_way(network, set(sized))

    def path(self, run: Replayed, capacities: Ints, latencies: Ints, frame: int = -1) -> Path:
        """To the end of a frame that completed, with these capacities and latencies per channel."""
        number = range(len(run.last_out))[frame]
        end = int(run.last_out[number])
        sinks = enumerate(self.network.sinks, len(self.network.processes) + len(self.network.sources))
        actor = next(at for at, s in sinks if run.reads[s.channel][(number + 1) * s.tokens - 1] == end)
        ports = [np.zeros(0, np.int64)] * (len(self._fixed.parent) - len(run.starts))
        seen = _Seen(
            *_joined(run.writes),
            *_joined(run.reads),
            *_joined([*(s.begins for s in run.starts), *ports]),
            *_joined([*(s.readies for s in run.starts), *ports]),
            _joined([*(s.clock for s in run.starts), *ports])[1],
            np.array(capacities, np.int64),
            np.array(latencies, np.int64),
        )
        # no cycle has more than a begin, operations and a ready; and, if a FIFO takes no time, operations on its other side
        steps = np.empty((3 * end + 16 + (end if latencies.min() == 0 else 0), 4), np.int64)
        crossed = np.zeros(len(capacities), np.bool_)
        pressed = np.zeros(len(capacities), np.bool_)
        count = _walk(self._fixed, seen, actor, end, self.network.start_depth, steps, crossed, pressed)
        used = steps[:count].T.copy()
        return Path(used[0], used[1], used[2], used[3], crossed, pressed)


class _Fixed(NamedTuple):
    """Of the network; x[x_ptr[i]:x_ptr[i+1]] are those of actor or channel i.

    take, give: channels. mate: the roots of a root's domain. written_at, read_at: per token of a frame, the advance of a task's
    call in which it is written or read.
    """

    take_ptr: Ints
    take: Ints
    give_ptr: Ints
    give: Ints
    mate_ptr: Ints
    mate: Ints
    child_ptr: Ints
    child: Ints
    parent: Ints
    period: Ints
    producer: Ints
    consumer: Ints
    written_at_ptr: Ints
    written_at: Ints
    read_at_ptr: Ints
    read_at: Ints
    source: Ints
    source_tokens: Ints


class _Seen(NamedTuple):
    """Of the run, likewise: cycles per token of a channel, per call of a task; clock: advances at the begin of a call."""

    write_ptr: Ints
    write: Ints
    read_ptr: Ints
    read: Ints
    begin_ptr: Ints
    begin: Ints
    ready_ptr: Ints
    ready: Ints
    clock: Ints
    capacity: Ints
    latency: Ints


def _joined(parts: Sequence[Ints] | Sequence[list[int]]) -> tuple[Ints, Ints]:
    ptr = np.cumsum([0, *map(len, parts)], dtype=np.int64)
    return ptr, np.concatenate([np.zeros(0, np.int64), *parts]).astype(np.int64)


@compiled
def _before(times: Ints, low: int, high: int, now: int) -> int:
    """Where the last of times[low:high] is that is no later than `now`; low - 1 if there is none."""
    while low < high:
        middle = (low + high) // 2
        if times[middle] <= now:
            low = middle + 1
        else:
            high = middle
    return low - 1


@compiled
def _advance(fixed: _Fixed, seen: _Seen, actor: int, now: int) -> tuple[int, int]:
    """The cycle of a task's last stream operations, no later than `now`, and the advance in which they were due; -1: none."""
    time: int = -1
    clock: int = -1
    for out in range(2):
        channels, ptr = (fixed.give, fixed.give_ptr) if out else (fixed.take, fixed.take_ptr)
        times, times_ptr = (seen.write, seen.write_ptr) if out else (seen.read, seen.read_ptr)
        at_ptr, at = (fixed.written_at_ptr, fixed.written_at) if out else (fixed.read_at_ptr, fixed.read_at)
        for p in range(ptr[actor], ptr[actor + 1]):
            c = channels[p]
            found = _before(times, times_ptr[c], times_ptr[c + 1], now)
            if found >= times_ptr[c] and times[found] > time:
                frame, token = divmod(found - times_ptr[c], at_ptr[c + 1] - at_ptr[c])
                time = times[found]
                clock = seen.clock[seen.begin_ptr[actor] + frame] + at[at_ptr[c] + token]
    return time, clock


@compiled
def _walk(
    fixed: _Fixed,
    seen: _Seen,
    actor: int,
    now: int,
    start_depth: int,
    steps: Ints,
    crossed: Flags,
    pressed: Flags,
) -> int:
    """From an actor's stream operations in cycle `now` back; returns the number of steps."""
    call = -1  # of which the step is the begin
    count = 0
    while count < len(steps):
        wait, through, whom, when, whose = FIRST, -1, actor, now, -1
        if call >= 0:
            first = seen.ready_ptr[actor]
            if call > 0 and seen.ready[first + call - 1] + 1 == now:
                wait, when = OWN, now - 1
            parent = fixed.parent[actor]
            if wait == FIRST and parent >= 0 and seen.begin[seen.begin_ptr[parent] + call] + 1 == now:
                wait, whom, when, whose = START, parent, now - 1, call
            if wait == FIRST:
                for p in range(fixed.child_ptr[actor], fixed.child_ptr[actor + 1]):
                    at = seen.ready_ptr[fixed.child[p]] + call - start_depth
                    if call >= start_depth and seen.ready[at] + 1 == now:
                        wait, whom, when = ROOTS, fixed.child[p], now - 1
            if wait == FIRST and call > 0:
                for p in range(fixed.mate_ptr[actor], fixed.mate_ptr[actor + 1]):
                    if seen.ready[seen.ready_ptr[fixed.mate[p]] + call - 1] + 1 == now:
                        wait, whom, when = ROOTS, fixed.mate[p], now - 1
                if wait == FIRST and parent < 0:
                    for s in range(len(fixed.source)):
                        # The next frame is offered in the cycle after the last beat of this one, and seen one later.
                        c = fixed.source[s]
                        at = seen.write_ptr[c] + call * fixed.source_tokens[s] - 1
                        if at < seen.write_ptr[c + 1] and seen.write[at] + 2 == now:
                            wait, whom, when = OFFER, fixed.producer[c], now - 2
        else:
            for p in range(fixed.take_ptr[actor], fixed.take_ptr[actor + 1]):
                c = fixed.take[p]
                at = _before(seen.read, seen.read_ptr[c], seen.read_ptr[c + 1], now)
                if at >= seen.read_ptr[c] and seen.read[at] == now:
                    written = seen.write[seen.write_ptr[c] + at - seen.read_ptr[c]]
                    if written + seen.latency[c] == now and wait == FIRST:
                        wait, through, whom, when = DATA, c, fixed.producer[c], written
                        crossed[c] = True
            if wait == FIRST and fixed.period[actor] > 0:
                _, clock = _advance(fixed, seen, actor, now)
                time, before = _advance(fixed, seen, actor, now - 1)
                at = _before(seen.begin, seen.begin_ptr[actor], seen.begin_ptr[actor + 1], now)
                if at >= seen.begin_ptr[actor] and seen.begin[at] > time:
                    if now - seen.begin[at] == clock - seen.clock[at]:
                        wait, when, whose = OWN, seen.begin[at], at - seen.begin_ptr[actor]
                elif time >= 0 and now - time == clock - before:
                    wait, when = OWN, time
            elif wait == FIRST:
                for out in range(2):
                    channels, ptr = (fixed.give, fixed.give_ptr) if out else (fixed.take, fixed.take_ptr)
                    times, times_ptr = (seen.write, seen.write_ptr) if out else (seen.read, seen.read_ptr)
                    for p in range(ptr[actor], ptr[actor + 1]):
                        c = channels[p]
                        at = _before(times, times_ptr[c], times_ptr[c + 1], now - 1)
                        if at >= times_ptr[c] and times[at] == now - 1:
                            wait, when = OWN, now - 1
            if wait == FIRST:
                for p in range(fixed.give_ptr[actor], fixed.give_ptr[actor + 1]):
                    c = fixed.give[p]
                    at = _before(seen.write, seen.write_ptr[c], seen.write_ptr[c + 1], now)
                    if at >= seen.write_ptr[c] and seen.write[at] == now and wait == FIRST:
                        token = at - seen.write_ptr[c] - seen.capacity[c]
                        if token >= 0 and seen.read[seen.read_ptr[c] + token] + 1 == now:
                            wait, through, whom, when = ROOM, c, fixed.consumer[c], now - 1
                            pressed[c] = True
        steps[count, 0] = actor
        steps[count, 1] = now
        steps[count, 2] = wait
        steps[count, 3] = through
        count += 1
        if wait == FIRST:
            break
        actor, now, call = whom, when, whose
        if fixed.period[actor] > 0 and call < 0 and wait in (OWN, ROOTS):
            # To a ready: it comes so many advances after the operations or the begin before it.
            time, _ = _advance(fixed, seen, actor, now)
            at = _before(seen.begin, seen.begin_ptr[actor], seen.begin_ptr[actor + 1], now)
            if seen.begin[at] >= time:
                call, now = at - seen.begin_ptr[actor], seen.begin[at]
            else:
                now = time
    return count


def _one_way(network: Network, sized: set[int]) -> bool:
    """Whether the sized channels form no circle once the two ends of every other channel are one."""
    writer = {c: at for at, p in enumerate(network.processes) for c in p.outputs}
    reader = {c: at for at, p in enumerate(network.processes) for c in p.inputs}
    inner = [c for c in range(len(network.channels)) if c in writer and c in reader]
    merged = list(range(len(network.processes)))

    def group(process: int) -> int:
        while merged[process] != process:
            merged[process] = process = merged[merged[process]]
        return process

    for c in inner:
        if c not in sized:
            merged[group(writer[c])] = group(reader[c])
    order: TopologicalSorter[int] = TopologicalSorter()
    for c in inner:
        if c in sized:
            order.add(group(reader[c]), group(writer[c]))
    try:
        order.prepare()
    except CycleError:
        return False
    return True
