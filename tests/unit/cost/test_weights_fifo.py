"""Counting weights, and FIFOs from the shapes of the primitives."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from split4ml.passes.cost.fifo import fifo_cost, fifo_style
from split4ml.passes.cost.weights import WeightCount, count_weights, csd_digits, expected_shares


def csd_form(value: int) -> list[int]:
    """Canonical signed digits, least significant first, by the textbook recurrence."""
    digits = []
    while value:
        digit = 2 - value % 4 if value % 2 else 0
        digits.append(digit)
        value = (value - digit) // 2
    return digits


@given(st.lists(st.integers(-(2**63) + 1, 2**63 - 1), min_size=1, max_size=20))
def test_csd_digits(values: list[int]) -> None:
    digits = [csd_form(v) for v in values]
    for value, form in zip(values, digits, strict=True):
        assert sum(d << i for i, d in enumerate(form)) == value
        assert all(a * b == 0 for a, b in pairwise(form))
    found = csd_digits(np.array([abs(v) for v in values], np.uint64))
    assert found.tolist() == [sum(d != 0 for d in form) for form in digits]


@given(st.integers(1, 6), st.integers(1, 6), st.data())
def test_counts(n_in: int, n_out: int, data: st.DataObject) -> None:
    """A magnitude is multiplied by once an input, however many outputs it feeds."""
    rows = data.draw(
        st.lists(st.lists(st.integers(0, 40), min_size=n_out, max_size=n_out), min_size=n_in, max_size=n_in)
    )
    count = count_weights(np.array(rows, np.uint64))
    digits = {value: sum(d != 0 for d in csd_form(value)) for row in rows for value in row}
    assert count.multipliers == sum(sum(digits[v] >= 3 for v in set(row)) for row in rows)
    assert count.shift_adds == sum(sum(digits[v] == 2 for v in set(row)) for row in rows)
    assert count.nonzero == sum(v != 0 for row in rows for v in row)
    assert count.csd_adders == sum(digits[v] - 1 for row in rows for v in row if v)


def test_known_constants() -> None:
    """0, a power of two, 7 = 8 - 1, 3 = 4 - 1, 11 = 8 + 2 + 1."""
    assert count_weights(np.array([[0, 64], [7, 3]], np.uint64)) == WeightCount(4, 3, 5, 0, 2, 7)
    assert count_weights(np.array([11, 11, 128], np.uint64)) == WeightCount(3, 3, 7, 2, 0, 8)


def test_expected_shares_are_those_of_published_networks() -> None:
    """Alezander9 (53 x 24, fixed<10,1>): 79 and 18 % of the nonzero weights; uw-acme (288 x 64, fixed<16,6>): 63 and 30 %;
    abdennour-GUESSOUM (150 x 16, fixed<8,4>): 0 and 22 %."""
    for shape, many, two, margin in (
        ((53, 24, 10, 9, True), 0.79, 0.18, 0.08),
        ((288, 64, 16, 10, False), 0.63, 0.30, 0.03),
        ((150, 16, 8, 4, False), 0.0, 0.22, 0.08),
    ):
        assert expected_shares(*shape) == pytest.approx((many, two), abs=margin)


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(1, 64), st.integers(-8, 70), st.booleans())
def test_shares_are_shares(n_in: int, n_out: int, width: int, fraction: int, pruned: bool) -> None:
    many, two = expected_shares(n_in, n_out, width, fraction, pruned)
    assert 0 <= many <= 1 and 0 <= two <= 1 and many + two <= 1 + 1e-6


@pytest.mark.parametrize(
    ("width", "depth", "style", "bram18"),
    [
        (16, 64, "srl", 0),  # 1024 bits
        (512, 2, "srl", 0),
        (17, 64, "lutram", 0),
        (16, 1024, "bram", 1),
        (16, 1025, "bram", 2),
        (36, 512, "bram", 1),
        (128, 1000, "bram", 8),
        (1, 16384, "bram", 1),
    ],
)
def test_fifo_style_and_blocks(width: int, depth: int, style: str, bram18: int) -> None:
    cost = fifo_cost(width, depth)
    assert (cost.style, cost.bram18) == (style, bram18)


def test_srl_lutram_luts() -> None:
    assert fifo_cost(16, 33, "srl").lut - fifo_cost(16, 64, "srl").lut == 0
    assert fifo_cost(16, 65, "srl").lut > fifo_cost(16, 64, "srl").lut + 15
    assert fifo_cost(18, 32, "lutram").lut == 4 * 3 + 3 * 5 + 10


@given(st.integers(1, 4096), st.integers(1, 20000))
def test_deeper_is_never_cheaper_in_one_style(width: int, depth: int) -> None:
    style = fifo_style(width, depth)
    one, two = fifo_cost(width, depth, style), fifo_cost(width, depth + 1, style)
    assert (one.lut, one.ff, one.bram18) <= (two.lut, two.ff, two.bram18)


def test_an_empty_fifo_is_refused() -> None:
    with pytest.raises(ValueError, match="0 tokens"):
        fifo_cost(8, 0)
    with pytest.raises(ValueError, match="0 tokens"):
        fifo_cost(8, 0, "srl")
