"""The simulated design: the real top, a twin for every subgraph that has no Verilog yet, and a testbench."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from split4ml.backends.rtl.render import render, simulation_library
from split4ml.backends.rtl.top import Port, Top, rtl_sources, sim_depth, top_of
from split4ml.dialects import flow, stitch
from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.flow import SHIFT_BITS
from split4ml.passes.dataflow import Dataflow, Stream, dataflow
from split4ml.passes.networks import parents

MAX_TASK_PORTS = 32
"""Streams that one task can read, or write; a mask of them is 64 bits wide."""


_WORD = re.compile(r"[A-Za-z0-9_]{1,128}", re.ASCII)
"""A task's name stands behind a prefix only, so keywords do no harm."""


@dataclass(frozen=True)
class SimChannel:
    """A FIFO or a register slice (`stream` is then None) whose depth is data; its number is its place in the list.

    name: of the FIFO, or "<subgraph>.<stream>" of a slice, as in passes/networks.py.
    storage, shift_storage: the deepest it can be as a memory and as a shift register.
    """

    name: str
    stream: Stream | None
    width_bits: int
    storage: int
    shift_storage: int


@dataclass(frozen=True)
class SimDesign:
    """Everything that a simulation is built from and that its run-time data refer to.

    twins: indices of the subgraphs that are twins.
    sources: texts by file name, in the order of compilation.
    """

    graph: Dataflow
    top: Top
    twins: tuple[int, ...]
    channels: tuple[SimChannel, ...]
    sources: dict[str, str]

    def channel(self, name: str) -> int:
        return next(number for number, channel in enumerate(self.channels) if channel.name == name)


@dataclass(frozen=True)
class _TwinStream:
    name: str
    index: int
    bits: int
    written: bool
    read: bool
    reader: int
    channel: int
    sim_depth: int
    sim_shift_depth: int


@dataclass(frozen=True)
class _TwinTask:
    """parent, children: places in the twin's list of tasks."""

    name: str
    index: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    parent: int | None
    children: tuple[int, ...]


@dataclass(frozen=True)
class _Twin:
    name: str
    ports: tuple[Port, ...]
    streams: tuple[_TwinStream, ...]
    tasks: tuple[_TwinTask, ...]
    roots: tuple[int, ...]


@dataclass(frozen=True)
class _BenchPort:
    """id: number of the source or sink. stream: index of the tokens it carries."""

    name: str
    bits: int
    is_input: bool
    id: int
    stream: int


def sim_design(model: flow.ModelOp, design: stitch.DesignOp, exported: Collection[str] = ()) -> SimDesign:
    """The design with twins for all subgraphs but those in `exported`."""
    graph, top = dataflow(model), top_of(design)
    twins = tuple(k for k, name in enumerate(graph.subgraphs) if name not in exported)
    channels = _channels(graph, top, twins)
    number = {channel.name: n for n, channel in enumerate(channels)}
    # Vitis' Verilog and ours are files of their own names; the order matters for the package only.
    sources = {**simulation_library(), **rtl_sources(design)}
    sources = {"split4ml_dpi.sv": sources.pop("split4ml_dpi.sv"), **sources}
    starters = parents(graph)
    ports = {instance.name: instance.ports for instance in top.instances}
    for k in twins:
        twin = _twin(graph, k, ports[graph.subgraphs[k]], starters, channels, number)
        sources[f"{twin.name}.sv"] = render("twin.sv.j2", twin=twin)
    sources["split4ml_tb.sv"] = render("testbench.sv.j2", top=top, bench=_bench(graph, top))
    return SimDesign(graph, top, twins, channels, sources)


def _channels(graph: Dataflow, top: Top, twins: tuple[int, ...]) -> tuple[SimChannel, ...]:
    """Links first, in the order of their ids; then what the twins hold."""
    streams = {stream.name: stream for stream in graph.streams}
    channels = []
    for link in top.links:
        rule = max(1, SHIFT_BITS // link.bits)
        against = not link.memory and link.depth > rule
        shift = link.sim_depth if against else min(rule, link.sim_depth)
        channels.append(SimChannel(link.name, streams[link.name], link.bits, link.sim_depth, shift))
    for k in twins:
        for index in _streams_of(graph, k):
            stream = graph.streams[index]
            if graph.is_port(index):
                channels.append(
                    SimChannel(f"{graph.subgraphs[k]}.{stream.name}", None, stream.bus_bits, 2, 2)
                )
                continue
            assert stream.depth is not None
            storage = sim_depth(stream.depth, stream.default_depth, stream.tokens)
            rule = max(1, SHIFT_BITS // stream.width_bits)
            shift = storage if stream.style == "shift" else min(rule, storage)
            channels.append(SimChannel(stream.name, stream, stream.width_bits, storage, shift))
    return tuple(channels)


def _streams_of(graph: Dataflow, subgraph: int) -> list[int]:
    """Streams that tasks of the subgraph read or write, each once, in program order."""
    found: dict[int, None] = {}
    for task in graph.tasks:
        if task.subgraph == subgraph:
            found.update(dict.fromkeys((*task.inputs, *task.outputs)))
    return list(found)


def _twin(
    graph: Dataflow,
    subgraph: int,
    ports: tuple[Port, ...],
    starters: tuple[int, ...],
    channels: tuple[SimChannel, ...],
    number: dict[str, int],
) -> _Twin:
    name = graph.subgraphs[subgraph]
    members = [t for t, task in enumerate(graph.tasks) if task.subgraph == subgraph]
    place = {task: k for k, task in enumerate(members)}
    streams = []
    for index in _streams_of(graph, subgraph):
        stream = graph.streams[index]
        is_port = graph.is_port(index)
        channel = number[f"{name}.{stream.name}" if is_port else stream.name]
        streams.append(
            _TwinStream(
                stream.name,
                index,
                stream.bus_bits if is_port else stream.width_bits,
                stream.writer.task in place,
                stream.reader.task in place,
                stream.reader.task,
                channel,
                channels[channel].storage,
                channels[channel].shift_storage,
            )
        )
    tasks = []
    for task in members:
        inputs, outputs = graph.tasks[task].inputs, graph.tasks[task].outputs
        if not _WORD.fullmatch(graph.tasks[task].name):
            raise Split4mlError(f"the name {graph.tasks[task].name!r} of a task is no identifier")
        if max(len(inputs), len(outputs)) > MAX_TASK_PORTS:
            raise Split4mlError(
                f"task {graph.tasks[task].name} has more than {MAX_TASK_PORTS} streams on one side",
                hint="a twin cannot simulate it",
            )
        tasks.append(
            _TwinTask(
                graph.tasks[task].name,
                task,
                tuple(graph.streams[s].name for s in inputs),
                tuple(graph.streams[s].name for s in outputs),
                place.get(starters[task]),
                tuple(place[child] for child in members if starters[child] == task),
            )
        )
    roots = tuple(k for k, task in enumerate(tasks) if task.parent is None)
    return _Twin(name, ports, tuple(streams), tuple(tasks), roots)


def _bench(graph: Dataflow, top: Top) -> tuple[_BenchPort, ...]:
    index = {stream.name: number for number, stream in enumerate(graph.streams)}
    sources = [_BenchPort(p.name, p.bits, True, n, index[p.name]) for n, p in enumerate(top.inputs)]
    sinks = [_BenchPort(p.name, p.bits, False, n, index[p.name]) for n, p in enumerate(top.outputs)]
    return (*sources, *sinks)
