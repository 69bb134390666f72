"""From the engines' partition of atoms to a solution of the problem."""

from __future__ import annotations

from collections.abc import Mapping

from split4ml.passes.solve.atoms import Atoms
from split4ml.passes.solve.dynamic import Part
from split4ml.passes.solve.objectives import Solution, measure
from split4ml.passes.solve.problem import Problem, canonical
from split4ml.passes.solve.regions import assign


def solution_of(
    problem: Problem, atoms: Atoms, part: Part, bounds: Mapping[str, int], optimal: bool, method: str
) -> Solution:
    """With all values, the plan and the regions."""
    tasks = canonical(problem, atoms.expand(part, len(problem.tasks)))
    values, schedule = measure(problem, tasks)
    region_of: tuple[int, ...] = ()
    if atoms.regions:
        renumbered = tuple(tasks[group[0]] for group in atoms.members)
        region_of = assign(atoms, renumbered).region_of or ()
    return Solution(tasks, values, bounds, optimal, method, schedule.starts, region_of)
