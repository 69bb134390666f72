"""Schedules against what can be worked out by hand, and rules that hold for all of them."""

from __future__ import annotations

import itertools
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rule_tasks import (
    READ,
    VITIS,
    VIVADO,
    WRITE,
    copies,
    core_facts,
    operands,
    reads,
    task,
    windows,
    writes,
)

from split4ml.backends.trace import ProjectTrace
from split4ml.dialects.errors import UsageError
from split4ml.passes.timing.constants import tool, tools
from split4ml.passes.timing.pixels import reuse_depth
from split4ml.passes.timing.program import ProgramBuilder
from split4ml.passes.timing.reported import Reported, ReportedLoop, known_of
from split4ml.passes.timing.rules import TaskTiming, caveats, schedule, timing
from split4ml.passes.timing.structure import Context
from split4ml.passes.timing.tasktrace import (
    CountedLoop,
    Element,
    Function,
    TaskTrace,
    Weights,
)


def check(found: TaskTiming, read: list[int], write: list[int], period: int) -> None:
    assert (reads(found.schedule), writes(found.schedule), found.schedule.period) == (read, write, period)


def test_relu_is_a_pipeline_of_depth_3() -> None:
    check(timing(copies("relu", 4), VITIS, 5.0), [1, 2, 3, 4], [2, 3, 4, 5], 5)


def test_relu_at_a_slow_clock_writes_in_the_cycle_of_its_read() -> None:
    check(timing(copies("relu", 4), VITIS, 25.0), [1, 2, 3, 4], [1, 2, 3, 4], 5)


def test_relu_of_vivado_drains_before_the_next_call() -> None:
    check(timing(copies("relu", 4), VIVADO, 5.0), [1, 2, 3, 4], [3, 4, 5, 6], 9)


def test_a_single_token_is_straight_code() -> None:
    found = timing(copies("relu", 1), VITIS, 5.0)
    check(found, [0], [1], 2)
    assert found.style == "code"


def test_clone_reads_and_writes_all_copies_at_once() -> None:
    clone = task("clone_stream", [("f:L", 1, [[(READ, 0), (WRITE, 0), (WRITE, 1)]] * 3)])
    made = schedule(clone, VITIS, 5.0, direct_outputs=False)
    assert reads(made) == writes(made, 0) == writes(made, 1) == [1, 2, 3]
    assert len(made.offset) == 3


def test_add_reads_both_inputs_in_one_group() -> None:
    add = task("add", [("f:L", 1, [[(READ, 0), (READ, 1), (WRITE, 0)]] * 2)])
    made = schedule(add, VITIS, 5.0, direct_outputs=False)
    assert reads(made, 0) == reads(made, 1) == [1, 2]
    assert writes(made) == [2, 3]


def test_a_direct_output_is_written_one_advance_earlier() -> None:
    made = schedule(copies("relu", 3), VITIS, 5.0, direct_outputs=True)
    assert (reads(made), writes(made)) == ([1, 2, 3], [1, 2, 3])
    slow = schedule(copies("relu", 3), VITIS, 25.0, direct_outputs=True)
    assert writes(slow) == [1, 2, 3], "never before the read it depends on"


@pytest.mark.parametrize(
    ("n_in", "clock", "ii"),
    # log2(n) / (1.25 * clock), rounded up: 9 and 25 -> 1, 72 -> 1, 300 -> 2 at 5 ns; 144 -> 2 at 3.33 ns
    [(9, 5.0, 3), (25, 5.0, 3), (72, 5.0, 3), (300, 5.0, 5), (144, 3.33, 5), (300, 25.0, 2)],
)
def test_a_called_core_bounds_the_interval(n_in: int, clock: float, ii: int) -> None:
    found = timing(windows([False, True, True], 1, **core_facts(n_in, 1)), VITIS, clock)
    bubble = 1 if clock >= 10 else 2
    depth = ii + 1 if clock >= 10 else ii + 2
    check(found, [1, 1 + ii, 1 + 2 * ii], [ii + depth - 1, 2 * ii + depth - 1], 3 * ii + bubble)
    assert found.depth == depth
    low, high = found.ii_range
    assert low <= ii <= high
    if clock < 10:
        assert low < high


def test_latency_with_reuse_has_a_certain_interval() -> None:
    facts = core_facts(36, 1)
    found = timing(windows([False, True], 4, **facts), VITIS, 5.0)
    assert (found.ii, found.depth, found.ii_range) == (6, 8, (6, 6))
    assert found.schedule.period == 2 * 6 + 2


def test_an_inlined_core_runs_at_the_reuse_factor() -> None:
    found = timing(windows([True, True], 1, **core_facts(72, 1, called=False)), VITIS, 5.0)
    assert (found.ii, found.depth) == (1, 4)


def test_resource_convolution_is_sequential() -> None:
    """RF 36: 42 advances where a window is filled, 4 elsewhere; written 40 after the read; 2 more per frame."""
    found = timing(windows([False, True, False, True], 0, **core_facts(36, 36)), "vitis-2022.2", 5.0)
    check(found, [1, 5, 47, 51], [45, 91], 4 + 42 + 4 + 42 + 2)
    assert found.style == "sequential"


def test_resource_convolution_of_vivado() -> None:
    """RF 9, 32 bits: 20 advances, 4 elsewhere; written 18 after the read; 1 more per frame."""
    facts = core_facts(9, 9, called=False) | {"types": operands(32, 32)}
    found = timing(windows([False, True, True], 0, **facts), VIVADO, 5.0)
    check(found, [1, 5, 25], [23, 43], 4 + 20 + 20 + 1)


@pytest.mark.parametrize(
    ("data", "weight", "called", "clock", "full", "other", "frame"),
    [
        (16, 4, True, 5.0, 72 + 9, 5, 2),  # measured, 2020.1
        (8, 8, False, 10.0, 72 + 4, 2, 1),  # measured, 2019.2
        (16, 16, False, 10.0, 72 + 5, 2, 1),  # measured, 2020.1, less the loops that were not unrolled there
        (16, 16, False, 3.33, 72 + 9, 4, 1),
    ],
)
def test_iterations_of_vivado_by_clock_operands_and_modules(
    data: int, weight: int, called: bool, clock: float, full: int, other: int, frame: int
) -> None:
    facts = core_facts(9, 72, called) | {"types": operands(data, weight)}
    found = timing(windows([False, True, False, True], 0, **facts), VIVADO, clock)
    assert (found.ii, found.schedule.period) == (full, 2 * (full + other) + frame)
    assert reads(found.schedule) == [1, 1 + other, 1 + other + full, 1 + 2 * other + full]
    assert all(
        read < write < read + full
        for read, write in zip(reads(found.schedule)[1::2], writes(found.schedule), strict=True)
    )


@pytest.mark.parametrize(
    ("n_in", "reuse", "depth"),
    # reports of Vivado HLS 2019.2, 3.33 ns, 16 bits
    [(3, 12, 6), (80, 10, 8), (80, 16, 7), (80, 40, 6), (288, 12, 9), (288, 16, 9), (288, 48, 7), (64, 8, 8)],
)
def test_the_reuse_loop_of_vivado_is_as_deep_as_its_product_and_tree(
    n_in: int, reuse: int, depth: int
) -> None:
    facts = core_facts(n_in, reuse) | {"types": operands(16, 16)}
    assert reuse_depth(Context(windows([True], 0, **facts), (), tool(VIVADO), 3.33), reuse) == depth


@pytest.mark.parametrize(("channels", "other"), [(1, 2 + 4), (4, 2 + 4 + 13 + 15)])
@pytest.mark.parametrize(("reuse", "loop"), [(9, 11), (36, 38)])
def test_loops_that_recursive_inlining_leaves_take_their_time(
    channels: int, other: int, reuse: int, loop: int
) -> None:
    """Reports of Vivado HLS 2020.1, 10 ns, windows of 3x3: iterations of 6 and 18, or 34 and 46, with RF 9; 6 and 45 with RF 36."""
    facts = core_facts(9, reuse, called=False) | {"types": operands(16, 16)}
    facts["constants"] |= {"filt_height": 3}
    shift = (
        CountedLoop("kernel_shift_2d", "KernelShiftWidth", 4, 8, 1),
        CountedLoop("kernel_shift_2d", "KernelPushChannel", 12, 12 * channels, 0),
    )
    inlined = {"conv_2d_cl": Function("recursive", 0), "shift_line_buffer": Function("", 1)}

    def made(functions: dict[str, Function]) -> TaskTiming:
        changed = facts | {
            "counted": (*facts["counted"], *shift),
            "elements": {"in0": channels},
            "functions": functions,
        }
        return timing(windows([False, True, False, True], 0, **changed), VIVADO, 10.0)

    found = made(inlined)
    assert (found.ii, found.schedule.period) == (loop + 1 + other, 2 * (loop + 1 + 2 * other) + 1)
    assert made({**inlined, "conv_2d_cl": Function("on", 0)}).ii == loop + 1 + 2, (
        "a pipeline of its own unrolls them"
    )


def test_an_encoded_convolution_of_vivado_is_sequential() -> None:
    """Reports, 2019.2, 3.33 ns: RF 12, 21 where a window is complete and 3 elsewhere."""
    facts = core_facts(3, 12, called=False) | {"types": operands(16, 16)}
    facts["functions"] = {"conv_1d_encoded_cl": Function("", 0)}
    builder = ProgramBuilder()
    window = builder.loop("compute_output_encoded:MultLoop", 12, [[1]])
    conv = replace(
        task("conv_1d_cl", [[(READ, 0), (WRITE, 0)]], **facts),
        program=builder.program(
            [builder.loop("conv_1d_encoded_cl:ReadInputWidth", 0, [[0], [0, window], [0]])]
        ),
    )
    found = timing(conv, VIVADO, 3.33)
    assert (found.ii, found.style) == (21, "sequential")
    assert reads(found.schedule) == [1, 4, 25]
    assert found.schedule.period == 3 + 21 + 3 + 1


@pytest.mark.parametrize(
    ("products", "limit", "reuse", "clock", "ii"),
    # reports and RTL of Vivado HLS 2020.1: products that need a multiplier, and the multipliers that are left for them
    [(33, 3, 16, 25.0, 13), (246, 18, 16, 25.0, 16), (32, 1, 64, 10.0, 35), (1000, 1, 64, 10.0, 64)],
)
def test_multipliers_of_vivado_take_turns(
    products: int, limit: int, reuse: int, clock: float, ii: int
) -> None:
    facts = core_facts(36, 1) | {"types": operands(16, 16)}
    facts["weights"] = (Weights("w", 288, 288, 11, 36, 0, products),)
    facts["constants"] |= {"mult_config.multiplier_limit": limit}
    found = timing(windows([False, True], reuse, **facts), VIVADO, clock)
    assert found.ii == ii
    facts["weights"] = (Weights("w", 288, 0, 0, 0),)
    assert timing(windows([False, True], reuse, **facts), VIVADO, clock).ii == reuse, (
        "weights that are not known"
    )


def test_a_called_core_of_vivado_is_a_pipeline() -> None:
    """RTL of 2020.1, 25 ns: II 1, and everything in one stage."""
    found = timing(windows([False, True], 1, **core_facts(36, 1)), VIVADO, 25.0)
    assert (found.ii, found.depth) == (1, 3)


def test_a_reuse_loop_without_a_label_counts() -> None:
    """Kernels derived from hls4ml's leave the label out; loops of other functions are none."""
    loops = (
        CountedLoop("shift_right_small", "", 25, 50, 1),
        CountedLoop("dense_resource_rf_leq_nin", "", 9, 9 * 72, 1),
    )
    facts = core_facts(72, 72, called=False) | {"counted": loops, "types": operands(32, 32)}
    assert timing(windows([False, True], 0, **facts), VIVADO, 5.0).ii == 72 + 11


@pytest.mark.parametrize("strategy, ii", [(0, 3), (1, 2)])
@pytest.mark.parametrize("width", [16, 27])
def test_a_tiny_core_has_a_stage_by_the_latency_strategy_only(strategy: int, ii: int, width: int) -> None:
    facts = core_facts(9, 1, width=width)
    facts["constants"]["mult_config.strategy"] = strategy
    assert timing(windows([False, True], 1, **facts), VITIS, 5.0).ii == ii


@pytest.mark.parametrize(("reuse", "extra"), [(9216, 0), (20480, 20480)])
def test_a_long_index_loop_of_vivado_runs_before_the_reuse_loop(reuse: int, extra: int) -> None:
    facts = core_facts(2048, reuse)
    name = "dense_resource_rf_gt_nin_rem0"
    facts["counted"] = tuple(CountedLoop(name, label, 1, reuse, 1) for label in ("IndexLoop", "ReuseLoop"))
    dense = task("dense", [("dense:DataPrepare", 1, [[(READ, 0)]] * 4), [(WRITE, 0)]], **facts)
    made = timing(dense, VIVADO, 5.0).schedule
    assert writes(made)[0] - reads(made)[-1] == reuse + 5 + extra
    assert writes(timing(dense, VITIS, 5.0).schedule)[0] < 2 * 20480, "of Vitis HLS none was seen to run it"


def test_elements_of_a_normalised_token_share_a_multiplier() -> None:
    """24 of them: written 23 after the read."""
    shared = copies("normalize", 1, ii=24)
    check(timing(shared, VITIS, 5.0), [0], [23], 24)
    check(timing(copies("normalize", 1), VITIS, 5.0), [0], [2], 3)


def test_a_reuse_loop_of_one_token_overlaps_with_the_next_frame() -> None:
    facts = core_facts(256, 256)
    dense = task("dense", [[(READ, 0), (WRITE, 0)]], **facts)
    check(timing(dense, VITIS, 5.0), [0], [257], 256)
    check(timing(dense, VITIS, 25.0), [0], [255], 256)


def test_a_reuse_loop_behind_collected_tokens_is_serial() -> None:
    """RF 34: the result is written 39 after the last of the tokens."""
    dense = task(
        "dense", [("data_prepare:DataPrepare", 1, [[(READ, 0)]] * 4), [(WRITE, 0)]], **core_facts(34, 34)
    )
    check(timing(dense, VITIS, 5.0), [2, 3, 4, 5], [44], 45)


@pytest.mark.parametrize(
    ("tool", "ii", "write", "period"),
    [(VITIS, 1, [3, 5], 5), ("vitis-2023.2", 2, [5, 9], 10), (VIVADO, 2, [6, 10], 12)],
)
def test_pooling(tool: str, ii: int, write: list[int], period: int) -> None:
    """Windows of 2 on 4 tokens: Depth 3 and II 1, later 4 and 2; Vivado 5 and 2."""
    body = [[(READ, 0)], [(READ, 0), (WRITE, 0)]] * 2
    pool = task("pooling1d_cl", [("f:ReadInputWidth", 1, body)], constants={"pool_width": 2})
    check(timing(pool, tool, 5.0), [1 + k * ii for k in range(4)], write, period)


@pytest.mark.parametrize(
    ("tool", "clock", "ii", "depth"), [(VIVADO, 10.0, 1, 4), (VIVADO, 25.0, 1, 2), (VITIS, 10.0, 1, 3)]
)
def test_pooling_at_slow_clocks(tool: str, clock: float, ii: int, depth: int) -> None:
    """RTL of Vivado HLS 2020.1; reports of Vitis HLS 2023.1, for which 10 ns are as 5."""
    body = [[(READ, 0)], [(READ, 0), (WRITE, 0)]] * 2
    pool = task(
        "pooling2d_cl", [("f:ReadInputWidth", 1, body)], constants={"pool_width": 2, "pool_height": 2}
    )
    found = timing(pool, tool, clock)
    assert (found.ii, found.depth) == (ii, depth)


def test_pooling_without_a_line_buffer_has_ii_1() -> None:
    body = [[(READ, 0)], [(READ, 0), (WRITE, 0)]] * 2
    facts = {"constants": {"pool_width": 2}, "functions": {"pooling1d_encoded_cl": Function("", 0)}}
    assert timing(task("pooling1d_cl", [("f:ReadInputWidth", 1, body)], **facts), VIVADO, 3.33).ii == 1


def test_a_wide_token_is_copied_before_its_pieces_are_written() -> None:
    """Measured, 2023.2: 388 cycles for one of 256 elements; as reports have it. Vivado HLS: not known."""
    body = [[(READ, 0), *[(WRITE, 0)] * 256]] * 4
    wide = task("repack_stream", [("repack_stream:", 1, body)], elements={"in0": 256, "out0": 1})
    found = timing(wide, "vitis-2023.2", 5.0)
    assert reads(found.schedule) == [1, 389, 777, 1165]
    assert writes(found.schedule)[:2] == [131, 132]
    assert found.schedule.period == 1553
    assert timing(wide, VIVADO, 5.0).ii == 256
    narrow = task("repack_stream", [("repack_stream:", 1, [[(READ, 0), (WRITE, 0)]] * 4)])
    assert timing(narrow, "vitis-2023.2", 5.0).ii == 1


@pytest.mark.parametrize(
    ("clock", "ii", "latency"),
    [(5.0, 1, 22), (10.0, 3, 16), (25.0, 1, 4), (25.0, 10, 22)],  # reports and RTL, 2019.2 and 2020.1
)
def test_softmax_of_vivado_by_clock_and_turns(clock: float, ii: int, latency: int) -> None:
    softmax = task(
        "softmax", [("f:L", ii, [[(READ, 0), (WRITE, 0)]])], constants={"n_slice": 10}, functions={}
    )
    assert timing(softmax, VIVADO, clock).depth == latency


def test_softmax_of_pixels_has_the_classes_of_one() -> None:
    """Reports of Vivado HLS 2020.1, 10 ns, II 4, four channels: Depth 15; the rule has 16."""
    facts = {"constants": {"n_in": 2704}, "elements": {"in0": 4}, "functions": {}}
    assert timing(copies("softmax", 676, 4, **facts), VIVADO, 10.0).depth == 16


def test_softmax_of_one_token() -> None:
    softmax = task("softmax", [[(READ, 0), (WRITE, 0)]], constants={"n_slice": 10}, functions={})
    check(timing(softmax, VITIS, 5.0), [0], [8], 9)
    check(timing(softmax, VIVADO, 5.0), [0], [22], 23)


def test_vectors_concatenate_four_after_a_loop() -> None:
    """Six tokens, then one: the result is written 4 after the sixth (measured)."""
    joined = task("concatenate1d", [("f:ConcatLoop1", 1, [[(READ, 0)]] * 6), [(READ, 1)], [(WRITE, 0)]])
    made = schedule(joined, VITIS, 5.0, direct_outputs=False)
    assert reads(made)[-1] == 7
    assert writes(made) == [11]


@pytest.mark.parametrize(
    ("release", "ii", "printed", "depth"),
    # read in the RTL: a relu writes one cycle after its read in both releases; with II 2 and 3, reports print the same
    [
        ("vitis-2023.1", 1, 3, 3),
        ("vitis-2024.2", 1, 2, 3),
        ("vitis-2024.2", 2, 4, 4),
        ("vitis-2024.1", 3, 5, 5),
    ],
)
def test_reports_of_2024_print_a_shorter_depth_for_ii_1(
    release: str, ii: int, printed: int, depth: int
) -> None:
    relu = copies("relu", 36)
    report = Reported("relu_s", (38, 38), None, (ReportedLoop("L", 36, ii, printed, None),))
    known = known_of(report, relu, tool(release), 5.0)
    assert (known.ii, known.depth) == (ii, depth)
    made = timing(relu, release, 5.0, known=known).schedule
    assert writes(made)[-1] == 1 + 35 * ii + depth - 2
    assert made.period == 36 * ii + (1 if release == "vitis-2023.1" else 0)


@pytest.mark.parametrize(("ii", "printed", "depth"), [(2, 4, 5), (1, 3, 3), (48, 54, 54)])
def test_a_pooling_of_vivado_begins_before_its_printed_depth(ii: int, printed: int, depth: int) -> None:
    """Measured, 2019.2 and 2020.1: only if iterations do not follow in every cycle."""
    report = Reported("pooling_s", (38, 38), None, (ReportedLoop("L", 36, ii, printed, None),))
    assert known_of(report, copies("pooling2d_cl", 36), tool(VIVADO), 5.0).depth == depth


@pytest.mark.parametrize(
    ("release", "tokens", "latency", "behind"),
    # measured in the RTL of designs whose reports print these latencies
    [
        ("vivado-2020.1", 25, 34, 7),
        ("vivado-2020.1", 4, 20, 14),
        ("vitis-2023.2", 238, 280, 39),
        ("vitis-2024.2", 121, 193, 71),
    ],
)
def test_a_report_tells_how_long_a_dense_layer_multiplies(
    release: str, tokens: int, latency: int, behind: int
) -> None:
    collects = task("dense", [("dense:DataPrepare", 1, [[(READ, 0)]] * tokens), [(WRITE, 0)]])
    known = known_of(Reported("dense_s", (latency, latency), None, ()), collects, tool(release), 5.0)
    made = timing(collects, release, 5.0, known=known).schedule
    assert writes(made)[0] - reads(made)[-1] == known.depth == behind


def _padded(trace: ProjectTrace, name: str) -> TaskTrace:
    return next(t for t in trace.tasks if t.name == name)


def test_zero_padding_writes_before_it_reads(residual: Any) -> None:
    """4x4 to 6x6: 6 zeros; then 4 rows, 3 later because of the loop change, of which the left zero is written with
    the row's first read; then 6 zeros.
    """
    found = timing(_padded(residual.trace, "zp2d_c4"), VITIS, 5.0)
    top = list(range(2, 8))
    rows = list(range(11, 11 + 24))
    bottom = list(range(38, 44))
    read = [11 + 6 * row + column for row, column in itertools.product(range(4), range(4))]
    check(found, read, top + rows + bottom, 44)


def test_zero_padding_of_vivado(reused: Any) -> None:
    """One idle advance between loops; a copy in the advance of its read; ready one after the last write."""
    found = timing(_padded(reused.trace, "zp2d_c4"), VIVADO, 5.0)
    write = [*range(1, 7), *range(8, 32), *range(33, 39)]
    read = [9 + 6 * row + column for row, column in itertools.product(range(4), range(4))]
    check(found, read, write, 40)


def test_zero_padding_of_a_sequence(assorted: Any) -> None:
    """6 tokens, one zero on each side: 3 from the zero to the first copy, 1 to the zero behind."""
    found = timing(_padded(assorted.trace, "zp1d_k1"), VITIS, 5.0)
    check(found, list(range(5, 11)), [2, *range(5, 11), 11], 12)
    old = timing(_padded(assorted.trace, "zp1d_k1"), "vitis-2022.2", 3.33)
    assert reads(old.schedule) == list(range(4, 16, 2)), "two cycles a token"
    new = timing(_padded(assorted.trace, "zp1d_k1"), "vitis-2024.1", 5.0)
    check(new, list(range(2, 8)), [0, *range(2, 8), 8], 9)


def test_convolution_of_a_real_kernel_fills_windows_where_the_line_buffer_is_full(residual: Any) -> None:
    """10x10 padded, 3x3: the first window is full with the third pixel of the third row."""
    found = timing(_padded(residual.trace, "c2"), VITIS, 5.0)
    ii = found.ii
    filled = [10 * y + x for y, x in itertools.product(range(2, 10), range(2, 10))]
    assert reads(found.schedule) == [1 + k * ii for k in range(100)]
    assert writes(found.schedule) == [1 + k * ii + ii for k in filled]


def test_resize_writes_each_row_twice(assorted: Any) -> None:
    """2x2 to 4x4: rows of 8 writes, one per advance; a pixel is read just before its first copy is written."""
    found = timing(_padded(assorted.trace, "up"), VITIS, 5.0)
    assert writes(found.schedule) == list(range(2, 18))
    assert reads(found.schedule) == [1, 3, 9, 11]
    old = timing(_padded(assorted.trace, "up"), VIVADO, 5.0)
    assert (reads(old.schedule), writes(old.schedule)) == ([1, 3, 9, 11], list(range(1, 17)))


def test_relu_that_loses_no_bits_and_no_sign_has_a_stage_less() -> None:
    for after, advances in ((Element(10, 0, False), 0), (Element(6, 0, False), 1), (Element(16, 6, True), 1)):
        types = MappingProxyType({"in0": Element(16, 6, True), "out0": after})
        made = schedule(copies("relu", 3, types=types), VITIS, 5.0, direct_outputs=False)
        assert (reads(made), writes(made)) == ([1, 2, 3], [1 + advances, 2 + advances, 3 + advances])


def test_one_token_relu_of_vivado_is_ready_at_once() -> None:
    one = task("relu", [("relu:ReLUActLoop", 1, [[(READ, 0), (WRITE, 0)]])])
    made = schedule(one, VIVADO, 5.0, direct_outputs=False)
    assert (reads(made), writes(made), made.period) == ([0], [2], 1)
    assert schedule(one, VITIS, 5.0, direct_outputs=False).period > 1


@pytest.mark.parametrize("tool", tools())
@pytest.mark.parametrize("fixture", ["residual", "reused", "assorted"])
def test_every_task_has_a_sound_schedule(fixture: str, tool: str, request: pytest.FixtureRequest) -> None:
    trace: ProjectTrace = request.getfixturevalue(fixture).trace
    for task_trace, clock, direct in itertools.product(trace.tasks, (2.5, 5.0, 25.0), (False, True)):
        found = timing(task_trace, tool, clock, direct)
        found.schedule.check()
        assert found.rule == task_trace.kind
        assert found.ii_range[0] <= found.ii <= found.ii_range[1]
        for port in range(len(task_trace.inputs)):
            used = (task_trace.op_port == port) & ~task_trace.op_write
            assert found.schedule.tokens_read(port) == np.count_nonzero(used)
        for port in range(len(task_trace.outputs)):
            used = (task_trace.op_port == port) & task_trace.op_write
            assert found.schedule.tokens_written(port) == np.count_nonzero(used)


def test_an_unknown_tool_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="vitis-2017.4") as caught:
        timing(copies("relu", 2), "vitis-2017.4", 5.0)
    assert caught.value.hint and "vitis-2022.2" in caught.value.hint


def test_an_unknown_kind_is_told() -> None:
    assert timing(copies("separable_conv_2d_cl", 2), VITIS, 5.0).rule is None


def test_kernels_that_are_not_hls4mls_are_told() -> None:
    own, derived, foreign = (copies(kind, 2) for kind in ("relu", "relu_fast", "separable_conv_2d_cl"))
    notes = caveats((each, timing(each, VITIS, 5.0)) for each in (own, derived, foreign, foreign))
    assert notes == [
        "relu_fast is timed as relu, which it is named after",
        "no timing rule knows separable_conv_2d_cl: its cycles follow from the structure of its loops alone, and mean little",
    ]


@pytest.mark.parametrize(
    ("steps", "inputs", "reuse", "cycles"),
    [(8, 8, 16, 321), (32, 16, 64, 2945), (128, 32, 64, 12801), (8, 32, 512, 4385)],
)
def test_steps_of_a_recurrent_layer_do_not_overlap(steps: int, inputs: int, reuse: int, cycles: int) -> None:
    """Cycles of layers in the N-TORC artifact (Vivado HLS 2019.1, 4 ns, resource strategy)."""
    constants = MappingProxyType({"n_in": float(inputs), "reuse_factor": float(reuse)})
    found = timing(copies("lstm_stack", steps, 0, constants=constants), "vivado-2019.1", 4.0)
    assert found.schedule.period == cycles
    assert writes(found.schedule)[-1] == cycles - 1
    assert found.rule and found.ii_range == (found.ii, found.ii + 1)


def test_the_slower_product_of_a_recurrent_layer_bounds_its_step() -> None:
    """A report of Vivado HLS 2019.1: 3087 cycles a step with reuse factors 288 and 3072."""
    loops = tuple(CountedLoop("dense_resource", "ReuseLoop", 100, 100 * reuse, 1) for reuse in (288, 3072))
    gru = copies("gru_stack", 100, 0, constants={"n_in": 3.0, "reuse_factor": 288.0}, counted=loops)
    assert abs(timing(gru, "vivado-2019.1", 5.0).ii - 3087) < 10


operations = st.lists(st.tuples(st.booleans(), st.integers(0, 1)), min_size=1, max_size=5)
parts = st.one_of(
    operations,
    st.tuples(
        st.sampled_from(["f:A", "g:B"]), st.integers(0, 3), st.lists(operations, min_size=1, max_size=6)
    ),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    program=st.lists(parts, min_size=1, max_size=4),
    kind=st.sampled_from(["relu", "add", "lstm_stack", "transpose", "repack_stream", "dense", "conv_2d_cl"]),
    tool=st.sampled_from(tools()),
    direct=st.booleans(),
)
def test_any_structure_gets_a_sound_schedule(program: list[Any], kind: str, tool: str, direct: bool) -> None:
    """`timing` checks the schedule itself; here also that no port's operations are lost, and writes not early."""
    made_task = task(kind, program, constants=MappingProxyType({}))
    made = timing(made_task, tool, 5.0, direct).schedule
    made.check()
    assert len(made.read_port) + len(made.write_port) == made_task.operations
    assert made.offset[0] >= 0
