"""Sums of products against sums in whole numbers, one addition at a time, as hls4ml's C++ writes them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from split4ml.dialects.precision import Precision
from split4ml.passes.fixed.enclosure import Enclosure, Watch
from split4ml.passes.fixed.grid import Floats, quantized, step
from split4ml.passes.fixed.linear import Accumulator, constants, sum_of_products
from split4ml.passes.fixed.sums import running_sum, tree_sum

DATA, WEIGHT = Precision(6, 2), Precision(5, 1)

SLOW_MACHINE = settings(deadline=None, suppress_health_check=list(HealthCheck))


def one(value: Fraction, precision: Precision) -> Fraction:
    """An assignment; exact, since the numbers here have few bits."""
    return Fraction(float(quantized(np.array(float(value)), precision)))


def by_hand(data: Floats, weights: Floats, bias: Floats, accum: Precision) -> Floats:
    found = np.zeros((len(data), weights.shape[1]))
    for row, numbers in enumerate(data):
        for column in range(weights.shape[1]):
            total = one(Fraction(bias[column]), accum)
            for number, weight in zip(numbers, weights[:, column], strict=True):
                total = one(total + one(Fraction(number) * Fraction(weight), accum), accum)
            found[row, column] = total
    return found


def grid(draw: st.DrawFn, precision: Precision, *shape: int) -> Floats:
    half = 1 << precision.width - 1
    count = int(np.prod(shape))
    raw = draw(st.lists(st.integers(-half, half - 1), min_size=count, max_size=count))
    return np.array(raw, np.float64).reshape(shape) * step(precision)


@st.composite
def problems(draw: st.DrawFn) -> tuple[Floats, Floats, Floats, Precision]:
    rows, inputs, outputs = (draw(st.integers(1, 4)) for _ in range(3))
    accum = Precision(
        draw(st.integers(4, 14)),
        draw(st.integers(1, 5)),
        True,
        draw(st.sampled_from(["TRN", "RND", "RND_CONV"])),
        draw(st.sampled_from(["WRAP", "SAT", "SAT_SYM"])),
    )
    return (
        grid(draw, DATA, rows, inputs),
        grid(draw, WEIGHT, inputs, outputs),
        grid(draw, WEIGHT, outputs),
        accum,
    )


@settings(SLOW_MACHINE, max_examples=200)
@given(problems())
def test_in_order_it_is_exact_whatever_overflows(problem: tuple[Floats, Floats, Floats, Precision]) -> None:
    data, weights, bias, accum = problem
    order = tuple(range(len(weights)))
    found = sum_of_products(
        Enclosure.of(data), DATA, weights, WEIGHT, bias, Accumulator(accum, order), Watch()
    )
    assert found.exact
    np.testing.assert_array_equal(found.low, by_hand(data, weights, bias, accum))


@settings(SLOW_MACHINE, max_examples=200)
@given(problems(), st.randoms(use_true_random=False))
def test_in_no_known_order_it_is_enclosed(
    problem: tuple[Floats, Floats, Floats, Precision], random: st.DataObject
) -> None:
    data, weights, bias, accum = problem
    found = sum_of_products(Enclosure.of(data), DATA, weights, WEIGHT, bias, Accumulator(accum), Watch())
    order = list(range(len(weights)))
    random.shuffle(order)  # type: ignore[attr-defined]
    held = by_hand(data[:, order], weights[order], bias, accum)
    assert np.all((found.low <= held) & (held <= found.high))


@settings(SLOW_MACHINE, max_examples=100)
@given(problems(), st.integers(0, 3))
def test_of_data_that_is_not_exact_it_is_enclosed(
    problem: tuple[Floats, Floats, Floats, Precision], room: int
) -> None:
    data, weights, bias, accum = problem
    slack = room * step(DATA)
    around = Enclosure(data - slack, data + slack)
    found = sum_of_products(around, DATA, weights, WEIGHT, bias, Accumulator(accum), Watch())
    held = by_hand(data, weights, bias, accum)
    assert np.all((found.low <= held) & (held <= found.high))


def test_a_product_of_more_bits_than_a_float64_has_is_enclosed() -> None:
    wide = Precision(40, 16)
    data = np.array([[12345.678]]) // step(wide) * step(wide)
    weights = np.array([[9.87654321]]) // step(wide) * step(wide)
    found = sum_of_products(
        Enclosure.of(data), wide, weights, wide, np.zeros(1), Accumulator(Precision(40, 20), (0,)), Watch()
    )
    exact = float(Fraction(data[0, 0]) * Fraction(weights[0, 0]) // Fraction(2) ** -20 * Fraction(2) ** -20)
    assert found.low[0, 0] <= exact <= found.high[0, 0] and found.high[0, 0] - found.low[0, 0] < 2**-18


@pytest.mark.parametrize(
    ("value", "precision", "expected"),
    [
        (0.4999999999999, Precision(16, 6), 0.5),  # written with 10 digits, it is 0.5
        (0.4999, Precision(16, 6), 511 / 1024),
        (0.99, Precision(8, 8), 1.0),  # written without digits
        (-0.26, Precision(3, 1), -0.5),
        (0.3, Precision(4, 1, True, "RND", "SAT"), 0.25),
        (7.0, Precision(4, 1, True, "RND", "SAT"), 0.875),
    ],
)
def test_weights_are_those_that_hls4ml_writes(value: float, precision: Precision, expected: float) -> None:
    assert constants(np.array([value]), precision) == expected


def test_a_tree_and_a_row_saturate_differently() -> None:
    accum = Precision(4, 4, True, "TRN", "SAT")
    parts = Enclosure.of(np.array([[7.0, 7.0, -7.0, -7.0]]))
    assert tree_sum(parts, accum, Watch()).low == [-1.0]  # 7 and -8
    assert running_sum(parts, accum, Watch()).low == [-7.0]  # 7, 7, 0, -7
    wrapping = Precision(4, 4)
    assert tree_sum(parts, wrapping, Watch()).low == running_sum(parts, wrapping, Watch()).low == [0.0]
