"""Reductions along any axes: imported, and after all passes, they compute what ONNX Runtime does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from onnx import helper

from split4ml.dialects import nn
from split4ml.passes.nn_layers import Layers

Check = Callable[[Path], nn.ModelOp]
CheckLowered = Callable[[Path], Layers]
MakeOnnx = Callable[..., Path]

CASES = [
    ((3, 4, 5), (2, 3)),
    ((3, 4, 5), (2,)),
    ((3, 4, 5), (-1,)),
    ((3, 4, 5), (1,)),
    ((3, 4, 5), (1, 3)),
    ((3, 4, 5), (1, 2, 3)),
    ((3, 6), (2,)),
    ((3, 6), (1,)),
    ((8,), (1,)),
]


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("operator", ["ReduceMean", "ReduceMax", "ReduceSum", "ReduceMin"])
@pytest.mark.parametrize("keep", [0, 1])
def test_reductions(
    case: tuple[tuple[int, ...], tuple[int, ...]],
    operator: str,
    keep: int,
    make_onnx: MakeOnnx,
    check: Check,
    check_lowered: CheckLowered,
) -> None:
    shape, axes = case
    weights = {"a": np.array(axes)}
    nodes = [
        helper.make_node("Tanh", ["x"], ["t"]),
        helper.make_node(operator, ["t", "a"], ["r"], keepdims=keep),
        helper.make_node("Tanh", ["r"], ["y"]),
    ]
    path = make_onnx(nodes, {"x": ["N", *shape]}, ["y"], weights, opset=18)
    check(path)
    if len(axes) < len(shape) or keep:  # a frame of no axes is none for hardware
        check_lowered(path)


def test_the_mean_of_a_convolutions_channels_is_a_convolution(
    make_onnx: MakeOnnx, check_lowered: CheckLowered
) -> None:
    """As in spatial attention: the mean and the largest of the channels at every place."""
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"]),
        helper.make_node("ReduceMean", ["a"], ["m"], axes=[1], keepdims=1),
        helper.make_node("ReduceMax", ["a"], ["l"], axes=[1], keepdims=1),
        helper.make_node("Concat", ["m", "l"], ["c"], axis=1),
        helper.make_node("Sigmoid", ["c"], ["y"]),
    ]
    weights = {"w": np.random.default_rng(0).uniform(-1, 1, (4, 2, 1, 1)).astype(np.float32)}
    layers = check_lowered(make_onnx(nodes, {"x": [1, 2, 5, 6]}, ["y"], weights))
    kinds = [layer["class_name"] for layer in layers.layers]
    assert kinds.count("Conv2D") == 2 and kinds.count("MaxPooling2D") == 1
