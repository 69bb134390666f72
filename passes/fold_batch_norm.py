"""Folds batch normalisation into the convolution or dense layer before it.

    %0 = nn.conv @conv(%x, %w)                                    =>   %0 = nn.conv @conv(%x, %w', %b')
    %1 = nn.batch_norm @bn(%0, %scale, %bias, %mean, %variance)

With `factor = scale / sqrt(variance + epsilon)`, exact in real numbers: `w' = factor w` per output channel and
`b' = factor (b - mean) + bias`, computed in double precision and rounded once to float32. A layer whose weight is quantised
(its constant states an element type) keeps it, and the normalisation after it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from split4ml.dialects import nn
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.nn_linear import Weighted, channel_axis, with_weights
from split4ml.passes.nn_rewriting import Doubles, array_of, models, only_user
from split4ml.passes.weights import WeightStore


def fold(
    weight: Doubles, bias: Doubles, factor: Doubles, shift: Doubles, axis: int
) -> tuple[Doubles, Doubles]:
    """Weight and bias of `factor * layer(x) + shift`; `axis` of the weight counts the outputs."""
    columns = [1] * weight.ndim
    columns[axis] = -1
    return weight * factor.reshape(columns), bias * factor + shift


@dataclass(frozen=True)
class FoldBatchNorm(ModulePass):
    """Fold batch normalisation into the layer before it."""

    name = "fold-batch-norm"
    weights: WeightStore = field(kw_only=True)

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for model in models(op):
            for inner in list(model.block.ops):
                if isinstance(inner, nn.BatchNormOp):
                    self._fold(inner)

    def _fold(self, norm: nn.BatchNormOp) -> None:
        layer = norm.data.owner
        if not isinstance(layer, Weighted) or only_user(norm.data) is not norm:
            return
        if channel_axis(layer) != (len(norm.shape) - 1 if norm.channels_last is not None else 0):
            return
        if isinstance(layer.weight.owner, nn.ConstantOp) and layer.weight.owner.types is not None:
            return  # a quantised weight would have to be quantised again
        arrays = [array_of(value, self.weights) for value in norm.operands[1:]]
        weight = array_of(layer.weight, self.weights)
        bias = (
            array_of(layer.bias, self.weights)
            if layer.bias is not None
            else np.zeros(norm.shape[channel_axis(layer)])
        )
        if weight is None or bias is None or any(array is None for array in arrays):
            return
        scale, beta, mean, variance = (array for array in arrays if array is not None)
        spread = variance + norm.epsilon.value.data
        if np.any(spread <= 0):
            raise Split4mlError("a channel has a variance that is not positive", where=f"@{norm.symbol}")
        factor = scale / np.sqrt(spread)
        axis = 1 if isinstance(layer, nn.DenseOp) else 0
        with_weights(layer, norm, *fold(weight, bias, factor, beta - factor * mean, axis), self.weights)
