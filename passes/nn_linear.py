"""Layers that multiply by weights, seen alike: convolution and dense."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.ir import SSAValue

from split4ml.dialects import nn
from split4ml.dialects.nn_base import typed
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

    The layer keeps its name and adds the user's origin to its own. Of its element types only that of the same weight holds.
    """
    new = rebuilt(layer, layer.data, weight, bias, (*layer.onnx_names, *user.onnx_names), weights)
    new.types = typed({role: element for role, element in new.element_types.items() if role == "weight"})
    forward(user, new.result)


def rebuilt(
    layer: Weighted,
    data: SSAValue,
    weight: Doubles | None,
    bias: Doubles,
    onnx: Sequence[str],
    weights: WeightStore,
) -> Weighted:
    """The layer on other data, with another weight (None: the same) and bias, in its place and under its name.

    Element types that are stated for what changed do not hold for the new elements, and are dropped.
    """
    kernel = layer.weight if weight is None else changed(layer.weight, layer, weight, weights)
    if layer.bias is None:
        vector = constant(layer, f"{layer.symbol}_bias", bias, weights)
    else:
        vector = changed(layer.bias, layer, bias, weights)
    new = type(layer).create(
        operands=[data, kernel, vector],
        properties=dict(layer.properties),
        result_types=[layer.result.type],
    )
    stale = ("bias",) if weight is None else ("weight", "bias")
    new.types = typed({role: element for role, element in new.element_types.items() if role not in stale})
    new.onnx = nn.origin(onnx)
    replace(layer, new)
    return new


def pointwise_kernel(matrix: Doubles, space: int) -> Doubles:
    """The weight of a `pointwise` layer, over so many axes of space, of inputs x outputs."""
    return matrix.T.reshape(*matrix.T.shape, *(1,) * space) if space else matrix


def pointwise(
    name: str,
    data: SSAValue,
    kernel: SSAValue,
    *,
    strides: Sequence[int] | None = None,
    pads: Sequence[int] | None = None,
    group: int = 1,
    onnx: Sequence[str] = (),
) -> nn.ConvOp | nn.DenseOp:
    """A matrix times every vector of channels, channels last: a convolution of one element, of a vector a dense layer.

    strides: of the convolution, 1 if absent. pads: begins, then ends, none if absent.
    """
    space = len(nn.shape_of(data)) - 1
    if not space:
        return nn.DenseOp(name, data, kernel, onnx=onnx)
    return nn.ConvOp(
        *(name, data, kernel, None),
        strides=strides if strides is not None else [1] * space,
        pads=pads if pads is not None else [0, 0] * space,
        group=group,
        channels_last=True,
        onnx=onnx,
    )


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
