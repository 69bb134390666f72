"""A partition whose costs depend on itself: solve, look at what the costs become, and solve again until nothing changes.

It ends: no partition is looked at twice, there are finitely many, and never more than `rounds` are. What it ends with meets all
constraints under its own costs, and is, if stable, the best under them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from split4ml.dialects.errors import Split4mlError
from split4ml.passes.solve.check import check
from split4ml.passes.solve.objectives import Goal, Solution, better, measure
from split4ml.passes.solve.prices import compare
from split4ml.passes.solve.problem import Problem

Part = tuple[int, ...]


@dataclass(frozen=True)
class Visit:
    """A partition with the costs that it has itself. fits: whether it meets all constraints so."""

    solution: Solution
    problem: Problem
    fits: bool


@dataclass(frozen=True)
class Settled:
    """how: `stable`, or `best-known`: of the partitions looked at, since one came up again or the rounds were used up."""

    visit: Visit
    rounds: int
    how: Literal["stable", "best-known"]


def settle(
    first: Visit,
    best: Callable[[Problem], Solution],
    costs: Callable[[Problem, Solution], Visit],
    goal: Goal,
    rounds: int,
    free: bool = False,
) -> Settled:
    """best: the best partition of a problem; raises Split4mlError if there is none. costs: makes a partition that was found, and
    looks at it. free: the number of subgraphs is chosen along with the partition.

    Raises Split4mlError if no partition that was looked at meets all constraints under its own costs.
    """
    visits: dict[Part, Visit] = {}
    visit = first
    while True:
        visits[visit.solution.subgraph_of] = visit
        try:
            found = best(visit.problem)
        except Split4mlError as error:
            if any(one.fits for one in visits.values()):
                return Settled(_choose(visits, goal), len(visits), "best-known")
            error.message = f"with the FIFOs as they are sized, {error.message}"
            raise
        same_number = not free or visit.solution.subgraphs == found.subgraphs
        if visit.fits and same_number and no_worse(goal, visit.solution.values, found.values):
            return Settled(visit, len(visits), "stable")
        if found.subgraph_of in visits or len(visits) == rounds:
            return Settled(_choose(visits, goal), len(visits), "best-known")
        visit = costs(visit.problem, found)


def look(problem: Problem, part: Part, region_of: tuple[int, ...], goal: Goal) -> Visit:
    """A partition under the costs of a problem."""
    values, plan = measure(problem, part)
    solution = Solution(part, values, {}, False, "", plan.starts, region_of)
    try:
        check(problem, solution, goal)
    except Split4mlError:
        return Visit(solution, problem, fits=False)
    return Visit(solution, problem, fits=True)


def no_worse(goal: Goal, mine: Mapping[str, int], best: Mapping[str, int]) -> bool:
    """Whether the values are as good as the best by the goal, with the slack that it allows."""
    if goal.weights and goal.score(mine) != goal.score(best):
        return goal.score(mine) < goal.score(best)
    for name in goal.order:
        if better(name, goal.relaxed(name, best[name]), mine[name]):
            return False
        if not goal.slack and better(name, mine[name], best[name]):
            return True
    return True


def _choose(visits: Mapping[Part, Visit], goal: Goal) -> Visit:
    """The best of those that fit; of equals, the first."""
    fitting = [visit for visit in visits.values() if visit.fits]
    if not fitting:
        raise Split4mlError(
            f"none of the {len(visits)} best splits meets all demands with its FIFOs as they are sized",
            hint="raise the budgets a little, or leave settle-split out: FIFOs then take no part in the split",
        )
    chosen = fitting[0]
    for visit in fitting[1:]:
        if compare(goal, visit.solution.values, chosen.solution.values) < 0:
            chosen = visit
    return chosen
