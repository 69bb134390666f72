"""Scales, shifts and normalisations on either side of layers with weights: folded, and still what ONNX Runtime computes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from onnx import NodeProto, helper

from split4ml.passes.nn_layers import Layers

CheckLowered = Callable[[Path], Layers]
MakeOnnx = Callable[..., Path]
Array = npt.NDArray[Any]
node = helper.make_node


def noise(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).uniform(0.5, 1.5, shape).astype(np.float32)


LAYERS: dict[str, tuple[NodeProto, dict[str, Array], Sequence[int], int]] = {
    "Conv": (node("Conv", ["a", "w"], ["b"]), {"w": noise(6, 4, 2, 3)}, (4, 5, 6), 6),
    "depthwise": (node("Conv", ["a", "w"], ["b"], group=4), {"w": noise(8, 1, 2, 2)}, (4, 5, 6), 8),
    "groups": (
        node("Conv", ["a", "w", "wb"], ["b"], group=2),
        {"w": noise(6, 2, 2, 2), "wb": noise(6)},
        (4, 5, 6),
        6,
    ),
    "one axis": (node("Conv", ["a", "w"], ["b"]), {"w": noise(3, 4, 2)}, (4, 6), 3),
    "Gemm": (node("Gemm", ["a", "w", "wb"], ["b"]), {"w": noise(5, 3), "wb": noise(3)}, (5,), 3),
    "ConvTranspose": (
        node("ConvTranspose", ["a", "w"], ["b"], strides=[2, 2]),
        {"w": noise(4, 3, 2, 2)},
        (4, 3, 3),
        3,
    ),
}
AFFINE: dict[str, Callable[[str, str, int, int], tuple[list[NodeProto], dict[str, Array]]]] = {
    "BatchNormalization": lambda x, y, n, rank: (
        [node("BatchNormalization", [x, *(f"{k}_{y}" for k in "sbmv")], [y])],
        {f"{k}_{y}": noise(n, seed=i) for i, k in enumerate("sbmv")},
    ),
    "Mul, Add": lambda x, y, n, rank: (
        [node("Mul", [x, f"c_{y}"], [f"i_{y}"]), node("Add", [f"i_{y}", f"d_{y}"], [y])],
        {f"{k}_{y}": noise(n, *(1,) * (rank - 1), seed=i) for i, k in enumerate("cd")},
    ),
    "Sub, Div": lambda x, y, n, rank: (
        [node("Sub", [f"c_{y}", x], [f"i_{y}"]), node("Div", [f"i_{y}", f"d_{y}"], [y])],
        {f"{k}_{y}": noise(1, seed=i) for i, k in enumerate("cd")},
    ),
}


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("affine", AFFINE)
@pytest.mark.parametrize("side", ["before", "behind"])
def test_folded(layer: str, affine: str, side: str, make_onnx: MakeOnnx, check_lowered: CheckLowered) -> None:
    middle, weights, shape, outputs = LAYERS[layer]
    rank = len(shape)
    if side == "before":
        nodes, more = AFFINE[affine]("x", "a", shape[0], rank)
        path = make_onnx([*nodes, middle], {"x": ["N", *shape]}, ["b"], weights | more)
    else:
        nodes, more = AFFINE[affine]("b", "y", outputs, rank)
        path = make_onnx([middle, *nodes], {"a": ["N", *shape]}, ["y"], weights | more)
    kinds = [layer["class_name"] for layer in check_lowered(path).layers]
    if layer != "ConvTranspose" or side == "behind":
        assert "BatchNormalization" not in kinds


def test_a_shift_in_front_of_pads_stays(make_onnx: MakeOnnx, check_lowered: CheckLowered) -> None:
    nodes, weights = AFFINE["Mul, Add"]("x", "a", 4, 3)
    nodes.append(node("Conv", ["a", "w"], ["y"], pads=[1, 1, 1, 1]))
    path = make_onnx(nodes, {"x": [1, 4, 5, 5]}, ["y"], weights | {"w": noise(2, 4, 3, 3)})
    assert [layer["class_name"] for layer in check_lowered(path).layers].count("BatchNormalization") >= 1
