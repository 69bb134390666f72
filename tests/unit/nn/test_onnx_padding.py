"""Pads of any kind: imported, and after all passes, they compute what ONNX Runtime does."""

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

PADS = {"around": (1, 2, 2, 1), "before": (2, 0, 0, 0), "cropped": (1, -1, -2, 0)}


@pytest.mark.parametrize("pads", PADS)
@pytest.mark.parametrize("mode", ["constant", "value", "edge", "reflect", "wrap"])
def test_pad(pads: str, mode: str, make_onnx: MakeOnnx, check: Check, check_lowered: CheckLowered) -> None:
    if pads == "cropped" and mode not in ("constant", "value"):
        return
    top, left, bottom, right = PADS[pads]
    weights = {"p": np.array([0, 0, top, left, 0, 0, bottom, right])}
    if mode == "value":
        weights["v"] = np.array(0.75, np.float32)
    nodes = [
        helper.make_node("Tanh", ["x"], ["a"]),
        helper.make_node("Pad", ["a", *weights], ["b"], mode="constant" if mode == "value" else mode),
        helper.make_node("Tanh", ["b"], ["y"]),
    ]
    path = make_onnx(nodes, {"x": ["N", 2, 4, 5]}, ["y"], weights, opset=19)
    check(path)
    check_lowered(path)


@pytest.mark.parametrize("shape", [(2, 4, 5), (3, 6), (4,)], ids=str)
def test_channels_of_zeros(shape: tuple[int, ...], make_onnx: MakeOnnx, check_lowered: CheckLowered) -> None:
    """As in the shortcuts of residual networks for CIFAR."""
    pads = [0, 1, *[0] * (len(shape) - 1), 0, 2, *[1] * (len(shape) - 1)]
    nodes = [
        helper.make_node("Tanh", ["x"], ["a"]),
        helper.make_node("Pad", ["a", "p"], ["b"]),
        helper.make_node("Tanh", ["b"], ["y"]),
    ]
    check_lowered(make_onnx(nodes, {"x": ["N", *shape]}, ["y"], {"p": np.array(pads)}))
