"""Which quantiser a value runs into, and with what room: what decides how exact the value must be."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, frexp, log2

import numpy as np
from xdsl.ir import SSAValue

from split4ml.dialects import nn
from split4ml.dialects.precision import Precision
from split4ml.passes.nn_rewriting import Doubles, array_of, only_user
from split4ml.passes.nn_scales import scale_of
from split4ml.passes.weights import WeightStore

_MONOTONE = (
    nn.ReluOp,
    nn.MaxPoolOp,
    nn.GlobalMaxPoolOp,
    nn.ReduceMaxOp,
    nn.ReshapeOp,
    nn.FlattenOp,
    nn.TransposeOp,
    nn.PadOp,
    nn.UpsampleOp,
    nn.SliceOp,
    nn.ExpandOp,
)
"""Each of its results is one of its operand's elements, or zero: it never tells values apart that one quantiser does not."""
_PASSED = (*_MONOTONE, nn.AveragePoolOp, nn.GlobalAveragePoolOp, nn.ConcatOp)


def deciding(value: SSAValue, weights: WeightStore) -> Precision | None:
    """The quantiser that alone decides what becomes of a value: it is the only user, perhaps behind ReLUs, maxima and zero points.

    All that counts of the value then is between which two of the points it lies where the quantiser's result changes,
    the multiples of half its last bit, or on which of them.
    """
    user = only_user(value)
    shifts = [np.zeros(1)]
    while isinstance(user, (*_MONOTONE, nn.AddOp)):
        if isinstance(user, nn.AddOp):
            constants = [
                array for operand in user.operands if (array := array_of(operand, weights)) is not None
            ]
            if not constants:
                return None
            shifts.append(constants[0].reshape(-1))
        user = only_user(user.result)
    if not isinstance(user, nn.QuantizeOp):
        return None
    halves = np.ldexp(np.concatenate(shifts), user.precision.fraction + 1)
    return user.precision if np.all(halves == np.round(halves)) else None


def needed_lsb(value: SSAValue, weights: WeightStore) -> int | None:
    """The last bit of the quantiser that a value runs into, in the value's own units; None if it runs into none."""
    user, shift = only_user(value), 0
    while True:
        match user:
            case nn.QuantizeOp():
                return -user.precision.fraction - shift
            case nn.MultiplyOp():
                scale = scale_of(user.result, weights)
                if scale is None:
                    return None
                shift += frexp(float(np.abs(scale.factor).max()))[1]
            case nn.BatchNormOp():
                gamma, variance = (array_of(operand, weights) for operand in (user.scale, user.variance))
                if gamma is None or variance is None:
                    return None
                largest = np.abs(gamma / np.sqrt(variance + user.epsilon.value.data)).max()
                shift += floor(log2(largest)) + 1 if largest > 0 else 0
            case nn.AddOp() | nn.SubtractOp() | nn.MaximumOp() | nn.MinimumOp():
                pass
            case nn.TensorOp() if isinstance(user, _PASSED):
                pass
            case _:
                return None
        assert isinstance(user, nn.TensorOp)
        user = only_user(user.result)


@dataclass(frozen=True)
class Affine:
    """`scale * data + bias`, a vector each, along the last axis; or one of either for every element of the data."""

    data: SSAValue
    scale: Doubles
    bias: Doubles


def affine_of(op: nn.TensorOp, weights: WeightStore) -> Affine | None:
    """An op that hardware computes as a batch normalisation, channels last; None for another."""
    if isinstance(op, nn.BatchNormOp):
        arrays = [array_of(value, weights) for value in op.operands[1:]]
        if any(array is None for array in arrays):
            return None
        gamma, beta, mean, variance = (array for array in arrays if array is not None)
        scale = gamma / np.sqrt(variance + op.epsilon.value.data)
        return Affine(op.data, scale, beta - scale * mean)
    if not isinstance(op, nn.MultiplyOp | nn.AddOp | nn.SubtractOp):
        return None
    left, right = array_of(op.left, weights), array_of(op.right, weights)
    constant = right if left is None else left
    if constant is None or (left is not None and right is not None):
        return None
    data = op.left if left is None else op.right
    if nn.shape_of(data) != op.shape:
        return None
    each = any(size != 1 for size in constant.shape[:-1])
    vector = np.broadcast_to(constant, op.shape) if each else _along_last(constant, op.shape)
    one, zero = np.ones(vector.shape), np.zeros(vector.shape)
    if isinstance(op, nn.MultiplyOp):
        return Affine(data, vector, zero)
    if isinstance(op, nn.AddOp):
        return Affine(data, one, vector)
    return Affine(data, one, -vector) if left is None else Affine(data, -one, vector)


def _along_last(constant: Doubles, shape: nn.Shape) -> Doubles:
    return np.broadcast_to(constant.reshape(-1), (shape[-1] if shape else 1,))
