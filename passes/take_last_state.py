"""Takes the last state from a recurrent layer that gives all of them, where only the last is used.

    %0 = nn.lstm @cell(%x, …) sequences … -> tensor<8x3xf32>          %0 = nn.lstm @cell(%x, …) … -> tensor<3xf32>
    %1 = nn.slice @last %0 from [7, 0] to [8, 3] … -> tensor<1x3xf32> => %1 = nn.reshape @last %0 … -> tensor<1x3xf32>

A slice of a concatenation that lies within one of its operands is a slice of that one: PyTorch joins the last states of all layers,
and takes one out again.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from split4ml.dialects import nn
from split4ml.passes.nn_rewriting import forward, models, replace


@dataclass(frozen=True)
class TakeLastState(ModulePass):
    """Take the last state of a recurrent layer without streaming the others."""

    name = "take-last-state"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for model in models(op):
            for inner in list(model.block.ops):
                if isinstance(inner, nn.SliceOp):
                    part = _within_concat(inner) or inner
                    _from_last_step(part)


def _within_concat(part: nn.SliceOp) -> nn.SliceOp | None:
    """The slice of the operand that holds all of it, in place of the slice of the concatenation."""
    joined = part.data.owner
    if not isinstance(joined, nn.ConcatOp):
        return None
    axis, offset = joined.axis.value.data, 0
    starts, ends = list(nn.numbers(part.starts)), list(nn.numbers(part.ends))
    for value in joined.inputs:
        size = nn.shape_of(value)[axis]
        if offset <= starts[axis] and ends[axis] <= offset + size:
            starts[axis] -= offset
            ends[axis] -= offset
            new = nn.SliceOp(part.symbol, value, starts, ends, part.step, onnx=part.onnx_names)
            replace(part, new)
            return new
        offset += size
    return None


def _alone(part: nn.SliceOp) -> bool:
    """Whether nobody else uses the data, dead code left out."""
    users = {use.operation for use in part.data.uses}
    return not any(op is not part and (not isinstance(op, nn.TensorOp) or op.result.uses) for op in users)


def _from_last_step(part: nn.SliceOp) -> None:
    layer = part.data.owner
    if part.shape == nn.shape_of(part.data):
        forward(part, part.data)
        return
    if not isinstance(layer, nn.RecurrentOp) or layer.sequences is None or not _alone(part):
        return
    steps, state = layer.shape
    if (nn.numbers(part.starts), nn.numbers(part.ends)) != ((steps - 1, 0), (steps, state)):
        return
    last = type(layer)(layer.symbol, *layer.operands, sequences=False, onnx=layer.onnx_names)
    last.types = layer.types
    assert layer.parent is not None
    for use in list(layer.result.uses):
        if use.operation is not part:
            layer.parent.erase_op(use.operation)
    layer.parent.insert_op_before(last, layer)
    last.result.name_hint = layer.symbol
    replace(part, nn.ReshapeOp(part.symbol, last.result, part.shape, onnx=part.onnx_names))
    layer.parent.erase_op(layer)
