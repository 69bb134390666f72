"""Results stacked along a new first axis, as `torch.stack([...])` of an ensemble: the batch is second for a while."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from onnx import NodeProto, helper

from split4ml.compiler.frontend.onnx_import import import_onnx
from split4ml.dialects import nn
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.weights import MemoryStore

Check = Callable[[Path], nn.ModelOp]
MakeOnnx = Callable[..., Path]
N = helper.make_node
WEIGHTS: dict[str, npt.NDArray[Any]] = {
    "u": np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3),
    "v": np.linspace(1, -0.5, 12, dtype=np.float32).reshape(4, 3),
    "first": np.array([0]),
    "last": np.array([-1]),
    "two": np.array(2, np.float32),
}
STACK = [
    N("MatMul", ["x", "u"], ["a"]),
    N("MatMul", ["x", "v"], ["b"]),
    N("Unsqueeze", ["a", "first"], ["c"]),
    N("Unsqueeze", ["b", "first"], ["d"]),
    N("Concat", ["c", "d"], ["s"], axis=0),
]
ENDS: dict[str, list[NodeProto]] = {
    "mean": [N("ReduceMean", ["s"], ["y"], axes=[0], keepdims=0)],
    "sum, axes as operand": [N("ReduceSum", ["s", "first"], ["y"], keepdims=0)],
    "largest, then squeezed": [N("ReduceMax", ["s"], ["m"], axes=[0]), N("Squeeze", ["m", "first"], ["y"])],
    "of classes first": [
        N("ReduceMean", ["s"], ["m"], axes=[-1], keepdims=0),
        N("Transpose", ["m"], ["y"], perm=[1, 0]),
    ],
    "softmax and scale before": [
        N("Softmax", ["s"], ["p"], axis=-1),
        N("Mul", ["p", "two"], ["q"]),
        N("ReduceMean", ["q"], ["y"], axes=[0], keepdims=0),
    ],
    "turned back": [N("Relu", ["s"], ["r"]), N("Transpose", ["r"], ["y"], perm=[1, 2, 0])],
}


@pytest.mark.parametrize("batch", ["N", 1, 2])
@pytest.mark.parametrize("end", ENDS)
def test_stacked(end: str, batch: str | int, make_onnx: MakeOnnx, check: Check) -> None:
    check(make_onnx([*STACK, *ENDS[end]], {"x": [batch, 4]}, ["y"], WEIGHTS))


def test_frames_are_not_reduced(make_onnx: MakeOnnx) -> None:
    nodes = [*STACK, N("ReduceMean", ["s"], ["y"], name="over", axes=[1])]
    with pytest.raises(Split4mlError, match="node 'over' .ReduceMean.: it works along the batch axis"):
        import_onnx(make_onnx(nodes, {"x": [2, 4]}, ["y"], WEIGHTS), MemoryStore())
