"""Recognises means and maxima over all of space as global pooling.

%0 = nn.reduce_mean @mean %x axes [1, 2] keep   =>   %0 = nn.global_average_pool @mean %x
                                                     %1 = nn.reshape @mean_keep %0
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from split4ml.dialects import nn
from split4ml.passes.nn_rewriting import fresh_name, models, replace


def layout(op: nn.TensorOp) -> bool | None:
    """Whether channels are last, if the op reduces all of space; else None."""
    if isinstance(op, nn.ReduceOp):
        rank, axes = len(nn.shape_of(op.data)), nn.numbers(op.axes)
        if rank in (2, 3) and axes == tuple(range(1, rank)):
            return False
        return True if rank in (2, 3) and axes == tuple(range(rank - 1)) else None
    if isinstance(op, nn.PoolOp):
        last = op.channels_last is not None
        shape = nn.shape_of(op.data)
        space = shape[:-1] if last else shape[1:]
        return last if nn.numbers(op.kernel) == space and not any(nn.numbers(op.pads)) else None
    return None


@dataclass(frozen=True)
class GlobalPoolFromReduce(ModulePass):
    """Turn means and maxima over all of space into global pooling."""

    name = "global-pool-from-reduce"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for model in models(op):
            for inner in list(model.block.ops):
                if isinstance(inner, nn.ReduceOp | nn.PoolOp):
                    self._rewrite(inner)

    def _rewrite(self, op: nn.ReduceOp | nn.PoolOp) -> None:
        last = layout(op)
        if last is None or isinstance(op, nn.ReduceSumOp):
            return
        largest = isinstance(op, nn.ReduceMaxOp | nn.MaxPoolOp)
        kind = nn.GlobalMaxPoolOp if largest else nn.GlobalAveragePoolOp
        pool = kind(op.symbol, op.data, channels_last=last, onnx=op.onnx_names)
        if pool.shape == op.shape:
            replace(op, pool)
            return
        name = fresh_name(op, f"{op.symbol}_keep")
        pool.result.name_hint = pool.symbol
        assert op.parent is not None
        op.parent.insert_op_before(pool, op)
        replace(op, nn.ReshapeOp(name, pool.result, op.shape))
