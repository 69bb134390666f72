"""Figures that follow from how HLS builds things, without coefficients: multipliers in DSPs, weights in block RAM.

Read off published reports, and exact on most of them (docs/cost.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from split4ml.passes.cost.shape import ZERO, Range, TaskShape
from split4ml.passes.cost.weights import PRUNED, expected_shares

RULE = "rule"

FABRIC_BITS = 10
"""Vitis HLS 2022.2 to 2025.1 build products of two operands of at most so many bits from LUTs, all wider ones in DSPs."""
DSP_WIDE, DSP_NARROW = 27, 18
"""Operands of one DSP48E2 (UG579); DSP48E1 has 25 x 18 (UG479)."""
BRAM_WIDTH, BRAM_DEPTH = 36, 512
"""An 18 Kb block RAM at its widest (UG573)."""
SMALL_MEMORY = 1024
"""Weights of up to so many bits are kept in LUTs."""


@dataclass(frozen=True)
class Products:
    """What becomes of the multiplications by constants of an unrolled product.

    adds: additions into accumulators. shift_adds: constants that are one addition. multipliers: real multiplications;
    in_dsp of them, at once, in DSPs; shared: those that wait for another's multiplier. known: the weights were.
    """

    adds: float
    shift_adds: float
    multipliers: float
    in_dsp: float
    shared: float
    known: bool


def products(task: TaskShape) -> Products:
    """Of a layer whose weights are constants of the circuit."""
    nonzeros = task.nonzeros
    known = task.multipliers is not None and task.shift_adds is not None
    if task.multipliers is not None and task.shift_adds is not None:
        many, two = float(task.multipliers), float(task.shift_adds)
    else:
        pruned = nonzeros < PRUNED * task.weights
        shares = expected_shares(task.n_in, task.n_out, task.weight_width, task.weight_fraction, pruned)
        many, two = (share * nonzeros for share in shares)
    # hls4ml's multiplier_limit, an ALLOCATION pragma of the latency strategy
    limit = ceil(task.weights / task.reuse_factor) - (task.weights - nonzeros) // task.reuse_factor
    at_once = min(many, max(limit, 1 if many else 0))
    return Products(nonzeros, two, many, at_once if in_dsp(task) else 0, many - at_once, known)


def in_dsp(task: TaskShape) -> bool:
    """Whether a real multiplication becomes a DSP."""
    if task.multiplier_style != "auto":
        return task.multiplier_style == "dsp"
    return max(task.in_width, task.weight_width) > FABRIC_BITS


def dsps_each(width: int, other: int) -> int:
    """DSPs of one multiplier."""
    return ceil(max(width, other) / DSP_WIDE) * ceil(min(width, other) / DSP_NARROW)


def unrolled_dsp(task: TaskShape) -> Range:
    """Exact for four of five published layers whose weights are known; less sure where their shares are expected."""
    found = products(task)
    estimate = found.in_dsp * dsps_each(task.in_width, used_bits(task))
    return Range.around(estimate, *((0.8, 1.15) if found.known else (0.7, 1.35))).whole()


def resource_dsp(task: TaskShape) -> Range:
    """One multiplier a weight of one cycle. The last one is narrower: the memory's top bits that no weight uses are gone."""
    if not in_dsp(task):
        # 0 in most reports, but a multiplication and its addition together may become one DSP (2024.2: 5 of 5)
        return Range(0, 0, task.parallel if task.multiplier_style == "auto" else 0)
    each = dsps_each(task.in_width, task.weight_width)
    last = dsps_each(task.in_width, used_bits(task))
    estimate = (task.parallel - 1) * each + last
    return Range(task.parallel * last if last < each else estimate, estimate, task.parallel * each)


def used_bits(task: TaskShape) -> int:
    """Bits of the largest weight with its sign; if it is not known, what the prior expects of some thousand weights."""
    if task.value_bits:
        return min(task.weight_width, task.value_bits + 1)
    if task.weight_fraction is None:
        return task.weight_width
    largest = 4 * (2 / max(2, task.n_in + task.n_out)) ** 0.5
    bits = task.weight_fraction + (0 if largest < 1 else 1)
    return max(1, min(task.weight_width, bits + 1))


def weight_bram(task: TaskShape) -> Range:
    """One memory, as wide as the weights of one cycle and as deep as the reuse factor."""
    if task.unrolled:
        return ZERO
    if task.reuse_factor * task.parallel * task.weight_width <= SMALL_MEMORY:
        return Range(0, 0, 1)  # from 2024 on even small ones, it seems
    width = (task.parallel - 1) * task.weight_width + used_bits(task)
    estimate = ceil(width / BRAM_WIDTH) * ceil(task.reuse_factor / BRAM_DEPTH)
    # one more for the table of output indices that a reuse factor above n_in needs
    extra = 1 if task.reuse_factor > task.n_in else 0
    low = max(1, round(0.85 * estimate)) if task.reuse_factor * width > 2 * SMALL_MEMORY else 0
    return Range(low, estimate, max(round(1.15 * estimate), estimate + 1) + extra)
