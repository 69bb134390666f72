"""Lists of parallel branches against the dynamic program, on graphs that both can do."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from split4ml.passes.solve.atoms import contract
from split4ml.passes.solve.check import check
from split4ml.passes.solve.clock import Clock
from split4ml.passes.solve.multipliers import multipliers
from split4ml.passes.solve.objectives import Goal
from split4ml.passes.solve.options import Limit, branches, options
from split4ml.passes.solve.partition import partition
from split4ml.passes.solve.problem import Edge, Problem
from split4ml.passes.solve.question import Answer, Question
from split4ml.passes.solve.within import Within


def wide(seed: int, lengths: tuple[int, ...], budget: bool) -> Problem:
    """Branches between a first and a last task; some tasks are light. With a budget that holds a part of the glue, or without."""
    rng = random.Random(seed)
    n = 2 + sum(lengths)
    pairs, at = [], 1
    for length in lengths:
        pairs += list(pairwise([0, *range(at, at + length), n - 1]))
        at += length
    load = tuple(rng.choice([1, 2, rng.randint(50, 999)]) for _ in range(n))
    lut = tuple(rng.randint(0, 99) for _ in range(n))
    edges = tuple(
        Edge(
            u,
            v,
            rng.randint(1, 9) * 4 ** rng.randint(0, 4),
            leaving={"lut": rng.randint(0, 9)},
            entering={"lut": 2},
        )
        for u, v in pairs
    )
    return Problem(
        tuple(f"t{v}" for v in range(n)),
        load,
        edges,
        {"lut": lut},
        {"lut": 60 + sum(lut) // 2} if budget else {},
        fixed=20,
    )


graphs = st.builds(
    wide, st.integers(0, 10**6), st.lists(st.integers(2, 5), min_size=3, max_size=5).map(tuple), st.booleans()
)


@settings(max_examples=25, deadline=None)
@given(graphs, st.integers(2, 4))
def test_as_good_as_the_dynamic_program(problem: Problem, parts: int) -> None:
    best = partition(problem, parts)
    assert best.optimal
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("split4ml.passes.solve.family.LIMIT", 1)
        found = partition(problem, parts)
    check(problem, found)
    assert found.optimal and found.bounds == best.bounds


@settings(max_examples=40, deadline=None)
@given(graphs, st.integers(2, 4), st.sampled_from([4, 16, 256, 2048]), st.sampled_from([4, 64]))
def test_bounds_hold_where_lists_are_too_long(problem: Problem, parts: int, rows: int, some: int) -> None:
    """And Z3 does not help: a time near its bound is good enough then, and bits are bounded among the partitions that are as fast."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("split4ml.passes.solve.family.LIMIT", 1)
        patch.setattr("split4ml.passes.solve.lists.ROWS", rows)
        patch.setattr("split4ml.passes.solve.lists.SOME", some)
        patch.setattr("split4ml.passes.solve.lists.LEAF", 4)
        patch.setattr(Question, "ask", lambda *_: Answer())
        patch.setattr(Question, "fewest_bits", lambda *_: (Answer(), 0))
        found = partition(problem, parts)
    check(problem, found)
    assert found.bounds["time"] <= partition(problem, parts).makespan
    fewest = partition(problem, parts, goal=Goal(("bits",), at_most={"time": found.makespan}))
    assert fewest.optimal
    assert found.bounds["bits"] <= fewest.crossing_bits <= found.crossing_bits


@settings(max_examples=25, deadline=None)
@given(graphs, st.integers(2, 4), st.integers(0, 20))
def test_multipliers_bound_the_bits(problem: Problem, parts: int, percent: int) -> None:
    """The cheapest options of all branches, less the worth of all the room, never cost more than the bits of a partition."""
    best = partition(problem, parts)
    at_most = best.makespan + best.makespan * percent // 100
    fewest = partition(problem, parts, goal=Goal(("bits",), at_most={"time": at_most})).crossing_bits
    atoms = contract(problem)
    question = Question(atoms, parts, Within(load=at_most - atoms.fixed))
    window = question.window()
    assert window is not None
    place = {v: low for v, (low, high) in enumerate(window) if low == high}
    limits = [Limit(atoms.load, at_most - atoms.fixed), *question.limits()[:-1]]
    room = np.concatenate([limit.most - np.array(limit.uses(place, atoms.edges, parts)) for limit in limits])
    free = [v for v in range(len(atoms)) if v not in place]
    listed = [options(atoms, branch, window, parts, limits, Clock(60)) for branch in branches(atoms, free)]
    worth = multipliers(listed, room, parts)
    assert (worth.values >= 0).all()
    cheapest = sum(int((one.bits + worth.of(one.amounts)).min()) for one in listed)
    fixed = sum(w for u, v, w in atoms.edges if u in place and v in place and place[u] != place[v])
    assert fixed + cheapest - int(worth.of(room)) <= fewest
