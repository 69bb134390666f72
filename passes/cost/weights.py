"""What weights cost as constants: how many need a multiplier, and how many an adder or nothing at all."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import sqrt

import numpy as np
from numpy.typing import NDArray

PRIOR_BITS = 16
"""Magnitudes beyond so many bits all have three digits or more, as far as the prior is concerned."""
PRUNED = 0.5
"""With fewer weights left than this, the network was pruned, and the small ones are gone."""


@dataclass(frozen=True)
class WeightCount:
    """Constants of a product.

    weights, nonzero: all of them, and those that are not 0.
    csd_digits:  nonzero digits of all of them in canonical signed-digit form.
    multipliers: constants with three digits or more: HLS multiplies. Equal magnitudes at one input count once.
    shift_adds:  constants with two digits, which are one addition of shifted values. Likewise once an input.
    value_bits:  bits of the largest magnitude.
    """

    weights: int
    nonzero: int
    csd_digits: int
    multipliers: int
    shift_adds: int
    value_bits: int

    @property
    def csd_adders(self) -> int:
        """Adders to multiply by every weight once, summing the products not included."""
        return self.csd_digits - self.nonzero


def count_weights(magnitudes: NDArray[np.uint64]) -> WeightCount:
    """`magnitudes`: inputs x outputs, absolute raw values (value x 2**fraction); a vector is one weight an input.

    Canonical signed-digit form has the fewest nonzero digits, as many as there are ones in n XOR 3n (Reitwiesner, 1960).
    What has up to two digits, HLS builds of shifts and an adder; it shares a product of the same input and constant. Both
    were read off the multiplier instances that published csynth reports list (docs/cost.md).
    """
    table = np.atleast_2d(magnitudes.astype(np.uint64))
    if magnitudes.ndim == 1:
        table = table.T
    ordered = np.sort(table, axis=1)
    digits = csd_digits(ordered)
    first = np.ones(ordered.shape, np.bool_)
    first[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    return WeightCount(
        weights=int(table.size),
        nonzero=int(np.count_nonzero(table)),
        csd_digits=int(digits.sum()),
        multipliers=int(np.count_nonzero(first & (digits >= 3))),
        shift_adds=int(np.count_nonzero(first & (digits == 2))),
        value_bits=int(table.max()).bit_length() if table.size else 0,
    )


def csd_digits(magnitudes: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Nonzero digits of each value in canonical signed-digit form."""
    low = magnitudes & np.uint64((1 << 62) - 1)
    digits = np.bitwise_count(low ^ (low * np.uint64(3))).astype(np.int64)
    wide = magnitudes >= np.uint64(1 << 62)  # three times it does not fit 64 bits
    if wide.any():
        digits[wide] = [((3 * int(v)) ^ int(v)).bit_count() for v in magnitudes[wide]]
    return digits


@lru_cache(maxsize=1024)
def expected_shares(
    n_in: int, n_out: int, width: int, fraction: int | None, pruned: bool
) -> tuple[float, float]:
    """Shares of nonzero weights that need a multiplier, and that are one addition, if only their type is known.

    Trained weights are about as large as they were initialised: normal, with variance 2 / (n_in + n_out) (Glorot and
    Bengio, 2010). On published networks this gives the shares within a few per cent (docs/cost.md). Pruning removes
    the small ones.
    """
    fraction = max(1, width // 2) if fraction is None else fraction
    deviation = max(0.3, sqrt(2 / max(2, n_in + n_out)) * 2.0**fraction * (1.5 if pruned else 1))
    top = min(width - 1, PRIOR_BITS)
    values = np.arange(1, max(2, 1 << max(top, 1)), dtype=np.uint64)
    edges = np.arange(0.5, len(values) + 1) / (deviation * sqrt(2))
    probability = np.diff(_erf(edges))
    rest = 1 - float(_erf(edges[-1:])[0])  # saturated, or beyond the prior's bits
    digits = csd_digits(values)
    nonzero = float(probability.sum()) + rest
    many = float(probability[digits >= 3].sum()) + (rest if top > 4 else 0)
    two = float(probability[digits == 2].sum())
    return many / nonzero, two / nonzero


def _erf(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Within 2e-7 (Abramowitz and Stegun 7.1.26), for x >= 0; numpy has none."""
    t = 1 / (1 + 0.3275911 * x)
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return np.asarray(1 - series * np.exp(-(x**2)))
