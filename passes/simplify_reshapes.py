"""Brings reshapes into one form: no chain of them, none to the same shape, and `flatten` for a vector.

%0 = nn.reshape @a %x : (tensor<4x4x4xf32>) -> tensor<4x16xf32>
%1 = nn.reshape @b %0 : (tensor<4x16xf32>) -> tensor<64xf32>        =>   %1 = nn.flatten @b %x
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from split4ml.dialects import nn
from split4ml.passes.nn_rewriting import forward, models, replace

Reshape = nn.ReshapeOp | nn.FlattenOp


@dataclass(frozen=True)
class SimplifyReshapes(ModulePass):
    """Merge chains of reshapes, and write `flatten` where the result is a vector."""

    name = "simplify-reshapes"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for model in models(op):
            for inner in list(model.block.ops):
                if isinstance(inner, Reshape):
                    _simplify(inner)


def _simplify(op: Reshape) -> None:
    source, onnx = op.data, op.onnx_names
    while isinstance(source.owner, Reshape):  # the one before stays for its other users, or dies as dead code
        onnx = (*source.owner.onnx_names, *onnx)
        source = source.owner.data
    if nn.shape_of(source) == op.shape:
        forward(op, source)
    elif len(op.shape) == 1:
        replace(op, nn.FlattenOp(op.symbol, source, onnx=onnx))
    elif source is not op.data:
        replace(op, nn.ReshapeOp(op.symbol, source, op.shape, onnx=onnx))
