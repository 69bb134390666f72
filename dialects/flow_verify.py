"""What makes a `flow` model well-formed. Every rule has a case in tests/filecheck/dialects/flow/errors.mlir."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from math import prod
from typing import TYPE_CHECKING

from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, IntegerAttr, StringAttr
from xdsl.ir import Block, Operation, SSAValue
from xdsl.utils.exceptions import VerifyException

from split4ml.dialects.flow_attrs import StreamType
from split4ml.dialects.names import is_legal
from split4ml.dialects.ports import MAX_PORT_BITS

if TYPE_CHECKING:
    from split4ml.dialects.flow import FifoOp, InputOp, ModelOp, OutputOp, SubgraphOp, TaskOp

SAME_TOKENS = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Merge", "Clone"})
"""Kinds whose streams, in and out, carry the same number of tokens and elements."""


def describe(op: Operation) -> str:
    """`flow.task @conv1`: how messages name an op."""
    name = op.properties.get("sym_name")
    return f"{op.name} {name}".replace('"', "@", 1).rstrip('"') if name else op.name


def verify_task(op: TaskOp) -> None:
    if not op.inputs or not op.outputs:
        raise VerifyException(f"{describe(op)} must read and write at least one stream.")
    for name in ("ii", "latency"):
        value = op.properties.get(name)
        if value is not None and value.value.data < (1 if name == "ii" else 0):  # type: ignore[attr-defined]
            raise VerifyException(f"{describe(op)} has an impossible {name} of {value}.")
    _verify_known(op)
    types = [value.type for value in (*op.inputs, *op.outputs)]
    assert all(isinstance(type_, StreamType) for type_ in types)
    if op.kind.data in SAME_TOKENS:
        shapes = {(type_.tokens.data, type_.elements.data) for type_ in types}  # type: ignore[attr-defined]
        if len(shapes) > 1:
            found = ", ".join(f"{tokens} x {elements}" for tokens, elements in sorted(shapes))
            raise VerifyException(
                f"{describe(op)} is a {op.kind.data}, whose streams must all carry the same tokens and elements, "
                f"but they carry {found}."
            )


def _verify_known(op: TaskOp) -> None:
    if op.known is None:
        return
    known = dict(op.known.data)
    source = known.pop("source", None)
    if not isinstance(source, StringAttr) or source.data not in KNOWN_BY:
        raise VerifyException(
            f"{describe(op)} must say from where its timing is known: {' or '.join(KNOWN_BY)}."
        )
    for name, value in known.items():
        if name not in ("ii", "latency"):
            raise VerifyException(f'{describe(op)} knows "{name}", which is neither ii nor latency.')
        if not isinstance(value, IntegerAttr) or not (name == "ii") <= value.value.data <= MAX_CYCLES:
            raise VerifyException(f"{describe(op)} has an impossible known {name} of {value}.")


def verify_fifo(op: FifoOp) -> None:
    from split4ml.dialects.flow import STYLES

    least = 0 if op.is_boundary else 1
    if not least <= op.depth.value.data <= MAX_DEPTH:
        bound = f"minimum is {least}" if op.depth.value.data < least else f"maximum is {MAX_DEPTH}"
        raise VerifyException(f"{describe(op)} has depth {op.depth.value.data}; the {bound}.")
    if op.default_depth is not None and op.default_depth.value.data < 1:
        raise VerifyException(f"{describe(op)} has a default depth of {op.default_depth.value.data}.")
    if op.peak is not None and op.peak.value.data < 0:
        raise VerifyException(f"{describe(op)} has a negative peak of {op.peak.value.data}.")
    if op.style is not None and op.style.data not in STYLES:
        raise VerifyException(
            f"{describe(op)} has style {op.style.data!r}, which is none of {', '.join(STYLES)}."
        )
    if op.style is not None and op.depth.value.data == 0:
        raise VerifyException(f"{describe(op)} has depth 0, so it is no FIFO, and has no style.")


def verify_subgraph(op: SubgraphOp) -> None:
    if not is_legal(op.sym_name.data):
        raise VerifyException(
            f"{describe(op)} has no legal name: it becomes a C++ function, a module and a folder, so it must be an "
            "identifier that no language reserves."
        )
    if op.slr is not None and not 0 <= op.slr.value.data <= MAX_SLR:
        raise VerifyException(f"{describe(op)} is in SLR {op.slr.value.data}, which no device has.")
    if not op.tasks:
        raise VerifyException(f"{describe(op)} is empty; a subgraph holds at least one task.")
    inside = [argument.type for argument in op.body.block.args]
    if inside != [operand.type for operand in op.inputs]:
        raise VerifyException(f"{describe(op)} has body arguments that differ from its operands.")
    if [stream.type for stream in op.terminator.streams] != list(op.outputs.types):
        raise VerifyException(f"{describe(op)} yields streams that differ from its results.")
    if not op.inputs or not op.outputs:
        raise VerifyException(f"{describe(op)} needs at least one input port and one output port.")
    for what, values in (("input", op.inputs), ("output", op.outputs)):
        for value in values:
            verify_port(value, f"{what} port of {describe(op)}")
    for argument in op.body.block.args:
        if not argument.uses:
            raise VerifyException(f"{describe(op)} has input port {argument.index} unconnected inside.")
    for result in op.outputs:
        if not result.uses:
            raise VerifyException(f"{describe(op)} has output port {result.index} unconnected.")


def verify_port(value: SSAValue, where: str) -> None:
    assert isinstance(value.type, StreamType)
    if value.type.bus_bits > MAX_PORT_BITS:
        raise VerifyException(
            f"An {where} is {value.type.bus_bits} bits wide; a port may have at most {MAX_PORT_BITS}."
        )


BACKENDS = ("Vitis", "Vivado")
STARTS = ("per-frame", "held")
MAX_DEPTH = 1 << 24
"""Deepest FIFO: 16 million tokens, more than any device holds."""
MAX_CYCLES = 1 << 24
"""Longest II or latency that a task may be known to have."""
KNOWN_BY = ("measured", "report")
"""Where II and latency of a task may be known from."""
MAX_SLR = 15
PARTITION = {
    "method": StringAttr,
    "optimal": IntegerAttr,
    "makespan_ms": IntegerAttr,
    "lower_bound_ms": IntegerAttr,
    "monolithic_ms": IntegerAttr,
    "crossing_bits": IntegerAttr,
}
"""What `partition` notes about its solution."""
PARTITION_MORE = {
    "objectives": ArrayAttr,
    "values": DictionaryAttr,
    "bounds": DictionaryAttr,
    "loads_ms": ArrayAttr,
    "starts_ms": ArrayAttr,
    "options": DictionaryAttr,
    "rounds": IntegerAttr,
    "settled": StringAttr,
}
"""What it may note besides; IR without it is read too."""


def verify_model(op: ModelOp) -> None:
    _verify_attributes(op)
    _verify_names(op)
    _verify_structure(op)
    _verify_linear(op)
    _verify_order(op.block, str(describe(op)))
    for subgraph in op.subgraphs:
        _verify_order(subgraph.body.block, describe(subgraph))
    _verify_boundaries(op)


def _verify_attributes(op: ModelOp) -> None:
    for what, found, known in (("backend", op.backend, BACKENDS), ("start", op.start, STARTS)):
        if found is not None and found.data not in known:
            raise VerifyException(
                f"{describe(op)} has {what} {found.data!r}, which is none of {', '.join(known)}."
            )
    if op.clock_ps is not None and op.clock_ps.value.data < 1:
        raise VerifyException(f"{describe(op)} has a clock period of {op.clock_ps.value.data} ps.")
    if op.partition is not None:
        kinds = {key: type(value) for key, value in op.partition.data.items()}
        if kinds != {**PARTITION, **{key: PARTITION_MORE[key] for key in kinds if key in PARTITION_MORE}}:
            raise VerifyException(
                f"{describe(op)} has a partition attribute that `partition` did not make: it needs "
                f"{', '.join(PARTITION)}, and has {', '.join(kinds) or 'nothing'}."
            )


def _verify_names(op: ModelOp) -> None:
    """Case does not tell two names apart, since file systems and VHDL do not either."""
    seen: dict[str, Operation] = {}
    for inner in op.walk():
        name = inner.properties.get("sym_name")
        if name is None:
            continue
        if (first := seen.setdefault(name.data.lower(), inner)) is not inner:  # type: ignore[attr-defined]
            raise VerifyException(
                f"The name {name} is used twice in {describe(op)}, by {first.name} and by {inner.name}."
            )


def _verify_structure(op: ModelOp) -> None:
    from split4ml.dialects.flow import FifoOp, InputOp, OutputOp, SubgraphOp, TaskOp

    if not op.inputs or not op.outputs:
        raise VerifyException(f"{describe(op)} needs at least one flow.input and one flow.output.")
    for inner in op.block.ops:
        if not isinstance(inner, InputOp | OutputOp | TaskOp | FifoOp | SubgraphOp):
            raise VerifyException(f"{inner.name} has no place in {describe(op)}.")
        if isinstance(inner, TaskOp) and op.subgraphs:
            raise VerifyException(
                f"{describe(inner)} is in no subgraph, though {describe(op)} is partitioned."
            )
    for subgraph in op.subgraphs:
        for inner in subgraph.body.block.ops:
            if not isinstance(inner, TaskOp | FifoOp) and inner is not subgraph.body.block.last_op:
                raise VerifyException(f"{inner.name} has no place in {describe(subgraph)}.")


def _verify_linear(op: ModelOp) -> None:
    for inner in op.walk():
        values = [
            *inner.results,
            *(arg for region in inner.regions for block in region.blocks for arg in block.args),
        ]
        for value in values:
            uses = list(value.uses)
            if len(uses) != 1:
                readers = ", ".join(sorted(describe(use.operation) for use in uses)) or "none"
                raise VerifyException(
                    f"A stream has exactly one consumer, but what {describe(inner)} produces has {len(uses)}: {readers}."
                )


def _verify_order(block: Block, where: str) -> None:
    """No cycle among the ops of a block; SSA alone allows forward references in xDSL."""
    sorter: TopologicalSorter[Operation] = TopologicalSorter()
    for inner in block.ops:
        sorter.add(inner, *(o.owner for o in inner.operands if isinstance(o.owner, Operation)))
    try:
        sorter.prepare()
    except CycleError as error:
        cycle: list[Operation] = list(reversed(error.args[1]))
        path = " -> ".join(describe(inner) for inner in cycle)
        groups = [inner for inner in cycle[1:] if inner.name == "flow.subgraph"]
        if len(groups) == 1:
            raise VerifyException(
                f"{describe(groups[0])} is not convex: a path leaves and re-enters it: {path}."
            ) from None
        if groups:
            raise VerifyException(
                f"The subgraphs of {where} depend on each other in a cycle: {path}."
            ) from None
        raise VerifyException(f"The tasks of {where} form a cycle: {path}.") from None


def _verify_layout(op: InputOp | OutputOp, value: SSAValue) -> None:
    """The user's tensor must be what the stream carries, in some order of its axes."""
    if op.shape is None and op.order is None:
        return
    if op.shape is None or op.order is None:
        raise VerifyException(f"{describe(op)} needs both a shape and an order, or neither.")
    shape, order = list(op.shape.get_values()), list(op.order.get_values())
    if sorted(order) != list(range(len(shape))):
        raise VerifyException(
            f"{describe(op)} has order {order}, which is no permutation of {len(shape)} axes."
        )
    type_ = value.type
    assert isinstance(type_, StreamType)
    carried = type_.tokens.data * type_.elements.data
    if prod(shape) != carried:
        raise VerifyException(
            f"{describe(op)} has shape {shape} in order {order}, but its stream carries {type_.tokens.data} tokens of "
            f"{type_.elements.data} elements."
        )


def _verify_boundaries(op: ModelOp) -> None:
    from split4ml.dialects.flow import FifoOp, InputOp, OutputOp, SubgraphOp

    for model_input in op.inputs:
        _verify_layout(model_input, model_input.out)
        verify_port(model_input.out, f"input {describe(model_input)}")
    for model_output in op.outputs:
        _verify_layout(model_output, model_output.stream)
        verify_port(model_output.stream, f"output {describe(model_output)}")
    for fifo in (inner for inner in op.block.ops if isinstance(inner, FifoOp)):
        (use,) = fifo.out.uses
        ends = (fifo.source.owner, use.operation)
        if any(isinstance(end, InputOp | OutputOp | FifoOp) for end in ends):
            raise VerifyException(f"{describe(fifo)} must stand between two tasks or two subgraphs.")
        if isinstance(ends[0], SubgraphOp) and fifo.uncuttable is not None:
            raise VerifyException(
                f"{describe(fifo)} lies on a boundary but cannot be cut: {fifo.uncuttable.data}."
            )
    for subgraph in op.subgraphs:
        for operand in subgraph.inputs:
            if isinstance(operand.owner, SubgraphOp):
                raise VerifyException(
                    f"{describe(subgraph)} is linked to {describe(operand.owner)} without a FIFO between them."
                )
        for inner in subgraph.body.block.ops:
            if isinstance(inner, FifoOp) and (
                not isinstance(inner.source.owner, Operation)
                or inner.out.uses
                and _use(inner.out).name == "flow.yield"
            ):
                raise VerifyException(
                    f"{describe(inner)} lies on a boundary but stands inside {describe(subgraph)}."
                )


def _use(value: SSAValue) -> Operation:
    (use,) = value.uses
    return use.operation
