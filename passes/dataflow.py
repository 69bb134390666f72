"""A `flow.model` as plain values: tasks, the streams between them, and which subgraph they are in.

The engines in passes/timing and the generators of RTL work on this, so that neither walks IR.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.ir import BlockArgument, OpResult, SSAValue

from split4ml.dialects import flow
from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.flow import SHIFT_BITS, symbol
from split4ml.dialects.flow_attrs import StreamType
from split4ml.dialects.precision import Precision

OUTSIDE = -1
"""In place of a task or a subgraph: the surroundings of the design."""


@dataclass(frozen=True)
class End:
    """One end of a stream: which port (index) of which task; OUTSIDE: a port of the design."""

    task: int
    port: int


@dataclass(frozen=True)
class Stream:
    """What one task writes and another reads.

    name:   the C++ name: of the FIFO, or of the design's input or output.
    tokens, elements: tokens a frame, elements a token.
    width_bits, bus_bits: one token inside a FIFO of a subgraph, and on a port.
    depth, style, default_depth: of its FIFO; None if it is an input or output of the design, or not stated.
    boundary: it crosses from one subgraph to another.
    """

    name: str
    tokens: int
    elements: int
    precision: Precision
    width_bits: int
    bus_bits: int
    writer: End
    reader: End
    depth: int | None
    style: str | None
    default_depth: int | None
    boundary: bool

    @property
    def is_fifo(self) -> bool:
        return self.depth is not None


@dataclass(frozen=True)
class Task:
    """inputs, outputs: indices of streams, in the order of the C++ call's arguments. subgraph: index."""

    name: str
    subgraph: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True)
class Dataflow:
    """Tasks in program order. A design without subgraphs has one, named as the model, that holds all tasks.

    inputs, outputs: indices of the streams that enter and leave the design, in the order of the model's ops.
    tool: that synthesises it, such as "vitis-2023.2"; "" if none is stated.
    """

    name: str
    subgraphs: tuple[str, ...]
    tasks: tuple[Task, ...]
    streams: tuple[Stream, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    tool: str = ""

    def ports(self, subgraph: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Streams that enter and leave a subgraph, in program order of its tasks."""
        entering: list[int] = []
        leaving: list[int] = []
        for task in self.tasks:
            if task.subgraph == subgraph:
                entering += [s for s in task.inputs if self._subgraph(self.streams[s].writer) != subgraph]
                leaving += [s for s in task.outputs if self._subgraph(self.streams[s].reader) != subgraph]
        return tuple(entering), tuple(leaving)

    def is_port(self, stream: int) -> bool:
        """Whether the stream passes a port of a subgraph."""
        s = self.streams[stream]
        return self._subgraph(s.writer) != self._subgraph(s.reader)

    def _subgraph(self, end: End) -> int:
        return OUTSIDE if end.task == OUTSIDE else self.tasks[end.task].subgraph


def style_of(depth: int, width_bits: int, style: str | None) -> str:
    """How a FIFO is built: `shift` or `memory`, as stated or else by the rule of docs/timing.md; `wire` if it is none."""
    if depth == 0:
        return "wire"
    if style is not None:
        return style
    return "shift" if depth == 1 or width_bits * depth <= SHIFT_BITS else "memory"


def latency_of(style: str) -> int:
    """Cycles from the write of a token to the first in which it can be read."""
    return {"wire": 0, "shift": 1}.get(style, 2)


def dataflow(model: flow.ModelOp, *, monolithic: bool = False) -> Dataflow:
    """`monolithic`: as if no subgraphs had been formed. Raises Split4mlError if two tasks share no FIFO."""
    split = bool(model.subgraphs) and not monolithic
    names = tuple(symbol(s) for s in model.subgraphs) if split else (symbol(model),)
    ops = list(model.tasks)
    index = {op: number for number, op in enumerate(ops)}
    streams: list[Stream] = []
    number_of: dict[tuple[int, int], int] = {}  # (task, input port) -> stream
    written: dict[tuple[int, int], int] = {}

    def subgraph_of(op: flow.TaskOp) -> int:
        parent = op.parent_op()
        return names.index(symbol(parent)) if split and isinstance(parent, flow.SubgraphOp) else 0

    def add(value: SSAValue, name: str, fifo: flow.FifoOp | None, writer: End, reader: End) -> int:
        type_ = value.type
        assert isinstance(type_, StreamType)
        crosses = OUTSIDE not in (writer.task, reader.task) and (
            subgraph_of(ops[writer.task]) != subgraph_of(ops[reader.task])
        )
        default_depth = None if fifo is None else fifo.default_depth
        streams.append(
            Stream(
                name=name,
                tokens=type_.tokens.data,
                elements=type_.elements.data,
                precision=type_.precision,
                width_bits=type_.width_bits,
                bus_bits=type_.bus_bits,
                writer=writer,
                reader=reader,
                # a FIFO that the split can do without is one in the unsplit design
                depth=max(fifo.depth.value.data, 0 if crosses else 1) if fifo is not None else None,
                style=fifo.style.data if fifo is not None and fifo.style is not None else None,
                default_depth=default_depth.value.data if default_depth is not None else None,
                boundary=crosses,
            )
        )
        number = len(streams) - 1
        if reader.task != OUTSIDE:
            number_of[reader.task, reader.port] = number
        if writer.task != OUTSIDE:
            written[writer.task, writer.port] = number
        return number

    inputs: dict[flow.InputOp, int] = {}
    for position, op in enumerate(ops):
        for port, operand in enumerate(op.inputs):
            origin = _origin(operand)
            reader = End(position, port)
            if isinstance(origin, flow.InputOp):
                place = End(OUTSIDE, model.inputs.index(origin))
                inputs[origin] = add(origin.out, symbol(origin), None, place, reader)
                continue
            if not isinstance(origin, flow.FifoOp):
                raise Split4mlError(
                    f"task {symbol(op)} reads a stream of another task without a flow.fifo between them",
                    where=symbol(model),
                )
            value = _origin_value(origin.source)
            assert isinstance(value, OpResult) and isinstance(value.owner, flow.TaskOp)
            add(origin.source, symbol(origin), origin, End(index[value.owner], value.index), reader)
    outputs = []
    for number, leaving in enumerate(model.outputs):
        value = _origin_value(leaving.stream)
        if not (isinstance(value, OpResult) and isinstance(value.owner, flow.TaskOp)):
            raise Split4mlError(
                f"output {symbol(leaving)} is not what a task writes",
                where=symbol(model),
                hint="drop the output",
            )
        writer = End(index[value.owner], value.index)
        outputs.append(add(leaving.stream, symbol(leaving), None, writer, End(OUTSIDE, number)))
    for entering in model.inputs:
        if entering not in inputs:
            raise Split4mlError(f"no task reads input {symbol(entering)}", where=symbol(model))
    return Dataflow(
        name=symbol(model),
        subgraphs=names,
        tasks=tuple(
            Task(
                symbol(op),
                subgraph_of(op),
                tuple(number_of[position, port] for port in range(len(op.inputs))),
                tuple(written[position, port] for port in range(len(op.outputs))),
            )
            for position, op in enumerate(ops)
        ),
        streams=tuple(streams),
        inputs=tuple(inputs[op] for op in model.inputs),
        outputs=tuple(outputs),
        tool=model.tool_name,
    )


def _origin_value(value: SSAValue) -> SSAValue:
    """Where a stream comes from, through the boundaries of subgraphs."""
    while True:
        if isinstance(value, BlockArgument):
            parent = value.owner.parent_op()
            assert isinstance(parent, flow.SubgraphOp)
            value = parent.inputs[value.index]
        elif isinstance(value, OpResult) and isinstance(value.owner, flow.SubgraphOp):
            value = value.owner.terminator.streams[value.index]
        else:
            return value


def _origin(value: SSAValue) -> object:
    return _origin_value(value).owner
