"""Quantised constants of an ONNX graph: which integers a weight is made of, and by what they are multiplied.

The walk over the graph computes constants as floats; what is written down here beside them lets a layer compute with the
integers, and be multiplied by the scale afterwards.
"""

from __future__ import annotations

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
