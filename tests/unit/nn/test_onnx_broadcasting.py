"""Operators that broadcast or repeat their data: after all passes they compute what ONNX Runtime does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from onnx import helper

from split4ml.compiler.frontend.onnx_import import import_onnx
from split4ml.dialects import nn
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.nn_layers import Layers
from split4ml.passes.weights import MemoryStore

Check = Callable[[Path], nn.ModelOp]
CheckLowered = Callable[[Path], Layers]
MakeOnnx = Callable[..., Path]
Array = npt.NDArray[Any]


def noise(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


SHAPES = [
    ((4, 5, 6), (4, 1, 1)),
    ((4, 5, 6), (1, 5, 6)),
    ((4, 5, 6), (1, 1, 1)),
    ((4, 5, 1), (4, 1, 6)),
    ((4, 6), (4, 1)),
    ((4, 6), (1, 6)),
    ((5,), (1,)),
]


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
@pytest.mark.parametrize("operator", ["Mul", "Sub", "Max"])
def test_two_tensors(
    shapes: tuple[tuple[int, ...], tuple[int, ...]],
    operator: str,
    make_onnx: MakeOnnx,
    check_lowered: CheckLowered,
) -> None:
    left, right = shapes
    nodes = [helper.make_node(operator, ["z", "x"], ["a"]), helper.make_node("Tanh", ["a"], ["y"])]
    check_lowered(make_onnx(nodes, {"x": [1, *left], "z": [1, *right]}, ["y"]))


def test_squeeze_and_excite(make_onnx: MakeOnnx, check_lowered: CheckLowered) -> None:
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], pads=[1, 1, 1, 1]),
        helper.make_node("GlobalAveragePool", ["a"], ["b"]),
        helper.make_node("Conv", ["b", "s"], ["c"]),
        helper.make_node("Sigmoid", ["c"], ["d"]),
        helper.make_node("Mul", ["a", "d"], ["y"]),
    ]
    weights = {"w": noise(4, 2, 3, 3), "s": noise(4, 4, 1, 1)}
    layers = check_lowered(make_onnx(nodes, {"x": ["N", 2, 6, 6]}, ["y"], weights))
    assert "Resize" in {layer["class_name"] for layer in layers.layers}


@pytest.mark.parametrize("shape", [(3, 4, 5), (1, 4, 5), (3, 1, 1)], ids=str)
def test_a_constant_larger_than_the_data(
    shape: tuple[int, ...], make_onnx: MakeOnnx, check_lowered: CheckLowered
) -> None:
    nodes = [helper.make_node("Add", ["x", "c"], ["a"]), helper.make_node("Relu", ["a"], ["y"])]
    data = [1 if size > 1 else 2 for size in shape]
    check_lowered(make_onnx(nodes, {"x": [1, *data]}, ["y"], {"c": noise(*shape)}))


REPEATED = {
    "channels": ((1, 4, 5), (3, 4, 5)),
    "space": ((3, 1, 1), (3, 4, 5)),
    "everything": ((1, 1, 1), (3, 4, 5)),
    "rows": ((3, 1, 5), (3, 4, 5)),
    "sequence": ((3, 1), (3, 5)),
    "vector": ((1,), (4,)),
    "nothing": ((3, 4), (3, 4)),
}


@pytest.mark.parametrize("case", REPEATED)
@pytest.mark.parametrize("operator", ["Expand", "Tile"])
def test_repeated(
    case: str, operator: str, make_onnx: MakeOnnx, check: Check, check_lowered: CheckLowered
) -> None:
    before, after = REPEATED[case]
    counts = [1, *after] if operator == "Expand" else [1, *np.array(after) // before]
    nodes = [helper.make_node(operator, ["x", "s"], ["a"]), helper.make_node("Relu", ["a"], ["y"])]
    path = make_onnx(nodes, {"x": [1, *before]}, ["y"], {"s": np.array(counts)})
    check(path)
    check_lowered(path)


def test_tiles_of_several_elements(make_onnx: MakeOnnx, check: Check, check_lowered: CheckLowered) -> None:
    nodes = [helper.make_node("Tile", ["x", "s"], ["a"]), helper.make_node("Relu", ["a"], ["y"])]
    path = make_onnx(nodes, {"x": [1, 2, 3]}, ["y"], {"s": np.array([1, 2, 3])})
    check(path)
    check_lowered(path)


def test_refused(make_onnx: MakeOnnx) -> None:
    node = helper.make_node("Tile", ["x", "s"], ["y"], name="copies")
    with pytest.raises(Split4mlError, match=r"'copies' \(Tile\): it mixes frames"):
        import_onnx(make_onnx([node], {"x": [1, 3]}, ["y"], {"s": np.array([2, 1])}), MemoryStore())
    node = helper.make_node("Expand", ["x", "s"], ["y"], name="wide")
    with pytest.raises(Split4mlError, match=r"'wide' \(Expand\): its result has more axes"):
        import_onnx(make_onnx([node], {"x": [1, 3]}, ["y"], {"s": np.array([1, 4, 3])}), MemoryStore())
