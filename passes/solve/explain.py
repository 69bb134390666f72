"""What is impossible at first sight: one task too large for a budget, more subgraphs than tasks, more cuts than subgraphs."""

from __future__ import annotations

from collections.abc import Callable

from split4ml.dialects.errors import Split4mlError
from split4ml.passes.solve.atoms import MEMORY, Atoms
from split4ml.passes.solve.demands import gibibytes
from split4ml.passes.solve.objectives import UTILISATION
from split4ml.passes.solve.problem import Problem

SHOWN = 4
"""Names in a message at most."""


def list_tasks(problem: Problem, tasks: tuple[int, ...]) -> str:
    """`a, b, c and 3 more`."""
    names = [problem.tasks[t] for t in tasks[:SHOWN]]
    rest = len(tasks) - len(names)
    return ", ".join(names) + (f" and {rest} more" if rest else "")


def check_atoms(problem: Problem, atoms: Atoms, nearest: Callable[[str], str] = lambda demand: "") -> None:
    """No atom alone exceeds a budget. Raises Split4mlError with the worst excess over the first such budget.

    nearest: in words, what would do in the place of a demand, by the resource or objective that it limits; "" if nothing would.
    """
    for resource, budget in atoms.budgets.items():
        use = [amount + atoms.own.get(resource, 0) for amount in atoms.resources[resource]]
        worst = max(range(len(atoms)), key=lambda a: (use[a], -a))
        if use[worst] <= budget:
            continue
        demand = resource
        if resource == MEMORY:
            fixed = atoms.workshop.fixed_memory
            amount = f"{gibibytes(use[worst] + fixed)} of {MEMORY}, and there are {gibibytes(budget + fixed)}"
        elif budget == problem.budgets.get(resource):
            amount = f"{use[worst]} {resource}, {use[worst] - budget} over the budget of {budget}"
        else:
            demand = UTILISATION
            amount = f"{use[worst]} {resource}, {use[worst] - budget} over the {budget} that the bound on utilisation allows"
        members = atoms.members[worst]
        subject = f"task {problem.tasks[members[0]]} alone needs"
        if len(members) > 1:
            subject = f"the tasks {list_tasks(problem, members)}, which must share a subgraph, need"
        remedy = "make the layer smaller, or reuse its multipliers more"
        if enough := nearest(demand):
            remedy = f"{remedy}; with all else kept, {enough} would do"
        raise Split4mlError(f"{subject} {amount}", where=problem.tasks[members[0]], hint=remedy)


def check_count(problem: Problem, atoms: Atoms, parts: int) -> None:
    """`parts` is neither more than the separable tasks nor less than cuts and pins need. Raises Split4mlError."""
    if parts < 1:
        raise Split4mlError(f"a design has at least 1 subgraph, not {parts}")
    if parts > len(atoms):
        apart = "tasks"
        if len(atoms) < len(problem.tasks):
            tied = "edges that cannot be cut" + (", tasks kept together" if problem.together else "")
            apart = f"groups of tasks that can be separated ({tied})"
        raise Split4mlError(
            f"{parts} subgraphs are asked for, but {apart} number only {len(atoms)}",
            hint=f"ask for at most {len(atoms)} subgraph{'s' if len(atoms) > 1 else ''}",
        )
    strict = set(atoms.strict)
    depth = [1] * len(atoms)
    for u, v in atoms.pairs:
        depth[v] = max(depth[v], depth[u] + ((u, v) in strict))
    if max(depth) > parts:
        cuts = tuple(problem.cut_before) or tuple(e.dst for e in problem.edges if e.must_cut)
        raise Split4mlError(
            f"the cuts before {list_tasks(problem, cuts)} need at least {max(depth)} subgraphs, not {parts}",
            hint=f"ask for at least {max(depth)} subgraphs, or drop a cut",
        )
    for task, k in problem.pins.items():
        if k >= parts:
            raise Split4mlError(
                f"{problem.tasks[task]} is pinned to subgraph {k}, but with {parts} subgraphs the last one is {parts - 1}",
                where=problem.tasks[task],
                hint="subgraphs are numbered from 0, along the edges",
            )
