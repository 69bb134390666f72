"""Folds multiplications and subtractions by constants into the convolution or dense layer before them.

    %0 = nn.dense @fc(%x, %w, %b)                 =>   %0 = nn.dense @fc(%x, %w', %b')       w' = c w, b' = c b
    %1 = nn.multiply @scaled(%0, %c)

Exact in real numbers; computed in double precision and rounded once to float32. The constant has one value per channel, or one at all.
Additions are `fuse-bias`'s. A model with quantisers is left alone: its scales stand where its integers end.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from split4ml.dialects import nn
from split4ml.passes.fold_batch_norm import fold
from split4ml.passes.nn_linear import Weighted, affine_along, channel_axis, with_weights
from split4ml.passes.nn_rewriting import array_of, is_quantised, models, only_user
from split4ml.passes.weights import WeightStore


@dataclass(frozen=True)
class FoldScales(ModulePass):
    """Fold multiplications and subtractions by constants into the layer before them."""

    name = "fold-scales"
    weights: WeightStore = field(kw_only=True)

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for model in models(op):
            if is_quantised(model):
                continue
            for inner in list(model.block.ops):
                if isinstance(inner, nn.MultiplyOp | nn.SubtractOp):
                    self._fold(inner)

    def _fold(self, op: nn.MultiplyOp | nn.SubtractOp) -> None:
        for value in op.operands:
            layer = value.owner
            if not isinstance(layer, Weighted) or only_user(value) is not op:
                continue
            found = affine_along(op, channel_axis(layer), self.weights)
            weight = array_of(layer.weight, self.weights)
            bias = array_of(layer.bias, self.weights) if layer.bias is not None else None
            if found is None or found.data is not value or weight is None:
                continue
            before = bias if bias is not None else np.zeros(layer.shape[channel_axis(layer)])
            axis = 1 if isinstance(layer, nn.DenseOp) else 0
            with_weights(layer, op, *fold(weight, before, found.scale, found.shift, axis), self.weights)
            return
