"""An independent check of a partition. It shares no code with the solver: networkx and the problem's own words."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx

from split4ml.dialects.errors import Split4mlError
from split4ml.passes.solve.problem import Problem, Solution


def check(problem: Problem, solution: Solution) -> None:
    """Raises Split4mlError, naming tasks and edges, unless `solution` is a valid partition of `problem`.

    Checked: every task has a subgraph, none is empty, every one is convex, the quotient is acyclic and numbered
    topologically, no uncuttable edge is cut, groups are together, every edge into a task to cut before is cut,
    budgets hold, makespan and crossing bits are what the solution says, and lower bounds do not exceed them.
    """
    part = solution.subgraph_of
    names = problem.tasks
    if len(part) != len(names):
        raise Split4mlError(f"the partition covers {len(part)} of {len(names)} tasks")
    used = set(part)
    if used != set(range(len(used))):
        raise Split4mlError(f"subgraphs are numbered {sorted(used)}: one is empty or negative")
    _check_graph(problem, part)
    _check_demands(problem, part)
    _check_values(problem, solution)


def _check_graph(problem: Problem, part: tuple[int, ...]) -> None:
    names = problem.tasks
    graph = nx.DiGraph()
    graph.add_nodes_from(range(len(names)))
    graph.add_edges_from((e.src, e.dst) for e in problem.edges)
    groups = [{t for t, p in enumerate(part) if p == k} for k in range(max(part) + 1)]
    quotient = nx.quotient_graph(graph, groups, create_using=nx.DiGraph)
    for group in quotient.nodes:
        after = set().union(*(nx.descendants(graph, t) for t in group))
        before = set().union(*(nx.ancestors(graph, t) for t in group))
        outside = sorted((after & before) - group)
        if outside:
            k = part[next(iter(group))]
            raise Split4mlError(
                f"subgraph {k} is not convex: a path leaves and re-enters it through {names[outside[0]]}"
            )
    if not nx.is_directed_acyclic_graph(quotient):
        cycle = nx.find_cycle(quotient)
        path = " -> ".join(str(part[min(a)]) for a, _ in cycle)
        raise Split4mlError(f"the subgraphs form a cycle: {path} -> {part[min(cycle[0][0])]}")
    for e in problem.edges:
        if part[e.src] > part[e.dst]:
            raise Split4mlError(
                f"the edge {names[e.src]} -> {names[e.dst]} goes down from subgraph {part[e.src]} to {part[e.dst]}"
            )


def _check_demands(problem: Problem, part: tuple[int, ...]) -> None:
    names = problem.tasks
    for e in problem.edges:
        cut = part[e.src] != part[e.dst]
        if cut and not e.cuttable:
            raise Split4mlError(
                f"the edge {names[e.src]} -> {names[e.dst]} is cut, but must not be: {e.reason}"
            )
        if not cut and e.dst in problem.cut_before:
            raise Split4mlError(f"the edge {names[e.src]} -> {names[e.dst]} is not cut, but must be")
    for group in problem.together:
        for a, b in pairwise(group):
            if part[a] != part[b]:
                raise Split4mlError(f"{names[a]} and {names[b]} are not kept together")
    for resource, budget in problem.budgets.items():
        use: dict[int, int] = {}
        for task, amount in enumerate(problem.resources[resource]):
            use[part[task]] = use.get(part[task], 0) + amount
        for k, amount in use.items():
            if amount > budget:
                raise Split4mlError(f"subgraph {k} needs {amount} {resource}, over the budget of {budget}")


def _check_values(problem: Problem, solution: Solution) -> None:
    part = solution.subgraph_of
    makespan = max(
        problem.fixed + sum(load for task, load in enumerate(problem.load) if part[task] == k)
        for k in set(part)
    )
    bits = sum(e.bits for e in problem.edges if part[e.src] != part[e.dst])
    for what, said, found, bound in (
        ("makespan", solution.makespan, makespan, solution.lower_bound),
        ("crossing bits", solution.crossing_bits, bits, solution.crossing_lower_bound),
    ):
        if said != found:
            raise Split4mlError(f"the {what} of the partition is {found}, not {said}")
        if bound > found or (solution.optimal and bound != found):
            raise Split4mlError(f"the {what} is {found}, but its lower bound is {bound}")
