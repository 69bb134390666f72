"""Multiplications by constants, seen as scales: what they multiply by, and the op that another scale makes."""

from __future__ import annotations

from dataclasses import dataclass
from math import frexp

import numpy as np
from xdsl.ir import SSAValue

from split4ml.dialects import nn
from split4ml.passes.nn_rewriting import Doubles, array_of, constant, fresh_name
from split4ml.passes.weights import WeightStore

NEAR = 2.0**-20
"""Scales are float32, and so are the quotients of scales: what is as near as this to a power of two, or to whole numbers, is meant."""


@dataclass(frozen=True, eq=False)
class Scale:
    """factor: broadcasts against the data; as in the op."""

    data: SSAValue
    factor: Doubles

    @property
    def uniform(self) -> float | None:
        """The one factor of all elements, if there is one."""
        first = float(self.factor.reshape(-1)[0])
        return first if np.all(self.factor == first) else None

    @property
    def positive(self) -> bool:
        return bool(np.all(self.factor > 0))


def scale_of(value: SSAValue, weights: WeightStore) -> Scale | None:
    """What a value is a multiple of, if it is one by constants."""
    op = value.owner
    if not isinstance(op, nn.MultiplyOp):
        return None
    for data, other in ((op.left, op.right), (op.right, op.left)):
        factor = array_of(other, weights)
        if factor is not None and nn.shape_of(data) == op.shape and np.all(factor != 0):
            return None if array_of(data, weights) is not None else Scale(data, factor)
    return None


def snapped(factor: Doubles) -> Doubles:
    """Powers of two in place of what is one up to the rounding of float32."""
    mantissa, exponent = np.frexp(np.abs(factor))
    low = np.ldexp(0.5, exponent)
    power = np.where(mantissa < 0.75, low, 2 * low)
    near = np.abs(np.abs(factor) / power - 1) < NEAR
    return np.where(near, np.sign(factor) * power, factor)


def whole_numbers(values: Doubles) -> Doubles:
    """Whole numbers in place of what is one up to the rounding of float32, if all of the values are."""
    nearest = np.round(values)
    close = np.abs(values - nearest) <= NEAR * np.maximum(np.abs(values), NEAR)
    return nearest if np.all(close) else values


def power_of_two(factor: float | None) -> int | None:
    """e if a factor is 2**e."""
    if factor is None or factor <= 0:
        return None
    mantissa, exponent = frexp(factor)
    return exponent - 1 if mantissa == 0.5 else None


def scaled_after(
    op: nn.TensorOp, value: SSAValue, factor: Doubles, weights: WeightStore, name: str | None = None
) -> nn.MultiplyOp:
    """A multiplication of `value`, inserted before `op`."""
    operand = constant(op, f"{name or op.symbol}_factor", factor, weights)
    symbol = name or fresh_name(op, f"{op.symbol}_scale")
    new = nn.MultiplyOp(symbol, value, operand, onnx=op.onnx_names)
    new.result.name_hint = symbol
    assert op.parent is not None
    op.parent.insert_op_before(new, op)
    return new
