"""Writes transposed convolutions as ordinary ones, whose results take turns.

%0 = nn.conv_transpose @up(%x, %w) strides [2, 2]            =>   %a = nn.conv @up_row(%x, %w0) …  -> tensor<4x4x6xf32>
    pads [0, 0, 0, 0] : … -> tensor<8x8x3xf32>                    %b = nn.reshape @up_columns %a …  -> tensor<4x8x3xf32>
    (x: 4x4x2, w: 3x2x2x2)                                        %c = nn.conv @up_row_1(%x, %w1) … -> tensor<4x4x6xf32>
                                                                  %d = nn.reshape @up_columns_1 %c  -> tensor<4x8x3xf32>
                                                                  %e = nn.concat @up_rows(%b, %d) axis 1 … -> tensor<4x16x3xf32>
                                                                  %0 = nn.reshape @up %e …          -> tensor<8x8x3xf32>

hls4ml has no transposed convolution. With strides of s, output j * s + r takes only the taps r, r + s, … of the kernel: one convolution
per remainder r, without a multiplication by an inserted zero. Those of a row are channels of one convolution, which a reshape makes
neighbours; rows follow each other after a concatenation along the columns. Exact. Runs behind `channels-last`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from split4ml.dialects import nn
from split4ml.dialects.nn_base import typed
from split4ml.passes.nn_parts import Pieces
from split4ml.passes.nn_rewriting import Doubles, array_of, constant, forward, models
from split4ml.passes.weights import WeightStore


@dataclass(frozen=True)
class Turns:
    """How the outputs along one axis are made of windows of the data.

    taps: by remainder, then by place in the window, the kernel's tap that multiplies it; None for none. first: where the first window
    begins; negative before the data. count: windows.
    """

    taps: tuple[tuple[int | None, ...], ...]
    first: int
    count: int


def turns(size: int, kernel: int, stride: int, dilation: int, pad: int, outputs: int) -> Turns:
    """Output o is the sum over taps t of data[i] * kernel[t] where i * stride + t * dilation is o + pad."""
    places: list[dict[int, int]] = []
    for remainder in range(stride):
        whole, rest = divmod(remainder + pad, stride)
        reached = ((t, t * dilation - rest) for t in range(kernel))
        places.append({whole - ahead // stride: t for t, ahead in reached if ahead % stride == 0})
    offsets = [place for found in places for place in found] or [0]
    low, high, count = min(offsets), max(offsets), -(-outputs // stride)
    if low >= size or high + count <= 0:  # all that is left lies beside what the data spreads to
        return Turns(((None,),) * stride, 0, count)
    taps = tuple(tuple(found.get(place) for place in range(low, high + 1)) for found in places)
    return Turns(taps, low, count)


@dataclass(frozen=True)
class DecomposeConvTranspose(ModulePass):
    """Write transposed convolutions as ordinary ones, whose results take turns."""

    name = "decompose-conv-transpose"
    weights: WeightStore = field(kw_only=True)

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for model in models(op):
            for inner in list(model.block.ops):
                if isinstance(inner, nn.ConvTransposeOp) and inner.channels_last is not None:
                    self._rewrite(inner)

    def _rewrite(self, op: nn.ConvTransposeOp) -> None:
        kernel = array_of(op.weight, self.weights)
        if kernel is None:
            return
        pieces, strides = Pieces(op), nn.numbers(op.strides)
        space = op.shape[:-1]
        before, pads = nn.shape_of(op.data)[:-1], nn.numbers(op.pads)[: len(space)]
        each = zip(before, kernel.shape[2:], strides, op.dilation, pads, space, strict=True)
        axes = [turns(*numbers) for numbers in each]
        data = op.data
        for axis, turn in enumerate(axes):
            data = _cut(pieces, data, axis, turn)
        if len(axes) == 1:
            result = self._row(op, pieces, data, kernel, axes)
        else:
            rows = []
            for taps in axes[0].taps:
                zeros = np.zeros((*kernel.shape[:2], 1, kernel.shape[3]))
                picked = [zeros if tap is None else kernel[:, :, tap : tap + 1] for tap in taps]
                rows.append(self._row(op, pieces, data, np.concatenate(picked, 2), axes))
            result = rows[0]
            if len(rows) > 1:
                result = pieces.emit("rows", lambda name: nn.ConcatOp(name, rows, 1))
            _, width, channels = nn.shape_of(rows[0])
            tall = (axes[0].count * strides[0], width, channels)
            if tall != nn.shape_of(result):
                result = pieces.emit("shape", lambda name: nn.ReshapeOp(name, result, tall))
        for axis, size in enumerate(space):
            result = pieces.part(result, axis, 0, size)
        last = result.owner
        assert isinstance(last, nn.TensorOp)
        symbol = op.sym_name
        if last.types is None and (element := op.element_types.get("result")) is not None:
            last.types = typed({"result": element})
        forward(op, result)
        last.properties["sym_name"] = symbol
        last.result.name_hint = symbol.data

    def _row(
        self,
        op: nn.ConvTransposeOp,
        pieces: Pieces,
        data: SSAValue,
        kernel: Doubles,
        axes: Sequence[Turns],
    ) -> SSAValue:
        """The outputs of one remainder of rows, in the order of columns."""
        columns, zero = axes[-1], np.zeros((*kernel.shape[:-1], 1))
        filters = np.concatenate(
            [
                np.concatenate([zero if t is None else kernel[..., t : t + 1] for t in taps], -1)
                for taps in columns.taps
            ]
        )
        weight = constant(op, f"{op.symbol}_weight", filters, self.weights)
        assert isinstance(weight.owner, nn.ConstantOp) and isinstance(op.weight.owner, nn.ConstantOp)
        weight.owner.types = op.weight.owner.types
        bias = array_of(op.bias, self.weights) if op.bias is not None else None
        repeated = None if bias is None else np.tile(bias, len(columns.taps))
        addend = None if repeated is None else constant(op, f"{op.symbol}_bias", repeated, self.weights)
        extents = nn.shape_of(data)[:-1]
        sizes = filters.shape[2:]
        begins = [max(0, -turn.first) for turn in axes]
        ends = [
            max(0, turn.count - 1 + size - begin - extent)
            for turn, size, begin, extent in zip(axes, sizes, begins, extents, strict=True)
        ]

        def convolved(name: str) -> nn.ConvOp:
            conv = nn.ConvOp(
                name,
                data,
                weight,
                addend,
                strides=[1] * len(axes),
                pads=[*begins, *ends],
                channels_last=True,
            )
            conv.types = op.types
            return conv

        result = pieces.emit("row", convolved)
        shape = nn.shape_of(result)
        wide = (*shape[:-2], shape[-2] * len(columns.taps), shape[-1] // len(columns.taps))
        return (
            result if shape == wide else pieces.emit("columns", lambda name: nn.ReshapeOp(name, result, wide))
        )


def _cut(pieces: Pieces, data: SSAValue, axis: int, turn: Turns) -> SSAValue:
    """The data that any window reads: pads may cut off what the first or the last element would spread to."""
    size = nn.shape_of(data)[axis]
    start = max(0, turn.first)
    end = min(size, turn.first + turn.count - 1 + len(turn.taps[0]))
    return pieces.part(data, axis, start, end)
