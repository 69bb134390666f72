"""Writes reductions that are no global pooling with pools, and with convolutions along the channels.

%0 = nn.reduce_max @rows %x axes [0]                 =>   %a = nn.max_pool @rows_pool %x kernel [4, 1] strides [4, 1] … channels_last
    : (tensor<4x6x3xf32>) -> tensor<6x3xf32>              %0 = nn.reshape @rows %a : (tensor<1x6x3xf32>) -> tensor<6x3xf32>

%0 = nn.reduce_mean @mean %x axes [2] keep           =>   %0 = nn.conv @mean(%x, %w) … channels_last         w: 1/3 for every channel
    : (tensor<4x6x3xf32>) -> tensor<4x6x1xf32>

A reduction along rows or columns is a pool with one window. Means along the channels are a convolution (of a vector, a dense layer) whose
weights, one over their number, have 18 bits; sums one of ones, which is exact. For the largest channel, channels become columns. Sums along
space are means times the number of elements. Runs behind `channels-last`; all of space is `global-pool-from-reduce`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from split4ml.dialects import nn
from split4ml.dialects.nn_base import typed
from split4ml.dialects.precision import Precision
from split4ml.passes.decompose_pools import reciprocal
from split4ml.passes.nn_linear import pointwise, pointwise_kernel
from split4ml.passes.nn_parts import Pieces
from split4ml.passes.nn_rewriting import constant, models, replace
from split4ml.passes.part_by_convolution import BIT
from split4ml.passes.weights import WeightStore


@dataclass(frozen=True)
class PoolsFromReductions(ModulePass):
    """Write reductions with pools, and with convolutions along the channels."""

    name = "pools-from-reductions"
    weights: WeightStore = field(kw_only=True)

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for model in models(op):
            for inner in list(model.block.ops):
                if isinstance(inner, nn.ReduceOp) and len(nn.shape_of(inner.data)) <= 3:
                    self._rewrite(inner)

    def _rewrite(self, op: nn.ReduceOp) -> None:
        pieces, data = Pieces(op), op.data
        rank = len(nn.shape_of(data))
        space = [axis for axis in nn.numbers(op.axes) if axis != rank - 1]
        if space:
            data = _pooled(op, pieces, data, space)
            if isinstance(op, nn.ReduceSumOp):
                count = prod(nn.shape_of(op.data)[axis] for axis in space)
                factor = constant(op, f"{op.symbol}_count", np.array(float(count)), self.weights)
                data = pieces.emit("sum", lambda name: nn.MultiplyOp(name, data, factor))
        if rank - 1 in nn.numbers(op.axes):
            largest = isinstance(op, nn.ReduceMaxOp)
            data = _largest_channel(pieces, data) if largest else self._channels(op, pieces, data)
        replace(op, nn.ReshapeOp(op.symbol, data, op.shape, onnx=op.onnx_names))

    def _channels(self, op: nn.ReduceOp, pieces: Pieces, data: SSAValue) -> SSAValue:
        """The mean or the sum of all channels, as the only one."""
        shape = nn.shape_of(data)
        share: tuple[float, Precision] = (1.0, BIT)
        if isinstance(op, nn.ReduceMeanOp) and shape[-1] > 1:
            share = reciprocal(shape[-1])
        values = pointwise_kernel(np.full((shape[-1], 1), share[0]), len(shape) - 1)
        weight = constant(op, f"{op.symbol}_share", values, self.weights)

        def joined(name: str) -> nn.TensorOp:
            new = pointwise(name, data, weight)
            new.types = typed({**op.element_types, "weight": share[1]})
            return new

        return pieces.emit("channels", joined)


def _pooled(op: nn.ReduceOp, pieces: Pieces, data: SSAValue, axes: Sequence[int]) -> SSAValue:
    """Along some axes of space, which stay with one element."""
    shape = nn.shape_of(data)
    after = tuple(1 if axis in axes else size for axis, size in enumerate(shape))
    largest = isinstance(op, nn.ReduceMaxOp)
    if len(axes) == len(shape) - 1:
        whole = nn.GlobalMaxPoolOp if largest else nn.GlobalAveragePoolOp
        vector = pieces.emit("pool", lambda name: whole(name, data, channels_last=True))
        return pieces.emit("keep", lambda name: nn.ReshapeOp(name, vector, after))
    window = [size if axis in axes else 1 for axis, size in enumerate(shape[:-1])]
    kind = nn.MaxPoolOp if largest else nn.AveragePoolOp

    def pooled(name: str) -> nn.PoolOp:
        pads = [0, 0] * len(window)
        return kind(name, data, kernel=window, strides=window, pads=pads, channels_last=True)

    return pieces.emit("pool", pooled)


def _largest_channel(pieces: Pieces, data: SSAValue) -> SSAValue:
    """The largest of all channels, as the only one: every channel as a column of an image of one channel."""
    shape = nn.shape_of(data)
    if len(shape) == 1 or prod(shape[:-1]) == 1:
        column = pieces.emit("column", lambda name: nn.ReshapeOp(name, data, (shape[-1], 1)))
        return pieces.emit("largest", lambda name: nn.GlobalMaxPoolOp(name, column, channels_last=True))
    wide = pieces.emit("columns", lambda name: nn.ReshapeOp(name, data, (prod(shape[:-1]), shape[-1], 1)))
    window = [1, shape[-1]]

    def pooled(name: str) -> nn.MaxPoolOp:
        return nn.MaxPoolOp(name, wide, kernel=window, strides=window, pads=[0, 0, 0, 0], channels_last=True)

    return pieces.emit("largest", pooled)
