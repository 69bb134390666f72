"""Random quantised networks with powers of two as scales: the types that are inferred compute what the model does, bit for bit."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import NodeProto, TensorProto, helper, numpy_helper
from typed_model import imported, lowered, model_of, run_typed

from split4ml.dialects import nn
from split4ml.passes.nn_numpy import run

DOMAIN = "qonnx.custom_op.general"
MODES = ("ROUND", "HALF_UP", "HALF_DOWN", "FLOOR", "DOWN")
Array = npt.NDArray[Any]


class Network:
    """An ONNX graph of a chain of layers; `draw` decides."""

    def __init__(self, draw: Callable[..., Any]) -> None:
        self.draw = draw
        self.rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        self.nodes: list[NodeProto] = []
        self.weights: dict[str, Array] = {}
        self.count = 0

    def constant(self, value: Any) -> str:
        name = f"c{len(self.weights)}"
        self.weights[name] = np.asarray(value, np.float32)
        return name

    def node(self, op: str, inputs: list[str], **attributes: Any) -> str:
        self.count += 1
        name = f"t{self.count}"
        self.nodes.append(helper.make_node(op, inputs, [name], name, **attributes))
        return name

    def quant(self, value: str, most: int = 9, near: int = 0) -> str:
        """near: the exponent of the values' size."""
        bits = self.draw(st.integers(2, most))
        signed = self.draw(st.booleans())
        scale = 2.0 ** (near - bits + self.draw(st.integers(-1, 3)))
        zero = self.draw(st.sampled_from([0, 0, 0, 1, 2, -1])) if not signed else 0
        parameters = [self.constant(part) for part in (scale, max(zero, 0), bits)]
        return self.node(
            "Quant",
            [value, *parameters],
            domain=DOMAIN,
            signed=int(signed),
            narrow=int(self.draw(st.booleans()) and bits > 2),
            rounding_mode=self.draw(st.sampled_from(MODES)),
        )

    def weight(self, *shape: int) -> str:
        values = self.constant(self.rng.normal(0, 0.5, shape))
        if self.draw(st.integers(0, 5)) == 0:
            return self.node("BipolarQuant", [values, self.constant(0.5)], domain=DOMAIN)
        return self.quant(values, 6)

    def layer(self, value: str) -> str:
        kind = self.draw(
            st.sampled_from(["conv", "add", "relu", "mean", "max", "depthwise", "bipolar", "twice"])
        )
        match kind:
            case "conv":
                inputs = [value, self.weight(3, 3, 3, 3)]
                if self.draw(st.booleans()):
                    inputs.append(self.constant(self.rng.normal(0, 0.5, 3)))
                return self.node("Conv", inputs, pads=[1, 1, 1, 1])
            case "depthwise":
                return self.node("Conv", [value, self.weight(3, 1, 3, 3)], pads=[1, 1, 1, 1], group=3)
            case "add":
                op = self.draw(st.sampled_from(["Add", "Sub", "Mul", "Max"]))
                return self.node(op, [value, self.node("Relu", [value])])
            case "mean":
                wide = self.node("AveragePool", [value], kernel_shape=[2, 3], strides=[2, 3])
                return self.node("Resize", [wide, "", self.constant([1, 1, 2, 3])], mode="nearest")
            case "max":
                wide = self.node("MaxPool", [value], kernel_shape=[2, 2], strides=[2, 2])
                return self.node("Resize", [wide, "", self.constant([1, 1, 2, 2])], mode="nearest")
            case "bipolar":
                return self.node("BipolarQuant", [value, self.constant(0.5)], domain=DOMAIN)
            case "twice":
                return self.node("Mul", [value, self.constant(self.draw(st.sampled_from([0.5, 2.0, 3.0])))])
            case _:
                return self.node("Relu", [value])

    def save(self, path: Path, output: str) -> None:
        graph = helper.make_graph(
            self.nodes,
            "random",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 4, 6])],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
            [numpy_helper.from_array(array, name) for name, array in self.weights.items()],
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid(DOMAIN, 1)], ir_version=8
        )
        path.write_bytes(model.SerializeToString())


@given(st.data())
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_random_networks_are_exact(data: st.DataObject) -> None:
    network = Network(data.draw)
    value = network.quant("x", near=2)
    for _ in range(data.draw(st.integers(1, 4))):
        value = network.layer(value)
        if data.draw(st.integers(0, 3)):
            value = network.quant(value, near=2)
    value = network.quant(value, 12, near=2)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "random.onnx"
        network.save(path, value)
        module, store = imported(path)
    frames = [network.rng.normal(0, 2, (3, 4, 6)).astype(np.float32) for _ in range(3)]
    expected = [run(model_of(module), store, {"x": frame})[value] for frame in frames]
    lowered(module, store)
    model = model_of(module)
    layers = [op for op in model.block.ops if isinstance(op, nn.TensorOp)]
    assert all(op.element_types for op in layers if not isinstance(op, nn.ConstantOp | nn.QuantizeOp))
    for frame, array in zip(frames, expected, strict=True):
        np.testing.assert_array_equal(run_typed(model, store, {"x": frame})[value], array)
