"""Few jobs and little memory: plans and chains of ideals against exhaustive search, and Z3 without them."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from solve_problems import chain, shortest_plan, wished
from test_engines import goals, same

from split4ml.passes.solve.check import check
from split4ml.passes.solve.objectives import Goal, measure
from split4ml.passes.solve.partition import partition
from split4ml.passes.solve.problem import Problem, Workshop
from split4ml.passes.solve.scarce import Outcome
from split4ml.passes.solve.scarcekernel import NO, YES, in_time
from split4ml.passes.solve.search import Search

jobs = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4)), min_size=1, max_size=5)


def planned(work: list[tuple[int, int]], machines: int, memory: int, limit: int) -> tuple[int, list[int]]:
    """The kernel's answer, and when jobs begin."""
    n = len(work)
    start, stack = np.zeros(n, np.int64), np.zeros((2 * n + 3, 4), np.int64)
    duration, need = (np.array(column, np.int64) for column in zip(*work, strict=True))
    return in_time(duration, need, n, machines, memory, limit, start, stack), [int(t) for t in start]


@settings(max_examples=300, deadline=None)
@given(jobs, st.integers(1, 3), st.integers(4, 9))
def test_a_plan_is_in_time_if_there_is_one(work: list[tuple[int, int]], machines: int, memory: int) -> None:
    least = shortest_plan([d for d, _ in work], [m for _, m in work], Workshop(machines, memory))
    answer, start = planned(work, machines, memory, least)
    assert answer == YES
    for at in start:
        running = [m for (d, m), begin in zip(work, start, strict=True) if begin <= at < begin + d]
        assert len(running) <= machines and sum(running) <= memory
    assert max(begin + d for (d, _), begin in zip(work, start, strict=True)) == least
    assert least == 0 or planned(work, machines, memory, least - 1)[0] == NO


@pytest.mark.parametrize("wish", ["jobs", "memory"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data(), st.integers(1, 3), goals)
def test_z3_alone(
    wish: str, monkeypatch: pytest.MonkeyPatch, data: st.DataObject, parts: int, goal: Goal
) -> None:
    monkeypatch.setattr(Search, "chains", lambda *asked: Outcome())
    same(data.draw(wished(wish)), parts, goal)


def tasks(n: int, seed: int, jobs: int, memory: int | None) -> Problem:
    """A chain with a few heavy tasks."""
    rng = random.Random(seed)
    load = [rng.choice([1, 2, 30, 100, 400]) * 100 + rng.randint(0, 99) for _ in range(n)]
    used = tuple(rng.randint(0, 40) for _ in range(n))
    return replace(chain(load, 1), fixed=2000, memory=used, workshop=Workshop(jobs, memory, 20), resources={})


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("jobs", "memory"), [(2, None), (3, 160), (12, 120)])
def test_the_best_of_all_partitions(seed: int, jobs: int, memory: int | None) -> None:
    """Their number is small enough to plan them all."""
    problem = tasks(11, seed, jobs, memory)
    found = partition(problem, 4)
    check(problem, found)
    cuts = combinations(range(1, 11), 3)
    parts = (tuple(sum(task >= cut for cut in three) for task in range(11)) for three in cuts)
    most = [memory or 10**9] * 4
    fitting = [
        measure(problem, part)[0]["time"]
        for part in parts
        if all(20 + sum(problem.memory[t] for t in range(11) if part[t] == k) <= most[k] for k in range(4))
    ]
    assert found.optimal and found.makespan == min(fitting)


def test_chains_prove_what_took_z3_a_minute() -> None:
    problem = tasks(24, 7, 2, 180)
    found = partition(problem, 6)
    check(problem, found)
    assert found.optimal and found.method == "ideals"
