"""Why a task's loop starts its iterations further apart than its reuse factor says, and what would cure it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from split4ml.passes.timing import constants
from split4ml.passes.timing.parts import SLOWEST, speed
from split4ml.passes.timing.recurrent import KINDS as RECURRENT
from split4ml.passes.timing.rules import TaskTiming, timing
from split4ml.passes.timing.tasktrace import TaskTrace


@dataclass(frozen=True)
class Reason:
    """why, cure: sentences. period: cycles a call would take with the cure; None if this model cannot tell."""

    why: str
    cure: str
    period: int | None = None


def reuse_factor(task: TaskTrace) -> int:
    return int(task.constant("reuse_factor", "mult_config.reuse_factor", default=1))


def reason(
    task: TaskTrace, timed: TaskTiming, tool: str, clock_ns: float, part: str | None = None
) -> Reason | None:
    """None if the interval is the reuse factor, or is known from a report."""
    reuse = reuse_factor(task)
    if timed.source is not None or timed.ii <= reuse:
        return None
    kept = [
        n for n, f in task.functions.items() if n.startswith("compute_output_buffer") and f.inline == "off"
    ]
    if task.kind.startswith(RECURRENT):
        return Reason(
            "a step needs the state that the one before leaves, so that no two overlap: it reads its inputs, multiplies for as many "
            "cycles as the reuse factor, looks up its activations and updates the state",
            "none by configuration; a lower ReuseFactor makes a step shorter by as much",
        )
    if timed.style == "sequential":
        lower = "a lower ReuseFactor, or " if reuse > 1 else ""
        return Reason(
            f"its loop over pixels is no pipeline (strategy Resource with a reuse factor of {reuse}): each pixel that fills a window "
            f"runs the multiplication to its end, {timed.ii} cycles, before the next is read",
            f"{lower}Strategy: Latency, which makes the loop a pipeline",
        )
    if timed.style == "pipeline" and kept:
        inlined = _timed_as(task, dict.fromkeys(kept, "on"), tool, clock_ns, part)
        why = (
            f"{kept[0]} is kept as a module (INLINE off), and reads the window that the next iteration shifts: that one starts "
            f"only when the multiplication is through, {timed.ii} cycles later"
        )
        if inlined.ii < timed.ii:
            cure = (
                f"`#pragma HLS INLINE recursive` in {kept[0]}, as hls4ml had it before 0.8: an iteration every "
                f"{'cycle' if inlined.ii == 1 else f'{inlined.ii} cycles'}, if the clock still holds"
            )
            return Reason(why, cure, inlined.schedule.period)
        slower = (
            ""
            if clock_ns * (speed(part) or SLOWEST) >= constants.tool(tool).slow_ns
            else ", or a slower clock: the multiplication is then fewer stages deep"
        )
        return Reason(why, f"a lower ReuseFactor{slower}")
    if task.kind.startswith("pooling") and timed.style == "pipeline":
        return Reason(
            "it loads the window of one iteration where the one before stores it, so two iterations do not overlap",
            "none by configuration; a pooling of stride 1, or fewer channels in parallel, does not change it",
        )
    if timed.style in ("pipeline", "rows"):
        return Reason(
            f"an iteration uses one of its streams {timed.ii} times, and a stream gives or takes one token a cycle",
            "none by configuration: it moves that many tokens",
        )
    return None


def _timed_as(
    task: TaskTrace, inline: Mapping[str, str], tool: str, clock_ns: float, part: str | None
) -> TaskTiming:
    """With other INLINE pragmas."""
    functions = {n: replace(f, inline=inline.get(n, f.inline)) for n, f in task.functions.items()}
    return timing(replace(task, functions=functions), tool, clock_ns, part=part)
