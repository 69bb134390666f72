"""Layers that multiply by weights, seen alike: convolution and dense."""

from __future__ import annotations

from split4ml.dialects import nn
from split4ml.passes.nn_rewriting import Doubles, changed, constant, forward, replace
from split4ml.passes.weights import WeightStore

Linear = nn.ConvOp | nn.DenseOp
Weighted = nn.ConvOp | nn.DenseOp | nn.ConvTransposeOp


def channel_axis(layer: Weighted) -> int:
    """The axis of the result along which the bias runs."""
    last = isinstance(layer, nn.DenseOp) or layer.channels_last is not None
    return len(layer.shape) - 1 if last else 0


def with_weights(
    layer: Weighted, user: nn.TensorOp, weight: Doubles | None, bias: Doubles, weights: WeightStore
) -> None:
    """Replaces a layer and its only user by the layer with another weight (None: the same) and bias.

    The layer keeps its name and adds the user's origin to its own.
    """
    kernel = layer.weight if weight is None else changed(layer.weight, layer, weight, weights)
    if layer.bias is None:
        vector = constant(layer, f"{layer.symbol}_bias", bias, weights)
    else:
        vector = changed(layer.bias, layer, bias, weights)
    onnx = (*layer.onnx_names, *user.onnx_names)
    new: Weighted
    if isinstance(layer, nn.ConvOp):
        new = nn.ConvOp(
            layer.symbol,
            layer.data,
            kernel,
            vector,
            strides=nn.numbers(layer.strides),
            pads=nn.numbers(layer.pads),
            dilations=layer.dilation,
            group=layer.groups,
            channels_last=layer.channels_last is not None,
            onnx=onnx,
        )
    elif isinstance(layer, nn.ConvTransposeOp):
        new = nn.ConvTransposeOp(
            layer.symbol,
            layer.data,
            kernel,
            vector,
            strides=nn.numbers(layer.strides),
            pads=nn.numbers(layer.pads),
            dilations=layer.dilation,
            channels_last=layer.channels_last is not None,
            onnx=onnx,
        )
    else:
        new = nn.DenseOp(layer.symbol, layer.data, kernel, vector, onnx=onnx)
    replace(layer, new)
    forward(user, new.result)
