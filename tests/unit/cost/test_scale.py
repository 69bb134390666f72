"""From HLS estimates to counts after logic synthesis."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from split4ml.passes.cost.scale import FACTORS, after_synthesis
from split4ml.passes.cost.shape import Range, TaskCost


def test_a_published_design() -> None:
    """seanlipps/ECE226_CoDesign 528aea9, Vitis HLS 2024.1: 17,966 LUT, 7,123 FF, 467 DSP, 29 BRAM18 in the HLS report; 8,565,
    4,864, 467 and 24 after logic synthesis."""
    lut, ff, dsp, bram18 = map(Range.exactly, (17966, 7123, 467, 29))
    found = after_synthesis(TaskCost(lut, ff, dsp, bram18))
    assert found.scale == "synthesis"
    for figure, truth in (("lut", 8565), ("ff", 4864), ("dsp", 467), ("bram18", 24)):
        range_ = getattr(found, figure)
        assert range_.low <= truth <= range_.high


@given(st.integers(0, 10**7), st.floats(0.1, 1), st.floats(1, 10))
def test_ranges_widen_and_synthesised_costs_stay(estimate: int, low: float, high: float) -> None:
    cost = TaskCost(lut=Range.around(estimate, low, high).whole())
    after = after_synthesis(cost)
    assert after.lut.low <= after.lut.estimate <= after.lut.high
    assert after.lut.high + 2 >= (cost.lut.high + 1) / (estimate + 1) * after.lut.estimate
    assert abs(after.lut.estimate - estimate * FACTORS["lut"].estimate) <= 1
    assert after_synthesis(after) is after
