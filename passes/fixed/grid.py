"""Fixed-point types as grids of numbers: rounding to a grid, and what happens to numbers beyond its ends.

Numbers are float64, exact as long as they have at most 53 significant bits. The modes are those of UG1399,
"Arbitrary Precision Fixed-Point Data Types"; tested bit for bit against `backends/hls4ml/bits.py`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from split4ml.dialects.precision import Precision

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

EXACT_BITS = 53
"""Significant bits of a float64."""


def step(precision: Precision) -> float:
    """The distance of two neighbours on the grid."""
    return float(np.ldexp(1.0, -precision.fraction))


def ends(precision: Precision) -> tuple[float, float]:
    """The least and the greatest number that the type holds."""
    least, greatest = _ends_in_steps(precision)
    return float(np.ldexp(least, -precision.fraction)), float(np.ldexp(greatest, -precision.fraction))


def _ends_in_steps(precision: Precision) -> tuple[float, float]:
    if precision.signed:
        half = float(np.ldexp(1.0, precision.width - 1))
        symmetric = precision.saturation == "SAT_SYM" and precision.width > 1
        return 1 - half if symmetric else -half, half - 1
    return 0.0, float(np.ldexp(1.0, precision.width)) - 1


def steps(numbers: Floats, precision: Precision) -> Floats:
    """Numbers in steps of the grid, rounded to whole ones, whatever the ends. A non-decreasing function."""
    scaled = np.ldexp(numbers, precision.fraction)
    if precision.rounding == "TRN":
        return np.asarray(np.floor(scaled))
    if precision.rounding == "TRN_ZERO":
        return np.asarray(np.trunc(scaled))
    if precision.rounding == "RND_CONV":
        return np.asarray(np.rint(scaled))
    below = np.floor(scaled)
    part = scaled - below
    match precision.rounding:
        case "RND":  # ties towards plus infinity
            up = part >= 0.5
        case "RND_MIN_INF":
            up = part > 0.5
        case "RND_ZERO":
            up = (part > 0.5) | ((part == 0.5) & (scaled < 0))
        case _:  # RND_INF
            up = (part > 0.5) | ((part == 0.5) & (scaled >= 0))
    return below + up


def rounded(numbers: Floats, precision: Precision) -> Floats:
    """The nearest numbers on the grid as its rounding has it, whatever its ends."""
    return np.asarray(np.ldexp(steps(numbers, precision), -precision.fraction))


def outside(whole: Floats, precision: Precision) -> Bools:
    """Which of these numbers of steps lie beyond the ends."""
    least, greatest = _ends_in_steps(precision)
    return (whole < least) | (whole > greatest)


def turn(whole: Floats, precision: Precision) -> Floats:
    """How many times each number of steps goes round when it wraps; 0 within the ends."""
    least, _ = _ends_in_steps(precision)
    return np.asarray(np.floor(np.ldexp(whole - least, -precision.width)))


def brought_in(whole: Floats, precision: Precision) -> Floats:
    """Numbers of steps after the overflow mode, which must not be WRAP with saturated bits."""
    least, greatest = _ends_in_steps(precision)
    match precision.saturation:
        case "SAT" | "SAT_SYM":
            return np.asarray(np.clip(whole, least, greatest))
        case "SAT_ZERO":
            return np.where(outside(whole, precision), 0.0, whole)
        case _:
            return np.asarray(whole - np.ldexp(turn(whole, precision), precision.width))


def quantized(numbers: Floats, precision: Precision) -> Floats:
    """What an assignment of numbers to the type leaves of them."""
    return np.asarray(np.ldexp(brought_in(steps(numbers, precision), precision), -precision.fraction))
