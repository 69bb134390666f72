"""The cost of a stitched top's own modules against what yosys made of them (benchmarks/glue_cost.py, yosys 0.70, xcup)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from split4ml.passes.cost.glue import GlueCost, glue_cost, link_cost, slice_cost, start_cost

SYNTHESISED = {
    (8, 1, False): (5, 11, 0),
    (64, 2, False): (70, 132, 0),
    (8, 16, False): (14, 7, 0),
    (64, 64, False): (140, 9, 0),
    (512, 16, False): (521, 7, 0),
    (8, 16, True): (31, 24, 0),
    (8, 128, True): (76, 33, 0),
    (8, 1024, True): (44, 34, 1),
    (64, 16, True): (63, 80, 0),
    (64, 128, True): (35, 25, 2),
    (64, 1024, True): (44, 34, 4),
}
"""By bits, depth and memory: LUTs, registers, block RAMs."""


@pytest.mark.parametrize("size", SYNTHESISED)
def test_links(size: tuple[int, int, bool]) -> None:
    lut, ff, bram18 = SYNTHESISED[size]
    cost = link_cost(*size)
    assert abs(cost.lut - lut) <= 5
    assert (cost.ff, cost.bram18) == (ff, bram18)


@pytest.mark.parametrize(("bits", "lut", "ff"), [(8, 12, 18), (64, 68, 130), (512, 516, 1026)])
def test_slices(bits: int, lut: int, ff: int) -> None:
    assert slice_cost(bits) == GlueCost(lut, ff)


@pytest.mark.parametrize(
    ("inputs", "subgraphs", "lut", "ff"),
    [(1, 1, 34, 65), (1, 4, 72, 113), (1, 16, 238, 305), (2, 4, 126, 162)],
)
def test_the_start_module(inputs: int, subgraphs: int, lut: int, ff: int) -> None:
    cost = start_cost(inputs, subgraphs)
    assert abs(cost.lut - lut) <= 0.1 * lut
    assert cost.ff == ff


@given(bits=st.integers(1, 4096), depth=st.integers(1, 5000), memory=st.booleans())
def test_a_wider_link_costs_no_less(bits: int, depth: int, memory: bool) -> None:
    one, two = link_cost(bits, depth, memory), link_cost(bits + 1, depth, memory)
    if one.bram18 == 0 < two.bram18:
        return  # another kind of memory
    assert one.lut <= two.lut and one.ff <= two.ff and one.bram18 <= two.bram18


def test_a_whole_top() -> None:
    parts = [link_cost(16, 2, False), slice_cost(16), slice_cost(16), start_cost(1, 2)]
    assert glue_cost([(16, 2, False)], 1, 2) == sum(parts, GlueCost())


def test_a_link_of_wires_is_its_slices() -> None:
    parts = [slice_cost(16), slice_cost(16), start_cost(1, 2)]
    assert glue_cost([(16, 0, False)], 1, 2) == sum(parts, GlueCost())
    with pytest.raises(ValueError, match="a link of -1 beats"):
        link_cost(8, -1, True)
