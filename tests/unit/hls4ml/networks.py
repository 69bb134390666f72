"""Small networks as hls4ml layer dictionaries."""

from __future__ import annotations

from typing import Any

import numpy as np

Layer = dict[str, Any]
Network3 = tuple[list[Layer], list[str], list[str]]


class Network:
    """Collects layers; each method returns the new layer's name."""

    def __init__(self, seed: int = 3) -> None:
        self.rng = np.random.default_rng(seed)
        self.layers: list[Layer] = []
        self.shapes: dict[str, tuple[int, ...]] = {}

    def _add(self, kind: str, name: str, inputs: list[str], shape: tuple[int, ...], **attributes: Any) -> str:
        layer = {"class_name": kind, "name": name, "data_format": "channels_last", **attributes}
        if inputs:
            layer["inputs"] = inputs
        self.layers.append(layer)
        self.shapes[name] = shape
        return name

    def _weights(self, *shape: int) -> np.ndarray:
        return np.round(self.rng.normal(0, 0.4, shape) * 64) / 64

    def input(self, name: str, *shape: int) -> str:
        return self._add("InputLayer", name, [], shape, input_shape=list(shape))

    def conv(self, name: str, source: str, filters: int, kernel: int = 3, stride: int = 1) -> str:
        height, width, channels = self.shapes[source]
        pad = kernel // 2
        out = ((height + 2 * pad - kernel) // stride + 1, (width + 2 * pad - kernel) // stride + 1, filters)
        sides = dict.fromkeys(("pad_top", "pad_bottom", "pad_left", "pad_right"), pad)
        return self._add(
            "Conv2D", name, [source], out, in_height=height, in_width=width, n_chan=channels, out_height=out[0],
            out_width=out[1], n_filt=filters, filt_height=kernel, filt_width=kernel, stride_height=stride,
            stride_width=stride, padding="same", dilation_height=1, dilation_width=1, use_bias=True,
            weight_data=self._weights(kernel, kernel, channels, filters), bias_data=self._weights(filters), **sides,
        )  # fmt: skip

    def lstm(self, name: str, source: str, states: int) -> str:
        steps, inputs = self.shapes[source]
        return self._add(
            "LSTM", name, [source], (steps, states), direction="forward", n_timesteps=steps, n_in=inputs, n_out=states,
            activation="tanh", recurrent_activation="sigmoid", return_sequences=True, return_state=False, time_major=False,
            weight_data=self._weights(inputs, 4 * states), recurrent_weight_data=self._weights(states, 4 * states),
            bias_data=self._weights(4 * states),
        )  # fmt: skip

    def relu(self, name: str, source: str) -> str:
        shape = self.shapes[source]
        return self._add("Activation", name, [source], shape, activation="relu", n_in=int(np.prod(shape)))

    def batch_norm(self, name: str, source: str) -> str:
        shape = self.shapes[source]
        channels = shape[-1]
        return self._add(
            "BatchNormalization", name, [source], shape, n_in=int(np.prod(shape)), n_filt=channels, use_gamma=True,
            use_beta=True, epsilon=1e-3, gamma_data=1 + self._weights(channels) / 4, beta_data=self._weights(channels),
            mean_data=self._weights(channels), variance_data=np.full(channels, 0.9),
        )  # fmt: skip

    def pool(self, name: str, source: str, op: str = "Max", size: int = 2) -> str:
        height, width, channels = self.shapes[source]
        out = (height // size, width // size, channels)
        return self._add(
            f"{op}Pooling2D", name, [source], out, in_height=height, in_width=width, out_height=out[0], out_width=out[1],
            n_filt=channels, pool_height=size, pool_width=size, stride_height=size, stride_width=size, pad_top=0,
            pad_bottom=0, pad_left=0, pad_right=0, padding="valid", pool_op=op, count_pad=False,
        )  # fmt: skip

    def global_pool(self, name: str, source: str) -> str:
        height, width, channels = self.shapes[source]
        return self._add(
            "GlobalAveragePooling2D", name, [source], (channels,), in_height=height, in_width=width, n_filt=channels,
            n_chan=channels, pool_op="Average", keepdims=False,
        )  # fmt: skip

    def add(self, name: str, *sources: str) -> str:
        return self._add("Merge", name, list(sources), self.shapes[sources[0]], op="add")

    def concat(self, name: str, *sources: str) -> str:
        first = self.shapes[sources[0]]
        shape = (*first[:-1], sum(self.shapes[source][-1] for source in sources))
        return self._add(
            "Concatenate", name, list(sources), shape, op=f"concatenate{len(shape)}d", axis=len(shape)
        )

    def flatten(self, name: str, source: str) -> str:
        size = int(np.prod(self.shapes[source]))
        return self._add("Reshape", name, [source], (size,), target_shape=[size])

    def reshape(self, name: str, source: str, *shape: int) -> str:
        return self._add("Reshape", name, [source], shape, target_shape=list(shape))

    def transpose(self, name: str, source: str, *axes: int) -> str:
        shape = tuple(self.shapes[source][axis] for axis in axes)
        return self._add("Transpose", name, [source], shape, perm=list(axes))

    def resize(self, name: str, source: str, factor: int) -> str:
        height, width, channels = self.shapes[source]
        out = (height * factor, width * factor, channels)
        return self._add(
            "Resize", name, [source], out, in_height=height, in_width=width, out_height=out[0], out_width=out[1],
            n_chan=channels, algorithm="nearest", align_corners=False,
        )  # fmt: skip

    def depthwise(self, name: str, source: str, kernel: int = 3) -> str:
        height, width, channels = self.shapes[source]
        weights = self._weights(kernel, kernel, channels, 1)
        sides = dict.fromkeys(("pad_top", "pad_bottom", "pad_left", "pad_right"), kernel // 2)
        return self._add(
            "DepthwiseConv2D", name, [source], self.shapes[source], in_height=height, in_width=width, n_chan=channels,
            out_height=height, out_width=width, n_filt=channels, filt_height=kernel, filt_width=kernel,
            stride_height=1, stride_width=1, padding="same", dilation_height=1, dilation_width=1, depth_multiplier=1,
            weight_data=weights, depthwise_data=weights, bias_data=self._weights(channels), use_bias=True, **sides,
        )  # fmt: skip

    def dense(self, name: str, source: str, size: int) -> str:
        (n_in,) = self.shapes[source]
        return self._add(
            "Dense", name, [source], (size,), n_in=n_in, n_out=size, weight_data=self._weights(n_in, size),
            bias_data=self._weights(size), use_bias=True,
        )  # fmt: skip

    def softmax(self, name: str, source: str) -> str:
        shape = self.shapes[source]
        return self._add("Softmax", name, [source], shape, activation="softmax", axis=-1, n_in=shape[-1])


def residual() -> Network3:
    """Padding, a skip connection with a projection, concatenation, pooling, an in-place flatten, softmax."""
    n = Network()
    x = n.input("x", 6, 6, 2)
    stem = n.relu("relu0", n.batch_norm("bn0", n.conv("conv0", x, 3)))
    branch = n.conv("conv2", n.relu("relu1", n.conv("conv1", stem, 3)), 3)
    joined = n.relu("relu2", n.add("sum", branch, stem))
    both = n.concat("both", n.pool("maxpool", joined), n.pool("avgpool", stem, "Average"))
    n.softmax("softmax", n.dense("fc", n.flatten("flat", both), 4))
    return n.layers, ["x"], ["softmax"]


def two_by_two() -> Network3:
    """Two inputs, two outputs, one of them also read inside; a global pooling and a flatten of an input."""
    n = Network(5)
    left, right = n.input("left", 4, 4, 2), n.input("right", 2, 2, 3)
    features = n.relu("features", n.conv("conv", left, 3, kernel=1))
    score = n.dense("score", n.global_pool("mean", features), 3)
    side = n.dense("side", n.flatten("flat", right), 3)
    n.relu("decision", n.add("sum", score, side))
    return n.layers, ["right", "left"], ["decision", "features"]
