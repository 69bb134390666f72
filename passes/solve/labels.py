"""All partitions worth choosing from: the dynamic program over ideals with several objectives at once.

A label of a boundary is what the subgraphs before it cost: the largest load, the largest share, the smallest load, and the bits. A label that
another one is no worse than in any of these is dropped, and so is one whose every continuation is worse than a partition that is known
(passes/solve/grid.py). So are pairs of boundaries, which leaves few.

The latency is found pass by pass. If n subgraphs followed each other, the longest path would cross n - 1 boundaries. The first pass takes no
notice of paths; the next looks for what is worth choosing among partitions whose paths are spared one boundary at least, then two, and so
on. There a boundary is a node for each profile that it may have: how many boundaries the paths to each atom that is read across it
have yet to be spared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from split4ml.passes.solve import labelkernel
from split4ml.passes.solve.clock import Clock, TimeUp
from split4ml.passes.solve.crossing import PLAIN, SPARING, crossing, joints, kinds, lift
from split4ml.passes.solve.dynamic import NEVER, Dynamic, Part
from split4ml.passes.solve.family import Ints
from split4ml.passes.solve.grid import SIZES, Choice, Stages, Tables, shift_of
from split4ml.passes.solve.gridkernel import NOTHING
from split4ml.passes.solve.objectives import BALANCE, BITS, LATENCY, SUBGRAPHS, UTILISATION
from split4ml.passes.solve.within import LOAD, Within

EFFORT = 50_000_000
"""Steps between looks at the clock: a fraction of a second."""
MOST = 4_000_000
"""Labels at most, and pairs of nodes with profiles: some 300 MB."""
ENTRIES, STEPS = 40_000_000, 2_000_000_000
"""Of one table, and to make it, at most: 160 MB, and about a second."""
COARSE, COARSER, SIDES = 12, 8, (16, 24, 48, 96)
"""Cells by dimension, finer and finer."""
FEW = 2_000
"""Pairs for which finer cells are not worth it."""
SPARED = 6
"""Boundaries that paths are spared, up to which tables bound it."""


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
    cells: NDArray[np.uint32]
    origin: Ints
    offsets: Ints


class Labels:
    """The program for some objectives, over the pairs of `program` within the bounds on a subgraph."""

    def __init__(self, program: Dynamic, objectives: Sequence[str], within: Within, clock: Clock) -> None:
        """Raises TimeUp."""
        self.program = program
        self.atoms = program.atoms
        self.within = within
        self.objectives = [name for name in objectives if name != SUBGRAPHS]
        self.by_number = SUBGRAPHS in objectives
        self.deep = LATENCY in self.objectives and program.atoms.hop > 0
        self.pairs, load, share = program.filtered(within, clock)
        columns = {LOAD: load, UTILISATION: share, BALANCE: -load}
        largest = [name for name in (BALANCE, LOAD, UTILISATION) if name in self.objectives]
        self.column = {name: SIZES - len(largest) + at for at, name in enumerate(largest)}
        self.added = np.zeros((len(self.pairs.first), labelkernel.COSTS), np.int64)
        for name, column in self.column.items():
            self.added[:, column] = columns[name]
        if BITS in self.objectives:
            self.column[BITS] = SIZES
            self.added[:, SIZES] = self.pairs.value
        self.shift = shift_of(sum(bits for _, _, bits in self.atoms.edges))
        self.crossing = crossing(program.family) if self.deep else None

    def run(self, numbers: Sequence[int], clock: Clock) -> list[Labelled]:
        """The front of partitions into so many subgraphs, and some that are not on it. Raises TimeUp."""
        return [one for found in self.passes(numbers, clock) for one in found]

    def passes(self, numbers: Sequence[int], clock: Clock) -> Iterator[list[Labelled]]:
        """Partitions that may be on the front: first a few good ones; then, pass by pass, all that are worth choosing but for those with paths that
        are spared more boundaries than the pass takes notice of. `complete` says how many passes are. Raises TimeUp."""
        self.complete = 0
        most = max(numbers)
        known = _Known(self)
        lowest = self._lowest(numbers, clock)
        if lowest is None:
            return
        stages = self._stages(False, most)
        coarse = Tables(stages, self._spread(lowest, self._sides(COARSE, stages)), 0, self.shift, clock)
        yield self._chains(coarse, numbers, known)
        for spared in range(most if self.deep else 1):
            if spared == 1:
                levels = min(SPARED, most - 1)
                stages = self._stages(True, most)
                sides = self._sides(COARSER, stages, levels)
                coarse = Tables(stages, self._spread(lowest, sides), levels, self.shift, clock)
            for n in numbers:
                depth = n - 1 - spared
                if depth >= 0 and (not self.deep or self.within.depth is None or depth <= self.within.depth):
                    yield self._pass(spared, n, coarse, known, clock)
            self.complete += 1

    def _stages(self, deep: bool, most: int) -> Stages:
        """All pairs, for each subgraph. deep: with what they may spare paths."""
        kind = np.zeros(len(self.pairs.first), np.uint8)
        choice = Choice(
            self.pairs.first.astype(np.uint32), self.pairs.second.astype(np.uint32), self.added, kind
        )
        ideals = np.arange(len(self.program.family))
        if deep:
            held = self.program.family.weigh(joints(self.program.family))
            if held[-1]:
                choice, ideals = _in_runs(choice, held)
            else:
                assert self.crossing is not None
                lines = self.crossing
                kinds(
                    self.pairs.first, self.pairs.begin, self.program.family.packed,
                    lines.sources, lines.begin, lines.readers, lines.before, kind,
                )  # fmt: skip
        return Stages([choice] * most, [ideals] * (most + 1))

    def _pass(self, spared: int, n: int, coarse: Tables, known: _Known, clock: Clock) -> list[Labelled]:
        """Partitions into n whose paths are spared so many boundaries at least."""
        found: list[Labelled] = []
        tables, level = coarse, min(spared, SPARED)
        rounds = (SIDES[0], *SIDES) if spared else SIDES
        for at, side in enumerate(rounds):
            least = known.least(tables, n, spared)
            stages = tables.useful(n, level, least)
            if at == 0:
                stages = self._allowed(stages)
            elif spared and at == 1:
                stages, level = self._lifted(stages.compact(), spared, clock), 0
            stages = stages.compact()
            if not stages:
                return found
            sides = self._sides(side, stages, level)
            thresholds = tables.refined(n, min(spared, tables.spared), least, known.sizes(n, spared), sides)
            tables = Tables(stages, thresholds, level, self.shift, clock)
            if level == 0:
                found += self._chains(tables, [n], known, spared)
                if stages.pairs < FEW:
                    break
        chains = self._by_labels(n, tables, known.least(tables, n, spared), clock)
        return found + known.add(self, chains, spared)

    def _allowed(self, stages: Stages) -> Stages:
        """Without boundaries that pinned tasks are on the wrong side of."""
        if not self.atoms.pins:
            return stages
        choices = [
            choice.where(~self.program.barred(k)[stages.ideals[k + 1][choice.second]])
            for k, choice in enumerate(stages.choices)
        ]
        return Stages(choices, stages.ideals)

    def _lifted(self, stages: Stages, spared: int, clock: Clock) -> Stages:
        """With a node for each profile that a boundary may have. Raises TimeUp if they are too many."""
        lines, packed = self.crossing, self.program.family.packed
        width = (spared + 1).bit_length()
        if lines is None or lines.most + 1 > 62 // width:
            raise TimeUp
        profiles = np.array([spared + 1], np.int64)
        begin = np.array([0, 1], np.int64)
        choices, ideals = [], [stages.ideals[0][:1]]
        parts = len(stages.choices)
        room = MOST
        for k, choice in enumerate(stages.choices):
            clock.check()
            count = int(np.diff(begin)[choice.first].sum())
            room -= count
            if room < 0:
                raise TimeUp
            rows = np.empty((count, 3), np.int64)
            used = lift(
                choice.first, choice.second, begin, profiles, stages.ideals[k], stages.ideals[k + 1], packed,
                lines.sources, lines.begin, lines.readers, lines.before, k, spared, width, parts - k - 1, rows,
            )  # fmt: skip
            rows = rows[:used]
            values = np.unique(rows[:, 2])
            # Nodes are pairs of a boundary and a profile, in this order.
            key = choice.second[rows[:, 0]].astype(np.int64) * max(1, len(values))
            key += np.searchsorted(values, rows[:, 2])
            order = np.argsort(key, kind="stable")
            key = key[order]
            new = np.diff(key, prepend=-1) != 0
            pairs, nodes = rows[order, 0], key[new]
            choices.append(
                Choice(
                    rows[order, 1].astype(np.uint32),
                    (np.cumsum(new) - 1).astype(np.uint32),
                    choice.added[pairs],
                    np.zeros(used, np.uint8),
                )
            )
            owner = nodes // max(1, len(values))
            profiles = values[nodes % len(values)] if len(values) else values
            begin = np.searchsorted(owner, np.arange(len(stages.ideals[k + 1]) + 1))
            ideals.append(stages.ideals[k + 1][owner])
        return Stages(choices, ideals)

    def _by_labels(self, n: int, tables: Tables, least: NDArray[np.int32], clock: Clock) -> Ints:
        """[partition, boundary]: those with fewer bits than `least`, but for what others are no worse than."""
        label = np.zeros((1, labelkernel.COSTS), np.int64)
        label[0, [at for name, at in self.column.items() if name != BITS]] = -NEVER
        layers = [
            _Layer(label, np.zeros((1, 3), np.uint32), np.zeros((1, 2), np.int64), np.array([0, 1], np.int64))
        ]
        steps = [(choice, tables.cells[k]) for k, choice in enumerate(tables.stages.choices)]
        if n > 1:
            steps[-2:] = [_joined(*steps[-2], *steps[-1])]
        room = MOST
        for k, (choice, cells) in enumerate(steps):
            nodes = len(tables.stages.ideals[k + 1]) if k + 1 < len(steps) else 1
            slack = tables.slack(least, len(steps) - k - 1 + (n > 1 and k + 1 < len(steps)))[0]
            layers.append(self._extend(layers[-1], choice, cells, nodes, tables, slack, room, clock))
            room -= len(layers[-1].labels)
        boundaries = np.full((len(layers[-1].labels), n), len(self.program.family) - 1, np.int64)
        at = np.arange(len(boundaries))
        for k in reversed(range(len(steps))):
            at, pair = layers[k + 1].origin[at].T
            if k + 2 == n:
                boundaries[:, k] = tables.stages.ideals[k + 1][steps[k][0].second[pair]]
            if k:
                boundaries[:, k - 1] = tables.stages.ideals[k][steps[k][0].first[pair]]
        return boundaries

    def _sides(self, side: int, stages: Stages, levels: int = 0) -> list[int]:
        """Cells by dimension, as many as time and memory allow. Most pairs have few levels."""
        dimensions = len(self.column.keys() - {BITS})
        nodes = sum(map(len, stages.ideals)) * (levels + 1)
        room = min(ENTRIES // max(1, nodes), STEPS * 3 // max(1, stages.pairs * (levels + 3)))
        if dimensions:
            side = max(2, min(side, int(room ** (1 / dimensions))))
        out = [1] * SIZES
        for name, at in self.column.items():
            if name != BITS:
                out[at] = side
        return out

    def possible(self, most: int) -> bool:
        """Whether profiles hold all that is read across a boundary, whatever is spared in so many subgraphs."""
        return self.crossing is None or self.crossing.most + 1 <= 62 // most.bit_length()

    def _extend(
        self,
        before: _Layer,
        choice: Choice,
        cell: NDArray[np.uint32],
        nodes: int,
        tables: Tables,
        slack: NDArray[np.int32],
        room: int,
        clock: Clock,
    ) -> _Layer:
        """Behind one subgraph more; cell: of each pair. All pairs lead to the same node if there is one only."""
        counts = np.diff(before.offsets)
        full = np.flatnonzero(counts)
        least = np.full((len(counts), labelkernel.COSTS), NEVER)
        least_cell = np.zeros((len(counts), 3), np.uint32)
        if len(full):
            least[full] = np.minimum.reduceat(before.labels, before.offsets[full], axis=0)
            least_cell[full] = np.minimum.reduceat(before.cells, before.offsets[full], axis=0)
        size = max(1024, 2 * len(before.labels), 2 * int(counts.max(initial=0)))
        out = np.empty((labelkernel.COSTS, size), np.int64)
        cells, origin = np.empty((size, 3), np.uint32), np.empty((size, 2), np.int64)
        ends, place = np.zeros(nodes + 1, np.int64), np.zeros(3, np.int64)
        begin = (
            np.searchsorted(choice.second, np.arange(nodes + 1)) if nodes > 1 else np.array([0, len(choice)])
        )
        while True:
            clock.check()
            labelkernel.extend(
                choice.first, begin, choice.added, cell, before.labels, before.cells, before.offsets,
                least, least_cell, slack, tables.shift, tables.shape, out, cells, origin, ends, place, EFFORT,
            )  # fmt: skip
            used = int(place[2])
            if place[0] == nodes:
                break
            if used > room:
                raise TimeUp
            if len(cells) - used < len(cells) // 4 + int(counts.max()):
                out = np.concatenate((out, np.empty_like(out)), axis=1)
                cells = np.concatenate((cells, np.empty_like(cells)))
                origin = np.concatenate((origin, np.empty_like(origin)))
        order = np.lexsort((out[SIZES, :used], np.repeat(np.arange(nodes), np.diff(ends))))
        return _Layer(np.ascontiguousarray(out[:, order].T), cells[order], origin[order], ends)

    # Cells

    def _lowest(self, numbers: Sequence[int], clock: Clock) -> dict[str, int] | None:
        """The least that partitions have in each objective that does not add up; None if there is no partition. Raises TimeUp."""
        out: dict[str, int] = {}
        loose = replace(self.within, bits=None, depth=None, time=None)
        for name in self.column:
            if name == BITS:
                continue
            clock.check()
            found = self.program.best(name, numbers, loose)
            if not found:
                return None
            out[name] = -max(found.values()) + self.atoms.fixed if name == BALANCE else min(found.values())
        return out

    def _spread(self, lowest: Mapping[str, int], sides: Sequence[int]) -> list[Ints]:
        """Thresholds: close together at the lower end."""
        out = [np.zeros(1, np.int64) for _ in range(SIZES)]
        for name, low in lowest.items():
            column, count = self.added[:, self.column[name]], sides[self.column[name]]
            span = int(column.max()) - low
            steps = [low + int(span * (2.0 ** (5 * at / count) - 1) / 31) for at in range(count)]
            out[self.column[name]] = np.unique(np.array([int(column.min()), *steps], np.int64))
        return out

    def _chains(
        self, tables: Tables, numbers: Sequence[int], known: _Known, spared: int = 0
    ) -> list[Labelled]:
        """Partitions of the fewest bits in each cell."""
        found = []
        for n in numbers:
            tables.clock.check()
            nodes = tables.chains(n)
            chains = np.stack([tables.stages.ideals[k + 1][nodes[:, k]] for k in range(n)], axis=1)
            for k in range(n) if self.atoms.pins else ():
                chains = chains[~self.program.barred(k)[chains[:, k]]]
            found += known.add(self, chains, spared)
        return found

    def costs(self, chains: Ints) -> Ints:
        """[chain, cost] of boundaries [chain, subgraph]."""
        before = np.zeros_like(chains)
        before[:, 1:] = chains[:, :-1]
        ideals = len(self.program.family)
        wanted = chains * ideals + before
        keys = self.pairs.second * ideals + self.pairs.first
        added = self.added[np.searchsorted(keys, wanted)]
        out = added.max(axis=1)
        out[:, SIZES] = added[:, :, SIZES].sum(axis=1)
        return np.asarray(out, np.int64)

    def values_of(self, row: Ints) -> dict[str, int]:
        values = {name: int(row[1 + at]) for name, at in self.column.items()}
        if BALANCE in values:
            values[BALANCE] = -values[BALANCE]
        if LATENCY in self.objectives:
            values[LATENCY] = int(row[-1])
        return values

    def part_of(self, chain: Sequence[int]) -> Part:
        member = self.program.family.member
        return tuple(int(k) for k in len(chain) - member[list(chain)].sum(axis=0))


def _in_runs(choice: Choice, held: Ints) -> tuple[Choice, Ints]:
    """Pairs between nodes, with their kinds, and the ideals of the nodes. held: [ideal] joints in it (passes/solve/crossing.py).

    There is a longest path through every subgraph with a joint, and through one at least of each run of subgraphs without: they lie between the
    same two joints. So all of a run may be spared but the first of them. There are two nodes for an ideal behind which a run may go on: first those
    in a run, then the others.
    """
    whole = len(held) - 1
    plain = held[choice.second] > held[choice.first]
    inside = choice.first > 0
    # from outside of a run, and from the inside
    rows = np.concatenate((np.arange(len(choice)), np.flatnonzero(inside)))
    within = np.arange(len(rows)) >= len(choice)
    old, to = choice.first[rows], choice.second[rows]
    outside = max(whole - 1, 0)
    first = np.where(within | (old == 0), old, old + outside)
    second = np.where(~plain[rows] & (to < whole), to, to + outside)
    kind = np.where(within & ~plain[rows], SPARING, PLAIN).astype(np.uint8)
    order = np.argsort(second, kind="stable")
    nodes = np.concatenate((np.arange(whole), np.arange(1, whole + 1)))
    doubled = Choice(
        first.astype(np.uint32)[order],
        second.astype(np.uint32)[order],
        choice.added[rows[order]],
        kind[order],
    )
    return doubled, nodes


def _joined(
    choice: Choice, cell: NDArray[np.uint32], last: Choice, last_cell: NDArray[np.uint32]
) -> tuple[Choice, NDArray[np.uint32]]:
    """The last two subgraphs as one, those with few bits first, and their cells: there is one way to go on from each boundary, and what is worse
    in the end is found earlier."""
    closing = np.full(int(max(choice.second.max(initial=0), last.first.max(initial=0))) + 1, -1)
    closing[last.first] = np.arange(len(last))
    pairs = np.flatnonzero(closing[choice.second] >= 0)
    behind = closing[choice.second[pairs]]
    added = np.maximum(choice.added[pairs], last.added[behind])
    added[:, SIZES] = choice.added[pairs, SIZES] + last.added[behind, SIZES]
    order = np.argsort(added[:, SIZES], kind="stable")
    chosen = pairs[order]
    joined = Choice(choice.first[chosen], choice.second[chosen], added[order], choice.kinds[chosen])
    return joined, np.maximum(cell[pairs], last_cell[behind])[order]


class _Known:
    """Partitions that are known, but for those that others are as good as.

    rows: [partition, 6] subgraphs, three largest, bits, boundaries on a path.
    """

    def __init__(self, labels: Labels) -> None:
        self.rows = np.zeros((0, labelkernel.COSTS + 2), np.int64)
        self.by_number, self.deep, self.bits = labels.by_number, labels.deep, labels.within.bits

    def add(self, labels: Labels, chains: Ints, spared: int) -> list[Labelled]:
        """Those of [chain, boundary] that are worth choosing, among partitions with paths that are spared so many boundaries."""
        if not len(chains):
            return []
        parts = chains.shape[1]
        costs = labels.costs(chains)
        order = np.lexsort(costs.T[::-1])
        rivals = np.ascontiguousarray(self._rivals(parts, spared)[:, 1 : 1 + labelkernel.COSTS])
        keep = np.zeros(len(order), np.bool_)
        labelkernel.choose(np.ascontiguousarray(costs[order]), rivals, keep)
        out, rows = [], []
        for at in order[keep]:
            part = labels.part_of(chains[at])
            row = np.array([parts, *costs[at], labels.atoms.depth(part) if self.deep else 0], np.int64)
            rows.append(row)
            out.append(Labelled(labels.values_of(row), parts, part))
        self.rows = np.concatenate((self.rows, np.array(rows, np.int64).reshape(-1, labelkernel.COSTS + 2)))
        return out

    def sizes(self, parts: int, spared: int) -> Ints:
        """[partition, 3]: all costs but the bits."""
        return self._rivals(parts, spared)[:, 1 : 1 + SIZES]

    def _rivals(self, parts: int, spared: int) -> Ints:
        """Rows of what partitions into so many subgraphs are compared with."""
        rows = self.rows
        if self.by_number:
            rows = rows[rows[:, 0] <= parts]
        return rows[rows[:, -1] <= parts - 1 - spared] if self.deep else rows

    def least(self, tables: Tables, parts: int, spared: int) -> NDArray[np.int32]:
        """By cell, the fewest bits of what is no worse otherwise than a partition into so many subgraphs with paths that are spared so many."""
        rows = self._rivals(parts, spared)
        least = tables.least(rows[:, 1 : 1 + SIZES], rows[:, 1 + SIZES])
        if self.bits is not None:
            least = np.minimum(least, min(self.bits >> tables.shift, NOTHING - 1) + 1)
        return least
