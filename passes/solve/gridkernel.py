"""Compiled loops of the bounds that prune labels (passes/solve/grid.py). Cells are numbered by three coordinates, the last one fastest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from split4ml.passes.solve.crossing import LOOSE, SPARING
from split4ml.passes.timing.jit import compiled, inlined

Ints = NDArray[np.int64]
Counts = NDArray[np.int32]
Cells = NDArray[np.uint32]

UNIT = 2**25
"""Bits are counted in units of which there are no more."""
NONE = 4 * UNIT
"""Where there is no partition: this or more."""
NOTHING = 3 * UNIT
"""More than what any partition has that is put together from two parts of the tables."""


@inlined
def _lighten(
    near: Counts,
    s: int,
    i: int,
    far: Counts,
    q: int,
    j: int,
    added: int,
    cell: Cells,
    p: int,
    shape: Cells,
    mask: Counts,
) -> None:
    """near[s, i]: no more than far[q, j] and what pair p adds, in the cells that hold the pair."""
    n0, n1, n2 = shape
    z = cell[p, 2]
    for x in range(cell[p, 0], n0):
        plane = x * n1 * n2
        for c in range(cell[p, 1] * n2, n1 * n2):
            near[s, i, plane + c] = min(near[s, i, plane + c], far[q, j, plane + c] + added + mask[z, c])


@inlined
def _before(q: int, kind: int) -> int:
    """Boundaries that paths have yet to be spared, if q had to be without a subgraph of that kind."""
    if kind == SPARING:
        return max(q - 1, 0)
    return 0 if kind == LOOSE else q


@compiled
def extend(
    near: Cells,
    far: Cells,
    cell: Cells,
    bits: Counts,
    kind: NDArray[np.uint8],
    shape: Cells,
    mask: Counts,
    known: Counts,
    out: Counts,
) -> None:
    """The fewest bits of one subgraph more: out[spared, near node, cell] from known[spared, far node, cell]. Backwards if near are the first
    nodes of the pairs, forwards if they are the second.

    mask: NONE in the cells of a plane, but for those with a last coordinate of at least so much.
    """
    spared, last = known.shape[0], known.shape[2] - 1
    for p in range(len(near)):
        for s in range(spared):
            q = _before(s, kind[p])
            if known[q, far[p], last] < NONE:
                _lighten(out, s, near[p], known, q, far[p], bits[p], cell, p, shape, mask)


@compiled
def alive(before: Counts, behind: Counts, least: Counts, spared: int, out: NDArray[np.bool_]) -> None:
    """out[node]: whether it may be in a partition that has fewer bits in some cell than least[cell]."""
    for i in range(len(out)):
        found = False
        for q in range(spared + 1):
            fewer = 0
            for c in range(len(least)):
                fewer += before[q, i, c] + behind[spared - q, i, c] < least[c]
            found |= fewer > 0
        out[i] = found


@compiled
def useful(
    first: Cells,
    second: Cells,
    cell: Cells,
    bits: Counts,
    kind: NDArray[np.uint8],
    shape: Cells,
    mask: Counts,
    before: Counts,
    behind: Counts,
    least: Counts,
    spared: int,
    near: NDArray[np.bool_],
    far: NDArray[np.bool_],
    out: NDArray[np.bool_],
) -> None:
    """out[pair]: the same of a pair. near, far: of its nodes."""
    n0, n1, n2 = shape
    last = n0 * n1 * n2 - 1
    for p in range(len(first)):
        i, j = first[p], second[p]
        if not (near[i] and far[j]):
            continue
        left = _before(spared, kind[p])
        y, z = cell[p, 1], cell[p, 2]
        for q in range(left + 1):
            if before[q, i, last] >= NONE or behind[left - q, j, last] >= NONE:
                continue
            fewer = 0
            for x in range(cell[p, 0], n0):
                plane = x * n1 * n2
                for c in range(y * n2, n1 * n2):
                    total = before[q, i, plane + c] + behind[left - q, j, plane + c] + mask[z, c]
                    fewer += total < least[plane + c] - bits[p]
            if fewer:
                out[p] = True
                break


@compiled
def walk(
    first: Cells, begin: Ints, cell: Cells, bits: Counts, shape: Cells, before: Counts, chains: Counts, k: int
) -> None:
    """chains[cell, k]: the node behind subgraph k - 1 of a partition of the fewest bits in each cell, if chains[cell, k + 1] is that behind
    subgraph k; -1: there is none.

    begin: where the pairs of each second node begin. before: [node, cell] the fewest bits of what comes before subgraph k.
    """
    n1, n2 = shape[1], shape[2]
    for at in range(len(chains)):
        x, y, z = at // (n1 * n2), at // n2 % n1, at % n2
        node = chains[at, k + 1]
        least, chosen = NONE, -1
        if node >= 0:
            for p in range(begin[node], begin[node + 1]):
                if cell[p, 0] <= x and cell[p, 1] <= y and cell[p, 2] <= z:
                    total = before[first[p], at] + bits[p]
                    if total < least:
                        least, chosen = total, first[p]
        chains[at, k] = chosen


@compiled
def slack(behind: Counts, least: Counts, shape: Cells, out: Counts) -> None:
    """out[spared, ideal, cell]: a label with so many bits, or more, is worse than what is known, whatever comes behind it.

    behind: [spared, ideal, cell], the fewest bits of the rest. least: [cell], the fewest known.
    """
    spared, ideals, cells = behind.shape
    n0, n1, n2 = shape
    for s in range(spared):
        for j in range(ideals):
            if behind[s, j, cells - 1] >= NONE:
                for c in range(cells):
                    out[s, j, c] = -NONE
                continue
            for c in range(cells):
                out[s, j, c] = least[c] - behind[s, j, c]
            # the most in any cell that is no less
            for x in range(n0):
                for y in range(n1):
                    for z in range(n2 - 1):
                        c = (x * n1 + y) * n2 + n2 - 2 - z
                        out[s, j, c] = max(out[s, j, c], out[s, j, c + 1])
            for x in range(n0):
                for y in range(n1 - 1):
                    row = (x * n1 + n1 - 2 - y) * n2
                    for c in range(row, row + n2):
                        out[s, j, c] = max(out[s, j, c], out[s, j, c + n2])
            for x in range(n0 - 1):
                plane = (n0 - 2 - x) * n1 * n2
                for c in range(plane, plane + n1 * n2):
                    out[s, j, c] = max(out[s, j, c], out[s, j, c + n1 * n2])
