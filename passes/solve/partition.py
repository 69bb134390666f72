"""Choose the subgraph of every task: the best partition there is for a goal, and what was proven. Rules: docs/partition.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from split4ml.dialects.errors import Split4mlError
from split4ml.passes.solve.atoms import Atoms, contract, with_goal
from split4ml.passes.solve.clock import Clock, TimeUp
from split4ml.passes.solve.conflict import conflict
from split4ml.passes.solve.cuts import partition_by_cuts
from split4ml.passes.solve.demands import Case, bounds, nearest
from split4ml.passes.solve.dynamic import Part
from split4ml.passes.solve.explain import check_atoms, check_count
from split4ml.passes.solve.objectives import (
    BALANCE,
    PLAIN,
    SUBGRAPHS,
    TIME,
    UTILISATION,
    Goal,
    Solution,
    better,
)
from split4ml.passes.solve.problem import Problem
from split4ml.passes.solve.search import WORSE, Found, Search
from split4ml.passes.solve.solution import solution_of
from split4ml.passes.solve.within import Within, keeps, value_of

MAX_SUBGRAPHS = 16
"""The most that `auto` considers."""
SLACK_PERCENT = WORSE
"""`auto` takes the smallest number of subgraphs that is at most this much worse than the best."""

NEAR = (Fraction(1, 50), Fraction(1, 200), Fraction(1, 1000))
"""Of a time that nobody can prove to be the least: by how much more than its bound it may be for the sake of what comes behind it. The first share
is tried first; the next one if all behind the time was proven soon."""
PUNCTUAL = 0.96
"""Of the time limit: the rest is for what does not look at the clock."""
POLISH = 0.1
"""Of the time for the last objective: what is kept for making the time shorter where it was good enough."""
SOON = 6
"""One of so many shares of the time."""

Subgraphs = int | Literal["auto"] | None


def partition(
    problem: Problem,
    subgraphs: Subgraphs = None,
    *,
    goal: Goal = PLAIN,
    time_limit: float = 60.0,
    max_subgraphs: int = MAX_SUBGRAPHS,
) -> Solution:
    """Split `problem` into `subgraphs` non-empty convex subgraphs with an acyclic quotient, as well as the goal says.

    subgraphs:     how many; "auto": the smallest number, up to `max_subgraphs`, whose first objective is within 5 % of the
                   best of any; None: what `cut_before` alone gives, any number up to the goal's bound, if it has one, or else
                   "auto".
    time_limit:    seconds in all. If it strikes, the best partition found is returned with what was proven about it
                   (see `Solution`); otherwise the answer depends on the arguments alone.

    Raises Split4mlError if no partition exists, naming the constraints in conflict and how far each is from feasible; or if
    none was found in time.
    """
    if subgraphs is None and only_cuts(problem, goal):
        return partition_by_cuts(problem)
    clock = Clock(time_limit * PUNCTUAL)
    atoms = with_goal(contract(problem), goal)
    low, high = (subgraphs,) * 2 if isinstance(subgraphs, int) else (1, _most(goal, max_subgraphs))
    case = Case(problem, goal, (low, high))
    check_atoms(problem, atoms, lambda demand: nearest(case, demand, clock))
    numbers = _numbers(problem, atoms, subgraphs, goal, max_subgraphs)
    state = _Lexicographic(Search(atoms, clock), goal, bounds(atoms, goal), numbers)
    if subgraphs == "auto" or (subgraphs is None and SUBGRAPHS not in goal.at_most):
        state.fewest()
    chosen = state.optimal
    state.run()
    for near in NEAR[1:]:
        if not state.nearly or not state.settled or clock.left() < time_limit * (SOON - 1) / SOON:
            break
        assert state.part is not None
        number = max(state.part) + 1
        closer = _Lexicographic(state.search, goal, bounds(atoms, goal), [number], near=near, optimal=chosen)
        closer.run()
        if not closer.settled:
            break
        state = closer
    if state.part is None:
        if state.impossible:
            raise _impossible(case, clock)
        raise _not_found(numbers)
    return solution_of(problem, atoms, state.part, state.bounds, state.optimal, state.method)


def optimum(problem: Problem, numbers: tuple[int, int], goal: Goal, time_limit: float) -> Solution | None:
    """The best partition into as many subgraphs as from the first number to the second; None if there is none.

    Raises TimeUp if none was found in time, nor proven impossible. `Solution.optimal` says whether it is proven to be the best;
    what the dynamic program proves is not confirmed.
    """
    clock = Clock(time_limit)
    try:
        atoms = with_goal(contract(problem), goal)
        check_atoms(problem, atoms)
    except Split4mlError:
        return None
    possible = [n for n in range(numbers[0], numbers[1] + 1) if n <= len(atoms)]
    if not possible:
        return None
    state = _Lexicographic(Search(atoms, clock), goal, bounds(atoms, goal), possible, certify=False)
    state.run()
    if state.part is None:
        if state.impossible:
            return None
        raise TimeUp
    return solution_of(problem, atoms, state.part, state.bounds, state.optimal, state.method)


def only_cuts(problem: Problem, goal: Goal) -> bool:
    """Whether the cuts say it all."""
    free = problem.starts is None and not (problem.apart or problem.pins or problem.regions or goal.at_most)
    return bool(problem.cut_before) and free


def _numbers(problem: Problem, atoms: Atoms, subgraphs: Subgraphs, goal: Goal, most: int) -> list[int]:
    """The numbers of subgraphs to choose from. Raises Split4mlError if none is possible."""
    bound = goal.at_most.get(SUBGRAPHS)
    if isinstance(subgraphs, int):
        check_count(problem, atoms, subgraphs)
        if bound is not None and subgraphs > bound:
            raise Split4mlError(f"{subgraphs} subgraphs are asked for, and at most {bound}")
        return [subgraphs]
    most = min(len(atoms), _most(goal, most))
    check_count(problem, atoms, most)
    return list(range(1, most + 1))


def _most(goal: Goal, most: int) -> int:
    """The largest number of subgraphs that is considered if none is asked for."""
    return goal.at_most.get(SUBGRAPHS, most)


def _impossible(case: Case, clock: Clock) -> Split4mlError:
    found = conflict(case, clock)
    if found is None:
        return Split4mlError(
            "no split meets all demands, and there was no time to find out which are in conflict",
            hint="raise the time limit to be told",
        )
    return found.error()


def _not_found(numbers: Sequence[int]) -> Split4mlError:
    many = f"{numbers[-1]} subgraphs" if len(numbers) == 1 else f"up to {numbers[-1]} subgraphs"
    return Split4mlError(
        f"no partition into {many} was found in time, nor proven impossible",
        hint="raise the time limit, the budgets or the number of subgraphs",
    )


@dataclass
class _Lexicographic:
    """One objective after the other, each among the partitions that are good enough in those before it.

    numbers: of subgraphs that are left to choose from. within: what all before have settled. certify: let Z3 confirm.
    near: share of the time by which it may be worse than its bound, if nobody can prove the least. nearly: whether that was made use of.
    """

    search: Search
    goal: Goal
    within: Within
    numbers: list[int]
    certify: bool = True
    near: Fraction = NEAR[0]
    nearly: bool = False
    bounds: dict[str, int] = field(default_factory=dict)
    optimal: bool = True
    impossible: bool = False
    part: Part | None = None
    method: str = ""
    _witness: dict[int, Part] = field(default_factory=dict)
    _proofs: set[str] = field(default_factory=set)
    _asked: list[tuple[str, Within, int]] = field(default_factory=list)

    def fewest(self) -> None:
        """Leaves the smallest number whose first objective is within 5 % of the best of any."""
        first = self.goal.order[0] if self.goal.order else TIME
        if self.goal.weights or first == SUBGRAPHS:
            return  # the number is a part of what is weighed, or comes first anyway
        if self._rising(first):
            self._bisect(first)
            return
        found = self._best(first, self.numbers, 3, smallest=True)
        known = {n: f.value for n, f in found.items() if f.value is not None}
        if known:
            threshold = _five_percent(first, _best_of(first, known.values()))
            enough = [n for n, value in known.items() if not better(first, threshold, value)]
            self.numbers = [min(enough)]
            self.optimal &= all(f.proof for n, f in found.items() if n <= min(enough))

    def _rising(self, objective: str) -> bool:
        """Whether a subgraph can always be divided without making the objective worse, so that bisection may be used, and
        must be, since Z3 decides."""
        atoms = self.search.atoms
        free = (
            not (atoms.pins or atoms.inner or atoms.regions or atoms.own or atoms.leaving)
            and self.within == Within()
        )
        crowded = atoms.crowded(len(atoms)) and objective == TIME
        program = self.search.program(objective, self.numbers, self.within)
        return free and not crowded and not program.exact and objective in (TIME, UTILISATION)

    def _bisect(self, objective: str) -> None:
        most = self.numbers[-1]
        best = self._best(objective, [most], 3)[most]
        if best.value is None:
            self.numbers = [most]
            return
        threshold = _five_percent(objective, best.value)
        within = self.within.having(objective, threshold, self.search.atoms)
        low, high = 1, most
        while low < high:
            middle = (low + high) // 2
            with self.search.sliced(4):
                enough = self.search.best(SUBGRAPHS, [middle], within)[middle]
            if enough.value is not None:
                high = middle
                if enough.part is not None:
                    self._witness[middle] = enough.part
            else:
                low = middle + 1
                self.optimal &= bool(enough.proof)
        self.optimal &= bool(best.proof)
        self.numbers = [high]

    @property
    def settled(self) -> bool:
        """Whether there is a partition, and all but the time is proven."""
        atoms = self.search.atoms
        return self.part is not None and all(
            name == TIME or value_of(atoms, self.part, name) == bound for name, bound in self.bounds.items()
        )

    def run(self) -> None:
        order = self.goal.order
        if self.goal.weights:
            self._weigh()
            if not self.numbers:
                return
        for at, objective in enumerate(order):
            if not self._settle(objective, len(order) - at):
                return
        self._finish()

    def _settle(self, objective: str, stages: int) -> bool:
        """Makes one objective the best. False if there is no partition, or none was found."""
        found = self._best(objective, self.numbers, stages, self.near if stages > 1 else Fraction(0))
        known = {n: f for n, f in found.items() if f.value is not None}
        if not known:
            self.impossible = all(f.proof for f in found.values())
            return False
        value = _best_of(objective, (f.value for f in known.values() if f.value is not None))
        bound = _best_of(objective, (f.bound for f in found.values() if f.bound is not None))
        self.bounds[objective] = value if better(objective, value, bound) else bound
        self.optimal &= self.bounds[objective] == value
        self._proofs |= {f.proof for f in known.values()}
        enough = self.goal.relaxed(objective, value)
        if objective == TIME and stages > 1 and self.bounds[TIME] != value:
            near = self.bounds[TIME] + int(self.bounds[TIME] * self.near)
            enough, self.nearly = max(enough, near), near >= value
        self.numbers = [
            n for n, f in known.items() if f.value is not None and not better(objective, enough, f.value)
        ]
        for n in self.numbers:
            if (part := known[n].part) is not None:
                self._witness[n] = part
        self._asked.append((objective, self.within, value))
        self.within = self.within.having(objective, enough, self.search.atoms)
        return True

    def _best(
        self,
        objective: str,
        numbers: Sequence[int],
        stages: int,
        near: Fraction = Fraction(0),
        smallest: bool = False,
    ) -> Mapping[int, Found]:
        """Within this stage's share of the time."""
        out: dict[int, Found] = {}
        left = list(numbers)
        with self.search.sliced(stages + (POLISH if self.nearly else 0)):
            if len(left) > 1 and not self._witness:
                return self.search.best(objective, left, self.within, None, near, smallest)
            for n in left:
                out |= self.search.best(objective, [n], self.within, self._witness.get(n), near)
        return out

    def _weigh(self) -> None:
        """Leaves what has the least weighted sum: a point of the front of the objectives with a weight."""
        from split4ml.passes.solve.front import front

        names = tuple(self.goal.weights)
        found = front(self.search, names, self.numbers, self.within)
        if not found.points:
            self.impossible, self.numbers = not found.missing, []
            return
        best = min(found.points, key=lambda point: (self.goal.score(point.values), point.parts))
        self.optimal &= not found.missing
        self.numbers = [best.parts]
        self._witness = {best.parts: best.part}
        for name in names:
            self.within = self.within.having(name, best.values[name], self.search.atoms)

    def _finish(self) -> None:
        """The partition of the fewest subgraphs among equals, and who proved it."""
        number = min(self.numbers)
        part = self.search.partition(number, self.within) or self._witness.get(number)
        if part is None or not keeps(self.search.atoms, part, self.within):
            found = self.search.best(SUBGRAPHS, [number], self.within)
            part = found[number].part
        if part is not None and self.nearly:
            part = self.search.faster(part, self.within)
        self.part = part
        if not self.optimal:
            self.method = "time-limit"
        elif "branches" in self._proofs:
            self.method = "branches"
        elif "z3" in self._proofs or (
            self.certify
            and all(
                self.search.confirm(objective, number, within, value)
                for objective, within, value in self._asked
                if objective != SUBGRAPHS
            )
        ):
            self.method = "z3"
        else:
            self.method = "ideals"


def _best_of(objective: str, values: object) -> int:
    found = list(values)  # type: ignore[call-overload]
    return int(max(found) if objective == BALANCE else min(found))


def _five_percent(objective: str, value: int) -> int:
    """The worst value within 5 % of the best."""
    return Goal(slack=Fraction(SLACK_PERCENT)).relaxed(objective, value)
