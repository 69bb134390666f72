"""Time of the partitioner against the number of tasks, on graphs shaped like networks. No vendor tool, no data.

    python benchmarks/partition_scaling.py [--sizes 100,500,1000] [--parts 4,8,auto] [--limit 60] [--shapes chain,…]

Four tables: proven optima under four budgets, gaps on graphs of eight parallel branches, the same budgets with few jobs at once and
little memory, and complete Pareto fronts of 200 tasks. Costs are random but seeded; every answer goes through the independent checker. Seconds are with everything: the dynamic program's tables,
Z3's models and its confirmation; of the processor (the program is single-threaded), and of the wall clock, which other work on the machine stretches.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise

from split4ml.passes.cost.glue import link_cost, slice_cost, start_cost
from split4ml.passes.solve.atoms import contract
from split4ml.passes.solve.check import check
from split4ml.passes.solve.family import Family
from split4ml.passes.solve.pareto import pareto
from split4ml.passes.solve.partition import partition
from split4ml.passes.solve.problem import Edge, Problem, Workshop

Pairs = list[tuple[int, int]]
GLUE = 2000
"""LUTs and flip-flops that the largest task leaves for the ends of its streams, at least."""
RESOURCES = ("lut", "ff", "dsp", "bram18")


def chain(n: int) -> Pairs:
    return [(v, v + 1) for v in range(n - 1)]


def resnet(n: int) -> Pairs:
    """Blocks of clone, conv, relu, conv, add, every third one with a convolution in its skip."""
    pairs, last, v, block = [], 0, 1, 0
    while v + 5 < n:
        clone, conv1, relu, conv2, add = range(v, v + 5)
        v += 5
        pairs += [(last, clone), (clone, conv1), (conv1, relu), (relu, conv2), (conv2, add)]
        if block % 3 == 2:
            pairs += [(clone, v), (v, add)]
            v += 1
        else:
            pairs.append((clone, add))
        last, block = add, block + 1
    return pairs + [(last if u == v else u - 1, u) for u in range(v, n)]


def unet(n: int) -> Pairs:
    """A chain with nested skips from the way down to the way up."""
    return chain(n) + [(v, n - 1 - v) for v in range(2, n // 2 - 2, 4)]


def densenet(n: int) -> Pairs:
    """Blocks of six layers and a transition, each reading all that come before it in its block."""
    pairs: Pairs = []
    block = [0]
    for v in range(1, n):
        pairs += [(u, v) for u in block]
        block = [v] if len(block) == 7 else [*block, v]
    return pairs


def inception(n: int) -> Pairs:
    """Modules of four parallel branches, of one, two, two and three layers, and a concatenation."""
    pairs, last, v = [], 0, 1
    while v + 9 < n:
        join = v + 8
        for branch in ((v,), (v + 1, v + 2), (v + 3, v + 4), (v + 5, v + 6, v + 7)):
            pairs += list(pairwise((last, *branch, join)))
        last, v = join, v + 9
    return pairs + [(last if u == v else u - 1, u) for u in range(v, n)]


def wide(n: int) -> Pairs:
    """Eight parallel branches between a first and a last task."""
    pairs = []
    for b in range(8):
        branch = list(range(1 + b, n - 1, 8))
        ends = [0, *branch, n - 1]
        pairs += list(pairwise(ends)) if branch else []
    return pairs


SHAPES: dict[str, Callable[[int], Pairs]] = {
    "chain": chain,
    "resnet": resnet,
    "unet": unet,
    "densenet": densenet,
    "inception": inception,
    "wide": wide,
}


def problem(shape: str, n: int, parts: int = 8) -> Problem:
    """Half the tasks are light, the others heavy by a log-normal law; twice the average in the budgets of `parts` subgraphs, which
    hold the glue of streams of 8 to 64 bits as well."""
    rng = random.Random(f"{shape} {n}")
    load = tuple(round(1000 * rng.lognormvariate(2.5, 1.2)) if rng.random() < 0.5 else 50 for _ in range(n))
    edges = []
    for u, v in SHAPES[shape](n):
        width = rng.choice([8, 16, 32, 64])
        bits = 16 * width * 4 ** rng.randint(2, 5)
        link, port = link_cost(width, 2, False), slice_cost(width)
        leaving, entering = ({"lut": cost.lut, "ff": cost.ff} for cost in (link + port, port))
        edges.append(Edge(u, v, bits, leaving=leaving, entering=entering))
    resources = {
        r: tuple(round(t * rng.uniform(0.5, 1.5) / 10) + rng.randint(0, 20) for t in load) for r in RESOURCES
    }
    return Problem(
        tuple(f"t{i}" for i in range(n)),
        load,
        tuple(edges),
        resources,
        budgets={r: max(max(use) + GLUE, 2 * sum(use) // parts) for r, use in resources.items()},
        capacity={r: sum(use) for r, use in resources.items()},
        fixed=20_000,
        hop=4,
        own={"lut": start_cost(1, 1).lut, "ff": start_cost(1, 1).ff},
    )


def crowded(one: Problem, jobs: int, share: int | None) -> Problem:
    """With so many jobs at once, and so many per cent of the memory that all of eight projects would need, if not None."""
    memory = tuple(load // 40 for load in one.load)
    project = 450
    most = None
    if share is not None:
        most = max(max(memory) + project + 100, (sum(memory) + 8 * project) * share // 100)
    return replace(one, memory=memory, workshop=Workshop(jobs, most, project))


def optima(
    shapes: Sequence[str],
    sizes: Sequence[int],
    numbers: Sequence[str],
    limit: float,
    change: Callable[[Problem], Problem] = lambda one: one,
) -> None:
    print(f"{'shape':10}{'tasks':>6}{'ideals':>8}{'parts':>6}{'cpu s':>8}{'wall s':>8}  result")
    for shape in shapes:
        for n in sizes:
            for parts in numbers:
                one = change(problem(shape, n, 8 if parts == "auto" else int(parts)))
                start, busy = time.perf_counter(), time.process_time()
                solution = partition(one, "auto" if parts == "auto" else int(parts), time_limit=limit)
                seconds, busy = time.perf_counter() - start, time.process_time() - busy
                check(one, solution)
                family = Family(contract(one))
                count = str(len(family)) if family.complete else "many"
                proof = f"optimal ({solution.method})"
                if gaps := solution.gaps:
                    told = ", ".join(f"{name} within {float(share):.1%}" for name, share in gaps.items())
                    proof = f"{told} of the best"
                print(
                    f"{shape:10}{n:6}{count:>8}{parts:>6}{busy:8.2f}{seconds:8.2f}  {proof}: {solution.subgraphs} subgraphs, "
                    f"{solution.makespan / 1000:,.1f} s (no less than {solution.bounds['time'] / 1000:,.1f}), "
                    f"{solution.crossing_bits:,} bits (no less than {solution.bounds.get('bits', 0):,})",
                    flush=True,
                )


def fronts(shapes: Sequence[str], n: int, most: int, limit: float) -> None:
    objectives = ("time", "bits", "utilisation", "latency", "subgraphs")
    print(f"\nfronts of {', '.join(objectives)}, up to {most} subgraphs")
    print(f"{'shape':10}{'tasks':>6}{'points':>8}{'cpu s':>8}{'wall s':>8}")
    for shape in shapes:
        one = problem(shape, n, 1)
        start, busy = time.perf_counter(), time.process_time()
        found = pareto(one, objectives, range(1, most + 1), time_limit=limit)
        seconds, busy = time.perf_counter() - start, time.process_time() - busy
        for point in found.points:
            check(one, point)
        print(
            f"{shape:10}{n:6}{len(found.points):8}{busy:8.2f}{seconds:8.2f}  {f'without {found.missing}' if found.missing else 'complete'}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    narrow = [shape for shape in SHAPES if shape != "wide"]
    parser.add_argument("--sizes", default="100,500,1000")
    parser.add_argument("--parts", default="4,8,auto")
    parser.add_argument("--shapes", default=",".join(narrow))
    parser.add_argument("--limit", type=float, default=60.0, help="seconds per problem")
    parser.add_argument("--wide", default="50,100", help="sizes of graphs of eight branches")
    parser.add_argument("--scarce", default="30,60", help="sizes of graphs with few jobs and little memory")
    parser.add_argument("--front", type=int, default=200, help="tasks of the fronts")
    args = parser.parse_args()
    shapes = [shape for shape in args.shapes.split(",") if shape]
    sizes = [int(n) for n in args.sizes.split(",") if n]
    optima(shapes, sizes, args.parts.split(","), args.limit)
    optima(["wide"], [int(n) for n in args.wide.split(",") if n], ["4", "8"], args.limit)
    for jobs, share in ((2, None), (4, None), (4, 40)) if args.scarce else ():
        print(f"\n{jobs} jobs at once{'' if share is None else f', {share} % of the memory'}")
        sizes = [int(n) for n in args.scarce.split(",")]
        optima(shapes, sizes, args.parts.split(","), args.limit, partial(crowded, jobs=jobs, share=share))
    if args.front:
        fronts(shapes, args.front, 8, args.limit)


if __name__ == "__main__":
    main()
