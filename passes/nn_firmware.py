"""What hls4ml's kernel for an operator of `nn` computes, in fixed point, as enclosures (passes/fixed/).

    nn.dense @fc(%x, %w, %b), with types weight = fixed<8,1>, accum = …, result = …   and what %x is
        =>   for every element of the result, the least and the greatest that the firmware can have

The operators' own meaning (which element goes where) is stated here once more, apart from passes/nn_numpy.py and from
the lowering to hls4ml's layers, so that each can be checked by the other. All frames at once: arrays have them first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod

import numpy as np
from xdsl.ir import SSAValue

from split4ml.dialects import nn
from split4ml.dialects.precision import Precision
from split4ml.passes.fixed import pooling, tables
from split4ml.passes.fixed.enclosure import Enclosure, Watch, combined, fit, product
from split4ml.passes.fixed.grid import Floats, quantized
from split4ml.passes.fixed.linear import Accumulator, constants, scaled, sum_of_products
from split4ml.passes.fixed.softmax import IMPLEMENTATIONS, Softmax, softmax
from split4ml.passes.next_quantiser import affine_of
from split4ml.passes.nn_firmware_recurrent import beyond_doubles, gru, lstm
from split4ml.passes.nn_rewriting import Doubles, array_of
from split4ml.passes.weights import WeightStore

TERNARY = Precision(2, 2)

WHOLE_BITS = 64
"""More than any sum of products has before its point."""


class NotModelled(Exception):
    """The kernel's arithmetic is not known here. The text says what of it."""


@dataclass(frozen=True, eq=False)
class Kernel:
    """How hls4ml computes one operator.

    types:      element types by role: `result`, `weight`, `accum`, … (hls4ml's names without `_t`).
    operands:   element types of the operands that are data.
    attributes: hls4ml's own, such as `table_size` and `implementation`.
    strategy, reuse_factor: in which order products are added.
    after:      (scale, bias) per channel of scale layers that hls4ml has merged into this one, in order.
    """

    types: Mapping[str, Precision]
    operands: Sequence[Precision]
    weights: WeightStore
    attributes: Mapping[str, int | str] = field(default_factory=dict)
    strategy: str | None = "latency"
    reuse_factor: int = 1
    watch: Watch = field(default_factory=Watch)
    after: tuple[tuple[Doubles, Doubles], ...] = ()

    def type(self, role: str) -> Precision:
        if role not in self.types:
            raise NotModelled(f"the type of its {role} is not known")
        return self.types[role]

    @property
    def table_size(self) -> int:
        return int(self.attributes.get("table_size", 1024))


def computed(
    op: nn.TensorOp, kernel: Kernel, data: Sequence[Enclosure], merged: Sequence[nn.TensorOp] = ()
) -> Enclosure:
    """The result's enclosure; `kernel.watch` then holds what overflowed.

    data: of the operands that are no constants, in order, [frames, *shape]. merged: operators after `op` that the same
    kernel computes. Raises NotModelled.
    """
    model = _MODELS.get(type(op))
    if model is None:
        raise NotModelled(f"the arithmetic of {op.name} is not modelled")
    after = []
    takes = isinstance(op, nn.DenseOp | nn.ConvOp) or (merged and affine_of(op, kernel.weights) is not None)
    for other in merged:
        if (affine := affine_of(other, kernel.weights)) is None or not takes:
            raise NotModelled(f"{other.name} and {op.name} in one kernel are not modelled")
        after.append((affine.scale, affine.bias))
    found = model(op, replace(kernel, after=tuple(after)), *data)
    return fit(found, kernel.type("result"), "result", kernel.watch)


def is_modelled(op: nn.TensorOp) -> bool:
    """Whether there is a model of its kernel at all."""
    return type(op) in _MODELS


def _constant(kernel: Kernel, value: SSAValue, role: str) -> Doubles:
    array = array_of(value, kernel.weights)
    if array is None:
        raise NotModelled(f"its {role} is no constant")
    return array


def _weight_and_bias(op: nn.ConvOp | nn.DenseOp, kernel: Kernel, outputs: int) -> tuple[Floats, Floats]:
    """As the firmware has them. outputs: the axis of the weight that counts them."""
    weight = np.moveaxis(_constant(kernel, op.weight, "weight"), outputs, -1)
    bias = np.zeros(op.shape[-1]) if op.bias is None else _constant(kernel, op.bias, "bias")
    for scale, offset in kernel.after:
        weight, bias = scale * weight, scale * bias + offset
    weight = constants(np.moveaxis(weight, -1, outputs), kernel.type("weight"))
    if kernel.type("weight") == TERNARY and np.any(weight < -1):
        raise NotModelled("hls4ml takes weights of two bits for -1, 0 and 1")
    return weight, constants(bias, kernel.type("bias"))


def _accumulator(kernel: Kernel, inputs: int) -> Accumulator:
    """The order of `dense_latency`, and of the functions of `nnet_dense_resource.h`."""
    if kernel.strategy == "distributed_arithmetic":
        return Accumulator(_all_bits(kernel))
    order = tuple(range(inputs))
    if kernel.strategy == "resource" and kernel.reuse_factor < inputs:
        order = tuple(sorted(order, key=lambda row: (row % kernel.reuse_factor, row)))
    elif kernel.strategy not in ("latency", "resource"):
        return Accumulator(kernel.type("accum"))
    return Accumulator(kernel.type("accum"), order)


def _all_bits(kernel: Kernel) -> Precision:
    """A type for sums of which no bit is lost: adders are as wide as what they add needs."""
    product = kernel.operands[0].fraction + kernel.type("weight").fraction
    fraction = max(product, kernel.type("bias").fraction, 0)
    return Precision(WHOLE_BITS + fraction, WHOLE_BITS)


def _products(kernel: Kernel, data: Enclosure, weights: Floats, bias: Floats) -> Enclosure:
    """data: [positions, inputs]."""
    return sum_of_products(
        data,
        kernel.operands[0],
        weights,
        kernel.type("weight"),
        bias,
        _accumulator(kernel, len(weights)),
        kernel.watch,
    )


def _dense(op: nn.DenseOp, kernel: Kernel, data: Enclosure) -> Enclosure:
    rows = data.map(lambda x: x.reshape(-1, x.shape[-1]))
    found = _products(kernel, rows, *_weight_and_bias(op, kernel, 1))
    return found.map(lambda x: x.reshape(-1, *op.shape))


def _conv(op: nn.ConvOp, kernel: Kernel, data: Enclosure) -> Enclosure:
    if op.channels_last is None:
        raise NotModelled("its data is channels-first")
    weight, bias = _weight_and_bias(op, kernel, 0)
    padded = data.map(lambda x: _padded(x, nn.numbers(op.pads), 0.0))
    parts = []
    for group in range(op.groups):
        # output x input x kernel becomes (kernel, input) x output: the order of hls4ml's windows
        matrix = np.split(weight, op.groups)[group]
        matrix = np.moveaxis(matrix, (0, 1), (-1, -2)).reshape(-1, len(matrix))

        def rows(x: Floats, group: int = group, inputs: int = len(matrix)) -> Floats:
            part = np.split(x, op.groups, axis=-1)[group]
            view = _windows(part, weight.shape[2:], nn.numbers(op.strides), op.dilation)
            return view.reshape(-1, inputs)

        parts.append(_products(kernel, padded.map(rows), matrix, np.split(bias, op.groups)[group]))
    joined = parts[0] if len(parts) == 1 else combined(parts, lambda *each: np.concatenate(each, axis=-1))
    return joined.map(lambda x: x.reshape(-1, *op.shape))


def _padded(data: Floats, pads: Sequence[int], value: float) -> Floats:
    """Around the axes of space, which stand between frames and channels."""
    rank = data.ndim - 2
    around = [(pads[axis], pads[rank + axis]) for axis in range(rank)]
    return np.pad(data, [(0, 0), *around, (0, 0)], constant_values=value)


def _windows(
    data: Floats, kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int] | None = None
) -> Floats:
    """[frames, *space, channels] to [frames, *output space, *kernel, channels]."""
    rank = data.ndim - 2
    dilations = dilations or (1,) * rank
    reach = [(size - 1) * spread + 1 for size, spread in zip(kernel, dilations, strict=True)]
    view = np.lib.stride_tricks.sliding_window_view(data, reach, tuple(range(1, rank + 1)))
    view = view[
        (slice(None), *(slice(None, None, s) for s in strides), slice(None))
        + tuple(slice(None, None, d) for d in dilations)
    ]
    return np.moveaxis(view, rank + 1, -1)


def _affine(op: nn.TensorOp, kernel: Kernel, data: Enclosure) -> Enclosure:
    found = affine_of(op, kernel.weights)
    if found is None:
        raise NotModelled("it is no scale and bias per channel")
    scale, bias = found.scale, found.bias
    for factor, offset in kernel.after:
        scale, bias = scale * factor, factor * bias + offset
    return scaled(data, constants(scale, kernel.type("scale")), constants(bias, kernel.type("bias")))


def _binary(
    function: Callable[[Enclosure, Enclosure], Enclosure],
) -> Callable[..., Enclosure]:
    """Of two streams, or of one and a constant, which is a scale layer."""

    def model(op: nn.BinaryOp, kernel: Kernel, *data: Enclosure) -> Enclosure:
        return function(*data) if len(data) == 2 else _affine(op, kernel, *data)

    return model


def _monotone(function: Callable[..., Floats]) -> Callable[[Enclosure, Enclosure], Enclosure]:
    return lambda left, right: combined([left, right], function)


def _prelu(op: nn.PReluOp, kernel: Kernel, data: Enclosure) -> Enclosure:
    slope = constants(_constant(kernel, op.right, "slope"), kernel.type("param"))
    slope = np.broadcast_to(slope, op.shape)
    return _bent(data, product(data, Enclosure.of(slope)))


def _bent(data: Enclosure, below: Enclosure) -> Enclosure:
    """The data where it is positive, else `below`."""
    if data.exact and below.exact:
        return Enclosure.of(np.where(data.low > 0, data.low, below.low))
    sure, possible = data.low > 0, data.high > 0
    low = np.where(sure, data.low, np.where(possible, np.minimum(below.low, 0), below.low))
    high = np.where(sure, data.high, np.where(possible, np.maximum(data.high, below.high), below.high))
    return Enclosure(low, high)


def _parameter(op: nn.SlopedOp, kernel: Kernel) -> float:
    """hls4ml writes it as Python prints it, and C++ converts it."""
    return float(quantized(np.array(op.alpha.value.data), kernel.type("param")))


def _leaky_relu(op: nn.LeakyReluOp, kernel: Kernel, data: Enclosure) -> Enclosure:
    return _bent(data, product(data, Enclosure.of(np.array(_parameter(op, kernel)))))


def _thresholded_relu(op: nn.ThresholdedReluOp, kernel: Kernel, data: Enclosure) -> Enclosure:
    theta = _parameter(op, kernel)
    return data.map(lambda x: np.where(x > theta, x, 0.0))


def _elu(op: nn.EluOp, kernel: Kernel, data: Enclosure) -> Enclosure:
    table = tables.negative(data, 1.0, kernel.table_size, kernel.type("table"), kernel.watch)
    below = product(table, Enclosure.of(np.array(_parameter(op, kernel))))
    return combined([data.map(lambda x: np.maximum(x, 0)), below], lambda above, under: above + under)


def _selu(op: nn.SeluOp, kernel: Kernel, data: Enclosure) -> Enclosure:
    scale = tables.SELU_SCALE
    slope = float(quantized(np.array(scale), kernel.operands[0]))
    below = tables.negative(
        data, scale * tables.SELU_ALPHA, kernel.table_size, kernel.type("table"), kernel.watch
    )
    above = product(data.map(lambda x: np.maximum(x, 0)), Enclosure.of(np.array(slope)))
    return combined([above, below], lambda one, other: one + other)


def _table(op: nn.ElementwiseOp, kernel: Kernel, data: Enclosure) -> Enclosure:
    function = op.name.removeprefix("nn.")
    return tables.symmetric(data, function, kernel.table_size, kernel.type("table"), kernel.watch)


def _softmax(op: nn.SoftmaxOp, kernel: Kernel, data: Enclosure) -> Enclosure:
    if op.axis.value.data != len(op.shape) - 1:
        raise NotModelled("its axis is not the last one")
    implementation = str(kernel.attributes.get("implementation", "stable"))
    if implementation not in IMPLEMENTATIONS:
        raise NotModelled(f"the arithmetic of its {implementation} implementation is not modelled")
    sizes = {key: int(value) for key, value in kernel.attributes.items() if key.endswith("table_size")}
    how = Softmax.of(kernel.operands[0], kernel.types, implementation, sizes)
    return softmax(data, how, kernel.watch)


def _pool_windows(op: nn.PoolOp, data: Enclosure) -> Enclosure:
    """[frames, *output space, channels, kernel]. Pads are zeros, as the lowering has them."""
    if op.channels_last is None:
        raise NotModelled("its data is channels-first")
    kernel = nn.numbers(op.kernel)

    def windows(x: Floats) -> Floats:
        view = _windows(_padded(x, nn.numbers(op.pads), 0.0), kernel, nn.numbers(op.strides))
        space = view.shape[1 : 1 + len(kernel)]
        flat = view.reshape(len(x), *space, prod(kernel), x.shape[-1])
        return np.moveaxis(flat, -1, -2)

    return data.map(windows)


def _max_pool(op: nn.MaxPoolOp, kernel: Kernel, data: Enclosure) -> Enclosure:
    return pooling.largest(_pool_windows(op, data), kernel.type("accum"), kernel.watch)


def _average_pool(op: nn.AveragePoolOp, kernel: Kernel, data: Enclosure) -> Enclosure:
    if any(nn.numbers(op.pads)) and op.count_pads is None:
        raise NotModelled("its windows are of different sizes")
    return pooling.mean(_pool_windows(op, data), kernel.type("accum"), kernel.watch)


def _all_of_space(op: nn.GlobalPoolOp, data: Enclosure) -> Enclosure:
    if op.channels_last is None:
        raise NotModelled("its data is channels-first")
    return data.map(lambda x: np.moveaxis(x.reshape(len(x), -1, x.shape[-1]), -1, -2))


def _global_average_pool(op: nn.GlobalAveragePoolOp, kernel: Kernel, data: Enclosure) -> Enclosure:
    return pooling.mean(_all_of_space(op, data), kernel.type("accum"), kernel.watch, everything=True)


def _global_max_pool(op: nn.GlobalMaxPoolOp, kernel: Kernel, data: Enclosure) -> Enclosure:
    return pooling.largest(_all_of_space(op, data), kernel.type("accum"), kernel.watch)


def _pad(op: nn.PadOp, kernel: Kernel, data: Enclosure) -> Enclosure:
    pads = nn.numbers(op.pads)
    rank = len(op.shape)
    around = [(0, 0), *((pads[axis], pads[rank + axis]) for axis in range(rank))]
    return data.map(lambda x: np.pad(x, around))


def _upsample(op: nn.UpsampleOp, kernel: Kernel, data: Enclosure) -> Enclosure:
    def repeated(x: Floats) -> Floats:
        for axis, scale in enumerate(nn.numbers(op.scales), start=1 if op.channels_last is not None else 2):
            x = x.repeat(scale, axis)
        return x

    return data.map(repeated)


def _slice(op: nn.SliceOp, kernel: Kernel, data: Enclosure) -> Enclosure:
    part = tuple(map(slice, nn.numbers(op.starts), nn.numbers(op.ends), op.step))
    return data.map(lambda x: x[(slice(None), *part)])


def _concat(op: nn.ConcatOp, kernel: Kernel, *data: Enclosure) -> Enclosure:
    axis = op.axis.value.data + 1
    return combined(data, lambda *parts: np.concatenate(parts, axis))


def _transpose(op: nn.TransposeOp, kernel: Kernel, data: Enclosure) -> Enclosure:
    order = (0, *(axis + 1 for axis in nn.numbers(op.order)))
    return data.map(lambda x: x.transpose(order))


def _recurrent(op: nn.LstmOp | nn.GruOp, kernel: Kernel, data: Enclosure) -> Enclosure:
    if beyond_doubles(kernel):
        raise NotModelled("products of its gates have more than 53 bits")
    return lstm(op, kernel, data) if isinstance(op, nn.LstmOp) else gru(op, kernel, data)


def _embedding(op: nn.EmbeddingOp, kernel: Kernel, data: Enclosure) -> Enclosure:
    if not data.exact:
        raise NotModelled("its indices are not known")
    table = constants(_constant(kernel, op.table, "table"), kernel.type("embeddings"))
    rows = np.zeros((1 << max(1, (len(table) - 1).bit_length()), table.shape[1]))
    rows[: len(table)] = table
    return Enclosure.of(rows[data.low.astype(np.int64)])


def _reshape(op: nn.ReshapeOp | nn.FlattenOp, kernel: Kernel, data: Enclosure) -> Enclosure:
    return data.map(lambda x: x.reshape(len(x), *op.shape))


_MODELS: dict[type[nn.TensorOp], Callable[..., Enclosure]] = {
    nn.ConvOp: _conv,
    nn.DenseOp: _dense,
    nn.BatchNormOp: _affine,
    nn.IdentityOp: lambda op, kernel, data: data,
    nn.QuantizeOp: lambda op, kernel, data: data,
    nn.ReluOp: lambda op, kernel, data: data.map(lambda x: np.maximum(x, 0.0)),
    nn.SigmoidOp: _table,
    nn.TanhOp: _table,
    nn.SoftplusOp: _table,
    nn.SoftsignOp: _table,
    nn.LeakyReluOp: _leaky_relu,
    nn.EluOp: _elu,
    nn.SeluOp: _selu,
    nn.ThresholdedReluOp: _thresholded_relu,
    nn.PReluOp: _prelu,
    nn.SoftmaxOp: _softmax,
    nn.AddOp: _binary(_monotone(lambda left, right: left + right)),
    nn.SubtractOp: _binary(lambda left, right: combined([left, -right], lambda one, other: one + other)),
    nn.MultiplyOp: _binary(product),
    nn.MaximumOp: _binary(_monotone(np.maximum)),
    nn.MinimumOp: _binary(_monotone(np.minimum)),
    nn.AverageOp: _binary(_monotone(lambda left, right: (left + right) / 2)),
    nn.MaxPoolOp: _max_pool,
    nn.AveragePoolOp: _average_pool,
    nn.GlobalAveragePoolOp: _global_average_pool,
    nn.GlobalMaxPoolOp: _global_max_pool,
    nn.PadOp: _pad,
    nn.UpsampleOp: _upsample,
    nn.ConcatOp: _concat,
    nn.SliceOp: _slice,
    nn.ExpandOp: lambda op, kernel, data: data.map(lambda x: np.broadcast_to(x, (len(x), *op.shape))),
    nn.TransposeOp: _transpose,
    nn.EmbeddingOp: _embedding,
    nn.LstmOp: _recurrent,
    nn.GruOp: _recurrent,
    nn.ReshapeOp: _reshape,
    nn.FlattenOp: _reshape,
}
