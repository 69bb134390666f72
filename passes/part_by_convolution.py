"""Takes parts of data along its channels, adds channels of zeros, or takes every so manieth element of space, by weights of zeros and ones.

%0 = nn.slice @s %x from [0, 0, 2] to [8, 8, 4]              =>   %0 = nn.conv @s(%x, %w) strides [1, 1] pads [0, 0, 0, 0] channels_last
    : (tensor<8x8x4xf32>) -> tensor<8x8x2xf32>                        w: 1 where input channel 2 (3) meets output channel 0 (1)

hls4ml crops space in steps of one (`Cropping2D`); a part of the channels, and a step, have no layer, but a convolution of one element
(of a vector, a dense layer) whose weights are 0 and 1 computes the same without rounding anything, and multiplications by these
constants cost no multiplier. Runs behind `channels-last`.
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
from split4ml.dialects.precision import Precision
from split4ml.passes.nn_linear import pointwise, pointwise_kernel
from split4ml.passes.nn_rewriting import Doubles, constant, fresh_name, models, replace
from split4ml.passes.weights import WeightStore

BIT = Precision(3, 2)
"""An element type that holds 0 and 1; hls4ml gives those of one and two bits another meaning."""


def selection(channels: int, start: int, end: int, step: int = 1) -> Doubles:
    """inputs x outputs: output `i` is input `start + i * step`."""
    return np.eye(channels)[:, start:end:step]


@dataclass(frozen=True)
class PartByConvolution(ModulePass):
    """Write slices and pads along channels, and steps through space, as convolutions with weights of zeros and ones."""

    name = "part-by-convolution"
    weights: WeightStore = field(kw_only=True)

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for model in models(op):
            for inner in list(model.block.ops):
                if isinstance(inner, nn.SliceOp):
                    self._rewrite(inner)
                elif isinstance(inner, nn.PadOp):
                    self._more_channels(inner)

    def _rewrite(self, op: nn.SliceOp) -> None:
        shape, starts, ends = nn.shape_of(op.data), nn.numbers(op.starts), nn.numbers(op.ends)
        chosen = selection(shape[-1], starts[-1], ends[-1], op.step[-1])
        steps = op.step[:-1]
        if not steps:
            self._put(op, op.data, chosen)
            return
        each = chosen.shape[1] == shape[-1]
        if len(shape) > 3 or (each and all(step == 1 for step in steps)):
            return
        if each:  # every channel for itself
            chosen = np.ones((1, shape[-1]))
        self._put(op, self._cropped(op), chosen, strides=steps, group=shape[-1] if each else 1)

    def _more_channels(self, op: nn.PadOp) -> None:
        """Channels of zeros: hls4ml pads space only."""
        rank, pads, channels = len(op.shape), nn.numbers(op.pads), nn.shape_of(op.data)[-1]
        before, behind = pads[rank - 1], pads[-1]
        if rank > 3 or not (before or behind):
            return
        chosen = np.pad(np.eye(channels), ((0, 0), (before, behind)))  # inputs x outputs
        self._put(op, op.data, chosen, pads=(*pads[: rank - 1], *pads[rank:-1]))

    def _put(
        self,
        op: nn.SliceOp | nn.PadOp,
        data: SSAValue,
        chosen: Doubles,
        *,
        strides: Sequence[int] | None = None,
        pads: Sequence[int] | None = None,
        group: int = 1,
    ) -> None:
        """A `pointwise` layer in an op's place. chosen: inputs (of a group) x outputs."""
        kernel = pointwise_kernel(chosen, len(op.shape) - 1)
        weight = constant(op, f"{op.symbol}_choice", kernel, self.weights)
        new = pointwise(op.symbol, data, weight, strides=strides, pads=pads, group=group, onnx=op.onnx_names)
        new.types = typed({**op.element_types, "weight": BIT})
        replace(op, new)

    @staticmethod
    def _cropped(op: nn.SliceOp) -> SSAValue:
        """The data with only the space of the slice, in steps of one."""
        shape = nn.shape_of(op.data)
        starts, ends = (*nn.numbers(op.starts)[:-1], 0), (*nn.numbers(op.ends)[:-1], shape[-1])
        crop = nn.SliceOp(fresh_name(op, f"{op.symbol}_crop"), op.data, starts, ends, onnx=op.onnx_names)
        if crop.shape == shape:
            return op.data
        assert op.parent is not None
        crop.result.name_hint = crop.symbol
        op.parent.insert_op_before(crop, op)
        return crop.result
