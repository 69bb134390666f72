"""Layers that multiply by weights, seen alike: convolution and dense."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from xdsl.ir import SSAValue

from split4ml.dialects import nn
from split4ml.passes.nn_rewriting import Doubles, array_of, changed, constant, forward, replace
from split4ml.passes.weights import WeightStore

Linear = nn.ConvOp | nn.DenseOp
Weighted = nn.ConvOp | nn.DenseOp | nn.ConvTransposeOp
Affine = nn.BatchNormOp | nn.MultiplyOp | nn.AddOp | nn.SubtractOp


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


@dataclass(frozen=True, eq=False)
class AffineAlong:
    """`scale * data + shift`, a vector each along one axis of the data."""

    data: SSAValue
    scale: Doubles
    shift: Doubles


def affine_along(op: Affine, axis: int, weights: WeightStore) -> AffineAlong | None:
    """What an op computes, if its constants differ along that axis of its result only."""
    size, one, zero = op.shape[axis], np.ones(op.shape[axis]), np.zeros(op.shape[axis])
    if isinstance(op, nn.BatchNormOp):
        arrays = [array_of(value, weights) for value in op.operands[1:]]
        known = [array for array in arrays if array is not None]
        if axis != (len(op.shape) - 1 if op.channels_last is not None else 0) or len(known) < 4:
            return None
        scale, bias, mean, variance = known
        if np.any(variance + op.epsilon.value.data <= 0):
            return None
        factor = scale / np.sqrt(variance + op.epsilon.value.data)
        return AffineAlong(op.data, factor, bias - factor * mean)
    left, right = array_of(op.left, weights), array_of(op.right, weights)
    array, data = (right, op.left) if left is None else (left, op.right)
    if array is None or (left is not None and right is not None) or nn.shape_of(data) != op.shape:
        return None
    aligned = array.reshape((1,) * (len(op.shape) - array.ndim) + array.shape)
    if any(extent != 1 for other, extent in enumerate(aligned.shape) if other != axis):
        return None
    vector = np.broadcast_to(aligned.reshape(-1), (size,)).astype(np.float64)
    if isinstance(op, nn.MultiplyOp):
        return AffineAlong(data, vector, zero)
    if isinstance(op, nn.AddOp):
        return AffineAlong(data, one, vector)
    return AffineAlong(data, one, -vector) if left is None else AffineAlong(data, -one, vector)
