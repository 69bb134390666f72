"""Ideals: sets of atoms closed under predecessors. A boundary between subgraphs is one.

A partition into N convex subgraphs with an acyclic quotient is a chain {} = I0 < I1 < ... < IN = all. Neural networks have
few ideals: n + 1 for a chain, little more for residual networks, several n for parallel branches; only many long parallel
branches have too many, and then a family that is not complete still yields valid partitions.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from split4ml.passes.solve.atoms import Atoms

LIMIT = 16_000
"""Ideals at most."""
SOME = 4_000
"""Ideals that come from linear extensions, if all are too many."""

Ints = NDArray[np.int64]


class Family:
    """Ideals of `atoms`, those with less load first, with the empty one and the whole; `complete`: all that may be boundaries.

    member: [ideal, atom]. packed: the same as words of 64 bits. load: of each ideal.
    """

    def __init__(self, atoms: Atoms, orders: int | None = None) -> None:
        """orders: those of so many linear extensions only; None: all, or those of several extensions if there are too many."""
        self.atoms = atoms
        masks = _boundaries(atoms, LIMIT) if orders is None else None
        self.complete = masks is not None
        if masks is None:
            masks = _prefixes(atoms, orders or max(1, SOME // len(atoms)))
        ordered = sorted(masks)
        size = -(-len(atoms) // 64)
        words = b"".join(mask.to_bytes(8 * size, "little") for mask in ordered)
        packed = np.frombuffer(words, np.uint64).reshape(len(ordered), size)
        bits = np.unpackbits(packed.view(np.uint8), axis=1, bitorder="little")
        member = bits[:, : len(atoms)].astype(np.bool_)
        load = np.asarray(member @ np.array(atoms.load, np.int64), np.int64)
        order = np.lexsort((member.sum(axis=1), load))
        self.masks = [ordered[at] for at in order]
        self.packed, self.member, self.load = packed[order], member[order], load[order]

    def __len__(self) -> int:
        return len(self.masks)

    def weigh(self, values: Sequence[int]) -> Ints:
        """[ideal]: the sum of its atoms' values."""
        return np.asarray(self.member @ np.array(values, np.int64), np.int64)

    @cached_property
    def index(self) -> dict[int, int]:
        return {mask: at for at, mask in enumerate(self.masks)}


def _masks(atoms: Atoms) -> tuple[list[int], list[list[int]]]:
    """(predecessors as a bit mask, successors) per atom."""
    before = [0] * len(atoms)
    after: list[list[int]] = [[] for _ in range(len(atoms))]
    for u, v, _ in atoms.edges:
        before[v] |= 1 << u
        after[u].append(v)
    return before, after


def _boundaries(atoms: Atoms, limit: int) -> set[int] | None:
    """Every ideal that may be a boundary as a bit mask, or None if there are more than `limit`."""
    return _unions(atoms, limit) if atoms.inner else _all_ideals(atoms, limit)


def _all_ideals(atoms: Atoms, limit: int) -> set[int] | None:
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


def _unions(atoms: Atoms, limit: int) -> set[int] | None:
    """What is behind a boundary begins with atoms that may begin it: it is a union of such atoms with all behind them."""
    n = len(atoms)
    behind = [1 << v for v in range(n)]
    for u, v, _ in reversed(atoms.edges):
        behind[u] |= behind[v]
    inner = {v for v, _ in atoms.inner}
    starts = [behind[v] for v in range(n) if v not in inner]
    everything = (1 << n) - 1
    seen = {0}
    todo = [0]
    while todo:
        mask = todo.pop()
        for tail in starts:
            grown = mask | tail
            if grown not in seen:
                if len(seen) == limit:
                    return None
                seen.add(grown)
                todo.append(grown)
    # An atom with several tasks may come behind one of them and still begin with another.
    return {ideal for mask in seen if may_begin(atoms, ideal := everything & ~mask)} | {0}


def _prefixes(atoms: Atoms, count: int) -> set[int]:
    """Prefixes of a few linear extensions that may be boundaries: breadth first, depth first, heavy or light first, …"""
    n = len(atoms)
    depth = [0] * n
    for u, v, _ in atoms.edges:
        depth[v] = max(depth[v], depth[u] + 1)
    crossing = [0] * n  # what an atom opens less what it closes: small first keeps few streams open
    for u, v, bits in atoms.edges:
        crossing[u] += bits
        crossing[v] -= bits
    orders: list[list[tuple[int, ...]]] = [
        [(crossing[v], v) for v in range(n)],
        [(v,) for v in range(n)],
        [(depth[v], v) for v in range(n)],
        [(depth[v], -v) for v in range(n)],
        [(-depth[v], v) for v in range(n)],
        [(-depth[v], -v) for v in range(n)],
        [(atoms.load[v], v) for v in range(n)],
        [(-atoms.load[v], v) for v in range(n)],
    ]
    out = {mask for key in orders[:count] for mask in prefixes(atoms, key)}
    return {mask for mask in out if may_begin(atoms, mask)}


def prefixes(atoms: Atoms, key: Sequence[tuple[int, ...]]) -> list[int]:
    """The ideals of one linear extension: of the atoms that are ready, the one with the least key comes next."""
    before, after = _masks(atoms)
    ready = [v for v in range(len(atoms)) if before[v] == 0]
    mask, out = 0, [0]
    while ready:
        v = min(ready, key=key.__getitem__)
        ready.remove(v)
        mask |= 1 << v
        out.append(mask)
        ready += [w for w in after[v] if before[w] & ~mask == 0]
    return out


def may_begin(atoms: Atoms, mask: int) -> bool:
    """Whether subgraphs may begin behind this ideal."""
    if mask == 0:
        return True
    return all(mask >> v & 1 or any(not mask >> u & 1 for u in before) for v, before in atoms.inner)
