"""The checker accepts a good partition and rejects each planted fault, naming it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from split4ml.dialects.errors import Split4mlError
from split4ml.passes.solve.check import check
from split4ml.passes.solve.objectives import Goal, Solution
from split4ml.passes.solve.problem import Edge, Problem, Region, Workshop

PROBLEM = Problem(
    tasks=("in", "left", "right", "add", "out"),
    load=(1, 5, 6, 1, 2),
    edges=(
        Edge(0, 1, 8),
        Edge(0, 2, 8),
        Edge(1, 3, 16),
        Edge(2, 3, 16),
        Edge(3, 4, 32, cuttable=False, reason="in-place Reshape"),
    ),
    resources={"dsp": (0, 5, 5, 0, 0)},
    budgets={"dsp": 9},
    together=((0, 1),),
    cut_before=(3,),
    fixed=10,
)
GOOD = Solution(
    (0, 0, 1, 2, 2),
    {"time": 16, "bits": 40, "subgraphs": 3, "latency": 0, "balance": 13},
    {"time": 16, "bits": 40},
    True,
    "z3",
    starts=(0, 0, 0),
)


def test_a_good_partition() -> None:
    check(PROBLEM, GOOD)


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ((0, 0, 1, 2), "covers 4 of 5"),
        ((0, 0, 1, 3, 3), "one is empty"),
        ((-1, -1, 0, 1, 1), "one is empty or negative"),
        ((0, 0, 1, 0, 0), "not convex: a path leaves and re-enters it through right"),
        ((2, 2, 1, 0, 0), "in -> right goes down from subgraph 2 to 1"),
        ((0, 0, 1, 2, 3), "add -> out is cut, but must not be: in-place Reshape"),
        ((0, 0, 1, 1, 1), "right -> add is not cut, but must be"),
        ((0, 1, 2, 3, 3), "in and left are not kept together"),
        ((0, 0, 0, 1, 1), "subgraph 0 needs 10 dsp, over the budget of 9"),
    ],
)
def test_planted_partitions(part: tuple[int, ...], message: str) -> None:
    with pytest.raises(Split4mlError, match=message):
        check(PROBLEM, replace(GOOD, subgraph_of=part))


def test_a_cyclic_quotient_of_convex_subgraphs() -> None:
    """a0 -> b0 and b1 -> a1: no path re-enters either subgraph, yet each waits for the other."""
    problem = Problem(("a0", "a1", "b0", "b1"), (1, 1, 1, 1), (Edge(0, 2), Edge(3, 1)))
    with pytest.raises(Split4mlError, match="cycle: 0 -> 1 -> 0"):
        check(problem, replace(GOOD, subgraph_of=(0, 0, 1, 1)))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("time", 15, "time of the partition is 16, not 15"),
        ("bits", 39, "bits of the partition is 40, not 39"),
        ("subgraphs", 2, "subgraphs of the partition is 3, not 2"),
        ("latency", 1, "latency of the partition is 0, not 1"),
        ("balance", 16, "balance of the partition is 13, not 16"),
    ],
)
def test_planted_values(name: str, value: int, message: str) -> None:
    with pytest.raises(Split4mlError, match=message):
        check(PROBLEM, replace(GOOD, values={**GOOD.values, name: value}))


@pytest.mark.parametrize(
    ("name", "bound", "message"),
    [
        ("time", 17, "time is 16, but its proven bound is 17"),
        ("time", 15, "time is 16, but its proven bound is 15"),
        ("bits", 1, "bits is 40, but its proven bound is 1"),
        ("balance", 12, "balance is 13, but its proven bound is 12"),
    ],
)
def test_planted_bounds(name: str, bound: int, message: str) -> None:
    with pytest.raises(Split4mlError, match=message):
        check(PROBLEM, replace(GOOD, bounds={**GOOD.bounds, name: bound}))


@pytest.mark.parametrize(
    ("name", "bound", "message"),
    [("time", 15, "time is 16, but the bound given is 15"), ("balance", 14, "balance is 13, but the bound")],
)
def test_bounds_that_were_given(name: str, bound: int, message: str) -> None:
    with pytest.raises(Split4mlError, match=message):
        check(PROBLEM, GOOD, Goal(at_most={name: bound}))


SLRS = (Region("SLR0", {"dsp": 6}), Region("SLR1", {"dsp": 9}))


@pytest.mark.parametrize(
    ("wish", "answer", "message"),
    [
        ({"apart": ((0, 1),)}, {}, "in and left are not kept apart"),
        ({"pins": {2: 0}}, {}, "right is pinned to subgraph 0, but is in subgraph 1"),
        ({"starts": frozenset({2})}, {}, "subgraph 2 begins at add, where none may begin"),
        ({"capacity": {"dsp": 10}}, {}, "utilisation of the partition is 500000, not None"),
        ({"hop": 4}, {}, "latency of the partition is 8, not 0"),
        ({"workshop": Workshop(jobs=2)}, {}, "3 jobs run at once, but only 2 may"),
        ({"memory": (4, 4, 4, 0, 0), "workshop": Workshop(memory=11)}, {}, "need 12 MiB, but there are 11"),
        ({}, {"starts": (0, 0)}, "the plan does not say"),
        ({}, {"starts": (0, 0, 5)}, "the time of the partition is 18, not 16"),
        ({"regions": SLRS}, {}, "not every subgraph is in a region"),
        ({"regions": SLRS}, {"region_of": (0, 0, 1)}, "SLR0 holds 6 dsp, but 10 are placed there"),
        (
            {"regions": SLRS, "placed": {3: 0}},
            {"region_of": (0, 1, 1)},
            "add is placed in SLR0, but its subgraph is in SLR1",
        ),
    ],
)
def test_planted_wishes(wish: dict[str, object], answer: dict[str, object], message: str) -> None:
    with pytest.raises(Split4mlError, match=message):
        check(replace(PROBLEM, **wish), replace(GOOD, **answer))  # type: ignore[arg-type]


def test_placed_as_wished() -> None:
    problem = replace(PROBLEM, regions=SLRS, placed={3: 1})
    check(problem, replace(GOOD, region_of=(0, 1, 1)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"leaving": {"dsp": 2}}, "subgraph 0 needs 11 dsp, over the budget of 9"),
        ({"entering": {"dsp": 2}}, "subgraph 2 needs 11 dsp, over the budget of 9"),
    ],
)
def test_what_a_cut_adds_counts(change: dict[str, dict[str, int]], message: str) -> None:
    """left -> add is cut; the tasks need 9 and 9."""
    edges = list(PROBLEM.edges)
    edges[2] = replace(edges[2], **change)  # type: ignore[arg-type]
    problem = replace(PROBLEM, resources={"dsp": (0, 9, 0, 9, 0)}, edges=tuple(edges))
    with pytest.raises(Split4mlError, match=message):
        check(problem, GOOD)


def test_what_every_subgraph_has_counts() -> None:
    with pytest.raises(Split4mlError, match="subgraph 0 needs 10 dsp, over the budget of 9"):
        check(replace(PROBLEM, own={"dsp": 5}), GOOD)


def test_all_subgraphs_have_to_fit_the_device_with_their_glue() -> None:
    """The tasks take 10; of the edges that are cut, each end takes 1."""
    edges = tuple(replace(edge, leaving={"dsp": 1}, entering={"dsp": 1}) for edge in PROBLEM.edges)
    problem = replace(PROBLEM, edges=edges, budgets={}, whole={"dsp": 16})
    check(problem, GOOD)
    with pytest.raises(Split4mlError, match="not with what this split adds: 16 dsp in 3 subgraphs, and 15"):
        check(replace(problem, whole={"dsp": 15}), GOOD)
