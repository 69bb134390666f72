"""The checker accepts a good partition and rejects each planted fault, naming it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from split4ml.dialects.errors import Split4mlError
from split4ml.passes.solve.check import check
from split4ml.passes.solve.problem import Edge, Problem, Solution

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
GOOD = Solution((0, 0, 1, 2, 2), 16, 40, True, 16, 40, "z3")


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
        check(problem, Solution((0, 0, 1, 1), 2, 0, True, 2, 0, "z3"))


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"makespan": 15, "lower_bound": 15}, "makespan of the partition is 16, not 15"),
        ({"crossing_bits": 39}, "crossing bits of the partition is 40, not 39"),
        ({"lower_bound": 17}, "lower bound is 17"),
        ({"lower_bound": 15}, "lower bound is 15"),
        ({"crossing_lower_bound": 1}, "lower bound is 1"),
    ],
)
def test_planted_values(fault: dict[str, int], message: str) -> None:
    with pytest.raises(Split4mlError, match=message):
        check(PROBLEM, replace(GOOD, **fault))  # type: ignore[arg-type]
