"""Repeats data where an operator broadcasts it: hls4ml's streams join only what is of one shape.

%0 = nn.multiply @gate(%x, %g)                            =>   %a = nn.upsample @gate_space %g scales [8, 8] channels_last
    : (tensor<8x8x4xf32>, tensor<1x1x4xf32>) -> …               %0 = nn.multiply @gate(%x, %a)

Along space, one element is resized to its nearest, itself; along the channels, a convolution (of a vector, a dense layer) whose weights
are all 1 repeats it. Neither rounds. hls4ml 1.3 has a layer for this too (`broadcast_stream.py`), but its Vitis backend inserts none.
Runs behind `channels-last`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from split4ml.dialects import nn
from split4ml.dialects.nn_base import typed
from split4ml.passes.nn_linear import pointwise, pointwise_kernel
from split4ml.passes.nn_parts import Pieces
from split4ml.passes.nn_rewriting import constant, forward, is_constant, models
from split4ml.passes.part_by_convolution import BIT
from split4ml.passes.weights import WeightStore


@dataclass(frozen=True)
class ExpandBroadcasts(ModulePass):
    """Repeat data where an operator broadcasts it."""

    name = "expand-broadcasts"
    weights: WeightStore = field(kw_only=True)

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for model in models(op):
            for inner in list(model.block.ops):
                if isinstance(inner, nn.ExpandOp) and len(inner.shape) <= 3:
                    forward(inner, self._expanded(inner, inner.data))
                elif isinstance(inner, nn.BinaryOp) and len(inner.shape) <= 3:
                    for index, value in enumerate(inner.operands):
                        if not is_constant(value):
                            inner.operands[index] = self._expanded(inner, value)

    def _expanded(self, op: nn.TensorOp, data: SSAValue) -> SSAValue:
        """The data in the shape of the op's result, whose axes are at least as many."""
        pieces, shape = Pieces(op), op.shape
        before = nn.shape_of(data)
        if before == shape:
            return data
        if len(before) < len(shape):
            before = (1,) * (len(shape) - len(before)) + before
            data = pieces.emit("axes", lambda name: nn.ReshapeOp(name, data, before))
        if before[:-1] != shape[:-1]:
            scales = [new // old for old, new in zip(before[:-1], shape[:-1], strict=True)]
            data = pieces.emit("space", lambda name: nn.UpsampleOp(name, data, scales, channels_last=True))
        return data if before[-1] == shape[-1] else self._channels(pieces, data, shape)

    def _channels(self, pieces: Pieces, data: SSAValue, shape: nn.Shape) -> SSAValue:
        ones = pointwise_kernel(np.ones((1, shape[-1])), len(shape) - 1)
        weight = constant(pieces.op, f"{pieces.op.symbol}_ones", ones, self.weights)

        def repeated(name: str) -> nn.TensorOp:
            new = pointwise(name, data, weight)
            new.types = typed({"weight": BIT})
            return new

        return pieces.emit("channels", repeated)
