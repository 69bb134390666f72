"""The cheapest vector that lies in none of a set of boxes: the master problem of an implicit hitting set, for Z3.

A vector chooses a level 1, 2, … (or 0, where that is the least) in every dimension, at a cost that does not fall with the level. A box is a range of levels
per dimension, and limits on the sums of some; to avoid it, a vector must be above it or below it in at least one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from time import monotonic

import z3

LevelCost = Callable[[int, int], int]
"""Of a level (second) in a dimension (first)."""


@dataclass(frozen=True)
class Sum:
    """The levels in these dimensions are at most `most` in all."""

    dimensions: tuple[int, ...]
    most: int

    def holds(self, vector: Sequence[int]) -> bool:
        return sum(vector[i] for i in self.dimensions) <= self.most


@dataclass(frozen=True)
class Box:
    """Levels `lo[i] <= level <= hi[i]` in every dimension i, of which all of `sums` hold."""

    lo: tuple[int, ...]
    hi: tuple[int, ...]
    sums: tuple[Sum, ...] = ()

    def holds(self, vector: Sequence[int]) -> bool:
        inside = all(lo <= v <= hi for lo, v, hi in zip(self.lo, vector, self.hi, strict=True))
        return inside and all(total.holds(vector) for total in self.sums)


class Outside:
    """The vectors with `least[i] <= vector[i] <= most[i]` that lie in none of the boxes given so far.

    Dimensions that no box has brought together are independent, so the cheapest vector is made of the cheapest of each such part. The same
    boxes and questions in the same order give the same answers.
    """

    def __init__(self, least: Sequence[int], most: Sequence[int], cost: LevelCost) -> None:
        self._most, self._cost = list(most), cost
        self._least = list(least)
        self._part = [_Part((i,), least, most, cost) for i in range(len(least))]

    @property
    def proven(self) -> int:
        """No vector costs less."""
        return sum(part.proven for part in self._parts())

    def narrow(self, most: Sequence[int]) -> None:
        """From now on no vector is above these levels."""
        self._most = [min(before, top) for before, top in zip(self._most, most, strict=True)]
        for part in self._parts():
            part.narrow(self._most)

    def exclude(self, box: Box) -> None:
        if any(lo > top for lo, top in zip(box.lo, self._most, strict=True)):
            return
        summed = {i for total in box.sums for i in total.dimensions}
        ends = [
            i
            for i, (lo, hi) in enumerate(zip(box.lo, box.hi, strict=True))
            if lo > self._least[i] or hi < self._most[i] or i in summed
        ]
        if not ends:
            ends = [0]  # it holds everything, which any dimension can say
        parts = [part for part in self._parts() if not part.dimensions.isdisjoint(ends)]
        whole = parts[0]
        if len(parts) > 1:
            whole = _Part(
                sorted(i for part in parts for i in part.dimensions), self._least, self._most, self._cost
            )
            whole.proven = sum(part.proven for part in parts)
            for before in (box for part in parts for box in part.boxes):
                whole.exclude(before)
            for i in whole.dimensions:
                self._part[i] = whole
        whole.exclude(box)

    def cheapest(self, below: int, seconds: float) -> tuple[int, ...] | None:
        """Of those that cost less than `below`; None if there are none, or it is not known: out of time, or interrupted from
        the keyboard, which Z3 notices before Python does. Then `proven` is less than `below`.
        """
        end = monotonic() + seconds
        levels = list(self._least)
        for part in self._parts():
            best = part.cheapest(below - self.proven + part.proven, end - monotonic())
            if best is None:
                return None
            for i, level in best.items():
                levels[i] = level
        return tuple(levels)

    def _parts(self) -> list[_Part]:
        return list(dict.fromkeys(self._part))


class _Part:
    """Some dimensions. One solver holds all boxes that end in them, so that what it learns from one question serves the next.

    No choice of their levels costs less than `proven`.
    """

    def __init__(
        self, dimensions: Sequence[int], least: Sequence[int], most: Sequence[int], cost: LevelCost
    ) -> None:
        self.dimensions = frozenset(dimensions)
        self.boxes: list[Box] = []
        self.proven = sum(cost(i, least[i]) for i in dimensions)
        self._least, self._cost = least, cost
        self._most = {i: most[i] for i in dimensions}
        self._best: dict[int, int] | None = {i: least[i] for i in dimensions}
        self._solver = z3.SolverFor("QF_LIA", ctx=z3.Context())
        self._level = {i: z3.Int(f"level{i}", self._solver.ctx) for i in dimensions}
        self._paid = {i: z3.Int(f"paid{i}", self._solver.ctx) for i in dimensions}
        self._total = z3.Int("total", self._solver.ctx)
        self._ladder: dict[int, set[int]] = {i: set() for i in dimensions}
        self._summed: set[int] = set()
        self._questions = 0
        self._solver.add(self._total == z3.Sum([*self._paid.values()]))
        for i in dimensions:
            self._solver.add(
                self._level[i] >= least[i], self._level[i] <= most[i], self._paid[i] >= cost(i, least[i])
            )

    def narrow(self, most: Sequence[int]) -> None:
        for i, before in self._most.items():
            if most[i] < before:
                self._most[i] = most[i]
                self._solver.add(self._level[i] <= most[i])

    def exclude(self, box: Box) -> None:
        """A box that ends in no other dimension."""
        self.boxes.append(box)
        self._best = None
        ways = [z3.BoolVal(False, self._solver.ctx)]
        for i in sorted(self.dimensions):
            if box.hi[i] < self._most[i]:
                ways.append(self._at_least(i, box.hi[i] + 1))
            if box.lo[i] > self._least[i]:
                ways.append(z3.Not(self._at_least(i, box.lo[i])))
        for total in box.sums:
            for i in total.dimensions:
                self._price(i)
            ways.append(z3.Sum([self._level[i] for i in total.dimensions]) > total.most)
        self._solver.add(z3.Or(ways))

    def cheapest(self, below: int, seconds: float) -> dict[int, int] | None:
        """The levels per dimension; as in `Outside`."""
        if self._best is not None:
            return self._best if self.proven < below else None
        end = monotonic() + seconds
        best, step = None, 0
        while self.proven < below:
            # Mostly the next costs as much as the last, or a little more: gallop, then bisect.
            limit = (self.proven + below - 1) // 2 if best else min(self.proven + step, below - 1)
            self._questions += 1
            asked = z3.Bool(f"question{self._questions}", self._solver.ctx)
            self._solver.add(z3.Implies(asked, self._total <= limit))
            self._solver.set("timeout", max(1, int(min(end - monotonic(), 1e6) * 1000)))
            outcome = self._solver.check(asked)
            if outcome == z3.unknown:
                return None
            if outcome == z3.sat:
                best = self._levels(self._solver.model())
                below = sum(self._cost(i, level) for i, level in best.items())
            else:
                self.proven, step = limit + 1, 2 * step + 1
        self._best = best
        return best

    def _levels(self, model: z3.ModelRef) -> dict[int, int]:
        """The least ones that are outside of the same boxes."""
        found = {i: model.eval(level, model_completion=True).as_long() for i, level in self._level.items()}
        return {
            i: level
            if i in self._summed
            else max((rung for rung in self._ladder[i] if rung <= level), default=self._least[i])
            for i, level in found.items()
        }

    def _at_least(self, dimension: int, level: int) -> z3.BoolRef:
        """That a level is reached, which then is paid for."""
        reached = self._level[dimension] >= level
        if level not in self._ladder[dimension]:
            self._ladder[dimension].add(level)
            if dimension not in self._summed:
                price = self._cost(dimension, level)
                self._solver.add(z3.Implies(reached, self._paid[dimension] >= price))
        return reached

    def _price(self, dimension: int) -> None:
        """From now on every level of this dimension is paid for, not only those where a box ends."""
        if dimension in self._summed:
            return
        self._summed.add(dimension)
        levels = range(self._least[dimension], self._most[dimension] + 1)
        prices = [self._cost(dimension, level) for level in levels]
        slopes = {after - before for before, after in pairwise(prices)}
        level, paid = self._level[dimension], self._paid[dimension]
        if len(slopes) == 1:
            self._solver.add(paid >= prices[0] + slopes.pop() * (level - levels[0]))
            return
        for at, (before, after) in zip(levels[1:], pairwise(prices), strict=True):
            if after > before:
                self._solver.add(z3.Implies(level >= at, paid >= after))
