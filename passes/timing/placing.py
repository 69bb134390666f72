"""Where operations go relative to each other, and a `Schedule` from their advances."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from split4ml.passes.timing.schedule import Ints, Schedule
from split4ml.passes.timing.segments import Segment, leaves, repeats
from split4ml.passes.timing.tasktrace import TaskTrace


def parts(segments: tuple[Segment, ...]) -> list[tuple[Segment, int, int, bool]]:
    """(segment, start, stop, is a loop) in order; a nest that is not perfect falls into its inner loops."""
    parts = []
    for segment in segments:
        if segment.perfect:
            parts.append((segment, segment.start, segment.stop, segment.is_loop))
            continue
        for start, stop in leaves(segment):
            many = bool(segment.iteration[start] != segment.iteration[stop - 1])
            parts.append((segment, segment.start + start, segment.start + stop, many))
    return parts


def within_segment(task: TaskTrace, segment: Segment, latency: int) -> Ints:
    return within(task, segment.start, segment.stop, segment.iteration, latency)


def within(task: TaskTrace, start: int, stop: int, iteration: Ints, latency: int) -> Ints:
    """Advance of each operation after the first read of its iteration. A port is used once per advance, in order;
    a write comes `latency` after the read before it.
    """
    write, port = task.op_write[start:stop], task.op_port[start:stop].astype(np.int64)
    ports = int(port.max()) + 1
    nth = repeats((iteration * 2 + write) * ports + port)
    if not nth.any():
        return np.where(write, latency, 0)
    at = nth.copy()
    new = np.ones(len(at), np.bool_)
    new[1:] = iteration[1:] != iteration[:-1]
    # the latest read before a write in its iteration; writes without any start at once
    group = np.cumsum(new) - 1
    span = int(nth.max()) + 2
    seen = np.maximum.accumulate(np.where(write, -1, nth) + group * span) - group * span
    first = np.where(write, np.maximum(seen, -1) + latency, at)
    at = np.where(write, np.where(seen < 0, nth, first), at)
    return spread(at, (iteration * 2 + write) * ports + port)


def spread(at: Ints, key: Ints) -> Ints:
    """Moves operations with the same key apart, later ones later, so that no two share an advance."""
    order = np.argsort(key, kind="stable")
    rank = repeats(key)
    value, sorted_key = (at - rank)[order], key[order]
    block = np.cumsum(np.concatenate(([0], (sorted_key[1:] != sorted_key[:-1]).astype(np.int64))))
    span = int(value.max() - value.min()) + 1 if len(value) else 1
    value = np.maximum.accumulate(value + block * span) - block * span
    out = np.empty_like(at)
    out[order] = value
    return out + rank


def serial(task: TaskTrace, start: int, stop: int, first: int, latency: int) -> Ints:
    """Straight code: reads from advance `first` on, one per port and advance; writes `latency` after the last
    read before them.
    """
    iteration = np.zeros(stop - start, np.int64)
    return first + within(task, start, stop, iteration, latency if not task.op_write[start:stop].all() else 0)


def busiest(task: TaskTrace, segment: Segment) -> int:
    """Most operations on one port in one iteration: no II can be less."""
    write = task.op_write[segment.start : segment.stop]
    port = task.op_port[segment.start : segment.stop].astype(np.int64)
    ports = int(port.max()) + 1
    return int(repeats((segment.iteration * 2 + write) * ports + port).max()) + 1


def separate(task: TaskTrace, at: Ints) -> Ints:
    """No port twice in one advance, whatever the rule said."""
    ports = int(task.op_port.max()) + 1 if task.operations else 1
    return spread(at, task.op_write.astype(np.int64) * ports + task.op_port)


def earlier_writes(task: TaskTrace, at: Ints) -> Ints:
    """Writes one advance earlier, unless that is before a read that precedes them in the program."""
    reads = np.maximum.accumulate(np.where(task.op_write, 0, at)) if len(at) else at
    return np.where(task.op_write, np.maximum(at - 1, np.minimum(reads, at)), at)


def build(task: TaskTrace, at: Ints, period: int) -> Schedule:
    order = np.argsort(at, kind="stable")
    offset, group = np.unique(at[order], return_inverse=True)
    write, port = task.op_write[order], task.op_port[order].astype(np.int64)

    def pointers(which: npt.NDArray[np.bool_]) -> Ints:
        counts = np.bincount(group[which], minlength=len(offset))
        return np.concatenate(([0], np.cumsum(counts))).astype(np.int64)

    floor = least_period(task, at)
    made = Schedule(
        offset=offset.astype(np.int64),
        read_ptr=pointers(~write),
        read_port=port[~write],
        write_ptr=pointers(write),
        write_port=port[write],
        period=max(period, floor),
    )
    made.check()
    return made


def least_period(task: TaskTrace, at: Ints) -> int:
    """A port is never used by two calls out of order."""
    least = 1
    for write, ports in ((False, len(task.inputs)), (True, len(task.outputs))):
        for port in range(ports):
            used = at[(task.op_write == write) & (task.op_port == port)]
            if len(used):
                least = max(least, int(used.max() - used.min()) + 1)
    return least
