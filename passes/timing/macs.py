"""Timing rules of the kernels that multiply and accumulate: convolution and dense."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from split4ml.passes.timing.constants import ONE_STAGE_NS
from split4ml.passes.timing.core import Core, chain, core, levels, reuse_loop, saturating, summed
from split4ml.passes.timing.pixels import called, encoded, sequential, shared_products
from split4ml.passes.timing.structure import Context, Placed, by_structure, code, in_a_row, pipeline
from split4ml.passes.timing.tasktrace import TaskTrace

_LONGEST_TABLE = 16384  # inferred: between 9216 and 20480
_FEWER_STAGES_NS = 10.0  # of Vivado HLS, reports: on Alveo 3 and 2 stages beside the tree at 3.33 and 4 ns, which are 9 and 10.8 ns of the slowest


def convolution(context: Context) -> Placed:
    if len(context.segments) != 1 or not context.segments[0].is_loop:
        return by_structure(context, context.depth("normalize"))
    segment, tool = context.segments[0], context.tool
    found = core(context, segment.ii)
    if not segment.perfect:
        if tool.vivado and encoded(context.task) and found.reuse > 1 and found.resource:
            return sequential(context, found)
        return by_structure(context, context.depth("normalize"))
    if segment.ii == 0 and (found.reuse > 1 or not tool.auto_pipeline):
        return sequential(context, found)
    shape = _called_core if called(context.task) else _inlined_core
    interval, depth = shape(context, found)
    if shape is _inlined_core and tool.vivado:  # what an iteration takes is estimated
        return pipeline(context, interval, depth, (min(found.reuse, depth - 1), min(found.reuse, depth + 1)))
    low, high = (shape(context, replace(found, latency=latency))[0] for latency in found.range)
    return pipeline(context, interval, depth, (low, high))


def _called_core(context: Context, found: Core) -> tuple[int, int]:
    """II and Depth if the window is computed by a function kept as a module (INLINE OFF): the next iteration must
    not shift the window while the core still reads it (measured: II of 20 of 20 from the true core depth).
    """
    if context.tool.vivado:
        return _called_by_vivado(context, found)
    if found.reuse == 1 and context.slow:
        return 2, 3  # measured, 2023.1, 25 ns
    extra = 2 if found.latency <= 1 or found.reuse > 1 else 3
    interval = found.latency + extra
    return interval, interval + 2


def _called_by_vivado(context: Context, found: Core) -> tuple[int, int]:
    """By Vivado HLS, the module is pipelined, and so is the core in it. With a reuse factor, as many multipliers as that leaves are
    used in turn, and iterations do not overlap (reports, 2020.1).
    """
    if found.reuse == 1 and saturating(context.task):
        return 1, 4 + found.latency
    if found.reuse == 1:
        return 1, 3 + (0 if context.logic_ns >= ONE_STAGE_NS else found.latency)
    depth = shared_products(context.task, found.reuse, context.multiplier_ns) + 2
    return min(found.reuse, depth), depth


def _inlined_core(context: Context, found: Core) -> tuple[int, int]:
    """II and Depth if everything is inlined into the loop: the reuse factor counts (measured)."""
    if context.task.kind.startswith("depthwise"):
        depth = max(context.depth("normalize"), 2)
        return min(found.reuse, depth), depth
    if context.tool.vivado:
        return _inlined_by_vivado(context, found)
    if found.reuse > 1:
        # measured, 2023.2, reuse factors 8 and 16: the window is read for `reuse` cycles, so the next must wait
        return _called_core(context, found)
    return found.reuse, found.latency + 3


def _inlined_by_vivado(context: Context, found: Core) -> tuple[int, int]:
    """By Vivado HLS, iterations never begin further apart than one takes (reports, 2020.1: II 5 and 9 for a reuse factor of 16)."""
    stages = 3 if context.logic_ns < _FEWER_STAGES_NS else 2
    if context.task.kind.startswith("pointwise"):
        depth = stages - 1 + _pointwise_sum(context, found)
    else:
        chained = 1 if saturating(context.task) else 0
        depth = stages + chained + summed(context.task, found.nonzeros, context.logic_ns)
    if found.reuse > 1:
        depth = max(depth, shared_products(context.task, found.reuse, context.multiplier_ns) + 2)
    return min(found.reuse, depth), depth


def _pointwise_sum(context: Context, found: Core) -> int:
    """No window is shifted, and what counts is the digits of the weights (reports, 2020.1: 10 digits in one stage, 95 in three, on Virtex UltraScale+ at 5 ns)."""
    if saturating(context.task):
        return 1 + chain(found.nonzeros, context.logic_ns)
    weights = context.task.weights
    terms = weights[0].digits_by_output if weights else 0
    return max(1, round(levels(terms or found.nonzeros, context.logic_ns)))


def dense(context: Context) -> Placed:
    task, tool = context.task, context.tool
    found = core(context, _function_ii(task))
    looped = reuse_loop(task) is not None and found.reuse > 1
    prepared = any(segment.is_loop for segment in context.segments)
    if looped and prepared:
        latency = found.reuse + tool.reuse_prepared
    elif looped:
        latency = found.reuse + (tool.reuse_single_slow if context.slow else tool.reuse_single)
    elif tool.vivado and found.reuse > 1:
        latency = shared_products(task, found.reuse, context.multiplier_ns) - 1
    elif tool.vivado:
        # reports, 2020.1, 25 ns: all in one cycle
        latency = 0 if context.logic_ns >= ONE_STAGE_NS else _parallel_dense(context, found)
    elif context.slow:
        latency = found.latency + (0 if found.resource else 1)
    else:
        latency = found.latency + (1 if found.resource else 2)
    if looped and tool.vivado:
        latency += _index_loop(task)
    if prepared:
        behind = latency if looped or tool.vivado else max(1, latency - 1)
        return _dense_prepared(context, context.known.depth if context.known.depth is not None else behind)
    placed = code(context, latency)
    if looped and tool.reuse_rewinds and context.known.ii is None:
        return replace(placed, period=found.reuse, ii=found.reuse)
    return placed


def _parallel_dense(context: Context, found: Core) -> int:
    """By Vivado HLS (measured, 2019.2, Zynq-7020: 7 for 28 terms; reports, 2020.1: 3 for 32 on Virtex UltraScale+, both at 5 ns)."""
    stages = 2 if context.logic_ns < _FEWER_STAGES_NS else 1
    return stages + summed(context.task, found.nonzeros, context.logic_ns)


def _dense_prepared(context: Context, latency: int) -> Placed:
    """Tokens are collected in a loop, multiplied, and written `latency` after the last one."""
    placed = in_a_row(context, 2)
    write = context.task.op_write
    if not write.any():
        return placed
    reads_end = int(placed.at[~write].max())
    at = np.where(write, placed.at - placed.at[write].min() + reads_end + latency, placed.at)
    period = int(at.max()) + context.tool.code_end
    return replace(placed, at=at, period=period, ii=period, depth=latency)


def _index_loop(task: TaskTrace) -> int:
    """Advances of the loop that numbers the outputs when the reuse factor exceeds the inputs: its table is a ROM if HLS ran it
    itself, which it does not if it is long (Vivado HLS 2019.2: 9216 iterations became a ROM, 20480 take 20480 cycles).
    """
    loop = next((c for c in task.counted if c.label == "IndexLoop" and c.instances), None)
    length = loop.iterations // loop.instances if loop is not None else 0
    return length if length > _LONGEST_TABLE else 0


def _function_ii(task: TaskTrace) -> int:
    """II of a pipelined dense function, which is its reuse factor (dense_latency)."""
    return max((f.ii for name, f in task.functions.items() if name.startswith("dense_latency")), default=0)
