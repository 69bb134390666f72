"""Removes operators that pass their data on unchanged.

%0 = nn.identity @dropout %x : tensor<8xf32>
%1 = nn.reshape @same %0 : (tensor<8xf32>) -> tensor<8xf32>
%2 = nn.relu @relu %1 : tensor<8xf32>                         =>   %2 = nn.relu @relu %x : tensor<8xf32>
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from split4ml.dialects import nn
from split4ml.passes.nn_rewriting import forward, models


def passed_on(op: nn.TensorOp) -> SSAValue | None:
    """The operand that the op passes on unchanged, if it does."""
    match op:
        case nn.IdentityOp():
            return op.data
        case nn.ReshapeOp() | nn.FlattenOp() if nn.shape_of(op.data) == op.shape:
            return op.data
        case nn.TransposeOp() if list(nn.numbers(op.order)) == list(range(len(op.shape))):
            return op.data
        case nn.PadOp() if not any(nn.numbers(op.pads)):
            return op.data
        case nn.UpsampleOp() if all(scale == 1 for scale in nn.numbers(op.scales)):
            return op.data
        case nn.SliceOp() | nn.ExpandOp() if op.shape == nn.shape_of(op.data):
            return op.data
        case nn.ConcatOp() if len(op.inputs) == 1:
            return op.inputs[0]
        case _:
            return None


@dataclass(frozen=True)
class RemoveIdentity(ModulePass):
    """Remove identities: Identity, Dropout, reshapes and transposes to the same, pads of nothing, slices of all."""

    name = "remove-identity"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for model in models(op):
            for inner in list(model.block.ops):
                if isinstance(inner, nn.TensorOp) and (value := passed_on(inner)) is not None:
                    forward(inner, value)
