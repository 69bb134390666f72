"""Dynamic program over ideals: exact wherever load, resources and bits of a subgraph are all that counts.

All of them depend on the two ideals around a subgraph alone (Tarnawski et al., "Efficient Algorithms for Device Placement of
DNN Graph Operators", NeurIPS 2020). So the best partition is a path over pairs of ideals: of least sum for the bits, of
least maximum (or greatest minimum) for loads and shares, in layers, since pinned tasks tell subgraphs apart by number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from split4ml.passes.solve.clock import Clock
from split4ml.passes.solve.family import Family, Ints
from split4ml.passes.solve.objectives import BALANCE, BITS, MILLION, UTILISATION
from split4ml.passes.solve.within import LOAD, Within

NEVER = np.int64(2**61)
PAIRS = 40_000_000
"""Pairs of ideals that are looked at, at most: some seconds, and at worst a gigabyte."""

CHECKED = 256
"""Ideals between looks at the clock."""

STEPS = 4

Part = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of ideals (first, second) with a valid subgraph between them, sorted by the second, then the first.

    begin: where the pairs of each second begin. value: what the subgraph adds to what is minimised; of the table itself,
    the bits that leave it.
    """

    first: NDArray[np.int32]
    begin: Ints
    value: Ints

    @property
    def second(self) -> Ints:
        counts = np.diff(self.begin, append=len(self.first))
        return np.repeat(np.arange(len(self.begin)), counts)

    def where(self, keep: NDArray[np.bool_]) -> Pairs:
        at = np.concatenate(([0], np.cumsum(keep)))
        return Pairs(self.first[keep], at[self.begin], self.value[keep])


class Dynamic:
    """The program over a family of ideals. Bounds on depth, plan and regions are not its own: it takes no notice of them."""

    def __init__(self, family: Family, clock: Clock, cap: int | None = None) -> None:
        """cap: no subgraph with more load will be asked for. Raises TimeUp, and TooMany."""
        self.atoms = family.atoms
        self.family = family
        self._cap = cap
        self._pairs = self._build(clock)

    def covers(self, load: int | None) -> bool:
        """Whether subgraphs with so much load can be asked for."""
        return self._cap is None or (load is not None and load <= self._cap)

    @property
    def exact(self) -> bool:
        """Whether its optimum is the optimum."""
        return self.family.complete

    # The pairs

    def _build(self, clock: Clock) -> Pairs:
        family, atoms = self.family, self.atoms
        low = self._lowest()
        if int((np.arange(len(family)) - low).sum()) > PAIRS:
            raise TooMany
        budgets = [
            (r, family.weigh(atoms.resources[r]), budget - atoms.own.get(r, 0))
            for r, budget in atoms.budgets.items()
        ]
        heads = np.array([v for _, v, _ in atoms.edges], np.int64)
        tails = np.array([u for u, _, _ in atoms.edges], np.int64)
        weight = np.array([w for _, _, w in atoms.edges], np.int64)
        apart = np.array(atoms.apart, np.int64).reshape(-1, 2)
        strict = np.array(atoms.strict, np.int64).reshape(-1, 2)
        member = family.member
        firsts, begin, bits = [], [0], []
        for j in range(len(family)):
            if j % CHECKED == 0:
                clock.check()
            inside = member[j]
            near = np.arange(low[j], j, dtype=np.int32)
            for _, use, budget in budgets:
                near = near[use[near] >= use[j] - budget]
            near = near[~(family.packed[near] & ~family.packed[j]).any(axis=1)]
            # A subgraph with the end of an edge to be cut, but nothing before the boundary, has both its ends.
            must = strict[inside[strict[:, 1]], 0]
            if len(must):
                near = near[member[np.ix_(near, must)].all(axis=1)]
            for a, b in apart[inside[apart].all(axis=1)]:
                near = near[member[near, a] | member[near, b]]
            for r, use, budget in budgets:
                if r in atoms.leaving and len(near):
                    near = near[use[j] - use[near] + self._glue(r, near, j) <= budget]
            crossing = inside[tails] & ~inside[heads]
            leaving = member[np.ix_(near, tails[crossing])] @ weight[crossing]
            firsts.append(near)
            begin.append(begin[-1] + len(near))
            bits.append(weight[crossing].sum() - leaving)
        return Pairs(np.concatenate(firsts), np.array(begin[:-1], np.int64), np.concatenate(bits))

    @cached_property
    def _second(self) -> Ints:
        return self._pairs.second

    @cached_property
    def _loads(self) -> Ints:
        """Of each pair's subgraph, without `fixed`."""
        return np.asarray(self.family.load[self._second] - self.family.load[self._pairs.first], np.int64)

    @cached_property
    def _shares(self) -> Ints:
        """The utilisation of each pair's subgraph."""
        return self._make_shares(None)

    def _make_shares(self, clock: Clock | None) -> Ints:
        """Raises TimeUp."""
        worst = np.zeros(len(self._pairs.first), np.int64)
        first, second = self._pairs.first, self._second
        for resource, whole in self.atoms.capacity.items():
            weight = self.family.weigh(self.atoms.resources[resource])
            use = weight[second] - weight[first] + self.atoms.own.get(resource, 0)
            if resource in self.atoms.leaving:
                ends = np.append(self._pairs.begin, len(first))
                for j in range(len(self.family)):
                    if clock is not None and j % CHECKED == 0:
                        clock.check()
                    mine = slice(ends[j], ends[j + 1])
                    use[mine] += self._glue(resource, first[mine], j)
            np.maximum(worst, -(-use * MILLION // whole), out=worst)  # rounded up
        return worst

    @cached_property
    def _into(self) -> Mapping[str, Ints]:
        """resource -> [ideal]: what the edges across it add to the subgraphs that they enter."""
        member = self.family.member
        tails, heads = self._ends
        across = member[:, tails] & ~member[:, heads]
        return {
            r: np.asarray(across @ np.array(more, np.int64), np.int64)
            for r, more in self.atoms.entering.items()
        }

    @cached_property
    def _ends(self) -> tuple[Ints, Ints]:
        """Tails and heads of the edges."""
        pairs = np.array(self.atoms.pairs, np.int64).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]

    @cached_property
    def _dear(self) -> Mapping[str, tuple[Ints, Ints]]:
        """resource -> per edge: what it adds where it leaves a subgraph, and that with what it adds where it enters one."""
        leaving = {r: np.array(more, np.int64) for r, more in self.atoms.leaving.items()}
        return {r: (more, more + np.array(self.atoms.entering[r], np.int64)) for r, more in leaving.items()}

    def _glue(self, resource: str, near: NDArray[np.int32], j: int) -> Ints:
        """Per first ideal: what cut edges add to the subgraph between it and ideal `j`: those that leave it, and those that enter it
        and do not go on across `j`."""
        tails, heads = self._ends
        member = self.family.member
        across = np.flatnonzero(member[j][tails] & ~member[j][heads])
        leaving, both = self._dear[resource]
        from_before = member[np.ix_(near, tails[across])] @ both[across]
        return np.asarray(leaving[across].sum() - from_before + self._into[resource][near], np.int64)

    def _lowest(self) -> Ints:
        """Per ideal: the first with which the load in between is not too much."""
        load = self.family.load
        if self._cap is None:
            return np.zeros(len(load), np.int64)
        return np.asarray(np.searchsorted(load, load - self._cap), np.int64)

    def _within(self, within: Within, value: Ints | None = None) -> Pairs:
        """The pairs within the bounds on a subgraph. value: by pair, instead of the bits."""
        pairs = self._pairs if value is None else replace(self._pairs, value=value)
        keep = self._keep(within)
        return pairs if keep.all() else pairs.where(keep)

    def filtered(self, within: Within, clock: Clock | None = None) -> tuple[Pairs, Ints, Ints]:
        """The pairs within the bounds on a subgraph, and their loads and shares. Raises TimeUp."""
        if "_shares" not in self.__dict__:
            self.__dict__["_shares"] = self._make_shares(clock)
        keep = self._keep(within)
        return self._pairs.where(keep), self._loads[keep], self._shares[keep]

    def _keep(self, within: Within) -> NDArray[np.bool_]:
        pairs = self._pairs
        keep = np.ones(len(pairs.first), np.bool_)
        if within.load is not None:
            assert self._cap is None or within.load <= self._cap
            keep &= self._loads <= within.load
        if within.least is not None:
            keep &= self._loads >= within.least
        if within.share is not None:
            keep &= self._shares <= within.share
        return keep

    def barred(self, layer: int) -> NDArray[np.bool_]:
        """Ideals that cannot be the boundary behind subgraph `layer`, since pinned tasks are on the wrong side of it."""
        out = np.zeros(len(self.family), np.bool_)
        for atom, k in self.atoms.pins.items():
            out |= self.family.member[:, atom] != (k <= layer)
        return out

    # The program

    def best(self, objective: str, parts: Sequence[int], within: Within) -> dict[int, int]:
        """By number of subgraphs: the best value, without those for which there is no partition.

        objective: LOAD, BITS, UTILISATION or BALANCE.
        """
        if objective == BITS:
            layers = list(self.layers(self._within(within), max(parts), _sum))
            most = NEVER - 1 if within.bits is None else within.bits
            return {n: int(layers[n - 1][-1]) for n in parts if layers[n - 1][-1] <= most}
        values = self._shares if objective == UTILISATION else self._loads
        pairs = self._within(within, -values if objective == BALANCE else values)
        values = pairs.value
        layers = list(self.layers(pairs, max(parts), np.maximum))
        found = {n: int(layers[n - 1][-1]) for n in parts if layers[n - 1][-1] < NEVER}
        if within.bits is not None:
            found = {
                n: value
                for n, least in found.items()
                if (value := self._bisect(objective, n, least, values, within)) is not None
            }
        sign = -1 if objective == BALANCE else 1
        offset = self.atoms.fixed if objective == BALANCE else 0
        return {n: sign * value + offset for n, value in found.items()}

    def _bisect(self, objective: str, parts: int, least: int, values: Ints, within: Within) -> int | None:
        """The least maximum with no more than so many bits: bits never rise with it. `least`: without regard to them."""
        assert within.bits is not None
        field = {LOAD: "load", UTILISATION: "share", BALANCE: "least"}[objective]

        def reached(value: int) -> int | None:
            """The maximum of a partition with few enough bits and no more than `value`, if there is one."""
            bound = -value if objective == BALANCE else value
            part = self.chain(parts, replace(within, **{field: bound}))
            if part is None:
                return None
            loads = self.atoms.loads(part)
            return {LOAD: max(loads), BALANCE: -min(loads)}.get(objective) or self.atoms.share(part)

        if len(values) == 0:
            return None
        # Few steps usually do: what is found is much better than what was asked for.
        high = reached(int(values.max()))
        if high is None:
            return None
        for _ in range(STEPS):
            if high == least or (lower := reached(high - 1)) is None:
                return high
            high = lower
        candidates = np.unique(values[(values >= least) & (values <= high)])
        low, last = 0, len(candidates) - 1
        while low < last:
            middle = (low + last) // 2
            low, last = (low, middle) if reached(int(candidates[middle])) is not None else (middle + 1, last)
        return int(candidates[low])

    def layers(
        self, pairs: Pairs, parts: int, combine: Callable[..., Ints], barred: Sequence[tuple[int, int]] = ()
    ) -> Iterator[Ints]:
        """[k][j]: the best value of k + 1 subgraphs that fill ideal j. barred: (layer, ideal) besides pins' own."""
        none = np.diff(pairs.begin, append=len(pairs.first)) == 0
        begin = np.minimum(pairs.begin, max(0, len(pairs.first) - 1))
        value = np.full(len(self.family), NEVER)
        value[0] = -NEVER if combine is np.maximum else 0
        for layer in range(parts):
            if len(pairs.first):
                through = np.minimum(combine(value[pairs.first], pairs.value), NEVER)
                value = np.where(none, NEVER, np.minimum.reduceat(through, begin))
            else:
                value = np.full(len(self.family), NEVER)
            if self.atoms.pins:
                value = np.where(self.barred(layer), NEVER, value)
            for at, ideal in barred:
                if at == layer:
                    value[ideal] = NEVER
            yield value

    def chain(self, parts: int, within: Within, barred: Sequence[tuple[int, int]] = ()) -> Part | None:
        """The partition of the fewest bits. Ties go to the ideals with the least load, so the answer is a function of
        the problem alone. barred: pairs (layer, ideal) that may not be a boundary."""
        pairs = self._within(within)
        layers = list(self.layers(pairs, parts, _sum, barred))
        most = NEVER - 1 if within.bits is None else within.bits
        at = len(self.family) - 1
        if layers[-1][at] > most:
            return None
        part = np.zeros(len(self.atoms), np.int64)
        ends = np.append(pairs.begin, len(pairs.first))
        for k in range(parts - 1, -1, -1):
            if k == 0:
                before = 0
            else:
                mine = slice(ends[at], ends[at + 1])
                total = layers[k - 1][pairs.first[mine]] + pairs.value[mine]
                before = int(pairs.first[mine][int((total == layers[k][at]).argmax())])
            part[self.family.member[at] & ~self.family.member[before]] = k
            at = before
        return tuple(int(k) for k in part)

    def fewest(self, within: Within, low: int, high: int, clock: Clock) -> int | None:
        """The fewest subgraphs, of those numbers. Raises TimeUp."""
        pairs = self._within(within)
        if low == 1 and within.bits is None and not self.atoms.pins:
            steps = np.full(len(self.family), NEVER)
            steps[0] = 0
            ends = np.append(pairs.begin, len(pairs.first))
            for j in range(1, len(self.family)):
                before = pairs.first[ends[j] : ends[j + 1]]
                if len(before):
                    steps[j] = steps[before].min() + 1
            return int(steps[-1]) if steps[-1] <= high else None
        most = NEVER - 1 if within.bits is None else within.bits
        for n, layer in enumerate(self.layers(pairs, high, _sum), 1):
            clock.check()
            if n >= low and layer[-1] <= most:
                return n
        return None

    def windows(self, parts: int, within: Within) -> list[tuple[int, int]] | None:
        """First and last subgraph of every atom in any partition within the bounds; None if there is no partition.

        Sound whatever further constraints there are.
        """
        pairs = self._within(within)
        most = NEVER - 1 if within.bits is None else within.bits
        forward = list(self.layers(pairs, parts, _sum))
        if forward[-1][-1] > most:
            return None
        second = pairs.second
        rest = np.full(len(self.family), NEVER)
        rest[-1] = 0
        member = self.family.member
        low = np.full(len(self.atoms), parts - 1)
        high = low.copy()
        for k in range(parts - 2, -1, -1):  # the boundary behind subgraph k
            through = np.minimum(pairs.value + rest[second], NEVER)
            rest = np.full(len(self.family), NEVER)
            np.minimum.at(rest, pairs.first, through)
            live = np.minimum(forward[k] + rest, NEVER) <= most
            rest = np.where(live, rest, NEVER)
            low[member[live].any(axis=0)] = k
            high[member[live].all(axis=0)] = k
        return [(int(a), int(b)) for a, b in zip(low, high, strict=True)]


class TooMany(Exception):
    """The pairs are more than time and memory allow."""


def _sum(one: Ints, other: Ints) -> Ints:
    return one + other
