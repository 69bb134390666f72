"""Placing operations by the structure of a task's loops: what holds for every kind of kernel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from split4ml.passes.timing.constants import Tool
from split4ml.passes.timing.known import UNKNOWN, Known
from split4ml.passes.timing.parts import SLOWEST, ULTRASCALE, multiplier_speed
from split4ml.passes.timing.placing import busiest, parts, serial, within, within_segment
from split4ml.passes.timing.schedule import Ints
from split4ml.passes.timing.segments import Segment
from split4ml.passes.timing.tasktrace import TaskTrace


@dataclass(frozen=True)
class Placed:
    """at: int64 per operation, its advance."""

    at: Ints
    period: int
    ii: int
    depth: int
    style: str
    ii_range: tuple[int, int] | None = None


@dataclass(frozen=True)
class Context:
    task: TaskTrace
    segments: tuple[Segment, ...]
    tool: Tool
    clock_ns: float
    known: Known = UNKNOWN
    speed: float | None = None

    @property
    def logic_ns(self) -> float:
        """The clock period in which the slowest devices do as much; the clock period if the device is not known."""
        return self.clock_ns * (self.speed or SLOWEST)

    @property
    def multiplier_ns(self) -> float:
        """The same for products."""
        return self.clock_ns * multiplier_speed(self.speed)

    @property
    def ultrascale(self) -> bool:
        return (self.speed or SLOWEST) >= ULTRASCALE

    @property
    def slow(self) -> bool:
        return self.logic_ns >= self.tool.slow_ns

    @property
    def tight(self) -> bool:
        """Whether less is done in a stage than on the devices that the tool's constants were measured on."""
        return self.speed is not None and self.logic_ns < self.tool.tight_ns

    def depth(self, kind: str) -> int:
        """Depth of the one loop of a task of this kind."""
        return self.tool.depth(kind, self.logic_ns) + (1 if self.tight else 0)


def generic(context: Context) -> Placed:
    depth = context.depth(context.task.kind)
    return by_structure(context, depth)


def by_structure(context: Context, depth: int, ii: int | None = None, early: bool = False) -> Placed:
    """What holds for every kind: one loop, straight code, or several of them in a row. early: as of `pipeline`."""
    if not context.segments:
        return Placed(np.zeros(0, np.int64), 1, 1, 1, "code")
    first = context.segments[0]
    if len(context.segments) > 1 or not first.perfect:
        return in_a_row(context, depth)
    if not first.is_loop:
        return code(context, max(0, depth - 2))
    per_iteration = busiest(context.task, first)
    interval = max(ii if ii is not None else max(1, first.ii), per_iteration)
    if first.ii == 0 and not context.tool.auto_pipeline:
        interval = max(interval, 2 if per_iteration == 1 else per_iteration)
    return pipeline(context, interval, depth, early=early)


def pipeline(
    context: Context, interval: int, depth: int, ii_range: tuple[int, int] | None = None, early: bool = False
) -> Placed:
    """The whole process is one pipelined loop. early: it reads before its stage 1 if iterations do not begin in every cycle."""
    segment, tool, known = context.segments[0], context.tool, context.known
    if known.ii is not None:
        interval, ii_range = max(known.ii, busiest(context.task, segment)), None
    if known.depth is not None:
        depth = max(2, known.depth)
    start = segment.iteration * interval + 1
    at = start + within_segment(context.task, segment, depth - 2)
    if tool.drains:
        # measured, 2019.2 and 2020.1: entered and left in a cycle each; iterations that do not overlap are a cycle longer
        alone = 1 if interval >= depth else 0
        ahead = 1 if early and interval > 1 else 0
        period = max(int(at.max()) + 2, (segment.iterations - 1) * interval + depth + 2 + alone - ahead)
    else:
        bubble = tool.bubble_one if interval == 1 else tool.bubble_slow if context.slow else tool.bubble_more
        period = segment.iterations * interval + bubble
    return Placed(at, period, interval, depth, "pipeline", ii_range)


def code(context: Context, latency: int) -> Placed:
    """No loop: an FSM that reads in its first state and writes `latency` states later; no overlap of calls."""
    task, known = context.task, context.known
    if known.depth is not None:
        latency = known.depth
    at = serial(task, 0, task.operations, 0, latency)
    period = int(at.max()) + 1 if known.ii is None else known.ii
    only = context.segments[0]
    # A loop of the task's own function, not of one that it calls: a call makes it an FSM (measured: softmax).
    own = len(context.segments) == 1 and len(only.sites) == 1 and only.sites[0].startswith(f"{task.kind}:")
    if context.tool.pipelines_single and own and only.ii and known.ii is None:
        period = only.ii
    return Placed(at, period, period, latency, "code")


def in_a_row(context: Context, depth: int) -> Placed:
    """Loops and straight code, one after the other, the pipeline of each drained before the next."""
    task, tool = context.task, context.tool
    at = np.zeros(task.operations, np.int64)
    last, was_loop, interval = -1, False, 1
    for segment, start, stop, is_loop in parts(context.segments):
        if is_loop:
            part = segment.iteration[start - segment.start : stop - segment.start]
            interval = max(1, segment.ii, busiest(task, segment))
            if segment.ii == 0 and not tool.auto_pipeline:
                interval = max(2, interval)
            local = (part - part.min()) * interval
            local = local + within(task, start, stop, part, depth - 2)
            lead = 1 if not task.op_write[start:stop].all() else tool.write_stage
            first = 1 + lead if last < 0 else last + tool.loop_gap
            at[start:stop] = first + local - local.min()
        else:
            first = 0 if last < 0 else last + (tool.code_gap if was_loop else 1)
            if last >= 0 and task.op_write[start:stop].all():
                first += max(0, depth - 2)  # what is written depends on what was read before
            at[start:stop] = serial(task, start, stop, first, max(0, depth - 2))
        last, was_loop = int(at[start:stop].max()), is_loop
    period = last + (tool.loop_end if was_loop else tool.code_end)
    return Placed(at, period, interval, depth, "mixed")
