"""One number a frame, without axes, as regressors end in `squeeze(-1)` or `[:, 0]`: streams carry a vector of one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from onnx import NodeProto, helper

from split4ml.passes.nn_layers import Layers

MakeOnnx = Callable[..., Path]
Array = npt.NDArray[Any]
N = helper.make_node

WEIGHTS: dict[str, Array] = {
    "w": np.linspace(-1, 1, 5, dtype=np.float32).reshape(5, 1),
    "last": np.array([-1]),
    "first": np.array(0),
    "two": np.array(2, np.float32),
    "row": np.linspace(1, 2, 3, dtype=np.float32).reshape(1, 3),
}
ENDS: dict[str, list[NodeProto]] = {
    "squeeze": [N("MatMul", ["x", "w"], ["m"]), N("Squeeze", ["m", "last"], ["y"])],
    "gather": [N("MatMul", ["x", "w"], ["m"]), N("Gather", ["m", "first"], ["y"], axis=1)],
    "sum": [N("ReduceSum", ["x", "last"], ["y"], keepdims=0)],
    "maximum": [N("ReduceMax", ["x"], ["y"], axes=[1], keepdims=0)],
    "afterwards": [
        N("ReduceMean", ["x"], ["m"], axes=[1], keepdims=0),
        N("Mul", ["m", "two"], ["p"]),
        N("Sigmoid", ["p"], ["s"]),
        N("Add", ["s", "m"], ["y"]),
    ],
    "and back": [
        N("ReduceMean", ["x"], ["m"], axes=[1], keepdims=0),
        N("Relu", ["m"], ["r"]),
        N("Unsqueeze", ["r", "last"], ["u"]),
        N("MatMul", ["u", "row"], ["y"]),
    ],
}


@pytest.mark.parametrize("end", ENDS)
def test_one_number_a_frame(end: str, make_onnx: MakeOnnx, check_lowered: Callable[[Path], Layers]) -> None:
    used = {name for node in ENDS[end] for name in node.input}
    weights = {name: array for name, array in WEIGHTS.items() if name in used}
    check_lowered(make_onnx(ENDS[end], {"x": ["N", 5]}, ["y"], weights))


def test_of_an_input(make_onnx: MakeOnnx, check_lowered: Callable[[Path], Layers]) -> None:
    nodes = [N("Unsqueeze", ["x", "last"], ["u"]), N("MatMul", ["u", "row"], ["y"])]
    check_lowered(make_onnx(nodes, {"x": ["N"]}, ["y"], {name: WEIGHTS[name] for name in ("last", "row")}))
