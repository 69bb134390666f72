"""Element types with which hls4ml's layers compute exactly, from the values their operands can hold.

Each rule is for one kind of op and returns the grid of its result and hls4ml's types of what is inside. Where exactness has no
finite width (a scale that is no fixed-point number, a mean of three) the error is bounded, and stated as a note.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil, frexp, log2, prod

import numpy as np
from xdsl.ir import SSAValue

from split4ml.dialects import nn
from split4ml.dialects.precision import Precision
from split4ml.passes.grid import Grid, weighted
from split4ml.passes.next_quantiser import affine_of, deciding, needed_lsb
from split4ml.passes.nn_layer_weights import convolution_weights
from split4ml.passes.nn_rewriting import Doubles, array_of
from split4ml.passes.weights import WeightStore

Types = dict[str, Precision]

GUARD = 12
"""Bits below the last bit of the next quantiser to which a scale that is no fixed-point number is exact."""
RELATIVE = 20
"""Bits below the largest value, if no quantiser follows."""
EXACT = 18
"""Up to this width, constants that are no quantised ones have a type that holds them exactly."""
BIAS = 16
"""Bits that a bias may have below the products it is added to."""


@dataclass(frozen=True)
class Typed:
    """grid: of the result, exact. types: by hls4ml's names. array: a new bias, if the old one was replaced by an equivalent.
    error: bound of what was rounded, in the result's units; 0 if nothing was."""

    grid: Grid
    types: Types = field(default_factory=dict)
    bias: Doubles | None = None
    error: float = 0.0


@dataclass(frozen=True)
class Rules:
    """grids: of the values so far; default: the configured type, of what has no other."""

    grids: dict[SSAValue, Grid]
    weights: WeightStore
    default: Precision

    def of(self, op: nn.TensorOp) -> Typed | None:
        """None for an op whose result is not known exactly: it has the configured type."""
        for kind, rule in _RULES.items():
            if isinstance(op, kind):
                return rule(self, op)
        return None

    # --- layers with weights ---------------------------------------------------------------------------------

    def linear(self, op: nn.ConvOp | nn.DenseOp) -> Typed | None:
        kernel = array_of(op.weight, self.weights)
        if kernel is None or (element := self._constant(op.weight, kernel)) is None:
            return None
        data = self.grids[op.data]
        if isinstance(op, nn.ConvOp):
            rows = kernel.reshape(kernel.shape[0], -1)
            data = data.with_zero() if any(nn.numbers(op.pads)) else data
            filled = convolution_weights(kernel, op.groups, op.dilation)[1]
        else:
            rows, filled = kernel.T, kernel
        bias = array_of(op.bias, self.weights) if op.bias is not None else None
        products = weighted(rows, data)
        grid, new, error = products, None, 0.0
        types = {"weight": as_weight(Grid.of_array(filled), element), "bias": as_weight(Grid(0, 0, 0))}
        if bias is not None:
            new, error = self._bias(op, bias, products.lsb)
            used = bias if new is None else new
            types["bias"] = as_weight(Grid.of_array(used))
            grid = weighted(rows, data, used)
        types["accum"] = (grid | products.with_zero()).element()
        return Typed(grid, types, new, error)

    def _constant(self, value: SSAValue, array: Doubles) -> Precision | None:
        """The type of a weight that is quantised, or that a narrow type holds exactly."""
        element = Grid.of_array(array).element()
        quantised = isinstance(value.owner, nn.ConstantOp) and value.owner.types is not None
        return element if quantised or element.width <= EXACT else None

    def _bias(self, op: nn.TensorOp, bias: Doubles, lsb: int) -> tuple[Doubles | None, float]:
        """A shorter bias with which the layer computes the same, or nearly so with the bound of the error."""
        if Grid.of_array(bias).lsb >= lsb:
            return None, 0.0
        quantiser = deciding(op.result, self.weights)
        if quantiser is not None:
            # Sums differ by multiples of the last bit: below that, all that counts is whether there is something.
            step = 2.0 ** min(lsb, -quantiser.fraction - 1)
            floors = np.floor(bias / step) * step
            return np.where(bias > floors, floors + step / 2, floors), 0.0
        step = 2.0 ** (lsb - BIAS)
        if Grid.of_array(bias).lsb >= lsb - BIAS:
            return None, 0.0
        new = np.round(bias / step) * step
        return new, float(np.abs(new - bias).max())

    def affine(self, op: nn.TensorOp) -> Typed | None:
        form = affine_of(op, self.weights)
        if form is None:
            return None
        data = self.grids[form.data]
        largest = max(abs(data.low), abs(data.high), 1)
        span = frexp(float(np.abs(form.scale).max()) or 1.0)[1] + largest.bit_length() + data.lsb
        needed = needed_lsb(op.result, self.weights)
        least = needed - GUARD if needed is not None else span - RELATIVE
        scale, off_scale = approximated(form.scale, least - largest.bit_length() - data.lsb)
        bias, off_bias = approximated(form.bias, least - 1)
        grid = weighted(scale.reshape(-1, 1), data, bias.reshape(-1))
        types = {"scale": as_weight(Grid.of_array(scale)), "bias": as_weight(Grid.of_array(bias))}
        if off_scale:
            types["scale"] = _rounding(types["scale"])
        if off_bias:
            types["bias"] = _rounding(types["bias"])
        error = off_scale * largest * 2.0**data.lsb + off_bias
        return Typed(grid, types, None, error)

    # --- two operands ----------------------------------------------------------------------------------------

    def binary(self, op: nn.BinaryOp) -> Typed | None:
        if any(array_of(value, self.weights) is not None for value in op.operands):
            return self.affine(op)
        left, right = (self.grids[value] for value in op.operands)
        match op:
            case nn.AddOp():
                return Typed(left + right)
            case nn.SubtractOp():
                return Typed(left - right)
            case nn.MultiplyOp():
                return Typed(left * right)
            case nn.AverageOp():
                return Typed((left + right).shifted(-1))
            case nn.MaximumOp() | nn.MinimumOp():
                return Typed(left | right)
            case _:
                return None

    def concat(self, op: nn.ConcatOp) -> Typed:
        return Typed(_joined([self.grids[value] for value in op.inputs]))

    # --- elementwise -----------------------------------------------------------------------------------------

    def relu(self, op: nn.ReluOp) -> Typed:
        return Typed(self.grids[op.data].clipped(0))

    def leaky(self, op: nn.LeakyReluOp) -> Typed:
        alpha = np.array([op.alpha.value.data])
        return self._sloped(op, op.data, alpha)

    def prelu(self, op: nn.PReluOp) -> Typed | None:
        slope = array_of(op.right, self.weights)
        return self._sloped(op, op.left, slope.reshape(-1)) if slope is not None else None

    def _sloped(self, op: nn.TensorOp, value: SSAValue, slopes: Doubles) -> Typed:
        data = self.grids[value]
        largest = max(abs(data.low), 1)
        needed = needed_lsb(op.result, self.weights)
        span = frexp(float(np.abs(slopes).max()) or 1.0)[1] + largest.bit_length() + data.lsb
        least = needed - GUARD if needed is not None else span - RELATIVE
        slopes, off = approximated(slopes, least - largest.bit_length() - data.lsb)
        param = Grid.of_array(slopes)
        negative = Grid(min(data.low, 0), 0, data.lsb)
        grid = data.clipped(0) | negative * param
        element = _rounding(as_weight(param)) if off else as_weight(param)
        return Typed(grid, {"param": element}, None, off * largest * 2.0**data.lsb)

    def thresholded(self, op: nn.ThresholdedReluOp) -> Typed:
        data = self.grids[op.data]
        units = int(np.floor(np.ldexp(op.alpha.value.data, -data.lsb)))
        return Typed(data.with_zero(), {"param": as_weight(Grid(min(units, 0), max(units, 1), data.lsb))})

    # --- pools and shapes ------------------------------------------------------------------------------------

    def largest(self, op: nn.MaxPoolOp | nn.GlobalMaxPoolOp) -> Typed:
        data = self.grids[op.data]
        padded = isinstance(op, nn.MaxPoolOp) and any(nn.numbers(op.pads))
        data = data.with_zero() if padded else data
        return Typed(data, {"accum": data.element()})

    def mean(self, op: nn.AveragePoolOp | nn.GlobalAveragePoolOp) -> Typed:
        data = self.grids[op.data]
        if isinstance(op, nn.AveragePoolOp):
            count = prod(nn.numbers(op.kernel))
            data = data.with_zero() if any(nn.numbers(op.pads)) else data
        else:
            count = prod(nn.shape_of(op.data)[:-1])
        bits = ceil(log2(count))
        quantiser = deciding(op.result, self.weights)
        lsb, error = data.lsb - bits, 0.0
        if count != 2**bits:
            # The division rounds towards zero: with these bits never past a point where the quantiser's result changes.
            if quantiser is not None:
                lsb = min(data.lsb, -quantiser.fraction - 1) - bits - 1
            else:
                needed = needed_lsb(op.result, self.weights)
                lsb = min(data.lsb - bits - 8, data.lsb if needed is None else needed - GUARD)
                error = 2.0**lsb
        total = Grid(data.low * count, data.high * count, data.lsb).at(lsb)
        return Typed(data.at(lsb), {"accum": total.element()}, None, error)

    def same(
        self,
        op: nn.PadOp
        | nn.UpsampleOp
        | nn.ReshapeOp
        | nn.FlattenOp
        | nn.TransposeOp
        | nn.SliceOp
        | nn.ExpandOp,
    ) -> Typed:
        data = self.grids[op.data]
        return Typed(data.with_zero() if isinstance(op, nn.PadOp) else data)


def softmax_tables(op: nn.SoftmaxOp) -> Types:
    """hls4ml looks up exponents and inverses by the upper ten bits of types that hold up to 128 by default: these hold no more than
    there can be."""
    most = op.shape[op.axis.value.data].bit_length()
    return {
        "exp_table": Precision(18, 1, False, "RND", "SAT"),
        "inv_table": Precision(18, 1, False, "RND", "SAT"),
        "inv_inp": Precision(18, most, False, "RND", "SAT"),
        "accum": Precision(17 + most, most, False, "RND", "SAT"),
    }


def approximated(values: Doubles, lsb: int) -> tuple[Doubles, float]:
    """Numbers as fixed-point numbers, and the largest error: none if their own type is narrow, or no finer than `lsb`."""
    own = Grid.of_array(values)
    if own.lsb >= lsb or own.element().width <= EXACT:
        return values, 0.0
    step = 2.0**lsb
    rounded = np.floor(values / step + 0.5) * step
    return rounded, float(np.abs(rounded - values).max())


def as_weight(grid: Grid, declared: Precision | None = None) -> Precision:
    """A type of constants. hls4ml takes one bit for a sign, and two bits with sign for -1, 0 and 1."""
    element = declared or grid.element()
    if element.width == 1 or (element.width == element.integer == 2 and grid.low == -2):
        width = element.width + 1
        return Precision(width, width - element.fraction, element.signed)
    return element


def _rounding(element: Precision) -> Precision:
    """The same type with constants rounded to nearest rather than down, one bit wider for what is rounded up."""
    return Precision(element.width + 1, element.integer + 1, element.signed, "RND", "SAT")


def _joined(grids: list[Grid]) -> Grid:
    joined = grids[0]
    for grid in grids[1:]:
        joined |= grid
    return joined


_RULES: dict[type[nn.TensorOp], Callable[..., Typed | None]] = {
    nn.ConvOp: Rules.linear,
    nn.DenseOp: Rules.linear,
    nn.BatchNormOp: Rules.affine,
    nn.PReluOp: Rules.prelu,
    nn.BinaryOp: Rules.binary,
    nn.ConcatOp: Rules.concat,
    nn.ReluOp: Rules.relu,
    nn.LeakyReluOp: Rules.leaky,
    nn.ThresholdedReluOp: Rules.thresholded,
    nn.MaxPoolOp: Rules.largest,
    nn.GlobalMaxPoolOp: Rules.largest,
    nn.AveragePoolOp: Rules.mean,
    nn.GlobalAveragePoolOp: Rules.mean,
    nn.PadOp: Rules.same,
    nn.UpsampleOp: Rules.same,
    nn.ReshapeOp: Rules.same,
    nn.FlattenOp: Rules.same,
    nn.TransposeOp: Rules.same,
    nn.SliceOp: Rules.same,
    nn.ExpandOp: Rules.same,
}
