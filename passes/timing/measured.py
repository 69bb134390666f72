"""What was measured of a design's tasks, kept for later compilations: each with a digest of the code that was measured."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from split4ml.dialects.errors import Split4mlError
from split4ml.passes.timing.known import Known
from split4ml.passes.timing.tasktrace import Element, TaskTrace

SHOWN = 5


@dataclass(frozen=True)
class MeasuredTask:
    """code, weights: digests of what the task does with its streams and its configuration, and of its weights' statistics."""

    name: str
    kind: str
    known: Known
    code: str
    weights: str


@dataclass(frozen=True)
class Measurements:
    """model: its name, for the reader. tool, clock_ps: for which the design was synthesised."""

    model: str
    tool: str
    clock_ps: int
    tasks: tuple[MeasuredTask, ...]
    where: str = ""


@dataclass(frozen=True)
class Fitting:
    """What of measurements is true of a design: by task. notes: which are not, and why."""

    known: Mapping[str, Known]
    notes: tuple[str, ...]


def measurements(
    model: str, tool: str, clock_ps: int, known: Mapping[str, Known], traces: Mapping[str, TaskTrace]
) -> Measurements:
    """Of a design in which so much is known of its tasks. What has no source is a guess, and is left out."""
    tasks = tuple(
        MeasuredTask(name, trace.kind, known[name], code_digest(trace), weights_digest(trace))
        for name, trace in traces.items()
        if name in known and known[name].source is not None
    )
    return Measurements(model, tool, clock_ps, tasks)


def fitting(measured: Measurements, tool: str, clock_ps: int, traces: Mapping[str, TaskTrace]) -> Fitting:
    """Measurements of the tasks that still are what was measured.

    Raises Split4mlError if they are of another tool or clock, or if there are some and none is of this design.
    """
    if (measured.tool, measured.clock_ps) != (tool, clock_ps):
        raise Split4mlError(
            f"this was measured with {measured.tool} at {measured.clock_ps / 1000:g} ns, but the model is timed for {tool} at "
            f"{clock_ps / 1000:g} ns",
            measured.where,
            f"compile with --tool {measured.tool} --clock {measured.clock_ps / 1000:g}, or measure again",
        )
    here = [task for task in measured.tasks if task.name in traces]
    same = [task for task in here if task.code == code_digest(traces[task.name])]
    if measured.tasks and not same:
        names = _names([task.name for task in measured.tasks])
        why = (
            f"none of the measured tasks ({names}) is in this model"
            if not here
            else f"none of the measured tasks ({names}) has the code that it had when it was measured"
        )
        raise Split4mlError(f"{why}: it is another network, or its layers were changed", measured.where)
    notes = []
    for tasks, why in (
        ([t for t in measured.tasks if t not in here], "is not used, since the model has no such task"),
        ([t for t in here if t not in same], "is not used, since the task has been changed since"),
        (
            [t for t in same if t.weights != weights_digest(traces[t.name])],
            "is used, though its weights have been changed since",
        ),
    ):
        if tasks:
            notes.append(f"what was measured of {_names([t.name for t in tasks])} {why}")
    return Fitting({task.name: task.known for task in same}, tuple(notes))


def code_digest(task: TaskTrace) -> str:
    """Of all that decides a task's timing but its weights. Names of the task and its streams do not count."""
    port = {name: f"in {k}" for k, name in enumerate(task.inputs)}
    port |= {name: f"out {k}" for k, name in enumerate(task.outputs)}
    return _digest(
        [
            task.kind,
            dataclasses.astuple(task.program),
            [dataclasses.astuple(loop) for loop in task.counted],
            sorted((name, *dataclasses.astuple(f)) for name, f in task.functions.items()),
            sorted(item for item in task.constants.items() if not _counts_weights(item[0])),
            sorted((port.get(name, name), *_type(t)) for name, t in task.types.items()),
            sorted((port.get(name, name), count) for name, count in task.elements.items()),
        ]
    )


def _type(element: Element) -> tuple[int, ...]:
    """Modes are left out where there are none, so that digests are those of releases that did not record them."""
    size, modes = (element.width, element.integer, element.signed), (element.rounds, element.saturates)
    return size + modes if any(modes) else size


def weights_digest(task: TaskTrace) -> str:
    """Of what the timing rules look at."""
    counted = sorted(item for item in task.constants.items() if _counts_weights(item[0]))
    return _digest([counted, [dataclasses.astuple(weights)[1:] for weights in task.weights]])


def _counts_weights(constant: str) -> bool:
    """Whether hls4ml's configuration says so how many weights are zero."""
    return constant.rpartition(".")[2] in ("n_zeros", "n_nonzeros")


def _digest(values: object) -> str:
    return hashlib.sha256(json.dumps(values, separators=(",", ":")).encode()).hexdigest()[:16]


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
