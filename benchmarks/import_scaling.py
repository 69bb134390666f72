"""Time of import and canonicalisation: of the light networks that the package onnx ships, and against the number of nodes.

    python benchmarks/import_scaling.py [--blocks 25,50,100,200,400]

Seconds of the processor, in which a loaded machine changes little. The second table is of a residual network of 8 channels,
seven nodes a block (Conv, BatchNormalization, Relu, Conv, BatchNormalization, Add, Relu).
"""

from __future__ import annotations

import argparse
import tempfile
import time
from math import prod
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from split4ml.compiler.binding import Services
from split4ml.compiler.defaults import stages
from split4ml.compiler.frontend.onnx_import import import_onnx
from split4ml.compiler.options import CompileOptions
from split4ml.compiler.passrunner import context, run_passes
from split4ml.dialects import nn
from split4ml.passes.weights import MemoryStore

LIGHT = Path(onnx.__file__).parent / "backend/test/data/light"
CHANNELS, SIZE = 8, 16


class Notes:
    def note(self, text: str) -> None:
        """Not shown here."""


def residual(blocks: int, path: Path) -> None:
    """Writes the network with so many blocks."""
    rng = np.random.default_rng(0)
    nodes: list[onnx.NodeProto] = []
    weights: dict[str, np.ndarray] = {}
    last = "x"
    for block in range(blocks):
        tensor = last
        for half in "ab":
            name = f"block{block}/{half}"
            weights[f"{name}/w"] = rng.normal(size=(CHANNELS, CHANNELS, 3, 3)).astype(np.float32)
            for key in ("scale", "bias", "mean", "variance"):
                weights[f"{name}/{key}"] = rng.uniform(0.5, 1, CHANNELS).astype(np.float32)
            nodes.append(
                helper.make_node("Conv", [tensor, f"{name}/w"], [f"{name}/c"], f"{name}/conv", pads=[1] * 4)
            )
            norm = [f"{name}/{key}" for key in ("c", "scale", "bias", "mean", "variance")]
            nodes.append(helper.make_node("BatchNormalization", norm, [f"{name}/n"], f"{name}/norm"))
            tensor = f"{name}/n"
            if half == "a":
                nodes.append(helper.make_node("Relu", [tensor], [f"{name}/r"], f"{name}/relu"))
                tensor = f"{name}/r"
        nodes.append(helper.make_node("Add", [tensor, last], [f"block{block}/s"], f"block{block}/add"))
        nodes.append(helper.make_node("Relu", [f"block{block}/s"], [f"block{block}/y"], f"block{block}/relu"))
        last = f"block{block}/y"
    shape = [1, CHANNELS, SIZE, SIZE]
    graph = helper.make_graph(
        nodes,
        "residual",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(last, TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def measure(path: Path) -> tuple[float, float, int]:
    """Seconds of import and of canonicalisation, and elements of the weights that are left."""
    store = MemoryStore()
    start = time.process_time()
    module = import_onnx(path, store)
    imported = time.process_time()
    passes = stages(CompileOptions())["canonicalise"][1]
    run_passes(passes, Services({"weights": lambda: store, "notes": Notes}), context(), module)
    done = time.process_time()
    weights = sum(prod(op.shape) for op in module.walk() if isinstance(op, nn.ConstantOp))
    return imported - start, done - imported, weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--blocks", default="25,50,100,200,400")
    blocks = [int(text) for text in parser.parse_args().blocks.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        paths = {f"residual, {count} blocks": Path(folder) / f"residual{count}.onnx" for count in blocks}
        for count, path in zip(blocks, paths.values(), strict=True):
            residual(count, path)
        measure(next(iter(paths.values())))  # what is imported lazily
        print(
            f"{'network':24} {'nodes':>6} {'weights':>12} {'import':>8} {'canonicalise':>12} {'ms a node':>10}"
        )
        light = {path.stem: path for path in sorted(LIGHT.glob("light_*.onnx"))}
        for name, path in (light | paths).items():
            nodes = len(onnx.load(path).graph.node)
            seconds, canonical, elements = measure(path)
            total = 1000 * (seconds + canonical) / nodes
            print(f"{name:24} {nodes:6} {elements:12,} {seconds:7.2f}s {canonical:11.2f}s {total:10.2f}")


if __name__ == "__main__":
    main()
