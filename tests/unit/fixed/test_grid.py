"""Rounding and overflow against the conversions of the C++ types (backends/hls4ml/bits.py), and enclosures of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from split4ml.dialects.precision import ROUNDING, SATURATION, Precision
from split4ml.passes.bits import dequantize, quantize
from split4ml.passes.fixed.enclosure import Enclosure, Overflow, Watch, fit
from split4ml.passes.fixed.grid import ends, quantized, step

SLOW_MACHINE = settings(deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def precisions(draw: st.DrawFn, bits: int = 20) -> Precision:
    width = draw(st.integers(1, bits))
    return Precision(
        width,
        draw(st.integers(-4, width + 4)),
        draw(st.booleans()),
        draw(st.sampled_from(ROUNDING)),
        draw(st.sampled_from(SATURATION)),
    )


@st.composite
def numbers(draw: st.DrawFn, precision: Precision) -> float:
    """On the grid, half-way between, near to either, and anywhere."""
    near = draw(st.integers(-(1 << precision.width + 1), 1 << precision.width + 1)) * step(precision)
    part = draw(st.sampled_from([0.0, 0.5, 0.25, 0.5 - 2**-20, 0.5 + 2**-20, -(2**-20)]))
    return near + part * step(precision)


@SLOW_MACHINE
@given(st.data())
def test_an_assignment_is_that_of_the_cpp_type(data: st.DataObject) -> None:
    precision = data.draw(precisions())
    values = np.array(data.draw(st.lists(numbers(precision), min_size=1)))
    np.testing.assert_array_equal(
        quantized(values, precision), dequantize(quantize(values, precision), precision)
    )


@SLOW_MACHINE
@given(st.data())
def test_an_enclosure_holds_what_any_number_in_it_becomes(data: st.DataObject) -> None:
    precision = data.draw(precisions(6))
    low, inside, high = sorted(data.draw(st.tuples(*[numbers(precision)] * 3)))
    found = fit(Enclosure(np.array([low]), np.array([high])), precision, "result", Watch())
    held = quantized(np.array([inside]), precision)
    assert found.low <= held <= found.high
    least, greatest = ends(precision)
    assert least <= found.low and found.high <= greatest


@SLOW_MACHINE
@given(st.data())
def test_an_exact_number_stays_exact(data: st.DataObject) -> None:
    precision = data.draw(precisions())
    values = np.array(data.draw(st.lists(numbers(precision), min_size=1)))
    found = fit(Enclosure.of(values), precision, "result", Watch())
    assert found.exact
    np.testing.assert_array_equal(found.low, quantized(values, precision))


def test_what_overflows_is_noted_with_the_bits_it_needs() -> None:
    watch = Watch()
    fit(Enclosure.of(np.array([-1.0, 3.5, 41.25, -33.0])), Precision(16, 6), "accum", watch)
    assert watch.found == [Overflow("accum", Precision(16, 6), -33.0, 41.25, 2, 4)]
    assert watch.found[0].integer_bits == 7


@pytest.mark.parametrize(
    ("low", "high", "signed", "bits"),
    [
        (-32.0, 31.0, True, 6),
        (-33.0, 0.0, True, 7),
        (0.0, 32.0, True, 7),
        (0.0, 32.0, False, 6),
        (-1.0, 31.0, False, 6),
    ],
)
def test_integer_bits(low: float, high: float, signed: bool, bits: int) -> None:
    assert Overflow("result", Precision(8, 3, signed), low, high, 1, 2).integer_bits == bits


def test_numbers_of_more_bits_than_a_float64_has_have_room() -> None:
    wide = fit(Enclosure.of(np.array([1.0e9])), Precision(62, 31), "result", Watch())
    assert wide.low < 1.0e9 < wide.high
