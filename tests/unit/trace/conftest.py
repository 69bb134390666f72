"""Small hls4ml projects to trace: a residual network, and one with all other kinds of layers."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from split4ml.backends.trace import ProjectTrace, trace_project

sys.path.insert(0, str(Path(__file__).parent))  # helpers beside the tests

Layer = dict[str, Any]
FRAMES = 2


def _same(size: int, kernel: int, stride: int) -> tuple[int, int, int]:
    """Output size and the padding before and after, as TensorFlow's "same"."""
    out = -(-size // stride)
    pad = max((out - 1) * stride + kernel - size, 0)
    return out, pad // 2, pad - pad // 2


def _random(*shape: int) -> npt.NDArray[np.float64]:
    return np.random.default_rng(sum(shape)).normal(0, 0.3, shape)


def conv2d(
    name: str, source: str, size: int, channels: int, filters: int, kernel: int = 3, stride: int = 1
) -> Layer:
    out, before, after = _same(size, kernel, stride)
    sides = {"height": ("top", "bottom"), "width": ("left", "right")}
    layer: Layer = {"name": name, "class_name": "Conv2D", "inputs": [source], "outputs": [name]}
    for axis, (first, last) in sides.items():
        layer |= {f"in_{axis}": size, f"out_{axis}": out, f"filt_{axis}": kernel, f"stride_{axis}": stride}
        layer |= {f"pad_{first}": before, f"pad_{last}": after, f"dilation_{axis}": 1}
    return layer | {
        "data_format": "channels_last",
        "padding": "same",
        "n_chan": channels,
        "n_filt": filters,
        "weight_data": _random(kernel, kernel, channels, filters),
        "bias_data": _random(filters),
    }


def depthwise2d(name: str, source: str, size: int, channels: int) -> Layer:
    layer = conv2d(name, source, size, channels, channels)
    layer |= {
        "class_name": "DepthwiseConv2D",
        "depth_multiplier": 1,
        "depthwise_data": _random(3, 3, channels, 1),
    }
    del layer["weight_data"]
    return layer


def conv1d(name: str, source: str, size: int, channels: int, filters: int) -> Layer:
    out, before, after = _same(size, 3, 1)
    return {
        "name": name,
        "class_name": "Conv1D",
        "inputs": [source],
        "outputs": [name],
        "data_format": "channels_last",
        "padding": "same",
        "in_width": size,
        "out_width": out,
        "n_chan": channels,
        "n_filt": filters,
        "filt_width": 3,
        "stride_width": 1,
        "pad_left": before,
        "pad_right": after,
        "dilation_width": 1,
        "weight_data": _random(3, channels, filters),
        "bias_data": _random(filters),
    }


def activation(name: str, source: str, elements: int, kind: str = "relu") -> Layer:
    return {
        "name": name,
        "class_name": "Activation",
        "activation": kind,
        "inputs": [source],
        "outputs": [name],
        "n_in": elements,
    }


def pooling2d(name: str, source: str, size: int, channels: int, op: str = "Max") -> Layer:
    return {
        "name": name,
        "class_name": f"{op}Pooling2D",
        "inputs": [source],
        "outputs": [name],
        "data_format": "channels_last",
        "padding": "valid",
        "in_height": size,
        "in_width": size,
        "out_height": size // 2,
        "out_width": size // 2,
        "n_filt": channels,
        **{f"{what}_{axis}": 2 for what in ("pool", "stride") for axis in ("height", "width")},
        **{f"pad_{side}": 0 for side in ("top", "bottom", "left", "right")},
    }


def dense(name: str, source: str, n_in: int, n_out: int) -> Layer:
    return {
        "name": name,
        "class_name": "Dense",
        "inputs": [source],
        "outputs": [name],
        "n_in": n_in,
        "n_out": n_out,
        "weight_data": _random(n_in, n_out),
        "bias_data": _random(n_out),
    }


def other(name: str, kind: str, sources: list[str], **attributes: object) -> Layer:
    return {"name": name, "class_name": kind, "inputs": sources, "outputs": [name], **attributes}


def residual_layers() -> list[Layer]:
    """8x8x2: a skip connection, pooling, concatenation, dense over several tokens, softmax."""
    return [
        other("x", "InputLayer", [], input_shape=[8, 8, 2]),
        conv2d("c1", "x", 8, 2, 4),
        activation("r1", "c1", 256),
        conv2d("c2", "r1", 8, 4, 4),
        activation("r2", "c2", 256),
        conv2d("c3", "r1", 8, 4, 4, kernel=1),
        other("a1", "Merge", ["r2", "c3"], op="add"),
        pooling2d("p1", "a1", 8, 4),
        conv2d("c4", "p1", 4, 4, 4),
        other("cat", "Concatenate", ["c4", "p1"], op="concatenate3d", axis=3),
        other("flat", "Reshape", ["cat"], target_shape=[128]),
        dense("d1", "flat", 128, 5),
        other("sm", "Softmax", ["d1"], activation="softmax", axis=-1, n_in=5),
    ]


def assorted_layers() -> list[Layer]:
    """What the residual network lacks, on a 4x4x2 image and a sequence of 6x2; two inputs, two outputs."""
    ones, zeros = np.ones(2), np.zeros(2)
    statistics = {"gamma_data": ones, "beta_data": zeros, "mean_data": zeros, "variance_data": ones}
    norm = other("bn", "BatchNormalization", ["dw"], n_in=32, n_filt=2, epsilon=0.001, **statistics)
    return [
        other("x", "InputLayer", [], input_shape=[4, 4, 2]),
        other("s", "InputLayer", [], input_shape=[6, 2]),
        depthwise2d("dw", "x", 4, 2),
        norm,
        activation("th", "bn", 32, "tanh"),
        pooling2d("av", "th", 4, 2, "Average"),
        other(
            "up",
            "Resize",
            ["av"],
            algorithm="nearest",
            data_format="channels_last",
            in_height=2,
            in_width=2,
            n_chan=2,
            out_height=4,
            out_width=4,
        ),
        other("tr", "Transpose", ["up"], perm=[2, 0, 1]),
        conv1d("k1", "s", 6, 2, 3),
        activation("rk", "k1", 18),
        other(
            "gp",
            "GlobalAveragePooling1D",
            ["rk"],
            data_format="channels_last",
            n_in=6,
            n_filt=3,
            n_chan=3,
            pool_width=6,
            stride_width=6,
            pad_left=0,
            pad_right=0,
        ),
        other(
            "gq",
            "GlobalAveragePooling2D",
            ["up"],
            data_format="channels_last",
            in_height=4,
            in_width=4,
            n_filt=2,
            n_chan=2,
        ),
        other("cc", "Concatenate", ["gp", "gq"], op="concatenate1d", axis=1),
        dense("de", "cc", 5, 4),
        activation("sg", "de", 4, "sigmoid"),
    ]


@dataclass(frozen=True)
class Project:
    """A project on disk, its hls4ml graph, the inputs given (raw bits) and the trace."""

    path: Path
    graph: Any
    inputs: dict[str, npt.NDArray[np.uint64]]
    trace: ProjectTrace


def write_project(
    path: Path, layers: list[Layer], outputs: list[str], backend: str, strategy: str, reuse: int
) -> Any:
    """Writes an hls4ml project with its weights in headers; returns hls4ml's graph."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        from hls4ml.model.graph import ModelGraph
        from hls4ml.utils.config import create_config

        config = create_config(
            output_dir=str(path), project_name="net", backend=backend, io_type="io_stream", clock_period=5
        )
        model = {"Precision": {"default": "fixed<16,6>"}, "ReuseFactor": reuse, "Strategy": strategy}
        config["HLSConfig"] = {"Model": model | {"BramFactor": 10**9, "TraceOutput": False}}
        config["WriterConfig"] = {**config["WriterConfig"], "WriteWeightsTxt": False}
        inputs = [layer["name"] for layer in layers if layer["class_name"] == "InputLayer"]
        graph = ModelGraph.from_layer_list(config, layers, inputs=inputs, outputs=outputs)
        graph.write()
    return graph


def random_inputs(layers: list[Layer], frames: int) -> dict[str, npt.NDArray[np.uint64]]:
    """Raw bits of small positive and negative fixed<16,6> numbers."""
    random = np.random.default_rng(7)
    inputs = {}
    for layer in layers:
        if layer["class_name"] == "InputLayer":
            *pixels, channels = layer["input_shape"]
            values = random.integers(-1500, 1500, (frames * int(np.prod(pixels)), channels))
            inputs[layer["name"]] = values.astype(np.uint64) & np.uint64(0xFFFF)
    return inputs


def _traced(
    folder: Path, layers: list[Layer], outputs: list[str], backend: str, strategy: str, reuse: int
) -> Project:
    graph = write_project(folder / "project", layers, outputs, backend, strategy, reuse)
    inputs = random_inputs(layers, FRAMES)
    trace = trace_project(folder / "project", "net", inputs, folder / "work")
    return Project(folder / "project", graph, inputs, trace)


@pytest.fixture(scope="session")
def residual(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Vitis, Latency, reuse factor 1."""
    yield _traced(tmp_path_factory.mktemp("residual"), residual_layers(), ["sm"], "Vitis", "Latency", 1)


@pytest.fixture(scope="session")
def reused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Vivado, Resource, reuse factor 4 (3 in the first layer, as hls4ml clamps it)."""
    yield _traced(tmp_path_factory.mktemp("reused"), residual_layers(), ["sm"], "Vivado", "Resource", 4)


@pytest.fixture(scope="session")
def assorted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Vitis, Latency, two inputs and two outputs."""
    yield _traced(tmp_path_factory.mktemp("assorted"), assorted_layers(), ["sg", "tr"], "Vitis", "Latency", 1)
