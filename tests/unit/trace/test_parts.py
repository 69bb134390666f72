"""The device of a design: what its part number says of its speed, and what that changes in the schedules."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rule_tasks import (
    READ,
    VITIS,
    VIVADO,
    WRITE,
    Loop,
    Op,
    copies,
    core_facts,
    operands,
    reads,
    task,
    windows,
    writes,
)

from split4ml.passes.timing.constants import tool, tools
from split4ml.passes.timing.parts import (
    SLOWEST,
    ULTRASCALE,
    VIRTEX_7,
    VIRTEX_ULTRASCALE_PLUS,
    ZYNQ_ULTRASCALE_PLUS,
    multiplier_speed,
    speed,
)
from split4ml.passes.timing.pixels import reuse_depth
from split4ml.passes.timing.rules import timing
from split4ml.passes.timing.structure import Context
from split4ml.passes.timing.tasktrace import Element, Function
from split4ml.passes.traced import TracedDesign, TracedStream

ZYNQ, VIRTEX, ULTRA, ALVEO = (
    "xc7z020clg400-1",
    "xc7vx690tffg1761-2",
    "xczu5ev-sfvc784-2LV-e",
    "xcu250-figd2104-2L-e",
)


@pytest.mark.parametrize(
    ("part", "found"),
    [
        (ZYNQ, SLOWEST),
        ("XC7Z020-CLG484-1", SLOWEST),
        ("xc7a35tcpg236-1", SLOWEST),
        (VIRTEX, VIRTEX_7),
        ("xc7k325tffg900-2", VIRTEX_7),
        ("xc7z045ffg900-2", VIRTEX_7),
        ("xcku035-fbva676-2-e", ULTRASCALE),
        ("xcvu095-ffva2104-2-e", ULTRASCALE),
        ("xczu9eg-ffvb1156-2-e", ZYNQ_ULTRASCALE_PLUS),
        (ULTRA, ZYNQ_ULTRASCALE_PLUS),
        ("xcku5p-ffvb676-2-e", VIRTEX_ULTRASCALE_PLUS),
        ("xcvu13p-flga2577-2-e", VIRTEX_ULTRASCALE_PLUS),
        (ALVEO, VIRTEX_ULTRASCALE_PLUS),
        ("xcu50-fsvh2104-2-e", VIRTEX_ULTRASCALE_PLUS),
        # families and grades of which no report was seen
        ("xc7a200tfbg676-2", None),
        ("xc7z020clg400-3", None),
        ("xczu3eg-sbva484-1-i", None),
        ("xcvu13p", None),
        ("xcvp1202-vsva2785-2MP-e-S", None),
        ("", None),
        (None, None),
    ],
)
def test_a_part_number_says_how_fast_its_logic_is(part: str | None, found: float | None) -> None:
    assert speed(part) == found


@pytest.mark.parametrize("rules", tools())
@pytest.mark.parametrize("clock", [3.33, 5.0, 10.0, 25.0])
def test_an_unknown_part_is_no_part(rules: str, clock: float) -> None:
    for each in (
        copies("relu", 9),
        copies("pooling2d_cl", 9),
        windows([False, True] * 4, 0, **core_facts(72, 9)),
    ):
        unknown, none = timing(each, rules, clock, part="xc9z1-1"), timing(each, rules, clock)
        assert (unknown.ii, unknown.depth, unknown.schedule.period) == (
            none.ii,
            none.depth,
            none.schedule.period,
        )


@pytest.mark.parametrize(
    ("part", "clock", "relu", "pool", "ii"),
    [
        (ZYNQ, 5.0, 4, 5, 2),  # reports, 2019.2
        (ZYNQ, 10.0, 3, 4, 1),  # reports, 2020.1
        (VIRTEX, 3.33, 4, 5, 2),  # relu: reports, 2019.2; pooling: inferred
        (VIRTEX, 5.0, 3, 4, 1),  # reports and waveforms, 2019.1
        (ULTRA, 5.0, 3, 3, 1),  # reports, 2019.2
        (ALVEO, 2.0, 3, 4, 1),  # reports, 2020.1, as the next two
        (ALVEO, 3.333, 3, 3, 1),
        (ALVEO, 4.0, 3, 3, 1),
        (ALVEO, 5.0, 2, 2, 1),  # reports, 2020.1: relu; pooling as at 10 ns
        ("xcu50-fsvh2104-2-e", 10.0, 2, 2, 1),  # reports, 2020.1
    ],
)
def test_loops_of_vivado_by_device(part: str, clock: float, relu: int, pool: int, ii: int) -> None:
    assert timing(copies("relu", 9), VIVADO, clock, part=part).depth == relu
    window = copies("pooling2d_cl", 9, constants={"pool_width": 2.0, "pool_height": 2.0})
    found = timing(window, VIVADO, clock, part=part)
    assert (found.depth, found.ii) == (pool, ii)


@pytest.mark.parametrize(
    ("part", "clock", "n_in", "reuse", "data", "weight", "depth"),
    [
        (ZYNQ, 5.0, 27, 108, 16, 6, 6),
        (ZYNQ, 5.0, 9, 72, 16, 4, 4),
        (ZYNQ, 10.0, 36, 36, 16, 16, 4),
        (ULTRA, 5.0, 27, 108, 16, 6, 3),
        ("xczu9eg-ffvb1156-2-e", 5.0, 72, 72, 16, 16, 3),
        (ALVEO, 5.0, 900, 60, 16, 12, 3),
        (ALVEO, 5.0, 64, 64, 12, 12, 3),
        ("xcu50-fsvh2104-2-e", 10.0, 36, 36, 16, 16, 2),
        (VIRTEX, 5.0, 9, 9, 8, 8, 3),
        (VIRTEX, 5.0, 54, 9, 8, 8, 4),
        (VIRTEX, 5.0, 72, 8, 8, 8, 5),
        (VIRTEX, 3.33, 288, 16, 16, 16, 9),
    ],
)
def test_reuse_loops_of_vivado_by_device(
    part: str, clock: float, n_in: int, reuse: int, data: int, weight: int, depth: int
) -> None:
    """As reports of published designs print them."""
    each = windows([True], 0, **core_facts(n_in, reuse) | {"types": operands(data, weight)})
    assert reuse_depth(Context(each, (), tool(VIVADO), clock, speed=speed(part)), reuse) == depth


@pytest.mark.parametrize(
    ("part", "data", "weight", "n_in", "reuse", "full", "other"),
    [
        (VIRTEX, 8, 8, 9, 9, 9 + 6, 3),  # reports and waveforms, 2019.1
        (ULTRA, 16, 6, 27, 108, 108 + 5, 3),  # reports and waveforms, 2019.2
        (ZYNQ, 16, 4, 9, 72, 72 + 9, 5),  # waveforms, 2020.1
        (ZYNQ, 16, 6, 27, 108, 108 + 11, 5),  # reports and waveforms, 2019.2
    ],
)
def test_iterations_of_vivado_by_device(
    part: str, data: int, weight: int, n_in: int, reuse: int, full: int, other: int
) -> None:
    facts = core_facts(n_in, reuse, called=True) | {"types": operands(data, weight)}
    found = timing(windows([False, True, False, True], 0, **facts), VIVADO, 5.0, part=part)
    assert (found.ii, found.schedule.period) == (full, 2 * (full + other) + 2)


def test_vitis_has_more_stages_on_a_slow_device() -> None:
    """Reports, 2020.2, 5 ns: relu 4, pooling of 2x2 5, called cores of 18 to 27 products of 16 bits 5, so II 8 and Depth 10."""
    assert timing(copies("relu", 9), VITIS, 5.0, part=ZYNQ).depth == 4
    assert timing(copies("relu", 9), VITIS, 10.0, part=ZYNQ).depth == 3
    assert timing(copies("relu", 9), VITIS, 5.0, part=ALVEO).depth == 3
    window = copies("pooling2d_cl", 9, constants={"pool_width": 2.0, "pool_height": 2.0})
    assert timing(window, VITIS, 5.0, part=ZYNQ).depth == 5
    for terms in (18, 27):
        facts = core_facts(terms, 1) | {"types": operands(16, 16)}
        found = timing(windows([False, True, True], 1, **facts), VITIS, 5.0, part=ZYNQ)
        assert (found.ii, found.depth) == (8, 10)


@pytest.mark.parametrize(
    ("tool_name", "part", "signed", "depth"),
    # measured at 5 ns: a relu that rounds nothing
    [
        ("vitis-2023.2", "xcku5p-ffvb676-2-e", True, 3),
        ("vitis-2024.1", ALVEO, True, 2),
        ("vitis-2023.1", ALVEO, False, 2),
        ("vitis-2022.2", "xcku035-fbva676-2-e", False, 3),
    ],
)
def test_a_relu_of_vitis_in_one_stage(tool_name: str, part: str, signed: bool, depth: int) -> None:
    types = {"in0": Element(16, 6, True), "out0": Element(16, 6, signed)}
    assert timing(copies("relu", 9, types=types), tool_name, 5.0, part=part).depth == depth


def test_the_kernel_that_shifts_in_a_module_is_waited_for() -> None:
    """Reports, 2019.2, Zynq UltraScale+, 5 ns: 79 for a window of 72 products in turn, 4 without one."""
    facts = core_facts(72, 72, called=False) | {"types": operands(16, 16)}
    each = windows([False, True, False, True], 0, **facts)
    each = replace(each, functions={"cnnshift_arr": Function("", 1)}, elements={"in0": 8})
    found = timing(each, VIVADO, 5.0, part="xczu9eg-ffvb1156-2-e")
    assert (found.ii, reads(found.schedule)[1]) == (79, 1 + 4)


@given(st.sampled_from([ZYNQ, VIRTEX, ULTRA, ALVEO, None]), st.floats(1.0, 40.0))
def test_a_slower_clock_makes_no_loop_deeper(part: str | None, clock: float) -> None:
    for rules in tools():
        for kind in ("relu", "add", "pooling2d_cl"):
            fast, slow = (timing(copies(kind, 5), rules, each, part=part) for each in (clock, 1.5 * clock))
            assert slow.depth <= fast.depth
            assert slow.ii <= fast.ii
            assert all(a < b for a, b in zip(reads(slow.schedule), reads(slow.schedule)[1:], strict=False))
            assert len(writes(slow.schedule)) == len(reads(slow.schedule))


def test_products_differ_by_generation_only() -> None:
    assert multiplier_speed(VIRTEX_7) == multiplier_speed(None) == multiplier_speed(SLOWEST) == 1.0
    assert multiplier_speed(ZYNQ_ULTRASCALE_PLUS) == multiplier_speed(VIRTEX_ULTRASCALE_PLUS) > 1.0


def test_a_row_of_vivado_passes_the_state_of_a_pad_that_it_has_not() -> None:
    """Waveforms, 2020.1: rows of 8 copies and one zero on the right take 10, and a frame of 8 rows and 9 zeros 92."""
    row = [(READ, 0), (WRITE, 0)] * 8 + [(WRITE, 0)]
    parts: list[Loop | list[Op]] = [("f:PadMain", 0, [row] * 8), ("f:PadBottomWidth", 0, [[(WRITE, 0)]] * 9)]
    found = timing(task("zeropad2d_cl", parts, constants={"pad_left": 0.0, "pad_right": 1.0}), VIVADO, 5.0)
    copied = [2 + 10 * each + column for each in range(8) for column in range(8)]
    assert reads(found.schedule) == copied
    assert writes(found.schedule)[:9] == [*copied[:8], 10]
    assert found.schedule.period == 92


def test_a_traced_design_is_timed_for_its_part() -> None:
    relu = copies("relu", 9)
    streams = {name: TracedStream(9, 1, Element(16, 6, True), None) for name in ("in0", "out0")}
    design = TracedDesign("net", (relu,), ("in0",), ("out0",), streams, VITIS, 5.0, part=ZYNQ)
    assert design.timing(relu).depth == 4
    assert (
        replace(design, part=None).timing(relu).depth == replace(design, part=ALVEO).timing(relu).depth == 3
    )
