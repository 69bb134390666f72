"""The cost model against single facts read from published HLS reports, and its behaviour as a function."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from split4ml.passes.cost.fitted import LAWS
from split4ml.passes.cost.laws import GRAIN, Law
from split4ml.passes.cost.model import estimate, project
from split4ml.passes.cost.rules import dsps_each, used_bits
from split4ml.passes.cost.shape import FIGURES, NO_DATA, Range, TaskCost, TaskShape, total
from split4ml.passes.cost.terms import FUNCTIONS, KINDS, MATRIX, law_of

PIXEL = TaskShape(
    "Conv2D",
    n_in=72,
    n_out=13,
    n_nonzero=925,
    multipliers=387,
    shift_adds=349,
    in_width=16,
    weight_width=10,
    accum_width=16,
    strategy="resource",
    reuse_factor=1,
    kernel_height=3,
    kernel_width=3,
    channels=8,
    elements=8,
    row=8,
)
"""Alezander9/ML_FPGAonPixel 17f12c5, cnn_large, conv2: Vitis HLS 2023.1, 33,786 LUT, 4,878 FF, 401 DSP."""


def holds(range_: Range, actual: float, factor: float) -> bool:
    """The published value is in the range, and within `factor` of the estimate."""
    inside = range_.low <= actual <= range_.high
    return inside and actual / factor <= range_.estimate <= actual * factor


def resource(n_in: int, n_out: int, reuse: int, width: int = 16, value_bits: int = 0) -> TaskShape:
    return TaskShape(
        "Dense",
        n_in=n_in,
        n_out=n_out,
        in_width=width,
        weight_width=width,
        strategy="resource",
        reuse_factor=reuse,
        elements=n_in,
        value_bits=value_bits,
    )


def test_a_convolution_in_a_stream() -> None:
    cost = estimate(PIXEL)
    assert holds(cost.lut, 33786, 1.3) and holds(cost.ff, 4878, 2.5)
    assert holds(cost.dsp, 401, 1.1)
    assert cost.scale == "hls" and "law unrolled" in cost.source


@pytest.mark.parametrize(
    ("n_in", "n_out", "nonzero", "multipliers", "shift_adds", "lut", "dsp"),
    [
        (274, 8, 1268, 117, 414, 26560, 119),  # ARRYTHMIA/DSP_reuse1
        (16, 64, 859, 213, 227, 19760, 225),  # jet_tagging/DSP_reuse1
    ],
)
def test_bound_multipliers(
    n_in: int, n_out: int, nonzero: int, multipliers: int, shift_adds: int, lut: int, dsp: int
) -> None:
    """ArgyKokk/hls4ml_MLP_estimator 72e2e22: 8-bit products that the project puts into DSPs, or into LUTs."""
    shape = TaskShape(
        "Dense", n_in=n_in, n_out=n_out, n_nonzero=nonzero, multipliers=multipliers, shift_adds=shift_adds,
        in_width=8, weight_width=8, multiplier_style="dsp", stream=False,
    )  # fmt: skip
    assert holds(estimate(shape).lut, lut, 1.6) and holds(estimate(shape).dsp, dsp, 1.1)
    fabric = estimate(replace(shape, multiplier_style="fabric"))
    assert fabric.dsp.high == 0 and fabric.lut.estimate > estimate(shape).lut.estimate


def test_weights_of_a_type_alone() -> None:
    """Without its weights the same layer is met less well, and within the range."""
    cost = estimate(replace(PIXEL, multipliers=None, shift_adds=None, weight_fraction=7))
    assert cost.lut.low <= 33786 <= cost.lut.high
    assert cost.dsp.low <= 401 * 1.1 and cost.dsp.estimate > 200


@pytest.mark.parametrize(
    ("n_in", "n_out", "reuse", "lut", "dsp", "bram18"),
    [(128, 16, 32, 25707.7, 64, 29), (1024, 32, 128, 120444.9, 256, 114), (64, 32, 4, 210260, 512, 228)],
)
def test_resource_dense_of_n_torc(
    n_in: int, n_out: int, reuse: int, lut: float, dsp: int, bram18: int
) -> None:
    """HeRCLab/N-TORC bdd6413: DSPs and block RAMs exactly."""
    cost = estimate(replace(resource(n_in, n_out, reuse), backend="vivado", tool_version="2019.1"))
    assert (cost.dsp.estimate, cost.bram18.estimate) == (dsp, bram18)
    assert cost.dsp == Range.exactly(dsp)
    assert holds(cost.lut, lut, 2.5)


@pytest.mark.parametrize(
    ("parallel", "width", "bits", "dsp"), [(4, 20, 17, 7), (8, 32, 17, 30), (1, 32, 17, 2)]
)
def test_the_last_multiplier_is_narrower(parallel: int, width: int, bits: int, dsp: int) -> None:
    """uw-acme/HLS4ML_VS_MANUAL (20 bits) and ChiRuiChen/AutoEncoder_hls4ml 6b3812a (32): 2 M - 1 and 4 M - 2 DSPs, since the
    memory's uppermost bits, which no weight uses, are gone."""
    shape = resource(36, parallel, 36, width, value_bits=bits)
    assert estimate(shape).dsp.estimate == dsp


def test_narrow_multipliers_are_no_dsps() -> None:
    """mattwilk25/CoaxlinkQuadCxp12_1cam_working, Vitis HLS 2022.2: 8 x 8 bits, no DSP in any layer."""
    assert estimate(replace(PIXEL, in_width=8, weight_width=8)).dsp == Range(0, 0, 0)
    assert estimate(replace(PIXEL, in_width=8, weight_width=8)).lut.estimate > 0
    assert estimate(resource(32, 32, 256, 8)).dsp.estimate == 0


def test_small_memories_are_luts() -> None:
    assert estimate(resource(64, 1, 16)).bram18.estimate == 0  # 1,024 bits
    assert holds(estimate(resource(3, 32, 3)).bram18, 14, 1.1)  # N-TORC: 1,536 bits, 512 of them at once
    assert estimate(resource(16, 16, 1)).bram18.high == 0  # constants


def test_zero_padding_of_hls4ml_data() -> None:
    """Keb-L/hls4ml-data 333aad6: modules of 8, 16 and 32 elements (`_8u_`, ...) of 16 bits; Vitis HLS builds none of that
    multiplexer (mattwilk25, SpAllen0726: 157 to 175 LUTs in one dimension, whatever the width)."""
    for n, lut in ((8, 453), (16, 717), (32, 1245)):
        assert holds(estimate(TaskShape("ZeroPadding2D", elements=n, backend="vivado")).lut, lut, 1.7)
    assert holds(estimate(TaskShape("ZeroPadding1D", elements=32, in_width=6)).lut, 169, 1.5)


@pytest.mark.parametrize(
    ("layers", "seconds"),
    [
        ([(21, 3, 62), (3, 3, 9)], 22.2),  # CARDIO
        ([(274, 8, 1268), (8, 16, 92)], 113.8),  # ARRYTHMIA
        ([(16, 64, 859), (64, 32, 1118), (32, 32, 586), (32, 5, 133)], 196.5),  # jet_tagging
    ],
)
def test_project_seconds_of_hls4ml_mlp_estimator(layers: list[tuple[int, int, int]], seconds: float) -> None:
    """ArgyKokk/hls4ml_MLP_estimator 72e2e22, DSP_reuse1: the dense layers alone against the whole run."""
    tasks = [estimate(TaskShape("Dense", n_in=a, n_out=b, n_nonzero=c)) for a, b, c in layers]
    assert holds(project(tasks).synth_seconds, seconds, 1.5)


def test_splitting_cannot_beat_the_largest_layer_but_its_size_is_cubic() -> None:
    large = estimate(TaskShape("Dense", n_in=110, n_out=100)).synth_seconds.estimate
    half = estimate(TaskShape("Dense", n_in=110, n_out=50)).synth_seconds.estimate
    assert large > 6 * half


def test_the_reuse_factor_saves_multipliers_with_the_resource_strategy() -> None:
    few, more = resource(64, 64, 64), resource(64, 64, 8)
    assert estimate(few).dsp.estimate * 8 == estimate(more).dsp.estimate
    for figure in ("lut", "ff", "bram18", "synth_seconds", "synth_mb"):
        assert getattr(estimate(few), figure).estimate < getattr(estimate(more), figure).estimate


def test_the_reuse_factor_of_a_scale_counts_the_whole_frame() -> None:
    """pominiq/DNNonSilicon: 64 channels at 9 positions, reuse factor 16: 36 DSPs; at 225 positions of 32 channels, 32."""
    shape = TaskShape("BatchNormalization", elements=64, tokens=9, reuse_factor=16)
    assert estimate(shape).dsp.estimate == 36
    assert estimate(replace(shape, elements=32, tokens=225)).dsp.estimate == 32


def test_kinds_without_reports() -> None:
    """They say so, and their ranges are wide."""
    for shape in (
        TaskShape("Mystery", elements=8, out_elements=8),
        TaskShape("Clone", elements=8, streams=2),
        TaskShape("Dense", n_in=8, n_out=8, strategy="distributed_arithmetic"),
        TaskShape(
            "DepthwiseConv2D", n_in=9, n_out=8, kernel_height=3, kernel_width=3, channels=8, elements=8
        ),
    ):
        cost = estimate(shape)
        assert cost.source == NO_DATA
        assert cost.lut.high > 5 * cost.lut.low > 0


def test_every_law_that_tasks_obey_has_coefficients() -> None:
    kinds = [*KINDS, *MATRIX, "Mystery"]
    shapes = [TaskShape(kind, n_in=4, n_out=4, strategy=s, reuse_factor=r) for kind in kinds
              for s in ("latency", "resource", "distributed_arithmetic") for r in (1, 2)]  # fmt: skip
    shapes += [TaskShape("Activation", function) for function in FUNCTIONS]
    assert {law_of(shape) for shape in shapes} == {law for law, _ in LAWS}


@given(
    kind=st.sampled_from([*KINDS, *MATRIX, "Activation", "Repack"]),
    function=st.sampled_from([*FUNCTIONS, "", "multiply", "Max"]),
    n_in=st.integers(0, 2000),
    n_out=st.integers(0, 2000),
    widths=st.tuples(*[st.integers(1, 64)] * 3),
    strategy=st.sampled_from(["latency", "resource", "resource_unrolled", "distributed_arithmetic"]),
    reuse=st.integers(1, 5000),
    elements=st.integers(1, 600),
    kernel=st.integers(1, 7),
    backend=st.sampled_from(["vitis", "vivado"]),
)
def test_every_shape_has_a_cost(
    kind: str,
    function: str,
    n_in: int,
    n_out: int,
    widths: tuple[int, int, int],
    strategy: str,
    reuse: int,
    elements: int,
    kernel: int,
    backend: str,
) -> None:
    """Ranges are ordered (Range checks itself), counts whole, and every figure has a source."""
    cost = estimate(
        TaskShape(
            kind,
            function,
            n_in,
            n_out,
            in_width=widths[0],
            weight_width=widths[1],
            out_width=widths[2],
            strategy=strategy,
            reuse_factor=reuse,
            elements=elements,
            out_elements=elements,
            kernel_height=kernel,
            kernel_width=kernel,
            channels=elements,
            row=32,
            tokens=64,
            backend=backend,  # type: ignore[arg-type]
        )
    )
    for figure in ("lut", "ff", "dsp", "bram18", "uram"):
        range_ = getattr(cost, figure)
        assert all(isinstance(value, int) for value in (range_.low, range_.estimate, range_.high))
    assert cost.synth_seconds.estimate > 0
    assert set(cost.sources) == set(FIGURES) and cost.source


@given(st.floats(0, 1e9), st.floats(0.1, 1), st.floats(1, 10))
def test_a_law_holds_its_estimate(units: float, low: float, high: float) -> None:
    found = Law({"one": 1.0}, low, high)({"one": units})
    assert found.low <= found.estimate <= found.high
    assert found.high + GRAIN <= (units + GRAIN) * high + 1


def test_a_law_refuses_what_is_no_circuit() -> None:
    for value in (1e13, math.inf, math.nan):
        with pytest.raises(ValueError, match="an estimate of"):
            Law({"one": 1.0}, 0.5, 2)({"one": value})


def test_totals() -> None:
    one = TaskCost(lut=Range(1, 2, 3), synth_mb=Range(1, 1, 1))
    assert total([one, one]).lut == Range(2, 4, 6)
    with pytest.raises(ValueError, match="different scales"):
        total([one, replace(one, scale="synthesis")])


def test_shapes_and_ranges_are_checked() -> None:
    with pytest.raises(ValueError, match="not a range"):
        Range(2, 1, 3)
    with pytest.raises(ValueError, match="clock period"):
        TaskShape("Dense", clock_ns=math.nan)
    with pytest.raises(ValueError, match="at least 1"):
        TaskShape("Dense", reuse_factor=0)


def test_dsps_of_a_multiplier() -> None:
    assert [dsps_each(*pair) for pair in ((16, 16), (27, 18), (20, 20), (28, 18), (32, 32))] == [
        1,
        1,
        2,
        2,
        4,
    ]
    assert used_bits(TaskShape("Dense", n_in=72, n_out=1, weight_width=32, weight_fraction=16)) == 17
