"""What a user demands of a partition, one by one, in words: each can be dropped, or met halfway, to see what stands against it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from split4ml.dialects.errors import Split4mlError
from split4ml.passes.solve.atoms import MEMORY, Atoms, contract, with_goal
from split4ml.passes.solve.clock import Clock, TimeUp
from split4ml.passes.solve.objectives import (
    BALANCE,
    BITS,
    LATENCY,
    MILLION,
    SUBGRAPHS,
    TIME,
    UTILISATION,
    Goal,
)
from split4ml.passes.solve.problem import Problem, Workshop
from split4ml.passes.solve.search import Search
from split4ml.passes.solve.within import LOAD, Within, side_of

MORE = 24
"""Subgraphs beyond the number asked for that are tried, where every number is a question of its own."""


@dataclass(frozen=True)
class Case:
    """A problem with a goal, and the numbers of subgraphs to choose from: from the first to the last."""

    problem: Problem
    goal: Goal
    numbers: tuple[int, int]


@dataclass(frozen=True)
class Demand:
    """words: as a part of a sentence. dropped: the case without it. enough: in words, the nearest that would do in its place,
    with all else kept; "" if nothing would. limits: the resource or objective that it limits, if it is a number's."""

    words: str
    dropped: Callable[[Case], Case]
    enough: Callable[[Case, Clock], str]
    limits: str = ""


def seconds(milliseconds: int) -> str:
    """`12.5 s`."""
    return f"{milliseconds / 1000:,.1f} s".replace(".0 s", " s")


def objective_in_words(name: str, value: int, side: str = "") -> str:
    """Exactly, so that it can be asked for. side: such as "at most "."""
    return {
        TIME: f"a synthesis time of {side}{_decimal(value, 3)} s",
        BITS: f"{side}{value:,} bits that cross",
        LATENCY: f"{side}{value} cycles of added latency",
        SUBGRAPHS: f"{side}{value} subgraph{'' if value == 1 else 's'}",
        UTILISATION: f"a utilisation of {side}{_decimal(value, 4)} %",
        BALANCE: f"a lightest subgraph of {side}{_decimal(value, 3)} s",
    }[name]


def jobs_in_words(jobs: int) -> str:
    return f"{jobs} job{'s' if jobs > 1 else ''} at once"


def gibibytes(mebibytes: int) -> str:
    """Rounded up, so that as much is enough: `1.11 GiB`."""
    return f"{_decimal(-(-mebibytes * 100 // 1024), 2)} GiB"


def _decimal(value: int, places: int) -> str:
    """The value with its last digits behind the point."""
    whole, rest = divmod(value, 10**places)
    return f"{whole:,}.{rest:0{places}d}".rstrip("0").rstrip(".")


def demands(case: Case) -> list[Demand]:
    """All of them."""
    return [
        *_count(case),
        *_budgets(case.problem),
        *_workshop(case.problem),
        *_bounds(case.goal),
        *_wishes(case.problem),
        *_edges(case.problem),
        *_regions(case.problem),
    ]


def nearest(case: Case, limits: str, clock: Clock) -> str:
    """What would do in the place of the demand that limits a resource or an objective; "" if nothing would, or if time is up."""
    try:
        return next(d.enough(d.dropped(case), clock) for d in demands(case) if d.limits == limits)
    except TimeUp:
        return ""


# Is there a partition?


def feasible(case: Case, clock: Clock) -> bool:
    """Raises TimeUp if the time is up before it is known."""
    return fewest(case, clock) is not None


def fewest(case: Case, clock: Clock) -> int | None:
    """The fewest subgraphs of a case, None if there is no partition. Raises TimeUp if the time is up before it is known."""
    try:
        atoms = with_goal(contract(case.problem), case.goal)
    except Split4mlError:  # what must be apart is together
        return None
    if any(max(atoms.resources[r]) > budget for r, budget in atoms.budgets.items()):
        return None
    low, high = case.numbers
    high = min(high, len(atoms))
    if low > high:
        return None
    within = bounds(atoms, case.goal)
    search = Search(atoms, clock)
    program = search.program(SUBGRAPHS, [high], within)
    clock.check()
    if program.exact and not any(side_of(atoms, n, within, SUBGRAPHS) for n in (low, high)):
        return program.fewest(within, low, high, clock)
    for n in range(low, min(high, low + MORE) + 1):
        found = search.best(SUBGRAPHS, [n], within)[n]
        if found.part is not None:
            return n
        if not found.proof:
            clock.check()
    return None


def bounds(atoms: Atoms, goal: Goal) -> Within:
    """The goal's bounds in the engines' terms."""
    within = Within()
    for name, bound in goal.at_most.items():
        within = within.having(name, bound, atoms)
    return within


def least(case: Case, objective: str, clock: Clock) -> int | None:
    """The best value of an objective."""
    try:
        atoms = with_goal(contract(case.problem), case.goal)
    except Split4mlError:
        return None
    if any(max(atoms.resources[r]) > budget for r, budget in atoms.budgets.items()):
        return None
    numbers = range(case.numbers[0], min(case.numbers[1], len(atoms)) + 1)
    found = Search(atoms, clock).best(objective, numbers, bounds(atoms, case.goal))
    values = [f.value for f in found.values() if f.value is not None]
    return (max if objective == BALANCE else min)(values, default=None)


# The demands


def _count(case: Case) -> Iterator[Demand]:
    low, high = case.numbers
    any_number = (1, len(case.problem.tasks))

    def enough(rest: Case, clock: Clock) -> str:
        # The fewest above, or the most below: a range of numbers that would do need not be without gaps.
        found = fewest(replace(rest, numbers=(high + 1, any_number[1])), clock)
        if found is None:
            below = range(low - 1, max(0, low - 1 - MORE), -1)
            found = next((n for n in below if feasible(replace(rest, numbers=(n, n)), clock)), None)
        return f"{found} subgraph{'s' if found > 1 else ''}" if found is not None else ""

    words = f"{'at most ' if low < high else ''}{high} subgraph{'s' if high > 1 else ''}"
    yield Demand(words, lambda rest: replace(rest, numbers=any_number), enough)


def _budgets(problem: Problem) -> Iterator[Demand]:
    for resource, budget in problem.budgets.items():

        def dropped(rest: Case, resource: str = resource) -> Case:
            kept = {r: b for r, b in rest.problem.budgets.items() if r != resource}
            return replace(rest, problem=replace(rest.problem, budgets=kept))

        def enough(rest: Case, clock: Clock, resource: str = resource, budget: int = budget) -> str:
            # A device with a million of it: its utilisation in millionths is the amount.
            budgets = dict(rest.problem.budgets)
            if (share := rest.goal.at_most.get(UTILISATION)) is not None:
                for r, whole in rest.problem.capacity.items():
                    budgets[r] = min(whole * share // MILLION, budgets.get(r, whole))
            swapped = replace(rest.problem, budgets=budgets, capacity={resource: MILLION})
            goal = replace(
                rest.goal, at_most={n: b for n, b in rest.goal.at_most.items() if n != UTILISATION}
            )
            value = least(Case(swapped, goal, rest.numbers), UTILISATION, clock)
            return f"{value:,} {resource} ({value - budget:,} more)" if value is not None else ""

        yield Demand(f"at most {budget:,} {resource} in a subgraph", dropped, enough, resource)


def _workshop(problem: Problem) -> Iterator[Demand]:
    shop = problem.workshop
    if shop.memory is not None:
        words = f"at most {gibibytes(shop.memory)} of synthesis memory"
        yield Demand(words, lambda rest: _with_memory(rest, None), _memory_enough, MEMORY)
    if shop.jobs is not None:
        yield Demand(
            f"at most {jobs_in_words(shop.jobs)}",
            lambda rest: _with_jobs(rest, None),
            lambda rest, clock: _jobs_enough(rest, shop.jobs or 1, clock),
        )


def with_workshop(case: Case, shop: Workshop) -> Case:
    return replace(case, problem=replace(case.problem, workshop=shop))


def _with_memory(case: Case, memory: int | None) -> Case:
    return with_workshop(case, replace(case.problem.workshop, memory=memory))


def _with_jobs(case: Case, jobs: int | None) -> Case:
    return with_workshop(case, replace(case.problem.workshop, jobs=jobs))


def _memory_enough(rest: Case, clock: Clock) -> str:
    """What the largest job needs, and more if there is a bound on the time."""
    problem = rest.problem
    one = replace(problem, load=problem.memory, fixed=0, workshop=replace(problem.workshop, jobs=None))
    untimed = {n: b for n, b in rest.goal.at_most.items() if n not in (TIME, BALANCE)}
    alone = least(replace(rest, problem=one, goal=replace(rest.goal, at_most=untimed)), LOAD, clock)
    if alone is None or not feasible(rest, clock):
        return ""
    fixed = problem.workshop.fixed_memory
    low = alone + fixed
    if TIME not in rest.goal.at_most:
        return f"{gibibytes(low)} of it"
    high = max(low, sum(problem.memory) + fixed * min(rest.numbers[1], len(problem.tasks)))
    return f"{gibibytes(_first(low, high, lambda most: _with_memory(rest, most), clock))} of it"


def _jobs_enough(rest: Case, jobs: int, clock: Clock) -> str:
    if not feasible(rest, clock):
        return ""
    most = min(rest.numbers[1], len(rest.problem.tasks))
    return jobs_in_words(_first(jobs + 1, most, lambda n: _with_jobs(rest, n), clock))


def _first(low: int, high: int, case: Callable[[int], Case], clock: Clock) -> int:
    """The least value with a partition; from one on all have one, and `high` has."""
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if feasible(case(middle), clock) else (middle + 1, high)
    return low


def _bounds(goal: Goal) -> Iterator[Demand]:
    for name, bound in goal.at_most.items():
        if name == SUBGRAPHS:
            continue  # a range of numbers

        def dropped(rest: Case, name: str = name) -> Case:
            kept = {n: b for n, b in rest.goal.at_most.items() if n != name}
            return replace(rest, goal=replace(rest.goal, at_most=kept))

        def enough(rest: Case, clock: Clock, name: str = name) -> str:
            value = least(rest, name, clock)
            return objective_in_words(name, value) if value is not None else ""

        side = "at least " if name == BALANCE else "at most "
        yield Demand(objective_in_words(name, bound, side), dropped, enough, name)


def _without(change: Callable[[Problem], Problem], words: str) -> Demand:
    """A demand that is met or not."""

    def dropped(rest: Case) -> Case:
        return replace(rest, problem=change(rest.problem))

    return Demand(words, dropped, lambda rest, clock: f"dropping “{words}”" if feasible(rest, clock) else "")


def _wishes(problem: Problem) -> Iterator[Demand]:
    names = problem.tasks
    for group in problem.together:
        if len(group) > 1:
            yield _without(
                lambda p, group=group: replace(p, together=tuple(g for g in p.together if g != group)),  # type: ignore[misc]
                f"{', '.join(names[t] for t in group)} kept together",
            )
    for pair in problem.apart:
        yield _without(
            lambda p, pair=pair: replace(p, apart=tuple(x for x in p.apart if x != pair)),  # type: ignore[misc]
            f"{names[pair[0]]} and {names[pair[1]]} kept apart",
        )
    for task, k in problem.pins.items():
        yield _pin(task, k, names[task])
    for task, region in problem.placed.items():
        yield _without(
            lambda p, task=task: replace(p, placed={t: r for t, r in p.placed.items() if t != task}),  # type: ignore[misc]
            f"{names[task]} in {problem.regions[region].name}",
        )
    for cut in problem.cut_before:
        yield _without(
            lambda p, cut=cut: replace(p, cut_before=tuple(c for c in p.cut_before if c != cut)),  # type: ignore[misc]
            f"a cut before {names[cut]}",
        )
    if problem.starts is not None:
        yield _without(
            lambda p: replace(p, starts=None),
            f"cuts only at the {len(problem.starts)} tasks named as cut points",
        )


def _pin(task: int, k: int, name: str) -> Demand:
    def dropped(rest: Case) -> Case:
        kept = {t: home for t, home in rest.problem.pins.items() if t != task}
        return replace(rest, problem=replace(rest.problem, pins=kept))

    def enough(rest: Case, clock: Clock) -> str:
        """Subgraphs near to the one asked for."""
        others = sorted((n for n in range(rest.numbers[1]) if n != k), key=lambda n: (abs(n - k), n))
        for n in others[:MORE]:
            pins = {**rest.problem.pins, task: n}
            if feasible(replace(rest, problem=replace(rest.problem, pins=pins)), clock):
                return f"{name} in subgraph {n}"
        return ""

    return Demand(f"{name} in subgraph {k}", dropped, enough)


def _edges(problem: Problem) -> Iterator[Demand]:
    for at, edge in enumerate(problem.edges):
        if edge.must_cut:
            stream = edge.name or f"{problem.tasks[edge.src]} -> {problem.tasks[edge.dst]}"

            def change(p: Problem, at: int = at) -> Problem:
                edges = list(p.edges)
                edges[at] = replace(edges[at], must_cut=False)
                return replace(p, edges=tuple(edges))

            yield _without(change, f"a cut through {stream}")
        elif edge.wished:
            stream = edge.name or f"{problem.tasks[edge.src]} -> {problem.tasks[edge.dst]}"

            def free(p: Problem, at: int = at) -> Problem:
                edges = list(p.edges)
                edges[at] = replace(edges[at], cuttable=True)
                return replace(p, edges=tuple(edges))

            yield _without(free, f"no cut through {stream}")


def _regions(problem: Problem) -> Iterator[Demand]:
    """One demand for each resource: of the regions, it is the smallest that matters, and that is hard to say of one alone."""
    for resource in sorted({r for region in problem.regions for r in region.capacity}):

        def scaled(rest: Case, percent: int | None, resource: str = resource) -> Case:
            regions = tuple(
                replace(
                    region,
                    capacity={
                        r: most if r != resource else most * (percent or 100) // 100
                        for r, most in region.capacity.items()
                        if r != resource or percent is not None
                    },
                )
                for region in rest.problem.regions
            )
            return replace(rest, problem=replace(rest.problem, regions=regions))

        def enough(
            rest: Case, clock: Clock, scaled: Callable[..., Case] = scaled, resource: str = resource
        ) -> str:
            full = replace(rest, problem=replace(rest.problem, regions=problem.regions))
            low, high = 101, 100_000
            if not feasible(scaled(full, high), clock):
                return ""
            percent = _first(low, high, lambda percent: scaled(full, percent), clock)
            return f"{percent - 100} % more {resource} in every {_kind(problem)}"

        yield Demand(
            _room(problem, resource),
            lambda rest, scaled=scaled: scaled(rest, None),  # type: ignore[misc]
            enough,
        )


def _room(problem: Problem, resource: str) -> str:
    """What regions have, in words; that of equal ones once."""
    most = [region.capacity.get(resource, 0) for region in problem.regions]
    names = ", ".join(region.name for region in problem.regions)
    if len(set(most)) == 1:
        return f"at most {most[0]:,} {resource} in {'each of ' if len(most) > 1 else ''}{names}"
    return f"at most {', '.join(f'{amount:,}' for amount in most)} {resource} in {names}"


def _kind(problem: Problem) -> str:
    return problem.regions[0].name.rstrip("0123456789") or "region"
