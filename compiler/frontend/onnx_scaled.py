"""Quantised constants of an ONNX graph: which integers a weight is made of, and by what they are multiplied.

The walk over the graph computes constants as floats; what is written down here beside them lets a layer compute with the
integers, and be multiplied by the scale afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from split4ml.compiler.frontend.integers import exponent

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Scaled:
    """A constant `integers * scale`, both of its shape."""

    integers: Doubles
    scale: Doubles

    def moved(self, op: str, attributes: Mapping[str, Any], shape: Sequence[int]) -> Scaled | None:
        """After an operator that moves elements but does not change them; None for any other."""
        if op in ("Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity"):
            return Scaled(self.integers.reshape(shape), self.scale.reshape(shape))
        if op == "Transpose":
            order = attributes.get("perm") or tuple(reversed(range(self.integers.ndim)))
            return Scaled(self.integers.transpose(order), self.scale.transpose(order))
        return None

    def along(self, axis: int) -> Doubles | None:
        """The scale of every index of an axis, if it differs along no other; of one element if it is the same for all."""
        if np.all(self.scale == self.scale.flat[0]):
            return self.scale.reshape(-1)[:1]
        first = np.moveaxis(self.scale, axis, 0).reshape(self.scale.shape[axis], -1)
        return first[:, 0].copy() if np.all(first == first[:, :1]) else None

    @property
    def is_exact(self) -> bool:
        """Whether every scale is a power of two, so that the product is a fixed-point number."""
        return all(exponent(float(value)) is not None for value in np.unique(self.scale))


def broadcast(scale: npt.NDArray[Any], shape: Sequence[int], axis: int | None) -> Doubles:
    """A scale or zero point in the shape of its tensor. axis: along which a vector runs. Raises ValueError."""
    array = np.asarray(scale, np.float64)
    if array.ndim == 1 and array.size > 1 and axis is not None:
        array = array.reshape([-1 if index == axis % len(shape) else 1 for index in range(len(shape))])
    return np.ascontiguousarray(np.broadcast_to(array, shape))


def linear(
    op: str, operands: Sequence[npt.NDArray[Any] | None], axis: int, kind: np.dtype[Any]
) -> tuple[npt.NDArray[Any], Scaled | None]:
    """QuantizeLinear or DequantizeLinear of a constant. kind: of the result. Raises ValueError."""
    values, scale, *rest = operands
    assert values is not None and scale is not None
    factor = broadcast(scale, values.shape, axis)
    if not np.all(np.isfinite(factor)) or np.any(factor <= 0):
        raise ValueError("its scale must be positive and finite")
    zero = rest[0] if rest else None
    offset = np.zeros(values.shape) if zero is None else broadcast(zero, values.shape, axis)
    if op == "DequantizeLinear":
        integers = values.astype(np.float64) - offset
        return (integers.astype(np.float32) * factor.astype(np.float32)).astype(kind), Scaled(
            integers, factor
        )
    low, high = bounds(kind)
    quotient = values.astype(np.float32) / factor.astype(np.float32)
    return np.clip(np.rint(quotient).astype(np.float64) + offset, low, high).astype(kind), None


def bounds(kind: np.dtype[Any]) -> tuple[int, int]:
    """The least and the greatest value of an integer type, those of 2 and 4 bits included. Raises ValueError."""
    match = re.fullmatch(r"(u?)int(\d+)", kind.name)
    if match is None:
        raise ValueError(f"it quantises to {kind.name}, but only integers are supported")
    bits = int(match[2])
    return (0, 2**bits - 1) if match[1] else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
