"""Folds scales, shifts and normalisations into the convolution or dense layer behind them, if that alone reads them.

    %0 = nn.batch_norm @norm(%x, %scale, %bias, %mean, %variance)     =>   %1 = nn.dense @fc(%x, %w', %b')
    %1 = nn.dense @fc(%0, %w, %b)

With `s` and `t` such that the normalisation is `s x + t`: w' = w s per input, b' = b + w t. Exact in real numbers, in double precision,
rounded once. In front of a convolution with pads a shift stays where it is: the pads are zeros, which it does not shift. Runs behind
`fold-batch-norm`, which prefers the layer before. A model with quantisers is left alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from split4ml.dialects import nn
from split4ml.passes.nn_linear import Affine, AffineAlong, Linear, affine_along, rebuilt
from split4ml.passes.nn_rewriting import Doubles, array_of, is_quantised, models, only_user
from split4ml.passes.weights import WeightStore


@dataclass(frozen=True)
class FoldIntoNext(ModulePass):
    """Fold scales, shifts and normalisations into the layer behind them."""

    name = "fold-into-next"
    weights: WeightStore = field(kw_only=True)

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for model in models(op):
            if is_quantised(model):
                continue
            for inner in list(model.block.ops):
                layer: Linear | None = inner if isinstance(inner, Linear) else None
                while layer is not None:  # one after the other, the nearest first
                    layer = self._folded(layer)

    def _folded(self, layer: Linear) -> Linear | None:
        """The layer with what is before it; None if nothing is."""
        before = layer.data.owner
        if not isinstance(before, Affine) or only_user(layer.data) is not layer:
            return None
        rank = len(nn.shape_of(layer.data))
        last = isinstance(layer, nn.DenseOp) or layer.channels_last is not None
        found = affine_along(before, rank - 1 if last else 0, self.weights)
        weight = array_of(layer.weight, self.weights)
        if found is None or weight is None:
            return None
        if isinstance(layer, nn.ConvOp) and any(nn.numbers(layer.pads)) and np.any(found.shift):
            return None
        bias = array_of(layer.bias, self.weights) if layer.bias is not None else None
        if layer.bias is not None and bias is None:
            return None
        kernel, more = folded(layer, weight, found)
        onnx = (*before.onnx_names, *layer.onnx_names)
        total = more if bias is None else bias + more
        new = rebuilt(layer, found.data, kernel, total, onnx, self.weights)
        assert isinstance(new, Linear) and before.parent is not None
        before.parent.erase_op(before)
        return new


def folded(layer: Linear, weight: Doubles, found: AffineAlong) -> tuple[Doubles, Doubles]:
    """The weight of a layer of `scale * x + shift`, and what its bias grows by."""
    if isinstance(layer, nn.DenseOp):
        return weight * found.scale[:, np.newaxis], found.shift @ weight
    # output x input/group x kernel: which channels an output reads depends on its group
    channels = np.arange(found.scale.size).reshape(layer.groups, -1).repeat(len(weight) // layer.groups, 0)
    columns = (*channels.shape, *(1,) * (weight.ndim - 2))
    shifts = weight * found.shift[channels].reshape(columns)
    return weight * found.scale[channels].reshape(columns), shifts.reshape(len(weight), -1).sum(1)
