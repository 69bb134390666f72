"""Choose the subgraph of every task: least makespan, then fewest crossing bits. Rules: docs/partition.md."""

from __future__ import annotations

from typing import Literal

from split4ml.dialects.errors import Split4mlError
from split4ml.passes.solve.atoms import Atoms, contract
from split4ml.passes.solve.cuts import partition_by_cuts
from split4ml.passes.solve.explain import check_atoms, check_count, infeasible
from split4ml.passes.solve.problem import Problem, Solution, canonical, objectives
from split4ml.passes.solve.search import Clock, Found, Search

MAX_SUBGRAPHS = 16
"""The most that `auto` considers."""
SLACK_PERCENT = 5
"""`auto` takes the smallest number of subgraphs whose makespan is at most this much above the best."""

Subgraphs = int | Literal["auto"] | None


def partition(
    problem: Problem,
    subgraphs: Subgraphs = None,
    *,
    time_limit: float = 60.0,
    max_subgraphs: int = MAX_SUBGRAPHS,
) -> Solution:
    """Split `problem` into `subgraphs` non-empty convex subgraphs with an acyclic quotient.

    subgraphs:     how many; "auto": the smallest number, up to `max_subgraphs`, within 5 % of the best makespan
                   of any; None: what `cut_before` alone gives, or "auto" if there are no cuts.
    time_limit:    seconds of Z3 in all. If it strikes, the best partition found is returned with what was
                   proven about it (see `Solution`); otherwise the answer depends on `problem` alone.

    Raises Split4mlError if no partition exists, naming the budget and by how much, the edge or the cut; or if
    none was found in time.
    """
    if subgraphs is None:
        if problem.cut_before:
            return partition_by_cuts(problem)
        subgraphs = "auto"
    atoms = contract(problem)
    check_atoms(problem, atoms)
    search = Search(atoms, Clock(time_limit))
    if subgraphs == "auto":
        least, settled = _auto(problem, search, max_subgraphs, time_limit)
    else:
        check_count(problem, atoms, subgraphs)
        least, settled = search.least_load(subgraphs), True
        if least.chain is None:
            raise _none(problem, atoms, subgraphs, least, time_limit)
    assert least.chain is not None and least.lower is not None
    parts = max(least.chain.part) + 1
    fewest = search.fewest_bits(parts, least.chain)
    assert fewest.chain is not None and fewest.lower is not None
    part = canonical(problem, atoms.expand(fewest.chain.part, len(problem.tasks)))
    makespan, bits = objectives(problem, part)
    optimal = bool(least.proof and fewest.proof and settled)
    proofs = {least.proof, fewest.proof}
    return Solution(
        subgraph_of=part,
        makespan=makespan,
        crossing_bits=bits,
        optimal=optimal,
        lower_bound=least.lower + problem.fixed,
        crossing_lower_bound=fewest.lower if least.proof else 0,
        method="time-limit" if not optimal else "ideals" if "ideals" in proofs else "z3",
    )


def _auto(problem: Problem, search: Search, limit: int, seconds: float) -> tuple[Found, bool]:
    """The least load for the smallest adequate number of subgraphs, and whether that number is proven.

    Splitting a subgraph along any linear extension raises neither the makespan nor a budget's use, so the best
    makespan never grows with the number of subgraphs: the best of all is that of the largest number, and the
    smallest adequate number is found by bisection.
    """
    most = min(limit, len(search.atoms))
    check_count(problem, search.atoms, most)
    best = search.least_load(most)
    if best.chain is None:
        raise _none(problem, search.atoms, most, best, seconds)
    # Integers throughout: load + fixed <= (100 + slack) % of the best makespan.
    threshold = (best.chain.load + problem.fixed) * (100 + SLACK_PERCENT) // 100 - problem.fixed
    low, high, start, settled = 1, most, best.chain, bool(best.proof)
    while low < high:
        middle = (low + high) // 2
        enough = search.reaches(middle, threshold)
        if enough.chain is not None:
            high, start = middle, enough.chain
        else:
            low, settled = middle + 1, settled and bool(enough.proof)
    return (search.least_load(high, start) if high < most else best), settled


def _none(problem: Problem, atoms: Atoms, parts: int, found: Found, seconds: float) -> Split4mlError:
    if found.lower is None:
        return infeasible(problem, atoms, parts, Clock(seconds))
    return Split4mlError(
        f"no partition into {parts} subgraphs was found in time, nor proven impossible",
        hint="raise the time limit, the budgets or the number of subgraphs",
    )
