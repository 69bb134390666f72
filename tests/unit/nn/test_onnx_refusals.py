"""What cannot be is refused with the operator, the node's name and what would help; and products of data that can be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import NodeProto, helper

from split4ml.compiler.frontend.onnx_import import import_onnx
from split4ml.dialects import nn
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.nn_layers import Layers
from split4ml.passes.weights import MemoryStore

MakeOnnx = Callable[..., Path]
N = helper.make_node


def ones(*shape: int) -> Any:
    return np.ones(shape, np.float32)


SQUARE, VOLUME = [1, 4, 4], [1, 2, 4, 4, 4]
STEPS = [
    N("Transpose", ["x"], ["t"], perm=[1, 0, 2]),
    N("LSTM", ["t", "w", "r"], ["l"], name="n7", hidden_size=3, direction="bidirectional"),
    N("Transpose", ["l"], ["y"], perm=[2, 0, 1, 3]),
]
REFUSED: dict[str, tuple[list[NodeProto], dict[str, list[int]], dict[str, Any], str, str]] = {
    "attention": (
        [N("MatMul", ["x", "z"], ["y"], name="n7")],
        {"x": SQUARE, "z": SQUARE},
        {},
        "multiplies data by data",
        "one row by one column",
    ),
    "gemm": (
        [N("Gemm", ["x", "x"], ["y"], name="n7", transB=1)],
        {"x": [1, 4]},
        {},
        "multiplies data by data",
        "one row by one column",
    ),
    "layer norm": (
        [N("LayerNormalization", ["x", "s"], ["y"], name="n7")],
        {"x": SQUARE},
        {"s": ones(4)},
        "not supported",
        "use BatchNormalization",
    ),
    "lstm": (
        STEPS,
        {"x": SQUARE},
        {"w": ones(2, 12, 4), "r": ones(2, 12, 3)},
        "runs bidirectional",
        "use a layer in one direction",
    ),
    "cubic": (
        [N("Resize", ["x", "", "s"], ["y"], name="n7", mode="cubic")],
        {"x": [1, 2, 4, 4]},
        {"s": np.array([1, 1, 2, 2], np.float32)},
        "its mode is 'cubic'",
        "mode='nearest'",
    ),
    "smaller": (
        [N("Resize", ["x", "", "s"], ["y"], name="n7", mode="nearest")],
        {"x": [1, 2, 4, 4]},
        {"s": np.array([1, 1, 0.5, 0.5], np.float32)},
        "no whole number of times",
        "a pool or a convolution with strides",
    ),
    "3-D convolution": (
        [N("Conv", ["x", "w"], ["y"], name="n7")],
        {"x": VOLUME},
        {"w": ones(3, 2, 2, 2, 2)},
        "3 spatial axes",
        "use a 2-D layer",
    ),
    "3-D pool": (
        [N("MaxPool", ["x"], ["y"], name="n7", kernel_shape=[2, 2, 2])],
        {"x": VOLUME},
        {},
        "3 spatial axes",
        "use a 2-D layer",
    ),
    "3-D global pool": (
        [N("GlobalAveragePool", ["x"], ["y"], name="n7")],
        {"x": VOLUME},
        {},
        "3 spatial axes",
        "use a 2-D layer",
    ),
    "many": (
        [N("GatherND", ["x", "i"], ["g"], name="n7"), N("ScatterND", ["g", "i", "g"], ["y"], name="n8")],
        {"x": [1, 1, 4]},
        {"i": np.array([[0]])},
        "ScatterND (node 'n8')",
        "ScatterND: use Slice, Concat and Pad",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals_help(case: str, make_onnx: MakeOnnx) -> None:
    nodes, inputs, weights, message, help_ = REFUSED[case]
    with pytest.raises(Split4mlError, match="n7") as caught:
        import_onnx(make_onnx(nodes, inputs, ["y"], weights), MemoryStore())
    (named,) = (node.op_type for node in nodes if node.name == "n7")
    assert named in str(caught.value)
    assert message in str(caught.value)
    assert help_ in str(caught.value.hint)


def test_a_row_by_a_column(
    make_onnx: MakeOnnx, check: Callable[[Path], nn.ModelOp], check_lowered: Callable[[Path], Layers]
) -> None:
    """Keras' Dot of two vectors, as tf2onnx writes it."""
    nodes = [
        N("Unsqueeze", ["x", "one"], ["row"]),
        N("Unsqueeze", ["z", "two"], ["column"]),
        N("MatMul", ["row", "column"], ["d"]),
        N("Squeeze", ["d", "one"], ["y"]),
    ]
    axes = {"one": np.array([1]), "two": np.array([2])}
    path = make_onnx(nodes, {"x": ["N", 5], "z": ["N", 5]}, ["y"], axes)
    check(path)
    layers = check_lowered(path)
    assert "Dot" not in [layer["class_name"] for layer in layers.layers]
