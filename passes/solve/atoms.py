"""Contraction: tasks that no valid partition separates become one atom.

Ends of an uncuttable edge and groups kept together share an atom, and so does everything on a path between two
members, since a subgraph is convex: the atoms are the strongly connected components after the merge. What is
left is a smaller acyclic graph in which every edge may be cut, so the engines need no such constraint.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from split4ml.dialects.errors import Split4mlError
from split4ml.passes.solve.components import components
from split4ml.passes.solve.objectives import UTILISATION, Goal, depth, sums, utilisation
from split4ml.passes.solve.problem import Edge, Problem, Region, Workshop, topological_order
from split4ml.passes.solve.schedule import Plan, plan

MEMORY = "synthesis memory"
"""The synthesis memory of a subgraph, which has a budget like a resource if the workshop has a limit."""


@dataclass(frozen=True)
class Atoms:
    """The contracted graph; atoms are numbered topologically.

    members:   the tasks of each atom.
    load:      summed over the members, without `fixed`, which every subgraph adds.
    edges:     (src, dst, bits), src < dst, at most one per pair, sorted.
    strict:    pairs (src, dst) of edges that must be cut, sorted.
    apart:     pairs that must not share a subgraph, the smaller first, sorted.
    pins:      atom -> number of its subgraph; placed: atom -> its region.
    inner:     (atom, atoms before it): the atom may be behind a boundary only if one of those before it is too, so that
               the boundary does not begin with it.
    leaving, entering: resource -> per edge, what its cut adds to the subgraph that it leaves, and to that which it enters.
    resources: of tasks by atom; own, budgets, capacity and regions are those of the problem.
    """

    members: tuple[tuple[int, ...], ...]
    load: tuple[int, ...]
    edges: tuple[tuple[int, int, int], ...]
    strict: tuple[tuple[int, int], ...]
    resources: Mapping[str, tuple[int, ...]]
    budgets: Mapping[str, int]
    fixed: int
    capacity: Mapping[str, int]
    workshop: Workshop
    hop: int
    apart: tuple[tuple[int, int], ...]
    pins: Mapping[int, int]
    inner: tuple[tuple[int, tuple[int, ...]], ...]
    regions: tuple[Region, ...]
    placed: Mapping[int, int]
    own: Mapping[str, int]
    leaving: Mapping[str, tuple[int, ...]]
    entering: Mapping[str, tuple[int, ...]]

    def __len__(self) -> int:
        return len(self.members)

    def expand(self, part: Sequence[int], tasks: int) -> tuple[int, ...]:
        """From the subgraph of every atom to that of every task."""
        out = [0] * tasks
        for atom, k in enumerate(part):
            for task in self.members[atom]:
                out[task] = k
        return tuple(out)

    @cached_property
    def total(self) -> int:
        return sum(self.load)

    @cached_property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        return tuple((u, v) for u, v, _ in self.edges)

    def loads(self, part: Sequence[int]) -> list[int]:
        """Per subgraph, without `fixed`."""
        return sums(part, self.load, max(part) + 1)

    def bits(self, part: Sequence[int]) -> int:
        return sum(w for u, v, w in self.edges if part[u] != part[v])

    def depth(self, part: Sequence[int]) -> int:
        return depth(part, self.pairs)

    def share(self, part: Sequence[int]) -> int:
        """The greatest utilisation, in millionths."""
        return utilisation(
            (use, whole) for resource, whole in self.capacity.items() for use in self.uses(part, resource)
        )

    def uses(self, part: Sequence[int], resource: str) -> list[int]:
        """What each subgraph uses, with its ends of the edges that are cut."""
        out = sums(part, self.resources[resource], max(part) + 1, self.own.get(resource, 0))
        if resource in self.leaving:
            ends = zip(self.edges, self.leaving[resource], self.entering[resource], strict=True)
            for (u, v, _), leaving, entering in ends:
                if part[u] != part[v]:
                    out[part[u]] += leaving
                    out[part[v]] += entering
        return out

    def plan(self, part: Sequence[int]) -> Plan:
        """Of the synthesis."""
        count = max(part) + 1
        loads = sums(part, self.load, count, self.fixed)
        memory = (
            sums(part, self.resources[MEMORY], count, self.workshop.fixed_memory)
            if MEMORY in self.resources
            else [0] * count
        )
        return plan(loads, memory, self.workshop)

    def crowded(self, parts: int) -> bool:
        """Whether the workshop may be too small for `parts` subgraphs at once."""
        shop = self.workshop
        if shop.jobs is not None and shop.jobs < parts:
            return True
        return shop.memory is not None and (
            sum(self.resources[MEMORY]) + parts * shop.fixed_memory > shop.memory
        )


def contract(problem: Problem) -> Atoms:
    """Raises Split4mlError for cuts, pins or pairs apart that uncuttable edges or groups forbid."""
    check_cuts(problem)
    n = len(problem.tasks)
    component = components(problem)
    _check_separate(problem, component)
    # Number atoms topologically; ties by the earliest member in the tasks' own order.
    position = {t: i for i, t in enumerate(topological_order(n, ((e.src, e.dst) for e in problem.edges)))}
    earliest: dict[int, int] = {}
    for task, c in enumerate(component):
        earliest[c] = min(position[task], earliest.get(c, n))
    dense = {c: i for i, c in enumerate(sorted(earliest, key=earliest.__getitem__))}
    flat = [dense[c] for c in component]
    pairs = {(flat[e.src], flat[e.dst]) for e in problem.edges if flat[e.src] != flat[e.dst]}
    rank = {a: i for i, a in enumerate(topological_order(len(dense), sorted(pairs)))}
    atom = [rank[a] for a in flat]

    members: list[list[int]] = [[] for _ in dense]
    for task in range(n):
        members[atom[task]].append(task)
    joined: dict[tuple[int, int], list[Edge]] = {}
    for e in problem.edges:
        if atom[e.src] != atom[e.dst]:
            joined.setdefault((atom[e.src], atom[e.dst]), []).append(e)
    between = [joined[pair] for pair in sorted(joined)]

    def total(values: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sum(values[t] for t in group) for group in members)

    shop = problem.workshop
    budgets = {r: problem.budgets[r] for r in sorted(problem.budgets)}
    wanted = set(budgets) | set(problem.capacity) | {r for region in problem.regions for r in region.capacity}
    resources = {r: total(problem.resources[r]) for r in sorted(wanted)}
    dear = [r for r in resources if any(e.leaving.get(r) or e.entering.get(r) for e in problem.edges)]
    if shop.memory is not None:
        resources[MEMORY] = total(problem.memory)
        budgets[MEMORY] = shop.memory - shop.fixed_memory
    return Atoms(
        members=tuple(tuple(group) for group in members),
        load=total(problem.load),
        edges=tuple((*pair, sum(e.bits for e in joined[pair])) for pair in sorted(joined)),
        strict=tuple(sorted({(atom[e.src], atom[e.dst]) for e in problem.edges if must_cut(problem, e)})),
        resources=resources,
        budgets=budgets,
        fixed=problem.fixed,
        capacity=problem.capacity,
        workshop=shop,
        hop=problem.hop,
        apart=tuple(sorted({(min(p), max(p)) for a, b in problem.apart for p in [(atom[a], atom[b])]})),
        pins={atom[task]: k for task, k in problem.pins.items()},
        inner=_inner(problem, atom),
        regions=problem.regions,
        placed={atom[task]: region for task, region in problem.placed.items()},
        own={r: problem.own[r] for r in resources if problem.own.get(r)},
        leaving={r: tuple(sum(e.leaving.get(r, 0) for e in pair) for pair in between) for r in dear},
        entering={r: tuple(sum(e.entering.get(r, 0) for e in pair) for pair in between) for r in dear},
    )


def must_cut(problem: Problem, edge: Edge) -> bool:
    return edge.must_cut or edge.dst in problem.cut_before


def _inner(problem: Problem, atom: Sequence[int]) -> tuple[tuple[int, tuple[int, ...]], ...]:
    """The atoms at which no subgraph may begin; those with a task that may not, and that nothing in the atom precedes."""
    if problem.starts is None:
        return ()
    before: list[set[int]] = [set() for _ in problem.tasks]
    for e in problem.edges:
        before[e.dst].add(atom[e.src])
    found = {
        (atom[task], tuple(sorted(before[task])))
        for task in range(len(problem.tasks))
        if task not in problem.starts and atom[task] not in before[task]
    }
    return tuple(sorted(found))


def with_goal(atoms: Atoms, goal: Goal) -> Atoms:
    """The objectives' upper bounds that are budgets of a kind become budgets: a share of the device."""
    budgets = dict(atoms.budgets)
    if (share := goal.at_most.get(UTILISATION)) is not None:
        for resource, whole in atoms.capacity.items():
            most = whole * share // 1_000_000
            budgets[resource] = min(most, budgets.get(resource, most))
    return replace(atoms, budgets=budgets)


def check_cuts(problem: Problem) -> None:
    """Every task to cut before has incoming edges, and what must be cut can be. Raises Split4mlError."""
    for cut in problem.cut_before:
        if not any(e.dst == cut for e in problem.edges):
            name = problem.tasks[cut]
            raise Split4mlError(f"cannot cut before {name}: no task comes before it", where=name)
    for e in problem.edges:
        if must_cut(problem, e) and not e.cuttable:
            raise Split4mlError(
                f"cannot cut before {problem.tasks[e.dst]}: {describe(problem, e)}",
                where=problem.tasks[e.dst],
            )


def _check_separate(problem: Problem, component: Sequence[int]) -> None:
    """Nothing that must be separated is one atom, and nothing in an atom is in two places. Raises Split4mlError."""
    names = problem.tasks
    because = "they are kept together, directly or by tasks on a path between them"
    for e in problem.edges:
        if must_cut(problem, e) and component[e.src] == component[e.dst]:
            raise Split4mlError(
                f"cannot cut before {names[e.dst]}: {names[e.src]} and {names[e.dst]} must share a subgraph",
                where=names[e.dst],
                hint=because,
            )
    for a, b in problem.apart:
        if component[a] == component[b]:
            raise Split4mlError(
                f"{names[a]} and {names[b]} cannot be kept apart: they must share a subgraph",
                where=names[b],
                hint=because if a != b else "a task cannot be kept apart from itself",
            )
    for what, homes in (("subgraph", problem.pins), ("region", problem.placed)):
        first: dict[int, int] = {}
        for task, home in homes.items():
            other = first.setdefault(component[task], task)
            if homes[other] != home:
                raise Split4mlError(
                    f"{names[other]} is pinned to {what} {homes[other]} and {names[task]} to {what} {home}, but they "
                    "must share a subgraph",
                    where=names[task],
                    hint=because,
                )


def describe(problem: Problem, edge: Edge) -> str:
    """An uncuttable edge in words."""
    stream = f" ({edge.name})" if edge.name else ""
    why = f": {edge.reason}" if edge.reason else ""
    return f"the edge {problem.tasks[edge.src]} -> {problem.tasks[edge.dst]}{stream} cannot be cut{why}"
