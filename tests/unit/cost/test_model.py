"""The cost model against single facts read from published HLS reports, and its behaviour as a function."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from split4ml.passes.cost.model import FUNCTIONS, MODELS, estimate, project_seconds
from split4ml.passes.cost.shape import Range, TaskShape
from split4ml.passes.cost.synthesis import PROJECT


def dense(n_in: int, n_out: int, nonzero: int) -> TaskShape:
    return TaskShape("Dense", n_in=n_in, n_out=n_out, n_nonzero=nonzero, in_width=8, weight_width=8)


def holds(range_: Range, actual: float, factor: float) -> bool:
    """The published value is in the range, and within `factor` of the estimate."""
    inside = range_.low <= actual <= range_.high
    return inside and actual / factor <= range_.estimate <= actual * factor


@pytest.mark.parametrize(
    ("shape", "lut", "ff"),
    [
        (dense(274, 8, 1268), 26560, 27085),  # ARRYTHMIA/DSP_reuse1
        (dense(56, 64, 2648), 52027, 41240),  # mnist/DSP_reuse1
        (dense(16, 64, 859), 19760, 22630),  # jet_tagging/DSP_reuse1
    ],
)
def test_latency_dense_of_hls4ml_mlp_estimator(shape: TaskShape, lut: int, ff: int) -> None:
    """ArgyKokk/hls4ml_MLP_estimator 72e2e22."""
    cost = estimate(shape)
    assert holds(cost.lut, lut, 1.6) and holds(cost.ff, ff, 1.6)
    assert cost.scale == "hls" and cost.source.startswith("fitted")


@pytest.mark.parametrize(
    ("n_in", "n_out", "reuse", "lut", "dsp", "bram18"),
    [(128, 16, 32, 25707.7, 64, 29), (1024, 32, 128, 120444.9, 256, 114), (2048, 32, 512, 191735.9, 128, 57)],
)
def test_resource_dense_of_n_torc(
    n_in: int, n_out: int, reuse: int, lut: float, dsp: int, bram18: int
) -> None:
    """HeRCLab/N-TORC bdd6413."""
    cost = estimate(TaskShape("Dense", n_in=n_in, n_out=n_out, strategy="resource", reuse_factor=reuse))
    assert (cost.dsp.estimate, cost.bram18.estimate) == (dsp, bram18)
    assert holds(cost.lut, lut, 1.5)


def test_wide_multipliers_take_more_dsps() -> None:
    """crimson1256/hls4ml_modified_yolo_v3_tiny 611fc15: one 32 x 32 multiplier, 2 DSP reported, 4 by its shape."""
    shape = TaskShape(
        "Conv2D", n_in=72, n_out=8, in_width=32, weight_width=32, strategy="resource", reuse_factor=576
    )
    assert estimate(shape).dsp == Range(2, 4, 5)


def test_zero_padding_of_hls4ml_data() -> None:
    """Keb-L/hls4ml-data 333aad6: modules of 8, 16 and 32 elements (`_8u_`, ...) of 16 bits."""
    found = [estimate(TaskShape("ZeroPadding2D", elements=n)).lut.estimate for n in (8, 16, 32)]
    assert found == pytest.approx([453, 717, 1245], rel=0.02)


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
    assert holds(project_seconds(estimate(dense(*layer)) for layer in layers), seconds, 1.5)


def test_splitting_cannot_beat_the_largest_layer_but_its_size_is_cubic() -> None:
    large = estimate(dense(110, 100, 6800)).synth_seconds.estimate
    half = estimate(dense(110, 50, 3400)).synth_seconds.estimate
    assert large > 6 * half
    assert project_seconds([]) == PROJECT


def test_the_reuse_factor_saves_multipliers_with_the_resource_strategy() -> None:
    shape = TaskShape("Dense", n_in=64, n_out=64, strategy="resource", reuse_factor=8)
    more = replace(shape, reuse_factor=64)
    assert estimate(more).dsp.estimate * 8 == estimate(shape).dsp.estimate
    assert estimate(more).lut.estimate < estimate(shape).lut.estimate
    assert estimate(more).synth_seconds.estimate < estimate(shape).synth_seconds.estimate


def test_weights_by_value() -> None:
    """Few adders are cheaper than many; a layer of zeros costs its bias."""
    base = dense(16, 16, 200)
    cheap, dear = (estimate(replace(base, csd_adders=n)).lut.estimate for n in (50, 400))
    assert cheap < estimate(base).lut.estimate < dear
    assert estimate(dense(16, 16, 0)).lut.estimate == pytest.approx(14.6 * 16, abs=1)


def test_a_convolution_adds_its_line_buffer() -> None:
    conv = TaskShape(
        "Conv2D", n_in=72, n_out=8, n_nonzero=500, kernel_height=3, kernel_width=3, channels=8, row=34
    )
    point = replace(conv, kernel_height=1, kernel_width=1)
    added = estimate(conv).lut.estimate - estimate(point).lut.estimate
    assert (
        added == 2 * 8 * 16 * 2 + 150
    )  # 2 rows, 8 channels, 16 bits, 34 columns in two 32-bit shift registers


def test_an_unknown_kind_is_a_wide_structural_guess() -> None:
    cost = estimate(TaskShape("Mystery", elements=8, out_elements=8))
    assert cost.source == "structural" and cost.lut.high >= 20 * cost.lut.low > 0


@given(
    kind=st.sampled_from([*MODELS, "Activation", "Repack", "Concatenate"]),
    function=st.sampled_from([*FUNCTIONS, "", "multiply", "Max"]),
    n_in=st.integers(0, 2000),
    n_out=st.integers(0, 2000),
    widths=st.tuples(*[st.integers(1, 64)] * 3),
    strategy=st.sampled_from(["latency", "resource", "resource_unrolled", "distributed_arithmetic"]),
    reuse=st.integers(1, 5000),
    elements=st.integers(1, 600),
    kernel=st.integers(1, 7),
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
) -> None:
    """Ranges are ordered (Range checks itself), counts whole, and something is always estimated."""
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
        )
    )
    for range_ in (cost.lut, cost.ff, cost.dsp, cost.bram18):
        assert all(isinstance(value, int) for value in (range_.low, range_.estimate, range_.high))
    assert cost.synth_seconds.estimate > 0
    assert cost.source


def test_a_range_is_ordered() -> None:
    with pytest.raises(ValueError, match="not a range"):
        Range(2, 1, 3)
