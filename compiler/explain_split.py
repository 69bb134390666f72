"""Why the split of a build is as it is: its bottleneck, what binds it, what each demand costs, and the runner-up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from split4ml.compiler.explain import Section
from split4ml.dialects.flow import symbol
from split4ml.passes.flow_problem import part_of
from split4ml.passes.solve.clock import Clock
from split4ml.passes.solve.demands import Case, objective_in_words, seconds
from split4ml.passes.solve.objectives import SUBGRAPHS, Goal, Solution, measure, sums
from split4ml.passes.solve.prices import LONGER, PERCENT, Price, compare, prices, runner_up, slower, used

if TYPE_CHECKING:
    from split4ml.compiler.design import Design
    from split4ml.dialects.flow import ModelOp
    from split4ml.passes.partition import Partition
    from split4ml.passes.solve.problem import Problem

TITLE = "The split"


@dataclass(frozen=True)
class Asked:
    """case: what was asked for, with the number of subgraphs that `auto` chose. names: of the subgraphs. by_hand: the
    subgraphs are not those that were found, but edited since."""

    case: Case
    solution: Solution
    names: tuple[str, ...]
    chosen: bool
    by_hand: bool


def explain_split(design: Design, limit: float) -> Section:
    """limit: seconds for all alternatives together. Raises Split4mlError if costs or device are not known any more."""
    from split4ml.compiler.builddir import read_options
    from split4ml.compiler.devices import Parts
    from split4ml.passes.partition import noted

    model = design.model
    wanted = noted(model, Parts(read_options(design.directory).device_file))
    if wanted is None or not model.subgraphs:
        return Section(TITLE, "The model is not split.", {})
    asked = asked_of(model, wanted, design.report["partition"]["method"] == "by-hand")
    clock = Clock(limit)
    priced = prices(asked.case, clock)
    slow = slower(asked.case, asked.solution, clock)
    second = runner_up(asked.case, asked.solution, clock)
    return Section(TITLE, "\n".join(_text(asked, priced, slow, second)), _data(asked, priced, slow, second))


def asked_of(model: ModelOp, wanted: Partition, by_hand: bool) -> Asked:
    """The split of a model against what was asked for."""
    # the costs that it was settled with, if it was
    fifos = model.partition is not None and "rounds" in model.partition.data
    problem, goal = wanted.problem(model, fifos), wanted.goal()
    part = part_of(model, problem)
    values, plan = measure(problem, part)
    solution = Solution(part, values, {}, False, "", plan.starts)
    count = solution.subgraphs
    bound = goal.at_most.get(SUBGRAPHS)
    free = wanted.subgraphs is None and bound is not None
    numbers = (1, bound) if free and bound is not None else (count, count)
    chosen = not isinstance(wanted.subgraphs, int) and not free
    names = tuple(symbol(op) for op in model.subgraphs)
    return Asked(Case(problem, goal, numbers), solution, names, chosen, by_hand)


# Text


def _text(asked: Asked, priced: Sequence[Price], slow: Price | None, second: Price | None) -> Iterator[str]:
    case, values = asked.case, asked.solution.values
    count = counted(asked.solution.subgraphs, "subgraph")
    yield f"{counted(len(case.problem.tasks), 'task')} in {count}; wanted: {wanted(case.goal)}."
    if asked.by_hand:
        yield "The subgraphs were edited after they were chosen: what follows compares them with the best there is."
    if asked.chosen:
        yield "The number of subgraphs was chosen, not asked for; the alternatives below keep it."
    yield ""
    yield from _subgraphs(asked)
    yield ""
    yield from _bottleneck(asked)
    yield ""
    binding = _binding(asked, priced)
    if binding:
        yield f"What binds: {'; '.join(binding)}. Without any one of these there is a better split."
    elif all(price.known for price in priced if price.kind == "without"):
        yield "No demand binds: without any one of them the best split is no better."
    for resource, (most, at) in used(case.problem, asked.solution).items():
        budget = case.problem.budgets[resource]
        yield f"Of {budget:,} {resource} no subgraph uses more than {most:,} ({asked.names[at]})."
    yield ""
    yield f"What each demand costs, and one step less or more of it ({PERCENT} % of a budget):"
    yield from _table(asked, priced)
    yield ""
    if slow is not None:
        yield f"With up to {LONGER} % more time than this split takes: {_outcome(asked, slow)}."
    if second is not None and second.solution is not None:
        change = difference(asked, second.solution) or "just as good"
        yield f"The runner-up, the best split that leaves one of the cut streams whole, does not cut {second.change}: {change}."
    elif second is not None:
        yield "The runner-up was not found in time."
    elif asked.solution.subgraphs > 1:
        yield "There is no split that leaves one of the streams whole that this one cuts."
    unknown = sum(not price.known for price in (*priced, slow, second) if price is not None)
    if unknown:
        yield f"{unknown} of these are not proven, or were not found in time: raise --time-limit."
    yield f"In all: {', '.join(objective_in_words(name, value) for name, value in values.items())}."


def wanted(goal: Goal) -> str:
    """`the best time, then bits`, or of a weighted sum first."""
    order = ", then ".join(goal.order)
    if not goal.weights:
        return f"the best {order}"
    weighed = " and ".join(goal.weights) if len(goal.weights) < 3 else ", ".join(goal.weights)
    return f"the best weighted sum of {weighed}" + (f", then the best {order}" if order else "")


def _subgraphs(asked: Asked) -> Iterator[str]:
    problem, part = asked.case.problem, asked.solution.subgraph_of
    loads = _loads(asked)
    rows = [("subgraph", "tasks", "synthesis", "largest task")]
    for k, name in enumerate(asked.names):
        inside = [task for task, at in enumerate(part) if at == k]
        largest = max(inside, key=lambda task: problem.load[task])
        rows.append(
            (
                name,
                str(len(inside)),
                seconds(loads[k]),
                f"{problem.tasks[largest]}, {seconds(problem.load[largest])}",
            )
        )
    yield from columns(rows)


def _bottleneck(asked: Asked) -> Iterator[str]:
    problem, loads = asked.case.problem, _loads(asked)
    at = loads.index(max(loads))
    largest = max(range(len(problem.tasks)), key=lambda task: problem.load[task])
    floor = problem.load[largest] + problem.fixed
    yield (
        f"The bottleneck is {asked.names[at]} with {seconds(loads[at])}, {seconds(problem.fixed)} of which any project takes. "
        f"No split between tasks takes less than {seconds(floor)}: {problem.tasks[largest]} alone."
    )
    if problem.workshop.jobs is not None or problem.workshop.memory is not None:
        time = asked.solution.values["time"]
        yield f"With the jobs and memory given, all are synthesised after {seconds(time)}."


def _binding(asked: Asked, priced: Sequence[Price]) -> list[str]:
    return [
        price.demand
        for price in priced
        if price.kind == "without"
        and price.solution is not None
        and compare(asked.case.goal, price.solution.values, asked.solution.values) < 0
    ]


def _table(asked: Asked, priced: Sequence[Price]) -> Iterator[str]:
    rows = [("demand", "instead", "the best split then")]
    last = ""
    for price in priced:
        told = _outcome(asked, price)
        rows.append(("" if price.demand == last else price.demand, price.change, told))
        last = price.demand
    yield from columns(rows)


def _outcome(asked: Asked, price: Price) -> str:
    if price.solution is None:
        return "there is none" if price.known else "not found in time"
    told = difference(asked, price.solution) or "the same"
    return told if price.known else f"{told} (not proven)"


def difference(asked: Asked, other: Solution) -> str:
    """`14.2 s less, 1,024 bits more`: in the objectives of the goal, and in the number of subgraphs; "" if there is none."""
    mine = asked.solution.values
    names = dict.fromkeys((*asked.case.goal.weights, *asked.case.goal.order, SUBGRAPHS))
    return ", ".join(
        _change(name, other.values[name] - mine[name]) for name in names if other.values[name] != mine[name]
    )


def _change(name: str, change: int) -> str:
    size = abs(change)
    told = {
        "time": seconds(size),
        "bits": f"{size:,} bits",
        "latency": f"{size} cycles",
        "subgraphs": counted(size, "subgraph"),
        "utilisation": f"{size / 10_000:g} % of utilisation",
        "balance": f"{seconds(size)} of the lightest subgraph",
    }[name]
    return f"{told} {'more' if change > 0 else 'less'}"


def counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """As wide as they need to be."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _loads(asked: Asked) -> list[int]:
    problem = asked.case.problem
    return sums(asked.solution.subgraph_of, problem.load, asked.solution.subgraphs, problem.fixed)


# Data


def _data(asked: Asked, priced: Sequence[Price], slow: Price | None, second: Price | None) -> dict[str, Any]:
    problem: Problem = asked.case.problem
    loads = _loads(asked)
    largest = max(range(len(problem.tasks)), key=lambda task: problem.load[task])
    return {
        "subgraphs": [
            {"name": name, "synthesis_seconds": load / 1000}
            for name, load in zip(asked.names, loads, strict=True)
        ],
        "by_hand": asked.by_hand,
        "values": dict(asked.solution.values),
        "bottleneck": asked.names[loads.index(max(loads))],
        "largest_task": {
            "name": problem.tasks[largest],
            "least_seconds": (problem.load[largest] + problem.fixed) / 1000,
        },
        "binding": _binding(asked, priced),
        "budgets": {
            resource: {"budget": problem.budgets[resource], "used": most, "subgraph": asked.names[at]}
            for resource, (most, at) in used(problem, asked.solution).items()
        },
        "prices": [_price(price) for price in priced],
        "slower": None if slow is None else _price(slow),
        "runner_up": None if second is None else _price(second),
    }


def _price(price: Price) -> Mapping[str, Any]:
    return {
        "demand": price.demand,
        "kind": price.kind,
        "change": price.change,
        "known": price.known,
        "values": None if price.solution is None else dict(price.solution.values),
    }
