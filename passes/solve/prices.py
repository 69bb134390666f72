"""What each demand on a split costs: the best split without it, and with one step less or more of it; what a little more
time would buy; and the runner-up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from split4ml.passes.solve.clock import Clock, TimeUp
from split4ml.passes.solve.demands import (
    Case,
    demands,
    gibibytes,
    jobs_in_words,
    objective_in_words,
    with_workshop,
)
from split4ml.passes.solve.objectives import SUBGRAPHS, TIME, Goal, Solution, better
from split4ml.passes.solve.partition import optimum
from split4ml.passes.solve.problem import Problem

PERCENT = 10
"""A step of a budget or a bound."""
LONGER = 1
"""Per cent: what more time would buy is always worth knowing, since the least leaves few splits to choose from."""
GIB = 1024

Kind = Literal["without", "less", "more"]


@dataclass(frozen=True)
class Price:
    """demand: in words. change: what is different, in words. solution: the best split then; None if there is none, or, if
    not `known`, if none was found in time."""

    demand: str
    kind: Kind
    change: str
    solution: Solution | None
    known: bool = True


@dataclass(frozen=True)
class Step:
    demand: str
    kind: Kind
    change: str
    case: Case


def prices(case: Case, clock: Clock) -> list[Price]:
    """Of every demand, dropped and one step off. What there is no time for is not `known`."""
    every = list(steps(case))
    return [_priced(step, clock, len(every) - at) for at, step in enumerate(every)]


def runner_up(case: Case, solution: Solution, clock: Clock) -> Price | None:
    """The best split that leaves one of the streams whole that this one cuts; `change` names it. None if there is none;
    not `known`, and perhaps without a solution, if time was up."""
    part = solution.subgraph_of
    cut = [at for at, edge in enumerate(case.problem.edges) if part[edge.src] != part[edge.dst]]
    found: list[Price] = []
    for place, at in enumerate(cut):
        edges = list(case.problem.edges)
        if edges[at].must_cut:
            continue
        edges[at] = replace(edges[at], cuttable=False, reason="left whole")
        name = edges[at].name or f"{case.problem.tasks[edges[at].src]} -> {case.problem.tasks[edges[at].dst]}"
        other = replace(case, problem=replace(case.problem, edges=tuple(edges)))
        found.append(_priced(Step("", "without", name, other), clock, len(cut) - place))
    known = [price for price in found if price.solution is not None]
    if not known:
        return None if all(price.known for price in found) else Price("", "without", "", None, False)
    best = known[0]
    for price in known[1:]:
        assert price.solution is not None and best.solution is not None
        if compare(case.goal, price.solution.values, best.solution.values) < 0:
            best = price
    return replace(best, known=all(price.known for price in found))


def slower(case: Case, solution: Solution, clock: Clock) -> Price | None:
    """The best split by what comes behind the time, if that may be 1 % more. None if nothing does, or as much more is allowed anyway."""
    goal = case.goal
    if goal.weights or goal.order[:1] != (TIME,) or len(goal.order) == 1 or goal.slack >= LONGER:
        return None
    time = solution.values[TIME] + solution.values[TIME] * LONGER // 100
    bound = {**goal.at_most, TIME: min(time, goal.at_most.get(TIME, time))}
    later = replace(case, goal=replace(goal, order=(*goal.order[1:], TIME), at_most=bound))
    return _priced(Step("the least time", "more", f"{LONGER} % more time", later), clock, 1)


def compare(goal: Goal, one: Mapping[str, int], other: Mapping[str, int]) -> int:
    """-1 if the first values are better by the goal, 1 if they are worse, else 0."""
    if goal.weights and (scores := (goal.score(one), goal.score(other)))[0] != scores[1]:
        return -1 if scores[0] < scores[1] else 1
    for name in goal.order:
        if one[name] != other[name]:
            return -1 if better(name, one[name], other[name]) else 1
    return 0


def _priced(step: Step, clock: Clock, left: int) -> Price:
    """Within this step's share of the time."""
    made = Price(step.demand, step.kind, step.change, None, False)
    if clock.left() <= 0:
        return made
    try:
        solution = optimum(step.case.problem, step.case.numbers, step.case.goal, clock.left() / min(left, 4))
    except TimeUp:
        return made
    return replace(made, solution=solution, known=solution is None or solution.optimal)


# The steps


def steps(case: Case) -> Iterator[Step]:
    """Those of one demand one behind the other."""
    sized = list(_sized(case))
    for at, demand in enumerate(demands(case)):
        yield Step(demand.words, "without", "without it", demand.dropped(case))
        for kind, change, changed in sized[at] if at < len(sized) else ():
            yield Step(demand.words, kind, change, changed)


def _sized(case: Case) -> Iterator[Iterator[tuple[Kind, str, Case]]]:
    """Of the demands that are quantities, which `demands` gives first, in its order."""
    yield _counts(case)
    for resource in case.problem.budgets:
        yield _budget(case, resource)
    if case.problem.workshop.memory is not None:
        yield _memory(case)
    if case.problem.workshop.jobs is not None:
        yield _jobs(case)
    for name in case.goal.at_most:
        if name != SUBGRAPHS:
            yield _bound(case, name)


def _counts(case: Case) -> Iterator[tuple[Kind, str, Case]]:
    low, high = case.numbers
    for kind, number in _around(high, 1):
        if 1 <= number <= len(case.problem.tasks):
            numbers = (number, number) if low == high else (low, number)
            yield kind, f"{'at most ' if low < high else ''}{number}", replace(case, numbers=numbers)


def _budget(case: Case, resource: str) -> Iterator[tuple[Kind, str, Case]]:
    for kind, value in _around(case.problem.budgets[resource]):
        changed = replace(case.problem, budgets={**case.problem.budgets, resource: value})
        yield kind, f"{value:,} {resource}", replace(case, problem=changed)


def _memory(case: Case) -> Iterator[tuple[Kind, str, Case]]:
    shop = case.problem.workshop
    assert shop.memory is not None
    for kind, value in _around(shop.memory, GIB):
        if value > 0:
            yield kind, gibibytes(value), with_workshop(case, replace(shop, memory=value))


def _bound(case: Case, name: str) -> Iterator[tuple[Kind, str, Case]]:
    for kind, value in _around(case.goal.at_most[name]):
        changed = replace(case.goal, at_most={**case.goal.at_most, name: value})
        yield kind, objective_in_words(name, value), replace(case, goal=changed)


def _jobs(case: Case) -> Iterator[tuple[Kind, str, Case]]:
    shop = case.problem.workshop
    assert shop.jobs is not None
    for kind, value in _around(shop.jobs, 1):
        if value > 0:
            yield kind, jobs_in_words(value), with_workshop(case, replace(shop, jobs=value))


def _around(value: int, step: int | None = None) -> Iterator[tuple[Kind, int]]:
    """One step less and more; by default 10 %."""
    step = step or max(1, value * PERCENT // 100)
    if value:
        yield "less", value - step
    yield "more", value + step


def used(problem: Problem, solution: Solution) -> dict[str, tuple[int, int]]:
    """By resource with a budget: the most that a subgraph uses, and the number of that subgraph."""
    from split4ml.passes.solve.objectives import uses

    found = {}
    for resource in problem.budgets:
        use = uses(problem, solution.subgraph_of, resource)
        found[resource] = (max(use), use.index(max(use)))
    return found
