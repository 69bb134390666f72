"""Why depths are not feasible, as boxes: ranges of depths per FIFO in which nothing is.

From depths that make a replay late, every FIFO that need not be so shallow for that is lifted; what is left are the few
that are to blame, each with the greatest depth that does not help.

That a box holds nothing feasible is concluded from one replay, with the greatest capacities and the least latencies in
it, which must be late for the reference with the greatest latencies in it. docs/sizing.md says for which runs this
is a theorem, and what is assumed for the others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from split4ml.passes.solve.boxes import Box, Sum
from split4ml.passes.timing.critical import Critical
from split4ml.passes.timing.judge import Judge, Room
from split4ml.passes.timing.network import UNBOUNDED, Network
from split4ml.passes.timing.schedule import Ints
from split4ml.passes.timing.series import Series

TRADES = 64
"""So many ways to share one depth among several FIFOs are looked for at once, and among so many FIFOs:"""
TRADERS = 3


@dataclass(frozen=True)
class Blame:
    """No depths in `box` are feasible; certain: whether that needs no assumption on this network."""

    box: Box
    certain: bool


def overlaps(network: Network) -> bool:
    """Whether some call may begin before the one before it has done its last group."""
    return any(p.schedule is not None and p.schedule.length > p.schedule.period for p in network.processes)


class Blamer:
    """Finds boxes around depths that are not feasible."""

    def __init__(
        self, judge: Judge, most: Ints, shift: Ints, price: Ints, expired: Callable[[], bool]
    ) -> None:
        """Per FIFO:

        most:  the greatest depth of interest; a box that reaches it is open there. May fall later, in place.
        shift: the greatest depth that is a shift register, 0 if none is.
        price: of one more word; the dearest FIFOs are blamed if there is a choice.
        """
        self.judge = judge
        self.most = most
        self.shift = shift
        self.expired = expired
        self.order = sorted(judge.sizable, key=lambda i: (int(price[i]), i))
        network = judge.engine.network
        self._certain = not overlaps(network)
        self._certain_alone = self._certain or not network.held_start
        self._walks = Critical.applies(network, (int(judge.at[i]) for i in judge.sizable))
        self._known: list[tuple[Room, int]] = []
        self._series = Series(network, {int(judge.at[i]): i for i in judge.sizable}, judge.floor)

    def blame(self, depths: Ints) -> list[Blame]:
        """Boxes, the first of which holds `depths`; none if no replay is late."""
        found: list[Blame] = []
        lo = np.where(depths > self.shift, self.shift + 1, np.minimum(depths, 1))
        hi = np.where(depths > self.shift, UNBOUNDED, np.where(depths == 0, 0, self.shift))
        capacities = np.full_like(depths, UNBOUNDED)
        capacities[self.order] = depths[self.order]
        # Who was to blame with other styles may be to blame again.
        for known, frames in self._known:
            if known.holds(capacities) and self.judge.late(known, lo, hi, frames)[0]:
                found.append(self._around(known, lo, hi, frames))
                capacities[known.shallow] = UNBOUNDED
        for frames in (1, self.judge.frames):
            # Each of the boxes after the first one is for depths in which none blamed so far are shallow.
            while not (found and self.expired()):
                lifted = self._lift(capacities, lo, hi, frames)
                if lifted is None:
                    break
                capacities[lifted < UNBOUNDED] = UNBOUNDED
                shares = self._share(lifted, lo, hi, frames)
                first = shares or Room(lifted)
                for room in [shares] if shares else self._trades(lifted, lo, hi, frames):
                    self._known.append((room, frames))
                    found.append(self._around(room, lo, hi, frames))
                if not self._wide(found[-1].box, first):
                    found += self._always(first, frames)
        return found

    def exactly(self, depths: Ints) -> Blame:
        """The box of all that behaves like these infeasible depths: nothing in it can be told apart from them by a run.

        A FIFO that never was full may be any deeper. So this needs no assumption, but says little.
        """
        peaks = self.judge.peaks(depths)
        shift = depths <= self.shift
        full = peaks >= depths
        lo = np.where(
            full, depths, np.maximum(peaks + 1, np.where(shift, 1, self.shift + 1))
        )  # a wire is full
        hi = np.where(full, depths, np.where(shift, self.shift, UNBOUNDED))
        return self._made(Room(np.full_like(depths, UNBOUNDED)), lo, hi, certain=True)

    def _late(self, room: Room, lo: Ints, hi: Ints, frames: int) -> bool:
        """Whether FIFOs with this room are late with all latencies in the box."""
        if frames == 1 and self._walks and room.capacities.min() > 0:
            least, most = self.judge.latencies(lo), self.judge.latencies(np.minimum(hi, room.capacities))
            if not np.array_equal(least, most):
                return self.judge.late_on_path(room, lo, hi)[0]
        return self.judge.late(room, lo, hi, frames)[0]

    def _lift(self, capacities: Ints, lo: Ints, hi: Ints, frames: int) -> Ints | None:
        """Capacities that are late and none of which can be raised; None if these are not late."""
        late, pressed = self.judge.late(Room(capacities), lo, hi, frames)
        if not late:
            return None
        # Where room was never waited for, more would change nothing; nor, in a lone frame, off its critical path.
        capacities = np.where(pressed, capacities, UNBOUNDED)
        if frames == 1 and self._walks and capacities.min() > 0:
            pressed_on_path = self.judge.late_on_path(Room(capacities), lo, hi)[1]
            if pressed_on_path is not None:
                capacities = np.where(pressed_on_path, capacities, UNBOUNDED)

        def open_up(group: list[int]) -> None:
            wider = capacities.copy()
            wider[group] = UNBOUNDED
            if self._late(Room(wider), lo, hi, frames):
                capacities[group] = UNBOUNDED
            elif len(group) > 1:
                half = len(group) // 2
                open_up(group[:half])
                open_up(group[half:])

        open_up([i for i in self.order if capacities[i] != UNBOUNDED])
        return self._deepened(Room(capacities), lo, hi, frames).capacities

    def _deepened(self, room: Room, lo: Ints, hi: Ints, frames: int) -> Room:
        """Late room, raised as far as the replay stays late: of one FIFO or row after the other."""
        for at in range(len(room.rows)):
            room = self._hold(at, room, lo, hi, frames)
        for i in self.order:
            if room.capacities[i] != UNBOUNDED:
                room = self._deepen(i, room, lo, hi, frames)
        return room

    def _hold(self, at: int, room: Room, lo: Ints, hi: Ints, frames: int) -> Room:
        """Late room, raised in one row as far as the replay stays late."""

        def with_held(held: int) -> Room:
            return replace(room, held=(*room.held[:at], held, *room.held[at + 1 :]))

        most = int(np.minimum(hi, self.most)[list(room.rows[at])].sum())
        return with_held(self._furthest(with_held, room.held[at], most, lo, hi, frames))

    def _deepen(self, fifo: int, room: Room, lo: Ints, hi: Ints, frames: int) -> Room:
        """Late room, raised in one FIFO as far as the replay stays late."""

        def with_depth(depth: int) -> Room:
            capacities = room.capacities.copy()
            capacities[fifo] = depth
            return replace(room, capacities=capacities)

        most = int(min(hi[fifo], self.most[fifo]))
        return with_depth(self._furthest(with_depth, int(room.capacities[fifo]), most, lo, hi, frames))

    def _furthest(
        self, room: Callable[[int], Room], late: int, most: int, lo: Ints, hi: Ints, frames: int
    ) -> int:
        """The greatest number up to `most` whose room is late; that of `late` is."""
        works, step = most + 1, 1
        while works - late > 1:
            # Most are nearly there: gallop, then bisect.
            middle = min(late + step, (late + works) // 2)
            if self._late(room(middle), lo, hi, frames):
                late, step = middle, 2 * step
            else:
                works, step = middle, max(1, step // 2)
        return late

    def _shallower(self, fifo: int, capacities: Ints, lo: Ints, hi: Ints, frames: int) -> bool:
        """Lowers one capacity no further than needed to be late; whether that is possible."""
        late, works, step = 0, int(capacities[fifo]), 1
        while works - late > 1:
            capacities[fifo] = middle = max(works - step, (late + works) // 2)
            if self._late(Room(capacities), lo, hi, frames):
                late = middle
            else:
                works, step = middle, 2 * step
        capacities[fifo] = late
        return late > 0

    def _share(self, capacities: Ints, lo: Ints, hi: Ints, frames: int) -> Room | None:
        """Room for all shares that FIFOs in a row may have of what these late capacities give them in all, and for as much
        more as is late; None if none are in a row, or other shares may not be late."""
        found = self._series.among([i for i in self.order if capacities[i] < UNBOUNDED], frames)
        if found is None:
            return None
        roomy = capacities.copy()
        for row in found.rows:
            roomy[list(row)] = UNBOUNDED
        held = tuple(int(capacities[list(row)].sum()) for row in found.rows)
        room = Room(roomy, found.rows, held, found)
        return self._deepened(room, lo, hi, frames) if self._late(room, lo, hi, frames) else None

    def _trades(self, capacities: Ints, lo: Ints, hi: Ints, frames: int) -> list[Room]:
        """These capacities, then others of the same FIFOs that cannot be raised either: more for one, less for others.

        FIFOs that share what they must hold, but are not in a row with one token for each, do so in any proportion: a proof for each.
        """
        found = {capacities.tobytes(): capacities}
        pending = [capacities]
        blamed = [i for i in self.order if capacities[i] < UNBOUNDED]
        pairs = [(more, less) for more in blamed for less in blamed if more != less]
        while pending and len(blamed) <= TRADERS and len(found) < TRADES and not self.expired():
            known = pending.pop(0)
            for more, less in pairs:
                if known[more] >= min(hi[more], self.most[more]):
                    continue
                traded = known.copy()
                traded[more] += 1
                if not self._shallower(less, traded, lo, hi, frames):
                    continue
                for i in blamed:
                    if i not in (more, less) or len(blamed) > 2:
                        traded = self._deepen(i, Room(traded), lo, hi, frames).capacities
                if found.setdefault(traded.tobytes(), traded) is traded:
                    pending.append(traded)
        return [Room(shares) for shares in found.values()]

    def _around(self, room: Room, lo: Ints, hi: Ints, frames: int) -> Blame:
        """The box below late room, with as many styles as it is late for."""
        lo, hi = lo.copy(), hi.copy()
        capacities, floor = room.capacities, self.judge.floor

        def widen(group: list[int]) -> None:
            low, high = lo.copy(), hi.copy()
            low[group] = floor[group]
            high[[i for i in group if capacities[i] == UNBOUNDED]] = UNBOUNDED
            if self._late(room, low, high, frames):
                lo[:], hi[:] = low, high
            elif len(group) > 1:
                half = len(group) // 2
                widen(group[:half])
                widen(group[half:])

        group = [
            i for i in self.order if lo[i] > floor[i] or (capacities[i] == UNBOUNDED and hi[i] < self.most[i])
        ]
        if group:
            widen(group)
        # A wire to blame may still be late as a FIFO, and the deepest shift register as a memory.
        for i in self.order:
            if capacities[i] == hi[i] == 0 < self.most[i]:
                hi[i] = self.shift[i] if self.shift[i] > 0 else UNBOUNDED
                room = self._deepen(i, room, lo, hi, frames)
            if room.capacities[i] == hi[i] == self.shift[i] < self.most[i]:
                hi[i] = UNBOUNDED
                room = self._deepen(i, room, lo, hi, frames)
        return self._made(room, lo, hi, self._is_certain(frames))

    def _always(self, room: Room, frames: int) -> list[Blame]:
        """A box of all styles that blames the same FIFOs, for lesser depths, if there is one."""
        floor = self.judge.floor
        hi = np.where(room.shallow | (self.most > self.shift), UNBOUNDED, self.shift)
        low = replace(
            room,
            capacities=np.where(room.capacities < UNBOUNDED, floor, UNBOUNDED),
            held=tuple(int(floor[list(row)].sum()) for row in room.rows),
        )
        if not self._late(low, floor, hi, frames):
            return []
        return [self._made(self._deepened(low, floor, hi, frames), floor, hi, self._is_certain(frames))]

    def _wide(self, box: Box, room: Room) -> bool:
        """Whether those that are not to blame, or only in a row, may have any style."""
        return all(
            box.lo[i] == self.judge.floor[i] and box.hi[i] >= self.most[i]
            for i in self.order
            if room.capacities[i] == UNBOUNDED
        )

    def _is_certain(self, frames: int) -> bool:
        return self._certain or (frames == 1 and self._certain_alone)

    def _made(self, room: Room, lo: Ints, hi: Ints, certain: bool) -> Blame:
        fixed = np.ones(len(lo), np.bool_)
        fixed[self.order] = False
        lo = np.where(fixed, 1, lo)
        hi = np.where(fixed, UNBOUNDED, np.minimum(hi, room.capacities))
        sums = tuple(Sum(row, held) for row, held in zip(room.rows, room.held, strict=True))
        return Blame(Box(tuple(int(v) for v in lo), tuple(int(v) for v in hi), sums), certain)
