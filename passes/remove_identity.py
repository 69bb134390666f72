"""Removes operators that pass their data on unchanged.

%0 = nn.identity @dropout %x : tensor<8xf32>
%1 = nn.reshape @same %0 : (tensor<8xf32>) -> tensor<8xf32>
%2 = nn.multiply @by_one(%1, %c) : …                               %c: 1
%3 = nn.relu @relu %2 : tensor<8xf32>                         =>   %3 = nn.relu @relu %x : tensor<8xf32>
"""

from __future__ import annotations

from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from split4ml.dialects import nn
from split4ml.passes.nn_rewriting import array_of, forward, models
from split4ml.passes.weights import WeightStore


def _all(value: SSAValue, number: float, weights: WeightStore) -> bool:
    """Whether it is a constant of this number only."""
    array = array_of(value, weights)
    return array is not None and bool((array == number).all())


def passed_on(op: nn.TensorOp, weights: WeightStore) -> SSAValue | None:
    """The operand that the op passes on unchanged, if it does."""
    match op:
        case nn.AddOp() | nn.SubtractOp() | nn.MultiplyOp() if not op.element_types:
            number = 1.0 if isinstance(op, nn.MultiplyOp) else 0.0
            for data, other in ((op.left, op.right), (op.right, op.left)):
                if nn.shape_of(data) == op.shape and _all(other, number, weights):
                    return data
                if isinstance(op, nn.SubtractOp):  # the right operand loses its sign
                    break
            return None
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
    """Remove identities: Identity, Dropout, reshapes and transposes to the same, pads of nothing, slices of all, sums with 0, products
    with 1."""

    name = "remove-identity"
    weights: WeightStore = field(kw_only=True)

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for model in models(op):
            for inner in list(model.block.ops):
                if isinstance(inner, nn.TensorOp) and (value := passed_on(inner, self.weights)) is not None:
                    forward(inner, value)
