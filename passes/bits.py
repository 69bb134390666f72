"""Numbers as a user has them against raw bits as the hardware carries them: `ap_fixed` and `ap_int` exactly.

The semantics are those of UG1399, "Arbitrary Precision Fixed-Point Data Types" (quantization and overflow modes):
what the C++ cast `ap_fixed<…>(double)` of hls4ml's bridge computes, vectorised. Compared bit for bit with the C++
in tests/unit/hls4ml/test_bits.py.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.precision import Precision

Raw = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]
_Bools = npt.NDArray[np.bool_]

MAX_BITS = 64
"""Raw values are uint64; an element with more bits is not converted from or to numbers."""


def quantize(values: npt.ArrayLike, precision: Precision) -> Raw:
    """Raw bits of `values` converted to `precision`, in the low bits of uint64, of the same shape.

    The conversion starts from float64, so integers above 2**53 are rounded before. Raises Split4mlError for values
    that are not finite and for elements of more than 64 bits.
    """
    _check_width(precision)
    numbers = np.asarray(values, np.float64)
    if not np.all(np.isfinite(numbers)):
        raise Split4mlError(
            "the values to convert hold infinities or NaN, which no fixed-point type can hold"
        )
    magnitude, huge = _round(numbers, precision)
    return _overflow(magnitude, huge, np.signbit(numbers), precision)


def dequantize(raw: Raw, precision: Precision) -> Floats:
    """The numbers that raw bits stand for, as float64: exact for up to 53 significant bits, else rounded to nearest.

    Bits above the element's width are ignored. Raises Split4mlError for elements of more than 64 bits.
    """
    _check_width(precision)
    bits = np.asarray(raw, np.uint64)
    shift = np.uint64(MAX_BITS - precision.width)
    if precision.signed:
        numbers = ((bits << shift).view(np.int64) >> shift.astype(np.int64)).astype(np.float64)
    else:
        numbers = ((bits << shift) >> shift).astype(np.float64)
    return np.ldexp(numbers, -precision.fraction)


def _check_width(precision: Precision) -> None:
    if precision.width > MAX_BITS:
        raise Split4mlError(
            f"elements of type {precision} have {precision.width} bits; values are converted for up to {MAX_BITS}"
        )


def _round(numbers: Floats, precision: Precision) -> tuple[Raw, _Bools]:
    """(magnitude in units of the last bit, modulo 2**64; whether it is 2**64 or more)."""
    with np.errstate(over="ignore", under="ignore"):
        scaled = np.abs(np.ldexp(numbers, precision.fraction))
    # A subnormal result may have lost bits, but is far below half a unit: only "not zero" matters then.
    whole = np.trunc(scaled)
    with np.errstate(invalid="ignore"):
        part = np.where(np.isinf(scaled), 0.0, scaled - whole)
    part = np.where((scaled == 0) & (numbers != 0), np.finfo(np.float64).tiny, part)
    negative = np.signbit(numbers)
    more, tie = part > 0.5, part == 0.5
    match precision.rounding:
        case "TRN":  # towards minus infinity
            up = negative & (part > 0)
        case "TRN_ZERO":
            up = np.zeros_like(negative)
        case "RND":  # to nearest, ties towards plus infinity
            up = more | (tie & ~negative)
        case "RND_ZERO":
            up = more
        case "RND_INF":
            up = more | tie
        case "RND_MIN_INF":
            up = more | (tie & negative)
        case _:  # RND_CONV: to nearest, ties to even
            up = more | (tie & (np.mod(whole, 2.0) == 1.0))
    huge = whole >= 2.0**MAX_BITS
    # A whole number of 2**64 or more is a multiple of 2**12: its low 64 bits come from an exact remainder.
    with np.errstate(invalid="ignore"):
        low = np.where(np.isinf(whole), 0.0, np.fmod(whole, 2.0**MAX_BITS))
    return low.astype(np.uint64) + up.astype(np.uint64), huge


def _overflow(magnitude: Raw, huge: _Bools, negative: _Bools, precision: Precision) -> Raw:
    """Two's complement of the magnitudes in the element's width, with its overflow mode."""
    width = precision.width
    one = np.uint64(1)
    mask = np.uint64((1 << width) - 1)
    top = np.uint64(1 << (width - 1))
    highest = mask >> one if precision.signed else mask
    negative = negative & ((magnitude != 0) | huge)
    with np.errstate(over="ignore"):  # numpy warns of scalars only
        raw = np.where(negative, ~magnitude + one, magnitude) & mask
    over = ~negative & (huge | (magnitude > highest))
    under = negative & (huge | (magnitude > top)) if precision.signed else negative
    match precision.saturation:
        case "SAT":
            return np.where(over, highest, np.where(under, top if precision.signed else np.uint64(0), raw))
        case "SAT_ZERO":
            return np.where(over | under, np.uint64(0), raw)
        case "SAT_SYM":
            if not precision.signed:
                return np.where(over, highest, np.where(under, np.uint64(0), raw))
            lowest = top | one
            return np.where(over, highest, np.where(under | (negative & (magnitude == top)), lowest, raw))
        case _:
            return _wrap(raw, over | under, negative, precision)


def _wrap(raw: Raw, outside: _Bools, negative: _Bools, precision: Precision) -> Raw:
    """WRAP with N saturated bits: a value out of range keeps its sign, and its N - 1 next bits are the farthest."""
    width, bits = precision.width, min(precision.saturation_bits, precision.width)
    if bits == 0:
        return raw
    if not precision.signed:
        ones = np.uint64(((1 << bits) - 1) << (width - bits))
        return np.where(outside, raw | ones, raw)
    sign = np.uint64(1 << (width - 1))
    below = np.uint64(((1 << (bits - 1)) - 1) << (width - bits))
    kept = raw & ~(sign | below)
    return np.where(outside, np.where(negative, kept | sign, kept | below), raw)
