"""Timing rules of the kernels that move, pad, pool and normalise tokens."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from split4ml.passes.timing.constants import ELEMENT_NS, ONE_STAGE_NS
from split4ml.passes.timing.pixels import encoded, first_release, words_per_pixel
from split4ml.passes.timing.placing import busiest
from split4ml.passes.timing.schedule import Bools, Ints
from split4ml.passes.timing.segments import repeats
from split4ml.passes.timing.structure import Context, Placed, by_structure, code, generic

_SOFTMAX_NS = 62.0  # of ten classes
_CONCATENATE_GAP = 4  # measured, Vitis 2023.1: last read of a loop of 6 tokens to the write


def padding_2d(context: Context) -> Placed:
    """Rows of padding, then padded rows: the writes of a row come in series, its reads as early as possible (Vitis) or each
    with its copy (Vivado).
    """
    task, tool = context.task, context.tool
    at = np.zeros(task.operations, np.int64)
    last = -1
    for segment in context.segments:
        write = task.op_write[segment.start : segment.stop]
        if segment.perfect and write.all():
            local = repeats(np.zeros(len(write), np.int64))
        else:
            width = int(np.bincount(segment.outer[write]).max())
            nth = repeats(2 * segment.outer + write)
            if tool.pad_reads_ahead:
                local = segment.outer * width + nth
            else:
                local = _row_by_row(context, segment.outer, write, nth, width)
        first = 1 + tool.write_stage if last < 0 else last + tool.loop_gap
        at[segment.start : segment.stop] = first + local
        last = int(at[segment.start : segment.stop][write].max())
    return Placed(at, last + tool.loop_end, 1, 2, "rows")


def _row_by_row(context: Context, row: Ints, write: Bools, nth: Ints, width: int) -> Ints:
    """By Vivado HLS: the state that begins a row writes the left pad, and the one that finds the row at its end the right one. They are passed
    without a pad too (measured: 2020.1, rows of 8 copies and a right pad take 10; 2019.2, 32 copies and two pads 34).
    """
    task = context.task
    words = words_per_pixel(task)
    left, right = (words * int(task.constant(name, default=0)) for name in ("pad_left", "pad_right"))
    before = max(1, left)
    cost = width - left - right + before + max(1, right)
    late = 0 if left else 1
    return row * cost + np.where(write, nth + late, before + nth)


def padding_1d(context: Context) -> Placed:
    task, gaps = context.task, context.tool.padding1d
    at = np.zeros(task.operations, np.int64)
    last = -1
    for segment in context.segments:
        write = task.op_write[segment.start : segment.stop]
        copies = not write.all()
        pace = gaps.copy if copies else 1
        gap = gaps.to_copy if copies else gaps.to_right
        first = gaps.first if last < 0 else last + gap
        at[segment.start : segment.stop] = first + pace * repeats(write.astype(np.int64))
        last = int(at[segment.start : segment.stop].max())
    return Placed(at, last + gaps.end, gaps.copy, 2, "rows")


def pooling(context: Context) -> Placed:
    task, tool = context.task, context.tool
    window = task.constant("pool_width", default=1) * task.constant("pool_height", default=1)
    tree = math.ceil(math.log2(max(1.0, window)) / 2)
    depth, interval = tool.pool_extra + tree, tool.pool_ii
    if context.slow:
        # measured: 25 ns (2023.1); Vivado HLS 2020.1: 4 and 5 for windows of 2x2 and 4x4 at 10 ns, 2 and 3 at 25 ns
        depth = max(2, depth - (3 if context.logic_ns >= ELEMENT_NS else 1)) if tool.vivado else 2
        interval = tool.pool_slow_ii
    elif context.tight:
        depth += 2  # reports, 2020.2
    if tool.vivado and context.ultrascale and context.logic_ns < ELEMENT_NS:
        # reports, 2019.2 and 2020.1: windows of 2x2 on Alveo have Depth 4, 3 and 3 at 2, 3.33 and 4 ns, on a Zynq UltraScale+ 3 at 5 ns
        depth, interval = max(2, depth - 1), tool.pool_slow_ii
    if tool.vivado and first_release(task):
        # reports, 2020.1, Zynq-7020 at 5 ns, two of 16 channels: they take turns
        interval = 3 * task.elements.get(task.inputs[0], 1)
        depth += interval + 1
    elif tool.vivado and encoded(task):
        interval = 1  # reports, 2019.2: no line buffer is loaded and stored
    # measured, 2019.2: at II 2 the token is read in stage 0
    return by_structure(context, depth, interval, early=tool.vivado)


def softmax(context: Context) -> Placed:
    task, tool = context.task, context.tool
    # `n_in` counts those of all pixels if each has a softmax of its own
    classes = int(task.constant("n_slice", default=0)) or task.elements.get(task.inputs[0], 0)
    classes = classes or int(task.constant("n_in", default=1))
    latency = tool.softmax_latency if "softmax_latency" in task.functions else tool.softmax_stable
    if tool.vivado and "softmax_latency" not in task.functions:
        wide = 2 * math.ceil(math.log2(max(1, classes)))
        if context.ultrascale:
            # reports, 2020.1, Alveo: 12, 7 and 6 for ten classes at 2, 3.33 and 4 ns
            latency = math.ceil(_SOFTMAX_NS * (4 + wide) / 12 / context.logic_ns)
        elif context.slow:
            # reports, 2020.1: 4 at 25 ns; at 10 ns 12 for ten classes, 8 for four
            latency = 4 + (0 if context.logic_ns >= ONE_STAGE_NS else wide)
        # tables and products take turns, twice (reports, 2020.1, II 3, 4, 8 and 10)
        latency += 2 * (max([1, *(segment.ii for segment in context.segments)]) - 1)
    if tool.softmax_log:
        latency += math.ceil(math.log2(max(1, classes))) + (1 if context.clock_ns < 4 else 0)
    return by_structure(context, latency + 2)


def repack(context: Context) -> Placed:
    """A wide token becomes narrow ones. Vitis HLS copies its elements first, two a cycle, which is no pipeline (measured, 2023.2: 388
    cycles for a token of 256 elements that becomes 256 tokens).
    """
    task = context.task
    segment = context.segments[0] if context.segments else None
    if context.tool.vivado or segment is None or len(context.segments) > 1:
        return generic(context)
    write = task.op_write
    tokens = int(np.count_nonzero(~write))
    pieces = len(write) // max(1, tokens) - 1
    if not segment.is_loop or not segment.perfect or pieces < 2 or len(write) != tokens * (pieces + 1):
        return generic(context)
    copied = math.ceil(task.elements.get(task.inputs[0], pieces) / 2) + 2
    cost = copied + pieces + 2
    at = 1 + segment.iteration * cost + np.where(write, copied + repeats(2 * segment.iteration + write), 0)
    return Placed(at, tokens * cost + 1, cost, copied + 2, "sequential")


def resize(context: Context) -> Placed:
    """Rows: its copies are written one by one, and each of its pixels is read just before its first copy."""
    task = context.task
    if len(context.segments) != 1 or not context.segments[0].perfect:
        return generic(context)
    segment = context.segments[0]
    rows = max(1, segment.iterations)
    interval = max(1, segment.ii, busiest(task, segment))
    nth = repeats(2 * segment.iteration + task.op_write)
    copies = max(
        1, int(task.constant("new_width", default=1)) // max(1, int(task.constant("width", default=1)))
    )
    # measured, Vivado 2019.2: the first copy is written in the cycle of the read
    nth = np.where(task.op_write, nth + (0 if context.tool.vivado else 1), nth * copies)
    at = 1 + segment.iteration * interval + nth
    tail = 2 if context.tool.drains else context.tool.bubble_more
    period = max(rows * interval + tail, int(at.max()) + 2 if context.tool.drains else 1)
    return Placed(at, period, interval, interval + 1, "rows")


def global_pooling(context: Context) -> Placed:
    task = context.task
    extra = 0
    pixels = task.constant("in_height", default=1) * task.constant("in_width", "n_in", default=1)
    average = int(task.constant("pool_op", default=0)) == 1
    if average and pixels > 1 and not math.log2(pixels).is_integer():
        accumulator = task.types.get("accum_t")
        # inferred: a divider makes one bit of the quotient per stage
        extra = (accumulator.width if accumulator else 16) + 4
    loops = context.segments
    if context.tool.pipelines_single and len(loops) == 2 and loops[-1].iterations == 1 and loops[-1].ii:
        # its last loop is pipelined: then so is the function, and the loop that reads is unrolled (reports, 2020.1: 16 tokens, II 16)
        at = np.arange(task.operations, dtype=np.int64) - task.op_write * (1 - extra)
        period = int(np.count_nonzero(~task.op_write))
        return Placed(at, max(period, int(at.max()) + 1), period, 1 + extra, "code")
    if len(context.segments) == 1 and not context.segments[0].is_loop:
        return code(context, 1 + extra)
    return by_structure(context, 2 + 1 + extra)


def concatenate_1d(context: Context) -> Placed:
    """Both inputs are collected, then written as one token, 4 after the last token of a loop (measured)."""
    placed = by_structure(context, 2)
    loops = [segment for segment in context.segments if segment.is_loop]
    write = context.task.op_write
    if not loops or not write.any():
        return placed
    at = placed.at.copy()
    at[write] = max(int(at[~write].max()) + 1, int(at[loops[-1].stop - 1]) + _CONCATENATE_GAP)
    return replace(placed, at=at, period=int(at.max()) + context.tool.code_end)


def relu(context: Context) -> Placed:
    """On Vitis it has one stage less if it neither rounds nor keeps a sign (measured, 2023.1: 16 to 10 bits, unsigned), where the device is fast enough
    (measured: not on a Kintex UltraScale at 5 ns, 2022.2). By Vivado HLS UltraScale devices need no fourth stage (reports: Alveo at 2 ns), and
    rounding needs a third (reports, 2020.1: Alveo at 4 ns and Virtex UltraScale+ at 5 ns).
    """
    task, tool = context.task, context.tool
    depth = context.depth("relu")
    before, after = (
        task.types.get(streams[0]) if streams else None for streams in (task.inputs, task.outputs)
    )
    if tool.vivado and context.ultrascale:
        depth = min(depth, 3)
    if before is None or after is None:
        return by_structure(context, depth)
    exact = after.width - after.integer >= before.width - before.integer
    if tool.vivado:
        if context.ultrascale and not exact and after.rounds and context.logic_ns < ONE_STAGE_NS:
            depth = 3
    elif (
        exact
        and not after.signed
        and (context.speed is None or context.logic_ns >= ELEMENT_NS)
        or exact
        and tool.relu_of_either_sign
        and context.speed is not None
        and context.logic_ns >= ELEMENT_NS
    ):
        depth = 2
    return by_structure(context, depth)


def normalize(context: Context) -> Placed:
    """A multiplication and an addition; without any scale but zero, the addition alone. The loop's II is how many elements share a
    multiplier.
    """
    task = context.task
    depth = context.depth("normalize")
    if task.weights and task.weights[0].nonzeros == 0:
        depth = max(2, depth - 1)
    # measured, 2023.1: one multiplier for 24 or 12 elements writes 23 or 11 after its read
    shared = max((segment.ii for segment in context.segments), default=0) + 1
    return by_structure(context, max(depth, shared))
