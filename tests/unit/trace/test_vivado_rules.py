"""Schedules by Vivado HLS of designs that were not at hand when the rules were made: as their reports print them (docs/timing-accuracy.md)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
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

from split4ml.passes.timing.known import Known
from split4ml.passes.timing.program import ProgramBuilder
from split4ml.passes.timing.rules import timing
from split4ml.passes.timing.tasktrace import Element, Function, TaskTrace, Weights
from split4ml.passes.traced import TracedDesign, TracedStream

ZYNQ, ALVEO, ULTRASCALE_PLUS = "xc7z020clg400-1", "xcu50-fsvh2104-2-e", "xcvu13p-flga2577-2-e"
SATURATED = {"types": {"mult_config.accum_t": Element(16, 6, True, rounds=True, saturates=True)}}


@pytest.mark.parametrize(
    ("clock", "terms", "multipliers", "depth"),
    # 2020.1, xcu50: a network of two convolutions at 2, 3.33 and 4 ns
    [
        (2.0, 3, 0, 5),
        (3.333, 3, 0, 4),
        (4.0, 3, 0, 3),
        (2.0, 47, 14, 9),
        (3.333, 47, 14, 7),
        (4.0, 47, 14, 5),
    ],
)
def test_a_reuse_factor_never_holds_an_iteration_back_longer_than_one_takes(
    clock: float, terms: int, multipliers: int, depth: int
) -> None:
    facts = core_facts(terms, 1, called=False) | {"types": operands(3, 5)}
    facts["weights"] = (Weights("w", 12 * terms, 12 * terms, 4, terms, 2 * terms, multipliers),)
    facts["constants"] |= {"mult_config.n_in": 3.0 * terms, "mult_config.n_out": 16.0}
    found = timing(windows([True] * 20, 16, **facts), VIVADO, clock, part=ALVEO)
    assert (found.ii, found.depth) == (depth, depth)
    assert found.ii_range == (depth - 1, depth + 1), "an estimate"
    assert found.schedule.period == 20 * depth + 3, "iterations that do not overlap"


@pytest.mark.parametrize(("terms", "depth"), [(9, 9), (34, 21), (36, 22), (72, 39)])
def test_sums_that_saturate_are_a_chain(terms: int, depth: int) -> None:
    """2019.2, xcvu13p at 2.78 ns: a U-Net whose accumulators saturate."""
    facts = core_facts(terms, 1) | SATURATED
    found = timing(windows([True] * 20, 1, **facts), VIVADO, 2.778, part=ULTRASCALE_PLUS)
    assert (found.ii, found.depth) == (1, depth)


def test_sums_that_saturate_are_a_chain_by_vitis_too() -> None:
    """Inferred: no tool may change their order."""
    facts = core_facts(72, 1)
    tree, chained = (timing(windows([True] * 20, 1, **f), VITIS, 5.0) for f in (facts, facts | SATURATED))
    assert chained.depth > tree.depth + 40


@pytest.mark.parametrize("tokens", [1, 4])
def test_a_dense_core_without_multipliers_takes_a_cycle(tokens: int) -> None:
    """Weights of two signed digits or fewer need none, so that none take turns."""
    facts = core_facts(4 * tokens, 1, called=False) | {"types": operands(8, 2)}
    facts["weights"] = (Weights("w", 64, 64, 2, 4, 4, 0),)
    parts: list[Loop | list[Op]] = [[(READ, 0), (WRITE, 0)]]
    if tokens > 1:
        parts = [("dense:DataPrepare", 1, [[(READ, 0)]] * tokens), [(WRITE, 0)]]
    each = task("dense", parts, **facts, elements={"in0": 4})
    each = replace(each, functions={"dense_latency": Function("", 4)})
    found = timing(each, VIVADO, 5.0)
    found.schedule.check()
    assert writes(found.schedule)[0] >= reads(found.schedule)[-1]


@pytest.mark.parametrize("kind", ["clone_stream", "sigmoid", "linear", "add", "pooling2d_cl", "lstm_stack"])
@pytest.mark.parametrize("tool", [VITIS, VIVADO])
def test_a_derived_kernel_is_timed_as_the_one_it_is_named_after(kind: str, tool: str) -> None:
    own, derived = (timing(copies(name, 9), tool, 5.0) for name in (kind, f"{kind}_me"))
    assert (derived.rule, derived.ii, derived.depth, derived.schedule.period) == (
        kind,
        own.ii,
        own.depth,
        own.schedule.period,
    )


@pytest.mark.parametrize(("ii", "period"), [(1, 35 + 5 + 2), (2, 70 + 5 + 1)])
@pytest.mark.parametrize("part", [ZYNQ, ALVEO, None])
def test_a_pooling_reads_ahead_at_the_interval_that_is_known(ii: int, period: int, part: str | None) -> None:
    found = timing(copies("pooling2d_cl", 36), VIVADO, 5.0, part=part, known=Known("report", ii, 5))
    assert found.schedule.period == period


@pytest.mark.parametrize(("digits", "depth"), [(10, 2), (95, 4), (92, 4)])
def test_a_pointwise_convolution_adds_the_digits_of_its_weights(digits: int, depth: int) -> None:
    """2020.1, xcvu13p at 5 ns: 2, 4 and 3; within one stage."""
    facts = core_facts(32, 1, called=False)
    facts["weights"] = (Weights("w", 1024, 1024, 8, 32, digits, 0),)
    each = replace(windows([True] * 16, 1, **facts), kind="pointwise_conv_1d_cl")
    assert abs(timing(each, VIVADO, 5.0, part=ULTRASCALE_PLUS).depth - depth) <= 1


def test_windows_of_the_first_release_take_longer() -> None:
    """2020.1, xc7z020 at 5 ns, hls4ml 0.5: RF 1152, 1163 where a window is complete and 5 elsewhere."""
    facts = core_facts(144, 1152, called=False) | {"types": operands(16, 16)}
    facts["functions"] = {"compute_output": Function("on", 0), "mult_buffer": Function("on", 0)}
    builder = ProgramBuilder()
    window = builder.loop("compute_output:MultLoop", 1152, [[1]])
    conv = replace(
        task("conv_2d_cl", [[(READ, 0), (WRITE, 0)]], **facts),
        program=builder.program([builder.loop("conv_2d_cl:ReadInputWidth", 0, [[0], [0, window], [0]])]),
    )
    found = timing(conv, VIVADO, 5.0, part=ZYNQ)
    assert (found.ii, found.style, found.ii_range) == (1163, "sequential", (1162, 1164))
    known = timing(conv, VIVADO, 5.0, part=ZYNQ, known=Known("report", 1170))
    assert (known.ii, known.ii_range) == (1170, (1170, 1170))
    assert reads(found.schedule) == [1, 6, 6 + 1163]


def test_channels_of_the_first_release_are_pooled_in_turn() -> None:
    """2020.1, xc7z020 at 5 ns, hls4ml 0.5: II 48 for 16 channels, Depth 54."""
    facts: dict[str, Any] = {
        "constants": {"pool_width": 2.0, "pool_height": 2.0},
        "functions": {"compute_pool_2d": Function("on", 0)},
        "elements": {"in0": 16},
    }
    found = timing(copies("pooling2d_cl", 9, **facts), VIVADO, 5.0, part=ZYNQ)
    assert (found.ii, found.depth) == (48, 54)


def test_a_pixel_may_come_in_several_tokens() -> None:
    """2019.2, a kernel derived from hls4ml's on a Zynq UltraScale+: one channel after the other, in and out."""
    facts = core_facts(72, 72, called=False) | {"types": operands(16, 16)}
    pixel = [(READ, 0)] * 8
    conv = task("conv_2d_cl_me", [("conv:ReadInputWidth", 0, [pixel, pixel + [(WRITE, 0)] * 4])], **facts)
    one = timing(windows([False, True], 0, **facts), VIVADO, 5.0)
    found = timing(conv, VIVADO, 5.0)
    assert found.rule == "conv_2d_cl", "a kernel that is named after another is as that one"
    assert found.ii == one.ii + 7 + 3
    assert reads(found.schedule)[:9] == [*range(1, 9), reads(one.schedule)[1] + 7]
    assert writes(found.schedule) == [writes(found.schedule)[0] + k for k in range(4)]


@pytest.mark.parametrize(
    ("clock", "ii", "latency"), [(2.0, 1, 12), (3.333, 1, 7), (4.0, 1, 6)]
)  # 2020.1, xcu50, ten classes
def test_softmax_by_clock_on_ultrascale(clock: float, ii: int, latency: int) -> None:
    softmax = task(
        "softmax",
        [[(READ, 0), (WRITE, 0)]],
        functions={"softmax_stable": Function("", ii)},
        elements={"in0": 10},
    )
    found = timing(softmax, VIVADO, clock, part=ALVEO)
    assert writes(found.schedule)[0] - reads(found.schedule)[0] == latency


def test_rounding_needs_a_third_stage_on_ultrascale() -> None:
    """2020.1: 3 for 23 to 8 bits, rounded, on xcvu13p at 5 ns; 2 where nothing is rounded."""
    types = {"in0": Element(23, 8, True), "out0": Element(8, 0, False, rounds=True, saturates=True)}
    cut = types | {"out0": Element(8, 0, False)}
    depths = [
        timing(copies("relu", 9, types=t), VIVADO, 5.0, part=ULTRASCALE_PLUS).depth for t in (types, cut)
    ]
    assert depths == [3, 2]


def test_a_global_pooling_with_one_result_is_a_function_pipeline() -> None:
    """2020.1, xcvu13p: 16 tokens every 16 cycles, the result 15 after the first one."""
    parts: list[Loop | list[Op]] = [
        ("pool:ReadInput", 1, [[(READ, 0)]] * 16),
        ("pool:Write", 1, [[(WRITE, 0)]]),
    ]
    found = timing(task("global_pooling1d_cl", parts), VIVADO, 5.0, part=ULTRASCALE_PLUS)
    assert found.schedule.period == 16
    assert reads(found.schedule) == list(range(16))
    assert writes(found.schedule)[0] >= 15


def _task(name: str, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> TaskTrace:
    ports = [(READ, k) for k in range(len(inputs))] + [(WRITE, k) for k in range(len(outputs))]
    made = task("add", [("f:L", 1, [ports] * 4)])
    return replace(made, name=name, inputs=inputs, outputs=outputs)


@pytest.mark.parametrize(
    ("tool", "starters"), [("vivado-2019.2", [-1, 0, -1, 0]), ("vitis-2023.1", [-1, 0, 1, 2])]
)
def test_a_task_is_started_as_early_as_it_can(tool: str, starters: list[int]) -> None:
    """`c` reads a port, too; `d` reads what the first task and the third one write. Seen in Verilog of both tools."""
    tasks = (
        _task("a", ("x",), ("ab", "ad")),
        _task("b", ("ab",), ("bc",)),
        _task("c", ("bc", "z"), ("cd",)),
        _task("d", ("cd", "ad"), ("y",)),
    )
    ports = {name: TracedStream(4, 1, Element(16, 6, True), None) for name in ("x", "z", "y")}
    inner = {name: TracedStream(4, 1, Element(16, 6, True), 8) for name in ("ab", "ad", "bc", "cd")}
    design = TracedDesign("net", tasks, ("x", "z"), ("y",), ports | inner, tool, 5.0)
    processes = design.network().network.processes
    numbers = [design.network().tasks[name] for name in "abcd"]
    assert [processes[each].parent for each in numbers] == [-1 if k < 0 else numbers[k] for k in starters]
