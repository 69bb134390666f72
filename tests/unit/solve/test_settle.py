"""Settling ends for whatever FIFOs a split may cause, with a split that holds under its own costs; stable means the best."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from solve_problems import chain, problems

from split4ml.dialects.errors import Split4mlError
from split4ml.passes.solve.objectives import Goal, Solution
from split4ml.passes.solve.partition import partition
from split4ml.passes.solve.prices import compare
from split4ml.passes.solve.problem import Problem
from split4ml.passes.solve.settle import Settled, Visit, look, settle

GOAL = Goal(("utilisation", "bits"))


def with_fifos(problem: Problem, part: tuple[int, ...], seed: int) -> Problem:
    """FIFOs that are any function of the split."""
    rng = random.Random(f"{seed} {part}")
    dsp = tuple(use + rng.choice([0, 0, 1, 3]) for use in problem.resources["dsp"])
    return replace(problem, resources={"dsp": dsp})


def settled(problem: Problem, seed: int, rounds: int, seen: list[tuple[int, ...]]) -> Settled:
    def best(one: Problem) -> Solution:
        return partition(one, 2, goal=GOAL)

    def costs(_: Problem, solution: Solution) -> Visit:
        seen.append(solution.subgraph_of)
        return look(with_fifos(problem, solution.subgraph_of, seed), solution.subgraph_of, (), GOAL)

    first = best(problem)
    return settle(costs(problem, first), best, costs, GOAL, rounds)


@settings(deadline=None)
@given(problems(5), st.integers(0, 9), st.integers(1, 6))
def test_it_ends_with_a_split_that_holds(problem: Problem, seed: int, rounds: int) -> None:
    seen: list[tuple[int, ...]] = []
    try:
        done = settled(problem, seed, rounds, seen)
    except Split4mlError:
        return  # contradictory wishes, or no split holds with its FIFOs
    finally:
        assert len(set(seen)) == len(seen) <= rounds
    part = done.visit.solution.subgraph_of
    own = with_fifos(problem, part, seed)
    assert done.visit.fits and look(own, part, (), GOAL).fits
    assert done.rounds == len(seen)
    if done.how == "stable":
        assert compare(GOAL, partition(own, 2, goal=GOAL).values, done.visit.solution.values) == 0


def test_a_cycle_ends_with_the_better_split() -> None:
    """Each of two splits looks better from the other one: its own FIFOs are dear."""
    goal = Goal(("utilisation",))
    problem = replace(chain([1, 1, 1]), resources={"dsp": (4, 4, 5)}, capacity={"dsp": 100})
    own: dict[tuple[int, ...], tuple[int, ...]] = {(0, 1, 1): (1, 5, 5), (0, 0, 1): (5, 6, 1)}
    made = []

    def costs(one: Problem, solution: Solution) -> Visit:
        made.append(solution.subgraph_of)
        changed = replace(one, resources={"dsp": own[solution.subgraph_of]})
        return look(changed, solution.subgraph_of, (), goal)

    first = costs(problem, partition(problem, 2, goal=goal))
    done = settle(first, lambda one: partition(one, 2, goal=goal), costs, goal, 8)
    assert made == [(0, 0, 1), (0, 1, 1)]
    assert (done.how, done.rounds, done.visit.solution.subgraph_of) == ("best-known", 2, (0, 1, 1))


def test_no_split_holds_with_its_fifos() -> None:
    problem = replace(chain([1, 1, 1]), resources={"dsp": (4, 4, 4)}, budgets={"dsp": 8})

    def costs(one: Problem, solution: Solution) -> Visit:
        return look(replace(one, resources={"dsp": (9, 9, 9)}), solution.subgraph_of, (), Goal())

    first = costs(problem, partition(problem, 2))
    with pytest.raises(Split4mlError, match="with the FIFOs as they are sized, task t0 alone needs 9 dsp"):
        settle(first, lambda one: partition(one, 2), costs, Goal(), 8)
