"""Networks of a few layers for every way in which operators become hls4ml's: the compile command, C simulation and all.

About 20 s each.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from bad_input import network, noise
from e2e_cli import run_cli
from onnx import helper

Array = npt.NDArray[Any]
Network = tuple[
    Sequence[onnx.NodeProto], Mapping[str, Sequence[int | str]], Sequence[str], Mapping[str, Array]
]
node = helper.make_node


def numbers(*values: int) -> Array:
    return np.array(values, np.int64)


def parts() -> Network:
    """Slices of space and channels, in steps; Split and Gather."""
    nodes = [
        node("Split", ["x"], ["a", "b"], axis=1),
        node("Slice", ["a", "s", "e", "axes", "steps"], ["c"]),
        node("Slice", ["b", "s", "e", "axes"], ["d"]),
        node("Gather", ["x", "picks"], ["f"], axis=2),
        node("Relu", ["c"], ["steps of two"]),
        node("Relu", ["d"], ["part"]),
        node("Relu", ["f"], ["rows"]),
    ]
    weights = {"s": numbers(1, 2), "e": numbers(8, 7), "axes": numbers(2, 3), "steps": numbers(2, 3)}
    outputs = ["steps of two", "part", "rows"]
    return nodes, {"x": ["N", 4, 8, 8]}, outputs, weights | {"picks": numbers(5, 3, 0)}


def maxima() -> Network:
    """Windows that overlap, with pads of what is positive and of what is not, and gaps."""
    nodes = [
        node("Relu", ["x"], ["r"]),
        node("MaxPool", ["r"], ["positive"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
        node("Conv", ["x", "w"], ["c"]),
        node("MaxPool", ["c"], ["signed"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        node("MaxPool", ["x"], ["gaps"], kernel_shape=[1, 2], strides=[2, 3]),
    ]
    weights = {"w": noise(2, 2, 1, 1)}
    return nodes, {"x": ["N", 2, 8, 7]}, ["positive", "signed", "gaps"], weights


def means() -> Network:
    """Windows that overlap, with pads that count and that do not; one constant per element."""
    window: dict[str, Any] = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
    nodes = [
        node("AveragePool", ["x"], ["counted"], count_include_pad=1, **window),
        node("AveragePool", ["x"], ["uncounted"], strides=[2, 2], **window),
        node("Mul", ["x", "place"], ["scaled"]),
        node("MaxPool", ["z"], ["largest"], kernel_shape=[3], strides=[2]),
        node("AveragePool", ["z"], ["mean"], kernel_shape=[3], strides=[2], pads=[1, 1]),
    ]
    outputs = ["counted", "uncounted", "scaled", "largest", "mean"]
    return nodes, {"x": ["N", 2, 8, 7], "z": ["N", 3, 9]}, outputs, {"place": noise(8, 7)}


def broadcasts() -> Network:
    """A gate per channel, as of squeeze-and-excitation, and one per place; vectors; Expand."""
    nodes = [
        node("Conv", ["x", "w"], ["a"], pads=[1, 1, 1, 1]),
        node("GlobalMaxPool", ["a"], ["p"]),
        node("Conv", ["p", "s"], ["q"]),
        node("Sigmoid", ["q"], ["gate"]),
        node("Mul", ["a", "gate"], ["channels"]),
        node("Conv", ["a", "m"], ["mask"]),
        node("Mul", ["mask", "a"], ["places"]),
        node("Add", ["v", "r"], ["vector"]),
        node("Expand", ["mask", "shape"], ["e"]),
        node("Relu", ["e"], ["expanded"]),
    ]
    weights = {"w": noise(4, 2, 3, 3), "s": noise(4, 4, 1, 1), "m": noise(1, 4, 1, 1)}
    outputs = ["channels", "places", "vector", "expanded"]
    inputs: dict[str, list[int | str]] = {"x": ["N", 2, 6, 6], "v": ["N", 5], "r": ["N", 1]}
    return nodes, inputs, outputs, weights | {"shape": numbers(1, 3, 6, 6)}


def transposed() -> Network:
    """Transposed convolutions as U-Nets and generators have them, and of a sequence."""
    nodes = [
        node("ConvTranspose", ["x", "w"], ["a"], strides=[2, 2]),
        node("Relu", ["a"], ["twice"]),
        node("ConvTranspose", ["x", "g", "b"], ["c"], strides=[2, 2], pads=[1, 1, 1, 1]),
        node("Relu", ["c"], ["smooth"]),
        node("ConvTranspose", ["z", "l"], ["line"], strides=[2], pads=[1, 1]),
    ]
    weights = {"w": noise(3, 2, 2, 2), "g": noise(3, 2, 4, 4), "b": noise(2), "l": noise(3, 2, 4)}
    return nodes, {"x": ["N", 3, 4, 5], "z": ["N", 3, 6]}, ["twice", "smooth", "line"], weights


def reductions() -> Network:
    """Means, maxima and sums along rows, columns and channels."""
    nodes = [
        node("Conv", ["x", "w"], ["a"]),
        node("ReduceMean", ["a"], ["mean of channels"], axes=[1]),
        node("ReduceMax", ["a"], ["largest channel"], axes=[1]),
        node("ReduceMax", ["a"], ["largest row"], axes=[2]),
        node("ReduceMean", ["a"], ["mean of columns"], axes=[3]),
        node("ReduceSum", ["v", "one"], ["sum"], keepdims=1),
        node("ReduceMin", ["v"], ["least"], axes=[1]),
    ]
    outputs = ["mean of channels", "largest channel", "largest row", "mean of columns", "sum", "least"]
    weights = {"w": noise(3, 2, 1, 1), "one": numbers(1)}
    return nodes, {"x": ["N", 2, 5, 6], "v": ["N", 7]}, outputs, weights


def orders() -> Network:
    """Transposes that nothing cancels, and channels that change places."""
    nodes = [
        node("Conv", ["x", "w"], ["a"]),
        node("MatMul", ["a", "v"], ["of columns"]),
        node("Reshape", ["a", "groups"], ["b"]),
        node("Transpose", ["b"], ["c"], perm=[0, 2, 1, 3, 4]),
        node("Reshape", ["c", "whole"], ["d"]),
        node("Conv", ["d", "depthwise"], ["e"], group=4, pads=[1, 1, 1, 1]),
        node("Relu", ["e"], ["shuffled"]),
        node("Transpose", ["z"], ["f"], perm=[0, 2, 1]),
        node("Add", ["z", "f"], ["symmetric"]),
    ]
    weights = {"w": noise(4, 2, 1, 1), "v": noise(6, 3), "depthwise": noise(4, 1, 3, 3)}
    weights |= {"groups": numbers(0, 2, 2, 5, 6), "whole": numbers(0, 4, 5, 6)}
    inputs: dict[str, list[int | str]] = {"x": ["N", 2, 5, 6], "z": ["N", 4, 4]}
    return nodes, inputs, ["of columns", "shuffled", "symmetric"], weights


def pads() -> Network:
    """Pads of the data itself, of a constant, and of channels; channels to space and back."""
    nodes = [
        node("Conv", ["x", "w"], ["a"]),
        node("Pad", ["a", "around"], ["reflected"], mode="reflect"),
        node("Pad", ["a", "around", "value"], ["valued"]),
        node("Pad", ["a", "channels"], ["b"]),
        node("Relu", ["b"], ["more channels"]),
        node("DepthToSpace", ["a"], ["c"], blocksize=2, mode="CRD"),
        node("Relu", ["c"], ["space"]),
        node("SpaceToDepth", ["space"], ["d"], blocksize=2),
        node("Tanh", ["d"], ["depth"]),
    ]
    weights = {"w": noise(4, 2, 1, 1), "value": np.array(0.75, np.float32)}
    weights |= {"around": numbers(0, 0, 1, 2, 0, 0, 1, 0), "channels": numbers(0, 1, 0, 0, 0, 1, 0, 0)}
    return nodes, {"x": ["N", 2, 4, 5]}, ["reflected", "valued", "more channels", "space", "depth"], weights


NETWORKS = {
    function.__name__: function
    for function in (parts, maxima, means, broadcasts, transposed, reductions, orders, pads)
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_operators(name: str, tmp_path: Path) -> None:
    nodes, inputs, outputs, weights = NETWORKS[name]()
    path = network(tmp_path / f"{name}.onnx", nodes, inputs, outputs, weights)
    build = tmp_path / "build"
    done = run_cli("compile", path, *("--subgraphs", 2, "--verify", "csim", "-o", build, "--quiet"))
    assert done.returncode == 0, done.stderr
    assert ("the transpose before it" in done.stderr) is (name == "orders")
    checks = json.loads((build / "report.json").read_text())["checks"]
    assert checks["csim"]["bit_exact"] is True
    assert checks["arithmetic"]["unchecked"] == []
    assert set(checks["onnx"]) == set(outputs)
    assert all(error["max_abs_error"] < 0.05 for error in checks["onnx"].values()), checks["onnx"]
