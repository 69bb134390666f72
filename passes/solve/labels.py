"""All partitions worth choosing from, in one pass: the dynamic program over ideals with several objectives at once.

A label of a boundary is what the subgraphs before it cost: the largest load, the largest share, the smallest load, the bits, and,
for each atom that is read across the boundary, the boundaries on a path to it. A label that another one is no worse than in
any of these is dropped, and so is one whose every continuation is worse than a partition that is known. Of the edges, those that a longer
path replaces do not matter for paths: if their ends part, so do two on the longer path. What is left of a neural network is
hardly more than a chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from split4ml.passes.solve import labelkernel
from split4ml.passes.solve.clock import Clock
from split4ml.passes.solve.dynamic import NEVER, Dynamic, Part
from split4ml.passes.solve.family import Family, Ints
from split4ml.passes.solve.objectives import BALANCE, BITS, LATENCY, SUBGRAPHS, UTILISATION
from split4ml.passes.solve.within import LOAD, Within

WIDEST = labelkernel.FIELDS - 1
"""Atoms that are read across a boundary, at most."""
DEEPEST = 15
EFFORT = 20_000_000
"""Labels between looks at the clock: about a second."""

COST = {LOAD: 0, UTILISATION: 1, BALANCE: 2, BITS: 3}
"""Columns of a label."""


@dataclass(frozen=True)
class Labelled:
    """values: by objective, in the engines' terms. parts: subgraphs. part: the subgraph of each atom."""

    values: dict[str, int]
    parts: int
    part: Part


@dataclass
class _Layer:
    """Labels of all boundaries behind a subgraph; where each came from: a label of the layer before, and a pair."""

    labels: Ints
    origin: Ints
    offsets: Ints


class Labels:
    """The program for some objectives, over the pairs of `program` within the bounds on a subgraph."""

    def __init__(self, program: Dynamic, objectives: Sequence[str], within: Within) -> None:
        self.program = program
        self.atoms = program.atoms
        self.objectives = [name for name in objectives if name != SUBGRAPHS]
        self.by_number = SUBGRAPHS in objectives
        self.pairs, load, share = program.filtered(within)
        columns = {LOAD: load, UTILISATION: share, BALANCE: -load, BITS: self.pairs.value}
        self.added = np.zeros((len(self.pairs.first), labelkernel.COSTS), np.int64)
        for name, column in COST.items():
            if name in self.objectives:
                self.added[:, column] = columns[name]
        self.deep = LATENCY in self.objectives
        self.sources, self.source_begin, self.readers = _crossing(program.family)

    def possible(self, most: int) -> bool:
        """Whether profiles hold all that is read across a boundary, and paths through so many subgraphs."""
        if not self.deep:
            return True
        return int(np.diff(self.source_begin).max()) <= WIDEST and most <= DEEPEST + 1

    def run(self, numbers: Sequence[int], clock: Clock, rivals: Sequence[Labelled] = ()) -> list[Labelled]:
        """The front of partitions into so many subgraphs. rivals: partitions that are known. Raises TimeUp."""
        most = max(numbers)
        asked = np.zeros(most + 1, np.bool_)
        asked[list(numbers)] = True
        togo = self._togo(most)
        bounds = self._rivals(rivals)
        labels = np.array([[-NEVER, -NEVER, -NEVER, 0, 0]], np.int64)
        for column in set(range(4)) - {COST[name] for name in self.objectives if name in COST}:
            labels[:, column] = 0
        offsets = np.ones(len(self.program.family) + 1, np.int64)
        offsets[0] = 0
        layers = [_Layer(labels, np.zeros((1, 2), np.int64), offsets)]
        found: list[Labelled] = []
        for layer in range(most):
            layers.append(self._extend(layers[-1], layer, most, togo[: most - layer], bounds, asked, clock))
            if asked[layer + 1]:
                last = layers[-1]
                for at in range(last.offsets[-2], last.offsets[-1]):
                    found.append(self._read(layers, at))
                bounds = np.vstack((bounds, self._rivals(found[-(last.offsets[-1] - last.offsets[-2]) :])))
        return found

    def _extend(
        self,
        before: _Layer,
        layer: int,
        most: int,
        togo: Ints,
        rivals: Ints,
        asked: NDArray[np.bool_],
        clock: Clock,
    ) -> _Layer:
        family = self.program.family
        ideals = len(family)
        out = np.empty((max(1024, 2 * len(before.labels)), labelkernel.COSTS + 1), np.int64)
        origin = np.empty((len(out), 2), np.int64)
        ends = np.zeros(ideals + 1, np.int64)
        barred = self.program.barred(layer)
        scratch = np.zeros(labelkernel.FIELDS, np.int64)
        least = np.full((ideals, labelkernel.COSTS), NEVER)
        for ideal in np.flatnonzero(np.diff(before.offsets)):
            least[ideal] = before.labels[before.offsets[ideal] : before.offsets[ideal + 1], :4].min(axis=0)
        at, used = 0, 0
        while at < ideals:
            clock.check()
            reached, used = labelkernel.extend(
                self.pairs.first, self.pairs.begin, self.added, barred, before.labels, before.offsets,
                family.packed, self.sources, self.source_begin, self.readers, self.deep,
                togo, rivals, layer, asked, out, origin, ends, at, used, EFFORT, scratch, least,
            )  # fmt: skip
            if reached == at or len(out) - used < len(out) // 4:
                out = np.concatenate((out, np.empty_like(out)))
                origin = np.concatenate((origin, np.empty_like(origin)))
            at = reached
        return _Layer(out[:used], origin[:used], ends)

    def _togo(self, most: int) -> Ints:
        """[rest, ideal, cost]: the least that `rest` subgraphs behind a boundary cost, each cost by itself."""
        order = np.argsort(self.pairs.first, kind="stable")
        first, second = self.pairs.first[order], self.pairs.second[order]
        begin = np.flatnonzero(np.diff(first, prepend=-1))
        togo = np.full((most, len(self.program.family), labelkernel.COSTS), NEVER)
        togo[0, -1] = np.array([-NEVER, -NEVER, -NEVER, 0])
        for rest in range(1, most):
            for column in range(labelkernel.COSTS if len(begin) else 0):
                last, own = togo[rest - 1, second, column], self.added[order, column]
                through = last + own if column == COST[BITS] else np.maximum(last, own)
                through = np.where(last >= NEVER, NEVER, np.minimum(through, NEVER))
                togo[rest, first[begin], column] = np.minimum.reduceat(through, begin)
        return togo

    def _rivals(self, known: Sequence[Labelled]) -> Ints:
        """As the kernel compares them; what is not an objective is the least there is."""
        rows = []
        for one in known:
            costs = [
                (-one.values[name] if name == BALANCE else one.values[name])
                if name in self.objectives
                else -NEVER
                for name in COST
            ]
            depth = one.values[LATENCY] if self.deep else -1
            rows.append([one.parts if self.by_number else 0, *costs, depth])
        return np.array(rows, np.int64).reshape(-1, labelkernel.COSTS + 2)

    def _read(self, layers: Sequence[_Layer], at: int) -> Labelled:
        label = layers[-1].labels[at]
        values = {name: int(label[column]) for name, column in COST.items() if name in self.objectives}
        if BALANCE in values:
            values[BALANCE] = -values[BALANCE]
        if self.deep:
            values[LATENCY] = int(label[4]) & DEEPEST
        family = self.program.family
        part = np.zeros(len(self.atoms), np.int64)
        ideal = len(family) - 1
        for k in range(len(layers) - 1, 0, -1):
            at, pair = (int(x) for x in layers[k].origin[at])
            before = int(self.pairs.first[pair])
            part[family.member[ideal] & ~family.member[before]] = k - 1
            ideal = before
        return Labelled(values, len(layers) - 1, tuple(int(k) for k in part))


def _crossing(family: Family) -> tuple[Ints, Ints, NDArray[np.uint64]]:
    """Atoms read across each ideal along edges that no longer path replaces, where those of each begin, and all readers of each atom."""
    n = len(family.atoms)
    reach = [0] * n
    readers = [0] * n
    for u in reversed(range(n)):
        after = [v for a, v in family.atoms.pairs if a == u]
        for v in after:
            reach[u] |= 1 << v | reach[v]
        beyond = 0
        for v in after:
            beyond |= reach[v]
        readers[u] = sum(1 << v for v in after if not beyond >> v & 1)
    size = family.packed.shape[1]
    words = np.frombuffer(b"".join(r.to_bytes(8 * size, "little") for r in readers), np.uint64)
    table = words.reshape(n, size)
    sources: list[int] = []
    begin = [0]
    for mask in family.masks:
        sources += [u for u in range(n) if mask >> u & 1 and readers[u] & ~mask]
        begin.append(len(sources))
    return np.array(sources, np.int64), np.array(begin, np.int64), table
