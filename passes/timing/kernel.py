"""The replay's inner loop, compiled by numba. Semantics: docs/timing.md; data: passes/timing/flat.py.

Event driven: only cycles in which something may happen are visited, and in them only the actors that have asked
to be woken. Wakes less than SLOTS cycles ahead are bits in a timing wheel, later ones wait in `far`. A spurious
wake does no harm. All conditions look at the state before the cycle, which is recovered from the times of a
channel's last operations; so the order of the actors within a cycle has no influence.

A task's calls in flight share one clock of advances. It runs with time (`clock = now - SKEW`) until it meets an
event (`NEXT`: a group of some call, or the newest call's ready), and stays there until the event goes through.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from split4ml.passes.timing.flat import MOVER, SOURCE, TASK, Flat
from split4ml.passes.timing.schedule import Ints

NEVER = 2**61
LONG_AGO = -10
SLOTS = 64  # of the timing wheel: bits of a word

# Columns of State.channel, one cache line each.
WRITTEN, READ, LAST_WRITE, SECOND_WRITE, LAST_READ, CAPACITY, LATENCY, PEAK = range(8)
# Columns of State.task. PUSHES and POPS count start tokens; a root's POPS are its readies.
SKEW, NEXT, READY_AT, IDLE, HEAD, FLIGHT, BEGUN, PUSHES, LAST_PUSH, POPS, LAST_POP = range(11)
# Columns of State.domain.
TRANSACTIONS, LAST_AP_READY, ROOTS_READY = range(3)
# Columns of State.port (sources and sinks): tokens moved, cycle from which the next is offered.
MOVED, OFFER = range(2)

COMPLETE, QUIESCENT, LATE, RUNAWAY = range(4)


class State(NamedTuple):
    """What changes during a replay.

    call_next, call_group, per call in flight: the clock of its next group (NEVER: none left) and that group.
    awaits_read, awaits_write, per channel: its producer sleeps until a read, its consumer until a write.
    seen: per frame, first cycle in which all inputs have been seen to offer it; NEVER: not known.
    offers: per frame, sources whose offer is known. taken: per frame, sinks that have all of it.
    write_ptr, write_time, read_time: where, per channel, operation times are recorded; no room: not recorded.
    """

    channel: Ints
    task: Ints
    domain: Ints
    port: Ints
    call_next: Ints
    call_group: Ints
    awaits_read: Ints
    awaits_write: Ints
    wheel: Ints
    occupied: Ints
    far: Ints
    far_min: Ints
    seen: Ints
    offers: Ints
    taken: Ints
    first_in: Ints
    last_out: Ints
    complete: Ints
    room: Ints
    write_time: Ints
    read_time: Ints


@intrinsic
def _trailing_zeros(typing_context: Any, word: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.int64), generate


@njit(cache=True, forceinline=True)
def _wake(state: State, actor: int, when: int, now: int) -> None:
    if when - now < SLOTS:
        slot = when & (SLOTS - 1)
        state.wheel[slot, actor >> 6] |= np.int64(1) << (actor & 63)
        state.occupied[0] |= np.int64(1) << slot
    else:
        if when < state.far[actor]:
            state.far[actor] = when
        if when < state.far_min[0]:
            state.far_min[0] = when


@njit(cache=True, forceinline=True)
def _can_read(flat: Flat, state: State, channel: int, now: int) -> bool:
    """Whether a token can be read now; if not, sees to it that the consumer is woken when that may change."""
    c = state.channel[channel]
    held = c[WRITTEN] - c[READ]
    if held > 2:  # at most two tokens can be too young
        return True
    young = now - c[LATENCY]
    hidden = 0
    if c[LAST_WRITE] > young:
        hidden += 1
    if c[SECOND_WRITE] > young:
        hidden += 1
    if held > hidden:
        return True
    if held == 0:
        state.awaits_write[channel] = 1
    elif held == 1:
        _wake(state, flat.consumer[channel], c[LAST_WRITE] + c[LATENCY], now)
    else:
        _wake(state, flat.consumer[channel], c[SECOND_WRITE] + c[LATENCY], now)
    return False


@njit(cache=True, forceinline=True)
def _can_write(flat: Flat, state: State, channel: int, now: int) -> bool:
    """Whether a token can be written now; if not, sees to it that the producer is woken when that may change."""
    c = state.channel[channel]
    held = c[WRITTEN] - c[READ]
    if c[LAST_READ] == now:  # the slot is free from the next cycle on
        if held + 1 < c[CAPACITY]:
            return True
        _wake(state, flat.producer[channel], now + 1, now)
        return False
    if held < c[CAPACITY]:
        return True
    state.awaits_read[channel] = 1
    return False


@njit(cache=True, forceinline=True)
def _read(flat: Flat, state: State, channel: int, now: int) -> None:
    c = state.channel[channel]
    # Occupancy is at a local maximum only at the end of a cycle before one with a read.
    held = c[WRITTEN] - c[READ]
    if c[LAST_WRITE] == now:
        held -= 1
    if held > c[PEAK]:
        c[PEAK] = held
    at = state.room[channel] + c[READ]
    if at < state.room[channel + 1]:
        state.read_time[at] = now
    c[READ] += 1
    c[LAST_READ] = now
    if state.awaits_read[channel]:
        state.awaits_read[channel] = 0
        _wake(state, flat.producer[channel], now + 1, now)


@njit(cache=True, forceinline=True)
def _write(flat: Flat, state: State, channel: int, now: int) -> None:
    c = state.channel[channel]
    at = state.room[channel] + c[WRITTEN]
    if at < state.room[channel + 1]:
        state.write_time[at] = now
    c[WRITTEN] += 1
    c[SECOND_WRITE] = c[LAST_WRITE]
    c[LAST_WRITE] = now
    if state.awaits_write[channel]:
        state.awaits_write[channel] = 0
        _wake(state, flat.consumer[channel], now + c[LATENCY], now)


@njit(cache=True)
def _may_begin(flat: Flat, state: State, actor: int, now: int, held_start: bool, start_depth: int) -> bool:
    """For a task whose last call was ready in an earlier cycle. Whoever changes a `False` wakes it."""
    task = state.task[actor]
    if flat.parent[actor] >= 0:
        pushes = task[PUSHES]
        if task[LAST_PUSH] == now:
            pushes -= 1
        if pushes <= task[POPS]:
            return False
    else:
        domain = state.domain[flat.domain[actor]]
        transaction = domain[TRANSACTIONS]
        if domain[LAST_AP_READY] == now:
            transaction -= 1
        if task[POPS] != transaction:
            return False
        if not held_start:
            if transaction >= len(state.seen):
                return False
            if state.seen[transaction] > now:
                if state.seen[transaction] < NEVER:
                    _wake(state, actor, state.seen[transaction], now)
                return False
    for at in range(flat.child_ptr[actor], flat.child_ptr[actor + 1]):
        child = state.task[flat.child[at]]
        pops = child[POPS]
        if child[LAST_POP] == now:
            pops -= 1
        if child[PUSHES] - pops >= start_depth:
            return False
    return True


@njit(cache=True)
def _begin(flat: Flat, state: State, actor: int, clock: int, now: int) -> None:
    task = state.task[actor]
    task[IDLE] = 0
    task[BEGUN] += 1
    first, last = flat.group_ptr[actor], flat.group_ptr[actor + 1]
    ring = flat.call_ptr[actor]
    at = ring + (task[HEAD] + task[FLIGHT]) % (flat.call_ptr[actor + 1] - ring)
    task[FLIGHT] += 1
    state.call_group[at] = first
    state.call_next[at] = clock + flat.offset[first] if first < last else NEVER
    task[READY_AT] = clock + flat.period[actor] - 1
    task[NEXT] = min(task[NEXT], state.call_next[at], task[READY_AT])
    for index in range(flat.child_ptr[actor], flat.child_ptr[actor + 1]):
        child = flat.child[index]
        state.task[child, PUSHES] += 1
        state.task[child, LAST_PUSH] = now
        if state.task[child, IDLE]:
            _wake(state, child, now + 1, now)


@njit(cache=True)
def _ready(flat: Flat, state: State, actor: int, now: int) -> None:
    task = state.task[actor]
    task[READY_AT] = NEVER
    task[IDLE] = 1
    task[POPS] += 1
    task[LAST_POP] = now
    _wake(state, actor, now + 1, now)
    parent = flat.parent[actor]
    if parent >= 0:
        if state.task[parent, IDLE]:
            _wake(state, parent, now + 1, now)
        return
    index = flat.domain[actor]
    domain = state.domain[index]
    domain[ROOTS_READY] += 1
    if domain[ROOTS_READY] == flat.root_ptr[index + 1] - flat.root_ptr[index]:
        domain[ROOTS_READY] = 0
        domain[TRANSACTIONS] += 1
        domain[LAST_AP_READY] = now
        for at in range(flat.root_ptr[index], flat.root_ptr[index + 1]):
            if state.task[flat.root[at], IDLE]:
                _wake(state, flat.root[at], now + 1, now)


@njit(cache=True, forceinline=True)
def _step_task(flat: Flat, state: State, actor: int, now: int, held_start: bool, start_depth: int) -> None:
    task = state.task[actor]
    clock = min(now - task[SKEW], task[NEXT])
    if task[IDLE] and _may_begin(flat, state, actor, now, held_start, start_depth):
        _begin(flat, state, actor, clock, now)
    if clock < task[NEXT]:
        if task[NEXT] < NEVER:
            _wake(state, actor, task[SKEW] + task[NEXT], now)
        return

    ring = flat.call_ptr[actor]
    size = flat.call_ptr[actor + 1] - ring
    at = task[HEAD]
    for _ in range(task[FLIGHT]):
        if state.call_next[ring + at] == clock:
            group = state.call_group[ring + at]
            for operation in range(flat.read_ptr[group], flat.read_ptr[group + 1]):
                if not _can_read(flat, state, flat.read[operation], now):
                    return
            for operation in range(flat.write_ptr[group], flat.write_ptr[group + 1]):
                if not _can_write(flat, state, flat.write[operation], now):
                    return
        at += 1
        if at == size:
            at = 0

    soonest = NEVER
    finished = 0
    end = flat.group_ptr[actor + 1]
    at = task[HEAD]
    for _ in range(task[FLIGHT]):
        if state.call_next[ring + at] == clock:
            group = state.call_group[ring + at]
            for operation in range(flat.read_ptr[group], flat.read_ptr[group + 1]):
                _read(flat, state, flat.read[operation], now)
            for operation in range(flat.write_ptr[group], flat.write_ptr[group + 1]):
                _write(flat, state, flat.write[operation], now)
            state.call_group[ring + at] = group + 1
            if group + 1 < end:
                state.call_next[ring + at] = clock + flat.offset[group + 1] - flat.offset[group]
            else:
                state.call_next[ring + at] = NEVER
        if state.call_next[ring + at] == NEVER:
            finished += 1  # calls finish in the order in which they began
        else:
            soonest = min(soonest, state.call_next[ring + at])
        at += 1
        if at == size:
            at = 0
    if task[READY_AT] == clock:
        _ready(flat, state, actor, now)
    if task[READY_AT] < NEVER and finished == task[FLIGHT]:
        finished -= 1  # the newest call stays until it is ready
    if finished:
        task[HEAD] = (task[HEAD] + finished) % size
        task[FLIGHT] -= finished
    task[SKEW] = now - clock
    task[NEXT] = min(soonest, task[READY_AT])
    if task[NEXT] < NEVER:
        _wake(state, actor, task[SKEW] + task[NEXT], now)


@njit(cache=True)
def _offer(flat: Flat, state: State, frame: int, when: int, now: int) -> None:
    """A source will offer the first beat of `frame` from cycle `when` on."""
    state.offers[frame, 0] += 1
    state.offers[frame, 1] = max(state.offers[frame, 1], when + 1)
    if state.offers[frame, 0] == np.sum(flat.kind == SOURCE):
        state.seen[frame] = state.offers[frame, 1]
        for root in flat.root:
            if state.task[root, IDLE]:
                _wake(state, root, max(now + 1, state.seen[frame]), now)


@njit(cache=True)
def _step_source(flat: Flat, state: State, actor: int, now: int) -> None:
    port = state.port[actor]
    frame = port[MOVED] // flat.amount[actor]
    if frame >= len(state.seen):
        return
    if now < port[OFFER]:
        _wake(state, actor, port[OFFER], now)
        return
    if not _can_write(flat, state, flat.give[actor], now):
        return
    _write(flat, state, flat.give[actor], now)
    if port[MOVED] == frame * flat.amount[actor]:
        state.first_in[frame] = min(state.first_in[frame], now)
    port[MOVED] += 1
    following = port[MOVED] // flat.amount[actor]
    port[OFFER] = max(now + 1, following * flat.throttle[actor])
    if following < len(state.seen):
        if following > frame:
            _offer(flat, state, following, port[OFFER], now)
        _wake(state, actor, port[OFFER], now)


@njit(cache=True)
def _step_sink(flat: Flat, state: State, actor: int, now: int, sinks: int) -> None:
    first = flat.stall_ptr[actor]
    length = flat.stall_ptr[actor + 1] - first
    if flat.stall[first + now % length]:
        when = now + 1
        while flat.stall[first + when % length]:
            when += 1
        _wake(state, actor, when, now)
        return
    if not _can_read(flat, state, flat.take[actor], now):
        return
    _read(flat, state, flat.take[actor], now)
    port = state.port[actor]
    port[MOVED] += 1
    if port[MOVED] % flat.amount[actor] == 0:
        frame = port[MOVED] // flat.amount[actor] - 1
        if frame < len(state.taken):
            state.taken[frame] += 1
            if state.taken[frame] == sinks:  # a sink takes frames in order, so the last to take one is the latest
                state.last_out[frame] = now
                state.complete[0] = frame + 1
    _wake(state, actor, now + 1, now)


@njit(cache=True)
def _next_cycle(state: State, now: int) -> int:
    """The next cycle in which somebody wakes, with those who wake put into the wheel; NEVER: none."""
    when = NEVER
    if state.occupied[0] != 0:
        slot = now & (SLOTS - 1)
        later = state.occupied[0] & ((np.int64(-1) << slot) << 1)
        if later != 0:
            when = now - slot + _trailing_zeros(later)
        else:
            when = now - slot + SLOTS + _trailing_zeros(state.occupied[0])
    if state.far_min[0] <= when and state.far_min[0] < NEVER:
        when = state.far_min[0]
        slot = when & (SLOTS - 1)
        state.occupied[0] |= np.int64(1) << slot
        soonest = NEVER
        for actor in range(len(state.far)):
            if state.far[actor] == when:
                state.far[actor] = NEVER
                state.wheel[slot, actor >> 6] |= np.int64(1) << (actor & 63)
            elif state.far[actor] < soonest:
                soonest = state.far[actor]
        state.far_min[0] = soonest
    return when


@njit(cache=True)
def run(
    flat: Flat, state: State, held_start: bool, start_depth: int, deadline: Ints, most_calls: int
) -> tuple[int, int]:
    """Replays; returns how it ended and the number of cycles.

    deadline: int64[frames], LATE as soon as a frame is not complete in its cycle.
    most_calls: RUNAWAY as soon as a task begins more (only a network without end does).
    """
    frames = len(state.seen)
    sinks = 0
    for actor in range(len(flat.kind)):
        kind = flat.kind[actor]
        state.wheel[0, actor >> 6] |= np.int64(1) << (actor & 63)
        if kind == SOURCE:
            _offer(flat, state, 0, 0, 0)
        elif kind > SOURCE:
            sinks += 1
    words = state.wheel.shape[1]
    now = 0
    while True:
        slot = now & (SLOTS - 1)
        state.occupied[0] &= ~(np.int64(1) << slot)
        for word in range(words):
            awake = state.wheel[slot, word]
            state.wheel[slot, word] = 0
            while awake != 0:
                actor = (word << 6) + _trailing_zeros(awake)
                awake &= awake - 1
                kind = flat.kind[actor]
                if kind == TASK:
                    _step_task(flat, state, actor, now, held_start, start_depth)
                    if state.task[actor, BEGUN] > most_calls:
                        return RUNAWAY, now + 1
                elif kind == MOVER:
                    if _can_read(flat, state, flat.take[actor], now) and _can_write(
                        flat, state, flat.give[actor], now
                    ):
                        _read(flat, state, flat.take[actor], now)
                        _write(flat, state, flat.give[actor], now)
                        _wake(state, actor, now + 1, now)
                elif kind == SOURCE:
                    _step_source(flat, state, actor, now)
                else:
                    _step_sink(flat, state, actor, now, sinks)
        done = state.complete[0]
        if done == frames:
            return COMPLETE, now + 1
        before = now
        now = _next_cycle(state, now)
        if now == NEVER:
            return QUIESCENT, before + 1
        if now > deadline[done]:
            return LATE, before + 1
