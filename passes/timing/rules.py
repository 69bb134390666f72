"""From what a task does (its trace) to when it does it (its schedule), for one tool and clock.

Each rule places every operation at an advance, counted from the begin of the call, and says how long the call
occupies the task. The numbers are in constants.py and core.py; docs/timing.md defines the words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from split4ml.passes.timing import constants
from split4ml.passes.timing.known import UNKNOWN, Known, Source
from split4ml.passes.timing.macs import convolution, dense
from split4ml.passes.timing.movers import (
    concatenate_1d,
    global_pooling,
    normalize,
    padding_1d,
    padding_2d,
    pooling,
    relu,
    repack,
    resize,
    softmax,
)
from split4ml.passes.timing.parts import speed
from split4ml.passes.timing.placing import build, earlier_writes, separate
from split4ml.passes.timing.recurrent import KINDS as RECURRENT
from split4ml.passes.timing.recurrent import recurrent
from split4ml.passes.timing.schedule import Schedule
from split4ml.passes.timing.segments import split
from split4ml.passes.timing.structure import Context, Placed, generic
from split4ml.passes.timing.tasktrace import TaskTrace


@dataclass(frozen=True, eq=False)
class TaskTiming:
    """A task's schedule and what to tell the user about it.

    ii:       advances between iterations of its main loop (of a window-filling one, if they differ), or between
              calls if it has no loop.
    depth:    advances from a read to the write that depends on it, plus 2 for a loop: the tool's iteration latency.
    ii_range: lowest and highest `ii` if it depends on an estimate, else (ii, ii).
    style:    "pipeline", "sequential", "rows", "code" or "mixed".
    rule:     the kind of task whose rule it was: another than its own if its kernel is named after that one's; None if no rule
              knows it, and the structure of its loops was all to go by.
    source:   where II or depth come from if they are no estimates.
    """

    schedule: Schedule
    ii: int
    depth: int
    ii_range: tuple[int, int]
    style: str
    rule: str | None = None
    source: Source | None = None


def schedule(task: TaskTrace, tool: str, clock_ns: float, direct_outputs: bool) -> Schedule:
    """The schedule alone; see `timing`."""
    return timing(task, tool, clock_ns, direct_outputs).schedule


def timing(
    task: TaskTrace,
    tool: str,
    clock_ns: float,
    direct_outputs: bool = False,
    known: Known = UNKNOWN,
    part: str | None = None,
) -> TaskTiming:
    """The timing of one task.

    tool: such as "vitis-2023.2"; clock_ns: target period. direct_outputs: the task writes a port of its subgraph,
    which it does one advance earlier than into a FIFO (measured). known: from a report or a measurement, in place of
    estimates. part: number of the device, None if not known (parts.py). Raises UsageError for an unknown tool.
    """
    kind = _known(task.kind)
    if kind is not None and kind != task.kind:
        task = replace(task, kind=kind)
    context = Context(task, split(task), constants.tool(tool), clock_ns, known, speed(part))
    placed = _RULES.get(kind or "", generic)(context)
    at = separate(task, placed.at)
    if direct_outputs:
        at = separate(task, earlier_writes(task, at))
    made = build(task, at, placed.period)
    span = placed.ii_range or (placed.ii, placed.ii)
    return TaskTiming(made, placed.ii, placed.depth, span, placed.style, kind, known.source)


def caveats(tasks: Iterable[tuple[TaskTrace, TaskTiming]]) -> list[str]:
    """What a user should know of the kernels that are not hls4ml's."""
    notes = {}
    for trace, timing in tasks:
        if timing.rule is None:
            notes[trace.kind] = (
                f"no timing rule knows {trace.kind}: its cycles follow from the structure of its loops alone, and mean little"
            )
        elif timing.rule != trace.kind:
            notes[trace.kind] = f"{trace.kind} is timed as {timing.rule}, which it is named after"
    return list(notes.values())


def _known(kind: str) -> str | None:
    """The kernel that one derived from it is named after: `conv_2d_cl` of `conv_2d_cl_me`; None if there is none."""
    words = kind.split("_")
    names = ("_".join(words[:count]) for count in range(len(words), 0, -1))
    return next((name for name in names if name in _RULES or name in _BY_STRUCTURE), None)


_RULES: dict[str, Callable[[Context], Placed]] = {
    "zeropad1d_cl": padding_1d,
    "zeropad2d_cl": padding_2d,
    "conv_1d_cl": convolution,
    "conv_2d_cl": convolution,
    "depthwise_conv_1d_cl": convolution,
    "depthwise_conv_2d_cl": convolution,
    "pointwise_conv_1d_cl": convolution,
    "pointwise_conv_2d_cl": convolution,
    "dense": dense,
    "pooling1d_cl": pooling,
    "pooling2d_cl": pooling,
    "global_pooling1d_cl": global_pooling,
    "global_pooling2d_cl": global_pooling,
    "softmax": softmax,
    "resize_nearest": resize,
    "repack_stream": repack,
    "concatenate1d": concatenate_1d,
    "relu": relu,
    "normalize": normalize,
    **dict.fromkeys(RECURRENT, recurrent),
}


_BY_STRUCTURE = frozenset(
    [
        "linear",
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
        "broadcast_stream",
        "transpose",
        "cropping1d_cl",
        "cropping2d_cl",
    ]
)
"""Kinds whose loops tell everything but the Depth."""
