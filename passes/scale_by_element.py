"""Gives additions and multiplications by one constant per element the form in which hls4ml has them.

%0 = nn.multiply @m(%x, %c)                                      =>   %a = nn.reshape @m_flat %x : … -> tensor<16x2xf32>
    : (tensor<4x4x2xf32>, tensor<4x1x1xf32>) -> tensor<4x4x2xf32>     %b = nn.multiply @m(%a, %c')    c': tensor<16x2xf32>
                                                                      %0 = nn.reshape @m_shape %b : … -> tensor<4x4x2xf32>

hls4ml's batch normalisation takes one scale and bias per channel, or one per element of the frame (`n_filt = -1`). The reshapes, which
copy tokens as they are, keep hls4ml from merging what differs along space into a convolution, or into a normalisation per channel.
Runs behind `channels-last`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from split4ml.dialects import nn
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.nn_parts import Pieces
from split4ml.passes.nn_rewriting import array_of, constant, models, replace
from split4ml.passes.weights import WeightStore

Affine = nn.AddOp | nn.SubtractOp | nn.MultiplyOp

MOST = 1 << 14
"""Constants of one operator: hls4ml holds every one of them in registers."""


@dataclass(frozen=True)
class ScaleByElement(ModulePass):
    """Prepare additions and multiplications by one constant per element for hls4ml."""

    name = "scale-by-element"
    weights: WeightStore = field(kw_only=True)

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for model in models(op):
            for inner in list(model.block.ops):
                if isinstance(inner, Affine) and len(inner.shape) in (2, 3):
                    self._rewrite(inner)

    def _rewrite(self, op: Affine) -> None:
        arrays = [array_of(value, self.weights) for value in op.operands]
        known = [index for index, array in enumerate(arrays) if array is not None]
        if len(known) != 1:
            return
        array, data = arrays[known[0]], op.operands[1 - known[0]]
        assert array is not None
        if nn.shape_of(data) != op.shape or all(size == 1 for size in array.shape[:-1]):
            return
        if (count := prod(op.shape)) > MOST:
            raise Split4mlError(
                f"it takes {count} different constants, more than the {MOST} that fit into registers",
                where=f"@{op.symbol} (node {', '.join(map(repr, op.onnx_names))})",
                hint="constants that differ between channels only need no more than one each",
            )
        # tokens stay as they are; only the number of axes changes
        flat = (prod(op.shape[:-1]), op.shape[-1]) if len(op.shape) == 3 else (1, *op.shape)
        pieces = Pieces(op)
        reshaped = pieces.emit("flat", lambda name: nn.ReshapeOp(name, data, flat))
        full = np.broadcast_to(array, op.shape).reshape(flat)
        operands = [reshaped, reshaped]
        operands[known[0]] = constant(op, f"{op.symbol}_constants", full, self.weights)

        def scaled(name: str) -> Affine:
            new = type(op)(name, *operands, onnx=op.onnx_names)
            new.types = op.types
            return new

        result = pieces.emit("scaled", scaled)
        replace(op, nn.ReshapeOp(op.symbol, result, op.shape))
