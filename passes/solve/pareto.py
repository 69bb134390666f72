"""All partitions that are worth choosing from, as solutions: the Pareto front of a problem."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from split4ml.dialects.errors import Split4mlError
from split4ml.passes.solve.atoms import contract, with_goal
from split4ml.passes.solve.clock import Clock
from split4ml.passes.solve.demands import bounds
from split4ml.passes.solve.explain import check_atoms
from split4ml.passes.solve.front import front
from split4ml.passes.solve.objectives import PLAIN, Goal, Solution
from split4ml.passes.solve.problem import Problem
from split4ml.passes.solve.search import Search
from split4ml.passes.solve.solution import solution_of


@dataclass(frozen=True)
class Pareto:
    """points: by number of subgraphs, then by the first objective. missing: what there was no time for; "" if nothing."""

    points: tuple[Solution, ...]
    missing: str


def pareto(
    problem: Problem,
    objectives: Sequence[str],
    numbers: range,
    goal: Goal = PLAIN,
    time_limit: float = 60.0,
) -> Pareto:
    """Partitions into so many subgraphs, within the goal's bounds. Empty if there are none.

    Raises Split4mlError for contradictory wishes, and for a task that exceeds a budget alone.
    """
    atoms = with_goal(contract(problem), goal)
    check_atoms(problem, atoms)
    possible = [n for n in numbers if n <= len(atoms)]
    if not possible:
        raise Split4mlError(
            f"{numbers[0]} subgraphs are asked for, but the tasks that can be separated number only {len(atoms)}"
        )
    search = Search(atoms, Clock(time_limit))
    found = front(search, objectives, possible, bounds(atoms, goal))
    points = [
        solution_of(problem, atoms, point.part, dict(point.values), True, "ideals") for point in found.points
    ]
    points.sort(key=lambda one: (one.subgraphs, [one.values[name] for name in objectives]))
    return Pareto(tuple(points), found.missing)
