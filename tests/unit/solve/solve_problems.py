"""Small problems, random ones, and exhaustive search straight from the definitions in docs/partition.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise, permutations, product
from typing import Any

from hypothesis import strategies as st

from split4ml.passes.solve.objectives import Goal
from split4ml.passes.solve.problem import Edge, Problem, Region, Workshop


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
def problems(draw: st.DrawFn, most: int = 6) -> Problem:
    """With budgets, groups, cuts and edges that cannot be cut."""
    n = draw(st.integers(1, most))
    order = draw(st.permutations(range(n)))  # task indices need not be topological
    pairs = [(order[i], order[j]) for i in range(n) for j in range(i + 1, n)]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=8)) if pairs else []
    scale = draw(st.sampled_from([1, 3, 10**9 + 7, 10**13]))  # beyond Z3's 32-bit coefficients as well
    glue = st.just({}) if draw(st.booleans()) else st.fixed_dictionaries({"dsp": st.integers(0, 2)})
    edges = tuple(
        Edge(
            u,
            v,
            draw(st.integers(0, 5)) * scale,
            draw(st.sampled_from([True, True, True, False])),
            "test",
            leaving=draw(glue),
            entering=draw(glue),
        )
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
        capacity={"dsp": 7},
        hop=4,
        own=draw(glue),
    )


@st.composite
def parallel(draw: st.DrawFn) -> Problem:
    """Branches between a first and a last task, with budgets, uncuttable edges and a stem or none."""
    sizes = draw(st.lists(st.integers(1, 2), min_size=2, max_size=3))
    stem = draw(st.integers(0, 1))
    fork, last = stem, stem + 1 + sum(sizes)
    pairs = [(0, 1)] if stem else []
    at = fork + 1
    for size in sizes:
        chain = [fork, *range(at, at + size), last]
        pairs += list(pairwise(chain))
        at += size
    n = last + 1
    glue = st.just({}) if draw(st.booleans()) else st.fixed_dictionaries({"dsp": st.integers(0, 2)})
    edges = tuple(
        Edge(
            u,
            v,
            draw(st.integers(0, 9)),
            draw(st.integers(0, 4)) > 0,
            "test",
            leaving=draw(glue),
            entering=draw(glue),
        )
        for u, v in pairs
    )
    amounts = st.tuples(*[st.integers(0, 5)] * n)
    return Problem(
        tuple(f"t{i}" for i in range(n)),
        draw(amounts),
        edges,
        {"dsp": draw(amounts), "lut": draw(amounts)},
        draw(st.sampled_from([{}, {"dsp": 9}, {"dsp": 9, "lut": 9}])),
        fixed=2,
        capacity={"dsp": 7},
        hop=4,
    )


WISHES = ("apart", "pins", "starts", "must cut", "jobs", "memory", "regions")


@st.composite
def wished(draw: st.DrawFn, wish: str, most: int = 5) -> Problem:
    """With one of the further constraints, and some of the others."""
    problem = draw(problems(most))
    others = draw(st.sets(st.sampled_from(WISHES), max_size=1))
    for name in sorted({wish, *others}):
        problem = replace(problem, **draw(_changes(problem, name)))
    return problem


@st.composite
def _changes(draw: st.DrawFn, problem: Problem, wish: str) -> dict[str, Any]:
    """Fields of the problem that express a wish."""
    n = len(problem.tasks)
    tasks = st.integers(0, n - 1)
    if wish == "apart":
        return {"apart": tuple(tuple(sorted(draw(st.permutations(range(n)))[:2])) for _ in range(n > 1))}
    if wish == "pins":
        return {"pins": {draw(tasks): draw(st.integers(0, 2)) for _ in range(draw(st.integers(1, 2)))}}
    if wish == "starts":
        return {"starts": frozenset(draw(st.lists(tasks, unique=True)))}
    if wish == "must cut":
        chosen = draw(st.sets(tasks))
        return {"edges": tuple(replace(e, must_cut=e.cuttable and e.src in chosen) for e in problem.edges)}
    if wish == "jobs":
        return {"workshop": replace(problem.workshop, jobs=draw(st.integers(1, 2)))}
    if wish == "memory":
        shop = replace(problem.workshop, memory=draw(st.integers(4, 9)), fixed_memory=draw(st.integers(0, 2)))
        return {"memory": tuple(draw(st.integers(0, 4)) for _ in range(n)), "workshop": shop}
    assert wish == "regions"
    regions = tuple(
        Region(f"SLR{i}", {"dsp": draw(st.integers(2, 8))}) for i in range(draw(st.integers(1, 2)))
    )
    placed = {draw(tasks): draw(st.integers(0, len(regions) - 1)) for _ in range(draw(st.integers(0, 2)))}
    return {"regions": regions, "placed": placed}


def use_of(problem: Problem, part: tuple[int, ...], resource: str, subgraphs: set[int]) -> int:
    """Of some subgraphs together."""
    use = len(subgraphs) * problem.own.get(resource, 0)
    use += sum(amount for t, amount in enumerate(problem.resources[resource]) if part[t] in subgraphs)
    for e in problem.edges:
        if part[e.src] != part[e.dst]:
            use += (part[e.src] in subgraphs) * e.leaving.get(resource, 0)
            use += (part[e.dst] in subgraphs) * e.entering.get(resource, 0)
    return use


def valid(problem: Problem, part: tuple[int, ...]) -> bool:
    """Straight from the definition; numbering along the edges makes subgraphs convex and the quotient acyclic."""
    inside = range(max(part) + 1)
    return (
        not any(part[e.src] > part[e.dst] for e in problem.edges)
        and not any(not e.cuttable and part[e.src] != part[e.dst] for e in problem.edges)
        and not any(
            part[e.src] == part[e.dst] for e in problem.edges if e.dst in problem.cut_before or e.must_cut
        )
        and not any(len({part[t] for t in group}) > 1 for group in problem.together)
        and not any(part[a] == part[b] for a, b in problem.apart)
        and not any(part[task] != k for task, k in problem.pins.items())
        and all(
            use_of(problem, part, r, {k}) <= budget for r, budget in problem.budgets.items() for k in inside
        )
        and _begins_well(problem, part)
        and _jobs_fit(problem, part)
        and _placeable(problem, part)
    )


def _begins_well(problem: Problem, part: tuple[int, ...]) -> bool:
    if problem.starts is None:
        return True
    for k in range(max(part)):
        behind = [t for t in range(len(part)) if part[t] > k]
        firsts = [t for t in behind if not any(e.dst == t and e.src in behind for e in problem.edges)]
        if any(t not in problem.starts for t in firsts):
            return False
    return True


def _memory(problem: Problem, part: tuple[int, ...]) -> list[int]:
    own = problem.memory or (0,) * len(part)
    return [
        problem.workshop.fixed_memory + sum(m for m, p in zip(own, part, strict=True) if p == k)
        for k in range(max(part) + 1)
    ]


def _jobs_fit(problem: Problem, part: tuple[int, ...]) -> bool:
    most = problem.workshop.memory
    return most is None or max(_memory(problem, part)) <= most


def _placeable(problem: Problem, part: tuple[int, ...]) -> bool:
    if not problem.regions:
        return True
    for homes in product(range(len(problem.regions)), repeat=max(part) + 1):
        if any(homes[part[task]] != region for task, region in problem.placed.items()):
            continue
        if all(
            use_of(problem, part, r, {k for k, home in enumerate(homes) if home == at}) <= most
            for at, region in enumerate(problem.regions)
            for r, most in region.capacity.items()
        ):
            return True
    return False


def shortest_plan(durations: list[int], memory: list[int], shop: Workshop) -> int:
    """Every order in which jobs are put in as early as they fit; one of them gives a shortest plan."""
    jobs, most = shop.jobs or len(durations), sum(memory) if shop.memory is None else shop.memory
    best = sum(durations)
    for order in permutations(range(len(durations))):
        starts: dict[int, int] = {}
        for job in order:
            for begin in sorted({0, *(starts[k] + durations[k] for k in starts)}):
                end = begin + durations[job]
                points = [begin, *(starts[k] for k in starts if begin < starts[k] < end)]
                running = [[k for k in starts if starts[k] <= p < starts[k] + durations[k]] for p in points]
                if all(len(r) < jobs and sum(memory[k] for k in r) + memory[job] <= most for r in running):
                    starts[job] = begin
                    break
        best = min(best, max(starts[k] + durations[k] for k in starts))
    return best


def values(problem: Problem, part: tuple[int, ...]) -> dict[str, int]:
    """All objectives, from their definitions."""
    count = max(part) + 1
    loads = [
        problem.fixed + sum(load for t, load in enumerate(problem.load) if part[t] == k) for k in range(count)
    ]
    crossed: dict[int, int] = {}
    whole = _inseparable(problem)

    def boundaries(task: int) -> int:
        if whole[task] not in crossed:
            crossed[whole[task]] = max(
                (
                    boundaries(e.src) + (part[e.src] != part[task])
                    for e in problem.edges
                    if whole[e.dst] == whole[task] != whole[e.src]
                ),
                default=0,
            )
        return crossed[whole[task]]

    used = [use_of(problem, part, "dsp", {k}) for k in range(count)] if problem.resources else [0]
    return {
        "time": shortest_plan(loads, _memory(problem, part), problem.workshop),
        "bits": sum(e.bits for e in problem.edges if part[e.src] != part[e.dst]),
        "subgraphs": count,
        "latency": problem.hop * max(map(boundaries, range(len(part)))),
        "balance": min(loads),
        "utilisation": max(-(-1_000_000 * u // problem.capacity.get("dsp", 1)) for u in used),
    }


def _inseparable(problem: Problem) -> list[int]:
    """Per task, the first of those that share its subgraph whatever the partition."""
    tasks = range(len(problem.tasks))
    reach = [[a == b for b in tasks] for a in tasks]
    for e in problem.edges:
        reach[e.src][e.dst] = True
        reach[e.dst][e.src] |= not e.cuttable
    for group in problem.together:
        for a, b in product(group, repeat=2):
            reach[a][b] = True
    for via, a, b in product(tasks, repeat=3):
        reach[a][b] |= reach[a][via] and reach[via][b]
    return [next(b for b in tasks if reach[a][b] and reach[b][a]) for a in tasks]


def every(problem: Problem, parts: int) -> Iterator[dict[str, int]]:
    """The objectives of each valid partition into so many subgraphs."""
    for part in product(range(parts), repeat=len(problem.tasks)):
        if len(set(part)) == parts and valid(problem, part):
            yield values(problem, part)


def within(goal: Goal, found: Mapping[str, int]) -> bool:
    return all(
        found[name] >= bound if name == "balance" else found[name] <= bound
        for name, bound in goal.at_most.items()
    )


def best(problem: Problem, numbers: range, goal: Goal) -> dict[str, int] | None:
    """What exhaustive search finds: the objectives of the goal, in order."""
    left = [found for n in numbers for found in every(problem, n) if within(goal, found)]
    if not left:
        return None
    if goal.weights:
        least = min(map(goal.score, left))
        left = [found for found in left if goal.score(found) == least]
    out = {}
    for name in goal.order:
        sign = -1 if name == "balance" else 1
        value = sign * min(sign * found[name] for found in left)
        out[name] = value
        enough = goal.relaxed(name, value)
        left = [found for found in left if sign * found[name] <= sign * enough]
    return out
