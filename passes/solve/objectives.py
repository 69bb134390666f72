"""What a partition is judged by, what a user wants of it, and the answer. Meanings: docs/partition.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from split4ml.dialects.errors import Split4mlError
from split4ml.passes.solve.components import components
from split4ml.passes.solve.problem import Problem, topological_order
from split4ml.passes.solve.schedule import Plan, plan

TIME, BITS, SUBGRAPHS, LATENCY, BALANCE, UTILISATION = OBJECTIVES = (
    "time",
    "bits",
    "subgraphs",
    "latency",
    "balance",
    "utilisation",
)
"""time:        the end of the plan by which all subgraphs are synthesised.
bits:        of all cut edges in one frame, each counted once.
subgraphs:   their number.
latency:     cycles that boundaries add at most: those on the path that crosses most of them, tasks that cannot be separated being one.
balance:     the load of the lightest subgraph; the only one of which more is better.
utilisation: the greatest share of `Problem.capacity` that a subgraph uses, in millionths."""
MILLION = 1_000_000


def better(objective: str, one: int, other: int) -> bool:
    """Strictly."""
    return one > other if objective == BALANCE else one < other


@dataclass(frozen=True)
class Goal:
    """What a good partition is.

    order:   objectives, the first one first: each is made the best among what is best by those before it.
    slack:   per cent by which the result may be worse in an objective, for the sake of those behind it.
    weights: by objective; the weighted sum comes before `order`.
    at_most: bounds by objective (of balance: at least).
    """

    order: tuple[str, ...] = (TIME, BITS)
    slack: Fraction = Fraction(0)
    weights: Mapping[str, Fraction] = field(default_factory=dict)
    at_most: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in (*self.order, *self.weights, *self.at_most):
            if name not in OBJECTIVES:
                raise Split4mlError(
                    f"there is no objective {name!r}", hint=f"there are {', '.join(OBJECTIVES)}"
                )
        if len(set(self.order)) < len(self.order):
            raise Split4mlError(f"an objective is given twice in {', '.join(self.order)}")
        if self.slack < 0 or any(weight <= 0 for weight in self.weights.values()):
            raise Split4mlError("weights are positive, and slack is not negative")

    def judges(self, objective: str) -> bool:
        """Whether the objective plays any part."""
        return any(objective in names for names in (self.order, self.weights, self.at_most))

    def relaxed(self, objective: str, value: int) -> int:
        """The worst value that is still good enough."""
        change = int(value * self.slack / 100)
        return value - change if objective == BALANCE else value + change

    def score(self, values: Mapping[str, int]) -> Fraction:
        """The weighted sum; less is better."""
        return sum(
            (-w if name == BALANCE else w) * values[name] for name, w in self.weights.items()
        ) or Fraction(0)


PLAIN = Goal()
"""Least time, then fewest bits."""


@dataclass(frozen=True)
class Solution:
    """A partition; `passes.solve.check` verifies every field but what lower bounds and optimality claim.

    subgraph_of: the subgraph of each task, 0-based; every edge goes to an equal or higher number.
    values:      every objective that can be known, by name.
    bounds:      what was proven for the objectives of the goal, in order: each can be no better among the partitions that
                 are as good as this one (with slack) in those before it. Equal to the values if optimal.
    optimal:     no valid partition into as many subgraphs is better.
    starts:      when the synthesis of each subgraph begins.
    region_of:   the region of each subgraph; () if there are none.
    method:      "z3" (proven by Z3), "ideals" (proven by the dynamic program alone), "branches" (proven by adding up parallel
                 branches in two halves, see passes/solve/wide.py), "time-limit" (best found, not
                 proven) or "cut-before" (given by the user's cuts alone).
    """

    subgraph_of: tuple[int, ...]
    values: Mapping[str, int]
    bounds: Mapping[str, int]
    optimal: bool
    method: str
    starts: tuple[int, ...] = ()
    region_of: tuple[int, ...] = ()

    @property
    def subgraphs(self) -> int:
        """The number of subgraphs."""
        return max(self.subgraph_of) + 1

    @property
    def makespan(self) -> int:
        return self.values[TIME]

    @property
    def crossing_bits(self) -> int:
        return self.values[BITS]

    @property
    def gap(self) -> tuple[str, Fraction] | None:
        """The first objective that is not proven, and the share of its value that it may be worse than the best."""
        return next(iter(self.gaps.items()), None)

    @property
    def gaps(self) -> dict[str, Fraction]:
        """The same of all objectives that are not proven."""
        return {
            name: Fraction(abs(value - bound), max(value, bound, 1))
            for name, bound in self.bounds.items()
            if (value := self.values[name]) != bound
        }


def sums(part: Sequence[int], values: Sequence[int], count: int, start: int = 0) -> list[int]:
    """Per subgraph, plus `start`."""
    out = [start] * count
    for k, value in zip(part, values, strict=True):
        out[k] += value
    return out


def uses(problem: Problem, part: Sequence[int], resource: str) -> list[int]:
    """What each subgraph uses: its tasks, its ends of the edges that are cut, and what is its own in any case."""
    out = sums(part, problem.resources[resource], max(part) + 1, problem.own.get(resource, 0))
    for edge in problem.edges:
        if part[edge.src] != part[edge.dst]:
            out[part[edge.src]] += edge.leaving.get(resource, 0)
            out[part[edge.dst]] += edge.entering.get(resource, 0)
    return out


def fits(problem: Problem, part: Sequence[int]) -> bool:
    """Whether all subgraphs together, with their glue, take no more than there is."""
    return all(sum(uses(problem, part, resource)) <= most for resource, most in problem.whole.items())


def depth(part: Sequence[int], edges: Iterable[tuple[int, int]]) -> int:
    """The most boundaries on any path. `edges`: sorted so that those into a task come before those out of it."""
    crossed = [0] * len(part)
    for u, v in edges:
        crossed[v] = max(crossed[v], crossed[u] + (part[u] != part[v]))
    return max(crossed)


def utilisation(uses: Iterable[tuple[int, int]]) -> int:
    """The greatest share in millionths, rounded up, of pairs (use, capacity)."""
    return max((-(-use * MILLION // whole) for use, whole in uses), default=0)


def measure(problem: Problem, part: Sequence[int]) -> tuple[dict[str, int], Plan]:
    """Every objective of a partition, and the plan of its synthesis."""
    count = max(part) + 1
    loads = sums(part, problem.load, count, problem.fixed)
    memory = sums(part, problem.memory or [0] * len(part), count, problem.workshop.fixed_memory)
    schedule = plan(loads, memory, problem.workshop)
    values = {
        TIME: schedule.makespan,
        BITS: sum(e.bits for e in problem.edges if part[e.src] != part[e.dst]),
        SUBGRAPHS: count,
        LATENCY: problem.hop * _boundaries(problem, part),
        BALANCE: min(loads),
    }
    if problem.capacity:
        values[UTILISATION] = utilisation(
            (use, whole)
            for resource, whole in problem.capacity.items()
            for use in uses(problem, part, resource)
        )
    return values, schedule


def _boundaries(problem: Problem, part: Sequence[int]) -> int:
    """The most on any path. Tasks that cannot be separated count as one, whose paths go from each of its inputs to each output; unless a
    partition made by hand separates them.
    """
    tasks = range(len(part))
    owner: Sequence[int] = components(problem)
    if any(part[task] != part[owner[task]] for task in tasks):
        owner = tasks
    pairs = {(owner[e.src], owner[e.dst]) for e in problem.edges}
    pairs = {(u, v) for u, v in pairs if u != v}
    rank = {task: at for at, task in enumerate(topological_order(len(part), sorted(pairs)))}
    return depth(part, sorted(pairs, key=lambda pair: (rank[pair[0]], pair)))
