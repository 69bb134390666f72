"""Computes operators all of whose operands are constants.

%w = nn.constant @w "sha256:…" : tensor<10x64xf32>
%t = nn.transpose @t %w order [1, 0] : …            =>   %t = nn.constant @t "sha256:…" : tensor<64x10xf32>
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from split4ml.dialects import nn
from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.nn_base import typed
from split4ml.passes.nn_numpy import evaluate
from split4ml.passes.nn_rewriting import array_of, is_constant, models, replace
from split4ml.passes.weights import WeightStore

MOVING = (nn.ReshapeOp, nn.FlattenOp, nn.TransposeOp, nn.IdentityOp)
"""What changes no element, so that those of a quantised constant keep their type."""


@dataclass(frozen=True)
class FoldConstants(ModulePass):
    """Replace operators on constants by constants, computed in double precision."""

    name = "fold-constants"
    weights: WeightStore = field(kw_only=True)

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for model in models(op):
            for inner in list(model.block.ops):  # in order of execution, so one walk folds chains
                if (
                    isinstance(inner, nn.TensorOp)
                    and inner.operands
                    and all(map(is_constant, inner.operands))
                ):
                    self._fold(inner)

    def _fold(self, op: nn.TensorOp) -> None:
        arrays = [array for value in op.operands if (array := array_of(value, self.weights)) is not None]
        result = evaluate(op, arrays)
        if not np.all(np.isfinite(result.astype(np.float32))):
            raise Split4mlError("this constant is not finite", where=f"@{op.symbol}")
        new = nn.ConstantOp(op.symbol, self.weights.put(result), op.shape)
        if isinstance(op, nn.QuantizeOp):
            new.types = typed({"result": op.precision})
        elif isinstance(op, MOVING) and isinstance(op.operands[0].owner, nn.ConstantOp):
            new.types = op.operands[0].owner.types
        replace(op, new)
