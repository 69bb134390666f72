"""Splits of real networks' graphs: the `light_*` networks of the package onnx (ImageNet classifiers, their weights all alike).

    python benchmarks/partition_networks.py [--parts 8] [--limit 60] [--only squeezenet,resnet50]

Their operators are taken as tasks, as they are in `nn` after canonicalisation, since hls4ml cannot lower most of these networks. Time is that of the
cost model for layers with stored weights (passes/cost/synthesis.py), bits are 16 an element; the budget on weights is twice the average.
So the graphs are real and the costs are rough: this is about the partitioner. Every answer goes through the independent checker.
"""

from __future__ import annotations

import argparse
import time
from math import prod
from pathlib import Path

import onnx

from split4ml.compiler.binding import Services
from split4ml.compiler.defaults import stages
from split4ml.compiler.frontend.onnx_import import import_onnx
from split4ml.compiler.options import CompileOptions
from split4ml.compiler.passrunner import context, run_passes
from split4ml.dialects import nn
from split4ml.passes.cost.synthesis import PER_STORED_WEIGHT, PROJECT, operation_seconds
from split4ml.passes.solve.atoms import contract
from split4ml.passes.solve.check import check
from split4ml.passes.solve.family import Family
from split4ml.passes.solve.pareto import pareto
from split4ml.passes.solve.partition import partition
from split4ml.passes.solve.problem import Edge, Problem
from split4ml.passes.weights import MemoryStore

LIGHT = Path(onnx.__file__).parent / "backend/test/data/light"
BITS = 16
HOP = 3
FRONT = ("time", "bits", "utilisation", "latency", "subgraphs")


class _Notes:
    def note(self, text: str) -> None:
        """Nobody reads it."""


def network(path: Path) -> nn.ModelOp:
    """The network in one form."""
    store = MemoryStore()
    module = import_onnx(path, store)
    services = Services({"weights": lambda: store, "notes": _Notes})
    run_passes(stages(CompileOptions())["canonicalise"][1], services, context(), module)
    (model,) = (op for op in module.ops if isinstance(op, nn.ModelOp))
    return model


def problem(model: nn.ModelOp, parts: int) -> Problem:
    """A task for each operator."""
    outside = nn.InputOp | nn.OutputOp | nn.ConstantOp
    ops = [op for op in model.block.ops if not isinstance(op, outside)]
    index = {op: at for at, op in enumerate(ops)}
    weights, load, edges = [], [], []
    for op in ops:
        constants = [v.owner for v in op.operands if isinstance(v.owner, nn.ConstantOp)]
        weights.append(sum(prod(nn.shape_of(constant.results[0])) for constant in constants))
        elements = sum(prod(nn.shape_of(value)) for value in op.results)
        seconds = PER_STORED_WEIGHT * weights[-1] + operation_seconds(elements // max(1, len(ops)))
        load.append(round(1000 * seconds))
        for value in dict.fromkeys(op.operands):
            if value.owner in index:
                edges.append(Edge(index[value.owner], index[op], BITS * prod(nn.shape_of(value))))  # type: ignore[index]
    return Problem(
        tuple(f"t{at}" for at in range(len(ops))),
        tuple(load),
        tuple(edges),
        {"weights": tuple(weights)},
        budgets={"weights": max(*weights, 2 * sum(weights) // parts)},
        capacity={"weights": sum(weights)},
        fixed=round(1000 * PROJECT.estimate),
        hop=HOP,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--parts", type=int, default=8)
    parser.add_argument("--limit", type=float, default=60.0, help="seconds per problem")
    parser.add_argument("--only", default="", help="names of networks")
    args = parser.parse_args()
    only = [name for name in args.only.split(",") if name]
    print(f"{'network':16}{'tasks':>6}{'ideals':>8}{'split s':>9}  {'result':44}{'front':>6}{'front s':>9}")
    for path in sorted(LIGHT.glob("light_*.onnx")):
        name = path.stem.removeprefix("light_")
        if only and name not in only:
            continue
        one = problem(network(path), args.parts)
        family = Family(contract(one))
        start = time.process_time()
        solution = partition(one, args.parts, time_limit=args.limit)
        split = time.process_time() - start
        check(one, solution)
        start = time.process_time()
        found = pareto(one, FRONT, range(1, args.parts + 1), time_limit=args.limit)
        front = time.process_time() - start
        for point in found.points:
            check(one, point)
        proof = f"optimal ({solution.method})" if solution.optimal else f"gap {solution.gap}"
        result = f"{proof}, {solution.crossing_bits:,} bits"
        print(
            f"{name:16}{len(one.tasks):6}{len(family) if family.complete else 'many':>8}{split:9.2f}  {result:44}"
            f"{len(found.points):6}{front:9.2f}  {'complete' if not found.missing else f'without {found.missing}'}",
            flush=True,
        )


if __name__ == "__main__":
    main()
