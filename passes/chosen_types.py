"""Element types of a network's layers, from widths that somebody chose and the ranges that were seen.

    @fc: result of 10 bits, weights of 8; its results range from -3.1 to 2.7
        =>   result fixed<10,3,RND,SAT>, weight fixed<8,1,RND,SAT>, bias and accum such that no sum is rounded or overflows

Integer bits come from ranges, fractional bits are what is left of the width. Results and constants are rounded to nearest and saturate;
sums are exact. What only moves numbers keeps their type.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import frexp

import numpy as np
from xdsl.ir import SSAValue

from split4ml.dialects import nn
from split4ml.dialects.precision import Precision
from split4ml.passes.fixed.grid import quantized
from split4ml.passes.grid import Grid, weighted
from split4ml.passes.next_quantiser import affine_of
from split4ml.passes.nn_firmware import is_modelled
from split4ml.passes.nn_rewriting import Doubles, array_of
from split4ml.passes.propagate_types import COPYING, TABLES
from split4ml.passes.type_rules import Rules, softmax_tables
from split4ml.passes.weights import WeightStore

Types = dict[str, Precision]
Range = tuple[float, float]

LARGEST = (nn.MaxPoolOp, nn.GlobalMaxPoolOp)
DERIVED = (*COPYING, *LARGEST, nn.IdentityOp, nn.ReluOp, nn.ConcatOp)
"""Their types follow from those of their data without loss: nothing is chosen."""
LINEAR = (nn.ConvOp, nn.DenseOp)
BENT = (nn.LeakyReluOp, nn.PReluOp, nn.EluOp, nn.ThresholdedReluOp)
MEANS = (nn.AveragePoolOp, nn.GlobalAveragePoolOp)
LEAST_WIDTH = 3
"""hls4ml takes weights of one and two bits for those of binary and ternary networks."""
DEFAULT = Precision(16, 6)
"""Of what is not typed here: hls4ml is configured with it."""


@dataclass(frozen=True)
class Widths:
    """Bits by operator: of its result, and of its constants. Both include the sign."""

    result: Mapping[str, int] = field(default_factory=dict)
    constants: Mapping[str, int] = field(default_factory=dict)


def is_typed(op: nn.TensorOp) -> bool:
    """Whether it is known what is inside; types of others are left as configured."""
    known = is_modelled(op) and not isinstance(op, nn.RecurrentOp | nn.EmbeddingOp)
    return isinstance(op, nn.InputOp) or known


def has_result_width(op: nn.TensorOp) -> bool:
    return is_typed(op) and not isinstance(op, (*DERIVED, nn.QuantizeOp))


def has_constants_width(op: nn.TensorOp, weights: WeightStore) -> bool:
    """Not if a pass has stated the type of what it wrote itself: of weights of zeros and ones, and of one over a number of elements."""
    if {"weight", "scale"}.intersection(op.element_types):
        return False
    return is_typed(op) and (isinstance(op, (*LINEAR, *BENT)) or affine_of(op, weights) is not None)


@dataclass
class Typing:
    """Visits operators in order. ranges: of every tensor, with the margin. elements: types of the tensors so far."""

    weights: WeightStore
    ranges: Mapping[SSAValue, Range]
    widths: Widths
    elements: dict[SSAValue, Precision] = field(default_factory=dict)
    given: Mapping[SSAValue, Precision] = field(default_factory=dict)
    """Types of results that are not chosen (`of_lstms`)."""

    def visit(self, op: nn.TensorOp, accumulators: bool = True) -> Types:
        """The types of one operator. accumulators: without, those of sums are only wide enough."""
        if not is_typed(op):
            self.elements[op.result] = op.element_types.get("result", DEFAULT)
            return dict(op.element_types)
        types = dict(op.element_types)
        if "result" not in types:
            types = {**self._types(op, accumulators), **types}
            if op.result in self.given:
                types["result"] = self.given[op.result]
        if isinstance(op, nn.QuantizeOp):
            types["result"] = op.precision
        self.elements[op.result] = types["result"]
        return types

    def _types(self, op: nn.TensorOp, accumulators: bool) -> Types:
        if isinstance(op, DERIVED):
            return self._derived(op)
        result = covering(self.ranges[op.result], self.widths.result[op.symbol])
        if isinstance(op, LINEAR):
            return {"result": result, **self._linear(op, accumulators)}
        if (form := affine_of(op, self.weights)) is not None:
            stated = op.element_types.get("scale")
            return {
                "result": result,
                "scale": stated or holding(form.scale, self.widths.constants[op.symbol]),
                "bias": aligned_to(form.bias, result.fraction + 2),
            }
        types = {"result": result}
        if isinstance(op, BENT):
            values = np.array([op.alpha.value.data]) if isinstance(op, nn.SlopedOp) else self._slope(op)
            types["param"] = holding(values, self.widths.constants[op.symbol])
        if isinstance(op, TABLES):
            types["table"] = result
        if isinstance(op, nn.SoftmaxOp):
            types |= softmax_tables(op)
        if isinstance(op, MEANS):
            grids = {op.data: Grid.of(self.elements[op.data])}
            types["accum"] = Rules(grids, self.weights, result).mean(op).types["accum"]
        return types

    def _slope(self, op: nn.PReluOp) -> Doubles:
        slope = array_of(op.right, self.weights)
        return np.ones(1) if slope is None else slope

    def _derived(self, op: nn.TensorOp) -> Types:
        data = [self.elements[value] for value in op.operands]
        if isinstance(op, nn.ReluOp):
            return {"result": _positive(data[0], self.ranges[op.result])}
        if isinstance(op, nn.ConcatOp):
            return {"result": _union(data)}
        plain = Precision(data[0].width, data[0].integer, data[0].signed)
        # a copy is never rounded: without the words for it, the C++ has nothing to do
        if isinstance(op, LARGEST):
            return {"result": data[0], "accum": plain}
        return {"result": data[0]}

    def _linear(self, op: nn.ConvOp | nn.DenseOp, accumulators: bool) -> Types:
        kernel = array_of(op.weight, self.weights)
        assert kernel is not None  # the lowering says it otherwise
        data = self.elements[op.data]
        stated = op.element_types.get("weight")
        weight = stated or holding(kernel, self.widths.constants[op.symbol])
        bias = array_of(op.bias, self.weights) if op.bias is not None else None
        fraction = data.fraction + weight.fraction
        types = {"weight": weight, "bias": Precision(LEAST_WIDTH, LEAST_WIDTH)}
        if bias is not None:
            types["bias"] = aligned_to(bias, fraction)
        if not accumulators:
            types["accum"] = Precision(max(fraction, 0) + 64, 64)
            return types
        grid = Grid.of(data)
        if isinstance(op, nn.ConvOp):
            rows = kernel.reshape(kernel.shape[0], -1)
            grid = grid.with_zero() if any(nn.numbers(op.pads)) else grid
        else:
            rows = kernel.T
        held = quantized(rows, weight)
        products = weighted(held, grid)
        total = products
        if bias is not None:
            total = weighted(held, grid, quantized(bias, types["bias"]))
        types["accum"] = (total | products.with_zero()).element()
        return types


def of_lstms(ops: Iterable[nn.TensorOp]) -> dict[SSAValue, Precision]:
    """Results that an LSTM reads, whatever moves them on the way: hls4ml's kernel (`nnet_recurrent.h`) multiplies its data and its
    states, which have the type of its results, by one function."""
    found: dict[SSAValue, Precision] = {}
    for op in ops:
        if isinstance(op, nn.LstmOp):
            waiting = [op.data]
            while waiting:
                value = waiting.pop()
                if isinstance(value.owner, (*COPYING, *LARGEST, nn.IdentityOp, nn.ConcatOp)):
                    waiting += value.owner.operands
                else:
                    found[value] = op.element_types.get("result", DEFAULT)
    return found


UNREACHED = 1024
"""No number of a network has such an exponent."""


def integer_bits(reach: Range) -> tuple[int, bool]:
    """The fewest bits before the point, and whether one of them is a sign. May be negative."""
    low, high = reach
    signed = low < 0
    exponent = max(
        frexp(high)[1] if high > 0 else -UNREACHED,
        (frexp(-low)[1] - _is_power(low)) if signed else -UNREACHED,
    )
    if exponent == -UNREACHED:
        return 1, signed
    return exponent + signed, signed


def _is_power(low: float) -> bool:
    """-2**k, which the type with a sign and k bits more holds."""
    return frexp(-low)[0] == 0.5


def covering(reach: Range, width: int) -> Precision:
    """A type of so many bits for a range: rounds to nearest, and saturates beyond."""
    integer, signed = integer_bits(reach)
    return Precision(width, integer, signed, "RND", "SAT")


def holding(values: Doubles, width: int) -> Precision:
    """A type of at most so many bits for constants, the largest of which is rounded, not saturated by more than half a step. Bits that
    are 0 in all of them are left out."""
    width = max(width, LEAST_WIDTH)
    reach = (float(values.min(initial=0.0)), float(values.max(initial=0.0)))
    precision = covering((min(reach[0], -abs(reach[1]) * 1e-9), reach[1]), width)
    extremes = np.array(reach)
    half = float(np.ldexp(0.5, -precision.fraction))
    if np.any(np.abs(quantized(extremes, precision) - extremes) > half):
        precision = replace(precision, integer=precision.integer + 1)
    units = np.ldexp(quantized(values, precision), precision.fraction).astype(np.int64)
    used = int(np.bitwise_or.reduce(units, axis=None)) if units.size else 0
    spare = (used & -used).bit_length() - 1 if used else width
    return replace(precision, width=max(LEAST_WIDTH, width - spare))


def aligned_to(values: Doubles, fraction: int) -> Precision:
    """A type for constants that are added: of so many bits after the point, and as many before it as they need."""
    reach = (float(values.min(initial=0.0)), float(values.max(initial=0.0)))
    integer, _ = integer_bits((min(reach[0], -abs(reach[1]) * 1e-9), reach[1]))
    integer = max(integer + 1, LEAST_WIDTH - fraction)  # one for what is rounded up
    return Precision(integer + fraction, integer, True, "RND", "SAT")


def _positive(data: Precision, reach: Range) -> Precision:
    """The type of a ReLU's result: no sign, and no more bits before the point than its range has. Exact but beyond that range."""
    integer = min(integer_bits((0.0, reach[1]))[0], data.integer - data.signed)
    width = max(1, integer + data.fraction)
    return Precision(width, width - data.fraction, False, "TRN", "SAT")


def _union(parts: list[Precision]) -> Precision:
    """Holds every value of each."""
    signed = any(part.signed for part in parts)
    integer = max(part.integer + (signed and not part.signed) for part in parts)
    fraction = max(part.fraction for part in parts)
    return Precision(max(1, integer + fraction), integer, signed)
