"""Dynamic program over ideals: the fast exact engine, and the seed of Z3.

An ideal is a set of atoms closed under predecessors. A partition into N convex subgraphs with an acyclic quotient
is a chain {} = I0 < I1 < ... < IN = all; load, budgets and crossing bits of subgraph k depend on (Ik-1, Ik) alone
(Tarnawski et al., "Efficient Algorithms for Device Placement of DNN Graph Operators", NeurIPS 2020). So a
shortest path over pairs of ideals is exact, in O(ideals^2 N). Neural networks have few ideals: n + 1 for a chain,
little more for residual networks; only many parallel branches have too many, and then a family of ideals that is
not complete still yields a valid partition, which is a good start but proves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from split4ml.passes.solve.atoms import Atoms

LIMIT = 2000
"""Ideals at most; the tables are this number squared, 8 bytes an entry."""
NEVER = np.int64(2**61)


@dataclass(frozen=True)
class Chain:
    """The best chain found: the subgraph of each atom, its largest load (without `fixed`) and crossing bits."""

    part: tuple[int, ...]
    load: int
    bits: int


class Ideals:
    """A family of ideals of `atoms` and the tables over its pairs. `complete`: the family has all of them."""

    def __init__(self, atoms: Atoms) -> None:
        self.atoms = atoms
        masks = _all_ideals(atoms, LIMIT)
        self.complete = masks is not None
        self.masks = sorted(masks or _prefixes(atoms), key=lambda m: (m.bit_count(), m))

    @cached_property
    def _member(self) -> NDArray[np.bool_]:
        n = len(self.atoms)
        return np.array([[mask >> v & 1 for v in range(n)] for mask in self.masks], dtype=np.bool_)

    @cached_property
    def _pair_load(self) -> NDArray[np.int64]:
        """[i, j]: load of the atoms in ideal j but not i; NEVER where that is no valid subgraph."""
        member = self._member
        load = _span(member, self.atoms.load)
        count = member.sum(axis=1).astype(np.float64)
        common = member.astype(np.float64) @ member.T.astype(np.float64)
        valid = (common == count[:, None]) & (count[:, None] < count[None, :])
        for resource, budget in self.atoms.budgets.items():
            valid &= _span(member, self.atoms.resources[resource]) <= budget
        for a, b in self.atoms.strict:  # a part with b but without a before it holds both
            valid &= member[:, a][:, None] | ~member[:, b][None, :]
        return np.where(valid, load, NEVER)

    @cached_property
    def _pair_bits(self) -> NDArray[np.int64]:
        """[i, j]: bits that leave the part j - i for atoms outside j."""
        n = len(self.atoms)
        weight = np.zeros((n, n))
        for u, v, bits in self.atoms.edges:
            weight[u, v] = bits  # exact in a double: totals stay below 2**53, see `exact`
        member = self._member.astype(np.float64)
        leaving = np.rint(member @ weight @ (1.0 - member).T).astype(np.int64)
        return np.diag(leaving)[None, :] - leaving

    @property
    def exact(self) -> bool:
        """Whether its optimum is the optimum."""
        return self.complete and sum(w for _, _, w in self.atoms.edges) < 2**53

    def least_loads(self, parts: int) -> list[int | None]:
        """[k]: the least possible largest load of exactly k + 1 subgraphs, k < parts; None: impossible."""
        best = self._pair_load[0]
        out = [best[-1]]
        for _ in range(1, parts):
            best = np.maximum(best[:, None], self._pair_load).min(axis=0)
            out.append(best[-1])
        return [None if value >= NEVER else int(value) for value in out]

    def fewest_parts(self) -> int:
        """The fewest subgraphs that meet the budgets and cuts, if every atom alone meets the budgets."""
        valid = self._pair_load < NEVER
        steps = np.full(len(self.masks), NEVER)
        steps[0] = 0
        for j in range(1, len(self.masks)):
            steps[j] = np.where(valid[:, j], steps, NEVER).min() + 1
        return int(steps[-1])

    def best(self, parts: int, load_limit: int) -> Chain | None:
        """The fewest crossing bits with exactly `parts` subgraphs of at most `load_limit` each.

        Ties go to the smallest ideals, so the answer is a function of the problem alone.
        """
        cost = np.where(self._pair_load <= load_limit, self._pair_bits, NEVER)
        value = cost[0]
        came: list[NDArray[np.int64]] = []
        for _ in range(1, parts):
            through = value[:, None] + cost
            came.append(through.argmin(axis=0).astype(np.int64))
            value = np.minimum(through.min(axis=0), NEVER)
        if value[-1] >= NEVER:
            return None
        part = np.zeros(len(self.atoms), np.int64)
        at = len(self.masks) - 1
        load = 0
        for k in range(parts - 1, -1, -1):
            before = int(came[k - 1][at]) if k else 0
            part[self._member[at] & ~self._member[before]] = k
            load = max(load, int(self._pair_load[before, at]))
            at = before
        return Chain(tuple(int(k) for k in part), load, int(value[-1]))


def _span(member: NDArray[np.bool_], values: tuple[int, ...]) -> NDArray[np.int64]:
    """[i, j]: the sum of `values` over ideal j less that over ideal i."""
    total = member @ np.array(values, np.int64)
    return np.asarray(total[None, :] - total[:, None], np.int64)


def _masks(atoms: Atoms) -> tuple[list[int], list[list[int]]]:
    """(predecessors as a bit mask, successors) per atom."""
    before = [0] * len(atoms)
    after: list[list[int]] = [[] for _ in range(len(atoms))]
    for u, v, _ in atoms.edges:
        before[v] |= 1 << u
        after[u].append(v)
    return before, after


def _all_ideals(atoms: Atoms, limit: int) -> set[int] | None:
    """Every ideal as a bit mask, or None if there are more than `limit`."""
    before, after = _masks(atoms)
    start = frozenset(v for v in range(len(atoms)) if before[v] == 0)
    seen = {0}
    todo: list[tuple[int, frozenset[int]]] = [(0, start)]
    while todo:
        mask, front = todo.pop()
        for v in front:
            grown = mask | 1 << v
            if grown not in seen:
                if len(seen) == limit:
                    return None
                seen.add(grown)
                opened = {w for w in after[v] if before[w] & ~grown == 0}
                todo.append((grown, front - {v} | opened))
    return seen


def _prefixes(atoms: Atoms) -> set[int]:
    """The prefixes of a few linear extensions: breadth first, depth first, either side first, heavy or light first."""
    before, after = _masks(atoms)
    n = len(atoms)
    depth = [0] * n
    for u, v, _ in atoms.edges:
        depth[v] = max(depth[v], depth[u] + 1)
    crossing = [0] * n  # what an atom opens less what it closes: small first keeps few streams open
    for u, v, bits in atoms.edges:
        crossing[u] += bits
        crossing[v] -= bits
    orders: list[list[tuple[int, ...]]] = [
        [(v,) for v in range(n)],
        [(depth[v], v) for v in range(n)],
        [(depth[v], -v) for v in range(n)],
        [(-depth[v], v) for v in range(n)],
        [(-depth[v], -v) for v in range(n)],
        [(atoms.load[v], v) for v in range(n)],
        [(-atoms.load[v], v) for v in range(n)],
        [(crossing[v], v) for v in range(n)],
    ]
    out = {0}
    for key in orders:
        mask = 0
        ready = [v for v in range(n) if before[v] == 0]
        while ready:
            v = min(ready, key=key.__getitem__)
            ready.remove(v)
            mask |= 1 << v
            out.add(mask)
            ready += [w for w in after[v] if before[w] & ~mask == 0]
    return out
