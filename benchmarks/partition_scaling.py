"""Time of the partitioner against the number of tasks, on graphs shaped like networks. No vendor tool, no data.

    python benchmarks/partition_scaling.py [--sizes 20,50,100] [--parts 4,8] [--limit 10] [--shapes chain,wide]

Costs are random but seeded; every answer goes through the independent checker.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from itertools import pairwise

from split4ml.passes.solve.atoms import contract
from split4ml.passes.solve.check import check
from split4ml.passes.solve.ideals import Ideals
from split4ml.passes.solve.partition import partition
from split4ml.passes.solve.problem import Edge, Problem

Pairs = list[tuple[int, int]]


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


def wide(n: int) -> Pairs:
    """Eight parallel branches between a first and a last task."""
    pairs = []
    for b in range(8):
        branch = list(range(1 + b, n - 1, 8))
        ends = [0, *branch, n - 1]
        pairs += list(pairwise(ends)) if branch else []
    return pairs


SHAPES: dict[str, Callable[[int], Pairs]] = {"chain": chain, "resnet": resnet, "unet": unet, "wide": wide}


def problem(shape: str, n: int) -> Problem:
    rng = random.Random(f"{shape} {n}")
    load = tuple(round(1000 * rng.lognormvariate(2.5, 1.2)) if rng.random() < 0.5 else 50 for _ in range(n))
    edges = tuple(
        Edge(u, v, 16 * rng.choice([8, 16, 32, 64]) * 4 ** rng.randint(2, 5)) for u, v in SHAPES[shape](n)
    )
    return Problem(tuple(f"t{i}" for i in range(n)), load, edges, fixed=20_000)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default="20,50,100,200")
    parser.add_argument("--parts", default="4,8")
    parser.add_argument("--shapes", default=",".join(SHAPES))
    parser.add_argument("--limit", type=float, default=10.0, help="seconds of Z3 per problem")
    args = parser.parse_args()
    print(f"{'shape':8}{'tasks':>6}{'ideals':>8}{'parts':>6}{'seconds':>9}  result")
    for shape in args.shapes.split(","):
        for n in map(int, args.sizes.split(",")):
            for parts in (*args.parts.split(","), "auto"):
                one = problem(shape, n)
                ideals = Ideals(contract(one))
                start = time.perf_counter()
                solution = partition(one, "auto" if parts == "auto" else int(parts), time_limit=args.limit)
                seconds = time.perf_counter() - start
                check(one, solution)
                count = str(len(ideals.masks)) if ideals.complete else "many"
                print(
                    f"{shape:8}{n:6}{count:>8}{parts:>6}{seconds:9.2f}  {solution.method}, "
                    f"{solution.subgraphs} subgraphs, makespan {solution.makespan / 1000:.1f} s "
                    f"(bound {solution.lower_bound / 1000:.1f}), {solution.crossing_bits} bits "
                    f"(bound {solution.crossing_lower_bound})",
                    flush=True,
                )


if __name__ == "__main__":
    main()
