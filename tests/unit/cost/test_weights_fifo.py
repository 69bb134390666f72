"""Counting weights, and FIFOs from the shapes of the primitives."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from split4ml.passes.cost.fifo import fifo_cost, fifo_style
from split4ml.passes.cost.weights import WeightCount, count_weights


def csd_digits(value: int) -> list[int]:
    """Canonical signed digits, least significant first, by the textbook recurrence."""
    digits = []
    while value:
        digit = 2 - value % 4 if value % 2 else 0
        digits.append(digit)
        value = (value - digit) // 2
    return digits


@given(st.lists(st.integers(-(2**40), 2**40), max_size=20))
def test_csd_adders(values: list[int]) -> None:
    count = count_weights(np.array(values, np.int64))
    digits = [csd_digits(v) for v in values]
    for value, form in zip(values, digits, strict=True):
        assert sum(d << i for i, d in enumerate(form)) == value
        assert all(a * b == 0 for a, b in pairwise(form))
    adders = [sum(d != 0 for d in form) - 1 for form in digits if form]
    assert count == WeightCount(len(values), len(adders), sum(adders))


def test_known_constants() -> None:
    """0, a power of two, 7 = 8 - 1, -3 = -4 + 1, 11 = 8 + 4 - 1; small types do not overflow."""
    assert count_weights(np.array([[0, 64], [7, -3]], np.int8)) == WeightCount(4, 3, 2)
    assert count_weights(np.array([11, -128, 127], np.int8)).csd_adders == 2 + 0 + 1


def test_too_wide_weights() -> None:
    with pytest.raises(ValueError, match="62 bits"):
        count_weights(np.array([2**62 - 1]))


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
