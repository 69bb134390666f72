"""Writes a graph whose products are distributed arithmetic beside itself, as hls4ml saves it (`.fml`), with frames and what it should say.

    venv/bin/pip install 'split4ml[da]'
    venv/bin/python tests/networks/graphs/make_distributed.py

What hls4ml's front end for HGQ makes of a network with bits of its own for every value: a convolution, and a quantiser that hls4ml puts into
the adders of the dense layer behind it. Like these, hls4ml has deleted the weights of the dense layer; only its code is left.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from hls4ml.model.graph import ModelGraph
from hls4ml.utils.config import create_config
from hls4ml.utils.serialization import serialize_model

FOLDER = Path(__file__).parent
FRAMES = 8
SEED = 6
IMAGE, CHANNELS, FILTERS, KERNEL, CLASSES = 5, 2, 3, 3, 3
OUT = IMAGE - KERNEL + 1

Floats = npt.NDArray[np.float64]


def layers(rng: np.random.Generator) -> list[dict[str, Any]]:
    def weights(*shape: int) -> Floats:
        return np.round(rng.normal(0, 0.5, shape) * 8) / 8

    flat = OUT * OUT * FILTERS
    bits = rng.integers(2, 7, (1, flat))
    whole = np.full((1, IMAGE, IMAGE, CHANNELS), 8)
    masks = {  # which values have a sign, their bits, and those before the point
        "inputs": (np.ones_like(whole), whole, np.full_like(whole, 3)),
        "quantiser": (np.ones_like(bits), bits + 3, np.full_like(bits, 3)),
    }
    quantiser = {"class_name": "FixedPointQuantizer", "RND": "RND", "SAT": "WRAP", "overrides": {}}
    same = {"data_format": "channels_last"}
    sides = dict.fromkeys(("pad_top", "pad_bottom", "pad_left", "pad_right"), 0)
    return [
        {"class_name": "InputLayer", "name": "x", "input_shape": [IMAGE, IMAGE, CHANNELS], **same},
        {**quantiser, "name": "inputs", "inputs": ["x"], "mask_kbi": masks["inputs"], "fusible": True},
        {
            "class_name": "Conv2D", "name": "conv", "inputs": ["inputs"], **same, **sides, "padding": "valid", "use_bias": True,
            "in_height": IMAGE, "in_width": IMAGE, "n_chan": CHANNELS, "out_height": OUT, "out_width": OUT, "n_filt": FILTERS,
            "filt_height": KERNEL, "filt_width": KERNEL, "stride_height": 1, "stride_width": 1, "dilation_height": 1,
            "dilation_width": 1, "weight_data": weights(KERNEL, KERNEL, CHANNELS, FILTERS), "bias_data": weights(FILTERS),
        },
        {"class_name": "Activation", "name": "relu", "inputs": ["conv"], **same, "activation": "relu", "n_in": flat},
        {"class_name": "Reshape", "name": "flat", "inputs": ["relu"], **same, "target_shape": [flat]},
        {**quantiser, "name": "quantiser", "inputs": ["flat"], "mask_kbi": masks["quantiser"], "fusible": False},
        {
            "class_name": "Dense", "name": "fc", "inputs": ["quantiser"], **same, "n_in": flat, "n_out": CLASSES,
            "weight_data": weights(flat, CLASSES), "bias_data": weights(CLASSES),
        },
    ]  # fmt: skip


def quantised(values: Floats, quantiser: dict[str, Any]) -> Floats:
    """Rounded to the nearest, halves upwards, and wrapped; all have a sign."""
    _, bits, whole = quantiser["mask_kbi"]
    step, half = np.ldexp(1.0, whole - bits), np.ldexp(1.0, whole - 1)
    result: Floats = (np.floor(values / step + 0.5) * step + half) % (2 * half) - half
    return result


def expected(found: list[dict[str, Any]], frames: Floats) -> Floats:
    """Exact: no value but those at the quantisers is rounded."""
    layer = {one["name"]: one for one in found}
    inputs = quantised(frames, layer["inputs"])
    windows = np.lib.stride_tricks.sliding_window_view(inputs, (KERNEL, KERNEL), axis=(1, 2))
    conv = np.einsum("nyxcij,ijcf->nyxf", windows, layer["conv"]["weight_data"]) + layer["conv"]["bias_data"]
    hidden = quantised(np.maximum(conv, 0).reshape(len(frames), -1), layer["quantiser"])
    result: Floats = hidden @ layer["fc"]["weight_data"] + layer["fc"]["bias_data"]
    return result


def main() -> None:
    rng = np.random.default_rng(SEED)
    found = layers(rng)
    with tempfile.TemporaryDirectory() as folder:
        config = create_config(
            output_dir=folder,
            backend="Vitis",
            io_type="io_stream",
            part="xcvu13p-flga2577-2-e",
            clock_period=5,
        )
        model = {
            "Precision": {"default": "fixed<16,6>"},
            "ReuseFactor": 1,
            "Strategy": "distributed_arithmetic",
        }
        config["HLSConfig"] = {"Model": model}
        graph = ModelGraph.from_layer_list(config, found, inputs=["x"], outputs=["fc"])
        serialize_model(graph, str(FOLDER / "distributed.fml"))
    frames = np.random.default_rng(SEED).normal(0, 0.5, (FRAMES, IMAGE, IMAGE, CHANNELS))
    np.savez_compressed(
        FOLDER / "distributed.npz", x=frames.astype(np.float32), fc=expected(found, frames).astype(np.float32)
    )


if __name__ == "__main__":
    main()
