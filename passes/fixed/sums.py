"""Sums whose partial sums all have the accumulator's type. Where that wraps, or nothing overflows, their order is
nobody's business; where it saturates, it decides."""

from __future__ import annotations

from split4ml.dialects.precision import Precision
from split4ml.passes.fixed.enclosure import Enclosure, Watch, combined, fit


def wraps(accum: Precision) -> bool:
    return accum.saturation == "WRAP" and not accum.saturation_bits


def tree_sum(parts: Enclosure, accum: Precision, watch: Watch) -> Enclosure:
    """hls4ml's `reduce` (nnet_common.h) along the last axis: a balanced tree."""
    count = parts.shape[-1]
    if wraps(accum):
        return fit(parts.map(lambda x: x.sum(axis=-1)), accum, "accum", watch)
    if count == 1:
        return parts.map(lambda x: x[..., 0])
    left = 1 << (count - 1).bit_length() - 1
    halves = [
        tree_sum(parts.map(lambda x: x[..., :left]), accum, watch),
        tree_sum(parts.map(lambda x: x[..., left:]), accum, watch),
    ]
    return _plus(halves[0], halves[1], accum, watch)


def running_sum(parts: Enclosure, accum: Precision, watch: Watch) -> Enclosure:
    """Along the last axis, one after the other."""
    if wraps(accum):
        return fit(parts.map(lambda x: x.sum(axis=-1)), accum, "accum", watch)
    total = parts.map(lambda x: x[..., 0])
    for index in range(1, parts.shape[-1]):
        total = _plus(total, parts.map(lambda x, index=index: x[..., index]), accum, watch)  # type: ignore[misc]
    return total


def _plus(one: Enclosure, other: Enclosure, accum: Precision, watch: Watch) -> Enclosure:
    return fit(combined([one, other], lambda left, right: left + right), accum, "accum", watch)
