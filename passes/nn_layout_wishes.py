"""Which order of axes the users of a value wish for: one walk against the flow of data, before `channels-last`.

Only wishes: where several users differ, or an axis has extent 1, they decide between orders that are equally right.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import SSAValue

from split4ml.dialects import nn
from split4ml.passes.nn_layout import Shape, channels_last

Spatial = (
    nn.ConvOp
    | nn.ConvTransposeOp
    | nn.BatchNormOp
    | nn.LocalResponseNormOp
    | nn.PoolOp
    | nn.GlobalPoolOp
    | nn.UpsampleOp
)
"""Operators that tell channels from space."""


def wishes(model: nn.ModelOp) -> dict[SSAValue, Shape]:
    """For every value with a wish, the physical order of its logical axes."""
    found: dict[SSAValue, Shape] = {}

    def wish(value: SSAValue, order: Sequence[int]) -> None:
        if len(order) == len(nn.shape_of(value)):
            found.setdefault(value, tuple(order))

    for op in reversed(list(model.block.ops)):
        if isinstance(op, Spatial):
            rank = len(nn.shape_of(op.data))
            wish(op.data, range(rank) if op.channels_last is not None else channels_last(rank))
        elif isinstance(op, nn.DenseOp | nn.RecurrentOp):
            wish(op.data, range(len(nn.shape_of(op.data))))
        elif isinstance(op, nn.SoftmaxOp):
            last = op.axis.value.data
            wish(op.data, [*(axis for axis in range(len(op.shape)) if axis != last), last])
        elif (
            isinstance(op, nn.PadOp)
            and op.result not in found
            and not any(nn.numbers(op.pads)[:: len(op.shape)])
        ):
            wish(op.data, channels_last(len(op.shape)))  # channels without pads: hls4ml pads space
        elif isinstance(op, nn.TransposeOp) and op.result in found:
            order = nn.numbers(op.order)
            wish(op.data, [order[axis] for axis in found[op.result]])
        elif (
            isinstance(op, nn.ElementwiseOp | nn.BinaryOp | nn.ConcatOp | nn.PadOp | nn.SliceOp | nn.ExpandOp)
            and op.result in found
        ):
            for operand in op.operands:
                wish(operand, found[op.result])
    return found
