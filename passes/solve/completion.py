"""What the branches that are not in a list yet add to its rows at least: more multipliers (passes/solve/multipliers.py), each right for some rows.

One set of multipliers is right where loads are shared as in the best fractional partition. A row that loads the subgraphs otherwise leaves another
problem, of which its own multipliers know more. They hold for every row, so a few of them, learnt from rows of a sample, rule out most of a list.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from split4ml.passes.solve.groups import Branch
from split4ml.passes.solve.multipliers import Multipliers, multipliers
from split4ml.passes.solve.options import Ints

TRIES = 40
"""Rows of which the own multipliers are found, at most, from one list."""
MISSES = 6
"""Rows one after the other that are not ruled out by theirs, until there is nothing more to be learnt."""
KEPT = 24
"""Multipliers in all."""


class Completion:
    """branches: all there are. room: what they may take in each subgraph. bits: that they may cut together."""

    def __init__(self, branches: Sequence[Branch], room: Ints, bits: int) -> None:
        self.branches, self.room = branches, room
        self.bits = min(
            bits, sum(int(b.bits.max(initial=0)) for b in branches)
        )  # so that no sum is out of bounds
        self.known: list[Multipliers] = []
        self._least: list[dict[tuple[int, ...], int]] = []

    def _take(self, one: Multipliers) -> None:
        self.known.append(one)
        self._least.append({b.atoms: int(one.exact(b.bits, b.amounts).min()) for b in self.branches})

    def _budget(self, at: int, inside: Sequence[Branch]) -> int:
        one = self.known[at]
        others = sum(self._least[at].values()) - sum(self._least[at][b.atoms] for b in inside)
        return int(one.exact(np.array([self.bits]), self.room[None, :])[0]) - others

    def limits(self, inside: Sequence[Branch]) -> tuple[Ints, Ints]:
        """[multipliers, subgraph and bits] worths and [multipliers] what rows of these branches are worth at most, if all can be completed."""
        parts = len(self.room)
        worth = np.zeros((len(self.known), parts + 1), np.int64)
        for at, one in enumerate(self.known):
            worth[at, :parts], worth[at, parts] = one.values, 1 << one.shift
        return worth, np.array([self._budget(at, inside) for at in range(len(self.known))], np.int64)

    def learn(self, amounts: Ints, inside: Sequence[Branch]) -> None:
        """From rows, as in lists.Rows, of the sums of these branches."""
        parts = len(self.room)
        outside = [b for b in self.branches if all(b.atoms != other.atoms for other in inside)]
        if not outside:
            return
        worth, budgets = self.limits(inside)
        sample = amounts[:: max(1, len(amounts) // 4096), : parts + 1]
        sample = sample[(sample @ worth.T <= budgets).all(axis=1)] if len(worth) else sample
        misses = 0
        for tried in range(TRIES):
            if not len(sample) or misses == MISSES or len(self.known) == KEPT:
                break
            row = sample[(tried * 2654435761) % len(sample)]
            found = multipliers(outside, self.room - row[:parts], parts, (self.branches, self.room))
            self._take(found)
            budget = self._budget(len(self.known) - 1, inside)
            keep = found.exact(sample[:, parts], sample[:, :parts]) <= budget
            if keep.mean() > 0.95:
                self.known.pop()
                self._least.pop()
                misses += 1
            else:
                sample = sample[keep]
                misses = 0
