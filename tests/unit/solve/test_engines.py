"""Both engines against exhaustive search, alone and together, under every constraint and objective."""

from __future__ import annotations

from fractions import Fraction
from operator import le

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from solve_problems import WISHES, best, chain, every, parallel, problems, wished

from split4ml.dialects.errors import Split4mlError
from split4ml.passes.solve.check import check
from split4ml.passes.solve.objectives import OBJECTIVES, Goal
from split4ml.passes.solve.pareto import pareto
from split4ml.passes.solve.partition import partition
from split4ml.passes.solve.problem import Problem

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


@settings(max_examples=60, deadline=None)
@given(
    problems(5), st.lists(st.sampled_from(OBJECTIVES), unique=True, min_size=2, max_size=4), st.integers(1, 4)
)
def test_the_front_is_complete(problem: Problem, names: list[str], most: int) -> None:
    if not any(any(every(problem, n)) for n in range(1, most + 1)):
        return
    found = pareto(problem, names, range(1, most + 1))
    assert not found.missing
    for point in found.points:
        check(problem, point)
    sign = [-1 if name == "balance" else 1 for name in names]
    vectors = {
        tuple(s * one[name] for s, name in zip(sign, names, strict=True))
        for n in range(1, most + 1)
        for one in every(problem, n)
    }
    best_ones = {v for v in vectors if not any(w != v and all(map(le, w, v)) for w in vectors)}
    shown = [tuple(s * p.values[name] for s, name in zip(sign, names, strict=True)) for p in found.points]
    assert len(shown) == len(set(shown)) and set(shown) == best_ones
