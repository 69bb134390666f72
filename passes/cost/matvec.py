"""Layers that multiply by a weight matrix: dense, and convolutions, which add a line buffer around the product.

Coefficients are least squares of the relative error over published HLS reports, on the HLS scale:

  latency   ArgyKokk/hls4ml_MLP_estimator 72e2e22: 110 dense layers, 8 x 8 bits, Vitis HLS 2021.1, RF 1, 2, 100
  resource  HeRCLab/N-TORC bdd6413: 126 dense and 94 1-D convolution tables, 16 bits, 4 ns, Vivado HLS 2019.1
  widths    Keb-L/hls4ml-data 333aad6: 16-bit latency layers; ChiRuiChen/AutoEncoder_hls4ml 6b3812a and
            crimson1256/hls4ml_modified_yolo_v3_tiny 611fc15: 32-bit resource convolutions
"""

from __future__ import annotations

from math import ceil

from split4ml.passes.cost.shape import ZERO, Range, TaskCost, TaskShape
from split4ml.passes.cost.synthesis import matvec_seconds

LATENCY = "fitted: ArgyKokk/hls4ml_MLP_estimator@72e2e22"
RESOURCE = "fitted: HeRCLab/N-TORC@bdd6413"

IN_SAMPLE = (0.5, 2.5)
"""Actual over fitted, 5th to 95th percentile on the reports fitted to: 0.8 to 2.2 (latency), 0.8 to 1.7."""
OUT_OF_SAMPLE = (0.15, 4.0)
"""The same coefficients on other people's designs: median error 61 %, 90th percentile above 125 %. Modified layers
of YanLunHuang/LFADS 70964a1 take up to 141 times the LUTs: no range covers what is not hls4ml's kernel."""
SRL_DEPTH = 32  # one LUT is a shift register of 32 bits (UG474, UG574)


def matvec(task: TaskShape) -> TaskCost:
    """Dense and every convolution."""
    core = _resource(task) if task.strategy.startswith("resource") else _latency(task)
    if task.kernel_height * task.kernel_width == 1:
        return core
    lut, ff = _window(task)
    return TaskCost(
        (core.lut + lut).whole(),
        (core.ff + ff).whole(),
        core.dsp,
        core.bram18,
        core.synth_seconds,
        "hls",
        core.source,
    )


def _latency(task: TaskShape) -> TaskCost:
    """Every nonzero weight is a constant of its own multiplication; the reuse factor saves DSPs only."""
    calibrated = task.in_width <= 9 and task.weight_width <= 9
    spread = IN_SAMPLE if calibrated else OUT_OF_SAMPLE
    # 16-bit layers take about 28 LUT a weight (median of 8), 8-bit ones 22.7: a power 0.3 of the summed widths.
    widths = ((task.in_width + task.weight_width) / 16) ** 0.3
    distributed = task.strategy in ("distributed_arithmetic", "da")
    if task.csd_adders is not None and (calibrated or distributed):
        lut = 23.6 * task.csd_adders + 11.3 * task.nonzeros + 16.8 * task.n_out
    else:
        lut = 22.7 * task.nonzeros + 14.6 * task.n_out
    if distributed:  # nothing published: shared subexpressions may halve the adders
        spread = (0.1, OUT_OF_SAMPLE[1])
    ff = 18 * task.nonzeros
    return TaskCost(
        Range.around(lut * widths, *spread).whole(),
        Range.around(ff * widths, *spread).whole(),
        ZERO if distributed else _latency_dsp(task, calibrated),
        # Keb-L's 16-bit layers keep up to 0.23 BRAM18 a weight in memories, half of them none.
        ZERO if calibrated or distributed else Range(0, 0, ceil(0.23 * task.weights)),
        matvec_seconds(task),
        "hls",
        LATENCY if calibrated and not distributed else "structural",
    )


def _latency_dsp(task: TaskShape, calibrated: bool) -> Range:
    """HLS turns some constant multiplications into DSPs: at 8 x 8 bits 6 to 54 % of them, median 25 %, divided by
    the reuse factor; at 16 x 16 bits 8 to 50 %, median 33 %. None if multipliers are told to be LUTs."""
    estimate = task.nonzeros * (0.25 if calibrated else 0.33 * _dsp_each(task)) / task.reuse_factor
    return Range(0, estimate, task.nonzeros * (0.6 if calibrated else _dsp_each(task))).whole()


def _resource(task: TaskShape) -> TaskCost:
    """ceil(weights / RF) multipliers, weights in block RAM."""
    multipliers = ceil(task.weights / task.reuse_factor)
    inside = task.in_width == task.weight_width == 16 and task.kind in ("Dense", "Conv1D")
    spread = IN_SAMPLE if inside else OUT_OF_SAMPLE
    width = max(task.in_width, task.weight_width) / 16
    dense = task.kernel_height * task.kernel_width == 1
    a, b, c = (282, 48, 87) if dense else (254, 25, 107)
    lut = (a * multipliers + b * task.n_in + c * task.n_out) * width
    a, b, c = (73, 69, 63) if dense else (61, 40, 51)
    ff = (a * multipliers + b * task.n_in + c * task.n_out) * width
    dsp = multipliers * _dsp_each(task)
    narrow = task.in_width + task.weight_width < 14  # small products may become LUTs
    return TaskCost(
        Range.around(lut, *spread).whole(),
        Range.around(ff, *spread).whole(),
        Range.around(dsp, 0 if narrow else 0.5, 1.3).whole(),
        _weight_bram(task, multipliers),
        matvec_seconds(task),
        "hls",
        RESOURCE if inside else "structural",
    )


def _weight_bram(task: TaskShape, multipliers: int) -> Range:
    """One memory, `multipliers` weights wide and RF deep: exact in half of the reports, within 14 % in nine of ten.
    With RF 1 weights are constants, and up to about 2 kbit they are registers or LUTs."""
    bits = task.weights * task.weight_width
    if task.reuse_factor == 1 or bits <= 2048:
        return Range(0, 0, 0 if task.reuse_factor == 1 else ceil(bits / 512))
    estimate = ceil(task.weight_width * multipliers / 36) * ceil(task.reuse_factor / 512)
    return Range.around(estimate, 0.5, 1.3).whole()


def _dsp_each(task: TaskShape) -> int:
    """DSPs of one multiplier: 27 x 18 bits each (UG579); published 32 x 32 multipliers take 2 to 4."""
    wide, narrow = max(task.in_width, task.weight_width), min(task.in_width, task.weight_width)
    return ceil(wide / 27) * ceil(narrow / 18)


def _window(task: TaskShape) -> tuple[Range, Range]:
    """LUT and FF of the line buffer (kernel height - 1 rows as shift registers) and the kernel window (registers),
    counted from nnet_conv_stream.h's arrays; nothing published separates them from the layer."""
    bits = task.channels * task.in_width
    lut = (task.kernel_height - 1) * bits * ceil(max(1, task.row) / SRL_DEPTH) + 150
    ff = task.kernel_height * task.kernel_width * bits + 100
    return Range.around(lut, 0.3, 3), Range.around(ff, 0.3, 3)
