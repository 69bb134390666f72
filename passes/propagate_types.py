"""Turns the quantisers of a model into element types of its layers, and infers those with which all else is exact.

    %x = nn.input @x of "x" : tensor<4xf32>                %x = nn.input @x of "x" types {result = "fixed<8,1,RND_CONV,SAT>"} …
    %0 = nn.quantize @q %x to fixed<8,1,RND_CONV,SAT>      %1 = nn.dense @fc(%x, %w) types {result = "ufixed<4,1,RND_CONV,SAT>",
    %1 = nn.dense @fc(%0, %w)                          =>          weight = "fixed<3,1>", bias = "uint<2>", accum = "fixed<13,4>"}
    %2 = nn.quantize @r %1 to ufixed<4,1,RND_CONV,SAT>

A layer rounds to the type of the quantiser after it, if that is its only user. Accumulators and results without a quantiser
hold every value exactly that the layer can compute: from the range of its data and the values of its weights. What cannot be
exact is bounded, and noted. What is not quantised has the configured type. A model without quantisers is left alone. See
docs/quantised.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import floor, frexp, log2

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from split4ml.dialects import nn
from split4ml.dialects.nn_base import typed
from split4ml.dialects.precision import Precision
from split4ml.passes.grid import Grid
from split4ml.passes.interfaces import Notes
from split4ml.passes.next_quantiser import affine_of
from split4ml.passes.nn_rewriting import (
    constant,
    forward,
    fresh_name,
    is_quantised,
    models,
    only_user,
)
from split4ml.passes.nn_rewriting import (
    replace as put,
)
from split4ml.passes.type_rules import GUARD, Rules, Typed, softmax_tables
from split4ml.passes.weights import WeightStore

COPYING = (nn.PadOp, nn.UpsampleOp, nn.ReshapeOp, nn.FlattenOp, nn.TransposeOp, nn.SliceOp, nn.ExpandOp)
"""Their results have the type of their data: hls4ml copies, or does nothing."""
TABLES = (
    nn.SigmoidOp,
    nn.TanhOp,
    nn.SoftmaxOp,
    nn.SoftplusOp,
    nn.SoftsignOp,
    nn.EluOp,
    nn.SeluOp,
)
"""What hls4ml looks up."""
MOST_BITS = 64
"""Elements of streams that are converted from and to numbers."""


@dataclass(frozen=True)
class PropagateTypes(ModulePass):
    """Turn quantisers into element types of layers, and infer the types that make all else exact.

    default: the element type of what the model does not quantise.
    """

    name = "propagate-types"
    default: str = "fixed<16,6>"
    weights: WeightStore = field(kw_only=True)
    notes: Notes = field(kw_only=True)

    def __post_init__(self) -> None:
        Precision.parse(self.default)

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for model in models(op):
            if is_quantised(model):
                _Walk(self.weights, self.notes, Precision.parse(self.default)).run(model)


@dataclass(frozen=True)
class Inexact:
    """error: bound, in the units of the layer's result; steps: the same in those of the quantiser after it, if there is one."""

    name: str
    error: float
    steps: float | None


class _Walk:
    def __init__(self, weights: WeightStore, notes: Notes, default: Precision) -> None:
        self.weights, self.notes, self.default = weights, notes, default
        self.grids: dict[SSAValue, Grid] = {}
        self.elements: dict[SSAValue, Precision | None] = {}
        """Types of streams; None: as configured."""
        self.rules = Rules(self.grids, weights, default)
        self.inexact: list[Inexact] = []
        self.tables: list[str] = []
        self.plain: list[str] = []

    def run(self, model: nn.ModelOp) -> None:
        op = model.block.first_op
        while op is not None:
            following = op.next_op
            if isinstance(op, nn.BipolarOp):  # two ops in its place, of which the second comes next
                sign = self._signed(op, self.grids[op.data])
                op = only_user(sign.result)
                self._quantize(sign)
                continue
            if isinstance(op, nn.SoftmaxOp):
                self._softmax(op)
            if isinstance(op, nn.TensorOp):
                self._visit(op)
            op = op.next_op if op.parent is not None else following
        if self.tables:
            self.notes.note(f"hls4ml looks up in tables, which is not exact: {_listed(self.tables)}")
        for quantised in (True, False):
            if some := [item for item in self.inexact if (item.steps is not None) == quantised]:
                self.notes.note(_described(some))
        if self.plain:
            self.notes.note(
                f"layers that are not quantised have the configured types, {self.default} by default:"
                f" {_listed(self.plain)}"
            )

    def _visit(self, op: nn.TensorOp) -> None:
        match op:
            case nn.ConstantOp():
                pass
            case nn.InputOp():
                self._input(op)
            case nn.QuantizeOp():
                self._quantize(op)
            case _ if (found := self.rules.of(op)) is not None:
                self._typed(op, found)
            case _:
                (self.tables if isinstance(op, TABLES) else self.plain).append(op.symbol)
                self._configured(op)

    # --- the result ------------------------------------------------------------------------------------------

    def _known(self, value: SSAValue, element: Precision | None, grid: Grid) -> None:
        self.elements[value] = element
        self.grids[value] = grid

    def _fused(self, op: nn.TensorOp, grid: Grid) -> nn.QuantizeOp | None:
        """The quantiser whose type the op's result takes."""
        if isinstance(op, COPYING):
            return None
        user = only_user(op.result)
        while isinstance(user, COPYING):  # quantising before copying, or between zeros, is the same
            user = only_user(user.result)
        if isinstance(user, nn.BipolarOp):
            return self._signed(user, grid)
        return user if isinstance(user, nn.QuantizeOp) else None

    def _absorb(self, op: nn.TensorOp, quantiser: nn.QuantizeOp) -> None:
        names = (*op.onnx_names, *(n for n in quantiser.onnx_names if n not in op.onnx_names))
        op.onnx = nn.origin(names)
        forward(quantiser, quantiser.data)

    def _state(self, op: nn.TensorOp, types: dict[str, Precision]) -> None:
        merged = {**types, **op.element_types}
        op.types = typed(merged)

    def _configured(self, op: nn.TensorOp) -> None:
        """A layer of which only the result's type is known, if a quantiser follows."""
        stated = op.element_types.get("result")
        grid = Grid.of(stated or self.default)
        quantiser = self._fused(op, grid)
        if quantiser is None:
            self._known(op.result, stated, grid)
            return
        self._state(op, {"result": quantiser.precision})
        self._absorb(op, quantiser)
        self._known(op.result, quantiser.precision, Grid.of(quantiser.precision))

    def _typed(self, op: nn.TensorOp, found: Typed) -> None:
        if found.bias is not None and isinstance(op, nn.ConvOp | nn.DenseOp):
            assert op.bias is not None
            op.operands[2] = constant(op, f"{op.symbol}_bias", found.bias, self.weights)
        if isinstance(op, COPYING):
            element = self.elements[op.operands[0]]
            if element is not None:
                self._state(op, {"result": element})
            self._known(op.result, element, found.grid)
            return
        quantiser = self._fused(op, found.grid)
        if quantiser is not None:
            element = quantiser.precision
            self._absorb(op, quantiser)
            error = found.error
        else:
            element, error = _stream(found)
        if error:
            step = 2.0**-element.fraction
            self.inexact.append(Inexact(op.symbol, error, error / step if quantiser is not None else None))
        self._state(op, {**found.types, "result": element})
        element = op.element_types["result"]
        self._known(op.result, element, found.grid.quantised(element))

    # --- what has rules of its own ---------------------------------------------------------------------------

    def _input(self, op: nn.InputOp) -> None:
        stated = op.element_types.get("result")
        users = [use.operation for use in op.result.uses]
        elements = {user.precision for user in users if isinstance(user, nn.QuantizeOp)}
        if stated is None and len(elements) == 1 and all(isinstance(u, nn.QuantizeOp) for u in users):
            stated = elements.pop()
            self._state(op, {"result": stated})
            for user in users:
                assert isinstance(user, nn.QuantizeOp)
                self._absorb(op, user)
        if stated is None:
            wide = self._scaled_input(op)
            stated = wide or self.default
            self._state(op, {"result": stated})
            why = (
                "no type has its scale and zero point"
                if wide is not None
                else "the model does not quantise it"
            )
            self.notes.note(f"the input @{op.symbol} is {stated}, since {why}")
        self._known(op.result, stated, Grid.of(stated))

    def _scaled_input(self, op: nn.InputOp) -> Precision | None:
        """For an input that is quantised by a scale that is no power of two, or with a zero point that moves the rounding: wide
        enough to find the same integers."""
        low = high = 0.0
        lsb = 0
        for use in op.result.uses:
            user, factor, shift = use.operation, 1.0, 0.0
            while isinstance(user, nn.TensorOp) and (form := affine_of(user, self.weights)) is not None:
                factor, shift = (
                    factor * float(form.scale[0]),
                    shift * float(form.scale[0]) + float(form.bias[0]),
                )
                user = only_user(user.result)
            if not isinstance(user, nn.QuantizeOp) or factor <= 0:
                return None
            grid = Grid.of(user.precision)
            low = min(low, ((grid.low - 1) * 2.0**grid.lsb - shift) / factor)
            high = max(high, ((grid.high + 1) * 2.0**grid.lsb - shift) / factor)
            lsb = min(lsb, grid.lsb - GUARD - frexp(factor)[1])
        integer = frexp(max(-low, high))[1] + (low < 0)
        return Precision(integer - lsb, integer, low < 0, "RND", "SAT")

    def _quantize(self, op: nn.QuantizeOp) -> None:
        """One that no layer takes along: nothing if it changes nothing, else a layer of its own."""
        data = self.grids[op.data]
        if data.within(Grid.of(op.precision)):
            self._known(op.result, self.elements[op.data], data)
            element = self.elements[op.data]
            grid = data
            forward(op, op.data)
            self._known(op.data, element, grid)
            return
        self._known(op.result, op.precision, data.quantised(op.precision))

    def _softmax(self, op: nn.SoftmaxOp) -> None:
        """hls4ml subtracts in a type of one bit less than its data's: room for the differences."""
        data, element = self.grids[op.data], self.elements[op.data] or self.default
        room = Grid(
            min(data.low, data.low - data.high, -1), max(data.high, data.high - data.low), data.lsb
        ).element()
        if not element.signed or element.integer < room.integer:
            integer = max(room.integer, element.integer + (not element.signed))
            wide = Precision(integer + max(element.fraction, 0), integer)
            layer = op.data.owner
            if isinstance(layer, nn.TensorOp) and only_user(op.data) is op and element.saturation == "WRAP":
                layer.types = typed({**layer.element_types, "result": wide})
            else:
                room_op = nn.QuantizeOp(
                    fresh_name(op, f"{op.symbol}_room"), op.data, wide, onnx=op.onnx_names
                )
                room_op.result.name_hint = room_op.symbol
                assert op.parent is not None
                op.parent.insert_op_before(room_op, op)
                op.operands[0] = room_op.result
            self._known(op.data, wide, data)
        self._state(op, softmax_tables(op))

    def _signed(self, op: nn.BipolarOp, grid: Grid) -> nn.QuantizeOp:
        """Writes it as the sign bit, a type of one bit that holds -2**k or 0, over 2**(k - 1) and plus one."""
        top = max(grid.high.bit_length(), (-grid.low - 1).bit_length()) + grid.lsb
        element = Precision(1, top + 1)
        sign = nn.QuantizeOp(fresh_name(op, f"{op.symbol}_sign"), op.data, element, onnx=op.onnx_names)
        sign.result.name_hint = sign.symbol
        assert op.parent is not None
        op.parent.insert_op_before(sign, op)
        channels = op.shape[-1] if op.shape else 1
        parts = {
            "scale": np.full(channels, 2.0 ** (1 - top)),
            "bias": np.ones(channels),
            "mean": np.zeros(channels),
            "variance": np.ones(channels),
        }
        values = [constant(op, f"{op.symbol}_{name}", array, self.weights) for name, array in parts.items()]
        put(
            op,
            nn.BatchNormOp(
                op.symbol,
                sign.result,
                values[0],
                values[1],
                values[2],
                values[3],
                epsilon=0.0,
                channels_last=True,
                onnx=op.onnx_names,
            ),
        )
        return sign


def _stream(found: Typed) -> tuple[Precision, float]:
    """The type of a result without quantiser, and the error with what the type itself rounds."""
    grid, error = found.grid, found.error
    lsb = floor(log2(error)) if error else grid.lsb
    width = grid.element().width
    lsb = max(lsb, grid.lsb + width - MOST_BITS)
    if lsb <= grid.lsb:
        return grid.element(), error
    cut = replace(grid.element(), width=width + grid.lsb - lsb)
    return replace(cut, rounding="RND", saturation="SAT"), error + 2.0 ** (lsb - 1)


def _described(items: list[Inexact]) -> str:
    names = _listed([item.name for item in items])
    if (steps := [item.steps for item in items if item.steps is not None]) and len(steps) == len(items):
        bound = f"before it is quantised, a result is off by at most {max(steps):.1g} of a step"
    else:
        bound = f"a result is off by at most {max(item.error for item in items):.1g}"
    return f"factors or means that are no fixed-point numbers are rounded; {bound}: {names}"


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"@{name}" for name in names[:8])
    return shown + (f" and {len(names) - 8} more" if len(names) > 8 else "")
