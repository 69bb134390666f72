"""The network that a `flow.model` and the schedules of its tasks make: rules of docs/timing.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Protocol

import numpy as np

from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.flow import ModelOp
from split4ml.passes.dataflow import Dataflow, Stream, dataflow, latency_of, style_of
from split4ml.passes.timing.network import UNBOUNDED, Channel, Network, Process, Sink, Source
from split4ml.passes.timing.schedule import Ints, Schedule

SLICE_TOKENS = 2
"""A register slice holds two beats (measured on vendor RTL: `regslice_both` accepts two ahead)."""


class Schedules(Protocol):
    """Where schedules come from. direct_outputs: the task writes a port of its subgraph, not a FIFO."""

    def __call__(self, task: str, direct_outputs: bool, /) -> Schedule: ...


@dataclass(frozen=True)
class NetworkOptions:
    """How a network is built and driven.

    monolithic: all tasks in one project, whatever the subgraphs.
    held_start: `ap_start` tied high; None: as the model's `start` attribute says, else one start per frame.
    throttle:   cycles between the first offers of two frames; 0: flooding.
    stalls:     by output: its sink is not ready in cycle t if `stall[t % len(stall)]` is not 0.
    depths, styles: by FIFO, in place of the model's; a style of None is what the depth gives by itself.
    unbounded:  every FIFO holds all it is given. Latencies are still those of its depth.
    """

    monolithic: bool = False
    held_start: bool | None = None
    throttle: int = 0
    stalls: Mapping[str, Ints] = field(default_factory=dict)
    depths: Mapping[str, int] = field(default_factory=dict)
    styles: Mapping[str, str | None] = field(default_factory=dict)
    unbounded: bool = False


@dataclass(frozen=True, eq=False)
class Built:
    """A network, and where things of the model are in it.

    fifos:  FIFO -> channel. width_bits: FIFO -> bits of one token in it. links: the FIFOs between two subgraphs.
    slices: "<subgraph>.<stream>" -> channel.
    tasks:  task -> process.
    """

    network: Network
    fifos: dict[str, int]
    width_bits: dict[str, int]
    slices: dict[str, int]
    tasks: dict[str, int]
    links: frozenset[str] = frozenset()


def network(
    model: ModelOp,
    schedules: Schedules,
    options: NetworkOptions = NetworkOptions(),
) -> Built:
    """The model as the replay sees it. Raises Split4mlError if a schedule does not fit its task."""
    held = options.held_start
    if held is None:
        held = model.start is not None and model.start.data == "held"
    return network_of(
        dataflow(model, monolithic=options.monolithic), schedules, replace(options, held_start=held)
    )


def network_of(graph: Dataflow, schedules: Schedules, options: NetworkOptions) -> Built:
    """The same from a dataflow, which need not come from IR. `options.monolithic` is up to the dataflow."""
    for what, known, given in (
        ("FIFO", {s.name for s in graph.streams if s.is_fifo}, options.depths),
        ("output", {graph.streams[s].name for s in graph.outputs}, options.stalls),
    ):
        for name in given:
            if name not in known:
                raise Split4mlError(f"there is no {what} {name!r}", where=graph.name)
    return _Builder(graph, schedules, options).build(bool(options.held_start))


def parents(graph: Dataflow) -> tuple[int, ...]:
    """Per task: the task whose begin starts it, or -1 for a root of its subgraph.

    Vivado HLS starts a task as early as it can: by `ap_start` if it reads a port, else along the shortest way (seen in the Verilog of a U-Net, 2019.2).
    Vitis HLS starts one that reads a port and a FIFO by the FIFO's writer (seen in Verilog, 2023.1).
    """
    vivado = graph.tool.startswith("vivado")
    depth = [0] * len(graph.tasks)
    found = [-1] * len(graph.tasks)
    for task in _in_order(graph):
        before = {graph.streams[s].writer.task for s in graph.tasks[task].inputs if not graph.is_port(s)}
        if vivado and any(graph.is_port(s) for s in graph.tasks[task].inputs):
            continue
        if before:
            found[task] = max(before, key=lambda t: (-depth[t] if vivado else depth[t], -t))
            depth[task] = depth[found[task]] + 1
    return tuple(found)


def _in_order(graph: Dataflow) -> list[int]:
    """Tasks, writers before readers; the text of a model may have them in any order."""
    order: list[int] = []
    seen: set[int] = set()
    # Depth first by hand: networks are deeper than Python's stack.
    for start in range(len(graph.tasks)):
        stack = [(start, False)]
        while stack:
            task, done = stack.pop()
            if done:
                order.append(task)
            elif task not in seen:
                seen.add(task)
                stack.append((task, True))
                writers = [graph.streams[s].writer.task for s in graph.tasks[task].inputs]
                stack += [(w, False) for w in reversed(writers) if w >= 0 and w not in seen]
    return order


class _Builder:
    def __init__(self, graph: Dataflow, schedules: Schedules, options: NetworkOptions) -> None:
        self.graph = graph
        self.schedules = schedules
        self.options = options
        self.channels: list[Channel] = []
        self.movers: list[Process] = []
        self.fifos: dict[str, int] = {}
        self.width_bits: dict[str, int] = {}
        self.slices: dict[str, int] = {}
        self.first: dict[int, int] = {}  # per stream: the channel that its writer writes
        self.last: dict[int, int] = {}  # per stream: the channel that its reader reads

    def build(self, held: bool) -> Built:
        graph = self.graph
        for index in range(len(graph.streams)):
            self._stream(index)
        starters = parents(graph)
        tasks = tuple(self._task(index, starters[index]) for index in range(len(graph.tasks)))
        sources = tuple(
            Source(graph.streams[s].name, self.first[s], graph.streams[s].tokens, self.options.throttle)
            for s in graph.inputs
        )
        sinks = []
        for s in graph.outputs:
            stream = graph.streams[s]
            stall = self.options.stalls.get(stream.name, np.zeros(1, np.int64))
            sinks.append(Sink(stream.name, self.last[s], stream.tokens, stall))
        return Built(
            Network(
                tuple(self.channels),
                (*tasks, *self.movers),
                sources,
                tuple(sinks),
                graph.subgraphs,
                held_start=held,
            ),
            self.fifos,
            self.width_bits,
            self.slices,
            {task.name: index for index, task in enumerate(graph.tasks)},
            frozenset(stream.name for stream in graph.streams if stream.boundary),
        )

    def _stream(self, index: int) -> None:
        stream = self.graph.streams[index]
        ends: list[int] = []
        if stream.writer.task >= 0 and self.graph.is_port(index):
            ends.append(self._slice(stream.writer.task, stream))
        if stream.is_fifo:
            ends.append(self._fifo(stream))
        if stream.reader.task >= 0 and self.graph.is_port(index):
            ends.append(self._slice(stream.reader.task, stream))
        for before, after in pairwise(ends):
            name = f"{self.channels[before].name}->{self.channels[after].name}"
            self.movers.append(Process(name, None, (before,), (after,)))
        self.first[index], self.last[index] = ends[0], ends[-1]

    def _slice(self, task: int, stream: Stream) -> int:
        name = f"{self.graph.subgraphs[self.graph.tasks[task].subgraph]}.{stream.name}"
        self.slices[name] = self._channel(Channel(name, SLICE_TOKENS))
        return self.slices[name]

    def _fifo(self, stream: Stream) -> int:
        assert stream.depth is not None
        depth = self.options.depths.get(stream.name, stream.depth)
        if depth == 0 and not stream.boundary:
            raise Split4mlError(
                f"the FIFO {stream.name} is inside a subgraph, where its depth is at least 1, not 0",
                where=self.graph.name,
            )
        width = stream.bus_bits if stream.boundary else stream.width_bits
        latency = latency_of(style_of(depth, width, self.options.styles.get(stream.name, stream.style)))
        capacity = UNBOUNDED if self.options.unbounded else depth
        self.fifos[stream.name] = self._channel(Channel(stream.name, capacity, latency))
        self.width_bits[stream.name] = width
        return self.fifos[stream.name]

    def _channel(self, channel: Channel) -> int:
        self.channels.append(channel)
        return len(self.channels) - 1

    def _task(self, index: int, parent: int) -> Process:
        task = self.graph.tasks[index]
        direct = any(self.graph.is_port(s) for s in task.outputs)
        schedule = self.schedules(task.name, direct)
        check_schedule(self.graph, index, schedule)
        return Process(
            task.name,
            schedule,
            tuple(self.last[s] for s in task.inputs),
            tuple(self.first[s] for s in task.outputs),
            task.subgraph,
            parent,
        )


def check_schedule(graph: Dataflow, index: int, schedule: Schedule) -> None:
    """Raises Split4mlError if the schedule is ill-formed or moves other token counts than the task's streams."""
    task = graph.tasks[index]
    try:
        schedule.check()
    except ValueError as error:
        raise Split4mlError(f"the schedule of task {task.name} is ill-formed: {error}") from None
    for what, streams, ports in (
        ("read", task.inputs, schedule.read_port),
        ("write", task.outputs, schedule.write_port),
    ):
        counts = (
            np.bincount(ports, minlength=len(streams)) if len(ports) else np.zeros(len(streams), np.int64)
        )
        if len(counts) > len(streams):
            raise Split4mlError(
                f"the schedule of task {task.name} uses {what} port {len(counts) - 1} of {len(streams)}"
            )
        for stream, count in zip(streams, counts, strict=True):
            wanted = graph.streams[stream].tokens
            if count != wanted:
                raise Split4mlError(
                    f"the schedule of task {task.name} {what}s {count} tokens of {graph.streams[stream].name} a "
                    f"frame, but the stream carries {wanted}",
                    hint="the trace and the IR come from different models",
                )
