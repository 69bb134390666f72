"""Layers without a weight matrix. Widths scale the published 16- or 32-bit figures linearly, element by element.

Fitted on the HLS scale; a bit is one bit of an input token. Streams of ChiRuiChen's design are taken as 32 bits
wide, as its weights are; the reports do not say.

  relu        2.5 LUT and 0 to 1.9 FF a bit: ArgyKokk/hls4ml_MLP_estimator 72e2e22 (75, 16 bits, io_parallel);
              130 LUT of stream control: ChiRuiChen/AutoEncoder_hls4ml 6b3812a (7)
  leaky relu  108 + 94 LUT, 2 DSP an element of 16 bits: Keb-L/hls4ml-data 333aad6 (57; elements inferred)
  softmax     155 LUT, 215 FF, 1 DSP, 1 BRAM18 an element: ArgyKokk 72e2e22 (35); with multipliers in LUTs 516 LUT
  zeropad     195 + 2.06 LUT a bit, 27 FF: Keb-L 333aad6 (57; within 10 % where the module's name gives the elements,
              but for 3 of them 1.25 and 1.8 times that); ChiRuiChen 6b3812a (7) takes 0.7 of it
  pooling     500 + 14 LUT a bit: Keb-L 333aad6, ChiRuiChen 6b3812a; one kernel variant takes 8 times that
  resize      3 to 12 LUT, 4 to 33 FF a bit: ChiRuiChen 6b3812a (3), crimson1256 611fc15 (1)
  clone       263 LUT, 207 FF: YanLunHuang/full_model_layer a52f149 (1, size not published): not fitted to
"""

from __future__ import annotations

from math import ceil

from split4ml.passes.cost.shape import ZERO, Range, TaskCost, TaskShape
from split4ml.passes.cost.synthesis import operation_seconds

SRL_DEPTH = 32


def relu(task: TaskShape) -> TaskCost:
    bits = task.elements * task.in_width
    lut = Range.around(130 + 2.5 * bits, 0.4, 2)
    return _cost(
        task, lut, Range(0, 0.7 * bits + 40, 1.9 * bits + 180), "fitted: ArgyKokk@72e2e22, ChiRuiChen@6b3812a"
    )


def leaky_relu(task: TaskShape) -> TaskCost:
    n, width = task.elements, task.in_width / 16
    dsp = Range(0, 2 * n * ceil(task.in_width / 27), 4 * n * ceil(task.in_width / 27))
    lut = Range.around((108 + 94 * n) * width, 0.4, 3)
    return _cost(
        task,
        lut,
        Range(min(17, (17 + 16 * n) * width), (17 + 16 * n) * width, (17 + 33 * n) * width + 17),
        "fitted: Keb-L@333aad6",
        dsp,
    )


def softmax(task: TaskShape) -> TaskCost:
    """Tables for exp and 1/x in block RAM, one exp table an element since all are read at once."""
    n = task.elements
    return _cost(
        task,
        Range(90 * n, 155 * n, 520 * n + 200),
        Range(20 * n, 215 * n, 260 * n + 100),
        "fitted: ArgyKokk@72e2e22",
        Range(0, n, 2 * n),
        Range(min(n, 2), n, 2 * n + 2),
    )


def table(task: TaskShape) -> TaskCost:
    """sigmoid, tanh, ...: a table of 1024 entries an element, and index arithmetic."""
    n = task.elements
    each = max(1, ceil(1024 * task.out_width / 18432))
    lut = Range.around(60 + 3 * n * task.in_width, 0.3, 4)
    return _cost(
        task, lut, Range.around(2.0 * n * task.in_width, 0.1, 4), bram18=Range(0, n * each, n * each * 2)
    )


def affine(task: TaskShape) -> TaskCost:
    """Scale and shift of every element (BatchNormalization, ApplyAlpha): one multiplier each, shared by the reuse
    factor. The 12 published layers have 2 and 3 elements, too few to fit."""
    n = ceil(task.elements / task.reuse_factor)
    small = min(task.in_width, task.weight_width) <= 10
    each = ceil(max(task.in_width, task.weight_width) / 27) * ceil(min(task.in_width, task.weight_width) / 18)
    product = task.in_width * task.weight_width
    luts = 60 + (product if small else 40) * n
    lut = Range(min(18 * n, luts), luts, max(luts, 60 + 2 * product * n))
    return _cost(
        task,
        lut,
        Range(0, 2.0 * task.out_width * n, 6.0 * task.out_width * n),
        dsp=Range(0, 0 if small else n * each, n * each),
    )


def zero_padding(task: TaskShape) -> TaskCost:
    bits = task.elements * task.in_width
    lut = Range.around(195 + 2.06 * bits, 0.5, 1.6)
    return _cost(task, lut, Range(20, 27, 165), "fitted: Keb-L@333aad6, ChiRuiChen@6b3812a")


def pooling(task: TaskShape) -> TaskCost:
    bits = (task.channels or task.elements) * task.in_width
    buffer = (task.kernel_height - 1) * bits * ceil(max(1, task.row) / SRL_DEPTH)
    lut = Range.around(500 + 14.0 * bits + buffer, 0.4, 8)
    return _cost(
        task,
        lut,
        Range.around(200 + 4.0 * bits, 0.4, 8),
        "fitted: Keb-L@333aad6, ChiRuiChen@6b3812a",
        bram18=Range(0, 0, 2),
    )


def global_pooling(task: TaskShape) -> TaskCost:
    """An accumulator (average) or comparator (maximum) an element."""
    bits = task.elements * task.in_width
    average = 0 if "max" in task.function.lower() else task.elements
    lut = Range.around(150 + 4.0 * bits, 0.3, 8)
    return _cost(task, lut, Range.around(100 + 3.0 * bits, 0.3, 5), dsp=Range(0, 0, average))


def merge(task: TaskShape) -> TaskCost:
    """One operation an element; a product takes a DSP."""
    n, width = task.out_elements, max(task.in_width, task.out_width)
    product = task.function.lower() == "multiply"
    dsp = n * ceil(task.in_width / 27) * ceil(task.in_width / 18) if product else 0
    lut = Range.around(100 + (task.streams - 1) * n * width * 1.5, 0.5, 4)
    return _cost(
        task,
        lut,
        Range.around(60 + 2.0 * n * width, 0.2, 4),
        dsp=Range(0 if task.in_width <= 10 else dsp, dsp, dsp),
    )


def resize(task: TaskShape) -> TaskCost:
    """Nearest neighbour: a row of tokens kept."""
    bits = task.elements * task.in_width
    row = ceil(max(1, task.row) / SRL_DEPTH) * bits
    lut = Range.around(150 + 3.0 * bits + row, 0.5, 5)
    return _cost(
        task, lut, Range.around(200 + 8.0 * bits, 0.4, 4), "fitted: ChiRuiChen@6b3812a, crimson1256@611fc15"
    )


def clone(task: TaskShape) -> TaskCost:
    """Registers for one token on its way to every copy."""
    bits = task.elements * task.in_width
    lut = Range.around(100 + 1.0 * bits + 50 * task.streams, 0.3, 4)
    return _cost(task, lut, Range.around(50 + 1.0 * bits, 0.3, 4))


def frame_buffer(task: TaskShape) -> TaskCost:
    """A whole frame held before the first token leaves (Transpose): registers or LUTs up to a few kilobits, since
    hls4ml partitions the array completely."""
    bits = task.elements * task.in_width * max(1, task.tokens)
    return _cost(
        task,
        Range.around(200 + 1.5 * bits, 0.1, 6),
        Range.around(100 + 1.0 * bits, 0.1, 3),
        bram18=Range(0, 0, ceil(bits / 18432)),
    )


def wiring(task: TaskShape) -> TaskCost:
    """Tokens taken apart and put together (Repack, Reshape, Concatenate, Broadcast), and any kind not known."""
    bits = max(task.elements * task.in_width, task.out_elements * task.out_width)
    return _cost(task, Range.around(120 + 2.0 * bits, 0.2, 6), Range.around(60 + 2.0 * bits, 0.2, 6))


def _cost(
    task: TaskShape,
    lut: Range,
    ff: Range,
    source: str = "structural",
    dsp: Range = ZERO,
    bram18: Range = ZERO,
) -> TaskCost:
    seconds = operation_seconds(task.elements)
    return TaskCost(lut.whole(), ff.whole(), dsp.whole(), bram18.whole(), seconds, "hls", source)
