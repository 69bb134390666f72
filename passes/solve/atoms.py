"""Contraction: tasks that no valid partition separates become one atom.

Ends of an uncuttable edge and groups kept together share an atom, and so does everything on a path between two
members, since a subgraph is convex: the atoms are the strongly connected components after the merge. What is
left is a smaller acyclic graph in which every edge may be cut, so the engines need no such constraint.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from split4ml.dialects.errors import Split4mlError
from split4ml.passes.solve.problem import Edge, Problem, topological_order


@dataclass(frozen=True)
class Atoms:
    """The contracted graph; atoms are numbered topologically.

    members:   the tasks of each atom.
    load:      summed over the members, without `Problem.fixed`.
    edges:     (src, dst, bits), src < dst, at most one per pair, sorted.
    strict:    pairs (src, dst) of edges that must be cut (`cut_before`), sorted.
    resources, budgets: only resources that have a budget.
    """

    members: tuple[tuple[int, ...], ...]
    load: tuple[int, ...]
    edges: tuple[tuple[int, int, int], ...]
    strict: tuple[tuple[int, int], ...]
    resources: dict[str, tuple[int, ...]]
    budgets: dict[str, int]

    def __len__(self) -> int:
        return len(self.members)

    def expand(self, part: tuple[int, ...], tasks: int) -> tuple[int, ...]:
        """From the subgraph of every atom to that of every task."""
        out = [0] * tasks
        for atom, k in enumerate(part):
            for task in self.members[atom]:
                out[task] = k
        return tuple(out)


def contract(problem: Problem) -> Atoms:
    """Raises Split4mlError if `cut_before` asks for a cut that uncuttable edges or groups forbid."""
    check_cuts(problem)
    n = len(problem.tasks)
    component = _components(problem)
    for cut in problem.cut_before:
        for edge in problem.edges:
            if edge.dst == cut and component[edge.src] == component[cut]:
                src, dst = problem.tasks[edge.src], problem.tasks[cut]
                raise Split4mlError(
                    f"cannot cut before {dst}: {src} and {dst} must share a subgraph",
                    where=dst,
                    hint="they are kept together, directly or by tasks on a path between them",
                )
    # Number atoms topologically; ties by the earliest member in the tasks' own order.
    position = {t: i for i, t in enumerate(topological_order(n, ((e.src, e.dst) for e in problem.edges)))}
    ids = sorted(set(component), key=lambda c: min(position[t] for t in range(n) if component[t] == c))
    dense = {c: i for i, c in enumerate(ids)}
    flat = [dense[c] for c in component]
    pairs = {(flat[e.src], flat[e.dst]) for e in problem.edges if flat[e.src] != flat[e.dst]}
    rank = {a: i for i, a in enumerate(topological_order(len(ids), sorted(pairs)))}
    atom = [rank[a] for a in flat]

    members: list[list[int]] = [[] for _ in ids]
    for task in range(n):
        members[atom[task]].append(task)
    bits: dict[tuple[int, int], int] = {}
    for e in problem.edges:
        if atom[e.src] != atom[e.dst]:
            pair = (atom[e.src], atom[e.dst])
            bits[pair] = bits.get(pair, 0) + e.bits
    cuts = set(problem.cut_before)

    def total(values: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sum(values[t] for t in group) for group in members)

    return Atoms(
        members=tuple(tuple(group) for group in members),
        load=total(problem.load),
        edges=tuple((u, v, w) for (u, v), w in sorted(bits.items())),
        strict=tuple(sorted({(atom[e.src], atom[e.dst]) for e in problem.edges if e.dst in cuts})),
        resources={r: total(problem.resources[r]) for r in sorted(problem.budgets)},
        budgets={r: problem.budgets[r] for r in sorted(problem.budgets)},
    )


def check_cuts(problem: Problem) -> None:
    """Every task to cut before has incoming edges, all cuttable. Raises Split4mlError."""
    for cut in problem.cut_before:
        name = problem.tasks[cut]
        incoming = [e for e in problem.edges if e.dst == cut]
        if not incoming:
            raise Split4mlError(f"cannot cut before {name}: no task comes before it", where=name)
        for e in incoming:
            if not e.cuttable:
                raise Split4mlError(f"cannot cut before {name}: {describe(problem, e)}", where=name)


def describe(problem: Problem, edge: Edge) -> str:
    """An uncuttable edge in words."""
    stream = f" ({edge.name})" if edge.name else ""
    why = f": {edge.reason}" if edge.reason else ""
    return f"the edge {problem.tasks[edge.src]} -> {problem.tasks[edge.dst]}{stream} cannot be cut{why}"


def _components(problem: Problem) -> list[int]:
    """The atom of each task, in no particular order: strongly connected components with merges both ways."""
    n = len(problem.tasks)
    forward: list[set[int]] = [set() for _ in range(n)]
    for e in problem.edges:
        forward[e.src].add(e.dst)
        if not e.cuttable:
            forward[e.dst].add(e.src)
    for group in problem.together:
        for a, b in pairwise(group):
            forward[a].add(b)
            forward[b].add(a)
    backward: list[set[int]] = [set() for _ in range(n)]
    for u in range(n):
        for v in forward[u]:
            backward[v].add(u)
    # Kosaraju, iteratively: finish order forward, then reachability backward.
    finished: list[int] = []
    seen = [False] * n
    for root in range(n):
        stack = [(root, iter(sorted(forward[root])))] if not seen[root] else []
        seen[root] = True
        while stack:
            u, successors = stack[-1]
            v = next((w for w in successors if not seen[w]), -1)
            if v < 0:
                finished.append(u)
                stack.pop()
            else:
                seen[v] = True
                stack.append((v, iter(sorted(forward[v]))))
    component = [-1] * n
    for root in reversed(finished):
        todo = [root] if component[root] < 0 else []
        while todo:
            u = todo.pop()
            if component[u] < 0:
                component[u] = root
                todo += [v for v in backward[u] if component[v] < 0]
    return component
