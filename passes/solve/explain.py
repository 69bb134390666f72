"""Why there is no partition: which budget, by how much; which cut or count asks too much."""

from __future__ import annotations

from split4ml.dialects.errors import Split4mlError
from split4ml.passes.solve.atoms import Atoms
from split4ml.passes.solve.problem import Problem
from split4ml.passes.solve.search import Clock, Search, least_budget

SHOWN = 4
"""Names in a message at most."""


def list_tasks(problem: Problem, tasks: tuple[int, ...]) -> str:
    """`a, b, c and 3 more`."""
    names = [problem.tasks[t] for t in tasks[:SHOWN]]
    rest = len(tasks) - len(names)
    return ", ".join(names) + (f" and {rest} more" if rest else "")


def check_atoms(problem: Problem, atoms: Atoms) -> None:
    """No atom alone exceeds a budget. Raises Split4mlError with the worst excess over the first such budget."""
    for resource, budget in atoms.budgets.items():
        use = atoms.resources[resource]
        worst = max(range(len(atoms)), key=lambda a: (use[a], -a))
        if use[worst] <= budget:
            continue
        members = atoms.members[worst]
        subject = f"task {problem.tasks[members[0]]} alone needs"
        hint = f"raise the {resource} budget to at least {use[worst]}, or make the layer smaller"
        if len(members) > 1:
            subject = f"the tasks {list_tasks(problem, members)}, which must share a subgraph, need"
        raise Split4mlError(
            f"{subject} {use[worst]} {resource}, {use[worst] - budget} over the budget of {budget}",
            where=problem.tasks[members[0]],
            hint=hint,
        )


def check_count(problem: Problem, atoms: Atoms, parts: int) -> None:
    """`parts` is neither more than the separable tasks nor less than the cuts need. Raises Split4mlError."""
    if parts < 1:
        raise Split4mlError(f"a design has at least 1 subgraph, not {parts}")
    if parts > len(atoms):
        apart = "tasks"
        if len(atoms) < len(problem.tasks):
            tied = "edges that cannot be cut" + (", tasks kept together" if problem.together else "")
            apart = f"groups of tasks that can be separated ({tied})"
        raise Split4mlError(
            f"{parts} subgraphs are asked for, but {apart} number only {len(atoms)}",
            hint=f"ask for at most {len(atoms)} subgraphs",
        )
    strict = set(atoms.strict)
    depth = [1] * len(atoms)
    for u, v, _ in atoms.edges:
        depth[v] = max(depth[v], depth[u] + ((u, v) in strict))
    if max(depth) > parts:
        cuts = tuple(problem.cut_before)
        raise Split4mlError(
            f"the cuts before {list_tasks(problem, cuts)} need at least {max(depth)} subgraphs, not {parts}",
            hint=f"ask for at least {max(depth)} subgraphs, or drop a cut",
        )


def infeasible(problem: Problem, atoms: Atoms, parts: int, clock: Clock) -> Split4mlError:
    """The error for budgets that no partition into `parts` subgraphs meets, though every atom alone does."""
    enough: list[str] = []
    for resource, budget in atoms.budgets.items():
        found = least_budget(atoms, resource, parts, clock)
        if found.chain is not None:
            about = "" if found.proof else "at most "
            enough.append(
                f"{resource} {budget} is too small by {about}{found.chain.load - budget}: "
                f"{found.chain.load} would do"
            )
    many = "1 subgraph does" if parts == 1 else f"{parts} subgraphs do"
    if not enough:
        each = ", ".join(f"{r} {b}" for r, b in atoms.budgets.items())
        reason = f"no single budget is at fault, raising any one of {each} is not enough"
    else:
        kept = " with the other budgets kept" if len(atoms.budgets) > 1 else ""
        reason = "; or ".join(enough) + kept
    more = Search(atoms, clock).ideals.fewest_parts()
    return Split4mlError(
        f"{many} not fit the budgets: {reason}", hint=f"raise a budget, or allow {more} subgraphs"
    )
