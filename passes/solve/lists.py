"""Sums of groups of options (passes/solve/groups.py) of several branches, in lists; and the pairs of rows, of two lists, that keep all limits.

Every row has what the subgraphs take of the limit that matters most, its bits, and its cost (passes/solve/multipliers.py), by which rows are
left out: what is in no partition of few enough bits costs too much.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from split4ml.passes.solve import branchkernel
from split4ml.passes.solve.clock import Clock
from split4ml.passes.solve.completion import Completion
from split4ml.passes.solve.groups import Branch, Members
from split4ml.passes.solve.options import UNBOUNDED, Ints

ROWS = 2_000_000
"""Of a list that is held as a whole; the other one is made piece by piece."""
SOME = 16_000
"""Rows that are made before it pays to learn from them."""
PIECES = 16
LEAF = 32
"""Rows of a box that is not divided."""
EFFORT = 40_000_000
"""Comparisons between looks at the clock: a fraction of a second."""
EVERY = 12
"""Branches up to which every way to halve them is tried."""
BINS = 256
NEVER = 2**61
"""More than any sum."""


class TooWide(Exception):
    """The lists would be too long."""


@dataclass(frozen=True)
class Rows:
    """amounts: [row, subgraph] of the limit that matters most, then the bits, then the cost. used: subgraphs that are not empty.
    chosen: [row, branch] groups."""

    amounts: Ints
    used: Ints
    chosen: NDArray[np.int32]


@dataclass(frozen=True)
class Tree:
    """nodes, least: as in branchkernel.join."""

    rows: Rows
    nodes: Ints
    least: Ints


@dataclass(frozen=True)
class Half:
    """Some of the branches, and what their groups cost at most together."""

    branches: tuple[Branch, ...]
    budget: int


@dataclass(frozen=True)
class Bounds:
    """What the members of a pair of rows keep.

    caps: [limit x subgraph], then of the bits; they fall with every pair that is found. cost: of a pair of rows. base: what the subgraphs take
    anyway of the first limit; of the others it has been subtracted. used: subgraphs that are not empty anyway. tied: whether the greatest of
    the first amounts is to fall, rather than the bits.
    """

    caps: Ints
    cost: int
    base: Ints
    used: int
    tied: bool


def pieces(half: Half, room: Ints, completion: Completion, clock: Clock) -> Iterator[Rows]:
    """All sums of groups of a half that others can complete, piece by piece. room: for the amounts. Raises TooWide if they are too many, and
    TimeUp."""
    parts = len(room)
    rows = Rows(np.zeros((1, parts + 2), np.int64), np.zeros(1, np.int64), np.zeros((1, 0), np.int32))
    least = sum(int(branch.cost[0]) for branch in half.branches)
    for at, branch in enumerate(half.branches):
        least -= int(branch.cost[0])
        crossed = _crossed(rows, half.branches[: at + 1], half.budget - least, room, completion, clock)
        if at == len(half.branches) - 1:
            yield from crossed
            return
        rows = joined(crossed)
        order = np.argsort(rows.amounts[:, -1], kind="stable")
        rows = Rows(rows.amounts[order], rows.used[order], rows.chosen[order])
    yield rows


def _crossed(
    rows: Rows, inside: Sequence[Branch], budget: int, room: Ints, completion: Completion, clock: Clock
) -> Iterator[Rows]:
    """Every row with every group of the last branch, if it costs no more than the budget, the limit that matters most is kept, and the other
    branches do not add too much in any case."""
    branch = inside[-1]
    own = np.concatenate((branch.amounts, branch.bits[:, None], branch.cost[:, None]), axis=1)
    at = np.zeros(2, np.int64)
    worth, most = completion.limits(inside)
    size, chunks = SOME, 0
    while at[0] < len(rows.used) or not at.any():
        clock.check()
        out = np.empty((size, own.shape[1]), np.int64)
        used = np.empty(size, np.int64)
        chosen = np.empty((size, len(inside)), np.int32)
        filled = branchkernel.cross(
            rows.amounts, rows.used, rows.chosen, own, branch.used, budget, room, worth, most,
            out, used, chosen, at, EFFORT,
        )  # fmt: skip
        made = Rows(out[:filled], used[:filled], chosen[:filled])
        if filled == size and chunks < 4:
            completion.learn(out, inside)
            worth, most = completion.limits(inside)
            keep = (out[:, :-1] @ worth.T <= most).all(axis=1)
            made = Rows(out[keep], used[keep], chosen[keep])
        yield made
        if not len(rows.used):
            return
        chunks += 1
        size = min(ROWS, 4 * size)


def joined(made: Iterable[Rows]) -> Rows:
    """Raises TooWide."""
    found: list[Rows] = []
    count = 0
    for piece in made:
        found.append(piece)
        count += len(piece.used)
        if count > 2 * ROWS:
            raise TooWide
    if len(found) == 1:
        return found[0]
    return Rows(
        np.concatenate([p.amounts for p in found]),
        np.concatenate([p.used for p in found]),
        np.concatenate([p.chosen for p in found]),
    )


def pairs(
    one: Half, other: Half, members: Members, bounds: Bounds, completion: Completion, clock: Clock
) -> Iterator[tuple[int, ...]]:
    """Better and better ones: the member of each branch of the one and the other half, until there is none better.

    Raises TooWide and TimeUp.
    """
    parts = len(bounds.base)
    limits = np.array([*bounds.caps[:parts], bounds.caps[-1], bounds.cost], np.int64)
    room = limits[:parts] - bounds.base
    whole = joined(pieces(other, room, completion, clock))
    if not len(whole.used):
        return
    whole.amounts[:, :parts] += bounds.base
    b = tree(_numbered(whole, other), parts)
    every = (1 << parts) - 1
    count = len(one.branches) + len(other.branches)
    group, best, at = np.zeros(count, np.int64), np.zeros(count + 1, np.int64), np.full(count + 1, -1)
    sums = np.zeros((count + 1, len(bounds.caps)), np.int64)
    sums[0, :parts] = bounds.base
    filled = np.zeros(count + 1, np.int64)
    filled[0] = bounds.used
    tail = np.zeros_like(sums)
    stack = np.zeros((8192, 2), np.int64)
    for piece in pieces(one, room, completion, clock):
        if not len(piece.used):
            continue
        a = tree(_numbered(piece, one), parts)
        state = np.array([1, -1, 0])
        stack[0] = 0
        while state[0]:
            clock.check()
            branchkernel.join(
                a.rows.amounts, a.rows.used | bounds.used, a.rows.chosen, a.nodes, a.least,
                b.rows.amounts, b.rows.used, b.rows.chosen, b.nodes, b.least,
                limits, parts if bounds.tied else 0, every,
                members.begin, members.least, members.amounts, members.used, bounds.caps,
                group, at, sums, tail, filled, best, stack, state, EFFORT,
            )  # fmt: skip
            if best[-1]:
                yield tuple(best[:-1].tolist())
                best[-1] = 0


def _numbered(rows: Rows, half: Half) -> Rows:
    """Groups numbered through all branches."""
    chosen = [branch.number[rows.chosen[:, at]] for at, branch in enumerate(half.branches)]
    return Rows(rows.amounts, rows.used, np.stack(chosen, axis=1) if chosen else rows.chosen)


def tree(rows: Rows, parts: int) -> Tree:
    """Rows by layers, the second half of those that are left being the dearest, so that most pairs of layers cost too much; in each layer in
    the order of a space-filling curve (Morton's). Halved and halved again."""
    count = len(rows.used)
    bits = 62 // parts
    low, high = rows.amounts[:, :parts].min(axis=0), rows.amounts[:, :parts].max(axis=0)
    shifts = np.array(
        [max(0, int(h - l).bit_length() - bits) for l, h in zip(low, high, strict=True)], np.int64
    )
    key = np.empty(count, np.int64)
    branchkernel.curve(rows.amounts, low, shifts, bits, key)
    rank = np.empty(count, np.int64)
    rank[np.argsort(rows.amounts[:, -1], kind="stable")] = np.arange(count)
    layer = np.frexp(np.maximum(rank, LEAF))[1] if count > LEAF else np.zeros(count, np.int32)
    order = np.lexsort((key, layer))
    amounts = np.ascontiguousarray(rows.amounts[order])
    chosen = np.ascontiguousarray(rows.chosen[order])
    leaves = -(-count // LEAF)
    begin = np.arange(leaves) * LEAF
    levels = [(begin, np.minimum(begin + LEAF, count), np.minimum.reduceat(amounts, begin, axis=0))]
    while len(levels[-1][0]) > 1:
        first, end, least = levels[-1]
        if len(first) % 2:  # a node without rows, so that all have a sibling
            first, end = np.append(first, end[-1]), np.append(end, end[-1])
            least = np.concatenate((least, np.full((1, least.shape[1]), NEVER)))
            levels[-1] = first, end, least
        levels.append((first[::2], end[1::2], np.minimum(least[::2], least[1::2])))
    nodes, leasts, behind = [], [], 0
    for at, (first, end, least) in enumerate(reversed(levels)):  # the root comes first
        behind += len(first)
        children = np.full(len(first), -1)
        if at < len(levels) - 1:
            children = behind + 2 * np.arange(len(first))
        nodes.append(np.stack((first, end, children), axis=1))
        leasts.append(least)
    return Tree(Rows(amounts, rows.used[order], chosen), np.concatenate(nodes), np.concatenate(leasts))


# How long lists are


def halves(found: Sequence[Branch], spare: int) -> tuple[tuple[Branch, ...], tuple[Branch, ...]]:
    """So that both have about as many rows that cost no more than `spare` above the least; the longer list comes first, since it is made in
    pieces."""
    if not found:
        return (), ()
    if len(found) > EVERY:
        found = sorted(found, key=lambda branch: -len(branch.bits))
        splits = [tuple(at % 4 in (0, 3) for at in range(len(found)))]
    else:
        splits = [
            (True, *(bool(mask >> at & 1) for at in range(len(found) - 1)))
            for mask in range(1 << max(0, len(found) - 1))
        ]
    bins = [_bins(branch, spare) for branch in found]
    best = None
    for split in splits:
        counts = [
            _count([one for one, first in zip(bins, split, strict=True) if first == side])
            for side in (True, False)
        ]
        if best is None or max(counts) < best[0]:
            best = (max(counts), split if counts[0] >= counts[1] else tuple(not first for first in split))
    assert best is not None
    one, other = (
        tuple(branch for branch, first in zip(found, best[1], strict=True) if first == side)
        for side in (True, False)
    )
    return one, other


def _bins(branch: Branch, spare: int) -> NDArray[np.float64]:
    """How many options cost how much more than the least, up to `spare`."""
    above = branch.cost[: np.searchsorted(branch.cost, branch.cost[0] + spare, "right")] - branch.cost[0]
    return np.bincount(above // (spare // BINS + 1), minlength=1).astype(np.float64)


def _count(bins: Sequence[NDArray[np.float64]]) -> float:
    """About how many rows cost no more than `spare` above the least."""
    total = np.ones(1)
    for one in bins:
        total = np.convolve(total, one)[:BINS]
    return float(total.sum())


def spare(half: Sequence[Branch], rows: int) -> int:
    """How much more than the least rows may cost if there are to be about so many of them; UNBOUNDED if there are no more in any case."""
    low, high = 0, sum(int(branch.cost[-1] - branch.cost[0]) for branch in half)
    if _count([_bins(branch, high) for branch in half]) <= rows:
        return UNBOUNDED
    while high - low > max(1, low // 64):
        middle = (low + high) // 2
        low, high = (
            (middle, high) if _count([_bins(branch, middle) for branch in half]) <= rows else (low, middle)
        )
    return low
