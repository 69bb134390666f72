"""Writes pools whose windows overlap, leave gaps, or have pads, with what hls4ml's streams can do.

%0 = nn.max_pool @pool %x kernel [3] strides [2]         =>   %a = nn.slice @pool_part %x from [0, 0] to [6, 4]
    pads [0, 0] : (tensor<7x4xf32>) -> tensor<3x4xf32>        %b = nn.max_pool @pool_half %a kernel [2] strides [2]
                                                              %c = nn.slice @pool_part_1 %x from [1, 0] to [7, 4]
                                                              %d = nn.max_pool @pool_half_1 %c kernel [2] strides [2]
                                                              %0 = nn.maximum @pool(%b, %d)

(In one dimension hls4ml can do this one itself.) hls4ml's streaming pools in two dimensions take no pads, and assert that windows and
strides are equal (`nnet_pooling_stream.h`).

Maxima are exact: a window is covered by smaller ones of the stride's size, along one axis after the other. Pads, which never win, are
zeros where the data cannot be negative, and the repeated edge where it can: the edge is in every window that reaches over it. A ReLU
that alone reads a padded pool of signed data moves before it, since both only ever choose.

Means are a depthwise convolution with weights of one over the window's size, rounded to 18 bits: exact if that is a power of two, and
to 2^-17 of the result otherwise. Where pads do not count, each mean is then multiplied by the window's size over what counts of it: one
constant each, or of a large image in bands of rows and columns, which are cut apart and joined again.
Runs behind `channels-last`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial, reduce
from itertools import groupby
from math import frexp, prod

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from split4ml.dialects import nn
from split4ml.dialects.nn_base import typed
from split4ml.dialects.precision import Precision
from split4ml.passes.nn_layer_attributes import error, is_non_negative, window_strides
from split4ml.passes.nn_parts import Pieces
from split4ml.passes.nn_rewriting import Doubles, constant, forward, models, only_user, replace
from split4ml.passes.weights import WeightStore

MOST = 1 << 12
"""Means of which each may have a constant of its own; more than these are taken in bands of rows and columns."""
WIDTH = 18
"""Bits of weights that are one over a window's size: the wider operand of the narrowest multiplier (DSP48E2: 27 x 18)."""


def offsets(kernel: int, stride: int) -> list[int]:
    """Where windows of `stride` elements start that cover one of `kernel`: [0, 2, 3] for 5 by 2."""
    return [*range(0, kernel - stride, stride), kernel - stride]


def _rounded(values: Doubles) -> tuple[Doubles, Precision]:
    """Positive numbers rounded to the type that they come with."""
    element = Precision(WIDTH, frexp(float(values.max()))[1] + 1)
    step = 2.0**-element.fraction
    return np.round(values / step) * step, element


def reciprocal(count: int) -> tuple[float, Precision]:
    """One over a count, rounded likewise."""
    share, element = _rounded(np.array(1 / count))
    return float(share), element


@dataclass(frozen=True)
class DecomposePools(ModulePass):
    """Write pools that hls4ml's streams do not have with those that they have."""

    name = "decompose-pools"
    weights: WeightStore = field(kw_only=True)

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for model in models(op):
            for inner in list(model.block.ops):
                if isinstance(inner, nn.PoolOp) and inner.channels_last is not None:
                    self._rewrite(inner)

    def _rewrite(self, op: nn.PoolOp) -> None:
        pads, kernel, strides = nn.numbers(op.pads), nn.numbers(op.kernel), window_strides(op)
        plain = len(kernel) == 1 or kernel == strides
        if isinstance(op, nn.AveragePoolOp):
            if not plain or (any(pads) and op.count_pads is None):
                self._mean(op)
            return
        if any(pads) and not is_non_negative(op.data):
            after = only_user(op.result)
            if isinstance(after, nn.ReluOp):
                op = _behind(op, after)
        if not plain or (any(pads) and not is_non_negative(op.data)):
            self._largest(op)

    def _largest(self, op: nn.PoolOp) -> None:
        pieces, data = Pieces(op), op.data
        kernel, strides, pads = nn.numbers(op.kernel), window_strides(op), nn.numbers(op.pads)
        dims = len(kernel)
        zeros = is_non_negative(data)
        for axis in reversed(
            range(dims)
        ):  # the last axis first: what it leaves out need not wait for another row
            row = _Row(pieces, data, axis, pads[axis], zeros)
            data = row.largest(kernel[axis], strides[axis], op.shape[axis])
        _put(op, data)

    def _mean(self, op: nn.AveragePoolOp) -> None:
        kernel, channels, lines = nn.numbers(op.kernel), op.shape[-1], counted(op)
        counts = reduce(np.multiply.outer, lines)
        if counts.min() < 1:
            raise error(op, "it has windows with no element but pads, of which there is no mean")
        even = bool(np.all(counts == counts.flat[0]))
        share, element = reciprocal(int(counts.flat[0]) if even else prod(kernel))
        taps = constant(op, f"{op.symbol}_share", np.full((channels, 1, *kernel), share), self.weights)

        def shares(name: str) -> nn.ConvOp:
            conv = nn.ConvOp(
                name,
                op.data,
                taps,
                None,
                strides=nn.numbers(op.strides),
                pads=nn.numbers(op.pads),
                group=channels,
                channels_last=True,
                onnx=op.onnx_names,
            )
            conv.types = typed({**(op.element_types if even else {}), "weight": element})
            return conv

        if even:
            replace(op, shares(op.symbol))
            return
        pieces = Pieces(op)
        total = pieces.emit("sum", shares)
        if prod(op.shape) > MOST:
            for axis, line in enumerate(lines):
                total = self._banded(pieces, total, axis, kernel[axis] / line)
            _put(op, total)
            return
        ratios, scale = _rounded(prod(kernel) / counts)
        factor = constant(op, f"{op.symbol}_ratio", ratios[..., np.newaxis], self.weights)
        ratio = nn.MultiplyOp(op.symbol, total, factor, onnx=op.onnx_names)
        ratio.types = typed({**op.element_types, "scale": scale})
        replace(op, ratio)

    def _banded(self, pieces: Pieces, data: SSAValue, axis: int, ratios: Doubles) -> SSAValue:
        """Rows (or columns) times one ratio each: stretches of the same ratio apart, and then together again."""
        parts, start = [], 0
        for ratio, stretch in groupby(ratios):
            end = start + len(list(stretch))
            part = pieces.part(data, axis, start, end)
            parts.append(part if ratio == 1 else self._scaled(pieces, part, float(ratio)))
            start = end
        if len(parts) == 1:
            return parts[0]
        return pieces.emit("bands", lambda name: nn.ConcatOp(name, parts, axis))

    def _scaled(self, pieces: Pieces, data: SSAValue, ratio: float) -> SSAValue:
        rounded, scale = _rounded(np.array(ratio))
        factor = constant(pieces.op, f"{pieces.op.symbol}_ratio", rounded, self.weights)

        def scaled(name: str) -> nn.MultiplyOp:
            new = nn.MultiplyOp(name, data, factor)
            new.types = typed({"scale": scale})
            return new

        return pieces.emit("band", scaled)


def _put(op: nn.PoolOp, data: SSAValue) -> None:
    """Takes an op's place, under its name."""
    last, symbol = data.owner, op.sym_name
    assert isinstance(last, nn.TensorOp)
    forward(op, data)
    last.properties["sym_name"] = symbol
    last.result.name_hint = symbol.data


def _behind(pool: nn.PoolOp, relu: nn.ReluOp) -> nn.PoolOp:
    """The pool moved behind the ReLU that alone reads it; each keeps its name."""
    types = relu.types if relu.types is not None else pool.types
    before = nn.ReluOp(relu.symbol, pool.data, onnx=relu.onnx_names)
    before.types = types
    before.result.name_hint = relu.symbol
    assert pool.parent is not None
    pool.parent.insert_op_before(before, pool)
    after = type(pool).create(
        operands=[before.result], properties=dict(pool.properties), result_types=[pool.result.type]
    )
    after.types = types
    replace(pool, after)
    forward(relu, after.result)
    return after


@dataclass(frozen=True, eq=False)
class _Row:
    """Data along one axis, with `pads` elements before it: zeros, or the first element again."""

    pieces: Pieces
    data: SSAValue
    axis: int
    pads: int
    zeros: bool

    def part(self, start: int, end: int, step: int = 1) -> SSAValue:
        """Elements `start` to before `end`, counted with the pads; those beyond the data are pads too."""
        size = nn.shape_of(self.data)[self.axis]
        first, last = start - self.pads, end - self.pads
        inside = self.pieces.part(self.data, self.axis, max(0, first), min(size, last))
        extend = self.pieces.padded if self.zeros else self.pieces.with_edges
        whole = extend(inside, self.axis, max(0, -first), max(0, last - size))
        return self.pieces.part(whole, self.axis, 0, end - start, step)

    def largest(self, kernel: int, stride: int, count: int) -> SSAValue:
        """The maxima of `count` windows."""
        if stride > kernel:
            reach = (count - 1) * stride + 1
            taps = [self.part(first, first + reach, stride) for first in range(kernel)]
            return self.pieces.joined("largest", nn.MaximumOp, taps)
        parts = [self.part(first, first + count * stride) for first in offsets(kernel, stride)]
        if stride > 1:
            parts = [self.pieces.emit("half", partial(self._pool, part, stride)) for part in parts]
        return self.pieces.joined("largest", nn.MaximumOp, parts)

    def _pool(self, data: SSAValue, stride: int, name: str) -> nn.MaxPoolOp:
        window = [stride if other == self.axis else 1 for other in range(len(nn.shape_of(data)) - 1)]
        pads = [0, 0] * len(window)
        return nn.MaxPoolOp(name, data, kernel=window, strides=window, pads=pads, channels_last=True)


def counted(op: nn.AveragePoolOp) -> list[Doubles]:
    """By axis, how many elements along it every window's mean is of: all of the window's if pads count."""
    kernel, strides, pads = nn.numbers(op.kernel), nn.numbers(op.strides), nn.numbers(op.pads)
    found = []
    for axis, size in enumerate(nn.shape_of(op.data)[:-1]):
        first = np.arange(op.shape[axis]) * strides[axis] - pads[axis]
        inside = np.minimum(size, first + kernel[axis]) - np.maximum(0, first)
        found.append(np.full(inside.shape, kernel[axis]) if op.count_pads is not None else inside)
    return [values.astype(np.float64) for values in found]
