"""Where, conditions as numbers, and Sign, against ONNX Runtime: at the threshold, too, since ReLU makes many zeros."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from onnx import NodeProto, TensorProto, helper

from split4ml.compiler.frontend.onnx_import import import_onnx
from split4ml.dialects import nn
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.weights import MemoryStore

Check = Callable[[Path], nn.ModelOp]
MakeOnnx = Callable[..., Path]
N = helper.make_node
WEIGHTS: dict[str, npt.NDArray[Any]] = {
    "zero": np.array(0, np.float32),
    "third": np.array(1 / 3, np.float32),
    "two": np.array(2, np.float32),
    "row": np.linspace(-1, 1, 5, dtype=np.float32),
    "mask": np.array([True, False, True, True, False]),
}
COMPARISONS = ("Greater", "GreaterOrEqual", "Less", "LessOrEqual")
FLOAT: dict[str, Any] = {"to": TensorProto.FLOAT}
FORMS: dict[str, list[NodeProto]] = {
    **{
        f"{op} of {data}": [
            N("Relu", ["x"], ["r"]),
            N(op, [data, "zero"], ["c"]),
            N("Where", ["c", "x", "z"], ["y"]),
        ]
        for op in COMPARISONS
        for data in "xr"
    },
    "leaky": [
        N("Greater", ["x", "zero"], ["c"]),
        N("Mul", ["x", "third"], ["s"]),
        N("Where", ["c", "x", "s"], ["y"]),
    ],
    "threshold": [N("LessOrEqual", ["x", "third"], ["c"]), N("Where", ["c", "two", "x"], ["y"])],
    "of constants": [N("Less", ["zero", "x"], ["c"]), N("Where", ["c", "two", "third"], ["y"])],
    "two of data": [N("Greater", ["x", "z"], ["c"]), N("Where", ["c", "x", "z"], ["y"])],
    "with a row": [N("Greater", ["x", "row"], ["c"]), N("Where", ["c", "row", "x"], ["y"])],
    "hard shrink": [
        N("Greater", ["x", "third"], ["a"]),
        N("Neg", ["x"], ["n"]),
        N("Less", ["third", "n"], ["b"]),
        N("Cast", ["b"], ["d"], to=TensorProto.BOOL),  # as the TorchScript exporter writes it
        N("Or", ["a", "d"], ["c"]),
        N("Where", ["c", "x", "zero"], ["y"]),
    ],
    "between": [
        N("Greater", ["x", "zero"], ["a"]),
        N("Less", ["x", "third"], ["b"]),
        N("And", ["a", "b"], ["c"]),
        N("Not", ["c"], ["d"]),
        N("Where", ["d", "x", "z"], ["y"]),
    ],
    "a mask": [N("Where", ["mask", "x", "zero"], ["y"])],
    "a mask of two": [N("Where", ["mask", "x", "z"], ["y"])],
    "a number": [
        N("Greater", ["x", "third"], ["c"]),
        N("Cast", ["c"], ["f"], **FLOAT),
        N("Mul", ["f", "z"], ["y"]),
    ],
    "sign": [
        N("Relu", ["x"], ["r"]),
        N("Sign", ["r"], ["s"]),
        N("Sign", ["z"], ["t"]),
        N("Add", ["s", "t"], ["y"]),
    ],
}


def model(form: str, make_onnx: MakeOnnx) -> Path:
    used = {name for node in FORMS[form] for name in node.input}
    inputs = {name: ["N", 5] for name in "xz" if name in used}
    weights = {name: array for name, array in WEIGHTS.items() if name in used}
    return make_onnx(FORMS[form], inputs, ["y"], weights, opset=18)


@pytest.mark.parametrize("form", FORMS)
def test_chosen(form: str, make_onnx: MakeOnnx, check: Check) -> None:
    check(model(form, make_onnx))


@pytest.mark.parametrize("form", ["leaky", "threshold", "hard shrink", "a mask", "sign"])
def test_lowered(form: str, make_onnx: MakeOnnx, check_lowered: Callable[[Path], object]) -> None:
    check_lowered(model(form, make_onnx))


def test_what_is_no_comparison_is_refused(make_onnx: MakeOnnx) -> None:
    nodes = [N("Equal", ["x", "zero"], ["c"], name="same"), N("Where", ["c", "x", "zero"], ["y"])]
    with pytest.raises(Split4mlError, match="Equal .node 'same'.") as caught:
        import_onnx(make_onnx(nodes, {"x": ["N", 5]}, ["y"], {"zero": WEIGHTS["zero"]}), MemoryStore())
    assert "hls4ml has no layer for conditions" in str(caught.value.hint)
