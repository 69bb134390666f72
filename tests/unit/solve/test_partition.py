"""Z3's partitions against exhaustive search on small random graphs, and the meaning of every option."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from split4ml.dialects.errors import Split4mlError
from split4ml.passes.solve.check import check
from split4ml.passes.solve.partition import partition
from split4ml.passes.solve.problem import Edge, Problem, Solution, objectives


def chain(loads: list[int], bits: int = 8) -> Problem:
    """t0 -> t1 -> ..."""
    n = len(loads)
    edges = tuple(Edge(i, i + 1, bits, name=f"s{i}") for i in range(n - 1))
    return Problem(tuple(f"t{i}" for i in range(n)), tuple(loads), edges)


def skip() -> Problem:
    """clone -> (conv1 -> conv2, and a skip of half the bits) -> add."""
    edges = (Edge(0, 1, 100), Edge(1, 2, 100), Edge(2, 3, 100), Edge(0, 3, 50))
    return Problem(("clone", "conv1", "conv2", "add"), (1, 10, 10, 1), edges)


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    n = draw(st.integers(1, 6))
    order = draw(st.permutations(range(n)))  # task indices need not be topological
    pairs = [(order[i], order[j]) for i in range(n) for j in range(i + 1, n)]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=8)) if pairs else []
    scale = draw(st.sampled_from([1, 3, 10**9 + 7, 10**13]))  # beyond Z3's 32-bit coefficients as well
    edges = tuple(
        Edge(u, v, draw(st.integers(0, 5)) * scale, draw(st.sampled_from([True, True, True, False])), "test")
        for u, v in chosen
    )
    load = tuple(draw(st.integers(0, 9)) * scale for _ in range(n))
    dsp = tuple(draw(st.integers(0, 4)) for _ in range(n))
    budgets = {"dsp": draw(st.integers(3, 12))} if draw(st.booleans()) else {}
    group = draw(st.lists(st.integers(0, n - 1), unique=True, max_size=2))
    heads = sorted({v for _, v in chosen})
    cuts = draw(st.lists(st.sampled_from(heads), unique=True, max_size=1)) if heads else []
    return Problem(
        tuple(f"t{i}" for i in range(n)),
        load,
        edges,
        {"dsp": dsp},
        budgets,
        (tuple(group),),
        tuple(cuts),
        fixed=draw(st.integers(0, 3)),
    )


def valid(problem: Problem, part: tuple[int, ...]) -> bool:
    """Straight from the definition; numbering along the edges makes subgraphs convex and the quotient acyclic."""
    if any(part[e.src] > part[e.dst] for e in problem.edges):
        return False
    if any(not e.cuttable and part[e.src] != part[e.dst] for e in problem.edges):
        return False
    if any(part[e.src] == part[e.dst] for e in problem.edges if e.dst in problem.cut_before):
        return False
    if any(len({part[t] for t in group}) > 1 for group in problem.together):
        return False
    return all(
        sum(use for t, use in enumerate(problem.resources[r]) if part[t] == k) <= budget
        for r, budget in problem.budgets.items()
        for k in set(part)
    )


def brute_force(problem: Problem, parts: int) -> tuple[int, int] | None:
    every = product(range(parts), repeat=len(problem.tasks))
    full = (p for p in every if len(set(p)) == parts and valid(problem, p))
    return min((objectives(problem, p) for p in full), default=None)


def found(solution: Solution) -> tuple[int, int]:
    return solution.makespan, solution.crossing_bits


@settings(max_examples=150, deadline=None)
@given(problems(), st.integers(1, 4))
def test_z3_equals_exhaustive_search(problem: Problem, parts: int) -> None:
    expected = brute_force(problem, parts)
    if expected is None:
        with pytest.raises(Split4mlError):
            partition(problem, parts)
        return
    solution = partition(problem, parts)
    check(problem, solution)
    assert found(solution) == expected
    assert solution.subgraphs == parts
    assert solution.optimal and solution.method == "z3"


@settings(max_examples=60, deadline=None)
@given(problems())
def test_auto_is_the_smallest_number_within_five_percent(problem: Problem) -> None:
    per_count = {n: brute_force(problem, n) for n in range(1, len(problem.tasks) + 1)}
    feasible = {n: value for n, value in per_count.items() if value is not None}
    if not feasible:
        with pytest.raises(Split4mlError):
            partition(problem, "auto")
        return
    best = min(makespan for makespan, _ in feasible.values())
    smallest = min(n for n, (makespan, _) in feasible.items() if 100 * makespan <= 105 * best)
    solution = partition(problem, "auto")
    check(problem, solution)
    assert solution.subgraphs == smallest
    assert found(solution) == feasible[smallest]


@settings(max_examples=60, deadline=None)
@given(problems(), st.integers(1, 3))
def test_z3_without_the_dynamic_program(problem: Problem, parts: int) -> None:
    """With too few ideals allowed, the seed is a heuristic and Z3 alone is exact."""
    expected = brute_force(problem, parts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("split4ml.passes.solve.ideals.LIMIT", 1)
        if expected is None:
            with pytest.raises(Split4mlError):
                partition(problem, parts)
        else:
            solution = partition(problem, parts)
            check(problem, solution)
            assert found(solution) == expected and solution.optimal


@settings(max_examples=60, deadline=None)
@given(problems(), st.integers(1, 3))
def test_dynamic_program_without_z3(problem: Problem, parts: int) -> None:
    """With no time for Z3, the program over all ideals is exact on its own, and says so."""
    expected = brute_force(problem, parts)
    if expected is not None:
        solution = partition(problem, parts, time_limit=0)
        check(problem, solution)
        assert found(solution) == expected and solution.optimal
        assert solution.method in ("z3", "ideals")  # z3: bounds met, nothing was left to ask


def test_the_time_limit_is_admitted() -> None:
    """No time and no complete family of ideals: a valid partition, not called optimal, with bounds below it."""
    edges = tuple(Edge(0, v, v) for v in range(1, 17)) + tuple(Edge(v, 17, 3 * v) for v in range(1, 17))
    wide = Problem(tuple(f"t{i}" for i in range(18)), tuple(7 + i % 5 for i in range(18)), edges)
    solution = partition(wide, 4, time_limit=0)
    check(wide, solution)
    assert not solution.optimal and solution.method == "time-limit"
    assert solution.lower_bound <= solution.makespan


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
    assert (solution.makespan, solution.lower_bound) == (24, 24)


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
        with pytest.raises(Split4mlError, match="dsp 100 is too small by 60: 160 would do") as error:
            partition(self.with_dsp([80, 80, 80, 80], 100), 2)
        assert error.value.hint == "raise a budget, or allow 4 subgraphs"

    def test_each_budget_alone_may_be_at_fault(self) -> None:
        problem = self.with_dsp([80, 10, 80], 100, lut=(1, 5, 5))
        assert partition(replace(problem, budgets={"dsp": 100, "lut": 6}), 2).subgraph_of == (0, 0, 1)
        with pytest.raises(Split4mlError, match="lut 5 is too small by 1: 6 would do") as error:
            partition(replace(problem, budgets={"dsp": 100, "lut": 5}), 2)
        assert "with the other budgets kept" in error.value.message

    def test_no_budget_alone_is_at_fault(self) -> None:
        problem = self.with_dsp([80, 80], 100, lut=(80, 80))
        with pytest.raises(Split4mlError, match="no single budget is at fault"):
            partition(replace(problem, budgets={"dsp": 100, "lut": 100}), 1)

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
    with pytest.raises(Split4mlError, match="did you mean conv1"):
        skip().index("conv_1")
