"""Many parallel branches: too many ideals for the dynamic program, but few ways to number each branch by itself.

Where the atoms at the ends of the branches are fixed, branches meet only in what the subgraphs sum to. All options of every branch are
listed (passes/solve/options.py), those of one half of the branches are added up in one list, those of the other half in another, and
pairs of rows that keep all limits are looked for in both at once (E. Horowitz, S. Sahni, "Computing Partitions with Applications to the
Knapsack Problem", JACM 1974), by trees of boxes that rule out most pairs together. Rows that cost too much are left out
(passes/solve/multipliers.py): without a pair, no partition has as few bits, which is a proof, and the bound rises until there is a pair.
Atoms that hold branches together, such as a stem's last one, are fixed in every way there is, one after the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

from split4ml.passes.solve import lists
from split4ml.passes.solve.atoms import Atoms
from split4ml.passes.solve.clock import Clock, TimeUp
from split4ml.passes.solve.completion import Completion
from split4ml.passes.solve.groups import Branch, Members, grouped
from split4ml.passes.solve.lists import Bounds, Half, TooWide, halves, pairs, spare
from split4ml.passes.solve.multipliers import Multipliers, multipliers
from split4ml.passes.solve.objectives import sums
from split4ml.passes.solve.options import UNBOUNDED, Ints, Limit, Window, branches, fastened, options

GROWING = (-6, -3, *range(36))
"""Powers of two of lists.ROWS: rows that lists would have without limits, from one attempt to the next; limits leave few of them."""
ALONE = 26
"""Atoms of a branch, at most: with more it is not narrow, or long enough for the program over ideals."""
WAYS = 64
"""To fix the atoms that hold branches together."""
NEARBY = -4
"""The same of lists where not all rows are looked for."""
SIZES = (2, 3, 4, 5)
"""Branches that are numbered anew at a time."""
MOST_PARTS = 60
"""A bit of an integer each."""

Part = tuple[int, ...]


@dataclass
class _Case:
    """One way to fix what holds branches together. const: bits of edges between fixed atoms. room: what the branches may take of each limit
    in each subgraph; base: what is taken of the first one anyway. used: subgraphs that are not empty. worth: by which options cost."""

    window: Window
    branches: list[Branch]
    members: Members
    const: int
    base: Ints
    room: Ints
    used: int
    worth: Multipliers

    @cached_property
    def offset(self) -> int:
        """What bits and cost of a partition differ by, at most."""
        return self.const - int(self.worth.of(self.room))

    @cached_property
    def cheapest(self) -> int:
        """Cost of any partition, at least."""
        return sum(int(one.cost[0]) for one in self.branches)

    @cached_property
    def least(self) -> int:
        """Bits of any partition, at least."""
        return max(
            self.const + sum(int(one.bits.min()) for one in self.branches), self.offset + self.cheapest
        )

    @cached_property
    def complete(self) -> int:
        """Up to so many bits, the options of all branches are known."""
        fewest = [int(one.bits.min()) for one in self.branches]
        return min(
            (
                self.const + sum(fewest) - own + one.complete
                for own, one in zip(fewest, self.branches, strict=True)
                if one.complete < UNBOUNDED
            ),
            default=UNBOUNDED,
        )


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
        if (base > np.repeat([limit.most for limit in self.limits], parts)).any():
            return None
        found = []
        for branch in branches(atoms, [v for v in range(len(atoms)) if v not in place]):
            found.append(options(atoms, branch, window, parts, self.limits, self.clock))
            if not len(found[-1].bits):
                if found[-1].complete < UNBOUNDED:
                    raise TooWide
                return None
        used = 0
        for k in place.values():
            used |= 1 << k
        room = np.repeat([limit.most for limit in self.limits], parts) - base
        listed, members, worth = grouped(found, self.limits[0].values, room, parts)
        return _Case(window, listed, members, const, base[:parts], room, used, worth)

    # The questions

    def fewest_bits(self, part: Part) -> tuple[Part, int]:
        """A partition of no more bits than the one given, and a bound: no partition has fewer."""
        lower = self.least
        if lower is None:
            return part, 0
        sizes = iter(SIZES)
        for power in GROWING:
            upper = self.atoms.bits(part)
            if lower >= upper:
                break
            try:
                plans = [_plan(case, power) for case in self.cases]
                most = min(upper - 1, *(plan.most for plan in plans))
                if most < lower:
                    continue
                for case, plan in zip(self.cases, plans, strict=True):
                    if case.least <= most:
                        for better in self._join(case, plan.halves(case, most), most):
                            part, most = better, self.atoms.bits(better) - 1
                lower = most + 1
                if size := next(sizes, None):
                    part = self.improve(part, sizes=(size,))
            except (TimeUp, TooWide):
                return self.improve(part, sizes=tuple(sizes)), min(lower, self.atoms.bits(part))
        return part, min(lower, self.atoms.bits(part))

    def lightest(self, part: Part, floor: int, good: int) -> tuple[Part, bool]:
        """A partition with a maximum of the first limit no greater, no less than `floor`, and if possible no greater than `good`; and whether
        none has a lower one: all rows that the bits allow are in the lists then."""
        values = self.limits[0].values
        most = min(self.bits, sum(w for _, _, w in self.atoms.edges))
        for power in (-6, 0):
            if power == 0:
                part = self.improve(part, good)
            plans = [_plan(case, power) for case in self.cases]
            if any(plan.most < most for plan in plans):
                continue
            try:
                for case, plan in zip(self.cases, plans, strict=True):
                    upper = max(sums(part, values, self.parts))
                    if upper > floor:
                        for better in self._join(case, plan.halves(case, most), most, (floor, upper)):
                            part = better
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
        room = np.repeat([limit.most for limit in self.limits], self.parts) - base
        chosen = [case.branches[at] for at in free]
        worth = case.worth
        if floor is None:
            worth = multipliers(chosen, room[: self.parts], self.parts).padded(len(room))
            chosen = [branch.priced(worth.padded(self.parts)) for branch in chosen]
        some = _Case(window, chosen, case.members, const, base[: self.parts], room, used, worth)
        if floor is None and some.least >= best:
            return None
        most, tied = (best - 1, None) if floor is None else (self.bits, (floor, best))
        found = None
        try:
            for better in self._join(some, _plan(some, NEARBY).cheap(some, most), most, tied):
                found = better
        except TooWide:
            pass
        return found

    def _join(
        self, case: _Case, both: tuple[Half, Half], most: int, tied: tuple[int, int] | None = None
    ) -> Iterator[Part]:
        """Of so many bits at most, fewer and fewer; or, by (floor, upper), with maxima of the first limit that are less and less than `upper`."""
        parts = self.parts
        room = case.room.copy()
        if tied is not None:
            room[:parts] = np.minimum(room[:parts], tied[1] - 1 - case.base)
            if (room < 0).any():
                return
        bits = most - case.const
        caps = np.array([*room, bits], np.int64)
        caps[:parts] += case.base
        bounds = Bounds(caps, bits + int(case.worth.of(room)), case.base, case.used, tied is not None)
        every = (*both[0].branches, *both[1].branches)
        completion = Completion(every, room[:parts], bits)
        for chosen in pairs(*both, case.members, bounds, completion, self.clock):
            part = [low for low, _ in case.window]
            for branch, member in zip(every, chosen, strict=True):
                for atom, k in zip(branch.atoms, case.members.numbers_of(member), strict=True):
                    part[atom] = k
            yield tuple(part)
            if tied is not None and caps[:parts].max() < tied[0]:
                return


@dataclass(frozen=True)
class _Plan:
    """How the branches of a case are halved. spare: how much more than the least rows of a half may cost if there are not to be too many.
    most: bits up to which lists of that length have all rows."""

    one: tuple[Branch, ...]
    other: tuple[Branch, ...]
    spare: int
    most: int

    def halves(self, case: _Case, most: int) -> tuple[Half, Half]:
        """With all rows that are in a partition of so many bits."""
        return self._within(most - case.offset - case.cheapest)

    def cheap(self, case: _Case, most: int) -> tuple[Half, Half]:
        """With as many rows as there may be, or all that are in a partition of so many bits if that is fewer."""
        return self._within(min(self.spare, most - case.offset - case.cheapest))

    def _within(self, spare: int) -> tuple[Half, Half]:
        one, other = (
            Half(half, sum(int(b.cost[0]) for b in half) + spare) for half in (self.one, self.other)
        )
        return one, other


def _plan(case: _Case, power: int) -> _Plan:
    """For so many times (a power of two) as many rows as a list has at most."""
    rows = lists.ROWS << power if power > 0 else lists.ROWS >> -power
    ordered = sorted(case.branches, key=lambda branch: -len(branch.bits))
    rough = min(spare(ordered[::2], rows), spare(ordered[1::2], rows))
    one, other = halves(case.branches, rough)
    found = min(spare(one, lists.PIECES * rows // 2), spare(other, rows))
    most = case.complete
    if found < UNBOUNDED:
        most = min(most, case.offset + case.cheapest + found)
    return _Plan(one, other, min(found, UNBOUNDED >> 1), most)
