"""Which values a tensor can hold: whole multiples of a power of two between two bounds. Exact arithmetic, free of IR.

From the grids of its operands follows the grid of a layer's result, and from that the narrowest element type that holds
every value the layer can compute, so that nothing is rounded on the way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor

import numpy as np
import numpy.typing as npt

from split4ml.dialects.precision import Precision

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Grid:
    """The values `k * 2**lsb` with whole k, `low <= k <= high`."""

    low: int
    high: int
    lsb: int

    @staticmethod
    def of(precision: Precision) -> Grid:
        """All values of an element type."""
        if not precision.signed:
            return Grid(0, 2**precision.width - 1, -precision.fraction)
        top = 2 ** (precision.width - 1)
        low = -top + (precision.saturation == "SAT_SYM")
        return Grid(min(low, 0), top - 1, -precision.fraction)

    @staticmethod
    def of_array(array: npt.ArrayLike) -> Grid:
        """The coarsest grid on which all of some finite numbers lie."""
        values = np.unique(np.asarray(array, np.float64))
        parts = values[values != 0]
        lsb = min(
            (lsb_of(float(value)) for value in (parts if parts.size < 4096 else _finest(parts))), default=0
        )
        numbers = (_scaled(float(value), lsb) for value in (values.min(), values.max()))
        low, high = (int(number) for number in numbers)
        return Grid(low, high, lsb)

    def element(self, rounding: str = "TRN", saturation: str = "WRAP") -> Precision:
        """The narrowest type that holds all of it."""
        if self.low < 0:
            width = max(self.high.bit_length(), (-self.low - 1).bit_length()) + 1
        else:
            width = max(1, self.high.bit_length())
        return Precision(width, width + self.lsb, self.low < 0, rounding, saturation)

    def within(self, other: Grid) -> bool:
        """Whether every value of it is one of the other."""
        if self.lsb < other.lsb:
            return self.low == self.high == 0
        fine = self.at(other.lsb)
        return other.low <= fine.low and fine.high <= other.high

    def at(self, lsb: int) -> Grid:
        """The same bounds in finer units."""
        return Grid(self.low << (self.lsb - lsb), self.high << (self.lsb - lsb), lsb)

    def with_zero(self) -> Grid:
        return replace(self, low=min(self.low, 0), high=max(self.high, 0))

    def shifted(self, exponent: int) -> Grid:
        """Times a power of two."""
        return replace(self, lsb=self.lsb + exponent)

    def clipped(self, low: int | None = None) -> Grid:
        """The maximum with a bound, in its own units."""
        return self if low is None else Grid(max(self.low, low), max(self.high, low), self.lsb)

    def __neg__(self) -> Grid:
        return Grid(-self.high, -self.low, self.lsb)

    def __add__(self, other: Grid) -> Grid:
        a, b = aligned(self, other)
        return Grid(a.low + b.low, a.high + b.high, a.lsb)

    def __sub__(self, other: Grid) -> Grid:
        return self + -other

    def __mul__(self, other: Grid) -> Grid:
        corners = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        return Grid(min(corners), max(corners), self.lsb + other.lsb)

    def __or__(self, other: Grid) -> Grid:
        """Every value of either."""
        a, b = aligned(self, other)
        return Grid(min(a.low, b.low), max(a.high, b.high), a.lsb)

    def quantised(self, element: Precision) -> Grid:
        """After conversion to a type."""
        full = Grid.of(element)
        if element.saturation not in ("SAT", "SAT_SYM") and not (
            full.low <= self._rounded(self.low, element) and self._rounded(self.high, element) <= full.high
        ):
            return full
        low, high = (min(max(self._rounded(k, element), full.low), full.high) for k in (self.low, self.high))
        return Grid(low, high, full.lsb)

    def _rounded(self, k: int, element: Precision) -> int:
        return rounded(Fraction(k) * Fraction(2) ** (self.lsb + element.fraction), element.rounding)


def rounded(value: Fraction, mode: str) -> int:
    """A number rounded to a whole one by a mode of element types (UG1399)."""
    whole = floor(value)
    part = value - whole
    if not part:
        return whole
    if mode == "TRN":
        return whole
    if mode == "TRN_ZERO":
        return whole + (value < 0)
    if part != Fraction(1, 2):
        return whole + (part > Fraction(1, 2))
    match mode:
        case "RND":
            return whole + 1
        case "RND_MIN_INF":
            return whole
        case "RND_INF":
            return whole + (value > 0)
        case "RND_ZERO":
            return whole + (value < 0)
        case _:
            return whole + whole % 2


def aligned(a: Grid, b: Grid) -> tuple[Grid, Grid]:
    """Both in the finer one's units."""
    lsb = min(a.lsb, b.lsb)
    return a.at(lsb), b.at(lsb)


def lsb_of(value: float) -> int:
    """The exponent of the last bit of a number that is not zero."""
    numerator, denominator = abs(value).as_integer_ratio()
    if denominator > 1:
        return 1 - denominator.bit_length()
    return (numerator & -numerator).bit_length() - 1


def _finest(values: Doubles) -> list[float]:
    """Of very many numbers that are not zero, one with the least last bit."""
    mantissa, exponent = np.frexp(values)
    whole = np.abs(mantissa * 2.0**53).astype(np.uint64)
    trailing = np.zeros(len(whole), np.int64)
    for bits in (32, 16, 8, 4, 2, 1):
        even = (whole & np.uint64((1 << bits) - 1)) == 0
        trailing += np.where(even, bits, 0)
        whole = np.where(even, whole >> np.uint64(bits), whole)
    return [float(values[np.argmin(exponent - 53 + trailing)])]


def _scaled(value: float, lsb: int) -> Fraction:
    return Fraction(value) / Fraction(2) ** lsb


def whole(array: npt.ArrayLike, lsb: int) -> npt.NDArray[np.object_]:
    """Numbers on a grid as Python's whole numbers, in units of 2**lsb."""
    values = np.asarray(array, np.float64)
    mantissa, exponent = np.frexp(values)
    scaled = np.ldexp(mantissa, 53).astype(np.int64).astype(object)
    shift = exponent.astype(np.int64) - 53 - lsb
    result = np.empty(values.shape, object)
    flat, source, by = result.reshape(-1), scaled.reshape(-1), shift.reshape(-1)
    for index in range(flat.size):
        k, s = source[index], int(by[index])
        flat[index] = k << s if s >= 0 else k >> -s
    return result


def weighted(kernel: npt.ArrayLike, data: Grid, bias: npt.ArrayLike | None = None) -> Grid:
    """The result of `kernel @ data + bias` for any data of a grid. kernel: outputs x products; bias: per output."""
    weight = np.asarray(kernel, np.float64)
    grid = Grid.of_array(weight)
    lsb = grid.lsb + data.lsb
    units = np.ldexp(weight, -grid.lsb)
    count = weight.shape[1] if weight.ndim > 1 else 1
    exact = max(abs(grid.low), abs(grid.high)) * max(abs(data.low), abs(data.high)) * count < 2**53
    if exact:
        ends = units * float(data.low), units * float(data.high)
        lows, highs = np.minimum(*ends).sum(1), np.maximum(*ends).sum(1)
        lower, upper = [int(value) for value in lows], [int(value) for value in highs]
    else:
        numbers = whole(weight, grid.lsb)
        ends_whole = numbers * data.low, numbers * data.high
        lower = [int(value) for value in np.minimum(*ends_whole).sum(1)]
        upper = [int(value) for value in np.maximum(*ends_whole).sum(1)]
    if bias is None:
        return Grid(min(lower), max(upper), lsb)
    add = Grid.of_array(bias)
    fine = min(lsb, add.lsb)
    offsets = [int(value) for value in whole(bias, fine).reshape(-1)]
    step = lsb - fine
    return Grid(
        min((low << step) + offset for low, offset in zip(lower, offsets, strict=True)),
        max((high << step) + offset for high, offset in zip(upper, offsets, strict=True)),
        fine,
    )
