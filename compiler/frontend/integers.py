"""Integer quantisers as element types: which type clips to a range, and where rounding may be moved past an addition."""

from __future__ import annotations

from dataclasses import dataclass
from math import frexp

import numpy as np
import numpy.typing as npt

from split4ml.dialects.precision import Precision

Doubles = npt.NDArray[np.float64]

ROUNDING = {
    "ROUND": "RND_CONV",
    "HALF_EVEN": "RND_CONV",
    "HALF_UP": "RND_INF",
    "HALF_DOWN": "RND_ZERO",
    "FLOOR": "TRN",
    "DOWN": "TRN_ZERO",
    "ROUND_TO_ZERO": "TRN_ZERO",
}
"""QONNX's rounding modes that a type has. QONNX (`resolve_rounding_mode`) rounds halves *away from zero* in HALF_UP."""


@dataclass(frozen=True)
class Quantiser:
    """scale: of one element or per channel, positive; zero: the integer that stands for 0; low, high: of the integers;
    rounding: an element type's; inside: whether the zero point is added before rounding, as QONNX does."""

    scale: Doubles
    zero: int
    low: int
    high: int
    rounding: str = "RND_CONV"
    inside: bool = False

    @property
    def exponent(self) -> int | None:
        """e if the scale is 2**e for all elements."""
        return exponent(float(self.scale.reshape(-1)[0])) if self.scale.size == 1 else None


@dataclass(frozen=True)
class Clipped:
    """element: an integer type that rounds and saturates; offset: what is added before it so that its range is the wanted one."""

    element: Precision
    offset: int


def clipped(low: int, high: int, rounding: str) -> Clipped:
    """The type for integers `low` to `high`. Raises ValueError for a range that no shifted type has."""
    if low == 0 and is_power(high + 1):
        return Clipped(Precision(high.bit_length(), high.bit_length(), False, rounding, "SAT"), 0)
    width = high.bit_length() + 1
    if high >= 0 and low == -high - 1:
        return Clipped(Precision(width, width, True, rounding, "SAT"), 0)
    if high > 0 and low == -high and is_power(high + 1):
        return Clipped(Precision(width, width, True, rounding, "SAT_SYM"), 0)
    count = high - low + 1
    if low == 0 and high == 0 or count < 2:
        raise ValueError(f"a quantiser from {low} to {high} leaves no choice of values")
    if is_power(count):
        inner = clipped(0, count - 1, rounding)
        return Clipped(inner.element, -low)
    if count % 2 and is_power(count + 1):
        inner = clipped(-(count // 2), count // 2, rounding)
        return Clipped(inner.element, -(low + high) // 2)
    raise ValueError(f"no element type clips to integers from {low} to {high}")


def wide(low: int, high: int, rounding: str) -> Precision:
    """An integer type with room on both sides of a range: what it saturates is clipped afterwards anyway."""
    width = max(abs(low), abs(high)).bit_length() + 2
    return Precision(width, width, True, rounding, "SAT")


def commutes(rounding: str, offset: int) -> bool:
    """Whether `round(x + offset)` is `round(x) + offset` for every x."""
    if offset == 0 or rounding in ("TRN", "RND", "RND_MIN_INF"):
        return True
    return rounding == "RND_CONV" and offset % 2 == 0


def is_power(value: int) -> bool:
    """Whether it is a power of two, 1 included."""
    return value > 0 and value & (value - 1) == 0


def exponent(value: float) -> int | None:
    """e if the value is 2**e exactly, else None."""
    mantissa, power = frexp(value)
    return power - 1 if mantissa == 0.5 else None
