"""Writes bounds (Clip, ReLU6, Max and Min with constants) with the one bound that hls4ml has, ReLU.

%1 = nn.maximum @lower(%x, %zero)        =>   %1 = nn.relu @lower %x
%2 = nn.minimum @upper(%1, %six)              %a = nn.subtract @upper_room(%six, %1)
                                              %b = nn.relu @upper_relu %a
                                              %2 = nn.subtract @upper(%six, %b)

max(x, c) = relu(x - c) + c and min(x, c) = c - relu(c - x) hold exactly in fixed point too, as long as the
differences fit into the type. A bound that ReLU implies already (at most 0 below) vanishes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from split4ml.dialects import nn
from split4ml.passes.nn_layer_attributes import is_non_negative
from split4ml.passes.nn_rewriting import array_of, forward, fresh_name, models, replace
from split4ml.passes.weights import WeightStore


@dataclass(frozen=True)
class ReluFromBounds(ModulePass):
    """Turn maxima and minima with constants into ReLUs between additions."""

    name = "relu-from-bounds"
    weights: WeightStore = field(kw_only=True)

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for model in models(op):
            for inner in list(model.block.ops):
                if isinstance(inner, nn.MaximumOp | nn.MinimumOp):
                    self._rewrite(inner, inner.left, inner.right)

    def _rewrite(self, op: nn.MaximumOp | nn.MinimumOp, data: SSAValue, bound: SSAValue) -> None:
        limit = array_of(bound, self.weights)
        if limit is None:
            data, bound = bound, data
            limit = array_of(bound, self.weights)
        if limit is None or nn.shape_of(data) != op.shape:
            return
        lower = isinstance(op, nn.MaximumOp)
        if lower and not np.any(limit > 0) and is_non_negative(data):
            forward(op, data)
        elif lower and not np.any(limit):
            replace(op, nn.ReluOp(op.symbol, data, onnx=op.onnx_names))
        else:
            left, right = (data, bound) if lower else (bound, data)
            room = self._before(op, nn.SubtractOp(fresh_name(op, f"{op.symbol}_room"), left, right))
            relu = self._before(op, nn.ReluOp(fresh_name(op, f"{op.symbol}_relu"), room))
            last = nn.AddOp if lower else nn.SubtractOp
            operands = (relu, bound) if lower else (bound, relu)
            replace(op, last(op.symbol, *operands, onnx=op.onnx_names))

    @staticmethod
    def _before(op: nn.TensorOp, new: nn.TensorOp) -> SSAValue:
        new.properties.update({"onnx": op.onnx} if op.onnx is not None else {})
        new.result.name_hint = new.symbol
        assert op.parent is not None
        op.parent.insert_op_before(new, op)
        return new.result
