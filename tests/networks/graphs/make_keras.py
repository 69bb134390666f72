"""Writes hls4ml graphs of Keras, QKeras and HGQ2 networks beside itself, as hls4ml saves them (`.fml`), with frames and what Keras says.

    venv/bin/pip install -c tests/frameworks/constraints.txt tensorflow-cpu tf-keras qkeras hgq2 da4ml hls4ml
    venv/bin/python tests/networks/graphs/make_keras.py keras3      # also: keras2, qkeras, hgq2, recurrent

Untrained. NAME.npz holds inputs by the graph's input names and outputs by its output names, channels last.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent
FRAMES = 8
SEED = 4


def convert(
    model: Any, name: str, precision: str = "fixed<16,6>", granularity: str = "name", **layers: Any
) -> None:
    """Converts as hls4ml's documentation does, saves, and asks Keras for the outputs."""
    import hls4ml
    from hls4ml.utils.serialization import serialize_model

    config = hls4ml.utils.config_from_keras_model(
        model, granularity=granularity, backend="Vitis", default_precision=precision
    )
    for layer, settings in layers.items():
        config["LayerName"][layer].update(settings)
    with tempfile.TemporaryDirectory() as folder:
        graph = hls4ml.converters.convert_from_keras_model(
            model,
            hls_config=config,
            output_dir=folder,
            backend="Vitis",
            io_type="io_stream",
            part="xcvu13p-flga2577-2-e",
        )
        serialize_model(graph, str(FOLDER / f"{name}.fml"))
    rng = np.random.default_rng(SEED)
    shapes = [tuple(tensor.shape[1:]) for tensor in model.inputs]
    frames = [rng.normal(0, 1, (FRAMES, *shape)).astype(np.float32) for shape in shapes]
    outputs = model.predict(frames if len(frames) > 1 else frames[0], verbose=0)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    ports = dict(zip(graph.inputs, frames, strict=True))
    ports |= dict(zip(graph.outputs, outputs, strict=True))
    np.savez(FOLDER / f"{name}.npz", **ports)
    print(name, list(ports), (FOLDER / f"{name}.fml").stat().st_size)


def residual(keras: Any) -> Any:
    """A skip connection (a Clone), batch normalisation, both kinds of pool, softmax."""
    layers = keras.layers
    source = keras.Input((8, 8, 2), name="image")
    x = layers.Conv2D(4, 3, padding="same", name="stem")(source)
    x = layers.BatchNormalization(name="stem_bn")(x)
    a = layers.ReLU(name="stem_relu")(x)
    b = layers.Conv2D(4, 3, padding="same", name="body")(a)
    x = layers.Add(name="skip")([a, b])
    x = layers.BatchNormalization(name="skip_bn")(x)
    x = layers.LeakyReLU(name="leaky")(x)
    x = layers.MaxPooling2D(2, name="pool")(x)
    x = layers.DepthwiseConv2D(3, padding="same", name="depthwise")(x)
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    x = layers.Dense(5, name="fc")(x)
    return keras.Model(source, layers.Softmax(name="softmax")(x))


def statistics(model: Any) -> None:
    """Normalisations as if they had seen data."""
    rng = np.random.default_rng(SEED)
    for layer in model.layers:
        if type(layer).__name__ == "BatchNormalization":
            gamma, beta, mean, variance = layer.get_weights()
            layer.set_weights(
                [
                    rng.uniform(0.5, 1.5, gamma.shape),
                    rng.normal(0, 0.2, beta.shape),
                    rng.normal(0, 0.2, mean.shape),
                    rng.uniform(0.5, 1.5, variance.shape),
                ]
            )


def keras3() -> None:
    import keras

    keras.utils.set_random_seed(SEED)
    model = residual(keras)
    statistics(model)
    # hls4ml's softmax looks up by the upper ten bits: of the 35 that it infers here, in steps of 32; of a sum, in quarters
    convert(
        model,
        "keras3",
        fc={"Precision": {"result": "fixed<16,6>"}},
        softmax={"inv_inp_t": "ufixed<18,3,RND,SAT>"},
    )


def keras2() -> None:
    """Two inputs, two outputs, a concatenation and upsampling, by tf-keras."""
    import tf_keras as keras

    keras.utils.set_random_seed(SEED)
    layers = keras.layers
    image = keras.Input((4, 4, 2), name="image")
    facts = keras.Input((6,), name="facts")
    x = layers.Conv2D(3, 1, activation="relu", name="point")(image)
    up = layers.UpSampling2D(2, name="up")(x)
    heat = layers.Conv2D(1, 3, padding="same", name="heat")(up)
    flat = layers.Flatten(name="flat")(layers.AveragePooling2D(2, name="mean")(x))
    both = layers.Concatenate(name="both")([flat, layers.Dense(4, activation="tanh", name="side")(facts)])
    score = layers.Dense(3, activation="sigmoid", name="score")(both)
    convert(keras.Model([image, facts], [heat, score]), "keras2")


def qkeras() -> None:
    """Quantised weights of a few bits, binary and ternary ones too, and quantised activations."""
    import tf_keras as keras
    from qkeras import (
        QActivation,
        QBatchNormalization,
        QConv2D,
        QDense,
        quantized_bits,
        quantized_relu,
        ternary,
    )

    keras.utils.set_random_seed(SEED)
    source = keras.Input((6, 6, 2), name="image")
    x = QConv2D(
        4,
        3,
        kernel_quantizer=quantized_bits(4, 0, alpha=1),
        bias_quantizer=quantized_bits(6, 2, alpha=1),
        name="conv",
    )(source)
    x = QBatchNormalization(name="bn")(x)
    a = QActivation(quantized_relu(5, 2), name="relu")(x)
    b = QConv2D(
        4, 1, kernel_quantizer=ternary(alpha=1), bias_quantizer=quantized_bits(4, 1, alpha=1), name="ternary"
    )(a)
    x = keras.layers.Add(name="skip")([a, b])
    x = QActivation(quantized_relu(6, 3), name="relu2")(x)
    x = keras.layers.Flatten(name="flat")(x)
    x = QDense(
        3,
        kernel_quantizer=quantized_bits(6, 0, alpha=1),
        bias_quantizer=quantized_bits(6, 0, alpha=1),
        name="fc",
    )(x)
    model = keras.Model(source, QActivation(quantized_bits(10, 4, alpha=1), name="out")(x))
    statistics(model)
    convert(model, "qkeras", "fixed<24,10>")


def hgq2() -> None:
    """Every weight with bits of its own; activations of a stream have those of their tensor."""
    import keras
    from hgq.config import LayerConfigScope, QuantizerConfigScope
    from hgq.layers import QConv2D, QDense

    keras.utils.set_random_seed(SEED)
    with (
        QuantizerConfigScope(place="all", k0=1, b0=4, i0=2, default_q_type="kbi", overflow_mode="sat_sym"),
        QuantizerConfigScope(place="datalane", k0=1, f0=4, i0=3, default_q_type="kif", heterogeneous_axis=()),
        LayerConfigScope(enable_ebops=False),
    ):
        model = keras.Sequential(
            [
                keras.Input((6, 6, 2), name="image"),
                QConv2D(3, 3, activation="relu", name="conv"),
                keras.layers.Flatten(name="flat"),
                QDense(4, name="fc"),
            ]
        )
    model(np.zeros((1, 6, 6, 2), np.float32))
    convert(model, "hgq2")


def recurrent() -> None:
    """An LSTM that gives its whole sequence to a GRU, which gives its last state."""
    import keras

    keras.utils.set_random_seed(SEED)
    layers = keras.layers
    source = keras.Input((5, 3), name="steps")
    x = layers.LSTM(4, return_sequences=True, name="lstm")(source)
    x = layers.GRU(3, reset_after=True, name="gru")(x)
    convert(keras.Model(source, layers.Dense(2, name="fc")(x)), "recurrent")


def main() -> None:
    name = sys.argv[1]
    if name in ("keras2", "qkeras"):
        os.environ["TF_USE_LEGACY_KERAS"] = "1"
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    {"keras3": keras3, "keras2": keras2, "qkeras": qkeras, "hgq2": hgq2, "recurrent": recurrent}[name]()


if __name__ == "__main__":
    main()
