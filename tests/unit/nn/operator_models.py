"""A small network around every ONNX operator, in its usual spellings, whoever exported it: for the table of operators.

The operator stands between two layers that hardware has anyway, as most operators do, so that what is refused is refused
for its own sake. Shapes are without the batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Spelling:
    """The node under test has the data `x` first, and constants after it; `twice`: a second data operand as well.

    shape: of the data without batch. note: what is special about this spelling; empty for the plain one.
    """

    op: str
    shape: tuple[int, ...]
    constants: Mapping[str, Array] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    twice: bool = False
    opset: int = 17
    domain: str = ""
    inputs: Sequence[str] | None = None
    outputs: int = 1
    steps_second: bool = False
    """ONNX's recurrent layers want the steps first: transposes around it, as exporters write them."""
    elements: int = 0
    """Of the result, if a dense layer is to follow it."""

    @property
    def name(self) -> str:
        return f"{self.op}, {self.note}" if self.note else self.op


def noise(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, shape).astype(np.float32)


def write(spelling: Spelling, folder: Path) -> Path:
    """The network as a file: a layer, the operator, an activation."""
    given = list(spelling.inputs) if spelling.inputs is not None else None
    operands = given or ["data", *(["data2"] if spelling.twice else []), *spelling.constants]
    results = [f"r{index}" for index in range(spelling.outputs)]
    inputs, nodes = [], []
    weights = {name: np.asarray(array) for name, array in spelling.constants.items()}
    for name in ("data", "data2"):
        if name in operands:
            inputs.append(f"{name}_in")
            first, channels = [f"{name}_in"], spelling.shape[0]
            if len(spelling.shape) == 3:  # an image, whose layout a convolution decides
                weights[f"{name}_kernel"] = noise(channels, channels, 1, 1)
                first.append(f"{name}_kernel")
            nodes.append(
                helper.make_node("Conv" if len(first) > 1 else "Relu", first, [name], name=f"{name}_layer")
            )
    if spelling.steps_second:
        nodes.append(helper.make_node("Transpose", ["data"], ["steps"], perm=[1, 0, 2]))
        operands, results = ["steps", *operands[1:]], ["states"]
        weights["direction"] = np.array([1])
    nodes.append(
        helper.make_node(
            spelling.op, operands, results, name="node", domain=spelling.domain, **spelling.attributes
        )
    )
    if spelling.steps_second:
        nodes.append(helper.make_node("Squeeze", ["states", "direction"], ["squeezed"]))
        nodes.append(helper.make_node("Transpose", ["squeezed"], ["r0"], perm=[1, 0, 2]))
    for index in range(spelling.outputs):
        name = f"r{index}"
        if spelling.elements:
            weights["head"] = noise(spelling.elements, 3)
            nodes.append(helper.make_node("MatMul", [name, "head"], [f"y{index}"], name="head_layer"))
        else:
            nodes.append(helper.make_node("Tanh", [name], [f"y{index}"], name=f"after{index}"))
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *spelling.shape]) for name in inputs],
        [
            helper.make_tensor_value_info(f"y{index}", TensorProto.FLOAT, None)
            for index in range(spelling.outputs)
        ],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    imports = [helper.make_opsetid("", spelling.opset)]
    if spelling.domain:
        imports.append(helper.make_opsetid(spelling.domain, 1))
    model = helper.make_model(graph, opset_imports=imports, ir_version=8)
    path = folder / "".join(c if c.isalnum() else "_" for c in spelling.name)
    path = path.with_suffix(".onnx")
    onnx.save(model, path)
    return path


def scalar(value: float) -> Array:
    return np.array(value, np.float32)


IMAGE, LINE, VECTOR = (4, 8, 8), (4, 8), (6,)
_NORM = {key: np.abs(noise(4, seed=i)) + 0.5 for i, key in enumerate("sbmv")}

SPELLINGS: tuple[Spelling, ...] = (
    # with weights
    Spelling("Conv", IMAGE, {"w": noise(3, 4, 3, 3), "b": noise(3)}, note="2-D"),
    Spelling("Conv", LINE, {"w": noise(3, 4, 3)}, note="1-D"),
    Spelling("Conv", (4, 6, 6, 6), {"w": noise(3, 4, 3, 3, 3)}, note="3-D"),
    Spelling("ConvTranspose", IMAGE, {"w": noise(4, 3, 2, 2)}, {"strides": [2, 2]}),
    Spelling("Gemm", VECTOR, {"w": noise(6, 4), "b": noise(4)}),
    Spelling("MatMul", VECTOR, {"w": noise(6, 4)}, note="by a weight"),
    Spelling("MatMul", (4, 4), {}, note="of data by data", twice=True),
    Spelling("Einsum", VECTOR, {"w": noise(6, 4)}, {"equation": "bi,io->bo"}, note="with a weight"),
    Spelling("Einsum", (4, 4), {}, {"equation": "bij,bjk->bik"}, note="of data by data", twice=True),
    Spelling("BatchNormalization", IMAGE, _NORM),
    Spelling("LayerNormalization", (4, 8), {"s": noise(8) + 1, "b": noise(8)}, {"axis": -1}),
    Spelling("InstanceNormalization", IMAGE, {"s": noise(4) + 1, "b": noise(4)}),
    Spelling(
        "GroupNormalization",
        IMAGE,
        {"s": noise(4) + 1, "b": noise(4)},
        {"num_groups": 2},
        opset=21,
    ),
    Spelling("LRN", IMAGE, {}, {"size": 3}),
    *(
        Spelling(
            op,
            (8, 4),
            {"w": noise(1, 3 * gates, 4), "r": noise(1, 3 * gates, 3), "b": noise(1, 6 * gates)},
            {"hidden_size": 3, **attributes},
            steps_second=True,
            note=note,
        )
        for op, gates, note, attributes in (
            ("LSTM", 4, "", {}),
            ("LSTM", 4, "backwards", {"direction": "reverse"}),
            ("GRU", 3, "", {"linear_before_reset": 1}),
            ("GRU", 3, "reset before the matrix", {}),
            ("RNN", 1, "", {}),
        )
    ),
    # activations
    *(
        Spelling(op, IMAGE, opset=20 if op == "Gelu" else 18)
        for op in (
            "Relu",
            "LeakyRelu",
            "Elu",
            "Selu",
            "Celu",
            "ThresholdedRelu",
            "Sigmoid",
            "HardSigmoid",
            "HardSwish",
            "Tanh",
            "Softplus",
            "Softsign",
            "Gelu",
            "Mish",
            "Erf",
            "Exp",
            "Log",
            "Sqrt",
            "Reciprocal",
            "Abs",
            "Neg",
            "Sign",
            "Sin",
            "Floor",
            "LogSoftmax",
            "Identity",
            "Dropout",
        )
    ),
    Spelling("Gelu", IMAGE, {}, {"approximate": "tanh"}, note="by tanh", opset=20),
    Spelling("PRelu", IMAGE, {"slope": noise(4, 1, 1)}),
    Spelling("Clip", IMAGE, {"low": scalar(0), "high": scalar(6)}, note="0 to 6"),
    Spelling("Clip", IMAGE, {"low": scalar(-0.5), "high": scalar(0.5)}, note="other bounds"),
    Spelling("Softmax", VECTOR, {}, {"axis": -1}),
    Spelling("Softmax", IMAGE, {}, {"axis": 1}, note="over channels"),
    Spelling("Cast", IMAGE, {}, {"to": TensorProto.FLOAT}),
    # arithmetic
    *(
        Spelling(op, IMAGE, {"c": np.abs(noise(4, 1, 1)) + 0.5}, note="with a constant")
        for op in ("Add", "Sub", "Mul", "Div", "Max", "Min")
    ),
    *(
        Spelling(op, IMAGE, note="of data", twice=True)
        for op in ("Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Mean")
    ),
    Spelling(
        "Where",
        IMAGE,
        {"m": np.array([True, False, True, True]).reshape(4, 1, 1), "c": scalar(0)},
        inputs=["m", "data", "c"],
    ),
    Spelling("Pow", IMAGE, {"c": scalar(2)}, note="squared"),
    Spelling("Pow", IMAGE, {"c": scalar(0.5)}, note="square root"),
    # pools and reductions
    Spelling("MaxPool", IMAGE, {}, {"kernel_shape": [2, 2], "strides": [2, 2]}),
    Spelling("AveragePool", IMAGE, {}, {"kernel_shape": [2, 2], "strides": [2, 2]}),
    Spelling("LpPool", IMAGE, {}, {"kernel_shape": [2, 2], "strides": [2, 2]}),
    Spelling("GlobalAveragePool", IMAGE),
    Spelling("GlobalMaxPool", IMAGE),
    Spelling("GlobalLpPool", IMAGE),
    Spelling("ReduceMean", IMAGE, {}, {"axes": [2, 3]}, note="over space"),
    Spelling("ReduceMean", IMAGE, {}, {"axes": [1]}, note="over channels"),
    Spelling("ReduceMax", IMAGE, {}, {"axes": [2, 3]}, note="over space"),
    Spelling("ReduceSum", IMAGE, {"axes": np.array([2, 3])}),
    Spelling("ReduceMin", IMAGE, {}, {"axes": [2, 3]}),
    Spelling("ReduceLogSumExp", VECTOR, {}, {"axes": [1]}),
    Spelling("ArgMax", VECTOR, {}, {"axis": 1}),
    Spelling("TopK", VECTOR, {"k": np.array([2])}),
    # shapes
    Spelling("Flatten", IMAGE, elements=256),
    Spelling("Reshape", IMAGE, {"to": np.array([0, -1])}, elements=256),
    Spelling("Squeeze", (4, 8, 1), {"axes": np.array([3])}),
    Spelling("Unsqueeze", (4, 8), {"axes": np.array([3])}),
    Spelling("Transpose", IMAGE, {}, {"perm": [0, 2, 3, 1]}),
    Spelling("Concat", IMAGE, {}, {"axis": 1}, twice=True),
    Spelling("Pad", IMAGE, {"pads": np.array([0, 0, 1, 1, 0, 0, 1, 1])}),
    Spelling(
        "Resize",
        IMAGE,
        {"s": np.array([1, 1, 2, 2], np.float32)},
        {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"},
        inputs=["data", "", "s"],
        note="nearest",
    ),
    Spelling(
        "Resize",
        IMAGE,
        {"s": np.array([1, 1, 2, 2], np.float32)},
        {"mode": "linear"},
        inputs=["data", "", "s"],
        note="linear",
    ),
    Spelling(
        "Resize",
        IMAGE,
        {"s": np.array([1, 1, 2, 2], np.float32)},
        {"mode": "cubic"},
        inputs=["data", "", "s"],
        note="cubic",
    ),
    Spelling("Upsample", IMAGE, {"s": np.array([1, 1, 2, 2], np.float32)}, {"mode": "nearest"}, opset=9),
    Spelling("Split", IMAGE, {"s": np.array([2, 2])}, {"axis": 1}, outputs=2),
    Spelling("Slice", IMAGE, {"b": np.array([1]), "e": np.array([3]), "a": np.array([1])}),
    Spelling("Gather", IMAGE, {"i": np.array([0, 2])}, {"axis": 1}),
    Spelling("Expand", (4, 1, 1), {"to": np.array([1, 4, 8, 8])}),
    Spelling("Tile", IMAGE, {"times": np.array([1, 1, 2, 2])}),
    Spelling("DepthToSpace", IMAGE, {}, {"blocksize": 2}),
    Spelling("SpaceToDepth", IMAGE, {}, {"blocksize": 2}),
    Spelling("CumSum", VECTOR, {"axis": np.array(1)}),
    # quantisers
    Spelling(
        "Quant",
        IMAGE,
        {"s": scalar(0.125), "z": scalar(0), "b": scalar(4)},
        {"signed": 1, "narrow": 0, "rounding_mode": "ROUND"},
        domain="qonnx.custom_op.general",
    ),
    Spelling("BipolarQuant", IMAGE, {"s": scalar(1)}, domain="qonnx.custom_op.general"),
    Spelling(
        "Trunc",
        IMAGE,
        {"s": scalar(0.125), "z": scalar(0), "i": scalar(8), "o": scalar(4)},
        {"rounding_mode": "FLOOR"},
        domain="qonnx.custom_op.general",
    ),
)
