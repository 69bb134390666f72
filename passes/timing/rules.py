"""From what a task does (its trace) to when it does it (its schedule), for one tool and clock.

Each rule places every operation at an advance, counted from the begin of the call, and says how long the call
occupies the task. The numbers are in constants.py and core.py; docs/timing.md defines the words.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from split4ml.passes.timing import constants
from split4ml.passes.timing.constants import SLOW_NS, Tool
from split4ml.passes.timing.core import Core, core
from split4ml.passes.timing.schedule import Ints, Schedule
from split4ml.passes.timing.segments import Segment, leaves, repeats, split
from split4ml.passes.timing.tasktrace import TaskTrace


@dataclass(frozen=True, eq=False)
class TaskTiming:
    """A task's schedule and what to tell the user about it.

    ii:       advances between iterations of its main loop (of a window-filling one, if they differ), or between
              calls if it has no loop.
    depth:    advances from a read to the write that depends on it, plus 2 for a loop: the tool's iteration latency.
    ii_range: lowest and highest `ii` if it depends on an estimate, else (ii, ii).
    style:    "pipeline", "sequential", "rows", "code" or "mixed".
    modelled: False if no rule knows this kind of task, and the structure of its loops was all to go by.
    """

    schedule: Schedule
    ii: int
    depth: int
    ii_range: tuple[int, int]
    style: str
    modelled: bool = True


@dataclass(frozen=True)
class _Placed:
    """at: int64 per operation, its advance."""

    at: Ints
    period: int
    ii: int
    depth: int
    style: str
    ii_range: tuple[int, int] | None = None


@dataclass(frozen=True)
class _Context:
    task: TaskTrace
    segments: tuple[Segment, ...]
    tool: Tool
    clock_ns: float

    @property
    def slow(self) -> bool:
        return self.clock_ns >= SLOW_NS


def schedule(task: TaskTrace, tool: str, clock_ns: float, direct_outputs: bool) -> Schedule:
    """The schedule alone; see `timing`."""
    return timing(task, tool, clock_ns, direct_outputs).schedule


def timing(task: TaskTrace, tool: str, clock_ns: float, direct_outputs: bool = False) -> TaskTiming:
    """The timing of one task.

    tool: such as "vitis-2023.2"; clock_ns: target period. direct_outputs: the task writes a port of its subgraph,
    which it does one advance earlier than into a FIFO (measured). Raises UsageError for an unknown tool.
    """
    context = _Context(task, split(task), constants.tool(tool), clock_ns)
    rule = _RULES.get(task.kind, _generic)
    placed = rule(context)
    at = _separate(task, placed.at)
    if direct_outputs:
        at = _earlier_writes(task, at)
    made = _schedule(task, at, placed.period)
    span = placed.ii_range or (placed.ii, placed.ii)
    modelled = task.kind in _RULES or task.kind in _BY_STRUCTURE
    return TaskTiming(made, placed.ii, placed.depth, span, placed.style, modelled)


# ---------------------------------------------------------------------------------------------------------------
# Rules


def _generic(context: _Context) -> _Placed:
    depth = context.tool.depth(context.task.kind, context.clock_ns)
    return _by_structure(context, depth)


def _by_structure(context: _Context, depth: int, ii: int | None = None) -> _Placed:
    """What holds for every kind: one loop, straight code, or several of them in a row."""
    if not context.segments:
        return _Placed(np.zeros(0, np.int64), 1, 1, 1, "code")
    first = context.segments[0]
    if len(context.segments) > 1 or not first.perfect:
        return _in_a_row(context, depth)
    if not first.is_loop:
        return _code(context, max(0, depth - 2))
    per_iteration = _busiest(context.task, first)
    interval = max(ii if ii is not None else max(1, first.ii), per_iteration)
    if first.ii == 0 and not context.tool.auto_pipeline:
        interval = max(interval, 2 if per_iteration == 1 else per_iteration)
    return _pipeline(context, interval, depth)


def _pipeline(
    context: _Context, interval: int, depth: int, ii_range: tuple[int, int] | None = None
) -> _Placed:
    """The whole process is one pipelined loop."""
    segment, tool = context.segments[0], context.tool
    start = segment.iteration * interval + 1
    at = start + _within(context.task, segment, depth - 2)
    if tool.drains:
        period = int(at.max()) + 2
        period = max(period, (segment.iterations - 1) * interval + depth + 1)
    else:
        bubble = tool.bubble_one if interval == 1 else tool.bubble_slow if context.slow else tool.bubble_more
        period = segment.iterations * interval + bubble
    return _Placed(at, period, interval, depth, "pipeline", ii_range)


def _code(context: _Context, latency: int) -> _Placed:
    """No loop: an FSM that reads in its first state and writes `latency` states later; no overlap of calls."""
    task = context.task
    at = _serial(task, 0, task.operations, 0, latency)
    period = int(at.max()) + 1
    return _Placed(at, period, period, latency, "code")


def _in_a_row(context: _Context, depth: int) -> _Placed:
    """Loops and straight code, one after the other, the pipeline of each drained before the next."""
    task, tool = context.task, context.tool
    at = np.zeros(task.operations, np.int64)
    last, was_loop, interval = -1, False, 1
    for segment, start, stop, is_loop in _parts(context.segments):
        if is_loop:
            part = segment.iteration[start - segment.start : stop - segment.start]
            interval = max(1, segment.ii, _busiest(task, segment))
            if segment.ii == 0 and not tool.auto_pipeline:
                interval = max(2, interval)
            local = (part - part.min()) * interval
            local = local + _within_part(task, start, stop, part, depth - 2)
            lead = 1 if not task.op_write[start:stop].all() else tool.write_stage
            first = 1 + lead if last < 0 else last + tool.loop_gap
            at[start:stop] = first + local - local.min()
        else:
            first = 0 if last < 0 else last + (tool.code_gap if was_loop else 1)
            at[start:stop] = _serial(task, start, stop, first, max(0, depth - 2))
        last, was_loop = int(at[start:stop].max()), is_loop
    period = last + (tool.loop_end if was_loop else tool.code_end)
    return _Placed(at, period, interval, depth, "mixed")


def _padding_2d(context: _Context) -> _Placed:
    """Rows of padding, then padded rows: of each the reads come as early as possible and the writes in series."""
    task, tool = context.task, context.tool
    at = np.zeros(task.operations, np.int64)
    last = -1
    for segment in context.segments:
        write = task.op_write[segment.start : segment.stop]
        if segment.perfect and write.all():
            local = repeats(np.zeros(len(write), np.int64))
        else:
            width = int(np.bincount(segment.outer[write]).max())
            local = segment.outer * width + repeats(2 * segment.outer + write)
        first = 1 + tool.write_stage if last < 0 else last + tool.loop_gap
        at[segment.start : segment.stop] = first + local
        last = int(at[segment.start : segment.stop][write].max())
    return _Placed(at, last + tool.loop_end, 1, 2, "rows")


def _padding_1d(context: _Context) -> _Placed:
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
    return _Placed(at, last + gaps.end, gaps.copy, 2, "rows")


def _convolution(context: _Context) -> _Placed:
    if len(context.segments) != 1 or not context.segments[0].perfect or not context.segments[0].is_loop:
        return _by_structure(context, context.tool.depth("normalize", context.clock_ns))
    segment, tool = context.segments[0], context.tool
    found = core(context.task, tool, context.clock_ns, segment.ii)
    if segment.ii == 0 and (found.reuse > 1 or not tool.auto_pipeline):
        return _sequential(context, found)
    called = any(
        function.inline == "off"
        for name, function in context.task.functions.items()
        if name.startswith("compute_output_buffer")
    )
    shape = _called_core if called else _inlined_core
    interval, depth = shape(context, found)
    low, high = (shape(context, replace(found, latency=latency))[0] for latency in found.range)
    return _pipeline(context, interval, depth, (low, high))


def _called_core(context: _Context, found: Core) -> tuple[int, int]:
    """II and Depth if the window is computed by a function kept as a module (INLINE OFF): the next iteration must
    not shift the window while the core still reads it (measured: II of 20 of 20 from the true core depth).
    """
    if found.reuse == 1 and context.slow:
        return 2, 4
    extra = 2 if found.latency <= 1 or found.reuse > 1 else 3
    interval = found.latency + extra
    return interval, interval + 2


def _inlined_core(context: _Context, found: Core) -> tuple[int, int]:
    """II and Depth if everything is inlined into the loop: the reuse factor counts (measured)."""
    if context.task.kind.startswith("depthwise"):
        depth = max(context.tool.depth("normalize", context.clock_ns), 2)
        return min(found.reuse, depth), depth
    if context.tool.vivado:
        return found.reuse, max(3 + math.ceil(math.log2(max(1, found.nonzeros))), found.reuse + 1)
    return found.reuse, found.latency + 3


def _sequential(context: _Context, found: Core) -> _Placed:
    """A convolution whose pixel loop is no pipeline: an iteration costs much if it fills a window, else little."""
    segment, task = context.segments[0], context.task
    costs = context.tool.sequential_slow if context.slow else context.tool.sequential
    full = found.reuse + costs.full
    fills = np.zeros(segment.iterations, np.bool_)
    fills[segment.iteration[task.op_write]] = True
    cost = np.where(fills, full, costs.other)
    start = np.cumsum(cost) - cost + 1
    at = start[segment.iteration] + np.where(task.op_write, found.reuse + costs.write, 0)
    period = int(cost.sum()) + costs.frame
    return _Placed(at, period, full, found.reuse + costs.write + 2, "sequential")


def _dense(context: _Context) -> _Placed:
    task, tool = context.task, context.tool
    found = core(task, tool, context.clock_ns, _function_ii(task))
    looped = any(c.label == "ReuseLoop" for c in task.counted) and found.reuse > 1
    prepared = any(segment.is_loop for segment in context.segments)
    if looped and prepared:
        latency = found.reuse + tool.reuse_prepared
    elif looped:
        latency = found.reuse + (tool.reuse_single_slow if context.slow else tool.reuse_single)
    elif tool.vivado:
        latency = max(2 + math.ceil(math.log2(max(1, found.nonzeros))), found.reuse)
    elif context.slow:
        latency = found.latency + (0 if found.resource else 1)
    else:
        latency = found.latency + (1 if found.resource else 2)
    if prepared:
        behind = latency if looped or tool.vivado else max(1, latency - 1)
        return _dense_prepared(context, behind)
    placed = _code(context, latency)
    if looped and tool.reuse_rewinds:
        return replace(placed, period=found.reuse, ii=found.reuse)
    return placed


def _dense_prepared(context: _Context, latency: int) -> _Placed:
    """Tokens are collected in a loop, multiplied, and written `latency` after the last one."""
    placed = _in_a_row(context, 2)
    write = context.task.op_write
    if not write.any():
        return placed
    reads_end = int(placed.at[~write].max())
    at = np.where(write, placed.at - placed.at[write].min() + reads_end + latency, placed.at)
    period = int(at.max()) + context.tool.code_end
    return replace(placed, at=at, period=period, ii=period, depth=latency)


def _function_ii(task: TaskTrace) -> int:
    """II of a pipelined dense function, which is its reuse factor (dense_latency)."""
    return max((f.ii for name, f in task.functions.items() if name.startswith("dense_latency")), default=0)


def _pooling(context: _Context) -> _Placed:
    task, tool = context.task, context.tool
    window = task.constant("pool_width", default=1) * task.constant("pool_height", default=1)
    tree = math.ceil(math.log2(max(1.0, window)) / 2)
    depth = tool.pool_extra + tree
    if context.slow and not tool.vivado:
        depth = 2
    return _by_structure(context, depth, tool.pool_ii)


def _softmax(context: _Context) -> _Placed:
    task, tool = context.task, context.tool
    classes = int(task.constant("n_slice", "n_in", default=1))
    latency = tool.softmax_latency if "softmax_latency" in task.functions else tool.softmax_stable
    if tool.softmax_log:
        latency += math.ceil(math.log2(max(1, classes))) + (1 if context.clock_ns < 4 else 0)
    return _by_structure(context, latency + 2)


def _resize(context: _Context) -> _Placed:
    """Rows: a row's pixels are read one by one, its copies written one by one, each after the pixel it needs."""
    task = context.task
    if len(context.segments) != 1 or not context.segments[0].perfect:
        return _generic(context)
    segment = context.segments[0]
    rows = max(1, segment.iterations)
    interval = max(1, segment.ii, _busiest(task, segment))
    nth = repeats(2 * segment.iteration + task.op_write)
    at = 1 + segment.iteration * interval + nth + np.where(task.op_write, 1, 0)
    tail = 2 if context.tool.drains else context.tool.bubble_more
    period = max(rows * interval + tail, int(at.max()) + 2 if context.tool.drains else 1)
    return _Placed(at, period, interval, interval + 1, "rows")


def _global_pooling(context: _Context) -> _Placed:
    task = context.task
    extra = 0
    pixels = task.constant("in_height", default=1) * task.constant("in_width", "n_in", default=1)
    average = int(task.constant("pool_op", default=0)) == 1
    if average and pixels > 1 and not math.log2(pixels).is_integer():
        accumulator = task.types.get("accum_t")
        # inferred: a divider makes one bit of the quotient per stage
        extra = (accumulator.width if accumulator else 16) + 4
    if len(context.segments) == 1 and not context.segments[0].is_loop:
        return _code(context, 1 + extra)
    return _by_structure(context, 2 + 1 + extra)


def _concatenate_1d(context: _Context) -> _Placed:
    """Both inputs are collected, then written as one token, 4 after the last token of a loop (measured)."""
    placed = _by_structure(context, 2)
    loops = [segment for segment in context.segments if segment.is_loop]
    write = context.task.op_write
    if not loops or not write.any():
        return placed
    at = placed.at.copy()
    at[write] = max(int(at[~write].max()) + 1, int(at[loops[-1].stop - 1]) + _CONCATENATE_GAP)
    return replace(placed, at=at, period=int(at.max()) + context.tool.code_end)


_CONCATENATE_GAP = 4  # measured, Vitis 2023.1: last read of a loop of 6 tokens to the write

_RULES: dict[str, Callable[[_Context], _Placed]] = {
    "zeropad1d_cl": _padding_1d,
    "zeropad2d_cl": _padding_2d,
    "conv_1d_cl": _convolution,
    "conv_2d_cl": _convolution,
    "depthwise_conv_1d_cl": _convolution,
    "depthwise_conv_2d_cl": _convolution,
    "pointwise_conv_1d_cl": _convolution,
    "pointwise_conv_2d_cl": _convolution,
    "dense": _dense,
    "pooling1d_cl": _pooling,
    "pooling2d_cl": _pooling,
    "global_pooling1d_cl": _global_pooling,
    "global_pooling2d_cl": _global_pooling,
    "softmax": _softmax,
    "resize_nearest": _resize,
    "concatenate1d": _concatenate_1d,
}


_BY_STRUCTURE = frozenset(
    [
        "linear",
        "relu",
        "sigmoid",
        "tanh",
        "hard_sigmoid",
        "hard_tanh",
        "leaky_relu",
        "thresholded_relu",
        "softplus",
        "softsign",
        "elu",
        "selu",
        "prelu",
        "unary_lut",
        "binary_tanh",
        "ternary_tanh",
        "normalize",
        "normalize_binary_tanh",
        "normalize_ternary_tanh",
        "add",
        "subtract",
        "multiply",
        "average",
        "maximum",
        "minimum",
        "concatenate2d",
        "concatenate3d",
        "clone_stream",
        "repack_stream",
        "broadcast_stream",
        "transpose",
        "cropping1d_cl",
        "cropping2d_cl",
    ]
)
"""Kinds whose loops tell everything but the Depth."""


# ---------------------------------------------------------------------------------------------------------------
# Placing operations


def _parts(segments: tuple[Segment, ...]) -> list[tuple[Segment, int, int, bool]]:
    """(segment, start, stop, is a loop) in order; a nest that is not perfect falls into its inner loops."""
    parts = []
    for segment in segments:
        if segment.perfect:
            parts.append((segment, segment.start, segment.stop, segment.is_loop))
            continue
        for start, stop in leaves(segment):
            many = bool(segment.iteration[start] != segment.iteration[stop - 1])
            parts.append((segment, segment.start + start, segment.start + stop, many))
    return parts


def _within(task: TaskTrace, segment: Segment, latency: int) -> Ints:
    return _within_part(task, segment.start, segment.stop, segment.iteration, latency)


def _within_part(task: TaskTrace, start: int, stop: int, iteration: Ints, latency: int) -> Ints:
    """Advance of each operation after the first read of its iteration. A port is used once per advance, in order;
    a write comes `latency` after the read before it.
    """
    write, port = task.op_write[start:stop], task.op_port[start:stop].astype(np.int64)
    ports = int(port.max()) + 1
    nth = repeats((iteration * 2 + write) * ports + port)
    if not nth.any():
        return np.where(write, latency, 0)
    at = nth.copy()
    new = np.ones(len(at), np.bool_)
    new[1:] = iteration[1:] != iteration[:-1]
    # the latest read before a write in its iteration; writes without any start at once
    group = np.cumsum(new) - 1
    span = int(nth.max()) + 2
    seen = np.maximum.accumulate(np.where(write, -1, nth) + group * span) - group * span
    first = np.where(write, np.maximum(seen, -1) + latency, at)
    at = np.where(write, np.where(seen < 0, nth, first), at)
    return _spread(at, (iteration * 2 + write) * ports + port)


def _spread(at: Ints, key: Ints) -> Ints:
    """Moves operations with the same key apart, later ones later, so that no two share an advance."""
    order = np.argsort(key, kind="stable")
    rank = repeats(key)
    value, sorted_key = (at - rank)[order], key[order]
    block = np.cumsum(np.concatenate(([0], (sorted_key[1:] != sorted_key[:-1]).astype(np.int64))))
    span = int(value.max() - value.min()) + 1 if len(value) else 1
    value = np.maximum.accumulate(value + block * span) - block * span
    out = np.empty_like(at)
    out[order] = value
    return out + rank


def _serial(task: TaskTrace, start: int, stop: int, first: int, latency: int) -> Ints:
    """Straight code: reads from advance `first` on, one per port and advance; writes `latency` after the last
    read before them.
    """
    iteration = np.zeros(stop - start, np.int64)
    return first + _within_part(
        task, start, stop, iteration, latency if not task.op_write[start:stop].all() else 0
    )


def _busiest(task: TaskTrace, segment: Segment) -> int:
    """Most operations on one port in one iteration: no II can be less."""
    write = task.op_write[segment.start : segment.stop]
    port = task.op_port[segment.start : segment.stop].astype(np.int64)
    ports = int(port.max()) + 1
    return int(repeats((segment.iteration * 2 + write) * ports + port).max()) + 1


def _separate(task: TaskTrace, at: Ints) -> Ints:
    """No port twice in one advance, whatever the rule said."""
    ports = int(task.op_port.max()) + 1 if task.operations else 1
    return _spread(at, task.op_write.astype(np.int64) * ports + task.op_port)


def _earlier_writes(task: TaskTrace, at: Ints) -> Ints:
    """Writes one advance earlier, unless that is before a read that precedes them in the program."""
    reads = np.maximum.accumulate(np.where(task.op_write, 0, at)) if len(at) else at
    return np.where(task.op_write, np.maximum(at - 1, np.minimum(reads, at)), at)


def _schedule(task: TaskTrace, at: Ints, period: int) -> Schedule:
    order = np.argsort(at, kind="stable")
    offset, group = np.unique(at[order], return_inverse=True)
    write, port = task.op_write[order], task.op_port[order].astype(np.int64)

    def pointers(which: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Ints:
        counts = np.bincount(group[which], minlength=len(offset))
        return np.concatenate(([0], np.cumsum(counts))).astype(np.int64)

    floor = _least_period(task, at)
    made = Schedule(
        offset=offset.astype(np.int64),
        read_ptr=pointers(~write),
        read_port=port[~write],
        write_ptr=pointers(write),
        write_port=port[write],
        period=max(period, floor),
    )
    made.check()
    return made


def _least_period(task: TaskTrace, at: Ints) -> int:
    """A port is never used by two calls out of order."""
    least = 1
    for write, ports in ((False, len(task.inputs)), (True, len(task.outputs))):
        for port in range(ports):
            used = at[(task.op_write == write) & (task.op_port == port)]
            if len(used):
                least = max(least, int(used.max() - used.min()) + 1)
    return least
