"""The cheapest feasible FIFO depths, with proof: implicit hitting set.

Z3 gives the cheapest depths outside of all boxes known to hold nothing feasible. They are replayed: if feasible, nothing
is cheaper; if not, whoever is to blame makes new boxes (passes/timing/blame.py), and so on. At any time the cost of
Z3's answer is a lower bound, and the best depths replayed so far are an upper one. docs/sizing.md says what is proven.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import numpy as np

from split4ml.passes.solve.boxes import Box, Outside
from split4ml.passes.timing.blame import Blame, Blamer
from split4ml.passes.timing.critical import Flags
from split4ml.passes.timing.judge import Cost, Judge
from split4ml.passes.timing.network import UNBOUNDED
from split4ml.passes.timing.schedule import Ints
from split4ml.passes.timing.shrink import bisected
from split4ml.passes.timing.sizing import Bound


def exact(judge: Judge, depths: Ints, cost: Cost, seconds: float) -> tuple[Ints, Bound]:
    """From feasible `depths` to the cheapest.

    Stops after about `seconds`, or on KeyboardInterrupt, with the best so far and what is proven so far.
    """
    search = _Search(judge, depths, cost, seconds)
    try:
        search.run()
    except KeyboardInterrupt:
        pass
    return search.best, search.bound()


class _Search:
    """best: the cheapest feasible depths seen. lower: nothing feasible costs less (see `Bound`)."""

    def __init__(self, judge: Judge, depths: Ints, cost: Cost, seconds: float) -> None:
        self.judge = judge
        self.best = depths
        self._cost = cost
        self._end = time.monotonic() + seconds
        self._blames: list[Blame] = []
        self._feasible = [depths]
        self._assuming = True
        self._fixed = np.array([not f.sizable for f in judge.fifos], np.bool_)
        self.best_cost = self._total(depths)
        # A FIFO that is deeper than what is ever written is like one that is just as deep, if of the same style.
        network = judge.engine.network
        frames = judge.frames + (2 if network.held_start else 0)
        written = judge.engine.flat.tokens[judge.at] * frames
        shift = np.array([self._last_shift(i) for i in range(len(depths))], np.int64)
        most = np.array([f.most if f.sizable else UNBOUNDED for f in judge.fifos], np.int64)
        self._deepest = np.minimum(np.maximum(np.maximum(written, depths), shift + 1), most)
        self._most = self._deepest.copy()
        price = np.array([cost(f, 2) - cost(f, 1) for f in judge.fifos], np.int64)
        self._blames += [_demanded(judge, i) for i in judge.sizable if judge.fifos[i].least > 1]
        self._blamer = Blamer(judge, self._most, shift, price, self._expired)
        self._paid_anyway = sum(self._price(int(i), int(depths[i])) for i in np.flatnonzero(self._fixed))
        self.lower = self._lower_certain = self._floor(())

    def bound(self) -> Bound:
        certain = all(b.certain for b in self._blames)
        floor = self._floor(b.box for b in self._blames if b.certain)
        return Bound(
            cost=self.best_cost,
            lower=self.lower,
            lower_certain=self.lower if certain else min(self.lower, max(floor, self._lower_certain)),
            boxes=len(self._blames),
        )

    def run(self) -> None:
        while not self._close(self._blames):
            # The assumption does not hold for this network: begin again without it.
            self._assuming = False
            self._blames = [b for b in self._blames if b.certain]
            self.lower = self._floor(())
        certain = [b for b in self._blames if b.certain]
        if len(certain) < len(self._blames):
            outside = self._outside(certain)
            self._cheapest(outside)
            self._lower_certain = min(self.best_cost, self._paid_anyway + outside.proven)

    def _close(self, blames: list[Blame]) -> bool:
        """Narrows the gap until there is none, or time is up; False if what was assumed turned out to be wrong."""
        outside, excluded = self._outside(blames), len(blames)
        while self.lower < self.best_cost and not self._expired():
            self._narrow(b.box for b in blames)
            outside.narrow(self._most.tolist())
            for blame in blames[excluded:]:
                outside.exclude(blame.box)
            excluded = len(blames)
            depths = self._cheapest(outside)
            self.lower = max(self.lower, min(self.best_cost, self._paid_anyway + outside.proven))
            if depths is not None and self.lower < self.best_cost:
                if not self._try(depths):
                    return False
                self.judge.tell(self.best)
        return True

    def _outside(self, blames: Iterable[Blame]) -> Outside:
        boxes = [b.box for b in blames]
        self._narrow(boxes)
        outside = Outside(self.judge.floor.tolist(), self._most.tolist(), self._level_cost)
        for box in boxes:
            outside.exclude(box)
        return outside

    def _cheapest(self, outside: Outside) -> Ints | None:
        """The cheapest depths outside of the boxes; None: nothing is cheaper than the best, or out of time."""
        left = self._end - time.monotonic()
        found = outside.cheapest(self.best_cost - self._paid_anyway, left)
        return None if found is None else np.where(self._fixed, self.best, np.array(found, np.int64))

    def _try(self, cheap: Ints) -> bool:
        """Accepts the cheapest depths outside of the boxes, or finds boxes around them; False if one holds feasible depths."""
        roomy = np.array([self._roomy(i, int(d)) for i, d in enumerate(cheap)], np.int64)
        depths = cheap if any(box.holds(roomy.tolist()) for box in self._boxes()) else roomy
        if self._accept(depths):
            return True
        blames = [b for b in self._blamer.blame(depths) if b.certain or self._assuming]
        if not any(b.box.holds(depths.tolist()) for b in blames):
            blames.append(self._blamer.exactly(depths))
        self._blames += blames
        # Perhaps it is enough to take back from them what the best known depths give to those to blame.
        box = blames[0].box
        self._accept(np.where(self._closed(box), np.maximum(depths, self.best), depths))
        return not self._assuming or not any(
            not b.certain and b.box.holds(f.tolist()) for b in blames for f in self._feasible
        )

    def _accept(self, depths: Ints) -> bool:
        """Whether these depths are feasible; if so, and cheaper than the best, they are the best."""
        if self._total(depths) >= self.best_cost or self.judge.tokens_held(depths) is None:
            return False
        self.best = bisected(self.judge, depths)
        self.best_cost = self._total(self.best)
        self._feasible += [depths, self.best]
        return True

    def _boxes(self) -> list[Box]:
        return [b.box for b in self._blames]

    def _closed(self, box: Box) -> Flags:
        """The FIFOs that could leave the box by being deeper."""
        closed = np.array(box.hi) < self._most
        for total in box.sums:
            closed[list(total.dimensions)] = True
        return closed

    def _narrow(self, boxes: Iterable[Box]) -> None:
        """Sets the depths of interest: with a deeper one, whatever the others are, it is not cheaper than the best."""
        least = self._least(boxes)
        floor = self._total(least)
        for i in self.judge.sizable:
            room = self.best_cost - 1 - (floor - self._price(i, int(least[i])))

            def affordable(depth: int, fifo: int = i, room: int = room) -> bool:
                return self._price(fifo, depth) <= room

            self._most[i] = _last(int(least[i]), int(self._deepest[i]), affordable)

    def _floor(self, boxes: Iterable[Box]) -> int:
        return self._total(self._least(boxes))

    def _least(self, boxes: Iterable[Box]) -> Ints:
        """Depths that each FIFO must have because of a box that blames it alone."""
        least = np.where(self._fixed, self.best, [f.least for f in self.judge.fifos])
        floor = self.judge.floor
        for box in boxes:
            if box.sums:
                continue
            closed = [i for i in self.judge.sizable if box.hi[i] < self._deepest[i] or box.lo[i] > floor[i]]
            if len(closed) == 1 and box.lo[closed[0]] == floor[closed[0]]:
                least[closed[0]] = max(least[closed[0]], box.hi[closed[0]] + 1)
        return least

    def _roomy(self, fifo: int, depth: int) -> int:
        """The greatest depth of interest with the same cost and style."""
        if self._fixed[fifo]:
            return depth
        price, style = self._price(fifo, depth), self.judge.rule(fifo, depth)
        return _last(
            depth,
            max(depth, int(self._most[fifo])),
            lambda d: self._price(fifo, d) == price and self.judge.rule(fifo, d) == style,
        )

    def _last_shift(self, fifo: int) -> int:
        if self._fixed[fifo]:
            return UNBOUNDED
        if self.judge.rule(fifo, 1) > 1:
            return 0
        return _last(1, UNBOUNDED, lambda d: self.judge.rule(fifo, d) == 1)

    def _price(self, fifo: int, depth: int) -> int:
        return self._cost(self.judge.fifos[fifo], depth)

    def _level_cost(self, fifo: int, depth: int) -> int:
        return 0 if self._fixed[fifo] else self._price(fifo, depth)

    def _total(self, depths: Ints) -> int:
        return sum(self._price(i, int(d)) for i, d in enumerate(depths))

    def _expired(self) -> bool:
        return time.monotonic() >= self._end


def _demanded(judge: Judge, fifo: int) -> Blame:
    """The box of depths that a FIFO may not have, since it must be deeper."""
    hi = [UNBOUNDED] * len(judge.fifos)
    hi[fifo] = judge.fifos[fifo].least - 1
    return Blame(Box(tuple(judge.floor.tolist()), tuple(hi)), certain=True)


def _last(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """The greatest number up to `high` for which it holds, by bisection; it holds for `low` at least."""
    high += 1
    while high - low > 1:
        middle = (low + high) // 2
        if holds(middle):
            low = middle
        else:
            high = middle
    return low
