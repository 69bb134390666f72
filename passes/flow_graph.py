"""Who writes and who reads a stream of a `flow.model`, through the boundaries of subgraphs."""

from __future__ import annotations

from xdsl.ir import BlockArgument, Operation, OpResult, SSAValue

from split4ml.dialects import flow
from split4ml.dialects.flow import symbol


def reader_of(value: SSAValue) -> flow.TaskOp:
    """The task that reads the stream that leaves a FIFO."""
    (use,) = value.uses
    reader = use.operation
    if isinstance(reader, flow.SubgraphOp):
        return reader_of(reader.body.block.args[use.index])
    assert isinstance(reader, flow.TaskOp)
    return reader


def writer_of(fifo: flow.FifoOp) -> flow.TaskOp:
    """The task that writes a FIFO."""
    value = fifo.source
    while isinstance(value, OpResult) and isinstance(value.owner, flow.SubgraphOp):
        value = value.owner.terminator.streams[value.index]
    assert isinstance(value.owner, flow.TaskOp)
    return value.owner


def fifo_before(value: SSAValue) -> flow.FifoOp | None:
    """The FIFO that a stream comes from; None for an input of the model."""
    while isinstance(value, BlockArgument):
        parent = value.owner.parent_op()
        assert isinstance(parent, flow.SubgraphOp)
        value = parent.inputs[value.index]
    return value.owner if isinstance(value.owner, flow.FifoOp) else None


def stream_name(value: SSAValue) -> str:
    """The C++ name of the stream that a value carries, on whichever side of a FIFO or boundary it is."""
    if isinstance(value, BlockArgument):  # of a subgraph's body
        parent = value.owner.parent_op()
        assert isinstance(parent, flow.SubgraphOp)
        return stream_name(parent.inputs[value.index])
    if isinstance(value.owner, flow.InputOp | flow.FifoOp):
        return symbol(value.owner)
    (use,) = value.uses
    reader: Operation = use.operation
    if isinstance(reader, flow.YieldOp):
        parent = reader.parent_op()
        assert isinstance(parent, flow.SubgraphOp)
        return stream_name(parent.outputs[use.index])
    return symbol(reader)
