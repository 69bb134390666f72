"""What is read across boundaries, for the longest paths through the subgraphs.

A path crosses a boundary between two subgraphs wherever an edge does. Edges that a longer path replaces do not matter: if their ends
part, so do two on the longer path. What is left of a neural network is hardly more than a chain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from split4ml.passes.solve.family import Family
from split4ml.passes.timing.jit import compiled

Ints = NDArray[np.int64]
Words = NDArray[np.uint64]

PLAIN, SPARING, LOOSE = range(3)
"""What a subgraph between two boundaries does to the longest path from the first of them on: it is longer by one than that from
the second on; or it may be as long; or nothing is known."""


@dataclass(frozen=True)
class Crossing:
    """sources: atoms that are read across each ideal, those of ideal i from begin[i] to begin[i + 1].

    readers, before: [atom, word] what reads an atom; the atom itself, and all that it depends on.
    """

    sources: Ints
    begin: Ints
    readers: Words
    before: Words

    @property
    def most(self) -> int:
        """Atoms that are read across a boundary."""
        return int(np.diff(self.begin).max())


def crossing(family: Family) -> Crossing:
    n = len(family.atoms)
    after: list[list[int]] = [[] for _ in range(n)]
    reach = [0] * n
    readers = [0] * n
    before = [1 << v for v in range(n)]
    for u, v in family.atoms.pairs:
        after[u].append(v)
    for u in range(n):
        for v in after[u]:
            before[v] |= before[u]
    for u in reversed(range(n)):
        beyond = 0
        for v in after[u]:
            reach[u] |= 1 << v | reach[v]
            beyond |= reach[v]
        readers[u] = sum(1 << v for v in after[u] if not beyond >> v & 1)
    size = family.packed.shape[1]
    sources: list[int] = []
    begin = [0]
    for mask in family.masks:
        sources += [u for u in range(n) if mask >> u & 1 and readers[u] & ~mask]
        begin.append(len(sources))
    return Crossing(
        np.array(sources, np.int64), np.array(begin, np.int64), _words(readers, size), _words(before, size)
    )


def joints(family: Family) -> list[int]:
    """[atom]: 1 if every other atom is before or behind it, or else 0. There is a longest path through all of them."""
    n = len(family.atoms)
    before = [1 << v for v in range(n)]
    behind = [1 << v for v in range(n)]
    for u, v in family.atoms.pairs:
        before[v] |= before[u]
    for u, v in reversed(family.atoms.pairs):
        behind[u] |= behind[v]
    return [int(before[v] | behind[v] == (1 << n) - 1) for v in range(n)]


def _words(masks: list[int], size: int) -> Words:
    words = np.frombuffer(b"".join(mask.to_bytes(8 * size, "little") for mask in masks), np.uint64)
    return words.reshape(len(masks), size)


@compiled
def kinds(
    first: NDArray[np.int32],
    begin: Ints,
    packed: Words,
    sources: Ints,
    source_begin: Ints,
    readers: Words,
    before: Words,
    out: NDArray[np.uint8],
) -> None:
    """out[pair]: PLAIN, SPARING or LOOSE; PLAIN if it is the first subgraph. first, begin: the pairs, sorted by the second ideal.
    packed: [ideal, word] members."""
    ideals, words = packed.shape
    for j in range(ideals):
        for p in range(begin[j], begin[j + 1] if j + 1 < ideals else len(first)):
            i = first[p]
            if source_begin[j] == source_begin[j + 1] and i > 0:
                none = j < ideals - 1 or source_begin[i] == source_begin[i + 1]
                out[p] = LOOSE if none else PLAIN
                continue
            out[p] = PLAIN
            if first[p] == 0:
                continue
            for g in range(source_begin[j], source_begin[j + 1]):
                target = sources[g]
                if packed[i, target >> 6] >> np.uint64(target & 63) & np.uint64(1):
                    # It may begin the longest path only if it is read by an atom that depends on nothing else that is read across j, but on
                    # what was read across i as well.
                    for r in range(len(readers)):
                        bit = np.uint64(1) << np.uint64(r & 63)
                        if not readers[target, r >> 6] & ~packed[j, r >> 6] & bit:
                            continue
                        covered = False
                        for h in range(source_begin[j], source_begin[j + 1]):
                            other = sources[h]
                            one = np.uint64(1) << np.uint64(other & 63)
                            if before[r, other >> 6] & one and not packed[i, other >> 6] & one:
                                covered = True
                        if not covered:
                            out[p] = max(out[p], SPARING)
                    continue
                fed = False
                for f in range(source_begin[i], source_begin[i + 1]):
                    for w in range(words):
                        if readers[sources[f], w] & before[target, w] & ~packed[i, w]:
                            fed = True
                if not fed:
                    out[p] = LOOSE


@compiled
def lift(
    first: NDArray[np.uint32],
    second: NDArray[np.uint32],
    nodes: Ints,
    profiles: Ints,
    near: Ints,
    far: Ints,
    packed: Words,
    sources: Ints,
    source_begin: Ints,
    readers: Words,
    before: Words,
    layer: int,
    debt: int,
    width: int,
    behind: int,
    out: Ints,
) -> int:
    """What becomes of profiles behind a subgraph: rows of out are the pair, the profile before it (its number), and the profile behind it.

    first, second: pairs of nodes; profiles of node i from nodes[i] to nodes[i + 1]. near, far: the ideals of the nodes. layer: that of the subgraph.
    debt: boundaries that paths have to be spared; behind: subgraphs that follow. A field of a profile is `width` bits: what paths have yet to be
    spared, the longest at all in the first, and those to each atom that is read across the boundary in the others.
    Returns the rows used.
    """
    words = packed.shape[1]
    mask = (1 << width) - 1
    last = len(packed) - 1
    used = 0
    for p in range(len(first)):
        i, j = near[first[p]], far[second[p]]
        f0, f1, g0, g1 = source_begin[i], source_begin[i + 1], source_begin[j], source_begin[j + 1]
        read = 0  # by the subgraph
        for f in range(f0, f1):
            for w in range(words):
                if readers[sources[f], w] & packed[j, w] & ~packed[i, w]:
                    read |= 1 << (f - f0)
        start = used
        for x in range(nodes[first[p]], nodes[first[p] + 1]):
            now = max((profiles[x] & mask) - 1, 0)
            for f in range(f1 - f0):
                if read >> f & 1:
                    now = max(now, profiles[x] >> (width * (f + 1)) & mask)
            out[used, 0], out[used, 1], out[used, 2] = p, x, now
            used += 1
        for g in range(g0, g1):
            target = sources[g]
            carried = -1
            feed = 0
            for f in range(f0, f1):
                if sources[f] == target:
                    carried = f - f0
                for w in range(words):
                    if readers[sources[f], w] & before[target, w] & ~packed[i, w]:
                        feed |= 1 << (f - f0)
                        break
            for u in range(start, used):
                old = profiles[out[u, 1]]
                value = 0
                if carried >= 0:
                    value = max((old >> (width * (carried + 1)) & mask) - 1, 0)
                elif feed == 0:
                    value = max(debt - layer, 0)
                for f in range(f1 - f0):
                    if carried < 0 and feed >> f & 1:
                        value = max(value, old >> (width * (f + 1)) & mask)
                now = max(out[u, 2] & mask, value + 1)  # a boundary more will be on that path
                out[u, 2] = (out[u, 2] & ~mask) | now | value << (width * (g - g0 + 1))
        keep = start
        for u in range(start, used):
            now = out[u, 2] & mask
            if now <= behind and (j < last or now == 0):
                out[keep, 0], out[keep, 1], out[keep, 2] = out[u, 0], out[u, 1], out[u, 2]
                keep += 1
        used = keep
    return used
