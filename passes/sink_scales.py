"""Moves the scales of quantisers along the data until they meet, so that the layers between compute with integers.

    %0 = nn.multiply @s(%x, 0.1)                     =>   %1 = nn.dense @fc(%x, %w, %b')       b' = b / 0.1
    %1 = nn.dense @fc(%0, %w, %b)                         %2 = nn.relu @relu %1
    %2 = nn.relu @relu %1                                 %3 = nn.multiply @r(%2, 0.5)
    %3 = nn.multiply @r(%2, 5.0)                          %4 = nn.quantize @q %3 to int<8>
    %4 = nn.quantize @q %3 to int<8>

Exact in real numbers; factors are float32, and one that is a power of two, or a bias that is whole, up to the rounding of
float32 becomes that. A power of two in front of a quantiser goes into its type, so that networks whose scales are powers of two
end without any multiplication. A model without quantisers is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from split4ml.dialects import nn
from split4ml.passes.grid import Grid
from split4ml.passes.nn_rewriting import (
    Doubles,
    array_of,
    constant,
    forward,
    is_quantised,
    models,
    only_user,
)
from split4ml.passes.nn_rewriting import (
    replace as put,
)
from split4ml.passes.nn_scales import Scale, power_of_two, scale_of, scaled_after, snapped, whole_numbers
from split4ml.passes.weights import WeightStore

ELEMENTWISE = (nn.ReluOp, nn.LeakyReluOp, nn.PReluOp, nn.IdentityOp)
"""f(a x) = a f(x) for a > 0, of every element for itself."""
SPATIAL = (nn.MaxPoolOp, nn.AveragePoolOp, nn.PadOp, nn.UpsampleOp)
"""The same along space, of every channel for itself."""
ANYWHERE = (
    nn.ReduceMeanOp,
    nn.ReduceSumOp,
    nn.ReduceMaxOp,
    nn.ReshapeOp,
    nn.FlattenOp,
    nn.TransposeOp,
    nn.SliceOp,
    nn.ExpandOp,
)
"""The same for one factor of all elements."""


@dataclass(frozen=True)
class SinkScales(ModulePass):
    """Move the scales of quantisers along the data until they meet."""

    name = "sink-scales"
    weights: WeightStore = field(kw_only=True)

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for model in models(op):
            if is_quantised(model):
                while self._sweep(model):
                    pass

    def _sweep(self, model: nn.ModelOp) -> bool:
        """Every op once, in order, so that a scale gets all the way in one sweep; whether anything moved."""
        moved = False
        for op in list(model.block.ops):
            moved |= op.parent is not None and self._visit(op)
        return moved

    def _visit(self, op: object) -> bool:
        if not isinstance(op, nn.TensorOp) or not op.result.uses:
            return False
        for kinds, rule in _RULES:
            if isinstance(op, kinds):
                return rule(self, op)
        return False

    # --- scales that meet ------------------------------------------------------------------------------------

    def multiply(self, op: nn.MultiplyOp) -> bool:
        scale = scale_of(op.result, self.weights)
        if scale is None:
            return self._product(op)
        if np.all(scale.factor == 1):
            forward(op, scale.data)
            return True
        inner = scale_of(scale.data, self.weights)
        if inner is not None:
            factor = snapped(inner.factor * scale.factor)
            forward(op, scaled_after(op, inner.data, factor, self.weights, op.symbol).result)
            return True
        return scale.positive and self._into_norm(op, scale)

    def _product(self, op: nn.MultiplyOp) -> bool:
        """Of data and data."""
        sides = [scale_of(value, self.weights) or Scale(value, np.ones(1)) for value in op.operands]
        factors = [side.uniform for side in sides]
        if any(factor is None for factor in factors) or factors == [1.0, 1.0]:
            return False
        product = np.prod([factor for factor in factors if factor is not None])
        return self._rebuilt(op, [side.data for side in sides], np.array(product))

    def _into_norm(self, op: nn.MultiplyOp, scale: Scale) -> bool:
        """A normalisation before it, perhaps with a ReLU between, takes a factor along."""
        source, relu = scale.data, None
        if isinstance(source.owner, nn.ReluOp) and only_user(source) is op:
            relu, source = source.owner, source.owner.data
        norm = source.owner
        if not isinstance(norm, nn.BatchNormOp) or only_user(source) is not (relu or op):
            return False
        vector = _per_channel(scale.factor, norm)
        parts = [array_of(value, self.weights) for value in (norm.scale, norm.bias)]
        if vector is None or any(part is None for part in parts):
            return False
        names = (f"{norm.symbol}_scale", f"{norm.symbol}_bias")
        new = [
            constant(norm, name, part * vector, self.weights)
            for name, part in zip(names, parts, strict=True)
            if part is not None
        ]
        put(norm, _like(norm, [norm.data, *new, norm.mean, norm.variance]))
        forward(op, scale.data)
        return True

    def norm(self, op: nn.BatchNormOp) -> bool:
        """Scales before a normalisation are part of it: bn(a x) has another scale and mean."""
        before = scale_of(op.data, self.weights)
        vector = _per_channel(before.factor, op) if before is not None else None
        gamma, mean = (array_of(value, self.weights) for value in (op.scale, op.mean))
        if before is None or vector is None or gamma is None or mean is None:
            return False
        scale = constant(op, f"{op.symbol}_scale", gamma * vector, self.weights)
        centre = constant(op, f"{op.symbol}_mean", mean / vector, self.weights)
        put(op, _like(op, [before.data, scale, op.bias, centre, op.variance]))
        return True

    def bipolar(self, op: nn.BipolarOp) -> bool:
        before = scale_of(op.data, self.weights)
        if before is None or not before.positive:
            return False
        op.operands[0] = before.data
        return True

    def quantize(self, op: nn.QuantizeOp) -> bool:
        source = op.data.owner
        if isinstance(source, nn.QuantizeOp):
            return self._twice(op, source)
        before = scale_of(op.data, self.weights)
        power = power_of_two(before.uniform) if before is not None else None
        if before is None or power is None:
            return False
        try:
            element = replace(op.precision, integer=op.precision.integer - power)
        except ValueError:  # beyond the exponents of doubles
            return False
        new = nn.QuantizeOp(op.symbol, before.data, element, onnx=op.onnx_names)
        return self._followed(op, new, np.array(2.0**power))

    def _twice(self, op: nn.QuantizeOp, source: nn.QuantizeOp) -> bool:
        """Clipping what is quantised to the same grid is one quantiser, of the narrower range."""
        first, last = source.precision, op.precision
        clips = {first.saturation, last.saturation} <= {"SAT", "SAT_SYM"}
        if not clips or first.fraction != last.fraction or not Grid.of(last).within(Grid.of(first)):
            return False
        element = replace(last, rounding=first.rounding)
        put(op, nn.QuantizeOp(op.symbol, source.data, element, onnx=(*source.onnx_names, *op.onnx_names)))
        return True

    # --- scales that move ------------------------------------------------------------------------------------

    def _followed(self, op: nn.TensorOp, new: nn.TensorOp, factor: Doubles) -> bool:
        """Puts another op and a multiplication after it in place of an op."""
        assert op.parent is not None
        new.result.name_hint = new.symbol
        op.parent.insert_op_before(new, op)
        if np.all(factor == 1):
            forward(op, new.result)
            return True
        last = scaled_after(op, new.result, factor, self.weights)
        forward(op, last.result)
        return True

    def _rebuilt(self, op: nn.TensorOp, operands: Sequence[SSAValue], factor: Doubles) -> bool:
        return self._followed(op, _like(op, operands), factor)

    def alike(self, op: nn.TensorOp) -> bool:
        """What computes a multiple of its result from a multiple of its data."""
        before = scale_of(op.operands[0], self.weights)
        if before is None or not before.positive:
            return False
        factor = before.factor
        if before.uniform is not None:
            factor = np.array(before.uniform)
        elif isinstance(op, nn.GlobalPoolOp):
            vector = _along_channels(factor, nn.shape_of(op.data), 0 if op.channels_last is None else -1)
            if vector is None:
                return False
            factor = vector
        elif not isinstance(op, (*ELEMENTWISE, *SPATIAL)) or not _per_channel_of(op, factor):
            return False
        return self._rebuilt(op, [before.data, *op.operands[1:]], factor)

    def linear(self, op: nn.ConvOp | nn.DenseOp) -> bool:
        before = scale_of(op.data, self.weights)
        factor = before.uniform if before is not None else None
        if before is None or factor is None:
            return False
        operands = [before.data, op.weight]
        if op.bias is not None:
            bias = array_of(op.bias, self.weights)
            if bias is None:
                return False
            name = op.bias.owner.symbol if isinstance(op.bias.owner, nn.ConstantOp) else "bias"
            operands.append(constant(op, name, whole_numbers(bias / factor), self.weights))
        return self._rebuilt(op, operands, np.array(factor))

    def both(self, op: nn.BinaryOp) -> bool:
        """Sums and bounds: of two multiples by the same factor, or of one and a constant."""
        arrays = [array_of(value, self.weights) for value in op.operands]
        scales = [scale_of(value, self.weights) for value in op.operands]
        if isinstance(op, nn.AddOp) and isinstance(only_user(op.result), nn.QuantizeOp):
            for array, scale in zip(arrays, reversed(scales), strict=True):
                if array is not None and scale is not None:
                    return self._zero_point(op, scale, array)
        factors = [scale.uniform if scale is not None else None for scale in scales]
        known = [factor for factor in factors if factor is not None and factor > 0]
        if not known:
            return False
        if all(array is None for array in arrays):
            if len(known) < 2:
                return False
            least = min(known)
            operands = []
            for scale, factor in zip(scales, known, strict=True):
                assert scale is not None
                ratio = snapped(np.array(factor / least))
                operands.append(
                    scale.data if ratio == 1 else scaled_after(op, scale.data, ratio, self.weights).result
                )
            return self._rebuilt(op, operands, np.array(least))
        operands = []
        for array, scale in zip(arrays, scales, strict=True):
            if array is None:
                assert scale is not None
                operands.append(scale.data)
            else:
                other = whole_numbers(array / known[0])
                operands.append(constant(op, f"{op.symbol}_constant", other, self.weights))
        return self._rebuilt(op, operands, np.array(known[0]))

    def _zero_point(self, op: nn.AddOp, scale: Scale, shift: Doubles) -> bool:
        """Scale and zero point of a quantiser are one normalisation in front of it."""
        vectors = [_along_channels(array, op.shape, 0) for array in (scale.factor, shift)]
        if only_user(op.result) is None or any(vector is None for vector in vectors):
            return False
        channels = op.shape[0]
        parts = [*vectors, np.zeros(channels), np.ones(channels)]
        values = [
            constant(op, f"{op.symbol}_{name}", part, self.weights)
            for name, part in zip(("scale", "bias", "mean", "variance"), parts, strict=True)
            if part is not None
        ]
        put(op, nn.BatchNormOp(op.symbol, scale.data, *values, epsilon=0.0, onnx=op.onnx_names))
        return True

    def concat(self, op: nn.ConcatOp) -> bool:
        scales = [scale_of(value, self.weights) for value in op.inputs]
        factors = {scale.uniform if scale is not None else None for scale in scales}
        if len(factors) != 1 or (factor := factors.pop()) is None:
            return False
        return self._rebuilt(op, [scale.data for scale in scales if scale is not None], np.array(factor))


def _like(op: nn.TensorOp, operands: Sequence[SSAValue]) -> nn.TensorOp:
    """The same op on other operands."""
    return type(op).create(operands=operands, properties=dict(op.properties), result_types=[op.result.type])


def _along_channels(factor: Doubles, shape: nn.Shape, axis: int) -> Doubles | None:
    """The factor of every channel, if it differs along no other axis."""
    full = np.broadcast_to(factor.reshape((1,) * (len(shape) - factor.ndim) + factor.shape), shape)
    channels = np.moveaxis(full, axis, 0).reshape(shape[axis], -1)
    return channels[:, 0].copy() if np.all(channels == channels[:, :1]) else None


def _per_channel(factor: Doubles, op: nn.BatchNormOp) -> Doubles | None:
    return _along_channels(factor, op.shape, 0 if op.channels_last is None else -1)


def _per_channel_of(op: nn.TensorOp, factor: Doubles) -> bool:
    """Whether a factor may be applied after an op instead of before it."""
    if isinstance(op, ELEMENTWISE):
        return True
    last = getattr(op, "channels_last", None) is not None
    shape = nn.shape_of(op.operands[0])
    aligned = factor.reshape((1,) * (len(shape) - factor.ndim) + factor.shape).shape
    return all(size == 1 for axis, size in enumerate(aligned) if axis != (len(shape) - 1 if last else 0))


_RULES: Sequence[tuple[type | tuple[type, ...], Callable[..., bool]]] = (
    (nn.MultiplyOp, SinkScales.multiply),
    (nn.BatchNormOp, SinkScales.norm),
    (nn.QuantizeOp, SinkScales.quantize),
    (nn.BipolarOp, SinkScales.bipolar),
    ((*ELEMENTWISE, *SPATIAL, *ANYWHERE, nn.GlobalPoolOp), SinkScales.alike),
    ((nn.ConvOp, nn.DenseOp), SinkScales.linear),
    ((nn.AddOp, nn.SubtractOp, nn.MaximumOp, nn.MinimumOp, nn.AverageOp), SinkScales.both),
    (nn.ConcatOp, SinkScales.concat),
)
