"""The replay's inner loop, compiled by numba. Semantics: docs/timing.md; data: passes/timing/flat.py.

Event driven: only cycles in which something may happen are visited, and in them only the actors that have asked
to be woken. Wakes less than SLOTS cycles ahead are bits in a timing wheel, later ones wait in `far`. A spurious
wake does no harm. All conditions look at the state before the cycle, which is recovered from the times of a
channel's last operations; so the order of the actors within a cycle has no influence.

A task's calls in flight share one clock of advances. It runs with time (`clock = now - SKEW`) until it meets an
event (`NEXT`: a group of some call, or the newest call's ready), and stays there until the event goes through.

The functions called for every operation take single arrays, index them in place and are inlined: copying whole
tuples into calls costs more than the work (see also passes/timing/jit.py). All compiled code and its constants are
in this one file, because numba's cache on disk notices only changes of a function's own file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from split4ml.passes.timing.jit import compiled, inlined, trailing_zeros
from split4ml.passes.timing.schedule import Ints

if TYPE_CHECKING:
    from split4ml.passes.timing.flat import Flat

TASK, MOVER, SOURCE, SINK = range(4)  # Flat.kind
NEVER = 2**61
LONG_AGO = -10
SLOTS = 64  # of the timing wheel: bits of a word

# Columns of State.channel. AWAITED: the producer sleeps until a read (1), the consumer until a write (2).
# ROOM, ROOM_END: where operation times are recorded.
WRITTEN, READ, LAST_WRITE, SECOND_WRITE, LAST_READ, CAPACITY, LATENCY, PEAK = range(8)
AWAITED, PRODUCER, CONSUMER, ROOM, ROOM_END = range(8, 13)
CHANNEL_COLUMNS = 16
BY_PRODUCER, BY_CONSUMER = 1, 2
# Columns of State.task. PUSHES and POPS count start tokens; a root's POPS are its readies.
SKEW, NEXT, READY_AT, IDLE, HEAD, FLIGHT, BEGUN, PUSHES, LAST_PUSH, POPS, LAST_POP = range(11)
TASK_COLUMNS = 16
# Columns of State.domain.
TRANSACTIONS, LAST_AP_READY, ROOTS_READY = range(3)
# Columns of State.port (sources and sinks): tokens moved, cycle from which the next is offered.
MOVED, OFFER = range(2)
# Columns of State.call: the clock of the next group (NEVER: none left), and that group.
DUE, GROUP = range(2)
# Columns of State.frame. SEEN: first cycle in which all inputs have been seen to offer it, once all OFFERS are
# known. TAKEN: sinks that have all of it.
SEEN, OFFERS, OFFERED, TAKEN, FIRST_IN, LAST_OUT = range(6)
# State.far: which slots of the wheel hold a bit, the first far wake, frames complete; then one wake per actor.
OCCUPIED, SOONEST, COMPLETED, FAR = range(4)

COMPLETE, QUIESCENT, LATE, RUNAWAY = range(4)


class State(NamedTuple):
    """What changes during a replay; the constants above name the columns."""

    channel: Ints
    task: Ints
    domain: Ints
    port: Ints
    call: Ints
    frame: Ints
    wheel: Ints
    far: Ints
    write_time: Ints
    read_time: Ints


@inlined
def _wake(wheel: Ints, far: Ints, actor: int, when: int, now: int) -> None:
    if when - now < SLOTS:
        slot = when & (SLOTS - 1)
        wheel[slot, actor >> 6] |= np.int64(1) << (actor & 63)
        far[OCCUPIED] |= np.int64(1) << slot
    else:
        far[FAR + actor] = min(far[FAR + actor], when)
        far[SOONEST] = min(far[SOONEST], when)


@inlined
def _can_read(channel: Ints, wheel: Ints, far: Ints, c: int, now: int) -> bool:
    """Whether a token can be read now; if not, sees to it that the consumer is woken when that may change."""
    held = channel[c, WRITTEN] - channel[c, READ]
    if held > 2:  # at most two tokens can be too young
        return True
    young = now - channel[c, LATENCY]
    hidden = 0
    if channel[c, LAST_WRITE] > young:
        hidden += 1
    if channel[c, SECOND_WRITE] > young:
        hidden += 1
    if held > hidden:
        return True
    if held == 0:
        channel[c, AWAITED] |= BY_CONSUMER
    else:
        oldest = channel[c, LAST_WRITE] if held == 1 else channel[c, SECOND_WRITE]
        _wake(wheel, far, channel[c, CONSUMER], oldest + channel[c, LATENCY], now)
    return False


@inlined
def _can_write(channel: Ints, wheel: Ints, far: Ints, c: int, now: int) -> bool:
    """Whether a token can be written now; if not, sees to it that the producer is woken when that may change."""
    held = channel[c, WRITTEN] - channel[c, READ]
    if channel[c, LAST_READ] == now:  # the slot is free from the next cycle on
        if held + 1 < channel[c, CAPACITY]:
            return True
        _wake(wheel, far, channel[c, PRODUCER], now + 1, now)
        return False
    if held < channel[c, CAPACITY]:
        return True
    channel[c, AWAITED] |= BY_PRODUCER
    return False


@inlined
def _read(channel: Ints, wheel: Ints, far: Ints, times: Ints, c: int, now: int) -> None:
    # Occupancy is at a local maximum only at the end of a cycle before one with a read.
    held = channel[c, WRITTEN] - channel[c, READ]
    if channel[c, LAST_WRITE] == now:
        held -= 1
    channel[c, PEAK] = max(channel[c, PEAK], held)
    at = channel[c, ROOM] + channel[c, READ]
    if at < channel[c, ROOM_END]:
        times[at] = now
    channel[c, READ] += 1
    channel[c, LAST_READ] = now
    if channel[c, AWAITED] & BY_PRODUCER:
        channel[c, AWAITED] &= BY_CONSUMER
        _wake(wheel, far, channel[c, PRODUCER], now + 1, now)


@inlined
def _write(channel: Ints, wheel: Ints, far: Ints, times: Ints, c: int, now: int) -> None:
    at = channel[c, ROOM] + channel[c, WRITTEN]
    if at < channel[c, ROOM_END]:
        times[at] = now
    channel[c, WRITTEN] += 1
    channel[c, SECOND_WRITE] = channel[c, LAST_WRITE]
    channel[c, LAST_WRITE] = now
    if channel[c, AWAITED] & BY_CONSUMER:
        channel[c, AWAITED] &= BY_PRODUCER
        _wake(wheel, far, channel[c, CONSUMER], now + channel[c, LATENCY], now)


@compiled
def _may_begin(flat: Flat, state: State, actor: int, now: int, held_start: bool, start_depth: int) -> bool:
    """For a task whose last call was ready in an earlier cycle. Whoever changes a `False` wakes it."""
    task, domain, frame = state.task, state.domain, state.frame
    if flat.parent[actor] >= 0:
        pushes = task[actor, PUSHES]
        if task[actor, LAST_PUSH] == now:
            pushes -= 1
        if pushes <= task[actor, POPS]:
            return False
    else:
        transaction = domain[flat.domain[actor], TRANSACTIONS]
        if domain[flat.domain[actor], LAST_AP_READY] == now:
            transaction -= 1
        if task[actor, POPS] != transaction:
            return False
        if not held_start:
            if transaction >= len(frame):
                return False
            if frame[transaction, SEEN] > now:
                if frame[transaction, SEEN] < NEVER:
                    _wake(state.wheel, state.far, actor, frame[transaction, SEEN], now)
                return False
    for at in range(flat.child_ptr[actor], flat.child_ptr[actor + 1]):
        child = flat.child[at]
        pops = task[child, POPS]
        if task[child, LAST_POP] == now:
            pops -= 1
        if task[child, PUSHES] - pops >= start_depth:
            return False
    return True


@compiled
def _begin(flat: Flat, state: State, actor: int, clock: int, now: int) -> None:
    task, call = state.task, state.call
    first = flat.group_ptr[actor]
    ring = flat.call_ptr[actor]
    at = ring + (task[actor, HEAD] + task[actor, FLIGHT]) % (flat.call_ptr[actor + 1] - ring)
    call[at, GROUP] = first
    call[at, DUE] = clock + flat.offset[first] if first < flat.group_ptr[actor + 1] else NEVER
    task[actor, IDLE] = 0
    task[actor, BEGUN] += 1
    task[actor, FLIGHT] += 1
    task[actor, READY_AT] = clock + flat.period[actor] - 1
    task[actor, NEXT] = min(task[actor, NEXT], call[at, DUE], task[actor, READY_AT])
    for index in range(flat.child_ptr[actor], flat.child_ptr[actor + 1]):
        child = flat.child[index]
        task[child, PUSHES] += 1
        task[child, LAST_PUSH] = now
        if task[child, IDLE]:
            _wake(state.wheel, state.far, child, now + 1, now)


@compiled
def _ready(flat: Flat, state: State, actor: int, now: int) -> None:
    task, domain = state.task, state.domain
    task[actor, READY_AT] = NEVER
    task[actor, IDLE] = 1
    task[actor, POPS] += 1
    task[actor, LAST_POP] = now
    _wake(state.wheel, state.far, actor, now + 1, now)
    parent = flat.parent[actor]
    if parent >= 0:
        if task[parent, IDLE]:
            _wake(state.wheel, state.far, parent, now + 1, now)
        return
    d = flat.domain[actor]
    domain[d, ROOTS_READY] += 1
    if domain[d, ROOTS_READY] == flat.root_ptr[d + 1] - flat.root_ptr[d]:
        domain[d, ROOTS_READY] = 0
        domain[d, TRANSACTIONS] += 1
        domain[d, LAST_AP_READY] = now
        for at in range(flat.root_ptr[d], flat.root_ptr[d + 1]):
            if task[flat.root[at], IDLE]:
                _wake(state.wheel, state.far, flat.root[at], now + 1, now)


@compiled
def _offer(flat: Flat, state: State, number: int, sources: int, when: int, now: int) -> None:
    """A source will offer the first beat of frame `number` from cycle `when` on."""
    frame = state.frame
    frame[number, OFFERS] += 1
    frame[number, OFFERED] = max(frame[number, OFFERED], when)
    if frame[number, OFFERS] == sources:
        frame[number, SEEN] = frame[number, OFFERED] + 1
        for at in range(len(flat.root)):
            root = flat.root[at]
            if state.task[root, IDLE]:
                _wake(state.wheel, state.far, root, max(now, frame[number, OFFERED]) + 1, now)


@inlined
def _next_cycle(wheel: Ints, far: Ints, now: int) -> int:
    """The next cycle in which somebody wakes, with those who wake put into the wheel; NEVER: none."""
    when = NEVER
    if far[OCCUPIED] != 0:
        slot = now & (SLOTS - 1)
        later = far[OCCUPIED] & ((np.int64(-1) << slot) << 1)
        if later != 0:
            when = now - slot + trailing_zeros(later)
        else:
            when = now - slot + SLOTS + trailing_zeros(far[OCCUPIED])
    if far[SOONEST] <= when and far[SOONEST] < NEVER:
        when = far[SOONEST]
        soonest = NEVER
        for actor in range(len(far) - FAR):
            if far[FAR + actor] == when:
                far[FAR + actor] = NEVER
                wheel[when & (SLOTS - 1), actor >> 6] |= np.int64(1) << (actor & 63)
            elif far[FAR + actor] < soonest:
                soonest = far[FAR + actor]
        far[SOONEST] = soonest
    return when


@compiled
def run(
    flat: Flat, state: State, held_start: bool, start_depth: int, deadline: Ints, most_calls: int
) -> tuple[int, int]:
    """Replays; returns how it ended and the number of cycles.

    deadline: int64[frames], LATE as soon as a frame is not complete in its cycle.
    most_calls: RUNAWAY as soon as a task begins more (only a network without end does).
    """
    channel, task, call, port, frame = state.channel, state.task, state.call, state.port, state.frame
    wheel, far, write_time, read_time = state.wheel, state.far, state.write_time, state.read_time
    kind, take, give, amount, throttle = flat.kind, flat.take, flat.give, flat.amount, flat.throttle
    stall, stall_ptr, call_ptr, group_ptr = flat.stall, flat.stall_ptr, flat.call_ptr, flat.group_ptr
    offset, read_ptr, read, write_ptr, write = (
        flat.offset,
        flat.read_ptr,
        flat.read,
        flat.write_ptr,
        flat.write,
    )
    frames = len(frame)
    sources = sinks = 0
    for actor in range(len(kind)):
        wheel[0, actor >> 6] |= np.int64(1) << (actor & 63)
        sources += kind[actor] == SOURCE
        sinks += kind[actor] > SOURCE
    for _ in range(sources):
        _offer(flat, state, 0, sources, 0, 0)
    now = 0
    while True:
        slot = now & (SLOTS - 1)
        far[OCCUPIED] &= ~(np.int64(1) << slot)
        for word in range(wheel.shape[1]):
            awake = wheel[slot, word]
            wheel[slot, word] = 0
            while awake != 0:
                actor = (word << 6) + trailing_zeros(awake)
                awake &= awake - 1

                if kind[actor] == TASK:
                    clock = min(now - task[actor, SKEW], task[actor, NEXT])
                    if task[actor, IDLE] and _may_begin(flat, state, actor, now, held_start, start_depth):
                        _begin(flat, state, actor, clock, now)
                        if task[actor, BEGUN] > most_calls:
                            return RUNAWAY, now + 1
                    if clock < task[actor, NEXT]:
                        if task[actor, NEXT] < NEVER:
                            _wake(wheel, far, actor, task[actor, SKEW] + task[actor, NEXT], now)
                        continue

                    ring, size = call_ptr[actor], call_ptr[actor + 1] - call_ptr[actor]
                    flight = task[actor, FLIGHT]
                    free = True
                    at = task[actor, HEAD]
                    for _ in range(flight):
                        if call[ring + at, DUE] == clock:
                            group = call[ring + at, GROUP]
                            for o in range(read_ptr[group], read_ptr[group + 1]):
                                if free and not _can_read(channel, wheel, far, read[o], now):
                                    free = False
                            for o in range(write_ptr[group], write_ptr[group + 1]):
                                if free and not _can_write(channel, wheel, far, write[o], now):
                                    free = False
                        at = at + 1 if at + 1 < size else 0
                    if not free:
                        continue

                    soonest, finished = NEVER, 0
                    at = task[actor, HEAD]
                    for _ in range(flight):
                        if call[ring + at, DUE] == clock:
                            group = call[ring + at, GROUP]
                            for o in range(read_ptr[group], read_ptr[group + 1]):
                                _read(channel, wheel, far, read_time, read[o], now)
                            for o in range(write_ptr[group], write_ptr[group + 1]):
                                _write(channel, wheel, far, write_time, write[o], now)
                            call[ring + at, GROUP] = group + 1
                            if group + 1 < group_ptr[actor + 1]:
                                call[ring + at, DUE] = clock + offset[group + 1] - offset[group]
                            else:
                                call[ring + at, DUE] = NEVER
                        if call[ring + at, DUE] == NEVER:
                            finished += 1  # calls finish in the order in which they began
                        else:
                            soonest = min(soonest, call[ring + at, DUE])
                        at = at + 1 if at + 1 < size else 0
                    if task[actor, READY_AT] == clock:
                        _ready(flat, state, actor, now)
                    elif task[actor, READY_AT] < NEVER and finished == flight:
                        finished -= 1  # the newest call stays until it is ready
                    if finished:
                        task[actor, HEAD] = (task[actor, HEAD] + finished) % size
                        task[actor, FLIGHT] = flight - finished
                    task[actor, SKEW] = now - clock
                    task[actor, NEXT] = min(soonest, task[actor, READY_AT])
                    if task[actor, NEXT] < NEVER:
                        _wake(wheel, far, actor, task[actor, SKEW] + task[actor, NEXT], now)

                elif kind[actor] == MOVER:
                    if _can_read(channel, wheel, far, take[actor], now) and _can_write(
                        channel, wheel, far, give[actor], now
                    ):
                        _read(channel, wheel, far, read_time, take[actor], now)
                        _write(channel, wheel, far, write_time, give[actor], now)
                        _wake(wheel, far, actor, now + 1, now)

                elif kind[actor] == SOURCE:
                    number = port[actor, MOVED] // amount[actor]
                    if number >= frames:
                        continue
                    if now < port[actor, OFFER]:
                        _wake(wheel, far, actor, port[actor, OFFER], now)
                        continue
                    if not _can_write(channel, wheel, far, give[actor], now):
                        continue
                    _write(channel, wheel, far, write_time, give[actor], now)
                    if port[actor, MOVED] == number * amount[actor]:
                        frame[number, FIRST_IN] = min(frame[number, FIRST_IN], now)
                    port[actor, MOVED] += 1
                    following = port[actor, MOVED] // amount[actor]
                    port[actor, OFFER] = max(now + 1, following * throttle[actor])
                    if following < frames:
                        if following > number:
                            _offer(flat, state, following, sources, port[actor, OFFER], now)
                        _wake(wheel, far, actor, port[actor, OFFER], now)

                else:
                    first, length = stall_ptr[actor], stall_ptr[actor + 1] - stall_ptr[actor]
                    if stall[first + now % length]:
                        when = now + 1
                        while stall[first + when % length]:
                            when += 1
                        _wake(wheel, far, actor, when, now)
                    elif _can_read(channel, wheel, far, take[actor], now):
                        _read(channel, wheel, far, read_time, take[actor], now)
                        _wake(wheel, far, actor, now + 1, now)
                        port[actor, MOVED] += 1
                        number = port[actor, MOVED] // amount[actor] - 1
                        if port[actor, MOVED] % amount[actor] == 0 and number < frames:
                            frame[number, TAKEN] += 1
                            if (
                                frame[number, TAKEN] == sinks
                            ):  # sinks take frames in order, so this is the latest
                                frame[number, LAST_OUT] = now
                                far[COMPLETED] = number + 1

        if far[COMPLETED] == frames:
            return COMPLETE, now + 1
        before, now = now, _next_cycle(wheel, far, now)
        if now == NEVER:
            return QUIESCENT, before + 1
        if now > deadline[far[COMPLETED]]:
            return LATE, before + 1
