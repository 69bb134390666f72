"""Convolutions whose pixel loop is no pipeline: an FSM in which an iteration costs much if it fills a window, else little."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from split4ml.passes.timing.constants import ELEMENT_NS, ONE_STAGE_NS, Sequential
from split4ml.passes.timing.core import Core, product_stages, variable_product_stages
from split4ml.passes.timing.schedule import Ints
from split4ml.passes.timing.segments import Segment, repeats
from split4ml.passes.timing.structure import Context, Placed
from split4ml.passes.timing.tasktrace import TaskTrace

_TREE_NS = 10.0  # reports: two levels at 10 ns on a Zynq-7020, one at 5 ns on a Virtex-7 (8 ns of the other)


def sequential(context: Context, found: Core) -> Placed:
    """Every iteration reads a pixel; those that write have filled a window. Kernels derived from hls4ml's pass a pixel as several tokens, one after the other
    (measured, 2019.2, one such kernel on a Zynq UltraScale+; reports, 2019.2, another on a Zynq-7020).
    """
    task, known, segment = context.task, context.known, context.segments[0]
    costs = _costs(context, found)
    iteration = _pixel(task, segment)
    nth = repeats(2 * iteration + task.op_write)
    reads = int(nth[~task.op_write].max(initial=0))  # beyond the first
    writes = int(nth[task.op_write].max(initial=0))
    costs = replace(
        costs, full=costs.full + reads + writes, write=costs.write + reads, other=costs.other + reads
    )
    full, wait = found.reuse + costs.full, found.reuse + costs.write
    if known.ii is not None:
        wait += known.ii - full
        full = known.ii
    if known.depth is not None:
        wait = known.depth - 2
    fills = np.zeros(int(iteration[-1]) + 1, np.bool_)
    fills[iteration[task.op_write]] = True
    cost = np.where(fills, full, costs.other)
    start = np.cumsum(cost) - cost + 1
    at = start[iteration] + nth + np.where(task.op_write, wait, 0)
    period = int(cost.sum()) + costs.frame
    # by Vivado HLS the depth of the reuse loop is estimated (`reuse_depth`)
    estimated = context.tool.vivado and known.ii is None
    return Placed(at, period, full, wait + 2, "sequential", (full - 1, full + 1) if estimated else None)


def _pixel(task: TaskTrace, segment: Segment) -> Ints:
    """int64[operations]: the pixel that was read last. An encoded window writes in a loop of its own."""
    first = np.zeros(task.operations, np.int64)
    first[~task.op_write] = np.diff(segment.iteration[~task.op_write], prepend=-1) != 0
    return np.cumsum(first) - 1


def words_per_pixel(task: TaskTrace) -> int:
    """Tokens that a pixel comes in: its channels one by one in kernels derived from hls4ml's, else 1."""
    return max(1, int(task.constant("n_chan", default=1)) // max(1, task.elements.get(task.inputs[0], 1)))


def called(task: TaskTrace) -> bool:
    """Whether a window is computed in a module of its own."""
    return any(
        function.inline == "off"
        for name, function in task.functions.items()
        if name.startswith("compute_output_buffer")
    )


def encoded(task: TaskTrace) -> bool:
    """Whether windows are collected in FIFOs inside of the task (hls4ml's `encoded` implementation)."""
    return first_release(task) or any("encoded" in name for name in task.functions)


def first_release(task: TaskTrace) -> bool:
    """Whether the kernel is of hls4ml 0.5, whose only implementation that was."""
    return any(name in task.functions for name in ("compute_output", "compute_pool_1d", "compute_pool_2d"))


def _costs(context: Context, found: Core) -> Sequential:
    tool, task = context.tool, context.task
    costs = tool.sequential_slow if context.slow else tool.sequential
    if not tool.vivado:
        return costs
    module = called(task)
    # a window of its own is written in a state of its own, but with more time (reports, 2019.2, a Zynq UltraScale+ at 5 ns).
    # reports, 2019.2, one derived kernel: its shift is a pipelined module, called and waited for
    shifter = context.slow and any(n.startswith("cnnshift") and f.ii for n, f in task.functions.items())
    own = 1 if encoded(task) or shifter or (module and context.logic_ns < _TREE_NS) else 0
    beyond = reuse_depth(context, found.reuse) - 2
    # reports, 2020.1, Zynq-7020 at 5 ns: the windows of hls4ml 0.5 take two cycles more than later ones (2019.2, 3.33 ns)
    apart = 1 if module or first_release(task) else -1 if encoded(task) and not context.slow else 0
    other = costs.other + apart + _left_loops(task)
    other += 2 if shifter and words_per_pixel(task) == 1 else 0
    full = beyond + other + 1 + own
    return Sequential(
        full, full - (costs.full - costs.write), other, costs.frame + (1 if module or shifter else 0)
    )


def reuse_depth(context: Context, reuse: int) -> int:
    """Depth of the reuse loop of Vivado HLS: the product of two operands of `bits` together, and the tree that adds those of one
    output. Fitted to 42 reports of ten designs (2019.1 to 2020.1; 3.33, 5 and 10 ns): 38 exact, the others one or two off. On UltraScale+
    devices ten of ten are, and they have a stage less each when the tree or all of it fits (reports, 2019.2 and 2020.1).
    """
    task = context.task
    terms = max(1, int(task.constant("mult_config.n_in", "n_in", default=1)) // max(1, reuse))
    free = 3 if context.logic_ns >= ELEMENT_NS else 2 if context.logic_ns >= _TREE_NS else 1
    tree = max(0, int(math.log2(terms)) - free)
    return (
        (2 if context.logic_ns >= ONE_STAGE_NS else 3)
        + variable_product_stages(task, context.multiplier_ns)
        + tree
    )


def shared_products(task: TaskTrace, reuse: int, clock_ns: float) -> int:
    """Advances in which the products of a latency-strategy core are done by the multipliers that its reuse factor leaves, of Vivado
    HLS: 12 of 12 cores of four designs (2020.1; 10 and 25 ns). The reuse factor if the weights are not known.
    """
    if not task.weights or not task.weights[0].nonzeros:
        return reuse
    many = task.weights[0].multipliers
    limit = int(task.constant("mult_config.multiplier_limit", "multiplier_limit", default=0))
    if limit < 1:  # versions without the constant compute it in the kernel
        products, zeros = (
            task.constant(f"mult_config.{name}", name, default=0) for name in ("n_in", "n_zeros")
        )
        products *= task.constant("mult_config.n_out", "n_out", default=0)
        limit = int(-(-products // reuse) - zeros // reuse)
    if limit < 1:
        return reuse
    return min(reuse, max(1, -(-many // limit)) + product_stages(task, clock_ns))


def _left_loops(task: TaskTrace) -> int:
    """Advances of the loops that shift a window, where they are not unrolled: if everything is inlined into the pixel loop
    (`INLINE recursive`), the pipelining of the function around them is lost (reports, 2020.1).
    """
    if called(task) or not any(
        function.inline == "recursive"
        for name, function in task.functions.items()
        if name.startswith(("conv_", "depthwise_conv_"))
    ):
        return 0
    height = int(task.constant("filt_height", default=1))
    channels = task.elements.get(task.inputs[0], 1)
    pixels = int(np.count_nonzero(~task.op_write))
    found = 0
    for loop in task.counted:
        trips = loop.iterations // max(1, loop.instances)
        if loop.function.startswith("kernel_shift") and trips > 1:
            # a pipelined loop is entered and left
            found += loop.instances // pixels * (trips + (2 if loop.ii else 1))
    if channels > 1 and any(name.startswith("shift_line_buffer") for name in task.functions):
        found += channels * height + 1  # a memory of each row is read and written in turn
    return found
