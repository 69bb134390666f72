"""The compiled search over pairs of lists, each in a tree of boxes (passes/solve/wide.py)."""

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


@compiled
def members(
    group: Ints,
    begin: Ints,
    least: Ints,
    amounts: Ints,
    used: Ints,
    caps: Ints,
    whole: int,
    tied: int,
    at: Ints,
    sums: Ints,
    tail: Ints,
    filled: Ints,
    best: Ints,
    effort: int,
) -> int:
    """The best choice of a member of each group that keeps to `caps`, which fall with it.

    group: of each branch. begin, least, amounts, used: as of passes/solve/groups.py. caps: of each column. tied: as in `join`.
    at: [branch + 1] the member that is next, and how many branches have theirs; less than 0: from the beginning. sums, filled: [branch + 1]
    of those before, the first of them given. tail: [branch + 1, column] scratch. best: the members found, and 1 behind them if there are any.
    Returns what is left of the effort; if nothing is, there is more to be done.
    """
    count, columns = len(group), len(caps)
    if at[count] < 0:
        for c in range(columns):
            tail[count, c] = 0
        for b in range(count - 1, -1, -1):
            for c in range(columns):
                tail[b, c] = tail[b + 1, c] + least[group[b], c]
        if count == 0:
            if filled[0] == whole and _fits(sums, 0, tail, 0, caps):
                best[0] = 1
                _better(sums, 0, caps, tied)
            return effort
        at[count] = 0
        at[0] = begin[group[0]]
    depth = at[count]
    while effort > 0:
        effort -= 1
        if at[depth] == begin[group[depth] + 1]:
            if depth == 0:
                at[count] = -1
                return effort
            depth -= 1
            continue
        m = at[depth]
        at[depth] += 1
        fits = True
        for c in range(columns - 1, -1, -1):
            total = sums[depth, c] + amounts[m, c]
            sums[depth + 1, c] = total
            if total + tail[depth + 1, c] > caps[c]:
                fits = False
                if c == columns - 1:  # the bits, and members after this one have more
                    at[depth] = begin[group[depth] + 1]
                break
        if not fits:
            continue
        filled[depth + 1] = filled[depth] | used[m]
        if depth + 1 < count:
            depth += 1
            at[depth] = begin[group[depth]]
        elif filled[count] == whole:
            for b in range(count):
                best[b] = at[b] - 1
            best[count] = 1
            _better(sums, count, caps, tied)
    at[count] = depth
    return 0


@inlined
def _better(sums: Ints, row: int, caps: Ints, tied: int) -> None:
    """Asks for more than this row has."""
    columns = len(caps)
    if tied == 0:
        caps[columns - 1] = sums[row, columns - 1] - 1
        return
    largest = sums[row, 0]
    for d in range(1, tied):
        largest = max(largest, sums[row, d])
    for d in range(tied):
        caps[d] = largest - 1


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
    begin: Ints,
    least: Ints,
    amounts: Ints,
    used: Ints,
    caps: Ints,
    group: Ints,
    at: Ints,
    sums: Ints,
    tail: Ints,
    filled: Ints,
    best: Ints,
    stack: Ints,
    state: Ints,
    effort: int,
) -> None:
    """The best pair of rows, one of each list, whose columns add up to no more than `limits`, and the best members of their groups.

    rows: [row, column] the amounts, then the bits, then the cost. used: [row] bits of the subgraphs that are not empty. chosen: [row, branch]
    groups. nodes: [node, 3] first row, end, first of two children or -1; least: [node, column] the least of its rows.
    limits, caps: of the rows' columns and of the members'; fall as better ones are found: bits and cost, or, if `tied`, that many first columns.
    whole: `used` of all subgraphs. begin .. best: as in `members`.
    stack: [entry, 2] pairs of nodes still to be looked at. state: how many these are, and the rows where to go on in the last of them.
    Returns when all is done, and the stack is empty, or when the effort is spent.
    """  # fmt: skip
    across, count = a_chosen.shape[1], len(group)
    while state[0] > 0 and effort > 0:
        x, y = stack[state[0] - 1, 0], stack[state[0] - 1, 1]
        effort -= 1
        if not _fits(a_least, x, b_least, y, limits):
            state[0] -= 1
            state[1] = -1
            continue
        if a_nodes[x, 2] < 0 and b_nodes[y, 2] < 0:
            first, last = b_nodes[y, 0], b_nodes[y, 1]
            if state[1] < 0:
                state[1], state[2] = a_nodes[x, 0], first
            i, j = state[1], state[2]
            while i < a_nodes[x, 1] and effort > 0:
                if at[count] < 0:
                    effort -= 1
                    if j == first and not _fits(a_rows, i, b_least, y, limits):
                        i += 1
                        continue
                    before = j
                    while j < last and not (
                        _fits(a_rows, i, b_rows, j, limits) and a_used[i] | b_used[j] == whole
                    ):
                        j += 1
                    effort -= j - before
                    if j == last:
                        i, j = i + 1, first
                        continue
                    for c in range(count):
                        group[c] = a_chosen[i, c] if c < across else b_chosen[j, c - across]
                effort = members(
                    group,
                    begin,
                    least,
                    amounts,
                    used,
                    caps,
                    whole,
                    tied,
                    at,
                    sums,
                    tail,
                    filled,
                    best,
                    effort,
                )
                if at[count] < 0:
                    j += 1
                for d in range(len(limits) - 2):
                    limits[d] = caps[d]
                limits[len(limits) - 1] -= limits[len(limits) - 2] - caps[len(caps) - 1]
                limits[len(limits) - 2] = caps[len(caps) - 1]
            state[1], state[2] = i, j
            if i == a_nodes[x, 1]:
                state[0] -= 1
                state[1] = -1
            continue
        state[0] -= 1
        top = state[0]
        if b_nodes[y, 2] < 0 or (
            a_nodes[x, 2] >= 0 and a_nodes[x, 1] - a_nodes[x, 0] >= b_nodes[y, 1] - b_nodes[y, 0]
        ):
            for side in range(2):
                stack[top + side, 0], stack[top + side, 1] = a_nodes[x, 2] + side, y
        else:
            for side in range(2):
                stack[top + side, 0], stack[top + side, 1] = x, b_nodes[y, 2] + side
        state[0] += 2


@compiled
def cross(
    rows: Ints,
    used: Ints,
    chosen: Small,
    added: Ints,
    own: Ints,
    budget: int,
    room: Ints,
    worth: Ints,
    most: Ints,
    out: Ints,
    out_used: Ints,
    out_chosen: Small,
    at: Ints,
    effort: int,
) -> int:
    """Adds every option of a branch to every row, if the cost stays within `budget` and the first columns within `room`.

    rows, used, chosen: as in `join`. added: [option, column], the least cost first; own: [option] bits of its subgraphs. at: the row and the
    option to go on with, moved on. worth, most: as of Completion.limits. Returns how many rows of `out` are used: it is full, all is done (at[0] is behind the rows), or the effort
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
        for d in range(len(room)):
            if rows[i, d] + added[o, d] > room[d]:
                fits = False
                break
        work += 1
        if fits:
            for d in range(columns):
                out[filled, d] = rows[i, d] + added[o, d]
            for m in range(len(most)):
                total = 0
                for d in range(columns - 1):
                    total += worth[m, d] * out[filled, d]
                if total > most[m]:
                    fits = False
                    break
            work += 1
        if fits:
            out_used[filled] = used[i] | own[o]
            for x in range(before):
                out_chosen[filled, x] = chosen[i, x]
            out_chosen[filled, before] = o
            filled += 1
        o += 1
    at[0], at[1] = i, o
    return filled


@compiled
def curve(rows: Ints, low: Ints, shifts: Ints, bits: int, key: Ints) -> None:
    """Where each row is on Morton's curve through as many first columns as `low` has, of `bits` bits each."""
    columns = len(low)
    for i in range(len(rows)):
        found = 0
        for d in range(columns):
            scaled = (rows[i, d] - low[d]) >> shifts[d]
            for bit in range(bits):
                found |= (scaled >> bit & 1) << (bit * columns + d)
        key[i] = found
