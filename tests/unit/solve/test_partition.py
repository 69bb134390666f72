"""The meaning of every option, the time limit, and how many subgraphs there are."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from solve_problems import best, chain, problems, skip

from split4ml.dialects.errors import Split4mlError
from split4ml.passes.solve.check import check
from split4ml.passes.solve.objectives import Goal, Solution
from split4ml.passes.solve.partition import partition
from split4ml.passes.solve.problem import Edge, Problem


def found(solution: Solution) -> tuple[int, int]:
    return solution.makespan, solution.crossing_bits


@settings(max_examples=60, deadline=None)
@given(problems())
def test_auto_is_the_smallest_number_within_five_percent(problem: Problem) -> None:
    per_count = {n: best(problem, range(n, n + 1), Goal()) for n in range(1, len(problem.tasks) + 1)}
    feasible = {n: (value["time"], value["bits"]) for n, value in per_count.items() if value is not None}
    if not feasible:
        with pytest.raises(Split4mlError):
            partition(problem, "auto")
        return
    least = min(makespan for makespan, _ in feasible.values())
    smallest = min(n for n, (makespan, _) in feasible.items() if 100 * makespan <= 105 * least)
    solution = partition(problem, "auto")
    check(problem, solution)
    assert solution.subgraphs == smallest
    assert found(solution) == feasible[smallest]


def test_the_time_limit_is_admitted() -> None:
    """No time and no complete family of ideals: a valid partition, not called optimal, with bounds below it."""
    edges = tuple(Edge(0, v, v) for v in range(1, 17)) + tuple(Edge(v, 17, 3 * v) for v in range(1, 17))
    wide = Problem(tuple(f"t{i}" for i in range(18)), tuple(7 + i % 5 for i in range(18)), edges)
    solution = partition(wide, 4, time_limit=0)
    check(wide, solution)
    assert not solution.optimal and solution.method == "time-limit"
    assert solution.bounds["time"] <= solution.makespan and solution.gap is not None


def test_equal_problems_have_equal_answers() -> None:
    problem = chain([5] * 9)
    assert partition(problem, 4) == partition(problem, 4)


def test_subgraphs_are_numbered_along_the_edges_then_by_first_task() -> None:
    two_chains = Problem(("a", "b", "c", "d"), (1, 1, 1, 1), (Edge(2, 3, 9), Edge(0, 1, 9)))
    assert partition(two_chains, 2).subgraph_of == (0, 0, 1, 1)


def test_cut_inside_a_skip_connection() -> None:
    solution = partition(skip(), 2)
    assert solution.subgraph_of == (0, 0, 1, 1)
    assert found(solution) == (11, 150)


def test_fewer_bits_are_the_second_objective_only() -> None:
    problem = replace(chain([4, 1, 4]), edges=(Edge(0, 1, 100), Edge(1, 2, 1)))
    assert partition(problem, 2).subgraph_of == (0, 0, 1)


def test_an_uncuttable_edge_is_not_cut() -> None:
    problem = replace(chain([4, 4]), edges=(Edge(0, 1, 8, False, "in-place Reshape", "s0"),))
    with pytest.raises(Split4mlError, match="number only 1"):
        partition(problem, 2)


def test_more_subgraphs_than_tasks() -> None:
    with pytest.raises(Split4mlError, match="5 subgraphs are asked for, but tasks number only 3"):
        partition(chain([1, 2, 3]), 5)


def test_the_fixed_load_counts_once_a_subgraph() -> None:
    solution = partition(replace(chain([4, 4]), fixed=20), 2)
    assert (solution.makespan, solution.bounds["time"]) == (24, 24)


def test_auto_stops_when_the_largest_task_rules() -> None:
    assert partition(chain([1, 1, 90, 1, 1]), "auto").subgraphs == 1
    assert partition(chain([50, 1, 90, 1, 50]), "auto").subgraphs == 3


class TestCutBefore:
    def test_alone_it_gives_one_subgraph_more_than_cuts(self) -> None:
        problem = replace(chain([1] * 6), cut_before=(4, 2))
        solution = partition(problem)
        assert solution.subgraph_of == (0, 0, 1, 1, 2, 2)
        assert solution.method == "cut-before"

    def test_a_branch_that_does_not_depend_on_the_cut_stays_behind(self) -> None:
        solution = partition(replace(skip(), cut_before=(2,)))
        assert solution.subgraph_of == (0, 0, 1, 1)
        check(replace(skip(), cut_before=(2,)), solution)

    def test_parallel_cuts_start_a_subgraph_each(self) -> None:
        edges = (Edge(0, 1), Edge(0, 2), Edge(1, 3), Edge(2, 3))
        problem = Problem(("a", "b", "c", "d"), (1, 1, 1, 1), edges, cut_before=(1, 2))
        assert partition(problem).subgraph_of == (0, 1, 2, 2)

    def test_with_a_number_it_is_a_demand_on_the_optimum(self) -> None:
        problem = replace(chain([1, 9, 9, 1]), cut_before=(1,))
        assert partition(problem, 2).subgraph_of == (0, 1, 1, 1)

    def test_uncuttable(self) -> None:
        edges = (Edge(0, 1, 8, False, "in-place Reshape", "layer3_out"),)
        problem = replace(chain([1, 1]), edges=edges, cut_before=(1,))
        with pytest.raises(Split4mlError, match=r"t0 -> t1 \(layer3_out\) cannot be cut: in-place Reshape"):
            partition(problem)

    def test_against_keep_together(self) -> None:
        problem = replace(chain([1, 1, 1]), cut_before=(1,), together=((0, 2),))
        with pytest.raises(Split4mlError, match="t0 and t1 must share a subgraph"):
            partition(problem)

    def test_before_the_first_task(self) -> None:
        with pytest.raises(Split4mlError, match="no task comes before it"):
            partition(replace(chain([1, 1]), cut_before=(0,)))

    def test_too_few_subgraphs(self) -> None:
        problem = replace(chain([1] * 4), cut_before=(1, 2, 3))
        with pytest.raises(Split4mlError, match="before t1, t2, t3 need at least 4 subgraphs, not 2"):
            partition(problem, 2)

    @settings(max_examples=60, deadline=None)
    @given(problems())
    def test_alone_it_is_always_valid_or_refused(self, problem: Problem) -> None:
        if problem.cut_before:
            try:
                solution = partition(problem)
            except Split4mlError:
                return
            check(problem, solution)
            assert solution.subgraphs == 2


class TestBudgets:
    def with_dsp(self, use: list[int], budget: int, **others: tuple[int, ...]) -> Problem:
        problem = chain([1] * len(use))
        return replace(problem, resources={"dsp": tuple(use), **others}, budgets={"dsp": budget})

    def test_one_task_too_large(self) -> None:
        with pytest.raises(Split4mlError, match="task t1 alone needs 1200 dsp, 300 over the budget of 900"):
            partition(self.with_dsp([1, 1200, 1], 900), 3)

    def test_tasks_that_cannot_be_parted_too_large(self) -> None:
        problem = replace(self.with_dsp([600, 500, 1], 900), together=((0, 1),))
        with pytest.raises(
            Split4mlError, match="the tasks t0, t1, which must share a subgraph, need 1100 dsp"
        ):
            partition(problem, 2)

    def test_too_few_subgraphs(self) -> None:
        with pytest.raises(Split4mlError, match="2 subgraphs; at most 100 dsp in a subgraph") as error:
            partition(self.with_dsp([80, 80, 80, 80], 100), 2)
        assert error.value.hint == "with all else kept, 4 subgraphs, or 160 dsp (60 more) would do"

    def test_each_budget_alone_may_be_at_fault(self) -> None:
        problem = self.with_dsp([80, 10, 80], 100, lut=(1, 5, 5))
        assert partition(replace(problem, budgets={"dsp": 100, "lut": 6}), 2).subgraph_of == (0, 0, 1)
        with pytest.raises(Split4mlError, match="2 subgraphs; at most 5 lut in a subgraph") as error:
            partition(replace(problem, budgets={"dsp": 100, "lut": 5}), 2)
        assert error.value.hint == "with all else kept, 3 subgraphs, or 6 lut (1 more) would do"

    def test_no_budget_alone_is_at_fault(self) -> None:
        problem = self.with_dsp([80, 80], 100, lut=(80, 80))
        with pytest.raises(Split4mlError, match="1 subgraph; at most 100") as error:
            partition(replace(problem, budgets={"dsp": 100, "lut": 100}), 1)
        assert error.value.hint == "with all else kept, 2 subgraphs would do"

    def test_the_cuts_given_break_one(self) -> None:
        problem = replace(self.with_dsp([80, 80, 80], 100), cut_before=(2,))
        with pytest.raises(
            Split4mlError, match=r"subgraph 0 \(t0, t1\) .* needs 160 dsp, 60 over the budget"
        ):
            partition(problem)

    def test_unknown(self) -> None:
        with pytest.raises(Split4mlError, match="budget for unknown resource 'uram'"):
            replace(self.with_dsp([1], 1), budgets={"uram": 1})


def test_a_cycle_is_refused() -> None:
    with pytest.raises(Split4mlError, match="on or behind a cycle: a, b"):
        Problem(("a", "b"), (1, 1), (Edge(0, 1), Edge(1, 0)))


def test_an_unknown_task_is_named_with_a_suggestion() -> None:
    with pytest.raises(Split4mlError, match="did you mean 'conv1'"):
        skip().index("conv_1")
