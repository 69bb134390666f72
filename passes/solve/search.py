"""The best value of one objective within bounds on the others: both engines behind one question.

The dynamic program over ideals is exact where it has all ideals and where what counts of a subgraph is a sum over it. Its
answer to a question without the constraints that it cannot express is a bound, and the answer itself if its partition
happens to meet them. Everything else is Z3's: a bound that falls until Z3 refuses, or time is up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal

from split4ml.passes.solve.atoms import Atoms
from split4ml.passes.solve.bounds import simple_bound
from split4ml.passes.solve.clock import Clock, TimeUp
from split4ml.passes.solve.dynamic import Dynamic, Part, TooMany
from split4ml.passes.solve.family import Family
from split4ml.passes.solve.labels import Labelled, Labels
from split4ml.passes.solve.lists import TooWide
from split4ml.passes.solve.objectives import BALANCE, BITS, LATENCY, SUBGRAPHS, TIME, better
from split4ml.passes.solve.options import Limit
from split4ml.passes.solve.question import Answer, Question, Window
from split4ml.passes.solve.scarce import Outcome, Scarce, TooLarge
from split4ml.passes.solve.wide import Wide
from split4ml.passes.solve.within import LOAD, NONE, Side, Within, keeps, side_of, value_of

Proof = Literal["z3", "ideals", "branches", ""]

CERTIFIED = 1_500
"""Booleans of a question up to which Z3 confirms what the dynamic program found."""
WORSE = 5
"""Per cent by which a number of subgraphs may be worse than the best one and be of interest still."""
SHARES = 3
"""One number of subgraphs of several takes this part of the time that is left, at most."""
SCARCE = Side(time=True)
EFFORT = 4_000_000
"""Z3's steps for that: about a second. Counted, so that the answer does not depend on the machine."""


HOPELESS = 400
"""Booleans of a question that Z3 is not asked if lists of branches were not enough: it would take long to be made, and never be answered."""
BRANCHES = 0.9
"""Of the time of a question: what lists of branches may take, if the graph has any."""


@dataclass(frozen=True)
class Found:
    """value: the best known, None if there is no partition, or none is known. bound: no partition is better.

    proof: who proved that value is the best, or that there is no partition: "z3", "ideals", "branches", or "" for nobody.
    part: a partition of that value, if one is at hand.
    """

    value: int | None
    bound: int | None
    proof: Proof
    part: Part | None = None


@dataclass(frozen=True)
class Point:
    """values: of the objectives asked for, by name. parts: subgraphs. part: the subgraph of each atom."""

    values: Mapping[str, int]
    parts: int
    part: Part


@dataclass
class Search:
    """The engines on one contracted problem, sharing one clock."""

    atoms: Atoms
    clock: Clock
    _program: Dynamic | None = field(default=None, init=False)
    _family: Family | None = field(default=None, init=False)
    _hopeless: bool = field(default=False, init=False)
    _late: float = field(default=0.0, init=False)
    """Seconds by which answers came later than allowed, at most: Z3 looks at the clock now and then only."""

    def best(
        self,
        objective: str,
        numbers: Sequence[int],
        within: Within,
        start: Part | None = None,
        near: Fraction = Fraction(0),
        smallest: bool = False,
    ) -> dict[int, Found]:
        """By number of subgraphs: the best value of the objective.

        start: a partition within the bounds. near: a time that is worse than its bound by no more than this share is good enough if it cannot be proven to be the least. With several numbers,
        those whose value is worse than the best may be missing, and of those that are more than `WORSE` per cent worse there may be said to be no
        partition. smallest: numbers rise, and those that are no better than a smaller one are of no interest.
        """
        numbers = [n for n in numbers if n <= len(self.atoms)]
        if not numbers:
            return {}
        program = self.program(objective, numbers, within)
        plain: list[int] = []
        deep: list[int] = []
        found: dict[int, Found] = {}
        for at, n in enumerate(numbers):
            side = side_of(self.atoms, n, within, objective)
            if objective == SUBGRAPHS:
                found[n] = self._any(program, n, within, start)
            elif program.exact and not side:
                plain.append(n)
            elif program.exact and not (side.time or side.regions):
                deep.append(n)
            else:
                known = start if start is not None and max(start) + 1 == n else None
                tighter = self._of_interest(objective, within, found) if side.time else within
                if smallest and side.time and self._settled(objective, found, numbers[at:]):
                    break
                with self.sliced(min(len(numbers) - at, SHARES) if side.time else 1):
                    found[n] = self._by_z3(program, objective, n, tighter, known, near)
        if deep:
            found |= self._by_labels(program, objective, deep, within, start)
        if plain:
            name = LOAD if objective == TIME else objective
            offset = self.atoms.fixed if objective == TIME else 0
            values = program.best(name, plain, self._untimed(within))
            for n in plain:
                if n in values:
                    found[n] = Found(values[n] + offset, values[n] + offset, "ideals")
                elif program.covers(within.load):
                    found[n] = Found(None, None, "ideals")
        return found

    def _of_interest(self, objective: str, within: Within, found: Mapping[int, Found]) -> Within:
        """With a bound on the time that is not much worse than the best known."""
        known = [f.value for f in found.values() if f.value is not None]
        if objective != TIME or not known:
            return within
        return within.having(TIME, min(known) + min(known) * WORSE // 100, self.atoms)

    def _settled(self, objective: str, found: Mapping[int, Found], rest: Sequence[int]) -> bool:
        """Whether none of the other numbers can be better than what is known."""
        known = [f.value for f in found.values() if f.value is not None]
        bounds = [simple_bound(self.atoms, objective, n) for n in rest]
        return any(all(not better(objective, bound, value) for bound in bounds) for value in known)

    @contextmanager
    def sliced(self, shares: float) -> Iterator[None]:
        """Of the time that is left, one of so many shares."""
        whole = self.clock
        self.clock = Clock(whole.left() / max(1, shares))
        try:
            yield
        finally:
            self.clock = whole

    def partition(self, parts: int, within: Within) -> Part | None:
        """The partition within the bounds that the program finds, the fewest bits first; None if it finds none."""
        program = self.program(BITS, [parts], within)
        part = program.chain(parts, self._untimed(within))
        return part if part is not None and keeps(self.atoms, part, within) else None

    def confirm(self, objective: str, parts: int, within: Within, value: int) -> bool:
        """Whether Z3 proves, alone and with moderate effort, that no partition is better than `value`."""
        if parts * len(self.atoms) > CERTIFIED or side_of(self.atoms, parts, within, objective):
            return False
        tighter = within.having(objective, value + (1 if objective == BALANCE else -1), self.atoms)
        answer = Question(self.atoms, parts, tighter).ask(self.clock.left(), EFFORT)
        if answer.part is not None:
            raise AssertionError(
                f"Z3 finds a better {objective} than {value}, which the dynamic program proved to be the best"
            )
        return answer.proven

    # The program

    def program(self, objective: str, numbers: Sequence[int], within: Within) -> Dynamic:
        """The dynamic program, with a table for all loads that can be asked for."""
        cap = within.load
        if self._program is not None and self._program.covers(cap):
            return self._program
        if self._family is None:
            self._family = Family(self.atoms)
        if cap is None and objective in (TIME, LOAD) and len(self._family) > 1000:
            cap = self._quick(max(numbers), within)
        try:
            if self._hopeless:
                raise TooMany
            program = Dynamic(self._family, self.clock, cap)
        except (TooMany, TimeUp):
            self._hopeless = True
            program = self._some(within)
        self._program = program
        return program

    def _some(self, within: Within) -> Dynamic:
        """Over the ideals of a few linear extensions, whatever the time: a start, and no more."""
        several = 8 if self.clock.left() > 5 else 1
        return Dynamic(Family(self.atoms, several), Clock(1e9))

    def _quick(self, parts: int, within: Within) -> int | None:
        """A load that suffices, and a little more, from one linear extension."""
        quick = Dynamic(Family(self.atoms, 1), Clock(1e9))
        least = quick.best(LOAD, [parts], self._untimed(within)).get(parts)
        return None if least is None else least + (least + self.atoms.fixed) // 16

    def _untimed(self, within: Within) -> Within:
        """The bounds that the program takes note of; the largest load stands for the time."""
        return replace(within, time=None, depth=None)

    # Labels

    def labels(self, names: Sequence[str], numbers: Sequence[int], within: Within, clock: Clock) -> Labels:
        """The program over ideals with several objectives. For what it can express, latency included. Raises TimeUp."""
        terms = [LOAD if name == TIME else name for name in names]
        # A bound on what sums up can only be kept by labels that know of it.
        terms += [name for name in (BITS, LATENCY) if name not in terms and within.bounds(name)]
        return Labels(self.program(SUBGRAPHS, numbers, within), terms, within, clock)

    def points(self, names: Sequence[str], found: Iterable[Labelled], within: Within) -> list[Point]:
        """With the values of the objectives."""
        kept = [one for one in found if keeps(self.atoms, one.part, within)]
        return [
            Point({name: value_of(self.atoms, one.part, name) for name in names}, one.parts, one.part)
            for one in kept
        ]

    def _by_labels(
        self, program: Dynamic, objective: str, numbers: Sequence[int], within: Within, start: Part | None
    ) -> dict[int, Found]:
        """The best value of an objective, where latency is the objective or has a bound."""
        out: dict[int, Found] = {}
        for n in numbers:
            try:
                labels = self.labels([objective], [n], within, self.clock)
                points = self.points([objective], labels.run([n], self.clock), within)
            except TimeUp:
                known = start if start is not None and max(start) + 1 == n else None
                out[n] = self._by_z3(program, objective, n, within, known)
                continue
            sign = -1 if objective == BALANCE else 1
            best = min(points, key=lambda point: sign * point.values[objective], default=None)
            value = best.values[objective] if best else None
            out[n] = Found(value, value, "ideals", best.part if best else None)
        return out

    # Z3

    def faster(self, part: Part, within: Within) -> Part:
        """A partition with as good a time as is easily found within the bounds, of many parallel branches."""
        parts = max(part) + 1
        program = self.program(TIME, [parts], within)
        if program.exact or side_of(self.atoms, parts, within, TIME):
            return part
        descent = _Descent(self, program, TIME, parts, within, NONE, simple_bound(self.atoms, TIME, parts))
        descent.take(part)
        descent.by_branches(self.clock.left() / 2, descent.lower)
        assert descent.part is not None
        return descent.part if keeps(self.atoms, descent.part, within) else part

    def _any(self, program: Dynamic, parts: int, within: Within, start: Part | None) -> Found:
        """Is there any partition?"""
        side = side_of(self.atoms, parts, within, SUBGRAPHS)
        if start is not None and max(start) + 1 == parts:
            return Found(parts, parts, "ideals" if program.exact and not side else "z3", start)
        part = program.chain(parts, self._untimed(within))
        if part is not None and keeps(self.atoms, part, within):
            return Found(parts, parts, "ideals" if program.exact else "z3", part)
        if program.exact and part is None and program.covers(within.load):
            return Found(None, None, "ideals")
        if program.exact and side == SCARCE:
            chains = self.chains(program, parts, within, SUBGRAPHS)
            if chains.proven:
                value = None if chains.part is None else parts
                return Found(value, value, "ideals", chains.part)
        answer = self.ask(program, parts, within, side)
        if answer.part is not None:
            return Found(parts, parts, "z3", answer.part)
        return Found(None, None if answer.proven else parts, "z3" if answer.proven else "")

    def _by_z3(
        self,
        program: Dynamic,
        objective: str,
        parts: int,
        within: Within,
        start: Part | None,
        near: Fraction = Fraction(0),
    ) -> Found:
        """Z3's bound falls from a start to what it refuses; the program's answer to an easier question is a bound."""
        atoms = self.atoms
        bound = simple_bound(atoms, objective, parts)
        side = side_of(atoms, parts, within, objective)
        easier = LOAD if objective == TIME else objective
        starts = [start]
        if objective != LATENCY:
            relaxed = program.best(easier, [parts], self._untimed(within)).get(parts)
            if relaxed is None:
                if program.exact:
                    return Found(None, None, "ideals")
            else:
                value = relaxed + (atoms.fixed if objective == TIME else 0)
                if program.exact and better(objective, bound, value):
                    bound = value
                starts += self._candidates(program, easier, parts, within, relaxed)
        else:
            starts += self._candidates(program, BITS, parts, within, None)
        valid = [part for part in starts if part is not None and keeps(atoms, part, within)]
        descent = _Descent(self, program, objective, parts, within, side, bound)
        for part in valid:
            descent.take(part)
        if program.exact and side == SCARCE and not descent.by_chains():
            return Found(None, None, "ideals")
        return descent.run(near)

    def _candidates(
        self, program: Dynamic, objective: str, parts: int, within: Within, value: int | None
    ) -> Iterable[Part | None]:
        """Partitions that the program likes: the best one, and some with a little more load and fewer bits."""
        untimed = self._untimed(within)
        if value is None:
            yield program.chain(parts, untimed)
            return
        yield program.chain(parts, untimed.having(objective, value, self.atoms))
        if objective == LOAD:
            for percent in (2, 5, 10, 20):
                looser = value + value * percent // 100
                if program.covers(looser):
                    yield program.chain(parts, untimed.having(LOAD, looser, self.atoms))

    def chains(
        self, program: Dynamic, parts: int, within: Within, objective: str, start: Part | None = None
    ) -> Outcome:
        """What looking at all chains of ideals comes to, where jobs or memory are scarce, in half of the time. start: within the bounds."""
        try:
            scarce = Scarce(program, parts, within, Clock(self.clock.left() / 2))
        except TooLarge:
            return Outcome()
        if objective == TIME:
            return scarce.soonest(start)
        known = None if start is None else value_of(self.atoms, start, objective)
        return scarce.any() if objective == SUBGRAPHS else scarce.best(objective, known)

    def ask(
        self, program: Dynamic, parts: int, within: Within, side: Side, seconds: float | None = None
    ) -> Answer:
        known: Window | None = None
        if program.exact and program.covers(within.load):
            known = program.windows(parts, self._untimed(within))
            if known is None:
                return Answer(proven=True)
        left = self.clock.left() - self._late
        allowed = left if seconds is None else min(left, seconds)
        before = self.clock.left()
        answer = Question(self.atoms, parts, within, side, known).ask(allowed)
        self._late = max(self._late, before - self.clock.left() - max(0.0, allowed))
        return answer


class _Descent:
    """From the best known value down to what Z3 refuses. Inside, less is better: `balance` counts negative."""

    def __init__(
        self,
        search: Search,
        program: Dynamic,
        objective: str,
        parts: int,
        within: Within,
        side: Side,
        bound: int,
    ) -> None:
        self.search, self.program, self.clock = search, program, search.clock
        self.objective, self.parts, self.within, self.side = objective, parts, within, side
        self.sign = -1 if objective == BALANCE else 1
        self.lower = self.sign * bound
        self.proof: Proof = "z3"
        self.cost: int | None = None
        self.part: Part | None = None

    def take(self, part: Part) -> None:
        cost = self.sign * value_of(self.search.atoms, part, self.objective)
        if self.cost is None or cost < self.cost:
            self.cost, self.part = cost, part

    def run(self, near: Fraction = Fraction(0)) -> Found:
        bound = self.sign * self.lower
        if self.cost is None:  # first of all, is there any?
            answer = self._ask(self.within, self.clock.left())
            if answer.part is None:
                return Found(None, None if answer.proven else bound, "z3" if answer.proven else "")
            self.take(answer.part)
        assert self.cost is not None
        told = False
        if not self.program.exact and not self.side and self.cost > self.lower:
            good = self.lower + (int(self.lower * near) if self.objective == TIME else 0)
            told = self.by_branches(BRANCHES * self.clock.left(), good)
            self.proof = "z3" if self.cost > self.lower else "branches"
            if told and self.lower < self.cost <= good:
                return Found(self.cost, self.lower, "", self.part)
        if told and self.parts * len(self.search.atoms) > HOPELESS:
            return Found(self.sign * self.cost, self.sign * self.lower, self._proof, self.part)
        if self.objective == BITS and not self.program.exact and self.cost > self.lower:
            self._by_cores(self.clock.left() / 2)
        while self.cost > self.lower and self.clock.left() > 0:
            if not self._improve() and not self._refute():
                break
        return Found(self.sign * self.cost, self.sign * self.lower, self._proof, self.part)

    @property
    def _proof(self) -> Proof:
        return "" if self.cost is None or self.cost > self.lower else self.proof

    def by_chains(self) -> bool:
        """Looks at all chains of ideals, where jobs or memory are scarce. False if there is no partition."""
        found = self.search.chains(self.program, self.parts, self.within, self.objective, self.part)
        if found.part is not None:
            self.take(found.part)
        if self.objective == TIME:
            self.lower = max(self.lower, found.bound)
        if found.proven and self.cost is not None:
            self.lower, self.proof = self.cost, "ideals"
        return self.cost is not None or not found.proven

    def _ask(self, within: Within, seconds: float) -> Answer:
        return self.search.ask(self.program, self.parts, within, self.side, seconds)

    def _question(self, target: int, seconds: float) -> Answer:
        """Is there one that costs at most `target`?"""
        answer = self._ask(self.within.having(self.objective, self.sign * target, self.search.atoms), seconds)
        if answer.part is not None:
            self.take(answer.part)
        elif answer.proven:
            self.lower = max(self.lower, target + 1)
        return answer

    def _improve(self) -> bool:
        """Halves the gap for as long as answers come, and asks for less and less if none do. False if nothing came of it."""
        share = max(0.5, self.clock.left() / 6)
        moved = False
        given_up = self.lower - 1
        while (cost := self.cost or 0) > self.lower and self.clock.left() > 0:
            target = max((given_up + cost) // 2, self.lower, given_up + 1)
            answer = self._question(min(target, cost - 1), share)
            if answer.part is None and not answer.proven:
                if target >= cost - 1:
                    return moved
                given_up = target
            else:
                moved = True
                given_up = max(given_up, self.lower - 1)
        return moved

    def _refute(self) -> bool:
        """Raises the bound, in smaller and smaller steps. False if nothing came of it."""
        moved = False
        divisor = 4
        while (cost := self.cost or 0) > self.lower and self.clock.left() > 0:
            target = self.lower + (cost - self.lower) // divisor
            answer = self._question(min(target, cost - 1), self.clock.left() / 2)
            if answer.part is None and not answer.proven:
                if target == self.lower:
                    return moved
                divisor *= 8
            else:
                moved = True
        return moved

    def by_branches(self, seconds: float, good: int) -> bool:
        """Many parallel branches, added up in two halves, until all is proven or a time is good enough. False if there are none."""
        wide = self._wide(Clock(seconds))
        if wide is None or self.part is None:
            return False
        if self.objective == BITS:
            part, bound = wide.fewest_bits(self.part)
            self.lower = max(self.lower, bound)
        else:
            atoms = self.search.atoms
            fixed = atoms.fixed if self.objective == TIME else 0
            part, proven = wide.lightest(self.part, self.lower - fixed, good - fixed)
            if proven:
                self.lower = max(self.lower, value_of(atoms, part, self.objective))
        self.take(part)
        return True

    def _wide(self, clock: Clock) -> Wide | None:
        if self.objective not in (TIME, LOAD, BITS) or self.within.least is not None or self.part is None:
            return None
        atoms = self.search.atoms
        question = Question(atoms, self.parts, self.within)
        window = question.window()
        heaviest = Limit(atoms.load, max(atoms.loads(self.part)) if self.objective != BITS else atoms.total)
        limits = question.limits()
        limits.sort(key=lambda limit: limit.values != atoms.load)
        if self.objective != BITS or not limits:
            limits = [heaviest, *(limit for limit in limits if limit.values != atoms.load)]
        if window is None:
            return None
        try:
            return Wide(atoms, self.parts, window, limits, self.within.bits, clock)
        except (TooWide, TimeUp):
            return None

    def _by_cores(self, seconds: float) -> None:
        """MaxSAT, from below."""
        answer, bound = Question(self.search.atoms, self.parts, self.within, self.side).fewest_bits(seconds)
        if answer.part is not None:
            self.take(answer.part)
        self.lower = max(self.lower, bound)
