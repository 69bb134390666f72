"""A build's design, or an hls4ml project's, as what explains its timing needs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from split4ml.compiler.progress import Reporter

if TYPE_CHECKING:
    from split4ml.compiler.design import Design
    from split4ml.passes.networks import Built
    from split4ml.passes.timing.judge import Fifo, LatencyRule
    from split4ml.passes.timing.rules import TaskTiming
    from split4ml.passes.timing.tasktrace import TaskTrace


@dataclass(frozen=True, eq=False)
class TimedTask:
    """layer: name of the user's layer, or the task's own. subgraph: None if there is none."""

    trace: TaskTrace
    timing: TaskTiming
    layer: str
    subgraph: str | None


@dataclass(frozen=True, eq=False)
class TimedDesign:
    """built: the network with the depths as they are.

    fifos: as the sizing takes them, in the order of built.fifos. bits: of a token, by FIFO. depth: from FIFO and capacity to the pragma's depth.
    """

    name: str
    tool: str
    clock_ns: float
    built: Built
    fifos: tuple[Fifo, ...]
    bits: Mapping[str, int]
    latency: LatencyRule
    depth: Callable[[str, int], int]
    tasks: Mapping[str, TimedTask]
    part: str | None = None

    def every(self, cycles: int) -> TimedDesign:
        """Whose sources offer a frame every so many cycles; 0: as fast as it is taken."""
        network = self.built.network
        sources = tuple(replace(source, throttle=cycles) for source in network.sources)
        return replace(self, built=replace(self.built, network=replace(network, sources=sources)))

    @property
    def fifo_names(self) -> tuple[str, ...]:
        return tuple(self.built.fifos)


def of_build(design: Design, reporter: Reporter) -> TimedDesign:
    """The last stage of a build, with its depths as they stand. Raises Split4mlError."""
    from split4ml.dialects.flow import symbol
    from split4ml.passes.timed import Timed, resizable
    from split4ml.passes.timing.judge import fifo_latency

    with reporter.step("trace"):
        model = design.model
        timed = Timed(model, design.session.trace(model))
    built = timed.network()
    subgraph = {symbol(task): symbol(part) for part in model.subgraphs for task in part.tasks}
    layers = {symbol(task): task.layers.data[0].data if task.layers else symbol(task) for task in model.tasks}
    ports = _port_writers(built)
    return TimedDesign(
        symbol(model),
        timed.tool,
        timed.clock_ns,
        built,
        tuple(resizable(built)),
        {fifo["name"]: fifo["width_bits"] for fifo in design.report["fifos"]},
        fifo_latency,
        lambda fifo, capacity: capacity,
        {
            name: TimedTask(
                trace, timed.timing(name, name in ports), layers.get(name, name), subgraph.get(name)
            )
            for name, trace in timed.traces.items()
        },
        timed.part,
    )


def of_project(directory: Path, tool: str | None, clock_ns: float | None, reporter: Reporter) -> TimedDesign:
    """An hls4ml project with the depths of its pragmas. Raises Split4mlError."""
    from split4ml.compiler.profile_project import traced_design

    _, design, facts = traced_design(directory, tool, clock_ns, reporter)
    built = design.network()
    ports = _port_writers(built)
    return TimedDesign(
        design.name,
        facts.tool,
        facts.clock_ns,
        built,
        tuple(design.sizable(built)),
        {name: design.streams[name].width_bits for name in built.fifos},
        design.latency_rule,
        design.pragma,
        {
            task.name: TimedTask(task, design.timing(task, task.name in ports), task.name, None)
            for task in design.tasks
        },
        facts.part,
    )


def _port_writers(built: Built) -> frozenset[str]:
    """Tasks that write a port of their subgraph, not a FIFO."""
    slices = set(built.slices.values())
    return frozenset(
        name for name, at in built.tasks.items() if slices & set(built.network.processes[at].outputs)
    )
