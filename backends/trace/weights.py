"""What a weight array's values say about the hardware that multiplies by them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from split4ml.backends.trace.decode import Words
from split4ml.passes.timing.schedule import Ints
from split4ml.passes.timing.tasktrace import Weights

_RESOURCE = (1, 2)  # nnet::strategy resource, resource_unrolled (nnet_common.h): weights are stored by output
MULTIPLIED = 3
"""Signed digits from which on HLS multiplies by a constant; fewer are shifted and added (reports, Vivado HLS 2020.1)."""


def weights_of(name: str, width: int, signed: bool, bits: Words, constants: Mapping[str, float]) -> Weights:
    """bits: raw bits of the elements, as the C++ has them."""
    values = bits.astype(np.int64)
    if signed and width < 64:
        values = np.where(values >> (width - 1) & 1, values - (1 << width), values)
    n_in = int(constants.get("mult_config.n_in", constants.get("n_in", 0)))
    n_out = int(constants.get("mult_config.n_out", constants.get("n_out", 0)))
    strategy = constants.get("mult_config.strategy", constants.get("strategy", 0))
    nonzero, digits = values != 0, csd_digits(values)
    by_output = -(-int(np.count_nonzero(nonzero)) // max(1, n_out))
    digits_by_output = -(-int(digits.sum()) // max(1, n_out))
    if n_in > 0 and n_out > 0 and len(values) == n_in * n_out:
        shape, axis = ((n_out, n_in), 1) if strategy in _RESOURCE else ((n_in, n_out), 0)
        by_output = int(np.count_nonzero(nonzero.reshape(shape), axis=axis).max())
        digits_by_output = int(digits.reshape(shape).sum(axis=axis).max())
    largest = int(np.abs(values).max()) if len(values) else 0
    return Weights(
        name=name,
        count=len(values),
        nonzeros=int(np.count_nonzero(nonzero)),
        magnitude_bits=largest.bit_length(),
        by_output=by_output,
        digits_by_output=digits_by_output,
        multipliers=int(np.count_nonzero(digits >= MULTIPLIED)),
    )


def csd_digits(values: Ints) -> Ints:
    """Nonzero digits of each value in canonical signed-digit form: the terms that a multiplication by it adds up."""
    size = np.abs(values.astype(np.int64))
    # The digits of x stand where 3x and x differ in carry-free form (Reitwiesner 1960).
    differing = (size ^ (3 * size)).astype(np.uint64)
    count = np.zeros(values.shape, np.int64)
    while differing.any():
        count += (differing & np.uint64(1)).astype(np.int64)
        differing >>= np.uint64(1)
    return count
