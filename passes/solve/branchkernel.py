"""The compiled search over pairs of lists, each in a tree of boxes (passes/solve/branches.py)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from split4ml.passes.timing.jit import compiled, inlined

Ints = NDArray[np.int64]
Small = NDArray[np.int32]


@inlined
def _fits(one: Ints, a: int, other: Ints, b: int, limits: Ints) -> bool:
    for d in range(len(limits)):
        if one[a, d] + other[b, d] > limits[d]:
            return False
    return True


@inlined
def _keeps_rest(chosen: Small, a: int, other: Small, b: int, rest: Ints, most: Ints) -> bool:
    """Whether the options of both add up to no more than `most` in all that the lists do not hold."""
    for d in range(len(most)):
        total = 0
        for x in range(chosen.shape[1]):
            total += rest[chosen[a, x], d]
        for x in range(other.shape[1]):
            total += rest[other[b, x], d]
        if total > most[d]:
            return False
    return True


@compiled
def join(
    a_rows: Ints,
    a_used: Ints,
    a_chosen: Small,
    a_nodes: Ints,
    a_least: Ints,
    b_rows: Ints,
    b_used: Ints,
    b_chosen: Small,
    b_nodes: Ints,
    b_least: Ints,
    limits: Ints,
    tied: int,
    whole: int,
    rest: Ints,
    most: Ints,
    stack: Ints,
    top: int,
    found: Ints,
    effort: int,
) -> int:
    """The best pair of rows, one of each list, whose columns add up to no more than `limits`.

    rows: [row, column] the amounts, the bits last. used: [row] bits of the subgraphs that are not empty. chosen: [row, branch] options.
    nodes: [node, 3] first row, end, first of two children or -1; least: [node, column] the least of its rows.
    limits: fall as better pairs are found: of the bits, or, if `tied`, of that many first columns together.
    whole: `used` of all subgraphs. rest, most: [option, column] further amounts, and what they add up to at most.
    stack: [entry, 2] pairs of nodes still to be looked at, `top` of them. found: the two rows. Returns what is left on the stack: 0 when
    all is done, else the effort is spent.
    """  # fmt: skip
    columns = len(limits)
    work = 0
    while top > 0 and work < effort:
        top -= 1
        x, y = stack[top, 0], stack[top, 1]
        work += 1
        if not _fits(a_least, x, b_least, y, limits):
            continue
        if a_nodes[x, 2] < 0 and b_nodes[y, 2] < 0:
            for i in range(a_nodes[x, 0], a_nodes[x, 1]):
                work += 1
                if not _fits(a_rows, i, b_least, y, limits):
                    continue
                for j in range(b_nodes[y, 0], b_nodes[y, 1]):
                    work += 1
                    if not _fits(a_rows, i, b_rows, j, limits) or a_used[i] | b_used[j] != whole:
                        continue
                    work += columns
                    if not _keeps_rest(a_chosen, i, b_chosen, j, rest, most):
                        continue
                    found[0], found[1] = i, j
                    if tied == 0:
                        limits[columns - 1] = a_rows[i, columns - 1] + b_rows[j, columns - 1] - 1
                        continue
                    largest = a_rows[i, 0] + b_rows[j, 0]
                    for d in range(1, tied):
                        largest = max(largest, a_rows[i, d] + b_rows[j, d])
                    for d in range(tied):
                        limits[d] = largest - 1
        elif b_nodes[y, 2] < 0 or (
            a_nodes[x, 2] >= 0 and a_nodes[x, 1] - a_nodes[x, 0] >= b_nodes[y, 1] - b_nodes[y, 0]
        ):
            for side in range(2):
                stack[top, 0], stack[top, 1] = a_nodes[x, 2] + side, y
                top += 1
        else:
            for side in range(2):
                stack[top, 0], stack[top, 1] = x, b_nodes[y, 2] + side
                top += 1
    return top


@compiled
def cross(
    rows: Ints,
    used: Ints,
    chosen: Small,
    added: Ints,
    own: Ints,
    budget: int,
    room: Ints,
    out: Ints,
    out_used: Ints,
    out_chosen: Small,
    at: Ints,
    effort: int,
) -> int:
    """Adds every option of a branch to every row, if the bits stay within `budget` and the other columns within `room`.

    rows, used, chosen: as in `join`. added: [option, column], the fewest bits first; own: [option] bits of its subgraphs. at: the row and the
    option to go on with, moved on. Returns how many rows of `out` are used: it is full, all is done (at[0] is behind the rows), or the effort
    is spent.
    """  # fmt: skip
    columns = rows.shape[1]
    before = chosen.shape[1]
    work, filled = 0, 0
    i, o = at[0], at[1]
    while i < len(rows) and work < effort and filled < len(out):
        if o == len(added) or rows[i, columns - 1] + added[o, columns - 1] > budget:
            i, o = i + 1, 0
            work += 1
            continue
        fits = True
        for d in range(columns - 1):
            if rows[i, d] + added[o, d] > room[d]:
                fits = False
                break
        work += 1
        if fits:
            for d in range(columns):
                out[filled, d] = rows[i, d] + added[o, d]
            out_used[filled] = used[i] | own[o]
            for x in range(before):
                out_chosen[filled, x] = chosen[i, x]
            out_chosen[filled, before] = o
            filled += 1
        o += 1
    at[0], at[1] = i, o
    return filled
