"""What partitions cost at least, by how large their subgraphs may be: bounds that prune labels (passes/solve/labels.py).

The largest load, share, … are cut into cells. Before and behind each boundary, and for each number of subgraphs, the fewest bits are
known of what stays below the upper end of each cell. What needs as many bits as a partition that is known, and that is no larger than the lower
end, can be dropped, whatever comes before and behind it. Following the tables forwards yields a good partition for each cell.

How many boundaries the longest path is spared is bounded in the same tables: it is spared none by a subgraph that holds a joint, or, in a graph
without joints, by one behind which nothing is read but what it makes itself, of what it reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from split4ml.passes.solve import gridkernel
from split4ml.passes.solve.clock import Clock
from split4ml.passes.solve.gridkernel import NONE, NOTHING, UNIT, Cells, Counts

Ints = NDArray[np.int64]
Pairs = tuple[Cells, Cells, Cells, Counts, NDArray[np.uint8]]
"""First and second nodes, cells, bits and kinds."""

SIZES = 3
"""Costs of which the largest counts; the bits come behind them."""
BITS = SIZES


@dataclass(frozen=True, eq=False)
class Choice:
    """Pairs of nodes, one at either boundary of a subgraph, sorted by the second node.

    added: [pair, 4] what each costs. kinds: see passes/solve/crossing.py.
    """

    first: Cells
    second: Cells
    added: Ints
    kinds: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.first)

    def where(self, keep: NDArray[np.bool_]) -> Choice:
        at = np.flatnonzero(keep)
        return Choice(self.first[at], self.second[at], self.added[at], self.kinds[at])


@dataclass(frozen=True, eq=False)
class Stages:
    """Partitions into n subgraphs, as paths: choices[k] for subgraph k, between nodes of boundary k and of boundary k + 1.

    ideals: [n + 1][node] the ideal of each node; there may be several nodes of one ideal.
    """

    choices: Sequence[Choice]
    ideals: Sequence[Ints]

    def __bool__(self) -> bool:
        """Whether there may be a partition."""
        return all(map(len, self.choices))

    @property
    def pairs(self) -> int:
        return sum(map(len, self.choices))

    def compact(self) -> Stages:
        """Without nodes that no pair leads to."""
        numbers: list[Cells] = []
        reached: list[NDArray[np.bool_]] = []
        for k, those in enumerate(self.ideals):
            used = np.zeros(len(those), np.bool_)
            used[self.choices[k - 1].second if k else self.choices[0].first] = True
            numbers.append((np.cumsum(used) - 1).astype(np.uint32))
            reached.append(used)
        choices = []
        for k, one in enumerate(self.choices):
            led = reached[k][one.first]
            known = one if led.all() else one.where(led)
            choices.append(
                Choice(numbers[k][known.first], numbers[k + 1][known.second], known.added, known.kinds)
            )
        ideals = [those[used] for those, used in zip(self.ideals, reached, strict=True)]
        return Stages(choices, ideals)


STEPS = 400_000_000
"""Cells of pairs between looks at the clock: a fraction of a second."""


class Tables:
    """Of one set of thresholds."""

    def __init__(
        self, stages: Stages, thresholds: Sequence[Ints], spared: int, shift: int, clock: Clock
    ) -> None:
        """thresholds: lower ends of cells, by dimension; no partition is below the first. spared: boundaries that
        the longest path may be spared, at most. shift: that of bits. Raises TimeUp."""
        self.stages, self.thresholds, self.spared, self.shift = stages, thresholds, spared, shift
        self.shape = np.array([len(ends) for ends in thresholds], np.uint32)
        plane, row = int(self.shape[1] * self.shape[2]), int(self.shape[2])
        self.mask = np.where(np.arange(plane) % row < np.arange(row)[:, None], NONE, 0).astype(np.int32)
        self.clock = clock
        made: dict[int, tuple[Cells, Counts]] = {}
        for choice in stages.choices:
            if id(choice) not in made:
                clock.check()
                cell = np.maximum(self._cells(choice.added, "right"), 1) - 1
                made[id(choice)] = cell, (choice.added[:, BITS] >> shift).astype(np.int32)
        self.cells = [made[id(choice)][0] for choice in stages.choices]
        self.bits = [made[id(choice)][1] for choice in stages.choices]

    def _cells(self, costs: Ints, side: str) -> Cells:
        columns = [
            np.searchsorted(ends, costs[:, at], side)  # type: ignore[call-overload]
            for at, ends in enumerate(self.thresholds)
        ]
        return np.stack(columns, axis=1).astype(np.uint32)

    def _none(self, k: int) -> Counts:
        """For the nodes of boundary k."""
        return np.full(
            (self.spared + 1, len(self.stages.ideals[k]), int(np.prod(self.shape))), 2 * NONE, np.int32
        )

    def _chunks(self, k: int) -> Iterator[Pairs]:
        """The pairs for subgraph k. Raises TimeUp."""
        choice = self.stages.choices[k]
        size = max(1, STEPS // (int(np.prod(self.shape)) * (self.spared + 1)))
        for start in range(0, len(choice), size):
            self.clock.check()
            mine = slice(start, start + size)
            yield (
                choice.first[mine], choice.second[mine], self.cells[k][mine], self.bits[k][mine], choice.kinds[mine],
            )  # fmt: skip

    @cached_property
    def behind(self) -> list[Counts]:
        """[subgraphs][spared, node, cell]: the fewest bits of the last subgraphs, so many of them, behind each node."""
        parts = len(self.stages.choices)
        out = [self._none(parts)]
        out[0][0, -1] = 0
        for k in reversed(range(1, parts)):
            self.clock.check()
            out.append(self._none(k))
            for pairs in self._chunks(k):
                gridkernel.extend(*pairs, self.shape, self.mask, *out[-2:])
        return out

    @cached_property
    def before(self) -> list[Counts]:
        """The same of the first subgraphs."""
        out = [self._none(0)]
        out[0][0, 0] = 0
        for k in range(len(self.stages.choices) - 1):
            self.clock.check()
            out.append(self._none(k + 1))
            for first, second, cells, bits, kinds in self._chunks(k):
                gridkernel.extend(second, first, cells, bits, kinds, self.shape, self.mask, *out[-2:])
        return out

    def useful(self, parts: int, spared: int, least: Counts) -> Stages:
        """Of the pairs for each subgraph, those that may be in partitions with fewer bits."""
        alive = [np.zeros(len(self.stages.ideals[k]), np.bool_) for k in range(parts + 1)]
        alive[0][0] = alive[parts][-1] = True
        for k in range(1, parts):
            gridkernel.alive(self.before[k], self.behind[parts - k], least, spared, alive[k])
        out = []
        for k in range(parts):
            keep = np.zeros(len(self.stages.choices[k]), np.bool_)
            at = 0
            for pairs in self._chunks(k):
                gridkernel.useful(
                    *pairs, self.shape, self.mask, self.before[k], self.behind[parts - k - 1],
                    least, spared, alive[k], alive[k + 1], keep[at : at + len(pairs[0])],
                )  # fmt: skip
                at += len(pairs[0])
            out.append(self.stages.choices[k].where(keep))
        return Stages(out, self.stages.ideals[: parts + 1])

    def least(self, sizes: Ints, bits: Ints) -> Counts:
        """[cell]: the fewest bits of partitions that are no larger than the lower ends of a cell; all are known."""
        out = np.full(tuple(self.shape), NOTHING, np.int32)
        cells = self._cells(sizes, "left")
        inside = (cells < self.shape).all(axis=1)
        counted = (-(-bits >> self.shift)).astype(np.int32)  # rounded up
        np.minimum.at(out, tuple(cells[inside].T), counted[inside])
        for axis in range(SIZES):
            np.minimum.accumulate(out, axis=axis, out=out)
        return out.reshape(-1)

    def slack(self, least: Counts, rest: int) -> Counts:
        """[spared, node, cell]: bits (shifted) from which on a label before so many subgraphs need not be looked at."""
        out = np.empty_like(self.behind[rest])
        gridkernel.slack(self.behind[rest], least, self.shape, out)
        return out

    def fewest(self, parts: int, spared: int) -> Counts:
        """[cell]: the fewest bits of partitions."""
        out = self._none(0)
        choice = self.stages.choices[0]
        at = np.flatnonzero(choice.first == 0)
        gridkernel.extend(
            choice.first[at], choice.second[at], self.cells[0][at], self.bits[0][at], choice.kinds[at],
            self.shape, self.mask, self.behind[parts - 1], out,
        )  # fmt: skip
        return np.asarray(out[spared, 0])

    def refined(
        self, parts: int, spared: int, least: Counts, known: Ints, counts: Sequence[int]
    ) -> list[Ints]:
        """Thresholds, the closer together the more cells hold further partitions; values that known partitions have, if there are enough.

        known: [partition, 3]."""
        fewest = self.fewest(parts, spared).reshape(tuple(self.shape))
        least = least.reshape(fewest.shape)
        out = []
        for axis, (ends, count) in enumerate(zip(self.thresholds, counts, strict=True)):
            # Cells of a greater load, say, that hold the same partitions do not count.
            different = np.diff(fewest, axis=axis, prepend=-1) != 0
            different |= np.diff(least, axis=axis, prepend=-1) != 0
            weight = ((fewest < least) & different).sum(axis=tuple({0, 1, 2} - {axis}))
            bottom = max(int(choice.added[:, axis].min()) for choice in self.stages.choices[:parts])
            top = max(int(choice.added[:, axis].max()) for choice in self.stages.choices[:parts]) + 1
            total = np.concatenate(([0], np.cumsum(weight)))
            wanted = np.linspace(0, total[-1], count, endpoint=False)
            chosen = np.interp(wanted, total, np.append(ends, max(top, ends[-1] + 1))).astype(np.int64)
            values = np.unique(known[:, axis])
            if len(values):
                nearest = np.clip(np.searchsorted(values, chosen), 1, max(1, len(values) - 1))
                lower, upper = values[nearest - 1], values[np.minimum(nearest, len(values) - 1)]
                snapped = np.where(chosen - lower < upper - chosen, lower, upper)
                gaps = np.diff(chosen, append=chosen[-1] + 1)
                chosen = np.where(np.abs(snapped - chosen) <= gaps, snapped, chosen)
            out.append(np.unique(np.maximum(np.append(chosen, bottom), bottom)))
        return out

    def chains(self, parts: int) -> Counts:
        """[chain, subgraph]: nodes of partitions with the fewest bits in some cell."""
        out = np.empty((int(np.prod(self.shape)), parts + 1), np.int32)
        out[:, parts] = len(self.stages.ideals[parts]) - 1
        for k in reversed(range(parts)):
            choice = self.stages.choices[k]
            begin = np.searchsorted(choice.second, np.arange(len(self.stages.ideals[k + 1]) + 1))
            gridkernel.walk(
                choice.first, begin, self.cells[k], self.bits[k], self.shape, self.before[k][0], out, k
            )
        return np.unique(out[out[:, 0] == 0, 1:], axis=0)


def shift_of(bits: int) -> int:
    """By which sums of no more than so many bits are shifted, so that the kernels can add them up."""
    return max(0, bits.bit_length() - UNIT.bit_length() + 1)
