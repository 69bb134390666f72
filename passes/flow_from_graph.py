"""A plain description of an hls4ml graph as a `flow.model`, and what makes a model differ from one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xdsl.dialects.builtin import ArrayAttr, DenseArrayBase, StringAttr, i64
from xdsl.ir import Block, Operation, Region, SSAValue

from split4ml.dialects import flow
from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.flow import integer, symbol
from split4ml.dialects.flow_attrs import StreamType
from split4ml.dialects.names import legal_name
from split4ml.dialects.ports import MAX_PORT_BITS, element_slot_bits
from split4ml.passes.flow_graph import stream_name
from split4ml.passes.graphinfo import GraphInfo, StreamInfo, TaskInfo


@dataclass(frozen=True)
class Port:
    """How an input or output of the user's model maps to a stream: its name and shape there, and the axis order."""

    source: str
    shape: tuple[int, ...]
    order: tuple[int, ...]


def stream_type(stream: StreamInfo) -> StreamType:
    return StreamType.of(stream.tokens, stream.elements, stream.precision)


def build_model(
    info: GraphInfo,
    name: str,
    archive: str,
    digest: str,
    tool: str,
    start: str,
    ports: dict[str, Port],
) -> flow.ModelOp:
    """The unpartitioned model. FIFOs have hls4ml's default depths; `ports` by stream name may be empty.

    name: of the model; a number is added if a task or stream has it, as a file may be named like a node.
    Raises Split4mlError for an input or output too wide for a port.
    """
    for stream in (info.by_stream[end] for end in (*info.inputs, *info.outputs)):
        _check_port(stream, ports.get(stream.name))
    values: dict[str, SSAValue] = {}
    ops: list[Operation] = []
    for stream in (info.by_stream[input_name] for input_name in info.inputs):
        op = flow.InputOp.create(
            properties=_port_properties(stream, ports.get(stream.name)), result_types=[stream_type(stream)]
        )
        ops.append(op)
        values[stream.name] = op.out
    for task in info.tasks:
        streams = [info.by_stream[output] for output in task.outputs]
        task_op = flow.TaskOp.create(
            properties=_task_properties(task),
            operands=[values[stream_name] for stream_name in task.inputs],
            result_types=[stream_type(stream) for stream in streams],
        )
        ops.append(task_op)
        for stream, result in zip(streams, task_op.outputs, strict=True):
            values[stream.name] = result
            if stream.consumer is not None:
                fifo = _fifo(stream, result)
                ops.append(fifo)
                values[stream.name] = fifo.out
    for stream in (info.by_stream[output_name] for output_name in info.outputs):
        ops.append(
            flow.OutputOp.create(
                properties=_port_properties(stream, ports.get(stream.name)), operands=[values[stream.name]]
            )
        )
    taken = [*(task.name for task in info.tasks), *(stream.name for stream in info.streams)]
    properties = {
        "sym_name": StringAttr(legal_name(name, taken)),
        "archive": StringAttr(archive),
        "digest": StringAttr(digest),
        "backend": StringAttr(info.backend),
        "part": StringAttr(info.part),
        "clock_ps": integer(round(info.clock_ns * 1000)),
        "tool": StringAttr(tool),
        "start": StringAttr(start),
    }
    return flow.ModelOp.create(properties=properties, regions=[Region(Block(ops))])


def _check_port(stream: StreamInfo, port: Port | None) -> None:
    bits = stream_type(stream).bus_bits
    if bits > MAX_PORT_BITS:
        most = MAX_PORT_BITS // element_slot_bits(stream.precision.width)
        raise Split4mlError(
            f"a token of it, {stream.elements} x {stream.precision}, takes {bits} bits, and a port has at most "
            f"{MAX_PORT_BITS}",
            where=f"input or output {port.source if port else stream.name!r}",
            hint=f"stream at most {most} elements a token (hls4ml streams the last axis at once), or narrow its Precision",
        )


def _port_properties(stream: StreamInfo, port: Port | None) -> dict[str, StringAttr | DenseArrayBase]:
    properties: dict[str, StringAttr | DenseArrayBase] = {"sym_name": StringAttr(stream.name)}
    if port is not None:
        properties["source"] = StringAttr(port.source)
        properties["shape"] = DenseArrayBase.from_list(i64, list(port.shape))
        properties["order"] = DenseArrayBase.from_list(i64, list(port.order))
    return properties


def _task_properties(task: TaskInfo) -> dict[str, StringAttr | ArrayAttr[StringAttr]]:
    properties: dict[str, StringAttr | ArrayAttr[StringAttr]] = {
        "kind": StringAttr(task.kind),
        "sym_name": StringAttr(task.name),
    }
    if task.onnx_names:
        properties["layers"] = ArrayAttr([StringAttr(name) for name in task.onnx_names])
    return properties


def _fifo(stream: StreamInfo, source: SSAValue) -> flow.FifoOp:
    properties = {
        "sym_name": StringAttr(stream.name),
        "depth": integer(stream.default_depth),
        "default_depth": integer(stream.default_depth),
    }
    if stream.cut_reason is not None:
        properties["uncuttable"] = StringAttr(stream.cut_reason)
    return flow.FifoOp.create(properties=properties, operands=[source], result_types=[source.type])


def differences(model: flow.ModelOp, info: GraphInfo) -> Iterator[str]:
    """What the text says that the archive does not, as sentences; membership, depths, styles, SLRs and results aside."""
    tasks = {symbol(op): op for op in model.tasks}
    expected = {task.name: task for task in info.tasks}
    yield from (f"task @{name} is not in the archive" for name in tasks.keys() - expected.keys())
    yield from (f"task @{name} of the archive is missing" for name in expected.keys() - tasks.keys())
    for name, task in expected.items():
        if (op := tasks.get(name)) is None:
            continue
        if op.kind.data != task.kind:
            yield f"task @{name} is a {op.kind.data}, but a {task.kind} in the archive"
        layers = tuple(layer.data for layer in op.layers) if op.layers else ()
        if layers != task.onnx_names and task.onnx_names:
            yield f"task @{name} is of layers {list(layers)}, but of {list(task.onnx_names)} in the archive"
        for what, values, streams in (
            ("reads", op.inputs, task.inputs),
            ("writes", op.outputs, task.outputs),
        ):
            found = tuple(stream_name(value) for value in values)
            if found != streams:
                yield f"task @{name} {what} {', '.join(found)}, but {', '.join(streams)} in the archive"
                continue
            for value, stream in zip(values, streams, strict=True):
                if value.type != (type_ := stream_type(info.by_stream[stream])):
                    yield f"stream @{stream} is {value.type}, but {type_} in the archive"
    for fifo in model.fifos:
        stream_info = info.by_stream.get(symbol(fifo))
        if stream_info is None:
            yield f"FIFO @{symbol(fifo)} is not in the archive"
            continue
        if fifo.default_depth is not None and fifo.default_depth.value.data != stream_info.default_depth:
            yield (
                f"FIFO @{symbol(fifo)} has a default depth of {fifo.default_depth.value.data}, "
                f"but {stream_info.default_depth} in the archive"
            )
        reason = fifo.uncuttable.data if fifo.uncuttable else None
        if reason != stream_info.cut_reason:
            yield f"FIFO @{symbol(fifo)} is marked uncuttable {reason!r}, but {stream_info.cut_reason!r} in the archive"
    for what, ports, names in (("input", model.inputs, info.inputs), ("output", model.outputs, info.outputs)):
        found = tuple(symbol(op) for op in ports)
        if found != names:
            yield f"the {what}s are {', '.join(found)}, but {', '.join(names)} in the archive"
    if model.backend is not None and model.backend.data != info.backend:
        yield f"the backend is {model.backend.data}, but {info.backend} in the archive"
    if model.part is not None and model.part.data != info.part:
        yield f"the part is {model.part.data}, but {info.part} in the archive"
    if model.clock_ps is not None and model.clock_ps.value.data != round(info.clock_ns * 1000):
        yield f"clock_ps is {model.clock_ps.value.data}, but {round(info.clock_ns * 1000)} in the archive"
