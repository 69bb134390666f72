"""An independent check of a partition. It shares no code with the solver: networkx, and the words of docs/partition.md."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import pairwise

import networkx as nx

from split4ml.dialects.errors import Split4mlError
from split4ml.passes.solve.objectives import Goal, Solution
from split4ml.passes.solve.problem import Problem


def check(problem: Problem, solution: Solution, goal: Goal | None = None) -> None:
    """Raises Split4mlError, naming tasks and edges, unless `solution` is a valid partition of `problem`.

    Checked: every task has a subgraph, none is empty, every one is convex, the quotient is acyclic and numbered
    topologically; edges that must not be cut are not, those that must are; tasks are together, apart, pinned and placed as
    wished; subgraphs begin only where they may; budgets hold, and so do the capacities of the whole and of regions; the plan of the synthesis keeps
    jobs and memory; all objectives are what the solution says, within the goal's bounds, and no proven bound is worse than
    what it bounds.
    """
    part = solution.subgraph_of
    names = problem.tasks
    if len(part) != len(names):
        raise Split4mlError(f"the partition covers {len(part)} of {len(names)} tasks")
    used = set(part)
    if used != set(range(len(used))):
        raise Split4mlError(f"subgraphs are numbered {sorted(used)}: one is empty or negative")
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(range(len(names)))
    graph.add_edges_from((e.src, e.dst) for e in problem.edges)
    _check_graph(problem, part, graph)
    _check_edges(problem, part)
    _check_wishes(problem, part)
    _check_starts(problem, part, graph)
    _check_budgets(problem, part)
    _check_whole(problem, part)
    _check_regions(problem, solution)
    _check_plan(problem, solution)
    _check_values(problem, solution, graph)
    _check_bounds(solution, goal)


def _check_graph(problem: Problem, part: tuple[int, ...], graph: nx.MultiDiGraph) -> None:
    names = problem.tasks
    groups = [{t for t, p in enumerate(part) if p == k} for k in range(max(part) + 1)]
    simple = nx.DiGraph(graph)
    quotient = nx.quotient_graph(simple, groups, create_using=nx.DiGraph)
    for group in quotient.nodes:
        after = _reachable(simple, group)
        before = _reachable(simple.reverse(copy=False), group)
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


def _reachable(graph: nx.DiGraph, sources: set[int]) -> set[int]:
    return set(nx.multi_source_dijkstra_path_length(graph, sources, weight=None))


def _check_edges(problem: Problem, part: tuple[int, ...]) -> None:
    names = problem.tasks
    for e in problem.edges:
        cut = part[e.src] != part[e.dst]
        if cut and not e.cuttable:
            raise Split4mlError(
                f"the edge {names[e.src]} -> {names[e.dst]} is cut, but must not be: {e.reason}"
            )
        if not cut and (e.must_cut or e.dst in problem.cut_before):
            raise Split4mlError(f"the edge {names[e.src]} -> {names[e.dst]} is not cut, but must be")


def _check_wishes(problem: Problem, part: tuple[int, ...]) -> None:
    names = problem.tasks
    for group in problem.together:
        for a, b in pairwise(group):
            if part[a] != part[b]:
                raise Split4mlError(f"{names[a]} and {names[b]} are not kept together")
    for a, b in problem.apart:
        if part[a] == part[b]:
            raise Split4mlError(f"{names[a]} and {names[b]} are not kept apart")
    for task, k in problem.pins.items():
        if part[task] != k:
            raise Split4mlError(f"{names[task]} is pinned to subgraph {k}, but is in subgraph {part[task]}")


def _check_starts(problem: Problem, part: tuple[int, ...], graph: nx.MultiDiGraph) -> None:
    if problem.starts is None:
        return
    for k in range(max(part)):
        behind = graph.subgraph([t for t, p in enumerate(part) if p > k])
        for task, degree in behind.in_degree():
            if degree == 0 and task not in problem.starts:
                raise Split4mlError(f"subgraph {k + 1} begins at {problem.tasks[task]}, where none may begin")


def _used(problem: Problem, part: tuple[int, ...], resource: str) -> dict[int, int]:
    """By subgraph: its tasks, what is its own, and the ends of streams that others read or write."""
    found = {
        k: amount + problem.own.get(resource, 0)
        for k, amount in _totals(part, problem.resources[resource]).items()
    }
    for k in found:
        for e in problem.edges:
            if part[e.src] == k and part[e.dst] != k:
                found[k] += e.leaving.get(resource, 0)
            if part[e.dst] == k and part[e.src] != k:
                found[k] += e.entering.get(resource, 0)
    return found


def _totals(part: tuple[int, ...], amounts: tuple[int, ...]) -> dict[int, int]:
    found: dict[int, int] = defaultdict(int)
    for task, amount in enumerate(amounts):
        found[part[task]] += amount
    return found


def _check_budgets(problem: Problem, part: tuple[int, ...]) -> None:
    for resource, budget in problem.budgets.items():
        for k, amount in _used(problem, part, resource).items():
            if amount > budget:
                raise Split4mlError(f"subgraph {k} needs {amount} {resource}, over the budget of {budget}")


def _check_whole(problem: Problem, part: tuple[int, ...]) -> None:
    for resource, most in problem.whole.items():
        use = sum(_used(problem, part, resource).values())
        if use > most:
            raise Split4mlError(
                f"the design fits its device, but not with what this split adds: {use:,} {resource} in {len(set(part))} "
                f"subgraphs, and {most:,} may be used",
                hint="ask for fewer subgraphs or fewer crossing bits, allow more of the device, or take a larger one",
            )


def _check_regions(problem: Problem, solution: Solution) -> None:
    part, homes = solution.subgraph_of, solution.region_of
    if not problem.regions:
        return
    if len(homes) != solution.subgraphs or not set(homes) <= set(range(len(problem.regions))):
        raise Split4mlError("not every subgraph is in a region of the device")
    for task, home in problem.placed.items():
        if homes[part[task]] != home:
            raise Split4mlError(
                f"{problem.tasks[task]} is placed in {problem.regions[home].name}, but its subgraph is in "
                f"{problem.regions[homes[part[task]]].name}"
            )
    for at, region in enumerate(problem.regions):
        for resource, most in region.capacity.items():
            use = sum(amount for k, amount in _used(problem, part, resource).items() if homes[k] == at)
            if use > most:
                raise Split4mlError(f"{region.name} holds {most} {resource}, but {use} are placed there")


def _check_plan(problem: Problem, solution: Solution) -> None:
    part, shop = solution.subgraph_of, problem.workshop
    count = solution.subgraphs
    if len(solution.starts) != count or min(solution.starts) < 0:
        raise Split4mlError("the plan does not say when every subgraph is synthesised")
    loads = _totals(part, problem.load)
    memory = _totals(part, problem.memory) if problem.memory else {}
    ends = [solution.starts[k] + loads[k] + problem.fixed for k in range(count)]
    for k in range(count):
        begin = solution.starts[k]
        others = [o for o in range(count) if o != k and solution.starts[o] <= begin < ends[o]]
        if shop.jobs is not None and len(others) >= shop.jobs:
            raise Split4mlError(f"{len(others) + 1} jobs run at once, but only {shop.jobs} may")
        need = sum(memory.get(o, 0) + shop.fixed_memory for o in (k, *others))
        if shop.memory is not None and need > shop.memory:
            raise Split4mlError(f"jobs that run at once need {need} MiB, but there are {shop.memory}")
    if max(ends) != solution.values.get("time"):
        raise Split4mlError(f"the time of the partition is {max(ends)}, not {solution.values.get('time')}")


def _check_values(problem: Problem, solution: Solution, graph: nx.MultiDiGraph) -> None:
    part = solution.subgraph_of
    loads = _totals(part, problem.load)
    whole = _inseparable(problem, graph)
    crossed: dict[int, int] = {}
    for tasks in nx.topological_sort(whole):
        here = part[min(whole.nodes[tasks]["members"])]
        crossed[tasks] = max(
            (
                crossed[before] + (part[min(whole.nodes[before]["members"])] != here)
                for before in whole.predecessors(tasks)
            ),
            default=0,
        )
    known: dict[str, Callable[[], int]] = {
        "bits": lambda: sum(e.bits for e in problem.edges if part[e.src] != part[e.dst]),
        "subgraphs": lambda: len(set(part)),
        "latency": lambda: problem.hop * max(crossed.values()),
        "balance": lambda: min(loads.values()) + problem.fixed,
        "utilisation": lambda: max(_shares(problem, part)),
    }
    for name, found in known.items():
        if name == "utilisation" and not problem.capacity:
            continue
        if (value := found()) != solution.values.get(name):
            raise Split4mlError(f"the {name} of the partition is {value}, not {solution.values.get(name)}")


def _inseparable(problem: Problem, graph: nx.MultiDiGraph) -> nx.DiGraph:
    """Tasks that must share a subgraph as one, with its `members`: what is on a circle once demands lead both ways."""
    both = nx.DiGraph(graph)
    both.add_edges_from((e.dst, e.src) for e in problem.edges if not e.cuttable)
    for group in problem.together:
        nx.add_cycle(both, group)
    return nx.condensation(both)


def _shares(problem: Problem, part: tuple[int, ...]) -> Iterator[int]:
    """Millionths of the capacity that each subgraph uses of each resource, rounded up."""
    for resource, whole in problem.capacity.items():
        for amount in _used(problem, part, resource).values():
            yield (amount * 1_000_000 + whole - 1) // whole


def _check_bounds(solution: Solution, goal: Goal | None) -> None:
    for name, bound in solution.bounds.items():
        value = solution.values[name]
        beaten = bound < value if name == "balance" else bound > value
        allowed = goal is not None and goal.slack > 0
        if beaten or (solution.optimal and bound != value and not allowed):
            raise Split4mlError(f"the {name} is {value}, but its proven bound is {bound}")
    for name, bound in goal.at_most.items() if goal else ():
        value = solution.values[name]
        if value < bound if name == "balance" else value > bound:
            raise Split4mlError(f"the {name} is {value}, but the bound given is {bound}")
