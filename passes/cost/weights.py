"""What weights cost as constants: how many are not 0, and how many adders their multiplications take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class WeightCount:
    """csd_adders: adders and subtractors to multiply by every weight once, summing the products not included."""

    weights: int
    nonzero: int
    csd_adders: int


def count_weights(raw: NDArray[np.integer]) -> WeightCount:
    """`raw`: the weights' bits as signed integers (value x 2**fraction), any shape.

    Multiplying by a constant with d nonzero digits in canonical signed digit form takes d - 1 adders; that form
    has the fewest nonzero digits, as many as there are ones in n XOR 3n (Reitwiesner, 1960). Magnitudes up to
    2**61.
    """
    magnitude = np.abs(np.asarray(raw).astype(np.int64)).ravel()
    if magnitude.size and int(magnitude.max()) > 2**61:
        raise ValueError("weights of more than 62 bits")
    digits = np.bitwise_count(magnitude ^ (3 * magnitude)).astype(np.int64)
    nonzero = int(np.count_nonzero(magnitude))
    return WeightCount(int(magnitude.size), nonzero, int(digits.sum()) - nonzero)
