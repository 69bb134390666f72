"""hls4ml's layer dictionaries: what is refused, and that hls4ml's firmware computes what ONNX Runtime computes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import numpy.typing as npt
import pytest
from onnx import helper
from xdsl.context import Context

from split4ml.compiler.frontend.onnx_import import import_onnx
from split4ml.compiler.frontend.reference import Reference, sample_inputs
from split4ml.dialects import nn
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.channels_last import ChannelsLast
from split4ml.passes.eliminate_dead_code import EliminateDeadCode
from split4ml.passes.fold_batch_norm import FoldBatchNorm
from split4ml.passes.fuse_bias import FuseBias
from split4ml.passes.fuse_pads import FusePads
from split4ml.passes.global_pool_from_reduce import GlobalPoolFromReduce
from split4ml.passes.nn_layer_weights import block_diagonal, convolution_weights, spread
from split4ml.passes.nn_layers import Layers, layers_of
from split4ml.passes.relu_from_bounds import ReluFromBounds
from split4ml.passes.simplify_reshapes import SimplifyReshapes
from split4ml.passes.weights import MemoryStore

MakeOnnx = Callable[..., Path]
Array = npt.NDArray[Any]


def noise(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, shape).astype(np.float32)


def lowered(path: Path) -> tuple[nn.ModelOp, Layers]:
    store = MemoryStore()
    module = import_onnx(path, store)
    for step in (
        ReluFromBounds(weights=store),
        FusePads(),
        FuseBias(weights=store),
        FoldBatchNorm(weights=store),
        GlobalPoolFromReduce(),
        SimplifyReshapes(),
        ChannelsLast(weights=store, notes=Mock()),
        SimplifyReshapes(),
        EliminateDeadCode(),
    ):
        step.apply(Context(), module)
    module.verify()
    model = module.body.block.first_op
    assert isinstance(model, nn.ModelOp)
    return model, layers_of(model, store)


def test_networks(network: Path) -> None:
    model, layers = lowered(network)
    assert layers.inputs == [op.symbol for op in model.inputs]
    assert len(layers.outputs) == len(model.outputs)
    by_name = {layer["name"]: layer for layer in layers.layers}
    assert len(by_name) == len(layers.layers)
    assert set(layers.onnx_names) == set(by_name)
    for layer in layers.layers:
        for source in layer.get("inputs", []):  # type: ignore[attr-defined]
            assert source in by_name


def test_two_ports_keep_their_order() -> None:
    _, layers = lowered(Path(__file__).parents[2] / "networks/two_ports.onnx")
    assert layers.inputs == ["pixels", "features"]
    assert layers.outputs == ["softmax", "add"]


def refused(path: Path) -> str:
    with pytest.raises(Split4mlError) as caught:
        lowered(path)
    return str(caught.value)


def test_refused(make_onnx: MakeOnnx) -> None:
    """Every refusal names the user's node."""
    pool = helper.make_node("MaxPool", ["x"], ["y"], name="p1", kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    assert "(node 'p1'): padded max pooling" in refused(make_onnx([pool], {"x": [1, 2, 6, 6]}, ["y"]))
    steps = helper.make_node("MaxPool", ["x"], ["y"], name="p3", kernel_shape=[3, 3], strides=[2, 2])
    text = refused(make_onnx([steps], {"x": [1, 2, 7, 7]}, ["y"]))
    assert "(node 'p3'): pooling windows of [3, 3] cannot have strides [2, 2]" in text
    mean = helper.make_node("AveragePool", ["x"], ["y"], name="p2", kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    assert "(node 'p2'): padded average pooling" in refused(make_onnx([mean], {"x": [1, 2, 6, 6]}, ["y"]))
    wide = helper.make_node("Add", ["x", "z"], ["y"], name="wide")
    text = refused(make_onnx([wide], {"x": [1, 4, 6], "z": [1, 4, 1]}, ["y"]))
    assert "(node 'wide'): hls4ml's streams do not broadcast" in text
    part = helper.make_node("ReduceMean", ["x"], ["y"], name="rows", axes=[2])
    text = refused(make_onnx([part], {"x": [1, 4, 6, 5]}, ["y"]))
    assert "(node 'rows'): hls4ml has no layer for nn.reduce_mean" in text
    full = helper.make_node("Add", ["x", "c"], ["y"], name="full")
    text = refused(make_onnx([full], {"x": [1, 4, 6, 5]}, ["y"], {"c": noise(4, 6, 5)}))
    assert "(node 'full'): its constant of shape [4, 6, 5] is not one value per channel" in text
    same = helper.make_node("Identity", ["x"], ["y"])
    assert "hls4ml has no layer for nn.identity" in refused(make_onnx([same], {"x": [1, 4]}, ["y"]))
    flat = helper.make_node("Reshape", ["x", "s"], ["y"])
    assert "needs no hardware" in refused(make_onnx([flat], {"x": [1, 4]}, ["y"], {"s": np.array([0, 4])}))
    unused = helper.make_node("Relu", ["x"], ["y"])
    assert "nothing uses this input" in refused(make_onnx([unused], {"x": [1, 4], "z": [1, 4]}, ["y"]))


def test_block_diagonal_and_spread_kernels() -> None:
    kernel = noise(4, 2, 3, 2).astype(np.float64)
    full = block_diagonal(kernel, 2)
    assert full.shape == (4, 4, 3, 2)
    assert np.array_equal(full[:2, :2], kernel[:2])
    assert np.array_equal(full[2:, 2:], kernel[2:])
    assert not full[:2, 2:].any()
    wide = spread(kernel, (2, 3))
    assert wide.shape == (4, 2, 5, 4)
    assert np.array_equal(wide[:, :, ::2, ::3], kernel)
    assert np.count_nonzero(wide) == np.count_nonzero(kernel)
    assert convolution_weights(noise(4, 1, 3, 3).astype(np.float64), 4, (1, 1))[0] == "DepthwiseConv"


def everything(make_onnx: MakeOnnx) -> Path:
    """One network with most of what can be lowered: every kind of layer costs compile time only once."""
    weights = {
        "w1": noise(4, 2, 3, 3),
        "b1": noise(4, seed=1),
        "w2": noise(4, 2, 3, 3, seed=2),
        "w3": noise(4, 1, 3, 3, seed=3),
        "scale": noise(4, 1, 1, seed=4),
        "s": noise(4, seed=5) + 1,
        "m": noise(4, seed=6),
        "w5": noise(3, 4, 3, seed=7),
        "fc": noise(18, 6, seed=8),
        "fb": noise(6, seed=9),
        "shape": np.array([0, 4, 16]),
        "half": np.array([0, 18]),
    }
    nodes = [
        helper.make_node("Conv", ["x", "w1", "b1"], ["a"], auto_pad="SAME_UPPER"),
        helper.make_node("BatchNormalization", ["a", "s", "m", "m", "s"], ["a1"]),
        helper.make_node("LeakyRelu", ["a1"], ["b"], alpha=0.25),
        helper.make_node("Conv", ["b", "w2"], ["c"], group=2, pads=[1, 1, 1, 1]),
        helper.make_node("Conv", ["b", "w3"], ["d"], group=4, dilations=[2, 2], pads=[2, 2, 2, 2]),
        helper.make_node("Relu", ["d"], ["d1"]),
        helper.make_node("MaxPool", ["d1"], ["d2"], kernel_shape=[2, 2], pads=[1, 1, 1, 1], strides=[2, 2]),
        helper.make_node("Sub", ["c", "b"], ["e"]),
        helper.make_node("Mul", ["e", "scale"], ["e1"]),
        helper.make_node(
            "AveragePool",
            ["e1"],
            ["e2"],
            kernel_shape=[2, 2],
            pads=[1, 1, 1, 1],
            strides=[2, 2],
            count_include_pad=1,
        ),
        helper.make_node("Concat", ["d2", "e2", "d2"], ["f"], axis=1),
        helper.make_node("GlobalAveragePool", ["f"], ["f1"]),
        helper.make_node("Flatten", ["f1"], ["heat"]),
        helper.make_node("Reshape", ["z", "shape"], ["g"]),
        helper.make_node("Conv", ["g", "w5"], ["h"], strides=[3], pads=[1, 1]),
        helper.make_node("Sigmoid", ["h"], ["h1"]),
        helper.make_node("Reshape", ["h1", "half"], ["i"]),
        helper.make_node("MatMul", ["i", "fc"], ["j"]),
        helper.make_node("Add", ["j", "fb"], ["k"]),
        helper.make_node("Elu", ["k"], ["classes"]),
    ]
    return make_onnx(nodes, {"x": ["N", 2, 6, 6], "z": ["N", 4, 16]}, ["heat", "classes"], weights)


def firmware(path: Path, frames: dict[str, Array], folder: Path) -> dict[str, Array]:
    """The C simulation by hls4ml's own means, in a child process."""
    np.savez(folder / "frames.npz", **frames)  # type: ignore[arg-type]
    subprocess.run([sys.executable, __file__, str(path), str(folder)], check=True, timeout=600)
    with np.load(folder / "found.npz") as archive:
        return dict(archive)


def test_firmware_computes_what_onnx_runtime_computes(make_onnx: MakeOnnx, tmp_path: Path) -> None:
    path = everything(make_onnx)
    frames = sample_inputs({"x": (2, 6, 6), "z": (4, 16)}, 5, low=-1)
    expected = Reference(path).run(frames)
    found = firmware(path, frames, tmp_path)
    np.testing.assert_allclose(found["heat"], expected["heat"], atol=1e-3)
    np.testing.assert_allclose(found["classes"], expected["classes"], atol=5e-3)  # sigmoid by table


def bounds_and_space(make_onnx: MakeOnnx) -> Path:
    """Bounds, slopes, scales, padding, resizing and the merges of two streams, in 2-D and 1-D."""
    scalars = {"zero": 0.0, "six": 0.6, "low": -0.25, "tenth": 0.4}
    weights = {
        **{key: np.array(value, np.float32) for key, value in scalars.items()},
        "w": noise(4, 2, 3, 3),
        "pads": np.array([0, 0, 1, 2, 0, 0, 1, 0]),
        "scales": np.array([1, 1, 2, 2], np.float32),
        "slope": noise(4, 1, 1, seed=1),
        "line": np.array([0, 0, 1, 0, 0, 1]),
        "double": np.array([1, 1, 2], np.float32),
        "divisor": np.abs(noise(3, 1, seed=2)) + 0.5,
    }
    node = helper.make_node
    nodes = [
        node("Pad", ["x", "pads"], ["p"]),
        node("Conv", ["p", "w"], ["a"]),
        node("PRelu", ["a", "slope"], ["b"]),
        node("Clip", ["b", "zero", "six"], ["c"]),
        node("Clip", ["b", "low", "tenth"], ["d"]),
        node("Max", ["c", "d"], ["e"]),
        node("Min", ["e", "b"], ["f"]),
        node("Mean", ["f", "c"], ["g"]),
        node("ThresholdedRelu", ["g"], ["h"], alpha=0.125),
        node("Resize", ["h", "", "scales"], ["i"], mode="nearest"),
        node("GlobalMaxPool", ["i"], ["largest"]),
        node("Flatten", ["largest"], ["peak"]),
        node("Pad", ["z", "line"], ["j"]),
        node("Resize", ["j", "", "double"], ["k"], mode="nearest"),
        node("Div", ["k", "divisor"], ["l"]),
        node("HardSwish", ["l"], ["m"]),
        node("Selu", ["m"], ["wave"]),
    ]
    return make_onnx(nodes, {"x": ["N", 2, 5, 5], "z": ["N", 3, 6]}, ["peak", "wave"], weights)


def test_firmware_of_bounds_and_space(make_onnx: MakeOnnx, tmp_path: Path) -> None:
    path = bounds_and_space(make_onnx)
    frames = sample_inputs({"x": (2, 5, 5), "z": (3, 6)}, 5, low=-1)
    expected = Reference(path).run(frames)
    found = firmware(path, frames, tmp_path)
    np.testing.assert_allclose(found["peak"], expected["peak"], atol=1e-4)
    table = (
        8 / 1024 * 1.0507 * 1.6733 + 2**-9
    )  # one step of hls4ml's table of selu at its steepest, and rounding
    np.testing.assert_allclose(found["wave"], expected["wave"], atol=table)


def main(path: Path, folder: Path) -> None:
    from hls4ml.model.graph import ModelGraph
    from hls4ml.utils.config import create_config

    model, layers = lowered(path)
    config = create_config(
        output_dir=str(folder / "project"), backend="Vitis", io_type="io_stream", part="xcvu13p-flga2577-2-e"
    )
    config["HLSConfig"] = {
        "Model": {
            "Precision": {"default": "fixed<40,16>"},
            "ReuseFactor": 1,
            "Strategy": "Latency",
            "BramFactor": 10**9,
            "TraceOutput": False,
        }
    }
    graph = ModelGraph.from_layer_list(config, layers.layers, inputs=layers.inputs, outputs=layers.outputs)
    graph.apply_flow("vitis:ip")
    graph.compile()
    with np.load(folder / "frames.npz") as archive:
        data = [
            np.ascontiguousarray(archive[op.source.data].transpose(0, *(axis + 1 for axis in op.axes)))
            for op in model.inputs
        ]
    # hls4ml takes and gives lists only where there are several
    results = graph.predict(data if len(data) > 1 else data[0])
    results = results if isinstance(results, list) else [results]
    found = {}
    for output, result in zip(model.outputs, results, strict=True):
        result = np.asarray(result).reshape(len(data[0]), *nn.shape_of(output.data))
        found[output.source.data] = result.transpose(0, *(np.argsort(output.axes) + 1))
    np.savez(folder / "found.npz", **found)  # type: ignore[arg-type]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
