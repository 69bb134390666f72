"""Pools that hls4ml's streams do not have: after all passes they compute what ONNX Runtime does, with layers that hls4ml has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from split4ml.passes.decompose_pools import offsets, reciprocal
from split4ml.passes.nn_layer_weights import with_rows
from split4ml.passes.nn_layers import Layers

CheckLowered = Callable[[Path], Layers]
MakeOnnx = Callable[..., Path]
Array = npt.NDArray[Any]

POOLS: dict[str, tuple[Sequence[int], dict[str, Any]]] = {
    "of a ResNet": ((2, 8, 8), {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}),
    "of an Inception": ((2, 6, 7), {"kernel_shape": [3, 3], "strides": [1, 1], "pads": [1, 1, 1, 1]}),
    "of an AlexNet": ((2, 7, 9), {"kernel_shape": [3, 3], "strides": [2, 2]}),
    "two windows": ((2, 5, 5), {"kernel_shape": [3, 3], "strides": [2, 2]}),
    "one window": ((2, 5, 4), {"kernel_shape": [3, 3], "strides": [4, 4]}),
    "gaps": ((2, 8, 7), {"kernel_shape": [1, 2], "strides": [2, 3]}),
    "a gap behind one window": ((1, 8, 8), {"kernel_shape": [2, 2], "strides": [7, 2]}),
    "wide": ((1, 9, 9), {"kernel_shape": [5, 4], "strides": [1, 3], "pads": [2, 0, 2, 1]}),
    "ceil": ((2, 8, 7), {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1}),
    "same": ((2, 7, 7), {"kernel_shape": [3, 2], "strides": [2, 2], "auto_pad": "SAME_LOWER"}),
    "one axis": ((3, 9), {"kernel_shape": [3], "strides": [2]}),
    "one axis, padded": ((3, 9), {"kernel_shape": [3], "strides": [1], "pads": [1, 1]}),
    "one axis, gaps": ((3, 9), {"kernel_shape": [2], "strides": [3]}),
}


@pytest.mark.parametrize("case", POOLS)
@pytest.mark.parametrize("sign", ["signed", "positive", "relu behind"])
@pytest.mark.parametrize("operator", ["MaxPool", "AveragePool"])
def test_pools(case: str, sign: str, operator: str, make_onnx: MakeOnnx, check_lowered: CheckLowered) -> None:
    data, attributes = POOLS[case]
    before, after = ("Relu", "Tanh") if sign == "positive" else ("Tanh", "Relu")
    if sign == "signed":
        before = after = "Tanh"
    nodes = [
        helper.make_node(before, ["x"], ["a"]),
        helper.make_node(operator, ["a"], ["b"], name="the pool", **attributes),
        helper.make_node(after, ["b"], ["y"]),
    ]
    layers = check_lowered(make_onnx(nodes, {"x": [1, *data]}, ["y"]))
    for layer in layers.layers:
        if str(layer["class_name"]).endswith("Pooling2D"):
            assert (layer["pool_height"], layer["pool_width"]) == (
                layer["stride_height"],
                layer["stride_width"],
            )


@pytest.mark.parametrize("kernel", [[2, 2], [3, 3]])
def test_average_pools_that_count_pads(
    kernel: list[int], make_onnx: MakeOnnx, check_lowered: CheckLowered
) -> None:
    node = helper.make_node(
        "AveragePool", ["x"], ["y"], kernel_shape=kernel, pads=[1, 1, 1, 1], count_include_pad=1
    )
    layers = check_lowered(make_onnx([node], {"x": [1, 2, 6, 6]}, ["y"]))
    assert [layer["class_name"] for layer in layers.layers] == ["Input", "DepthwiseConv2D"]


@given(kernel=st.integers(1, 12), stride=st.integers(1, 12), count=st.integers(1, 5))
def test_small_windows_cover_large_ones(kernel: int, stride: int, count: int) -> None:
    if stride > kernel:
        return
    for window in range(count):
        found = {window * stride + first + tap for first in offsets(kernel, stride) for tap in range(stride)}
        assert found == set(range(window * stride, window * stride + kernel))


@settings(max_examples=30)
@given(count=st.integers(2, 400))
def test_reciprocals_fit_their_type(count: int) -> None:
    value, element = reciprocal(count)
    assert abs(value * count - 1) <= 2.0**-16
    assert value * 2.0**element.fraction == round(value * 2.0**element.fraction)
    assert abs(value) < 2.0 ** (element.integer - 1)


def test_filters_of_one_row_that_step_over_rows() -> None:
    """hls4ml would take its one-dimensional line buffer for them, and step along no column."""
    row = np.ones((1, 3, 2, 4))
    kernel, pads = with_rows("Conv", row, (2, 1), (0, 1, 0, 1))
    assert kernel.shape == (2, 3, 2, 4) and not kernel[1].any() and pads == (0, 1, 1, 1)
    assert with_rows("Conv", row, (1, 2), (0, 1, 0, 1)) == (row, (0, 1, 0, 1))
    assert with_rows("Conv", np.ones((1, 1, 2, 4)), (2, 2), (0, 0, 0, 0))[1] == (0, 0, 0, 0)
    assert with_rows("DepthwiseConv", np.ones((1, 1, 2, 1)), (2, 2), (0, 0, 0, 0))[1] == (0, 0, 1, 0)


CONSTANTS = {"rows": (4, 1), "columns": (1, 5), "all": (3, 4, 5), "image": (4, 5)}


@pytest.mark.parametrize("case", CONSTANTS)
@pytest.mark.parametrize("operator", ["Mul", "Add", "Sub", "Div"])
def test_a_constant_per_element(
    case: str, operator: str, make_onnx: MakeOnnx, check_lowered: CheckLowered
) -> None:
    constant = np.random.default_rng(1).uniform(0.5, 2, CONSTANTS[case]).astype(np.float32)
    nodes = [helper.make_node(operator, ["x", "c"], ["a"]), helper.make_node("Relu", ["a"], ["y"])]
    layers = check_lowered(make_onnx(nodes, {"x": [1, 3, 4, 5]}, ["y"], {"c": constant}))
    kinds = [layer["class_name"] for layer in layers.layers]
    assert kinds[-2:] == ["Reshape", "Activation"] or kinds == ["Input", "BatchNormalization", "Activation"]


def test_zeros_before_a_convolution_that_is_not_the_first_reader(
    make_onnx: MakeOnnx, check_lowered: CheckLowered
) -> None:
    """hls4ml would put the zeros in front of the first."""
    nodes = [
        helper.make_node("Relu", ["x"], ["a"]),
        helper.make_node("Conv", ["x", "w"], ["b"], pads=[1, 1, 1, 1]),
        helper.make_node("Add", ["a", "b"], ["y"]),
    ]
    weights = {"w": np.ones((2, 2, 3, 3), np.float32)}
    layers = check_lowered(make_onnx(nodes, {"x": [1, 2, 4, 4]}, ["y"], weights)).layers
    assert [layer["class_name"] for layer in layers] == [
        *("Input", "Activation", "ZeroPadding2D", "Conv2D", "Merge")
    ]


def test_a_large_image_is_scaled_in_bands(
    make_onnx: MakeOnnx, check_lowered: CheckLowered, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rather than with a constant for every element."""
    monkeypatch.setattr("split4ml.passes.decompose_pools.MOST", 10)
    node = helper.make_node(
        "AveragePool", ["x"], ["y"], kernel_shape=[3, 2], pads=[1, 1, 1, 0], strides=[2, 1]
    )
    layers = check_lowered(make_onnx([node], {"x": [1, 2, 7, 6]}, ["y"]))
    scales = [layer for layer in layers.layers if layer["class_name"] == "BatchNormalization"]
    assert len(scales) == 3, "the first and the last row, and the first column"
