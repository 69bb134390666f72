"""Many parallel branches: too many ideals for the dynamic program, but few ways to number each branch by itself.

Where the atoms at the ends of the branches are fixed, branches meet only in what the subgraphs sum to. All options of every branch are
listed (passes/solve/options.py), those of one half of the branches are added up in one list, those of the other half in another, and
pairs of rows that keep all limits are looked for in both at once (E. Horowitz, S. Sahni, "Computing Partitions with Applications to the
Knapsack Problem", JACM 1974), by trees of boxes that rule out most pairs together. Rows of too many bits are left out: without a pair,
no partition has as few bits, which is a proof, and the bound rises until there is a pair. Atoms that hold branches together, such as a
stem's last one, are fixed in every way there is, one after the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from split4ml.passes.solve import branchkernel
from split4ml.passes.solve.atoms import Atoms
from split4ml.passes.solve.clock import Clock, TimeUp
from split4ml.passes.solve.objectives import sums
from split4ml.passes.solve.options import UNBOUNDED, Ints, Limit, Options, Window, branches, fastened, options

ROWS = 2_000_000
"""Of a list that is held as a whole; the other one is made piece by piece."""
PIECES = 16
GROWING = tuple(ROWS >> 6 << shift for shift in range(0, 42, 3))
"""Rows that lists would have without limits, from one attempt to the next; limits leave few of them."""
LEAF = 256
EFFORT = 200_000_000
"""Comparisons between looks at the clock: about a second."""
ALONE = 26
"""Atoms of a branch, at most: with more it is not narrow, or long enough for the program over ideals."""
WAYS = 64
"""To fix the atoms that hold branches together."""
SIZES = (2, 3, 4)
"""Branches that are numbered anew at a time."""
EVERY = 12
"""Branches up to which every way to halve them is tried."""
BINS = 256
MOST_PARTS = 60
"""A bit of an integer each."""
NEVER = 2**61

Part = tuple[int, ...]


class TooWide(Exception):
    """The lists would be too long."""


@dataclass(frozen=True)
class _Rows:
    """amounts: [row, subgraph] of the limit that matters most, then the bits. used: subgraphs that are not empty. chosen: [row, branch]."""

    amounts: Ints
    used: Ints
    chosen: NDArray[np.int32]


@dataclass(frozen=True)
class _Tree:
    rows: _Rows
    nodes: Ints
    least: Ints


@dataclass(frozen=True)
class _Half:
    """Some of the branches, and the bits that their options add up to at most."""

    branches: tuple[Options, ...]
    budget: int


@dataclass
class _Case:
    """One way to fix what holds branches together. const: bits of edges between fixed atoms."""

    window: Window
    branches: list[Options]
    const: int
    base: Ints
    used: int

    @cached_property
    def least(self) -> int:
        """Bits of any partition, at least."""
        return self.const + sum(int(one.bits[0]) for one in self.branches)

    @cached_property
    def greatest(self) -> int:
        """Bits of any partition, at most."""
        return self.const + sum(int(one.bits[-1]) for one in self.branches)

    @cached_property
    def halves(self) -> tuple[tuple[Options, ...], tuple[Options, ...]]:
        return _halves(self.branches)

    @cached_property
    def complete(self) -> int:
        """Up to so many bits, the options of all branches are known."""
        return min((self.least - int(one.bits[0]) + one.complete for one in self.branches), default=UNBOUNDED)


class Wide:
    """The branches of `atoms` into `parts` subgraphs, within limits: by atom's values in each subgraph, the one that matters most first."""

    def __init__(
        self,
        atoms: Atoms,
        parts: int,
        window: Window,
        limits: Sequence[Limit],
        bits: int | None,
        clock: Clock,
    ) -> None:
        """bits: that may cross at most. Raises TooWide if the graph does not fall into branches that are short enough, and TimeUp."""
        self.atoms, self.parts, self.limits, self.clock = atoms, parts, limits, clock
        self.bits = UNBOUNDED if bits is None else bits
        if atoms.inner or not limits or parts > MOST_PARTS:
            raise TooWide
        self.cases = [case for fixed in self._ways(window) if (case := self._case(fixed)) is not None]

    @property
    def least(self) -> int | None:
        """Bits of any partition, at least; None if there is no partition."""
        return min((case.least for case in self.cases), default=None)

    # What is fixed

    def _ways(self, window: Window) -> Iterator[Window]:
        """Fixes the atoms that hold branches together, in every way within the window."""
        fixed: list[int] = []
        while True:
            free = [v for v, (low, high) in enumerate(window) if low < high and v not in fixed]
            long = [branch for branch in branches(self.atoms, free) if len(branch) > ALONE]
            if not long:
                break
            fixed.append(self._joint(long[0]))
            ways = 1
            for atom in fixed:
                ways *= window[atom][1] - window[atom][0] + 1
            if ways > WAYS * self.parts:
                raise TooWide
        found: list[Window] = [window]
        for atom in fixed:
            low, high = window[atom]
            found = [
                way
                for before in found
                for k in range(low, high + 1)
                if (way := fastened(self.atoms, before, {atom: k})) is not None
            ]
        if len(found) > WAYS:
            raise TooWide
        yield from found

    def _joint(self, branch: Sequence[int]) -> int:
        """The atom with the most edges in a branch, without which it falls apart. Raises TooWide if it does not."""
        degree = Counter(v for pair in self.atoms.pairs for v in pair)
        for atom in sorted(branch, key=lambda v: (-degree[v], v)):
            if degree[atom] < 3:
                break
            if len(branches(self.atoms, [v for v in branch if v != atom])) > 1:
                return atom
        raise TooWide

    def _case(self, window: Window) -> _Case | None:
        """None if a limit, or what must be apart, rules it out."""
        self.clock.check()
        atoms, parts = self.atoms, self.parts
        place = {v: low for v, (low, high) in enumerate(window) if low == high}
        const = sum(w for u, v, w in atoms.edges if u in place and v in place and place[u] != place[v])
        if any(place.get(u, -1) == place.get(v, -2) for u, v in (*atoms.apart, *atoms.strict)):
            return None
        base = np.array([limit.uses(place, atoms.edges, parts) for limit in self.limits], np.int64).ravel()
        room = np.repeat([limit.most for limit in self.limits], parts)
        if (base > room).any():
            return None
        found = []
        for branch in branches(atoms, [v for v in range(len(atoms)) if v not in place]):
            self.clock.check()
            found.append(options(atoms, branch, window, parts, self.limits))
            if not len(found[-1].bits):
                if found[-1].complete < UNBOUNDED:
                    raise TooWide
                return None
        used = 0
        for k in place.values():
            used |= 1 << k
        return _Case(window, found, const, base, used)

    # The questions

    def fewest_bits(self, part: Part) -> tuple[Part, int]:
        """A partition of no more bits than the one given, and a bound: no partition has fewer."""
        lower = self.least
        if lower is None:
            return part, 0
        for level, rows in enumerate(GROWING):
            if level:
                part = self.improve(part, sizes=SIZES[level - 1 : level])
            upper = self.atoms.bits(part)
            if lower >= upper:
                break
            try:
                most = min(upper - 1, *(self._affordable(case, rows) for case in self.cases))
                if most < lower:
                    continue
                for case in self._open(most):
                    found = self._join(case, *self._through(case, most), most)
                    if found is not None:
                        part = found
                        most = self.atoms.bits(part) - 1
                lower = most + 1
            except (TimeUp, TooWide):
                return self.improve(part, sizes=SIZES[level:]), min(lower, upper)
        return part, min(lower, self.atoms.bits(part))

    def lightest(self, part: Part, floor: int) -> tuple[Part, bool]:
        """A partition with a maximum of the first limit no greater, no less than `floor`; and whether none has a lower one: all rows that
        the bits allow are in the lists then."""
        values = self.limits[0].values
        every = sum(w for _, _, w in self.atoms.edges)
        most = min(self.bits, every)
        for rows in (ROWS // 64, ROWS):
            if rows == ROWS:
                part = self.improve(part, floor)
            if any(self._affordable(case, rows) < min(most, case.greatest) for case in self.cases):
                continue
            try:
                for case in self._open(most):
                    upper = max(sums(part, values, self.parts))
                    if upper > floor:
                        found = self._join(case, *self._through(case, most), most, (floor, upper))
                        part = found or part
            except TooWide:
                continue
            except TimeUp:
                break
            return part, True
        return part, False

    def improve(self, part: Part, floor: int | None = None, sizes: Sequence[int] = SIZES) -> Part:
        """Fewer bits, or, with a floor that cannot be passed, a lower maximum of the first limit: some of the branches are numbered anew
        as well as can be, the others stay, again and again until that helps no more, or time is up. Large neighbourhoods, but local."""
        case = next(
            (c for c in self.cases if all(a <= k <= b for k, (a, b) in zip(part, c.window, strict=True))),
            None,
        )
        if case is None:
            return part
        values = self.limits[0].values

        def judge(one: Part) -> int:
            return self.atoms.bits(one) if floor is None else max(sums(one, values, self.parts))

        best = judge(part)
        try:
            for size in sizes:
                since = 0
                chosen = list(combinations(range(len(case.branches)), min(size, len(case.branches))))
                while since < len(chosen) and best > (self.least or 0 if floor is None else floor):
                    free = chosen[0]
                    chosen = [*chosen[1:], free]
                    found = self._anew(case, part, free, best, floor)
                    since += 1
                    if found is not None:
                        part, best, since = found, judge(found), 0
        except TimeUp:
            pass
        return part

    def _anew(
        self, case: _Case, part: Part, free: Sequence[int], best: int, floor: int | None
    ) -> Part | None:
        """Something better than `best` with all branches but some as they are in the partition."""
        window = list(case.window)
        used = case.used
        for at, branch in enumerate(case.branches):
            if at not in free:
                for v in branch.atoms:
                    window[v] = (part[v], part[v])
                    used |= 1 << part[v]
        place = {v: low for v, (low, high) in enumerate(window) if low == high}
        mine = {v for at in free for v in case.branches[at].atoms}
        known = {v: k for v, k in place.items() if v not in mine}
        base = np.array(
            [limit.uses(known, self.atoms.edges, self.parts) for limit in self.limits], np.int64
        ).ravel()
        const = sum(w for u, v, w in self.atoms.edges if not mine & {u, v} and place[u] != place[v])
        some = _Case(window, [case.branches[at] for at in free], const, base, used)
        try:
            if floor is not None:
                return self._join(some, *self._cheap(some, ROWS // 16), self.bits, (floor, best))
            if some.least >= best:
                return None
            return self._join(some, *self._through(some, best - 1), best - 1)
        except TooWide:
            return None

    def _open(self, most: int) -> list[_Case]:
        """Ways that may have so few bits."""
        return [case for case in self.cases if case.least <= most]

    def _cheap(self, case: _Case, rows: int) -> tuple[_Half, _Half]:
        """Two halves with about so many rows of the fewest bits each."""
        one, other = case.halves
        return _Half(one, _budget(one, rows)), _Half(other, _budget(other, rows))

    def _affordable(self, case: _Case, rows: int) -> int:
        """Bits up to which the lists have about as many rows as can be looked at."""
        one, other = case.halves
        most = min(
            _budget(one, PIECES * rows // 2) + sum(int(b.bits[0]) for b in other),
            _budget(other, rows) + sum(int(b.bits[0]) for b in one),
        )
        return min(case.const + most, case.complete)

    def _through(self, case: _Case, most: int) -> tuple[_Half, _Half]:
        """Two halves with all rows that are in a partition of so many bits."""
        one, other = case.halves
        left = most - case.const
        return (
            _Half(one, left - sum(int(b.bits[0]) for b in other)),
            _Half(other, left - sum(int(b.bits[0]) for b in one)),
        )

    # Lists

    def _join(
        self, case: _Case, one: _Half, other: _Half, most: int, tied: tuple[int, int] | None = None
    ) -> Part | None:
        """Of so many bits at most, the fewest; or, by (floor, upper), the least maximum of the first limit, less than `upper`."""
        parts = self.parts
        caps = np.full(parts, self.limits[0].most)
        if tied is not None:
            caps = np.minimum(caps, tied[1] - 1)
        room = caps - case.base[:parts]
        whole = _joined(self._pieces(other, room))
        if not len(whole.used):
            return None
        whole.amounts[:, :parts] += case.base[:parts]
        tree = _tree(whole, parts)
        offsets = np.cumsum([0, *(len(b.bits) for b in (*one.branches, *other.branches))])
        none = np.zeros((0, (len(self.limits) - 1) * parts), np.int64)  # where all atoms are fixed
        rest = np.concatenate([none, *(b.amounts[:, parts:] for b in (*one.branches, *other.branches))])
        left = np.repeat([limit.most for limit in self.limits[1:]], parts) - case.base[parts:]
        shift = offsets[len(one.branches) : -1].astype(np.int32)
        mine = _shifted(tree, shift)
        limits = np.append(caps, most - case.const).astype(np.int64)
        best: Part | None = None
        for piece in self._pieces(one, room):
            if not len(piece.used):
                continue
            half = _shifted(_tree(piece, parts), offsets[: len(one.branches)].astype(np.int32))
            pair = self._pairs(
                half, mine, limits, parts if tied else 0, case.used, rest, left.astype(np.int64)
            )
            if pair is not None:
                best = self._part(case, (*one.branches, *other.branches), half, mine, pair, offsets)
                if tied is not None and limits[:parts].max() < tied[0]:
                    break
        return best

    def _pairs(
        self, one: _Tree, other: _Tree, limits: Ints, tied: int, used: int, rest: Ints, most: Ints
    ) -> tuple[int, int] | None:
        """The best pair within the limits, which fall with it."""
        stack = np.zeros((8192, 2), np.int64)
        found = np.full(2, -1)
        top = 1
        whole = (1 << self.parts) - 1
        a, b = one.rows, other.rows
        while top:
            self.clock.check()
            top = branchkernel.join(
                a.amounts, a.used | used, a.chosen, one.nodes, one.least,
                b.amounts, b.used, b.chosen, other.nodes, other.least,
                limits, tied, whole, rest, most, stack, top, found, EFFORT,
            )  # fmt: skip
        return (int(found[0]), int(found[1])) if found[0] >= 0 else None

    def _part(
        self,
        case: _Case,
        every: Sequence[Options],
        half: _Tree,
        rest: _Tree,
        pair: tuple[int, int],
        offsets: Ints,
    ) -> Part:
        part = [low for low, _ in case.window]
        chosen = [*half.rows.chosen[pair[0]], *rest.rows.chosen[pair[1]]]
        for branch, option, offset in zip(every, chosen, offsets[:-1], strict=True):
            for atom, k in zip(branch.atoms, branch.numbers[int(option) - int(offset)], strict=True):
                part[atom] = int(k)
        return tuple(part)

    def _pieces(self, half: _Half, room: Ints) -> Iterator[_Rows]:
        """All sums of options of a half, piece by piece. Raises TooWide if they are too many."""
        rows = _Rows(
            np.zeros((1, self.parts + 1), np.int64), np.zeros(1, np.int64), np.zeros((1, 0), np.int32)
        )
        least = sum(int(branch.bits[0]) for branch in half.branches)
        for at, branch in enumerate(half.branches):
            least -= int(branch.bits[0])
            crossed = self._crossed(rows, branch, half.budget - least, room)
            if at == len(half.branches) - 1:
                yield from crossed
                return
            rows = _joined(crossed)
            order = np.argsort(rows.amounts[:, -1], kind="stable")
            rows = _Rows(rows.amounts[order], rows.used[order], rows.chosen[order])
        yield rows

    def _crossed(self, rows: _Rows, branch: Options, budget: int, room: Ints) -> Iterator[_Rows]:
        """Every row with every option, if the bits suffice and the limit that matters most is kept."""
        own = np.concatenate((branch.amounts[:, : self.parts], branch.bits[:, None]), axis=1)
        at = np.zeros(2, np.int64)
        size = min(ROWS, max(1024, 4 * len(rows.used)))
        while at[0] < len(rows.used) or not at.any():
            self.clock.check()
            out = np.empty((size, self.parts + 1), np.int64)
            used = np.empty(size, np.int64)
            chosen = np.empty((size, rows.chosen.shape[1] + 1), np.int32)
            filled = branchkernel.cross(
                rows.amounts, rows.used, rows.chosen, own, branch.used, budget, room,
                out, used, chosen, at, EFFORT,
            )  # fmt: skip
            yield _Rows(out[:filled], used[:filled], chosen[:filled])
            if not len(rows.used):
                return
            size = ROWS


def _joined(made: Iterable[_Rows]) -> _Rows:
    """Raises TooWide."""
    pieces: list[_Rows] = []
    count = 0
    for piece in made:
        pieces.append(piece)
        count += len(piece.used)
        if count > 2 * ROWS:
            raise TooWide
    if len(pieces) == 1:
        return pieces[0]
    return _Rows(
        np.concatenate([p.amounts for p in pieces]),
        np.concatenate([p.used for p in pieces]),
        np.concatenate([p.chosen for p in pieces]),
    )


def _halves(found: Sequence[Options]) -> tuple[tuple[Options, ...], tuple[Options, ...]]:
    """So that both have about as many cheap rows; the longer list comes first, since it is made in pieces."""
    if not found:
        return (), ()
    if len(found) > EVERY:
        ordered = sorted(found, key=lambda branch: -len(branch.bits))
        splits = [tuple(at % 4 in (0, 3) for at in range(len(found)))]
    else:
        ordered = list(found)
        splits = [
            (True, *(bool(mask >> at & 1) for at in range(len(found) - 1)))
            for mask in range(1 << max(0, len(found) - 1))
        ]
    spare = sum(int(np.median(branch.bits - branch.bits[0])) for branch in found) // 4
    best = None
    for split in splits:
        sides = [
            tuple(branch for branch, first in zip(ordered, split, strict=True) if first == side)
            for side in (True, False)
        ]
        counts = [_count(side, spare) for side in sides]
        if best is None or max(counts) < best[0]:
            best = (max(counts), sides if counts[0] >= counts[1] else sides[::-1])
    assert best is not None
    return best[1][0], best[1][1]


def _count(half: Sequence[Options], spare: int) -> float:
    """About how many rows have no more than so many bits above the least there are."""
    total = np.ones(1)
    for branch in half:
        above = branch.bits[: np.searchsorted(branch.bits, branch.bits[0] + spare, "right")] - branch.bits[0]
        total = np.convolve(total, np.bincount(above * (BINS - 1) // max(1, spare), minlength=1))[:BINS]
    return float(total.sum())


def _budget(half: Sequence[Options], rows: int) -> int:
    """The bits up to which a half has about so many rows."""
    least = sum(int(branch.bits[0]) for branch in half)
    low, high = 0, sum(int(branch.bits[-1] - branch.bits[0]) for branch in half)
    if _count(half, high) <= rows:
        return least + high
    while high - low > max(1, low // 64):
        middle = (low + high) // 2
        low, high = (middle, high) if _count(half, middle) <= rows else (low, middle)
    return least + low


def _shifted(tree: _Tree, shift: NDArray[np.int32]) -> _Tree:
    """Options numbered through all branches."""
    rows = tree.rows
    chosen = np.ascontiguousarray(rows.chosen + shift[None, :])
    return _Tree(_Rows(rows.amounts, rows.used, chosen), tree.nodes, tree.least)


def _tree(rows: _Rows, parts: int) -> _Tree:
    """Rows in the order of a space-filling curve (Morton's), halved and halved again."""
    bits = 62 // parts
    low, high = rows.amounts.min(axis=0), rows.amounts.max(axis=0)
    key = np.zeros(len(rows.used), np.int64)
    for k in range(parts):
        scaled = (rows.amounts[:, k] - low[k]) >> max(0, int(high[k] - low[k]).bit_length() - bits)
        for bit in range(bits):
            key |= (scaled >> bit & 1) << (bit * parts + k)
    order = np.argsort(key, kind="stable")
    amounts = np.ascontiguousarray(rows.amounts[order])
    count = -(-len(order) // LEAF)
    begin = np.arange(count) * LEAF
    levels = [(begin, np.minimum(begin + LEAF, len(order)), np.minimum.reduceat(amounts, begin, axis=0))]
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
    return _Tree(
        _Rows(amounts, rows.used[order], rows.chosen[order]), np.concatenate(nodes), np.concatenate(leasts)
    )
