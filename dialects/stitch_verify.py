"""What makes a `stitch.design` well-formed. Every rule has a case in tests/filecheck/dialects/stitch/errors.mlir."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.utils.exceptions import VerifyException

from split4ml.dialects import flow
from split4ml.dialects.flow import symbol
from split4ml.dialects.flow_attrs import StreamType
from split4ml.dialects.flow_verify import describe
from split4ml.dialects.names import MAX_LENGTH, RESERVED

if TYPE_CHECKING:
    from split4ml.dialects.stitch import AxisType, DesignOp, InstanceOp, LinkOp

STARTS = ("per-frame", "held")
"""Start protocols: one start per frame, or ap_start tied high (docs/timing.md)."""


_HDL_NAME = re.compile(rf"[A-Za-z][A-Za-z0-9_]{{0,{MAX_LENGTH - 1}}}", re.ASCII)
_OURS = ("ap_", "split4ml_", "u_", "axis_")
"""Prefixes that the generated SystemVerilog keeps to itself."""


def is_hdl_name(name: str) -> bool:
    """Whether `name` may stand in SystemVerilog, Tcl and file names, and clashes with nothing of ours."""
    lowered = name.lower()
    return bool(_HDL_NAME.fullmatch(name)) and lowered not in RESERVED and not lowered.startswith(_OURS)


def verify_link(op: LinkOp) -> None:
    from split4ml.dialects.flow import STYLES

    if op.depth.value.data < 0:
        raise VerifyException(f"{describe(op)} has depth {op.depth.value.data}; the minimum is 0.")
    if (op.style.data == "wire") != (op.depth.value.data == 0):
        raise VerifyException(
            f"{describe(op)} has depth {op.depth.value.data} and style {op.style.data!r}; a wire has depth 0."
        )
    if op.style.data not in (*STYLES, "wire"):
        raise VerifyException(
            f"{describe(op)} has style {op.style.data!r}, which is none of {', '.join(STYLES)}."
        )


def verify_instance(op: InstanceOp) -> None:
    for what, names, values in (
        ("input", op.input_names, op.inputs),
        ("output", op.output_names, op.outputs),
    ):
        if len(names) != len(values):
            raise VerifyException(f"{describe(op)} names {len(names)} {what} ports but has {len(values)}.")
    if not op.inputs or not op.outputs:
        raise VerifyException(f"{describe(op)} needs at least one input port and one output port.")
    ports = [name.data for name in (*op.input_names, *op.output_names)]
    for name in ports:
        if not is_hdl_name(name):
            raise VerifyException(
                f"{describe(op)} has a port {name!r}, which is no legal or a reserved name."
            )
        if ports.count(name) > 1:
            raise VerifyException(f"{describe(op)} has two ports {name!r}.")


def verify_design(op: DesignOp) -> None:
    from split4ml.dialects.stitch import InputOp, InstanceOp, LinkOp, OutputOp

    if op.clock_ps.value.data < 1:
        raise VerifyException(f"{describe(op)} has a clock period of {op.clock_ps.value.data} ps.")
    if op.start.data not in STARTS:
        raise VerifyException(
            f"{describe(op)} has start protocol {op.start.data!r}, which is none of {', '.join(STARTS)}."
        )
    for inner in op.block.ops:
        if not isinstance(inner, InputOp | OutputOp | InstanceOp | LinkOp):
            raise VerifyException(f"{inner.name} has no place in {describe(op)}.")
    for kind, count in (
        ("stitch.input", len(op.inputs)),
        ("stitch.output", len(op.outputs)),
        ("stitch.instance", len(op.instances)),
    ):
        if not count:
            raise VerifyException(f"{describe(op)} needs at least one {kind}.")
    _verify_names(op)
    _verify_wiring(op.block)
    _verify_against_flow(op)


def _verify_names(op: DesignOp) -> None:
    seen: dict[str, Operation] = {}
    for inner in (op, *op.block.ops):
        name = symbol(inner)
        if not is_hdl_name(name):
            raise VerifyException(f"{describe(inner)} has no legal or a reserved name.")
        # Verilog minds the case, but the file systems that hold a module's source need not.
        if (first := seen.setdefault(name.lower(), inner)) is not inner:
            raise VerifyException(
                f'The name "{name}" is used twice in {describe(op)}, by {first.name} and by {inner.name}.'
            )


def _verify_wiring(block: Block) -> None:
    from split4ml.dialects.stitch import InputOp, InstanceOp, LinkOp, OutputOp

    for inner in block.ops:
        for result in inner.results:
            uses = list(result.uses)
            if not uses:
                raise VerifyException(f"{_port(result)} is unconnected.")
            if len(uses) > 1:
                readers = " and ".join(sorted(describe(use.operation) for use in uses))
                raise VerifyException(f"{_port(result)} is connected twice, to {readers}.")
            reader = uses[0].operation
            if isinstance(inner, InputOp) and not isinstance(reader, InstanceOp):
                raise VerifyException(
                    f"{describe(inner)} must lead to an instance, not to {describe(reader)}."
                )
            if isinstance(inner, LinkOp) and not isinstance(reader, InstanceOp):
                raise VerifyException(
                    f"{describe(inner)} must lead to an instance, not to {describe(reader)}."
                )
            if isinstance(inner, InstanceOp) and not isinstance(reader, LinkOp | OutputOp):
                raise VerifyException(
                    f"{_port(result)} must lead to a link or an output, not to {describe(reader)}."
                )

    for instance in (inner for inner in block.ops if isinstance(inner, InstanceOp)):
        joined = [v.owner for v in instance.inputs]
        joined += [next(iter(v.uses)).operation for v in instance.outputs]
        for name, other in zip((*instance.input_names, *instance.output_names), joined, strict=True):
            assert isinstance(other, Operation)
            if name.data != symbol(other):
                raise VerifyException(
                    f"Port {name.data!r} of {describe(instance)} is connected to {describe(other)}; a port has the "
                    "name of its stream."
                )


def _port(value: SSAValue) -> str:
    from split4ml.dialects.stitch import InstanceOp

    owner = value.owner
    assert isinstance(owner, Operation)
    if isinstance(owner, InstanceOp):
        position = list(owner.outputs).index(value)  # type: ignore[arg-type]
        return f"Port {owner.output_names.data[position].data!r} of {describe(owner)}"
    return f"The stream of {describe(owner)}"


def _verify_against_flow(op: DesignOp) -> None:
    """The design must be that of its flow.model: same subgraphs, streams, beats, widths and depths."""
    parent = op.parent_op()
    if parent is None:
        return
    models = [
        m for m in parent.walk() if isinstance(m, flow.ModelOp) and symbol(m) == op.model.string_value()
    ]
    if not models:
        raise VerifyException(
            f"{describe(op)} is of @{op.model.string_value()}, but there is no such flow.model."
        )
    (model,) = models
    again = "run lower-flow-to-stitch again"
    subgraphs = {symbol(s): s for s in model.subgraphs}
    instances = {symbol(i): i for i in op.instances}
    if subgraphs.keys() != instances.keys():
        odd = ", ".join("@" + name for name in sorted(subgraphs.keys() ^ instances.keys()))
        raise VerifyException(f"{describe(op)} and {describe(model)} differ in the subgraphs {odd}; {again}.")
    _verify_same(
        describe(op),
        {symbol(i): i.out.type for i in op.inputs} | {symbol(o): o.stream.type for o in op.outputs},
        {symbol(i): i.out.type for i in model.inputs} | {symbol(o): o.stream.type for o in model.outputs},
    )
    for name, subgraph in subgraphs.items():
        instance = instances[name]
        found = [v.type for v in (*instance.inputs, *instance.outputs)]
        ports = [n.data for n in (*instance.input_names, *instance.output_names)]
        streams = [*subgraph.inputs, *subgraph.outputs]
        wanted = {_other_end(v, subgraph): v.type for v in streams}
        _verify_same(describe(instance), dict(zip(ports, found, strict=True)), wanted)
    fifos = {symbol(f): f for f in model.fifos if f.is_boundary}
    links = {symbol(link): link for link in op.links}
    if fifos.keys() != links.keys():
        odd = ", ".join("@" + name for name in sorted(fifos.keys() ^ links.keys()))
        raise VerifyException(f"{describe(op)} and {describe(model)} differ in the links {odd}; {again}.")
    for name, fifo in fifos.items():
        depth, style = links[name].depth.value.data, links[name].style.data
        if (depth, style) != (fifo.depth.value.data, flow.fifo_style(fifo)):
            raise VerifyException(
                f"{describe(links[name])} has depth {depth} and style {style}, but {describe(fifo)} has depth "
                f"{fifo.depth.value.data} and style {flow.fifo_style(fifo)}; change the flow.fifo and {again}."
            )


def _other_end(value: SSAValue, subgraph: flow.SubgraphOp) -> str:
    """The name of the input, FIFO or output at the other end of a stream that enters or leaves a subgraph."""
    if value.owner is subgraph:
        (use,) = value.uses
        return symbol(use.operation)
    assert isinstance(value.owner, Operation)
    return symbol(value.owner)


def _verify_same(where: str, found: dict[str, Attribute], wanted: dict[str, Attribute]) -> None:
    if found.keys() != wanted.keys():
        odd = ", ".join(sorted(found.keys() ^ wanted.keys()))
        raise VerifyException(
            f"{where} and its flow.model differ in the ports {odd}; run lower-flow-to-stitch again."
        )
    for name, type_ in found.items():
        stream = wanted[name]
        assert isinstance(stream, StreamType)
        axis: AxisType = type_  # type: ignore[assignment]
        if (axis.bits.data, axis.beats.data) != (stream.bus_bits, stream.tokens.data):
            raise VerifyException(
                f"Port {name!r} of {where} has {axis.bits.data} bits and {axis.beats.data} beats, but its stream "
                f"takes {stream.bus_bits} bits and {stream.tokens.data} beats."
            )
