"""Why depths are not feasible, as boxes: ranges of depths per FIFO in which nothing is.

From depths that make a replay late, every FIFO that need not be so shallow for that is lifted; what is left are the few
that are to blame, each with the greatest depth that does not help.

That a box holds nothing feasible is concluded from one replay, with the greatest capacities and the least latencies in
it, which must be late for the reference with the greatest latencies in it. docs/sizing.md says for which runs this
is a theorem, and what is assumed for the others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from split4ml.passes.solve.boxes import Box
from split4ml.passes.timing.critical import Critical
from split4ml.passes.timing.judge import Judge
from split4ml.passes.timing.network import UNBOUNDED, Network
from split4ml.passes.timing.schedule import Ints

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
        self._known: list[tuple[Ints, int]] = []

    def blame(self, depths: Ints) -> list[Blame]:
        """Boxes, the first of which holds `depths`; none if no replay is late."""
        found: list[Blame] = []
        lo = np.where(depths > self.shift, self.shift + 1, np.minimum(depths, 1))
        hi = np.where(depths > self.shift, UNBOUNDED, np.where(depths == 0, 0, self.shift))
        capacities = np.full_like(depths, UNBOUNDED)
        capacities[self.order] = depths[self.order]
        # Who was to blame with other styles may be to blame again.
        for known, frames in self._known:
            if np.all(known >= capacities) and self.judge.late(known, lo, hi, frames)[0]:
                found.append(self._around(known, lo, hi, frames))
                capacities[known < UNBOUNDED] = UNBOUNDED
        for frames in (1, self.judge.frames):
            # Each of the boxes after the first one is for depths in which none blamed so far are shallow.
            while not (found and self.expired()):
                lifted = self._lift(capacities, lo, hi, frames)
                if lifted is None:
                    break
                capacities[lifted < UNBOUNDED] = UNBOUNDED
                for traded in self._trades(lifted, lo, hi, frames):
                    self._known.append((traded, frames))
                    found.append(self._around(traded, lo, hi, frames))
                    if traded is lifted and not self._wide(found[-1].box, lifted):
                        found += self._always(lifted, frames)
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
        return self._made(np.full_like(depths, UNBOUNDED), lo, hi, certain=True)

    def _late(self, capacities: Ints, lo: Ints, hi: Ints, frames: int) -> bool:
        """Whether these capacities are late with all latencies in the box."""
        if frames == 1 and self._walks and capacities.min() > 0:
            least, most = self.judge.latencies(lo), self.judge.latencies(np.minimum(hi, capacities))
            if not np.array_equal(least, most):
                return self.judge.late_on_path(capacities, lo, hi)[0]
        return self.judge.late(capacities, lo, hi, frames)[0]

    def _lift(self, capacities: Ints, lo: Ints, hi: Ints, frames: int) -> Ints | None:
        """Capacities that are late and none of which can be raised; None if these are not late."""
        late, pressed = self.judge.late(capacities, lo, hi, frames)
        if not late:
            return None
        # Where room was never waited for, more would change nothing; nor, in a lone frame, off its critical path.
        capacities = np.where(pressed, capacities, UNBOUNDED)
        if frames == 1 and self._walks and capacities.min() > 0:
            path = self.judge.late_on_path(capacities, lo, hi)[1]
            if path is not None:
                capacities = np.where(path.pressed[self.judge.at], capacities, UNBOUNDED)

        def open_up(group: list[int]) -> None:
            wider = capacities.copy()
            wider[group] = UNBOUNDED
            if self._late(wider, lo, hi, frames):
                capacities[group] = UNBOUNDED
            elif len(group) > 1:
                half = len(group) // 2
                open_up(group[:half])
                open_up(group[half:])

        open_up([i for i in self.order if capacities[i] != UNBOUNDED])
        for i in self.order:
            if capacities[i] != UNBOUNDED:
                self._deepen(i, capacities, lo, hi, frames)
        return capacities

    def _deepen(self, fifo: int, capacities: Ints, lo: Ints, hi: Ints, frames: int) -> None:
        """Raises one late capacity as far as the replay stays late."""
        late, works, step = int(capacities[fifo]), int(min(hi[fifo], self.most[fifo])) + 1, 1
        while works - late > 1:
            # Most are nearly there: gallop, then bisect.
            capacities[fifo] = middle = min(late + step, (late + works) // 2)
            if self._late(capacities, lo, hi, frames):
                late, step = middle, 2 * step
            else:
                works, step = middle, max(1, step // 2)
        capacities[fifo] = late

    def _shallower(self, fifo: int, capacities: Ints, lo: Ints, hi: Ints, frames: int) -> bool:
        """Lowers one capacity no further than needed to be late; whether that is possible."""
        late, works, step = 0, int(capacities[fifo]), 1
        while works - late > 1:
            capacities[fifo] = middle = max(works - step, (late + works) // 2)
            if self._late(capacities, lo, hi, frames):
                late = middle
            else:
                works, step = middle, 2 * step
        capacities[fifo] = late
        return late > 0

    def _trades(self, capacities: Ints, lo: Ints, hi: Ints, frames: int) -> list[Ints]:
        """These capacities, then others of the same FIFOs that cannot be raised either: more for one, less for others.

        FIFOs in a row share what they must hold between them, in any proportion: a proof for each.
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
                        self._deepen(i, traded, lo, hi, frames)
                if found.setdefault(traded.tobytes(), traded) is traded:
                    pending.append(traded)
        return list(found.values())

    def _around(self, capacities: Ints, lo: Ints, hi: Ints, frames: int) -> Blame:
        """The box below late capacities, with as many styles as it is late for."""
        lo, hi = lo.copy(), hi.copy()

        def widen(group: list[int]) -> None:
            low, high = lo.copy(), hi.copy()
            low[group] = self.judge.floor[group]
            high[[i for i in group if capacities[i] == UNBOUNDED]] = UNBOUNDED
            if self._late(capacities, low, high, frames):
                lo[:], hi[:] = low, high
            elif len(group) > 1:
                half = len(group) // 2
                widen(group[:half])
                widen(group[half:])

        floor = self.judge.floor
        group = [
            i for i in self.order if lo[i] > floor[i] or (capacities[i] == UNBOUNDED and hi[i] < self.most[i])
        ]
        if group:
            widen(group)
        # A wire to blame may still be late as a FIFO, and the deepest shift register as a memory.
        deeper = capacities.copy()
        for i in self.order:
            if capacities[i] == hi[i] == 0 < self.most[i]:
                hi[i] = self.shift[i] if self.shift[i] > 0 else UNBOUNDED
                self._deepen(i, deeper, lo, hi, frames)
            if deeper[i] == hi[i] == self.shift[i] < self.most[i]:
                hi[i] = UNBOUNDED
                self._deepen(i, deeper, lo, hi, frames)
        return self._made(deeper, lo, hi, self._is_certain(frames))

    def _always(self, capacities: Ints, frames: int) -> list[Blame]:
        """A box of all styles that blames the same FIFOs, for lesser depths, if there is one."""
        lo = self.judge.floor.copy()
        hi = np.where(self.most <= self.shift, self.shift, UNBOUNDED)
        blamed = [i for i in self.order if capacities[i] < UNBOUNDED]
        hi[blamed] = UNBOUNDED
        low = capacities.copy()
        low[blamed] = self.judge.floor[blamed]
        if not self._late(low, lo, hi, frames):
            return []
        for i in blamed:
            self._deepen(i, low, lo, hi, frames)
        return [self._made(low, lo, hi, self._is_certain(frames))]

    def _wide(self, box: Box, capacities: Ints) -> bool:
        """Whether those that are not to blame may have any style."""
        return all(
            box.lo[i] == self.judge.floor[i] and box.hi[i] >= self.most[i]
            for i in self.order
            if capacities[i] == UNBOUNDED
        )

    def _is_certain(self, frames: int) -> bool:
        return self._certain or (frames == 1 and self._certain_alone)

    def _made(self, capacities: Ints, lo: Ints, hi: Ints, certain: bool) -> Blame:
        fixed = np.ones(len(lo), np.bool_)
        fixed[self.order] = False
        lo = np.where(fixed, 1, lo)
        hi = np.where(fixed, UNBOUNDED, np.minimum(hi, capacities))
        return Blame(Box(tuple(int(v) for v in lo), tuple(int(v) for v in hi)), certain)
