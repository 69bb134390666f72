"""Transposed convolutions in all spellings: imported, and written as ordinary ones, they compute what ONNX Runtime does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from onnx import helper
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from split4ml.dialects import nn
from split4ml.passes.decompose_conv_transpose import DecomposeConvTranspose, turns
from split4ml.passes.nn_layers import Layers
from split4ml.passes.nn_numpy import run
from split4ml.passes.weights import MemoryStore

Check = Callable[[Path], nn.ModelOp]
CheckLowered = Callable[[Path], Layers]
MakeOnnx = Callable[..., Path]
Array = npt.NDArray[Any]


def noise(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


CASES: dict[str, tuple[Sequence[int], Sequence[int], dict[str, Any]]] = {
    "of a U-Net": ((3, 4, 5), (3, 2, 2, 2), {"strides": [2, 2]}),
    "of a GAN": ((3, 4, 5), (3, 2, 4, 4), {"strides": [2, 2], "pads": [1, 1, 1, 1]}),
    "output padding": (
        (2, 4, 3),
        (2, 3, 3, 3),
        {"strides": [2, 2], "pads": [1, 1, 1, 1], "output_padding": [1, 1]},
    ),
    "defaults": ((2, 4, 3), (2, 3, 3, 2), {}),
    "gaps": ((2, 3, 3), (2, 1, 1, 2), {"strides": [2, 3]}),
    "dilated": ((2, 4, 4), (2, 2, 3, 2), {"strides": [2, 3], "dilations": [2, 2], "pads": [0, 1, 2, 0]}),
    "groups": ((4, 3, 3), (4, 1, 2, 2), {"strides": [2, 2], "group": 2}),
    "depthwise": ((3, 3, 3), (3, 1, 4, 4), {"strides": [2, 2], "group": 3, "pads": [1, 1, 1, 1]}),
    "same upper": ((2, 4, 3), (2, 2, 3, 3), {"strides": [2, 2], "auto_pad": "SAME_UPPER"}),
    "same lower": ((2, 4, 3), (2, 2, 3, 3), {"strides": [2, 2], "auto_pad": "SAME_LOWER"}),
    "output shape": ((2, 4, 3), (2, 2, 3, 3), {"strides": [2, 2], "output_shape": [8, 6]}),
    "one axis": ((3, 5), (3, 2, 4), {"strides": [2], "pads": [1, 1]}),
    "one axis, by three": ((3, 5), (3, 2, 2), {"strides": [3], "pads": [1, 0], "output_padding": [1]}),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("bias", [False, True])
def test_conv_transpose(
    case: str, bias: bool, make_onnx: MakeOnnx, check: Check, check_lowered: CheckLowered
) -> None:
    data, weight, attributes = CASES[case]
    outputs = weight[1] * attributes.get("group", 1)
    weights = {"w": noise(*weight)} | ({"b": noise(outputs, seed=1)} if bias else {})
    nodes = [
        helper.make_node("ConvTranspose", ["x", *weights], ["a"], **attributes),
        helper.make_node("Relu", ["a"], ["y"]),
    ]
    path = make_onnx(nodes, {"x": ["N", *data]}, ["y"], weights)
    check(path)
    check_lowered(path)


def test_a_normalisation_goes_into_it(make_onnx: MakeOnnx, check_lowered: CheckLowered) -> None:
    weights = {"w": noise(3, 2, 2, 2)} | {key: noise(2, seed=i) + 2 for i, key in enumerate("sbmv")}
    nodes = [
        helper.make_node("ConvTranspose", ["x", "w"], ["a"], strides=[2, 2]),
        helper.make_node("BatchNormalization", ["a", "s", "b", "m", "v"], ["c"]),
        helper.make_node("Relu", ["c"], ["y"]),
    ]
    layers = check_lowered(make_onnx(nodes, {"x": [1, 3, 4, 4]}, ["y"], weights))
    assert "BatchNormalization" not in {layer["class_name"] for layer in layers.layers}


def test_the_turns_of_a_stride_of_two() -> None:
    found = turns(size=4, kernel=4, stride=2, dilation=1, pad=1, outputs=8)
    assert (found.first, found.count) == (-1, 4)
    assert found.taps == ((3, 1, None), (None, 2, 0))


@settings(max_examples=40, deadline=None)
@given(
    size=st.integers(1, 5),
    kernel=st.integers(1, 5),
    stride=st.integers(1, 4),
    dilation=st.integers(1, 3),
    before=st.integers(0, 4),
    behind=st.integers(-3, 4),
)
def test_any_transposed_convolution(
    size: int, kernel: int, stride: int, dilation: int, before: int, behind: int
) -> None:
    outputs = (size - 1) * stride + (kernel - 1) * dilation + 1 - before - behind
    assume(outputs >= 1)
    store, model = MemoryStore(), nn.ModelOp("m")
    data = nn.InputOp("x", "x", (size, 2))
    weight = nn.ConstantOp("w", store.put(noise(3, 2, kernel)), (3, 2, kernel))
    op = nn.ConvTransposeOp(
        *("up", data.result, weight.result, None),
        strides=[stride],
        pads=[before, behind],
        dilations=[dilation],
        channels_last=True,
    )
    model.block.add_ops([data, weight, op, nn.OutputOp("y", "y", op.result)])
    module = ModuleOp([model])
    frame = {"x": noise(size, 2, seed=3)}
    expected = run(model, store, frame)["y"]
    DecomposeConvTranspose(weights=store).apply(Context(), module)
    module.verify()
    assert not any(isinstance(inner, nn.ConvTransposeOp) for inner in module.walk())
    np.testing.assert_allclose(run(model, store, frame)["y"], expected, atol=1e-6)


@pytest.mark.parametrize(
    "attributes", [{"blocksize": 2}, {"blocksize": 2, "mode": "CRD"}, {"blocksize": 3}], ids=str
)
def test_depth_to_space(
    attributes: dict[str, Any], make_onnx: MakeOnnx, check: Check, check_lowered: CheckLowered
) -> None:
    nodes = [
        helper.make_node("DepthToSpace", ["x"], ["a"], **attributes),
        helper.make_node("Relu", ["a"], ["y"]),
    ]
    path = make_onnx(nodes, {"x": [1, 2 * attributes["blocksize"] ** 2, 3, 2]}, ["y"])
    check(path)
    check_lowered(path)


def test_space_to_depth(make_onnx: MakeOnnx, check: Check, check_lowered: CheckLowered) -> None:
    nodes = [
        helper.make_node("SpaceToDepth", ["x"], ["a"], blocksize=2),
        helper.make_node("Relu", ["a"], ["y"]),
    ]
    path = make_onnx(nodes, {"x": [1, 3, 4, 6]}, ["y"])
    check(path)
    check_lowered(path)
