"""Products of data by constant weights, summed in an accumulator: dense layers, convolutions, scale layers.

hls4ml 1.3, `nnet_dense_latency.h`, `nnet_dense_resource.h`, `nnet_depthwise_product.h`, `nnet_batchnorm_stream.h`: a
product is exact and then assigned to the accumulator's type, the bias is the accumulator's first value, and the sum
is assigned to the type of the result.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from split4ml.dialects.precision import Precision
from split4ml.passes.fixed.enclosure import Enclosure, Watch, combined, fit, product
from split4ml.passes.fixed.grid import EXACT_BITS, Floats, ends, quantized, rounded, step, steps
from split4ml.passes.fixed.sums import wraps

CHUNK = 1 << 22
"""Products that are held at once."""


@dataclass(frozen=True)
class Accumulator:
    """precision: of the sum and of every product in it. order: in which rows of the weights are added (which only
    matters if the sum saturates); None if it is not known."""

    precision: Precision
    order: tuple[int, ...] | None = None


def constants(values: Floats, precision: Precision) -> Floats:
    """Weights as the firmware has them. hls4ml writes them as decimal numbers with as many digits after the point as
    the type has bits there (`WeightVariable.update_precision`), and the C++ compiler converts these."""
    digits = max(0, precision.fraction)
    error = 0.5 * 10.0**-digits
    slack = error * (1 + 1e-9) + np.abs(values) * np.ldexp(1.0, 1 - EXACT_BITS)
    whole = steps(values, precision)
    doubtful = (steps(values - slack, precision) != whole) | (steps(values + slack, precision) != whole)
    if doubtful.any():
        values = values.copy()
        values[doubtful] = [float(f"{value:.{digits}f}") for value in values[doubtful]]
    return quantized(values, precision)


def sum_of_products(
    data: Enclosure,
    data_precision: Precision,
    weights: Floats,
    weight_precision: Precision,
    bias: Floats,
    accumulator: Accumulator,
    watch: Watch,
) -> Enclosure:
    """`data @ weights + bias` in the accumulator: [positions, inputs] by [inputs, outputs], all on their grids."""
    accum = accumulator.precision
    start = fit(Enclosure.of(bias), accum, "accum", watch)
    reach = _reach(data, weights)
    unit = step(data_precision) * step(weight_precision)
    whole = data.exact and _has_all_bits(reach, unit, data, weights)
    # of a float64 sum, each product and each addition is off by half of its last bit
    slack = 0.0 if whole else reach * 2 * len(weights) * float(np.ldexp(1.0, -EXACT_BITS))
    if accum.fraction >= data_precision.fraction + weight_precision.fraction:
        total = _exact_sum(data, weights).widened(slack)
    elif whole:
        total = _rounded_sum(data.low, weights, accum)
    else:
        # and each product is rounded to a step of the accumulator
        rounding = np.count_nonzero(weights, axis=0) * step(accum) + slack
        total = _exact_sum(data, weights).widened(np.broadcast_to(rounding, (len(data.low), len(rounding))))
    total = combined([total, start], lambda products, first: products + first)
    held = fit(total, accum, "accum", watch)  # if it wraps, only the end counts
    if wraps(accum):
        return held
    return _saturating(held, data, weights, start, accumulator)


def _exact_sum(data: Enclosure, weights: Floats) -> Enclosure:
    if data.exact:
        return Enclosure.of(data.low @ weights)
    up, down = np.maximum(weights, 0), np.minimum(weights, 0)
    return Enclosure(data.low @ up + data.high @ down, data.high @ up + data.low @ down)


def _reach(data: Enclosure, weights: Floats) -> float:
    """No partial sum is larger."""
    largest = max(float(data.high.max(initial=0.0)), -float(data.low.min(initial=0.0)))
    return largest * float(np.abs(weights).sum(axis=0).max(initial=0.0))


def _has_all_bits(reach: float, unit: float, data: Enclosure, weights: Floats) -> bool:
    """Whether every partial sum is a float64: a multiple of `unit` of at most 53 bits, or of a larger one."""
    limit = float(np.ldexp(1.0, EXACT_BITS))
    return reach < unit * limit or reach < common_unit(data.low) * common_unit(weights) * limit


def common_unit(values: Floats) -> float:
    """A power of two that all values are multiples of."""
    mantissa, exponent = np.frexp(values[values != 0])
    if not mantissa.size:
        return 1.0
    whole = np.ldexp(mantissa, EXACT_BITS).astype(np.int64)
    zeros = np.log2((whole & -whole).astype(np.float64)).astype(np.int64)
    return float(np.ldexp(1.0, int((exponent + zeros).min()) - EXACT_BITS))


def _rounded_sum(data: Floats, weights: Floats, accum: Precision) -> Enclosure:
    """Each product rounded to the accumulator's grid."""
    total = np.zeros((len(data), weights.shape[1]))
    rows = max(1, CHUNK // max(1, weights.size))
    for begin in range(0, len(data), rows):
        part = data[begin : begin + rows, :, None] * weights[None]
        total[begin : begin + rows] = rounded(part, accum).sum(axis=1)
    return Enclosure.of(total)


def _saturating(
    held: Enclosure, data: Enclosure, weights: Floats, start: Enclosure, accumulator: Accumulator
) -> Enclosure:
    """The sum where it may have saturated on the way, after which it ends elsewhere. held: if it did not."""
    accum = accumulator.precision
    least, greatest = ends(accum)
    magnitude = np.maximum(np.abs(data.low), np.abs(data.high)) @ np.abs(weights) + np.abs(start.low)
    magnitude += len(weights) * step(accum)
    doubtful = magnitude > min(-least, greatest) if accum.signed else np.ones(held.shape, np.bool_)
    if not doubtful.any():
        return held
    if accumulator.order is None or not data.exact:
        return Enclosure(np.where(doubtful, least, held.low), np.where(doubtful, greatest, held.high))
    running = Enclosure.of(np.broadcast_to(start.low, held.shape))
    ignored = Watch()
    for row in accumulator.order:
        term = fit(Enclosure.of(data.low[:, row, None] * weights[None, row]), accum, "accum", ignored)
        running = fit(combined([running, term], lambda total, last: total + last), accum, "accum", ignored)
    return Enclosure.between(
        np.where(doubtful, running.low, held.low), np.where(doubtful, running.high, held.high)
    )


def scaled(data: Enclosure, scale: Floats, bias: Floats) -> Enclosure:
    """`scale * data + bias`, exact."""
    return combined([product(data, Enclosure.of(scale)), Enclosure.of(bias)], lambda term, last: term + last)
