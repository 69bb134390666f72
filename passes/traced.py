"""The network of an hls4ml project as it stands, from its trace alone: no IR, all tasks in one subgraph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Literal

from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.precision import Precision
from split4ml.passes.dataflow import OUTSIDE, Dataflow, End, Stream, Task
from split4ml.passes.networks import Built, NetworkOptions, network_of
from split4ml.passes.timing import constants
from split4ml.passes.timing.judge import SHIFT_REGISTER_BITS, Fifo, LatencyRule, fifo_latency
from split4ml.passes.timing.known import UNKNOWN, Known, impossible
from split4ml.passes.timing.network import UNBOUNDED, Channel
from split4ml.passes.timing.rules import TaskTiming, timing
from split4ml.passes.timing.schedule import Schedule
from split4ml.passes.timing.tasktrace import Element, TaskTrace

DEFAULT_DEPTH = 2
"""Of a stream without a STREAM pragma (UG1399, "pragma HLS stream")."""


@dataclass(frozen=True)
class TracedStream:
    """tokens: a frame; elements: a token. depth: of its pragma, None if it has none or is a port."""

    tokens: int
    elements: int
    element: Element
    depth: int | None

    @property
    def width_bits(self) -> int:
        return self.elements * self.element.width


@dataclass(frozen=True, eq=False)
class TracedDesign:
    """A project's tasks and streams in time, for one tool and clock.

    inputs, outputs: ports of the top function. depths count as the pragmas do; what a FIFO of the tool holds, and how
    soon, follows from them (TIMING rules of FIFOs in docs/timing-accuracy.md).
    known: what reports or measurements say, by task. part: number of the device, None if the project does not say.
    plain_ports: the ports are FIFOs of a surrounding design, not AXI4-Streams with register slices (which Vivado HLS makes
        inside of the tasks, Vitis HLS at the top: measured).
    """

    name: str
    tasks: tuple[TaskTrace, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    streams: Mapping[str, TracedStream]
    tool: str
    clock_ns: float
    plain_ports: bool = False
    known: Mapping[str, Known] = field(default_factory=dict)
    part: str | None = None

    @property
    def fifos(self) -> tuple[str, ...]:
        """Names of the streams between tasks, in the order of the tasks that write them."""
        return tuple(s for task in self.tasks for s in task.outputs if s not in self.outputs)

    def depth(self, fifo: str) -> int:
        """Of the project's pragma."""
        return self.streams[fifo].depth or DEFAULT_DEPTH

    def timing(self, task: TaskTrace, direct: bool = False) -> TaskTiming:
        """Raises Split4mlError if the task cannot have what is known of it."""
        known = self.known.get(task.name, UNKNOWN)
        try:
            return _timing(task, self.tool, self.clock_ns, direct, known, self.part)
        except ValueError as error:
            if known == UNKNOWN:
                raise
            raise impossible(task.name, known, error, self.name) from None

    def check(self) -> None:
        """Raises Split4mlError if a task cannot have what is known of it."""
        for task in self.tasks:
            self.timing(task)

    def knowing(self, known: Mapping[str, Known]) -> TracedDesign:
        """The same, with this knowledge of some tasks on top of what there is."""
        return replace(self, known={**self.known, **known}) if known else self

    def trial(self, name: str, known: Known | None) -> TaskTiming:
        """A task's timing in the network, with other knowledge than what there is. Nothing of it is kept."""
        task = next(task for task in self.tasks if task.name == name)
        direct = not self.plain_ports and any(stream in self.outputs for stream in task.outputs)
        known = self.known.get(name, UNKNOWN) if known is None else known
        return timing(task, self.tool, self.clock_ns, direct, known, self.part)

    def at_bound(self, bound: Literal[0, 1]) -> TracedDesign:
        """The same if every II that is estimated were at the lower (0) or upper (1) end of its range."""
        moved = {}
        for task in self.tasks:
            made = self.timing(task)
            if made.ii_range[bound] != made.ii:
                step = made.ii_range[bound] - made.ii
                moved[task.name] = Known(None, made.ii + step, made.depth + step)
        return replace(self, known={**self.known, **moved}) if moved else self

    def network(
        self,
        depths: Mapping[str, int] | None = None,
        *,
        held_start: bool = False,
        unbounded: bool = False,
    ) -> Built:
        """With these depths in place of the pragmas'. Raises Split4mlError if the tasks do not fit together."""
        graph = self._dataflow(depths or {})
        by_name = {task.name: task for task in self.tasks}

        def schedule(name: str, direct: bool) -> Schedule:
            return self.timing(by_name[name], direct and not self.plain_ports).schedule

        built = network_of(graph, schedule, NetworkOptions(held_start=held_start, unbounded=unbounded))
        return _with_plain_ports(built) if self.plain_ports else built

    def sizable(self, built: Built) -> list[Fifo]:
        """The FIFOs in the order of `built.fifos`, with the bits that decide how the tool builds one."""
        return [Fifo(channel, self._store_bits(name)) for name, channel in built.fifos.items()]

    @property
    def latency_rule(self) -> LatencyRule:
        """Cycles from write to readable, by capacity."""
        return _vivado_latency if self._vivado else fifo_latency

    def capacity(self, fifo: str, depth: int) -> int:
        """Tokens that a FIFO with this pragma holds: one more in a memory of Vivado HLS (its output register)."""
        return depth + (self._vivado and not _is_shift(self._store_bits(fifo), depth))

    def pragma(self, fifo: str, capacity: int) -> int:
        """The least depth whose FIFO holds `capacity` tokens."""
        shorter = capacity - 1
        return shorter if shorter and self.capacity(fifo, shorter) >= capacity else capacity

    def style(self, fifo: str, depth: int) -> str:
        return "shift" if _is_shift(self._store_bits(fifo), depth) else "memory"

    @property
    def _vivado(self) -> bool:
        return constants.tool(self.tool).vivado

    def _store_bits(self, fifo: str) -> int:
        """Vivado HLS makes a FIFO of each element of a stream (measured), Vitis one of whole tokens."""
        stream = self.streams[fifo]
        return stream.element.width if self._vivado else stream.width_bits

    def _dataflow(self, depths: Mapping[str, int]) -> Dataflow:
        read = [s for task in self.tasks for s in task.inputs]
        names = list(dict.fromkeys([*self.inputs, *self.fifos, *read, *self.outputs]))
        writers = {s: End(t, p) for t, task in enumerate(self.tasks) for p, s in enumerate(task.outputs)}
        readers = {s: End(t, p) for t, task in enumerate(self.tasks) for p, s in enumerate(task.inputs)}
        outside = {s: End(OUTSIDE, p) for ports in (self.inputs, self.outputs) for p, s in enumerate(ports)}
        streams = []
        for name in names:
            writer, reader = writers.get(name, outside.get(name)), readers.get(name, outside.get(name))
            if writer is None or reader is None:
                what = "written" if writer is None else "read"
                raise Split4mlError(f"stream {name} is never {what}", self.name)
            depth = None if name in outside else depths.get(name) or self.depth(name)
            streams.append(self._stream(name, writer, reader, depth))
        number = {name: index for index, name in enumerate(names)}
        return Dataflow(
            name=self.name,
            subgraphs=(self.name,),
            tasks=tuple(
                Task(t.name, 0, tuple(number[s] for s in t.inputs), tuple(number[s] for s in t.outputs))
                for t in self.tasks
            ),
            streams=tuple(streams),
            inputs=tuple(number[s] for s in self.inputs),
            outputs=tuple(number[s] for s in self.outputs),
            tool=self.tool,
        )

    def _stream(self, name: str, writer: End, reader: End, depth: int | None) -> Stream:
        stream = self.streams[name]
        element = stream.element
        return Stream(
            name=name,
            tokens=stream.tokens,
            elements=stream.elements,
            precision=Precision(element.width, element.integer, element.signed),
            width_bits=stream.width_bits,
            bus_bits=stream.elements * (-(-element.width // 8) * 8),
            writer=writer,
            reader=reader,
            depth=None if depth is None else self.capacity(name, depth),
            style=None if depth is None else self.style(name, depth),
            default_depth=stream.depth,
            boundary=False,
        )


_timing = cache(timing)


def _is_shift(bits: int, depth: int) -> bool:
    return depth == 1 or bits * depth <= SHIFT_REGISTER_BITS


def _vivado_latency(bits: int, capacity: int) -> int:
    """A memory of capacity c has depth c - 1, unless that depth would make a shift register."""
    return 1 if _is_shift(bits, capacity) else 2


def _with_plain_ports(built: Built) -> Built:
    """Sources whose data is there from the start, and sinks that always take, without slices in between."""
    channels = list(built.network.channels)
    ports = [s.channel for s in built.network.sources] + [s.channel for s in built.network.sinks]
    for port in ports:
        channels[port] = Channel(channels[port].name, UNBOUNDED)
    return replace(built, network=replace(built.network, channels=tuple(channels)))


def traced_streams(tasks: Iterable[TaskTrace], depths: Mapping[str, int]) -> dict[str, TracedStream]:
    """Of all that the tasks read and write. depths: of the pragmas."""
    return {
        name: TracedStream(task.tokens(name), task.elements[name], task.types[name], depths.get(name))
        for task in tasks
        for name in (*task.inputs, *task.outputs)
    }
