"""Networks of the usual shapes for benchmarks, written as ONNX with seeded random weights: nothing is downloaded.

    .venv/bin/python benchmarks/networks.py FOLDER        writes all of them

Weights are scaled so that numbers keep their size from layer to layer (He's variance), so that 16-bit arithmetic does not saturate;
none is trained, and no accuracy means anything.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SEED = 7
OPSET = 17


@dataclass
class Graph:
    """An ONNX graph in the making. Shapes are without the batch axis, channels first."""

    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(SEED))
    nodes: list[Any] = field(default_factory=list)
    weights: list[Any] = field(default_factory=list)
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def input(self, *shape: int) -> str:
        self.shapes["x"] = shape
        return "x"

    def weight(self, name: str, shape: Sequence[int], fan_in: int) -> str:
        values = self.rng.normal(0, (2 / fan_in) ** 0.5, shape).astype(np.float32)
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def node(
        self, kind: str, inputs: Sequence[str], shape: tuple[int, ...], name: str, **attributes: Any
    ) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [f"{name}_out"], name=name, **attributes))
        self.shapes[f"{name}_out"] = shape
        return f"{name}_out"

    def relu(self, data: str, name: str) -> str:
        return self.node("Relu", [data], self.shapes[data], name)

    def dense(self, data: str, outputs: int, name: str, relu: bool = True) -> str:
        (inputs,) = self.shapes[data]
        tensors = [
            self.weight(f"{name}_w", (inputs, outputs), inputs),
            self.weight(f"{name}_b", (outputs,), 200),
        ]
        out = self.node("Gemm", [data, *tensors], (outputs,), name)
        return self.relu(out, f"{name}_relu") if relu else out

    def conv(
        self,
        data: str,
        filters: int,
        name: str,
        size: int = 3,
        stride: int = 1,
        groups: int = 1,
        relu: bool = True,
    ) -> str:
        channels, *space = self.shapes[data]
        pad = size // 2
        shape = (filters, channels // groups, size, size)
        tensors = [
            self.weight(f"{name}_w", shape, prod(shape[1:])),
            self.weight(f"{name}_b", (filters,), 200),
        ]
        options = {"kernel_shape": [size] * 2, "pads": [pad] * 4, "strides": [stride] * 2, "group": groups}
        out = (filters, *((extent + 2 * pad - size) // stride + 1 for extent in space))
        result = self.node("Conv", [data, *tensors], out, name, **options)
        return self.relu(result, f"{name}_relu") if relu else result

    def add(self, left: str, right: str, name: str) -> str:
        return self.relu(self.node("Add", [left, right], self.shapes[left], name), f"{name}_relu")

    def mean(self, data: str, name: str) -> str:
        channels = self.shapes[data][0]
        pooled = self.node("GlobalAveragePool", [data], (channels, 1, 1), name)
        return self.node("Flatten", [pooled], (channels,), f"{name}_flat")

    def max_pool(self, data: str, name: str) -> str:
        channels, *space = self.shapes[data]
        shape = (channels, *(extent // 2 for extent in space))
        return self.node("MaxPool", [data], shape, name, kernel_shape=[2, 2], strides=[2, 2])

    def upsample(self, data: str, name: str) -> str:
        channels, *space = self.shapes[data]
        scales = f"{name}_scales"
        self.weights.append(numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), scales))
        shape = (channels, *(2 * extent for extent in space))
        options = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        return self.node("Resize", [data, "", scales], shape, name, **options)

    def concat(self, left: str, right: str, name: str) -> str:
        (a, *space), (b, *_) = self.shapes[left], self.shapes[right]
        return self.node("Concat", [left, right], (a + b, *space), name, axis=1)

    def model(self, output: str, name: str) -> onnx.ModelProto:
        def port(tensor: str) -> Any:
            return helper.make_tensor_value_info(tensor, TensorProto.FLOAT, [1, *self.shapes[tensor]])

        graph = helper.make_graph(self.nodes, name, [port("x")], [port(output)], self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
        onnx.checker.check_model(model, full_check=True)
        return model


def mlp(graph: Graph) -> str:
    """Jet tagging: 16 features to 5 classes."""
    data = graph.input(16)
    for number, outputs in enumerate((64, 32, 32)):
        data = graph.dense(data, outputs, f"fc{number + 1}")
    return graph.dense(data, 5, "fc4", relu=False)


def autoencoder(graph: Graph) -> str:
    """MLPerf Tiny's anomaly detector, with layers half as wide: 256 values through 8 (a port takes no token of more)."""
    data = graph.input(256)
    for number, outputs in enumerate((64, 64, 64, 64, 8, 64, 64, 64, 64)):
        data = graph.dense(data, outputs, f"fc{number + 1}")
    return graph.dense(data, 256, "fc10", relu=False)


def resnet(graph: Graph, blocks: int) -> str:
    """CIFAR's: 3 x 32 x 32, three stages of 16, 32 and 64 channels; 6 n + 2 layers."""
    data = graph.conv(graph.input(3, 32, 32), 16, "stem")
    for stage, filters in enumerate((16, 32, 64), 1):
        for block in range(1, blocks + 1):
            name = f"s{stage}b{block}"
            stride = 2 if stage > 1 and block == 1 else 1
            inner = graph.conv(
                graph.conv(data, filters, f"{name}_a", stride=stride), filters, f"{name}_b", relu=False
            )
            if stride == 2:
                data = graph.conv(data, filters, f"{name}_skip", size=1, stride=2, relu=False)
            data = graph.add(inner, data, f"{name}_add")
    return graph.dense(graph.mean(data, "mean"), 10, "fc", relu=False)


def depthwise(graph: Graph) -> str:
    """MobileNet's shape: 3 x 32 x 32, depthwise and pointwise convolutions."""
    data = graph.conv(graph.input(3, 32, 32), 8, "stem", stride=2)
    for number, (filters, stride) in enumerate(((16, 1), (32, 2), (32, 1), (64, 2), (64, 1)), 1):
        channels = graph.shapes[data][0]
        data = graph.conv(data, channels, f"dw{number}", stride=stride, groups=channels)
        data = graph.conv(data, filters, f"pw{number}", size=1)
    return graph.dense(graph.mean(data, "mean"), 10, "fc", relu=False)


def unet(graph: Graph) -> str:
    """1 x 32 x 32 to a map of as many pixels, by way of 8 x 8."""
    top = graph.conv(graph.conv(graph.input(1, 32, 32), 8, "down1_a"), 8, "down1_b")
    mid = graph.conv(graph.conv(graph.max_pool(top, "pool1"), 16, "down2_a"), 16, "down2_b")
    low = graph.conv(graph.conv(graph.max_pool(mid, "pool2"), 32, "low_a"), 32, "low_b")
    data = graph.concat(mid, graph.conv(graph.upsample(low, "up2"), 16, "up2_conv"), "join2")
    data = graph.conv(graph.conv(data, 16, "up2_a"), 16, "up2_b")
    data = graph.concat(top, graph.conv(graph.upsample(data, "up1"), 8, "up1_conv"), "join1")
    data = graph.conv(graph.conv(data, 8, "up1_a"), 8, "up1_b")
    return graph.conv(data, 1, "out", size=1, relu=False)


NETWORKS: Mapping[str, Callable[[Graph], str]] = {
    "mlp": mlp,
    "autoencoder": autoencoder,
    "resnet8": lambda graph: resnet(graph, 1),
    "depthwise": depthwise,
    "unet": unet,
    "resnet20": lambda graph: resnet(graph, 3),
}


def write(name: str, folder: Path) -> Path:
    """NAME.onnx in a folder; the same bytes every time."""
    graph = Graph()
    path = folder / f"{name}.onnx"
    onnx.save(graph.model(NETWORKS[name](graph), name), str(path))
    return path


if __name__ == "__main__":
    for network in NETWORKS:
        print(write(network, Path(sys.argv[1])))
