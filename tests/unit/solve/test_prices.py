"""Prices of demands: more room never makes the best split worse, less never better, and the runner-up is another split."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st
from solve_problems import WISHES, chain, problems, wished

from split4ml.dialects.errors import Split4mlError
from split4ml.passes.solve.check import check
from split4ml.passes.solve.clock import Clock
from split4ml.passes.solve.demands import Case
from split4ml.passes.solve.objectives import PLAIN, Goal
from split4ml.passes.solve.partition import optimum, partition
from split4ml.passes.solve.prices import compare, prices, runner_up, slower, steps, used
from split4ml.passes.solve.problem import Edge, Problem, Workshop

MINUTES = 300.0


@settings(deadline=None, max_examples=30)
@given(
    st.one_of(problems(5), st.sampled_from(WISHES).flatmap(lambda wish: wished(wish, 4))), st.integers(1, 3)
)
def test_room_never_hurts(problem: Problem, parts: int) -> None:
    case = Case(problem, PLAIN, (parts, parts))
    chosen = optimum(problem, case.numbers, PLAIN, MINUTES)
    if chosen is None:
        return
    for price in prices(case, Clock(MINUTES)):
        assert price.known
        if price.solution is not None:
            better = compare(PLAIN, price.solution.values, chosen.values)
            # a number of subgraphs is neither room nor the lack of it
            assert not (price.kind == "without" and better > 0)
            assert not (price.kind == "more" and "subgraph" not in price.demand and better > 0)
            assert not (price.kind == "less" and "subgraph" not in price.demand and better < 0)
        else:
            assert price.kind != "without"
    second = runner_up(case, chosen, Clock(MINUTES))
    if second is not None and second.solution is not None:
        check(problem, second.solution)
        assert second.solution.subgraph_of != chosen.subgraph_of
        assert compare(PLAIN, second.solution.values, chosen.values) >= 0


@settings(deadline=None, max_examples=30)
@given(problems(5), st.integers(1, 4))
def test_the_optimum_is_that_of_the_solver(problem: Problem, parts: int) -> None:
    found = optimum(problem, (parts, parts), PLAIN, MINUTES)
    try:
        expected = partition(problem, parts, time_limit=MINUTES)
    except Split4mlError:
        assert found is None
        return
    assert found is not None and found.optimal and found.values == expected.values


def test_steps_of_a_chain() -> None:
    problem = Problem(
        ("a", "b", "c"),
        (4, 4, 4),
        chain([4, 4, 4]).edges,
        {"dsp": (50, 50, 50)},
        budgets={"dsp": 100},
        memory=(1000, 1000, 1000),
        workshop=Workshop(jobs=1, memory=4096),
    )
    case = Case(problem, Goal(at_most={"bits": 16}), (2, 2))
    told = [(step.demand, step.kind, step.change) for step in steps(case)]
    assert told == [
        ("2 subgraphs", "without", "without it"),
        ("2 subgraphs", "less", "1"),
        ("2 subgraphs", "more", "3"),
        ("at most 100 dsp in a subgraph", "without", "without it"),
        ("at most 100 dsp in a subgraph", "less", "90 dsp"),
        ("at most 100 dsp in a subgraph", "more", "110 dsp"),
        ("at most 4 GiB of synthesis memory", "without", "without it"),
        ("at most 4 GiB of synthesis memory", "less", "3 GiB"),
        ("at most 4 GiB of synthesis memory", "more", "5 GiB"),
        ("at most 1 job at once", "without", "without it"),
        ("at most 1 job at once", "more", "2 jobs at once"),
        ("at most 16 bits that cross", "without", "without it"),
        ("at most 16 bits that cross", "less", "15 bits that cross"),
        ("at most 16 bits that cross", "more", "17 bits that cross"),
    ]
    found = optimum(problem, (2, 2), case.goal, MINUTES)
    assert found is not None and used(problem, found) == {"dsp": (100, found.subgraph_of[1])}


def test_a_little_more_time() -> None:
    """One stream of a chain divides it evenly, the other one nearly so, with fewer bits."""
    problem = Problem(("a", "b", "c"), (1000, 10, 990), (Edge(0, 1, 100), Edge(1, 2, 1)))
    case = Case(problem, PLAIN, (2, 2))
    found = optimum(problem, (2, 2), PLAIN, MINUTES)
    assert found is not None and (found.makespan, found.crossing_bits) == (1000, 100)
    more = slower(case, found, Clock(MINUTES))
    assert more is not None and more.known and more.solution is not None
    assert (more.solution.makespan, more.solution.crossing_bits) == (1010, 1)
    for goal in (Goal(("bits", "time")), Goal(("time",)), Goal(slack=Fraction(1))):
        assert slower(replace(case, goal=goal), found, Clock(MINUTES)) is None


def test_no_time_is_said() -> None:
    """Rather than that there is nothing."""
    case = Case(chain([4, 4, 4]), PLAIN, (2, 2))
    found = optimum(case.problem, case.numbers, PLAIN, MINUTES)
    assert found is not None
    assert not any(price.known for price in prices(case, Clock(0)))
    second = runner_up(case, found, Clock(0))
    assert second is not None and not second.known and second.solution is None
