"""Writes a small io_stream project with whichever hls4ml is on the path: a program of its own, run by test_hls4ml_versions.py.

    python old_hls4ml.py DIR BACKEND STRATEGY REUSE_FACTOR

Frameworks that hls4ml imports and this does not need are stood in for.
"""

from __future__ import annotations

import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from itertools import pairwise
from types import ModuleType
from typing import Any, ClassVar
from unittest.mock import MagicMock

import numpy as np

UNNEEDED = (
    "tensorflow",
    "tensorflow_model_optimization",
    "keras",
    "qkeras",
    "torch",
    "calmjs",
    "tabulate",
    "onnx",
)
PART = "xcku115-flvb2104-2-i"
VALID = {"data_format": "channels_last", "padding": "valid", "stride_height": 1, "stride_width": 1}
NO_PADS = {f"pad_{side}": 0 for side in ("top", "bottom", "left", "right")}


class _Stand(ModuleType):
    __path__: ClassVar[list[str]] = []  # type: ignore[misc]

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return MagicMock()


class _Stands(MetaPathFinder, Loader):
    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        return ModuleSpec(name, self, is_package=True) if name.partition(".")[0] in UNNEEDED else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Stand(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


def _weights(*shape: int) -> dict[str, Any]:
    random = np.random.default_rng(sum(shape))
    return {"weight_data": random.normal(0, 0.3, shape), "bias_data": random.normal(0, 0.3, shape[-1])}


def _window(size: int, window: int, stride: int, what: str) -> dict[str, Any]:
    out = (size - window) // stride + 1
    found: dict[str, Any] = {**VALID, **NO_PADS}
    for axis in ("height", "width"):
        found |= {f"in_{axis}": size, f"{what}_{axis}": window, f"stride_{axis}": stride, f"out_{axis}": out}
    return found


def layers() -> list[dict[str, Any]]:
    """8x8x2: convolution, relu, pooling, dense, relu. Attributes of all versions' converters together."""
    found: list[dict[str, Any]] = [
        {"name": "x", "class_name": "InputLayer", "input_shape": [8, 8, 2]},
        {
            **_window(8, 3, 1, "filt"),
            **_weights(3, 3, 2, 4),
            "name": "conv",
            "class_name": "Conv2D",
            "n_chan": 2,
            "n_filt": 4,
            "dilation_height": 1,
            "dilation_width": 1,
        },
        {"name": "act", "class_name": "Activation", "activation": "relu", "n_in": 144},
        {
            **_window(6, 2, 2, "pool"),
            "name": "pool",
            "class_name": "MaxPooling2D",
            "n_filt": 4,
            "count_pad": False,
        },
        {"name": "flat", "class_name": "Reshape", "target_shape": [36]},
        {"name": "fc", "class_name": "Dense", "n_in": 36, "n_out": 5, **_weights(36, 5)},
        {"name": "last", "class_name": "Activation", "activation": "relu", "n_in": 5},
    ]
    for before, layer in pairwise(found):
        layer["inputs"], layer["outputs"] = [before["name"]], [layer["name"]]
    return found


class _Reader:
    """How hls4ml took weights before 0.8."""

    def __init__(self, network: list[dict[str, Any]]) -> None:
        self.layers = {layer["name"]: layer for layer in network}

    def get_weights_data(self, layer: str, variable: str) -> object:
        return self.layers[layer].get({"kernel": "weight_data", "bias": "bias_data"}[variable])


def graph_of(network: list[dict[str, Any]], config: dict[str, Any]) -> Any:
    """In whatever way this version makes one."""
    ends = ["x"], ["last"]
    try:
        from hls4ml.model.hls_model import HLSModel
    except ImportError:
        from hls4ml.model.graph import ModelGraph

        make = getattr(ModelGraph, "from_layer_list", ModelGraph)
        return make(config, network, *ends)
    return HLSModel(config, _Reader(network), network, *ends)


def main(directory: str, backend: str, strategy: str, reuse: str) -> None:
    sys.meta_path.insert(0, _Stands())
    model = {"Precision": "ap_fixed<16,6>", "ReuseFactor": int(reuse), "Strategy": strategy}
    config = {
        "OutputDir": directory,
        "ProjectName": "net",
        "Backend": backend,
        "IOType": "io_stream",
        "ClockPeriod": 5,
        "XilinxPart": PART,
        "Part": PART,
        "HLSConfig": {"Model": model},
        "KerasModel": None,
        "InputData": None,
        "OutputPredictions": None,
    }
    graph_of(layers(), config).write()


if __name__ == "__main__":
    main(*sys.argv[1:])
