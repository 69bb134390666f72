"""Makes the addition of a constant vector the bias of the dense layer or convolution before it.

%0 = nn.dense @fc(%x, %w)                  =>   %0 = nn.dense @fc(%x, %w, %b)
%1 = nn.add @bias(%0, %b)
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from split4ml.dialects import nn
from split4ml.passes.nn_linear import Weighted, channel_axis, with_weights
from split4ml.passes.nn_rewriting import Doubles, array_of, models, only_user
from split4ml.passes.weights import WeightStore


def per_channel(constant: Doubles, shape: nn.Shape, axis: int) -> Doubles | None:
    """The addend of every channel if a broadcast constant differs along `axis` of the result only, else None."""
    aligned = constant.reshape((1,) * (len(shape) - constant.ndim) + constant.shape)
    if any(size != 1 for other, size in enumerate(aligned.shape) if other != axis):
        return None
    return np.broadcast_to(aligned.reshape(-1), (shape[axis],)).astype(np.float64)


@dataclass(frozen=True)
class FuseBias(ModulePass):
    """Fuse the addition of constants into the bias of dense layers and convolutions."""

    name = "fuse-bias"
    weights: WeightStore = field(kw_only=True)

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for model in models(op):
            for inner in list(model.block.ops):
                if isinstance(inner, nn.AddOp) and not self._fuse(inner, inner.left, inner.right):
                    self._fuse(inner, inner.right, inner.left)

    def _fuse(self, add: nn.AddOp, data: SSAValue, addend: SSAValue) -> bool:
        layer, constant = data.owner, array_of(addend, self.weights)
        if constant is None or not isinstance(layer, Weighted) or only_user(data) is not add:
            return False
        if constant.ndim > len(layer.shape) or add.shape != layer.shape:
            return False
        more = per_channel(constant, layer.shape, channel_axis(layer))
        if more is None:
            return False
        bias = array_of(layer.bias, self.weights) if layer.bias is not None else np.zeros_like(more)
        if bias is None:
            return False
        with_weights(layer, add, None, bias + more, self.weights)
        return True
