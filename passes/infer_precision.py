"""Gives every layer element types, from the ranges of its numbers and a bound of the outputs' errors.

    %0 = nn.dense @fc(%x, %w, %b) : …
        =>   %0 = nn.dense @fc(%x, %w, %b) types {result = "fixed<9,3,RND,SAT>", weight = "fixed<7,1,RND,SAT>", bias = …, accum = …} : …

The sample inputs are profiled, integer bits are those of the ranges with a margin, and widths are searched with an exact model of
the firmware until the largest error of every output is within the bound (passes/precision_search.py). Sums are exact whatever the data. The module says what was reached:

    attributes {split4ml.precision = {bound = 0.01, errors = [0.0083], frames = 360, uniform = 9, sample = "given"}}

Types that an operator states already stay. A quantised model has its own: it is left alone. See docs/precision.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeGuard

from xdsl.context import Context
from xdsl.dialects.builtin import (
    ArrayAttr,
    DictionaryAttr,
    FloatAttr,
    IntegerAttr,
    ModuleOp,
    StringAttr,
    UnitAttr,
    f64,
)
from xdsl.ir import Attribute, Operation
from xdsl.passes import ModulePass

from split4ml.dialects import nn
from split4ml.dialects.nn_base import typed
from split4ml.passes.chosen_types import is_typed
from split4ml.passes.interfaces import Notes, Samples
from split4ml.passes.nn_rewriting import is_quantised, models
from split4ml.passes.precision_search import Found, search
from split4ml.passes.propagate_types import TABLES
from split4ml.passes.weights import WeightStore

ATTRIBUTE = "split4ml.precision"
"""Of the module: what was reached."""


@dataclass(frozen=True)
class InferPrecision(ModulePass):
    """Choose element types by the ranges of sample data, such that the error of every output is within a bound.

    max_error: the bound, as a share of the output's range. margin: ranges are taken so many times as wide as they were seen.
    """

    name = "infer-precision"
    max_error: float = 0.01
    margin: float = 1.25
    weights: WeightStore = field(kw_only=True)
    samples: Samples = field(kw_only=True)
    notes: Notes = field(kw_only=True)

    def __post_init__(self) -> None:
        if not 0 < self.max_error <= 1:
            raise ValueError(f"max-error is {self.max_error:g}, but must be a share above 0 and up to 1")
        if not 1 <= self.margin <= 1024:
            raise ValueError(f"margin is {self.margin:g}, but must be between 1 and 1024")

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for model in models(op):
            if is_quantised(model):
                self.notes.note("the model is quantised: its own precisions hold, and none are searched")
                continue
            inputs, outputs, random = self.samples.samples(model)
            found = search(model, self.weights, inputs, outputs, self.max_error, self.margin)
            for inner in model.block.ops:
                if isinstance(inner, nn.TensorOp) and inner.symbol in found.types:
                    inner.types = typed(found.types[inner.symbol])
            op.attributes[ATTRIBUTE] = _attribute(model, found, self.max_error, random)
            self._tell(model, found, random)

    def _tell(self, model: nn.ModelOp, found: Found, random: bool) -> None:
        if random:
            self.notes.note(
                "precisions are those of random inputs; for the ranges of real data, give some (--input)"
            )
        if unknown := [op.symbol for op in model.block.ops if _computes(op) and not is_typed(op)]:
            names = ", ".join(f"@{name}" for name in unknown[:8])
            self.notes.note(
                f"precisions of {names} are as configured, and their errors not in what was searched"
            )
        if found.met:
            return
        worst = max(found.error.values())
        tables = [
            op.symbol
            for op in model.block.ops
            if isinstance(op, (*TABLES, nn.SoftmaxOp)) and isinstance(op, nn.TensorOp)
        ]
        why = f"; hls4ml looks up in tables: {', '.join(f'@{name}' for name in tables[:8])}" if tables else ""
        self.notes.note(
            f"no precision brings the error of every output within {self.max_error:.2%} of its range: it is {worst:.2%}, as"
            f" good as with any{why}"
        )


def _computes(op: Operation) -> TypeGuard[nn.TensorOp]:
    return isinstance(op, nn.TensorOp) and not isinstance(op, nn.ConstantOp)


def _attribute(model: nn.ModelOp, found: Found, bound: float, random: bool) -> DictionaryAttr:
    values: dict[str, Attribute] = {
        "bound": FloatAttr(bound, f64),
        "errors": ArrayAttr([FloatAttr(found.error[port.source.data], f64) for port in model.outputs]),
        "frames": IntegerAttr(found.frames, 64),
        "uniform": IntegerAttr(found.uniform, 64),
        "sample": StringAttr("random" if random else "given"),
    }
    if not found.met:
        values["missed"] = UnitAttr()
    return DictionaryAttr(values)
