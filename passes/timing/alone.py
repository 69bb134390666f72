"""One task replayed on its own, between FIFOs whose other ends are given: docs/timing.md's rules for a task, and nothing else.

What the rest of the design did is known, from a simulation for instance; the question is what this task does with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from split4ml.passes.timing.jit import compiled
from split4ml.passes.timing.schedule import Ints, Schedule

NEVER = 2**61


@dataclass(frozen=True, eq=False)
class Operations:
    """A schedule as one list of operations, group by group: port[ptr[g]:ptr[g + 1]], inputs first, then outputs."""

    schedule: Schedule
    ptr: Ints
    port: Ints

    @classmethod
    def of(cls, schedule: Schedule, inputs: int) -> Operations:
        groups = np.arange(len(schedule.offset))
        group = [np.repeat(groups, np.diff(ptr)) for ptr in (schedule.read_ptr, schedule.write_ptr)]
        order = np.argsort(np.concatenate(group), kind="stable")
        port = np.concatenate([schedule.read_port, inputs + schedule.write_port])[order]
        return cls(schedule, schedule.read_ptr + schedule.write_ptr, port)


@dataclass(frozen=True, eq=False)
class Alone:
    """times: per port, inputs first, the cycles of its operations as far as they could happen. begins: of the calls; NEVER."""

    times: tuple[Ints, ...]
    begins: Ints


def alone(operations: Operations, limits: Sequence[Ints], starts: Ints) -> Alone:
    """As many calls as there are starts, or as the limits allow.

    limits: per port (inputs, then outputs), the earliest cycle of each operation: when its token can be read, or when there is
    room for it. What lies beyond their ends never happens. starts: int64[calls], earliest cycle of each call's begin.
    """
    lengths = np.array([len(limit) for limit in limits], np.int64)
    base = np.cumsum(lengths) - lengths
    at = np.zeros(int(lengths.sum()), np.int64)
    count = np.zeros(len(limits), np.int64)
    begins = np.full(len(starts), NEVER, np.int64)
    _run(
        operations.schedule.offset,
        operations.ptr,
        operations.port,
        operations.schedule.period,
        base,
        lengths,
        np.concatenate([np.zeros(0, np.int64), *limits]).astype(np.int64),
        np.ascontiguousarray(starts, dtype=np.int64),
        at,
        count,
        begins,
        np.zeros(len(starts), np.int64),
        np.zeros(len(starts), np.int64),
    )
    return Alone(tuple(at[b : b + n] for b, n in zip(base.tolist(), count.tolist(), strict=True)), begins)


@compiled
def _run(
    offset: Ints,
    ptr: Ints,
    port: Ints,
    period: int,
    base: Ints,
    lengths: Ints,
    limit: Ints,
    starts: Ints,
    at: Ints,
    count: Ints,
    begins: Ints,
    clock: Ints,
    following: Ints,
) -> None:
    """clock: advance in which a call began. following: its next group. The rest as in `alone` and `Operations`."""
    never = 2**61
    groups, calls = len(offset), len(starts)
    # Advance `done` happened in cycle `now`; without groups in between, advance a happens in cycle now + a - done.
    done, now = -1, starts[0] - 1
    begins[0] = starts[0]
    begun, oldest = 1, 0
    ready, ready_at = 0, 0  # calls that were ready, and the cycle of the last
    while True:
        while oldest < begun and following[oldest] == groups:
            oldest += 1
        due = never
        for call in range(oldest, begun):
            if following[call] < groups:
                due = min(due, clock[call] + offset[following[call]])
        if ready < begun and clock[begun - 1] + period - 1 < due:
            ready_at = now + clock[begun - 1] + period - 1 - done
            ready += 1
            continue
        waiting = ready == begun and begun < calls
        begin = never
        if waiting:
            begin = max(ready_at + 1, starts[begun])
            if due == never or begin <= now + due - done:
                clock[begun] = done + begin - now
                begins[begun] = begin
                begun += 1
                continue
        if due == never:
            return
        cycle = now + due - done
        call = oldest
        while call < begun:
            if following[call] < groups and clock[call] + offset[following[call]] == due:
                for index in range(ptr[following[call]], ptr[following[call] + 1]):
                    p = port[index]
                    if count[p] >= lengths[p]:
                        return
                    cycle = max(cycle, limit[base[p] + count[p]])
            call += 1
            if call == begun and waiting and begin <= cycle:
                # It begins while the others are blocked, and takes part in their next advance.
                clock[begun] = due
                begins[begun] = begin
                begun += 1
                waiting = False
        if cycle >= never:
            return
        for call in range(oldest, begun):
            if following[call] < groups and clock[call] + offset[following[call]] == due:
                for index in range(ptr[following[call]], ptr[following[call] + 1]):
                    p = port[index]
                    at[base[p] + count[p]] = cycle
                    count[p] += 1
                following[call] += 1
        done, now = due, cycle
