"""A partition given by the user's cuts alone: one subgraph more than cuts.

The cuts, in topological order, are c1 .. cm. Subgraph k holds ck and all that depends on it but on no later cut;
subgraph 0 the rest. Ends of an uncuttable edge and groups kept together meet in the later subgraph of the two,
with all that depends on them: every task sits in the earliest subgraph that the cuts permit. Cuts before tasks
that are kept together are one.
"""

from __future__ import annotations

from split4ml.dialects.errors import Split4mlError
from split4ml.passes.solve.atoms import contract
from split4ml.passes.solve.explain import list_tasks
from split4ml.passes.solve.objectives import BITS, TIME, Solution, measure, uses
from split4ml.passes.solve.problem import Problem, canonical


def partition_by_cuts(problem: Problem) -> Solution:
    """Raises Split4mlError naming the edge, the tasks or the budget that stand against the cuts."""
    atoms = contract(problem)
    home = {task: a for a, group in enumerate(atoms.members) for task in group}
    part = [0] * len(atoms)
    for k, atom in enumerate(sorted({home[cut] for cut in problem.cut_before}), 1):
        part[atom] = k
    # Atoms are numbered topologically, so no ancestor of a cut atom has a higher cut: it keeps its k, and what
    # feeds it stays below.
    for u, v in atoms.pairs:
        part[v] = max(part[v], part[u])
    tasks = canonical(problem, atoms.expand(tuple(part), len(problem.tasks)))
    _check_budgets(problem, tasks)
    values, schedule = measure(problem, tasks)
    return Solution(
        tasks, values, {name: values[name] for name in (TIME, BITS)}, True, "cut-before", schedule.starts
    )


def _check_budgets(problem: Problem, part: tuple[int, ...]) -> None:
    for resource, budget in problem.budgets.items():
        used = uses(problem, part, resource)
        for k in range(max(part) + 1):
            inside = tuple(t for t, p in enumerate(part) if p == k)
            use = used[k]
            if use > budget:
                raise Split4mlError(
                    f"subgraph {k} ({list_tasks(problem, inside)}) of the cuts given needs {use} {resource}, "
                    f"{use - budget} over the budget of {budget}",
                    hint="raise the budget, or add a cut inside this subgraph",
                )
