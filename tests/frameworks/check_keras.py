"""Live Keras 3 and HGQ2 models through hls4ml into split4ml: `make test-frameworks`.

Keras 2 and QKeras need an older numpy than split4ml: they enter as saved graphs (tests/networks/graphs).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import hls4ml
import keras
import numpy as np

import split4ml

FRAMES = 6


def graph_of(model: Any, folder: Path) -> Any:
    config = hls4ml.utils.config_from_keras_model(
        model,
        granularity="name",
        backend="Vitis",
        default_precision="fixed<24,10>",
        max_precision="fixed<48,20>",  # hls4ml infers types without limit, and elements of over 64 bits cannot be traced
    )
    return hls4ml.converters.convert_from_keras_model(
        model, hls_config=config, output_dir=str(folder), backend="Vitis", io_type="io_stream"
    )


def frames_of(model: Any) -> np.ndarray[Any, Any]:
    shape = (FRAMES, *model.inputs[0].shape[1:])
    return np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)


def test_a_residual_network(tmp_path: Path) -> None:
    keras.utils.set_random_seed(1)
    layers = keras.layers
    source = keras.Input((6, 6, 2), name="image")
    a = layers.ReLU(name="relu")(
        layers.BatchNormalization(name="norm")(layers.Conv2D(3, 3, padding="same", name="a")(source))
    )
    b = layers.Conv2D(3, 3, padding="same", name="b")(a)
    x = layers.Flatten(name="flat")(layers.MaxPooling2D(2, name="pool")(layers.Add(name="skip")([a, b])))
    model = keras.Model(source, layers.Dense(4, name="fc")(x))
    frames = frames_of(model)
    expected = model.predict(frames, verbose=0)
    graph = graph_of(model, tmp_path / "hls")
    np.savez(tmp_path / "x.npz", image=frames, fc=expected)
    design = split4ml.compile(graph, tmp_path / "build", subgraphs=2, input=tmp_path / "x.npz")
    assert design.report["checks"]["csim"]["bit_exact"] is True
    assert design.report["checks"]["onnx"]["fc"]["max_abs_error"] < 0.01
    found = design.predict({"image": frames})
    np.testing.assert_allclose(found["fc"], expected, atol=0.01)


def test_hgq2_is_exact(tmp_path: Path) -> None:
    from hgq.config import LayerConfigScope, QuantizerConfigScope
    from hgq.layers import QConv2D, QDense

    keras.utils.set_random_seed(1)
    with (
        QuantizerConfigScope(place="all", k0=1, b0=4, i0=2, default_q_type="kbi", overflow_mode="sat_sym"),
        QuantizerConfigScope(place="datalane", k0=1, f0=4, i0=3, default_q_type="kif", heterogeneous_axis=()),
        LayerConfigScope(enable_ebops=False),
    ):
        model = keras.Sequential(
            [
                keras.Input((5, 5, 2), name="image"),
                QConv2D(3, 3, activation="relu", name="conv"),
                keras.layers.Flatten(name="flat"),
                QDense(4, name="fc"),
            ]
        )
    frames = frames_of(model)
    expected = model.predict(frames, verbose=0)
    graph = graph_of(model, tmp_path / "hls")
    design = split4ml.compile(graph, tmp_path / "build", subgraphs=2)
    np.testing.assert_array_equal(design.predict({"image": frames})["fc"], expected)
