"""Both engines against exhaustive search, alone and together, under every constraint and objective."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from itertools import combinations, pairwise
from operator import le
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from solve_problems import WISHES, best, chain, every, parallel, problems, wished

from split4ml.dialects.errors import Split4mlError
from split4ml.passes.solve import gridkernel
from split4ml.passes.solve.check import check
from split4ml.passes.solve.dynamic import Dynamic
from split4ml.passes.solve.objectives import OBJECTIVES, Goal
from split4ml.passes.solve.pareto import Pareto, pareto
from split4ml.passes.solve.partition import partition
from split4ml.passes.solve.problem import Edge, Problem

orders = st.lists(st.sampled_from(OBJECTIVES), unique=True, min_size=1, max_size=3).map(tuple)
goals = st.builds(
    Goal,
    order=orders,
    slack=st.sampled_from([Fraction(0), Fraction(0), Fraction(25)]),
    at_most=st.dictionaries(
        st.sampled_from(["time", "bits", "latency", "balance", "utilisation"]), st.integers(0, 30), max_size=1
    ),
)


def same(problem: Problem, parts: int, goal: Goal) -> None:
    """The optimum, or a refusal where there is none."""
    expected = best(problem, range(parts, parts + 1), goal)
    if expected is None:
        with pytest.raises(Split4mlError):
            partition(problem, parts, goal=goal)
        return
    solution = partition(problem, parts, goal=goal)
    check(problem, solution, goal)
    assert solution.optimal and solution.method in ("z3", "ideals", "branches")
    assert dict(solution.bounds) == expected
    assert all(solution.values[name] == value for name, value in expected.items() if not goal.slack)


@settings(max_examples=200, deadline=None)
@given(problems(), st.integers(1, 4), goals)
def test_any_goal(problem: Problem, parts: int, goal: Goal) -> None:
    same(problem, parts, goal)


@pytest.mark.parametrize("wish", WISHES)
@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(1, 3), goals)
def test_any_constraint(wish: str, data: st.DataObject, parts: int, goal: Goal) -> None:
    same(data.draw(wished(wish)), parts, goal)


@pytest.mark.parametrize("wish", WISHES)
@settings(max_examples=40, deadline=None)
@given(st.data(), st.integers(1, 3), goals)
def test_z3_without_the_dynamic_program(wish: str, data: st.DataObject, parts: int, goal: Goal) -> None:
    """With too few ideals allowed, the start is a heuristic and Z3 alone is exact."""
    problem = data.draw(wished(wish))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("split4ml.passes.solve.family.LIMIT", 1)
        same(problem, parts, goal)


ORDERS = (("time", "bits"), ("bits", "time"), ("utilisation", "bits"))


@settings(max_examples=60, deadline=None)
@given(
    parallel(),
    st.integers(1, 4),
    st.sampled_from(ORDERS),
    st.sampled_from([(26, 10**5, 10**6, 2000), (26, 10**5, 10**6, 2), (2, 6, 32, 2)]),
    st.sampled_from([0.0, 0.1, 1.0]),
)
def test_parallel_branches(
    problem: Problem, parts: int, order: tuple[str, ...], sizes: tuple[int, int, int, int], light: float
) -> None:
    """Too many ideals, so that branches are added up; small leaves, so that boxes are compared too. With small lists all that the engine
    does about long ones is done: joints are fixed, options and rows left out, halves made in pieces, multipliers learnt, and Z3 asked for the
    rest. Groups have one option, those that differ in some atoms, or all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("split4ml.passes.solve.family.LIMIT", 1)
        patch.setattr("split4ml.passes.solve.lists.LEAF", 2)
        patch.setattr("split4ml.passes.solve.wide.ALONE", sizes[0])
        patch.setattr("split4ml.passes.solve.options.MOST", sizes[1])
        patch.setattr("split4ml.passes.solve.lists.ROWS", sizes[2])
        patch.setattr("split4ml.passes.solve.lists.SOME", sizes[3])
        patch.setattr("split4ml.passes.solve.groups.LIGHT", light)
        same(problem, parts, Goal(order))


def test_branches_of_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every atom is fixed, by being the first or the last."""
    monkeypatch.setattr("split4ml.passes.solve.family.LIMIT", 1)
    same(chain([3, 4]), 2, Goal())


@settings(max_examples=120, deadline=None)
@given(problems(), st.integers(1, 4), st.sampled_from([("time", "bits"), ("utilisation", "balance", "bits")]))
def test_the_dynamic_program_without_z3(problem: Problem, parts: int, order: tuple[str, ...]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("split4ml.passes.solve.question.Question.ask", None)
        patch.setattr("split4ml.passes.solve.search.CERTIFIED", 0)
        same(problem, parts, Goal(order))


@pytest.mark.parametrize("wish", WISHES)
@settings(max_examples=30, deadline=None)
@given(st.data(), goals, st.integers(1, 4))
def test_any_number_of_subgraphs(wish: str, data: st.DataObject, goal: Goal, most: int) -> None:
    problem = data.draw(wished(wish))
    goal = Goal(goal.order, goal.slack, {}, {**goal.at_most, "subgraphs": most})
    expected = best(problem, range(1, most + 1), goal)
    if expected is None:
        with pytest.raises(Split4mlError):
            partition(problem, goal=goal)
        return
    solution = partition(problem, goal=goal)
    check(problem, solution, goal)
    assert solution.optimal and dict(solution.bounds) == expected


weights = st.dictionaries(
    st.sampled_from(["time", "bits", "subgraphs", "balance", "utilisation"]),
    st.fractions(Fraction(1, 3), 3, max_denominator=3),
    min_size=1,
    max_size=3,
)


@settings(max_examples=100, deadline=None)
@given(problems(5), weights, st.integers(1, 4))
def test_weights(problem: Problem, weight: dict[str, Fraction], most: int) -> None:
    goal = Goal((), weights=weight, at_most={"subgraphs": most})
    scores = [goal.score(found) for n in range(1, most + 1) for found in every(problem, n)]
    if not scores:
        with pytest.raises(Split4mlError):
            partition(problem, goal=goal)
        return
    solution = partition(problem, goal=goal)
    check(problem, solution, goal)
    assert solution.optimal and goal.score(solution.values) == min(scores)


def costs(names: Sequence[str], values: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(-values[name] if name == "balance" else values[name] for name in names)


def undominated(vectors: set[tuple[int, ...]]) -> set[tuple[int, ...]]:
    return {v for v in vectors if not any(w != v and all(map(le, w, v)) for w in vectors)}


def whole_front(problem: Problem, names: Sequence[str], most: int) -> None:
    """All values that are worth choosing, each once, and no others."""
    vectors = {costs(names, one) for n in range(1, most + 1) for one in every(problem, n)}
    if not vectors:
        return
    found = pareto(problem, names, range(1, most + 1))
    assert not found.missing
    for point in found.points:
        check(problem, point)
    shown = [costs(names, point.values) for point in found.points]
    assert len(shown) == len(set(shown)) and set(shown) == undominated(vectors)


names_of_fronts = st.lists(st.sampled_from(OBJECTIVES), unique=True, min_size=2, max_size=4)
FIVE = ("time", "bits", "utilisation", "latency", "subgraphs")


@settings(max_examples=60, deadline=None)
@given(problems(5), names_of_fronts, st.integers(1, 4))
def test_the_front_is_complete(problem: Problem, names: list[str], most: int) -> None:
    whole_front(problem, names, most)


@pytest.fixture
def few_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small problems are looked at in cells that become finer and finer, as large ones are."""
    for name, value in {"FEW": 0, "COARSE": 2, "COARSER": 2, "SIDES": (2, 3, 5)}.items():
        monkeypatch.setattr(f"split4ml.passes.solve.labels.{name}", value)


@pytest.mark.usefixtures("few_cells")
@pytest.mark.parametrize("wish", ["apart", "pins", "starts", "must cut"])
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data(), st.sampled_from([FIVE, FIVE, ("balance", "latency", "bits"), ("latency", "utilisation")]))
def test_fronts_under_constraints(wish: str, data: st.DataObject, names: tuple[str, ...]) -> None:
    problem = data.draw(wished(wish))
    if problem.workshop.jobs is None and problem.workshop.memory is None and not problem.regions:
        whole_front(problem, names, 4)


@pytest.mark.usefixtures("few_cells")
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parallel())
def test_fronts_of_parallel_branches(problem: Problem) -> None:
    whole_front(problem, FIVE, 3)


@pytest.mark.usefixtures("few_cells")
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(2, 3), min_size=1, max_size=2), st.data())
def test_fronts_of_modules(sizes: list[int], data: st.DataObject) -> None:
    """Branches between joints, heavy ones: several subgraphs lie between two joints, and paths are spared some of them."""
    pairs, last = [], 0
    for size in sizes:
        join = last + size + 1
        pairs += [pair for task in range(last + 1, join) for pair in ((last, task), (task, join))]
        last = join
    heavy = data.draw(st.tuples(*[st.integers(0, 9)] * (last + 1)))
    bits = data.draw(st.tuples(*[st.integers(0, 3)] * len(pairs)))
    edges = tuple(Edge(u, v, b) for (u, v), b in zip(pairs, bits, strict=True))
    problem = Problem(tuple(f"t{t}" for t in range(last + 1)), heavy, edges, hop=4)
    whole_front(problem, ("time", "bits", "latency", "subgraphs"), 4)


def test_paths_through_a_subgraph_in_two_pieces() -> None:
    """A path crosses into one of them and another path out of the other: no path crosses both boundaries."""
    edges = tuple(Edge(u, v, bits) for u, v, bits in ((0, 2, 3), (1, 3, 3), (4, 5, 1), (5, 6, 1)))
    whole_front(
        Problem(tuple("abcdefg"), (5, 2, 2, 5, 1, 1, 1), edges, hop=4), ("time", "bits", "latency"), 3
    )


@pytest.mark.parametrize("demand", ["together", "uncuttable"])
def test_paths_through_tasks_that_cannot_be_separated(demand: str) -> None:
    """A path into one of them and another path out of the other count as one: the subgraph is started as a whole."""
    pairs = [(0, 2), (3, 1), (2, 4), (3, 4)]
    edges = tuple(Edge(u, v, 3, not (demand == "uncuttable" and v == 4), "it is one") for u, v in pairs)
    together = ((2, 3),) if demand == "together" else ()
    whole_front(
        Problem(tuple("abcde"), (5, 5, 1, 1, 1), edges, together=together, hop=4),
        ("time", "bits", "latency"),
        3,
    )


@pytest.mark.usefixtures("few_cells")
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(*[st.integers(0, 40)] * 3), min_size=8, max_size=14))
def test_fronts_of_chains(costs_of_tasks: list[tuple[int, int, int]]) -> None:
    """Of many points, since every set of edges may be cut."""
    load, bits, dsp = zip(*costs_of_tasks, strict=True)
    n = len(load)
    edges = tuple(Edge(t, t + 1, bits[t]) for t in range(n - 1))
    problem = Problem(
        tuple(f"t{t}" for t in range(n)), load, edges, {"dsp": dsp}, capacity={"dsp": 70}, fixed=3, hop=4
    )
    vectors: set[tuple[int, ...]] = set()
    for cuts in (c for k in range(5) for c in combinations(range(1, n), k)):
        pieces = list(pairwise((0, *cuts, n)))
        time = 3 + max(sum(load[a:b]) for a, b in pieces)
        share = max(-(-1_000_000 * sum(dsp[a:b]) // 70) for a, b in pieces)
        vectors.add((time, sum(bits[c - 1] for c in cuts), share, 4 * len(cuts), len(pieces)))
    found = pareto(problem, FIVE, range(1, 6))
    assert not found.missing
    assert {costs(FIVE, point.values) for point in found.points} == undominated(vectors)


class Counted:
    """A clock that strikes at its look number `strike`, and the work between looks."""

    strike = 0

    def __init__(self) -> None:
        self.looks, self.since, self.most, self.late = 0, 0, 0, 0

    def monotonic(self) -> float:
        self.looks += 1
        self.most, self.since = max(self.most, self.since), 0
        return 1e6 if self.strike and self.looks >= self.strike else 0.0

    def working(self, work: Callable[..., int], function: Callable[..., object]) -> Callable[..., object]:
        def worked(*args: Any) -> object:
            self.since += work(*args)
            self.late += work(*args) if self.strike and self.looks >= self.strike else 0
            return function(*args)

        return worked


def counted(monkeypatch: pytest.MonkeyPatch, strike: int, problem: Problem) -> tuple[Counted, Pareto]:
    """A front, with the clock and the cells of pairs and the ideals that were looked at counted."""
    clock = Counted()
    clock.strike = strike
    with monkeypatch.context() as patch:
        patch.setattr("split4ml.passes.solve.clock.time.monotonic", clock.monotonic)
        for name in ("extend", "useful"):
            work = partial(lambda first, *rest, at: len(first) * rest[at].shape[0] * rest[at].shape[2], at=6)
            function = getattr(gridkernel, name)
            patch.setattr(gridkernel, name, clock.working(work, function))
        patch.setattr(Dynamic, "_glue", clock.working(lambda *_: 5_000, Dynamic._glue))
        return clock, pareto(problem, FIVE, range(1, 5))


def test_the_limit_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Often in every long step; once it strikes, nothing long is begun."""
    pairs = [
        pair for m in range(6) for t in range(1, 4) for pair in ((4 * m, 4 * m + t), (4 * m + t, 4 * m + 4))
    ]
    glue = {"dsp": 1}
    edges = tuple(Edge(u, v, 1 + u * v % 7, leaving=glue, entering=glue) for u, v in pairs)
    load = tuple(1 + t * t % 11 for t in range(25))
    problem = Problem(
        tuple(f"t{t}" for t in range(25)), load, edges, {"dsp": load}, capacity={"dsp": 99}, hop=4
    )
    monkeypatch.setattr("split4ml.passes.solve.grid.STEPS", 10_000)
    monkeypatch.setattr("split4ml.passes.solve.dynamic.CHECKED", 4)
    whole, found = counted(monkeypatch, 0, problem)
    assert not found.missing and whole.looks > 100
    assert whole.most <= 30_000
    for strike in range(40, whole.looks, whole.looks // 8):
        clock, found = counted(monkeypatch, strike, problem)
        assert found.points and found.missing
        assert clock.late <= 30_000
        for point in found.points:
            check(problem, point)
