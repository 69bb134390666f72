"""Compiled loops of the multi-objective dynamic program (passes/solve/labels.py)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from split4ml.passes.timing.jit import compiled, inlined

Ints = NDArray[np.int64]
Cells = NDArray[np.uint32]

COSTS = 4
"""Columns of a label: three of which the largest counts, and the bits, which add up."""
NEVER = 2**61
"""More than anything costs."""


@inlined
def _beats(costs: Ints, one: int, a: int, b: int, c: int, d: int) -> bool:
    return bool(costs[0, one] <= a and costs[1, one] <= b and costs[2, one] <= c and costs[3, one] <= d)


@inlined
def _beaten(costs: Ints, one: int, a: int, b: int, c: int, d: int) -> bool:
    return bool(costs[0, one] >= a and costs[1, one] >= b and costs[2, one] >= c and costs[3, one] >= d)


@inlined
def _trade(costs: Ints, cells: Cells, origin: Ints, one: int, other: int) -> None:
    """The one trades places with the other."""
    for x in range(COSTS):
        costs[x, one], costs[x, other] = costs[x, other], costs[x, one]
    for x in range(3):
        cells[one, x], cells[other, x] = cells[other, x], cells[one, x]
    for x in range(2):
        origin[one, x], origin[other, x] = origin[other, x], origin[one, x]


@inlined
def _known(
    costs: Ints, cells: Cells, origin: Ints, base: int, used: int, a: int, b: int, c: int, d: int
) -> bool:
    """Whether one of the labels from base to used is no worse. It goes to the front, as it will beat others, too."""
    for r in range(base, used):
        if _beats(costs, r, a, b, c, d):
            _trade(costs, cells, origin, r, base + (r - base) // 8)
            return True
    return False


@compiled
def extend(
    first: Cells,
    begin: Ints,
    added: Ints,
    cell: Cells,
    labels: Ints,
    cells: Cells,
    offsets: Ints,
    least: Ints,
    least_cell: Cells,
    slack: NDArray[np.int32],
    shift: int,
    shape: Cells,
    out: Ints,
    out_cells: Cells,
    origin: Ints,
    ends: Ints,
    place: Ints,
    effort: int,
) -> None:
    """Labels behind one subgraph more.

    first, begin, added, cell: the pairs, those with the second node j from begin[j] to begin[j + 1]: what each adds, and its cell.
    labels: [label, 4] costs, cells: [label, 3]; those of node i are at offsets[i] .. offsets[i + 1], those with few bits first; least,
    least_cell: the least of each node. slack: [node, cell] units of bits that are too many.
    out: [4, label]; out_cells, origin, ends: labels, the label and the pair that each comes from, and where those of each node end.
    place: the next node, its next pair, and the labels used; there are nodes left if `out` is full or the effort is spent.
    """
    nodes = len(begin) - 1
    n1, n2 = shape[1], shape[2]
    work = 0
    used = place[2]
    for j in range(place[0], nodes):
        base = ends[j]
        for p in range(max(begin[j], place[1]), begin[j + 1]):
            i = first[p]
            if offsets[i] == offsets[i + 1]:
                continue
            x0, y0, z0 = cell[p, 0], cell[p, 1], cell[p, 2]
            d0 = added[p, 3]
            at = (max(least_cell[i, 0], x0) * n1 + max(least_cell[i, 1], y0)) * n2 + max(least_cell[i, 2], z0)
            work += 1
            if (least[i, 3] + d0) >> shift >= slack[j, at]:
                continue
            if work > effort or used + offsets[i + 1] - offsets[i] > out.shape[1]:
                place[0], place[1], place[2] = j, p, used
                return
            a0, b0, c0 = added[p, 0], added[p, 1], added[p, 2]
            low_b, low_c = NEVER, NEVER
            for q in range(offsets[i], offsets[i + 1]):
                work += 1
                # Labels come with more and more bits. One before that is no larger than the subgraph in all but one cost beats those that
                # have as much in that one.
                a, b, c = labels[q, 0], labels[q, 1], labels[q, 2]
                if b >= low_b:
                    if low_b <= b0:
                        break
                    continue
                if c >= low_c:
                    continue
                if a <= a0:
                    if c <= c0:
                        low_b = b
                    if b <= b0:
                        low_c = c
                x, y, z = max(cells[q, 0], x0), max(cells[q, 1], y0), max(cells[q, 2], z0)
                d = labels[q, 3] + d0
                if d >> shift >= slack[j, (x * n1 + y) * n2 + z]:
                    continue
                a, b, c = max(a, a0), max(b, b0), max(c, c0)
                work += used - base
                if _known(out, out_cells, origin, base, used, a, b, c, d):
                    continue
                keep = base
                for r in range(base, used):
                    if not _beaten(out, r, a, b, c, d):
                        if keep < r:
                            _trade(out, out_cells, origin, keep, r)
                        keep += 1
                used = keep
                out[0, used], out[1, used], out[2, used], out[3, used] = a, b, c, d
                out_cells[used, 0], out_cells[used, 1], out_cells[used, 2] = x, y, z
                origin[used, 0], origin[used, 1] = q, p
                used += 1
        ends[j + 1] = used
        place[1] = 0
    place[0], place[2] = nodes, used


@compiled
def choose(costs: Ints, rivals: Ints, keep: NDArray[np.bool_]) -> None:
    """keep[row]: whether no rival and no other row is no worse. costs: [row, 4] in lexical order."""
    for r in range(len(costs)):
        a, b, c, d = costs[r, 0], costs[r, 1], costs[r, 2], costs[r, 3]
        worth = True
        for x in range(len(rivals)):
            if rivals[x, 0] <= a and rivals[x, 1] <= b and rivals[x, 2] <= c and rivals[x, 3] <= d:
                worth = False
                break
        for x in range(r if worth else 0):
            if keep[x] and costs[x, 1] <= b and costs[x, 2] <= c and costs[x, 3] <= d:
                worth = False
                break
        keep[r] = worth
