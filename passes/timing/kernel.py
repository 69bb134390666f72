"""The replay's inner loop, compiled by numba. Semantics: docs/timing.md; data: passes/timing/flat.py.

A worklist over actors, not over cycles. Everything that happens in a cycle depends on what happened in earlier ones
only, so an actor's next event is the latest of a few known times (max-plus), as soon as these are known:

    t[group] = max(t[group before] + delta, t_write[token] + latency over its reads, t_read[token - capacity] + 1 over its writes)

An actor that is visited goes on for as long as it knows them, however far that is ahead of the others, and whoever made
them known wakes it. A cycle in which nothing happens costs nothing.

One question is not of this form: whether a task's next call begins before the next group of a call that is still in
flight (then the two are one rigid body) or after it. If the begin is not known yet, the group is a *candidate*.
When nobody else can go on, nothing can happen any more before the earliest candidate, so that one goes through.

Times are kept in a ring of tokens per channel. It holds as many as the channel does, but for a channel that is
never full, where it grows when nobody else can go on (`GROW`).

All tables lie in one array `m`, and a row is named by the place where it begins: `m[c + READ]`. That keeps calls cheap, to make
and to compile. Places are unsigned, or numba would look at each whether it counts from the end. All compiled code and
its constants are in this one file, because numba's cache on disk notices only changes of a function's own file.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from split4ml.passes.timing.jit import compiled, inlined, trailing_zeros
from split4ml.passes.timing.schedule import Ints

Indices = npt.NDArray[np.uint32]

NEVER = 2**61
TASK, MOVER, SOURCE, SINK = range(4)
COMPLETE, QUIESCENT, LATE, RUNAWAY, GROW = range(5)

# The head of `m`. UNTIL: nothing later is of interest. COMPLETED: frames. RUNS_ON: cycle in which a task made more than
# MOST_CALLS. Where actors, their bits in the worklist, channels and frames begin and end. RING: calls whose starts are kept, less one.
UNTIL, COMPLETED, RUNS_ON, MOST_CALLS, HELD, START_DEPTH, RING = range(7)
ACTORS, ACTORS_END, AWAKE, AWAKE_END, CHANNELS, CHANNELS_END, FRAMES, FRAMES_END = range(8, 16)
HEAD = 16

# An actor. LAST: the cycle of its last event.
KIND, NUMBER, LAST = range(3)
# A mover, source or sink: channels; tokens a frame, and left of the present FRAME; OFFER: cycle from which a source offers the next.
TAKE, GIVE, AMOUNT, LEFT, FRAME, OFFER, THROTTLE, STALL, STALL_END = range(3, 12)
# A task. Groups FIRST to TAIL belong to a call's own period, TAIL to END come after it; GAP: advances from the last of the former to
# ready. PLAIN: a call is running, and no other in flight. NEXT: its next group. Calls BEGUN and READIED so far. CLOCK:
# advances at LAST, BEGIN: at the begin of the newest call; both count while several calls are in flight. OLDEST, TAILS:
# which calls are in flight after their ready, in the ring of rows TAIL_ROWS. STARTS: ring of begins and readies.
PLAIN, NEXT, FIRST, TAIL, END, GAP, PERIOD, PARENT, DOMAIN, CHILDREN, CHILDREN_END = range(3, 14)
BEGUN, READIED, CLOCK, BEGIN, OLDEST, TAILS, TAIL_ROWS, TAIL_ROWS_END, CANDIDATE, STARTS = range(14, 24)
ACTOR = 24

# A channel. Its tokens are numbered. READ, WRITTEN: the next to be. AVAILABLE, FULL: the first that cannot be. BASE, MASK, SIZE: of
# the ring in `times` that has two places for each: cycle from which it can be read, cycle from which its room is free. FREE_BASE,
# FREE_MASK: of the latter; of a zero, if it is never full. AHEAD: writes known to be before the last read; BEHIND: reads
# known to be no later than the last write. PEAK: the most held, in cycle PEAK_AT. PRESSED: whether room was ever waited for. PRODUCER, CONSUMER: numbers of actors.
READ, AVAILABLE, BASE, MASK, FULL, FLAGS, WRITTEN, LATENCY, FREE_BASE, FREE_MASK, CAPACITY, PRESSED = range(
    12
)
PEAK, PEAK_AT, AHEAD, BEHIND, SIZE, PRODUCER, CONSUMER = range(12, 19)
CHANNEL = 24
# FLAGS: the producer sleeps until a read, the consumer until a write; the most tokens held are still COUNTED.
BY_PRODUCER, BY_CONSUMER, COUNTED = 1, 2, 4

# A kind of group: advances since the group before, what it does, and channels: one read (A), one written (A), one
# read (A) and one written (B); or where the lists of those read, those written, and their end are (A, B, C).
DELTA, SHAPE, A, B, C = range(5)
ONE_READ, ONE_WRITE, ONE_EACH, ANY = range(4)
# A call in flight after its ready: the clock of its next group, and that group.
DUE, GROUP = range(2)
# The newest calls of a task, in a ring: the cycles of begin and ready, and the clock at the begin.
BEGAN, WAS_READY, AT_CLOCK = range(3)
START_ROW = 3
# A domain: transactions ready, the cycle of the last; of the present one, how many roots are ready, and the latest of them.
TRANSACTIONS, AP_READY, ROOTS_READY, LATEST, ROOTS, ROOTS_END = range(6)
# A frame. SEEN: first cycle in which all inputs are seen to offer it, once none is MISSING. SINKS: that lack some of it.
SEEN, MISSING, SINKS, FIRST_IN, LAST_OUT, DEADLINE = range(6)
FRAME_ROW = 8


@inlined
def _unsigned(place: int) -> int:
    return np.uint32(place)  # type: ignore[return-value]


@inlined
def _row(m: Ints, place: int) -> int:
    """The row that is named at a place."""
    return _unsigned(m[place])


@inlined
def _wake(m: Ints, number: int) -> None:
    m[m[AWAKE] + (number >> 6)] |= np.int64(1) << (number & 63)


@inlined
def _readable(m: Ints, times: Ints, c: int) -> int:
    """The first cycle in which the next token can be read; NEVER, and its consumer will be woken, if that is not known."""
    n = m[c + READ]
    if n >= m[c + AVAILABLE]:
        m[c + FLAGS] |= BY_CONSUMER
        return NEVER
    return int(times[np.uint64(m[c + BASE] + 2 * (n & m[c + MASK]))])


@inlined
def _writable(m: Ints, times: Ints, c: int, now: int) -> int:
    """The first cycle from `now` on in which a token can be written; NEVER, and its producer will be woken, if that is not known."""
    n = m[c + WRITTEN]
    if n >= m[c + FULL]:
        m[c + FLAGS] |= BY_PRODUCER
        return NEVER
    free: int = times[np.uint64(m[c + FREE_BASE] + 2 * ((n - m[c + CAPACITY]) & m[c + FREE_MASK]))]
    if free > now:
        m[c + PRESSED] = 1
        return free
    return now


@inlined
def _read(m: Ints, times: Ints, c: int, now: int) -> None:
    n = m[c + READ]
    times[np.uint64(m[c + BASE] + 2 * (n & m[c + MASK]) + 1)] = now + 1
    m[c + READ] = n + 1
    m[c + FULL] += 1
    flags = m[c + FLAGS]
    if flags & COUNTED:
        _count_read(m, times, c, n, now)
    if flags & BY_PRODUCER:
        m[c + FLAGS] &= ~BY_PRODUCER
        _wake(m, m[c + PRODUCER])


@inlined
def _write(m: Ints, times: Ints, c: int, now: int) -> None:
    n = m[c + WRITTEN]
    times[np.uint64(m[c + BASE] + 2 * (n & m[c + MASK]))] = now + m[c + LATENCY]
    m[c + WRITTEN] = m[c + AVAILABLE] = n + 1
    flags = m[c + FLAGS]
    if flags & COUNTED:
        _count_write(m, times, c, n, now)
    if flags & BY_CONSUMER:
        m[c + FLAGS] &= ~BY_CONSUMER
        _wake(m, m[c + CONSUMER])


@compiled
def _count_read(m: Ints, times: Ints, c: int, n: int, now: int) -> None:
    """The most is held just before a read. Whichever of that read and the writes before it becomes known last, counts."""
    base, mask, written = m[c + BASE], m[c + MASK], m[c + WRITTEN]
    young = now + m[c + LATENCY]
    ahead = m[c + AHEAD]
    while ahead < written and times[np.uint64(base + 2 * (ahead & mask))] < young:
        ahead += 1
    m[c + AHEAD] = ahead
    if ahead < written:
        m[c + BEHIND] = n + 1
        m[c + AVAILABLE] = min(written, n + 1 + m[c + SIZE])
    _count(m, c, ahead - n, now - 1)


@compiled
def _count_write(m: Ints, times: Ints, c: int, n: int, now: int) -> None:
    base, mask, read = m[c + BASE], m[c + MASK], m[c + READ]
    behind = m[c + BEHIND]
    while behind < read and times[np.uint64(base + 2 * (behind & mask) + 1)] <= now + 1:
        behind += 1
    m[c + BEHIND] = behind
    m[c + AVAILABLE] = min(
        n + 1, behind + m[c + SIZE]
    )  # what was read later than this write is still to be counted
    if behind < read:
        _count(m, c, n + 1 - behind, now)


@inlined
def _count(m: Ints, c: int, held: int, now: int) -> None:
    if held > m[c + PEAK]:
        m[c + PEAK] = held
        m[c + PEAK_AT] = now
        if held == m[c + CAPACITY]:
            m[c + FLAGS] &= ~COUNTED
            m[c + AVAILABLE] = m[c + WRITTEN]


@compiled
def _possible(m: Ints, times: Ints, row: int, now: int) -> int:
    """The first cycle from `now` on in which all operations of a kind of group can happen, NEVER if that is not known."""
    shape = m[row + SHAPE]
    if shape == ONE_READ:
        return max(now, _readable(m, times, _row(m, row + A)))
    if shape == ONE_WRITE:
        return _writable(m, times, _row(m, row + A), now)
    if shape == ONE_EACH:
        now = max(now, _readable(m, times, _row(m, row + A)))
        return _writable(m, times, _row(m, row + B), now) if now < NEVER else NEVER
    for o in range(m[row + A], m[row + B]):
        now = max(now, _readable(m, times, _row(m, o)))
        if now == NEVER:
            return now
    for o in range(m[row + B], m[row + C]):
        now = _writable(m, times, _row(m, o), now)
        if now == NEVER:
            return now
    return now


@compiled
def _happen(m: Ints, times: Ints, row: int, now: int) -> None:
    shape = m[row + SHAPE]
    if shape == ONE_READ:
        _read(m, times, _row(m, row + A), now)
    elif shape == ONE_WRITE:
        _write(m, times, _row(m, row + A), now)
    elif shape == ONE_EACH:
        _read(m, times, _row(m, row + A), now)
        _write(m, times, _row(m, row + B), now)
    else:
        for o in range(m[row + A], m[row + B]):
            _read(m, times, _row(m, o), now)
        for o in range(m[row + B], m[row + C]):
            _write(m, times, _row(m, o), now)


@compiled
def _begins(m: Ints, a: int) -> tuple[int, int]:
    """For a task whose last call was ready: the cycle in which the next begins, NEVER if not known, and one before which it
    does not.
    """
    ring, depth = m[RING], m[START_DEPTH]
    call = m[a + BEGUN]
    known = True
    when = m[m[a + STARTS] + START_ROW * ((call - 1) & ring) + WAS_READY] + 1 if call > 0 else 0
    parent = m[a + PARENT]
    if parent >= 0:
        if m[parent + BEGUN] > call:
            when = max(when, m[m[parent + STARTS] + START_ROW * (call & ring) + BEGAN] + 1)
        else:
            known = False
            when = max(when, m[parent + LAST] + 1)
    else:
        d = m[a + DOMAIN]
        if call > 0:
            known = m[d + TRANSACTIONS] >= call
            when = max(when, m[d + AP_READY] + 1)
        if not m[HELD]:
            frame = m[FRAMES] + FRAME_ROW * call
            if frame >= m[FRAMES_END] or m[frame + MISSING] > 0:
                known = False
            else:
                when = max(when, m[frame + SEEN])
    if call >= depth:
        for at in range(m[a + CHILDREN], m[a + CHILDREN_END]):
            child = m[at]
            if m[child + READIED] > call - depth:
                when = max(when, m[m[child + STARTS] + START_ROW * ((call - depth) & ring) + WAS_READY] + 1)
            else:
                known = False
    return (when if known else NEVER), when


@compiled
def _begin(m: Ints, a: int, now: int, clock: int) -> None:
    start = m[a + STARTS] + START_ROW * (m[a + BEGUN] & m[RING])
    m[start + BEGAN] = now
    m[start + AT_CLOCK] = clock
    m[a + BEGUN] += 1
    m[a + NEXT] = m[a + FIRST]
    m[a + LAST] = now
    m[a + CLOCK] = m[a + BEGIN] = clock
    for at in range(m[a + CHILDREN], m[a + CHILDREN_END]):
        _wake(m, m[m[at] + NUMBER])


@compiled
def _ready(m: Ints, offset: Ints, a: int, now: int) -> None:
    m[m[a + STARTS] + START_ROW * (m[a + READIED] & m[RING]) + WAS_READY] = now
    m[a + READIED] += 1
    m[a + LAST] = now
    m[a + CLOCK] = m[a + BEGIN] + m[a + PERIOD] - 1
    m[a + PLAIN] = 0
    tail = m[a + TAIL]
    if tail < m[a + END]:
        rows = m[a + TAIL_ROWS_END] - m[a + TAIL_ROWS]
        at = m[a + TAIL_ROWS] + (m[a + OLDEST] + 2 * m[a + TAILS]) % rows
        m[at + DUE] = m[a + BEGIN] + offset[tail]
        m[at + GROUP] = tail
        m[a + TAILS] += 1
    if m[a + PARENT] >= 0:
        _wake(m, m[m[a + PARENT] + NUMBER])
        return
    d = m[a + DOMAIN]
    m[d + ROOTS_READY] += 1
    m[d + LATEST] = max(m[d + LATEST], now)
    if m[d + ROOTS_READY] == m[d + ROOTS_END] - m[d + ROOTS]:
        m[d + ROOTS_READY] = 0
        m[d + AP_READY] = m[d + LATEST]
        m[d + TRANSACTIONS] += 1
        for at in range(m[d + ROOTS], m[d + ROOTS_END]):
            _wake(m, m[m[at] + NUMBER])


@compiled
def _due(m: Ints, offset: Ints, a: int) -> int:
    """The clock of the next group of any call in flight, or of the ready of the newest; NEVER if there is neither."""
    clock = NEVER
    at = m[a + TAIL_ROWS] + m[a + OLDEST]
    for _ in range(m[a + TAILS]):
        clock = min(clock, m[at + DUE])
        at = at + 2 if at + 2 < m[a + TAIL_ROWS_END] else m[a + TAIL_ROWS]
    if m[a + BEGUN] > m[a + READIED]:
        group = m[a + NEXT]
        clock = min(clock, m[a + BEGIN] + (offset[group] if group < m[a + TAIL] else m[a + PERIOD] - 1))
    return clock


@compiled
def _when_due(m: Ints, kind: Indices, offset: Ints, times: Ints, a: int, clock: int, now: int) -> int:
    """When the groups, of all calls in flight, that are due at `clock` can happen (as `_possible`)."""
    at = m[a + TAIL_ROWS] + m[a + OLDEST]
    for _ in range(m[a + TAILS]):
        if m[at + DUE] == clock:
            now = _possible(m, times, kind[m[at + GROUP]], now)
        at = at + 2 if at + 2 < m[a + TAIL_ROWS_END] else m[a + TAIL_ROWS]
    group = m[a + NEXT]
    if m[a + BEGUN] > m[a + READIED] and group < m[a + TAIL] and m[a + BEGIN] + offset[group] == clock:
        now = _possible(m, times, kind[group], now)
    return now


@compiled
def _do_due(m: Ints, kind: Indices, offset: Ints, times: Ints, a: int, clock: int, now: int) -> None:
    """These groups happen, and the newest call is ready if that is due."""
    at = m[a + TAIL_ROWS] + m[a + OLDEST]
    for _ in range(m[a + TAILS]):
        behind = at + 2 if at + 2 < m[a + TAIL_ROWS_END] else m[a + TAIL_ROWS]
        if m[at + DUE] == clock:
            group = m[at + GROUP]
            _happen(m, times, kind[group], now)
            if group + 1 < m[a + END]:
                m[at + GROUP] = group + 1
                m[at + DUE] += offset[group + 1] - offset[group]
            else:  # the oldest is over first
                m[a + OLDEST] = behind - m[a + TAIL_ROWS]
                m[a + TAILS] -= 1
        at = behind
    m[a + LAST] = now
    m[a + CLOCK] = clock
    if m[a + BEGUN] > m[a + READIED]:
        group = m[a + NEXT]
        if group < m[a + TAIL] and m[a + BEGIN] + offset[group] == clock:
            _happen(m, times, kind[group], now)
            m[a + NEXT] = group + 1
        if m[a + BEGIN] + m[a + PERIOD] - 1 == clock:
            _ready(m, offset, a, now)


@compiled
def _unplain(m: Ints, kind: Indices, offset: Ints, times: Ints, a: int, forced: bool) -> bool:
    """A task between calls, or with several in flight, goes on until it has one call in flight that is not ready (True) or
    has to wait (False). forced: nothing can happen any more before its candidate.
    """
    until = m[UNTIL]
    m[a + CANDIDATE] = NEVER
    while True:
        running = m[a + BEGUN] > m[a + READIED]
        clock = _due(m, offset, a)
        arrival = m[a + LAST] + clock - m[a + CLOCK]
        if running and m[a + TAILS] == 0:
            # Set back, so that the next group, or the ready, is its own advances later.
            group = m[a + NEXT]
            m[a + LAST] = arrival - (m[kind[group] + DELTA] if group < m[a + TAIL] else m[a + GAP])
            m[a + PLAIN] = 1
            return True
        begin = bound = NEVER
        if not running:
            begin, bound = _begins(m, a)
            if begin > until:
                begin = NEVER
            elif m[a + BEGUN] > m[MOST_CALLS]:
                m[RUNS_ON] = min(m[RUNS_ON], begin)
                begin = NEVER
            if clock == NEVER:
                if begin == NEVER:
                    return False
                _begin(m, a, begin, m[a + CLOCK])
                continue
        now = _when_due(m, kind, offset, times, a, clock, arrival)
        if not running:
            if begin < NEVER:
                if begin <= arrival or begin <= now < NEVER or (forced and now == NEVER):
                    forced = False
                    _begin(m, a, begin, min(m[a + CLOCK] + begin - m[a + LAST], clock))
                    continue
                if now == NEVER:
                    m[a + CANDIDATE] = begin
                    return False
            elif bound <= now <= until and not forced:
                m[a + CANDIDATE] = now
                return False
        if now > until:
            return False
        forced = False
        _do_due(m, kind, offset, times, a, clock, now)


@compiled
def _task(m: Ints, kind: Indices, offset: Ints, times: Ints, a: int, forced: bool) -> None:
    until, end = m[UNTIL], m[a + TAIL]
    while m[a + PLAIN] or _unplain(m, kind, offset, times, a, forced):
        forced = False
        last, group = m[a + LAST], m[a + NEXT]
        while group < end:
            row = kind[np.uint64(group)]
            shape = m[row + SHAPE]
            now = last + m[row + DELTA]
            # What `_possible` and `_happen` do, but the shapes that are most frequent are told apart once only.
            if shape == ONE_EACH:
                c, d = _row(m, row + A), _row(m, row + B)
                now = max(now, _readable(m, times, c))
                if now > until:
                    break
                now = _writable(m, times, d, now)
                if now > until:
                    break
                _read(m, times, c, now)
                _write(m, times, d, now)
            elif shape == ONE_READ:
                c = _row(m, row + A)
                now = max(now, _readable(m, times, c))
                if now > until:
                    break
                _read(m, times, c, now)
            elif shape == ONE_WRITE:
                c = _row(m, row + A)
                now = _writable(m, times, c, now)
                if now > until:
                    break
                _write(m, times, c, now)
            else:
                now = _possible(m, times, row, now)
                if now > until:
                    break
                _happen(m, times, row, now)
            last = now
            group += 1
        m[a + LAST] = last
        m[a + NEXT] = group
        if group < end or last + m[a + GAP] > until:
            return
        _ready(m, offset, a, last + m[a + GAP])


@compiled
def _mover(m: Ints, times: Ints, a: int) -> None:
    until, take, give = m[UNTIL], _row(m, a + TAKE), _row(m, a + GIVE)
    while True:
        now = max(m[a + LAST] + 1, _readable(m, times, take))
        if now > until:
            return
        now = _writable(m, times, give, now)
        if now > until:
            return
        _read(m, times, take, now)
        _write(m, times, give, now)
        m[a + LAST] = now


@compiled
def _offer(m: Ints, number: int, when: int) -> None:
    """A source will offer the first beat of frame `number` from cycle `when` on."""
    frame = m[FRAMES] + FRAME_ROW * number
    m[frame + SEEN] = max(m[frame + SEEN], when + 1)
    m[frame + MISSING] -= 1
    if m[frame + MISSING] == 0:
        for a in range(m[ACTORS], m[ACTORS_END], ACTOR):
            if m[a + KIND] == TASK and m[a + PARENT] < 0:
                _wake(m, m[a + NUMBER])


@compiled
def _source(m: Ints, times: Ints, a: int) -> None:
    until, give = m[UNTIL], _row(m, a + GIVE)
    frames = (m[FRAMES_END] - m[FRAMES]) // FRAME_ROW
    while m[a + FRAME] < frames:
        now = _writable(m, times, give, m[a + OFFER])
        if now > until:
            return
        _write(m, times, give, now)
        if m[a + LEFT] == m[a + AMOUNT]:
            frame = m[FRAMES] + FRAME_ROW * m[a + FRAME]
            m[frame + FIRST_IN] = min(m[frame + FIRST_IN], now)
        m[a + LEFT] -= 1
        m[a + OFFER] = now + 1
        if m[a + LEFT] == 0:
            m[a + LEFT] = m[a + AMOUNT]
            m[a + FRAME] += 1
            m[a + OFFER] = max(now + 1, m[a + FRAME] * m[a + THROTTLE])
            if m[a + FRAME] < frames:
                _offer(m, m[a + FRAME], m[a + OFFER])


@compiled
def _sink(m: Ints, times: Ints, a: int) -> bool:
    """Whether a frame is late."""
    take = _row(m, a + TAKE)
    stall, length = m[a + STALL], m[a + STALL_END] - m[a + STALL]
    while True:
        now = max(m[a + LAST] + 1, _readable(m, times, take))
        if now > m[UNTIL]:
            return False
        while m[stall + now % length]:
            now += 1
        if now > m[UNTIL]:
            return False
        _read(m, times, take, now)
        m[a + LAST] = now
        m[a + LEFT] -= 1
        if m[a + LEFT] == 0:
            frame = m[FRAMES] + FRAME_ROW * m[a + FRAME]
            m[a + LEFT] = m[a + AMOUNT]
            m[a + FRAME] += 1
            if frame < m[FRAMES_END]:
                if now > m[frame + DEADLINE]:
                    return True
                m[frame + LAST_OUT] = max(m[frame + LAST_OUT], now)
                m[frame + SINKS] -= 1
                if m[frame + SINKS] == 0:
                    m[COMPLETED] += 1
                    if frame + FRAME_ROW == m[FRAMES_END]:
                        m[UNTIL] = min(m[UNTIL], m[frame + LAST_OUT])


@compiled
def _ring_full(m: Ints) -> bool:
    """Whether somebody waits for a ring only, and could else go on, perhaps before the earliest candidate."""
    for c in range(m[CHANNELS], m[CHANNELS_END], CHANNEL):
        if m[c + FLAGS] & BY_PRODUCER and m[c + FULL] <= m[c + WRITTEN] < m[c + READ] + m[c + CAPACITY]:
            return True
        if m[c + FLAGS] & BY_CONSUMER and m[c + AVAILABLE] <= m[c + READ] < m[c + WRITTEN]:
            return True
    return False


@compiled
def run(m: Ints, kind: Indices, offset: Ints, times: Ints) -> int:
    """Replays; returns how it ended. May be called again after GROW, with larger rings."""
    forced = 0
    while True:
        busy = True
        while busy:
            busy = False
            for word in range(m[AWAKE], m[AWAKE_END]):
                above = np.int64(-1)
                while m[word] & above != 0:
                    bit = trailing_zeros(m[word] & above)
                    above = np.int64(-2) << bit
                    m[word] &= ~(np.int64(1) << bit)
                    busy = True
                    a = _unsigned(m[ACTORS] + ACTOR * (64 * (word - m[AWAKE]) + bit))
                    if m[a + KIND] == TASK:
                        _task(m, kind, offset, times, a, a == forced)
                        if a == forced:
                            forced = 0
                    elif m[a + KIND] == MOVER:
                        _mover(m, times, a)
                    elif m[a + KIND] == SOURCE:
                        _source(m, times, a)
                    elif _sink(m, times, a):
                        return LATE
        if _ring_full(m):
            return GROW
        forced = 0
        earliest = m[UNTIL] + 1
        for other in range(m[ACTORS], m[ACTORS_END], ACTOR):
            if m[other + KIND] == TASK and m[other + CANDIDATE] < earliest:
                forced = other
                earliest = m[other + CANDIDATE]
        if forced != 0:
            _wake(m, m[forced + NUMBER])
        elif m[RUNS_ON] <= m[UNTIL]:
            return RUNAWAY
        elif m[COMPLETED] * FRAME_ROW == m[FRAMES_END] - m[FRAMES]:
            return COMPLETE
        else:
            return QUIESCENT
