"""Convolutions whose pixel loop is no pipeline: an FSM in which an iteration costs much if it fills a window, else little."""

from __future__ import annotations

import math

import numpy as np

from split4ml.passes.timing.constants import Sequential, Tool
from split4ml.passes.timing.core import Core
from split4ml.passes.timing.structure import Context, Placed
from split4ml.passes.timing.tasktrace import TaskTrace


def sequential(context: Context, found: Core) -> Placed:
    """Every iteration reads one token; those that write have filled a window."""
    task, known = context.task, context.known
    costs = _costs(context, found)
    full, wait = found.reuse + costs.full, found.reuse + costs.write
    if known.ii is not None:
        wait += known.ii - full
        full = known.ii
    if known.depth is not None:
        wait = known.depth - 2
    iteration = np.cumsum(~task.op_write) - 1
    fills = np.zeros(int(iteration[-1]) + 1, np.bool_)
    fills[iteration[task.op_write]] = True
    cost = np.where(fills, full, costs.other)
    start = np.cumsum(cost) - cost + 1
    at = start[iteration] + np.where(task.op_write, wait, 0)
    period = int(cost.sum()) + costs.frame
    return Placed(at, period, full, wait + 2, "sequential")


def called(task: TaskTrace) -> bool:
    """Whether a window is computed in a module of its own."""
    return any(
        function.inline == "off"
        for name, function in task.functions.items()
        if name.startswith("compute_output_buffer")
    )


def encoded(task: TaskTrace) -> bool:
    """Whether windows are collected in FIFOs inside of the task (hls4ml's `encoded` implementation)."""
    return any("encoded" in name for name in task.functions)


def _costs(context: Context, found: Core) -> Sequential:
    tool, task = context.tool, context.task
    costs = tool.sequential_slow if context.slow else tool.sequential
    if not tool.vivado:
        return costs
    module = called(task)
    own = 1 if module or encoded(task) else 0
    beyond = reuse_depth(task, found.reuse, tool, context.clock_ns) - 2
    other = costs.other + (1 if module else -1 if own and not context.slow else 0) + _left_loops(task)
    full = beyond + other + 1 + own
    return Sequential(full, full - (costs.full - costs.write), other, costs.frame + (1 if module else 0))


def reuse_depth(task: TaskTrace, reuse: int, tool: Tool, clock_ns: float) -> int:
    """Depth of the reuse loop of Vivado HLS: the product of two operands of `bits` together, and the tree that adds those of one
    output. Fitted to 42 reports of ten designs (2019.1 to 2020.1; 3.33, 5 and 10 ns): 38 exact, the others one or two off.
    """
    terms = max(1, int(task.constant("mult_config.n_in", "n_in", default=1)) // max(1, reuse))
    tree = int(math.log2(terms)) - (2 if clock_ns >= tool.slow_ns else 1)
    return 3 + product_stages(task, clock_ns) + max(0, tree)


def product_stages(task: TaskTrace, clock_ns: float) -> int:
    """Advances of a product beyond the first, by Vivado HLS: 0 for operands of 16 bits together; 1 for 20 at 5 ns; 0, 1 and 3 for
    32 at 25, 10 and 3.33 ns; 5 for 64 at 5 ns.
    """
    data = task.types.get(task.inputs[0]) if task.inputs else None
    weight = task.types.get("mult_config.weight_t") or task.types.get("weight_t")
    bits = (data.width if data else 16) + (weight.width if weight else 16)
    return max(0, math.ceil((bits - 16) / (2 * clock_ns) - 0.35))


def shared_products(task: TaskTrace, reuse: int, clock_ns: float) -> int:
    """Advances in which the products of a latency-strategy core are done by the multipliers that its reuse factor leaves, of Vivado
    HLS: 12 of 12 cores of four designs (2020.1; 10 and 25 ns). The reuse factor if the weights are not known.
    """
    many = task.weights[0].multipliers if task.weights else 0
    limit = int(task.constant("mult_config.multiplier_limit", "multiplier_limit", default=0))
    if not many or limit < 1:
        return reuse
    return min(reuse, -(-many // limit) + product_stages(task, clock_ns))


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
