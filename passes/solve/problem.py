"""The partitioning problem and its answer, as plain values. Terms and rules: docs/partition.md."""

from __future__ import annotations

import difflib
import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from split4ml.dialects.errors import Split4mlError


@dataclass(frozen=True)
class Edge:
    """A stream from task `src` to task `dst` (indices into `Problem.tasks`).

    bits:    element bits x elements per token x tokens per frame: what crosses if the edge is cut.
    cuttable: False if both ends must share a subgraph; `reason` then says why.
    name:    the FIFO's name, for messages.
    """

    src: int
    dst: int
    bits: int = 0
    cuttable: bool = True
    reason: str = ""
    name: str = ""


@dataclass(frozen=True)
class Problem:
    """Split `tasks`, a directed acyclic graph, into subgraphs numbered so that every edge goes upwards.

    load:       per task, the estimated synthesis time in milliseconds (any one unit will do).
    fixed:      load that every subgraph has besides its tasks' (the start-up of one HLS project).
    resources:  resource -> use per task.
    budgets:    resource -> the most one subgraph may use; a resource without a budget is unlimited.
    together:   groups of tasks that share a subgraph.
    cut_before: tasks of which every incoming edge must be cut.

    Raises Split4mlError for what a user can get wrong (a cycle, an unknown or negative budget) and ValueError
    for what only a caller can (lengths and indices).
    """

    tasks: tuple[str, ...]
    load: tuple[int, ...]
    edges: tuple[Edge, ...] = ()
    resources: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    budgets: Mapping[str, int] = field(default_factory=dict)
    together: tuple[tuple[int, ...], ...] = ()
    cut_before: tuple[int, ...] = ()
    fixed: int = 0

    def __post_init__(self) -> None:
        n = len(self.tasks)
        if n == 0:
            raise Split4mlError("there is no task to partition")
        if len(set(self.tasks)) != n:
            raise ValueError("task names must be unique")
        for what, values in [("load", self.load), *self.resources.items()]:
            if len(values) != n:
                raise ValueError(f"{what}: {len(values)} values for {n} tasks")
            if min(values) < 0:
                raise ValueError(f"{what} must not be negative")
        if max(sum(values) for values in [self.load, *self.resources.values()]) + self.fixed >= 2**60:
            raise ValueError("loads and resources must sum to less than 2**60")
        if self.fixed < 0 or any(edge.bits < 0 for edge in self.edges):
            raise ValueError("fixed load and crossing bits must not be negative")
        used = [i for edge in self.edges for i in (edge.src, edge.dst)]
        used += [*self.cut_before, *(i for group in self.together for i in group)]
        if any(not 0 <= i < n for i in used):
            raise ValueError(f"a task index is outside 0..{n - 1}")
        for resource, budget in self.budgets.items():
            if resource not in self.resources:
                known = ", ".join(sorted(self.resources)) or "none"
                raise Split4mlError(f"budget for unknown resource {resource!r}", hint=f"known: {known}")
            if budget < 0:
                raise Split4mlError(f"budget for {resource} is {budget}, which is negative")
        topological_order(n, ((edge.src, edge.dst) for edge in self.edges), self.tasks)

    def index(self, name: str) -> int:
        """The index of the task called `name`. Raises Split4mlError that suggests similar names."""
        try:
            return self.tasks.index(name)
        except ValueError:
            close = difflib.get_close_matches(name, self.tasks, 3)
            hint = f"did you mean {' or '.join(close)}?" if close else None
            raise Split4mlError(f"there is no task {name!r}", hint=hint) from None


@dataclass(frozen=True)
class Solution:
    """A partition; `passes.solve.check` verifies every field but the two lower bounds' proofs.

    subgraph_of:   the subgraph of each task, 0-based; every edge goes to an equal or higher number.
    makespan:      the largest load of a subgraph, `Problem.fixed` included.
    crossing_bits: bits of all cut edges in one frame, each counted once.
    optimal:       no valid partition into as many subgraphs has a smaller (makespan, crossing_bits).
    lower_bound, crossing_lower_bound: proven; the second among partitions of this makespan. Equal to the
                   values if optimal.
    method:        "z3" (proven by Z3), "ideals" (proven by the dynamic program, Z3 ran out of time),
                   "time-limit" (best found, not proven) or "cut-before" (given by the user's cuts alone).
    """

    subgraph_of: tuple[int, ...]
    makespan: int
    crossing_bits: int
    optimal: bool
    lower_bound: int
    crossing_lower_bound: int
    method: str

    @property
    def subgraphs(self) -> int:
        """The number of subgraphs."""
        return max(self.subgraph_of) + 1


def topological_order(
    n: int, edges: Iterable[tuple[int, int]], names: tuple[str, ...] | None = None
) -> list[int]:
    """Indices 0..n-1 so that edges go forward, the smallest index first among those ready.

    Raises Split4mlError naming the tasks on cycles.
    """
    successors: list[list[int]] = [[] for _ in range(n)]
    waiting = [0] * n
    for u, v in edges:
        successors[u].append(v)
        waiting[v] += 1
    ready = [v for v in range(n) if waiting[v] == 0]
    order: list[int] = []
    while ready:
        u = heapq.heappop(ready)
        order.append(u)
        for v in successors[u]:
            waiting[v] -= 1
            if waiting[v] == 0:
                heapq.heappush(ready, v)
    if len(order) < n:
        stuck = [names[v] if names else str(v) for v in range(n) if waiting[v] > 0]
        raise Split4mlError(
            f"the tasks do not form an acyclic graph; on or behind a cycle: {', '.join(stuck)}"
        )
    return order


def canonical(problem: Problem, part: Iterable[int]) -> tuple[int, ...]:
    """The same partition with subgraphs renumbered topologically, the one with the earliest task first among
    those ready. `part` must have an acyclic quotient."""
    order = topological_order(len(problem.tasks), ((e.src, e.dst) for e in problem.edges))
    raw = tuple(part)
    first_seen: dict[int, int] = {}
    for task in order:
        first_seen.setdefault(raw[task], len(first_seen))
    dense = [first_seen[p] for p in raw]
    quotient = {(dense[e.src], dense[e.dst]) for e in problem.edges} - {
        (k, k) for k in range(len(first_seen))
    }
    rank = {k: i for i, k in enumerate(topological_order(len(first_seen), sorted(quotient)))}
    return tuple(rank[k] for k in dense)


def objectives(problem: Problem, part: tuple[int, ...]) -> tuple[int, int]:
    """(makespan, crossing bits) of a partition."""
    loads = [problem.fixed] * (max(part) + 1)
    for task, k in enumerate(part):
        loads[k] += problem.load[task]
    return max(loads), sum(e.bits for e in problem.edges if part[e.src] != part[e.dst])
