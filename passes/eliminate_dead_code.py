"""Removes operators and constants that no output depends on; inputs stay, since they are the user's.

%b = nn.constant @b "sha256:…" : tensor<4xf32>     =>
%0 = nn.relu @unused %x : tensor<8xf32>
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from split4ml.dialects import nn
from split4ml.passes.nn_rewriting import models


@dataclass(frozen=True)
class EliminateDeadCode(ModulePass):
    """Remove what no output depends on."""

    name = "eliminate-dead-code"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for model in models(op):
            for inner in reversed(list(model.block.ops)):  # users before what they use
                if (
                    isinstance(inner, nn.TensorOp)
                    and not isinstance(inner, nn.InputOp)
                    and not inner.result.uses
                ):
                    model.block.erase_op(inner)
