"""Rewrites a flat `flow.model` into subgraphs, and back.

%0 = flow.task @a(%in)            %0 = flow.subgraph @sg0 (%x = %in) { %0 = flow.task @a(%x) flow.yield %0 }
%1 = flow.fifo @f %0         =>   %1 = flow.fifo @f %0
%2 = flow.task @b(%1)             %2 = flow.subgraph @sg1 (%x = %1) { %2 = flow.task @b(%x) flow.yield %2 }
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.dialects.builtin import StringAttr
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.rewriter import Rewriter

from split4ml.dialects import flow
from split4ml.dialects.flow import symbol
from split4ml.dialects.names import legal_name


def flatten(model: flow.ModelOp) -> None:
    """Dissolves every subgraph. Does nothing to a flat model."""
    for subgraph in model.subgraphs:
        for argument, operand in zip(subgraph.body.block.args, subgraph.inputs, strict=True):
            argument.replace_all_uses_with(operand)
        for result, stream in zip(subgraph.outputs, subgraph.terminator.streams, strict=True):
            result.replace_all_uses_with(stream)
        Rewriter.erase_op(subgraph.terminator)
        for op in list(subgraph.body.block.ops):
            op.detach()
            model.block.insert_op_before(op, subgraph)
        Rewriter.erase_op(subgraph)


def form_subgraphs(
    model: flow.ModelOp, subgraph_of: Mapping[str, int], slr: Sequence[int | None] | None = None
) -> None:
    """Puts every task (by name) into its subgraph. The quotient must be acyclic in the order of the numbers."""
    flatten(model)
    tasks = list(model.tasks)
    count = max(subgraph_of.values()) + 1
    taken = {symbol(op) for op in model.walk() if "sym_name" in op.properties}
    inputs, outputs = model.inputs, model.outputs
    internal: dict[int, list[Operation]] = {part: [] for part in range(count)}
    boundary: dict[int, list[flow.FifoOp]] = {part: [] for part in range(count)}
    for task in tasks:
        part = subgraph_of[symbol(task)]
        internal[part].append(task)
        for result in task.outputs:
            (use,) = result.uses
            if isinstance(fifo := use.operation, flow.FifoOp):
                (reader,) = fifo.out.uses
                crosses = subgraph_of[symbol(reader.operation)] != part
                (boundary if crosses else internal)[part].append(fifo)
                # What was a wire between subgraphs is a FIFO again until it is sized.
                if fifo.depth.value.data == 0:
                    fifo.properties["depth"] = fifo.default_depth or flow.integer(1)
    for op in list(model.block.ops):
        op.detach()
    model.block.add_ops(inputs)
    for part in range(count):
        name = legal_name(f"sg{part}", taken)
        taken.add(name)
        properties: dict[str, Attribute] = {"sym_name": StringAttr(name)}
        if slr is not None and (region := slr[part]) is not None:
            properties["slr"] = flow.integer(region)
        model.block.add_op(_subgraph(internal[part], properties))
        model.block.add_ops(boundary[part])
    model.block.add_ops(outputs)


def _subgraph(ops: Sequence[Operation], properties: dict[str, Attribute]) -> flow.SubgraphOp:
    inside = set(ops)
    crossing_in: list[SSAValue] = []
    crossing_out: list[SSAValue] = []
    for op in ops:
        crossing_in += [value for value in op.operands if value.owner not in inside]
        crossing_out += [value for value in op.results if next(iter(value.uses)).operation not in inside]
    block = Block(ops, arg_types=[value.type for value in crossing_in])
    for argument, value in zip(block.args, crossing_in, strict=True):
        value.replace_uses_with_if(argument, lambda use: use.operation in inside)
    subgraph = flow.SubgraphOp.create(
        properties=properties,
        operands=crossing_in,
        result_types=[value.type for value in crossing_out],
        regions=[Region(block)],
    )
    for result, value in zip(subgraph.outputs, crossing_out, strict=True):
        value.replace_all_uses_with(result)
    block.add_op(flow.YieldOp.create(operands=crossing_out))
    return subgraph
