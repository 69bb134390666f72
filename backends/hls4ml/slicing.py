"""Cuts a part out of an optimised hls4ml graph: a graph of its own, with an Input for each stream that enters.

Nodes are re-parented, so every slice takes a fresh copy of the graph (loading one takes milliseconds). Types, layer
indices and weights stay what they are in the whole, so the C++ types at both ends of a cut are equal.
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from split4ml.backends.hls4ml.templates import apply_templates
from split4ml.backends.hls4ml.view import Call, View
from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.names import is_legal, legal_name


@dataclass(frozen=True)
class SubgraphSpec:
    """One subgraph to be emitted.

    name:    of the project and its top function, and so of the HDL module; a legal identifier.
    tasks:   names of its tasks (`TaskInfo.name`), in any order.
    inputs:  (stream of the whole design, port name) for each stream that enters, in the order of the ports.
    outputs: likewise for each stream that leaves.
    """

    name: str
    tasks: tuple[str, ...]
    inputs: tuple[tuple[str, str], ...]
    outputs: tuple[tuple[str, str], ...]


def check_spec(spec: SubgraphSpec, seen: View) -> list[Call]:
    """The subgraph's calls, in the order of the graph. Raises Split4mlError if it is not what the graph has."""
    where = f"subgraph {spec.name}"
    if not is_legal(spec.name):
        raise Split4mlError(f"{spec.name!r} is no legal name", where, f"call it {legal_name(spec.name)!r}")
    known = {call.task for call in seen.calls}
    for task in spec.tasks:
        if task not in known:
            raise Split4mlError(f"the archive has no task {task!r}", where)
    calls = [call for call in seen.calls if call.task in set(spec.tasks)]
    if not calls:
        raise Split4mlError("it has no tasks", where)
    written = {seen.stream[tensor] for call in calls for tensor in call.outputs}
    read = {seen.stream[tensor] for call in calls for tensor in call.inputs}
    for what, ports, streams in (
        ("input", spec.inputs, read - written),
        ("output", spec.outputs, written - read),
    ):
        given = [stream for stream, _ in ports]
        if sorted(given) != sorted(streams):
            raise Split4mlError(
                f"its {what} streams are {', '.join(sorted(streams))}, not {', '.join(given) or 'none'}",
                where,
            )
    names = [port for _, port in (*spec.inputs, *spec.outputs)]
    internal = {stream.lower() for stream in written & read}
    for name in names:
        # A port may keep the name of its stream (`layer12_out`), which only hls4ml's own names may have.
        if not is_legal(name) and name not in {
            stream for stream, port in (*spec.inputs, *spec.outputs) if port == name
        }:
            raise Split4mlError(
                f"{name!r} is no legal name of a port", where, f"call it {legal_name(name)!r}"
            )
        if [other.lower() for other in names].count(name.lower()) > 1 or name.lower() in internal:
            raise Split4mlError(f"the port name {name!r} is taken", where)
    return calls


def cut_out(seen: View, spec: SubgraphSpec) -> Any:
    """The ModelGraph of a subgraph. `seen` must be of a freshly loaded graph, which it consumes."""
    calls = check_spec(spec, seen)
    base = seen.model
    config = copy.copy(base.config)
    config.config = copy.deepcopy(base.config.config)
    config.config["ProjectName"] = spec.name
    tensor_of = {stream: tensor for tensor, stream in seen.stream.items()}
    part = type(base)(config, inputs=[], outputs=[])
    part.index = base.index
    nodes: OrderedDict[str, Any] = OrderedDict()
    input_of: dict[str, str] = {}
    taken = {*base.graph, *base.output_vars}
    for stream, port in spec.inputs:
        name = legal_name("boundary", taken)
        taken.add(name)
        nodes[name] = _input(part, name, port, seen.variable(tensor_of[stream]))
        input_of[tensor_of[stream]] = name
    for node in _nodes(seen, calls):
        node.model = part
        node.inputs = [input_of.get(tensor, tensor) for tensor in node.inputs]
        for tensor in node.outputs:
            part.output_vars[tensor] = base.output_vars[tensor]
        nodes[node.name] = node
    # With one output, hls4ml would rename its type to result_t in some places and not in others: none until the end.
    part.graph, part.inputs = nodes, list(input_of.values())
    part._applied_flows = copy.deepcopy(base._applied_flows)
    part.apply_flow("vivado:specific_types")
    for tensor, node in seen.views.items():
        if node.name in nodes:
            _reconnect(part, node, tensor)
    outputs = [tensor_of[stream] for stream, _ in spec.outputs]
    for tensor, (_, port) in zip(outputs, spec.outputs, strict=True):
        part.output_vars[tensor].name = port
    apply_templates(part)
    part.outputs = outputs
    return part


def set_ports_and_depths(
    model: Any, streams: Mapping[str, str], depths: Mapping[str, int], where: str
) -> None:
    """Records the ports' shapes where hls4ml's tools look for them, and the depth of every inner FIFO. The last
    step before writing, since hls4ml's flows recompute depths.

    streams: stream of the whole design by tensor; depths: by stream, in tokens; others keep hls4ml's.
    """
    config = model.config.config
    config["InputShapes"] = {v.name: list(v.shape) for v in model.get_input_variables()}
    config["OutputShapes"] = {v.name: list(v.shape) for v in model.get_output_variables()}
    ports = {*model.inputs, *model.outputs}
    inner = {streams[t]: v for t, v in model.output_vars.items() if t in streams and t not in ports}
    for stream, depth in depths.items():
        if stream not in inner:
            raise Split4mlError(f"{stream!r} is no FIFO inside it, so it has no depth", where)
        if isinstance(depth, bool) or not isinstance(depth, int) or depth < 1:
            raise Split4mlError(f"the FIFO {stream} cannot be {depth!r} tokens deep", where)
        inner[stream].pragma = ("stream", depth)


def _input(part: Any, name: str, port: str, source: Any) -> Any:
    """A new Input with the type of the stream that it stands for, and the port's name in the C++."""
    attributes = {
        "name": name,
        "class_name": "Input",
        "data_format": "channels_last",
        "input_shape": list(source.shape),
    }
    node = part.make_node("Input", name, attributes, [name], [name])
    variable = node.get_output_variable()
    variable.name = port
    variable.type.precision = source.type.precision
    return node


def _nodes(seen: View, calls: list[Call]) -> list[Any]:
    """The nodes of the calls and the in-place views they read through, in the order of the graph."""
    wanted = {call.node.name for call in calls}
    pending = [tensor for call in calls for tensor in call.node.inputs]
    while pending:
        tensor = pending.pop()
        if tensor in seen.views:
            wanted.add(seen.views[tensor].name)
            pending += seen.views[tensor].inputs
    return [node for name, node in seen.model.graph.items() if name in wanted]


def _reconnect(part: Any, node: Any, tensor: str) -> None:
    """An in-place view refers to the variable it is a view of: to this graph's."""
    variable, source = part.output_vars[tensor], part.output_vars[node.inputs[0]]
    variable.input_var = source
    variable.type = source.type
    node.attributes["result_t"] = source.type
