"""The partitioning problem as plain values. Terms and rules: docs/partition.md."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from split4ml.dialects.errors import Split4mlError, meant

HUGE = 2**60
"""Loads, resources and bits sum to less, so that 64-bit integers hold every sum."""


@dataclass(frozen=True)
class Edge:
    """A stream from task `src` to task `dst` (indices into `Problem.tasks`).

    bits:     element bits x elements per token x tokens per frame: what crosses if the edge is cut.
    cuttable: False if both ends must share a subgraph; `reason` then says why.
    must_cut: True if they must not.
    wished:   whether it is the user who does not want it cut, rather than that it cannot be.
    leaving, entering: resource -> what the subgraph of `src`, and that of `dst`, use more if the edge is cut.
    name:     the FIFO's name, for messages.
    """

    src: int
    dst: int
    bits: int = 0
    cuttable: bool = True
    reason: str = ""
    name: str = ""
    must_cut: bool = False
    wished: bool = False
    leaving: Mapping[str, int] = field(default_factory=dict, hash=False)
    entering: Mapping[str, int] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Workshop:
    """Where subgraphs are synthesised.

    jobs:   how many at once; None: all.
    memory: MiB for all jobs that run at once; None: enough.
    fixed_memory: MiB of a job besides what its tasks need.
    """

    jobs: int | None = None
    memory: int | None = None
    fixed_memory: int = 0


@dataclass(frozen=True)
class Region:
    """A part of the device, such as an SLR: what all subgraphs in it may use together, by resource."""

    name: str
    capacity: Mapping[str, int]


@dataclass(frozen=True)
class Problem:
    """Split `tasks`, a directed acyclic graph, into subgraphs numbered so that every edge goes upwards.

    load:       per task, the estimated synthesis time in milliseconds (any one unit will do).
    fixed:      load that every subgraph has besides its tasks' (the start-up of one HLS project).
    resources:  resource -> use per task.
    own:        resource -> what every subgraph uses besides its tasks.
    whole:      resource -> the most that all subgraphs together may use, glue and all; splits are not chosen by it, but refused.
    budgets:    resource -> the most one subgraph may use; a resource without a budget is unlimited.
    capacity:   resource -> what counts as all of it; the utilisation of a subgraph is its greatest share.
    memory:     per task, the MiB that it adds to its subgraph's synthesis; () if unknown.
    workshop:   what subgraphs are synthesised with.
    hop:        cycles that one boundary adds to the latency.
    together:   groups of tasks that share a subgraph. apart: pairs that do not.
    cut_before: tasks of which every incoming edge must be cut.
    pins:       task -> the number of its subgraph.
    starts:     the tasks at which a subgraph may begin: of all tasks behind a boundary, those with nothing but tasks
                before the boundary in front of them. None: any.
    regions:    of the device, in physical order; every subgraph is placed in one. Empty: not placed.
    placed:     task -> the region of its subgraph.

    Raises Split4mlError for what a user can get wrong (a cycle, an unknown or negative budget, a cost out of bounds) and
    ValueError for what only a caller can (lengths and indices).
    """

    tasks: tuple[str, ...]
    load: tuple[int, ...]
    edges: tuple[Edge, ...] = ()
    resources: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    budgets: Mapping[str, int] = field(default_factory=dict)
    together: tuple[tuple[int, ...], ...] = ()
    cut_before: tuple[int, ...] = ()
    fixed: int = 0
    capacity: Mapping[str, int] = field(default_factory=dict)
    memory: tuple[int, ...] = ()
    workshop: Workshop = Workshop()
    hop: int = 0
    apart: tuple[tuple[int, int], ...] = ()
    pins: Mapping[int, int] = field(default_factory=dict)
    starts: frozenset[int] | None = None
    regions: tuple[Region, ...] = ()
    placed: Mapping[int, int] = field(default_factory=dict)
    own: Mapping[str, int] = field(default_factory=dict)
    whole: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = len(self.tasks)
        if n == 0:
            raise Split4mlError("there is no task to partition")
        if len(set(self.tasks)) != n:
            raise ValueError("task names must be unique")
        self._check_costs()
        self._check_indices()
        self._check_limits()
        topological_order(n, ((edge.src, edge.dst) for edge in self.edges), self.tasks)

    def _check_costs(self) -> None:
        """Lengths, signs and sums."""
        values = {"load": self.load, **self.resources, **({"memory": self.memory} if self.memory else {})}
        for what, costs in values.items():
            if len(costs) != len(self.tasks):
                raise ValueError(f"{what}: {len(costs)} values for {len(self.tasks)} tasks")
            if min(costs) < 0:
                raise ValueError(f"{what} must not be negative")
            if sum(costs) + self.fixed * len(costs) >= HUGE:
                largest = max(range(len(costs)), key=costs.__getitem__)
                raise Split4mlError(
                    f"the costs in {'synthesis time' if what == 'load' else what} sum to {sum(costs)}, which is out of all bounds; "
                    f"{self.tasks[largest]} alone has {costs[largest]}",
                    where=self.tasks[largest],
                )
        if self.fixed < 0 or self.hop < 0 or any(edge.bits < 0 for edge in self.edges):
            raise ValueError("fixed load, cycles of a boundary and crossing bits must not be negative")
        glue = [self.own, *(more for edge in self.edges for more in (edge.leaving, edge.entering))]
        if any(
            name not in self.resources or not 0 <= value < HUGE
            for more in glue
            for name, value in more.items()
        ):
            raise ValueError("what a cut adds is of no resource, or out of bounds")
        if sum(edge.bits for edge in self.edges) >= HUGE:
            raise Split4mlError("the bits of all streams sum to 2**60 or more, which is out of all bounds")

    def _check_indices(self) -> None:
        used = [i for edge in self.edges for i in (edge.src, edge.dst)]
        used += [*self.cut_before, *self.pins, *self.placed, *(self.starts or ())]
        used += [i for group in (*self.together, *self.apart) for i in group]
        if any(not 0 <= i < len(self.tasks) for i in used):
            raise ValueError(f"a task index is outside 0..{len(self.tasks) - 1}")
        if any(not 0 <= region < len(self.regions) for region in self.placed.values()):
            raise ValueError("a task is placed in a region that does not exist")
        if any(k < 0 for k in self.pins.values()):
            raise ValueError("a task is pinned to a subgraph with a negative number")

    def _check_limits(self) -> None:
        known = ", ".join(sorted(self.resources)) or "none"
        for resource, budget in self.budgets.items():
            if resource not in self.resources:
                raise Split4mlError(f"budget for unknown resource {resource!r}", hint=f"known: {known}")
            if budget < 0:
                raise Split4mlError(f"budget for {resource} is {budget}, which is negative")
        for limits in (self.capacity, self.whole, *(region.capacity for region in self.regions)):
            if any(resource not in self.resources for resource in limits):
                raise ValueError(f"a capacity is of none of the resources {known}")
        if any(value <= 0 for value in self.capacity.values()):
            raise ValueError("a capacity that utilisation is measured by must be positive")
        if self.workshop.memory is not None and not self.memory:
            raise Split4mlError(
                "there is a limit on the memory of all jobs, but the tasks have no memory cost",
                hint="leave the limit out, or estimate the costs again",
            )

    def index(self, name: str) -> int:
        """The index of the task called `name`. Raises Split4mlError that suggests similar names."""
        try:
            return self.tasks.index(name)
        except ValueError:
            raise Split4mlError(f"there is no task {name!r}", hint=meant(name, self.tasks, 3)) from None


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
    those ready. `part` must be numbered topologically; it is kept if the numbers mean something (pins, starts)."""
    raw = tuple(part)
    if problem.pins or problem.starts is not None:
        return raw
    order = topological_order(len(problem.tasks), ((e.src, e.dst) for e in problem.edges))
    first_seen: dict[int, int] = {}
    for task in order:
        first_seen.setdefault(raw[task], len(first_seen))
    dense = [first_seen[p] for p in raw]
    quotient = {(dense[e.src], dense[e.dst]) for e in problem.edges} - {
        (k, k) for k in range(len(first_seen))
    }
    rank = {k: i for i, k in enumerate(topological_order(len(first_seen), sorted(quotient)))}
    return tuple(rank[k] for k in dense)
