"""Slice, Split and Gather in all their forms, against ONNX Runtime; and as hls4ml's layers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from onnx import helper

from split4ml.compiler.frontend.onnx_import import import_onnx
from split4ml.compiler.frontend.onnx_slicing import runs
from split4ml.dialects import nn
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.nn_layers import Layers
from split4ml.passes.weights import MemoryStore

Check = Callable[[Path], nn.ModelOp]
CheckLowered = Callable[[Path], Layers]
MakeOnnx = Callable[..., Path]
Array = npt.NDArray[Any]
IMAGE = {"x": ["N", 4, 6, 7]}


def numbers(*values: int) -> Array:
    return np.array(values, np.int64)


SLICES: dict[str, dict[str, Array]] = {
    "all axes": {"s": numbers(0, 1, 0, 2), "e": numbers(9, 3, 5, 7)},
    "some axes": {"s": numbers(1, 2), "e": numbers(4, 6), "a": numbers(3, 2)},
    "negative": {"s": numbers(-3), "e": numbers(-1), "a": numbers(-1)},
    "beyond the end": {"s": numbers(2), "e": numbers(2**62), "a": numbers(2)},
    "steps": {"s": numbers(1, 0), "e": numbers(7, 6), "a": numbers(3, 2), "t": numbers(3, 2)},
    "channels by two": {"s": numbers(0), "e": numbers(4), "a": numbers(1), "t": numbers(2)},
}


@pytest.mark.parametrize("case", SLICES)
def test_slice(case: str, make_onnx: MakeOnnx, check: Check, check_lowered: CheckLowered) -> None:
    weights = SLICES[case]
    operands = ["x", "s", "e", "a" if "a" in weights else "", "t" if "t" in weights else ""]
    nodes = [helper.make_node("Slice", operands, ["p"]), helper.make_node("Relu", ["p"], ["y"])]
    path = make_onnx(nodes, IMAGE, ["y"], weights)
    check(path)
    check_lowered(path)


def test_slice_by_attributes(make_onnx: MakeOnnx, check: Check) -> None:
    node = helper.make_node("Slice", ["x"], ["y"], starts=[1, 0], ends=[-1, 3], axes=[2, 3])
    check(make_onnx([node], IMAGE, ["y"], opset=9))


@pytest.mark.parametrize(
    ("opset", "attributes", "weights"),
    [
        (11, {"axis": 1}, {}),
        (11, {"axis": 3, "split": [2, 5]}, {}),
        (13, {"axis": -2}, {"n": numbers(1, 5)}),
        (18, {"axis": 3, "num_outputs": 2}, {}),
    ],
)
def test_split(
    opset: int,
    attributes: dict[str, Any],
    weights: dict[str, Array],
    make_onnx: MakeOnnx,
    check: Check,
    check_lowered: CheckLowered,
) -> None:
    nodes = [
        helper.make_node("Split", ["x", *weights], ["a", "b"], **attributes),
        helper.make_node("Relu", ["a"], ["y"]),
        helper.make_node("Tanh", ["b"], ["z"]),
    ]
    path = make_onnx(nodes, IMAGE, ["y", "z"], weights, opset=opset)
    check(path)
    check_lowered(path)


@pytest.mark.parametrize("indices", [[1], [0, 2], [3, 1, 0], [1, 2, 0, 3], [-1, 0], 2])
@pytest.mark.parametrize("axis", [1, -1])
def test_gather(
    indices: list[int] | int, axis: int, make_onnx: MakeOnnx, check: Check, check_lowered: CheckLowered
) -> None:
    nodes = [helper.make_node("Gather", ["x", "i"], ["g"], axis=axis), helper.make_node("Relu", ["g"], ["y"])]
    path = make_onnx(nodes, IMAGE, ["y"], {"i": np.array(indices)})
    check(path)
    check_lowered(path)


@pytest.mark.parametrize("axis", [1, 2])
def test_gather_by_a_table_of_indices(
    axis: int, make_onnx: MakeOnnx, check: Check, check_lowered: CheckLowered
) -> None:
    """The axes of the indices take the place of the axis."""
    node = helper.make_node("Gather", ["x", "i"], ["g"], axis=axis)
    weights = {"i": np.array([[0, 1, 3], [2, 3, 0]])}
    path = make_onnx([node, helper.make_node("Relu", ["g"], ["y"])], {"x": [1, 4, 6]}, ["y"], weights)
    check(path)
    check_lowered(path)


def test_parts_of_vectors_and_sequences(make_onnx: MakeOnnx, check_lowered: CheckLowered) -> None:
    """The layers that hls4ml gets: crops of the first axis, convolutions along the last, dense layers for vectors."""
    nodes = [
        helper.make_node("Slice", ["x", "s", "e", "one"], ["a"]),
        helper.make_node("Slice", ["x", "s", "e", "two"], ["b"]),
        helper.make_node("Slice", ["v", "s", "e", "one"], ["c"]),
    ]
    weights = {"s": numbers(1), "e": numbers(3), "one": numbers(1), "two": numbers(2)}
    layers = check_lowered(make_onnx(nodes, {"x": [1, 4, 6], "v": [1, 5]}, ["a", "b", "c"], weights))
    assert [layer["class_name"] for layer in layers.layers] == [
        *("Input", "Input", "Cropping1D", "Conv1D", "Dense")
    ]


def refused(path: Path) -> str:
    with pytest.raises(Split4mlError) as caught:
        import_onnx(path, MemoryStore())
    return str(caught.value)


def test_refused(make_onnx: MakeOnnx) -> None:
    def slices(**weights: Array) -> Path:
        node = helper.make_node("Slice", ["x", *weights], ["y"], name="part")
        return make_onnx([node], {"x": [2, 4, 6]}, ["y"], weights)

    text = refused(slices(s=numbers(5), e=numbers(0), a=numbers(2), t=numbers(-1)))
    assert "'part' (Slice): step -1 reverses the data" in text
    assert "takes part of the batch" in refused(slices(s=numbers(1), e=numbers(2), a=numbers(0)))
    assert "leaves no element" in refused(slices(s=numbers(3), e=numbers(3), a=numbers(1)))


def test_runs() -> None:
    assert runs([4, 5, 6, 0]) == [(4, 7), (0, 1)]
