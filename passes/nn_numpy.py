"""What the operators of `nn` compute, in numpy: for constant folding, and as a reference for tests.

Plain and in the data type of the operands; not fast.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from xdsl.ir import SSAValue

from split4ml.dialects import nn
from split4ml.passes.bits import dequantize, quantize
from split4ml.passes.weights import WeightStore

Array = npt.NDArray[Any]


def evaluate(op: nn.TensorOp, operands: Sequence[Array]) -> Array:
    """The result of an operator that has operands. Raises KeyError for one that has none (input, constant)."""
    return _EVALUATORS[type(op)](op, *operands)


def _sigmoid(x: Array) -> Array:
    return cast(Array, 1 / (1 + np.exp(-x)))


def _recurrent(step: Callable[..., tuple[Array, Array]]) -> Callable[..., Array]:
    """step: from the gates' parts of data and of state, state and cell to the next state and cell."""

    def run(op: nn.RecurrentOp, data: Array, weight: Array, recurrent: Array, *biases: Array) -> Array:
        state = cell = np.zeros(len(recurrent))
        states = []
        for row in data:
            state, cell = step(row @ weight + biases[0], state @ recurrent + biases[1], state, cell)
            states.append(state)
        return np.stack(states) if op.sequences is not None else state

    return run


def _lstm(data: Array, inner: Array, state: Array, cell: Array) -> tuple[Array, Array]:
    i, f, g, o = np.split(data + inner, 4)
    cell = _sigmoid(f) * cell + _sigmoid(i) * np.tanh(g)
    return _sigmoid(o) * np.tanh(cell), cell


def _gru(data: Array, inner: Array, state: Array, cell: Array) -> tuple[Array, Array]:
    (z, r, n), (inner_z, inner_r, inner_n) = np.split(data, 3), np.split(inner, 3)
    z, r = _sigmoid(z + inner_z), _sigmoid(r + inner_r)
    return (1 - z) * np.tanh(n + r * inner_n) + z * state, cell


def _windows(data: Array, kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int]) -> Array:
    """Views of channels-first data: channels x output space x kernel."""
    reach = [(size - 1) * spread + 1 for size, spread in zip(kernel, dilations, strict=True)]
    axes = tuple(range(1, data.ndim))
    view = np.lib.stride_tricks.sliding_window_view(data, reach, axes)
    step = (slice(None), *(slice(None, None, s) for s in strides), *(slice(None, None, d) for d in dilations))
    return view[step]


def _pad(data: Array, pads: Sequence[int], value: float) -> Array:
    rank = data.ndim - 1
    return np.pad(data, [(0, 0), *((pads[i], pads[rank + i]) for i in range(rank))], constant_values=value)


def _first(data: Array, channels_last: bool) -> Array:
    return np.moveaxis(data, -1, 0) if channels_last else data


def _back(data: Array, channels_last: bool) -> Array:
    return np.moveaxis(data, 0, -1) if channels_last else data


def _conv(op: nn.ConvOp, data: Array, weight: Array, bias: Array | None = None) -> Array:
    last, groups = op.channels_last is not None, op.groups
    padded = _pad(_first(data, last), nn.numbers(op.pads), 0.0)
    view = _windows(padded, weight.shape[2:], nn.numbers(op.strides), op.dilation)
    rank = data.ndim - 1
    parts = []
    for inputs, kernels in zip(np.split(view, groups), np.split(weight, groups), strict=True):
        taps = [0, *range(rank + 1, 2 * rank + 1)]
        parts.append(np.tensordot(kernels, inputs, (list(range(1, rank + 2)), taps)))
    out = np.concatenate(parts)
    if bias is not None:
        out = out + bias.reshape(-1, *(1,) * rank)
    return _back(out, last)


def _conv_transpose(op: nn.ConvTransposeOp, data: Array, weight: Array, bias: Array | None = None) -> Array:
    last, strides, pads = op.channels_last is not None, nn.numbers(op.strides), nn.numbers(op.pads)
    first = _first(data, last)
    space, shape = first.shape[1:], op.shape[:-1] if last else op.shape[1:]
    # room for all that any element adds, and for what lies behind it
    reach = [(size - 1) * step + 1 for size, step in zip(weight.shape[2:], op.dilation, strict=True)]
    full = [
        max((count - 1) * stride + extent, pad + size)
        for count, stride, extent, pad, size in zip(space, strides, reach, pads, shape, strict=False)
    ]
    out = np.zeros((weight.shape[0], *full))
    for tap in np.ndindex(*weight.shape[2:]):
        part = np.tensordot(weight[(slice(None), slice(None), *tap)], first, 1)
        places = tuple(
            slice(t * step, t * step + (count - 1) * stride + 1, stride)
            for t, step, count, stride in zip(tap, op.dilation, space, strides, strict=True)
        )
        out[(slice(None), *places)] += part
    out = out[(slice(None), *(slice(pad, pad + size) for pad, size in zip(pads, shape, strict=False)))]
    if bias is not None:
        out = out + bias.reshape(-1, *(1,) * len(space))
    return _back(out, last)


def _dense(op: nn.DenseOp, data: Array, weight: Array, bias: Array | None = None) -> Array:
    out = data @ weight
    return out if bias is None else out + bias


def _batch_norm(
    op: nn.BatchNormOp, data: Array, scale: Array, bias: Array, mean: Array, variance: Array
) -> Array:
    factor = scale / np.sqrt(variance + op.epsilon.value.data)
    last = op.channels_last is not None
    columns = (-1,) if last else (-1, *(1,) * (data.ndim - 1))
    return cast(Array, (data - mean.reshape(columns)) * factor.reshape(columns) + bias.reshape(columns))


def _local_response_norm(op: nn.LocalResponseNormOp, data: Array) -> Array:
    first = _first(data, op.channels_last is not None)
    size = op.size.value.data
    squares = np.pad(first**2, [((size - 1) // 2, size // 2), *[(0, 0)] * (first.ndim - 1)])
    total = sum(squares[shift : shift + len(first)] for shift in range(size))
    scale = op.bias.value.data + op.alpha.value.data / size * total
    return _back(first / scale**op.beta.value.data, op.channels_last is not None)


def _softmax(op: nn.SoftmaxOp, data: Array) -> Array:
    axis = op.axis.value.data
    powers = np.exp(data - data.max(axis, keepdims=True))
    return cast(Array, powers / powers.sum(axis, keepdims=True))


def _pooled(op: nn.PoolOp, data: Array, fill: float) -> Array:
    padded = _pad(data, nn.numbers(op.pads), fill)
    kernel = nn.numbers(op.kernel)
    return _windows(padded, kernel, nn.numbers(op.strides), [1] * len(kernel))


def _max_pool(op: nn.MaxPoolOp, data: Array) -> Array:
    last = op.channels_last is not None
    view = _pooled(op, _first(data, last), -np.inf)
    return _back(view.max(tuple(range(data.ndim, view.ndim))), last)


def _average_pool(op: nn.AveragePoolOp, data: Array) -> Array:
    last = op.channels_last is not None
    first = _first(data, last)
    axes = tuple(range(data.ndim, 2 * data.ndim - 1))
    total = _pooled(op, first, 0.0).sum(axes)
    counted = np.ones_like(first)
    count = _pooled(op, counted, 1.0 if op.count_pads is not None else 0.0).sum(axes)
    return _back(total / count, last)


def _global_average_pool(op: nn.GlobalAveragePoolOp, data: Array) -> Array:
    first = _first(data, op.channels_last is not None)
    return cast(Array, first.mean(tuple(range(1, first.ndim))))


def _global_max_pool(op: nn.GlobalMaxPoolOp, data: Array) -> Array:
    first = _first(data, op.channels_last is not None)
    return cast(Array, first.max(tuple(range(1, first.ndim))))


def _all_padded(op: nn.PadOp, data: Array) -> Array:
    pads = nn.numbers(op.pads)
    return np.pad(data, list(zip(pads[: data.ndim], pads[data.ndim :], strict=True)))


def _upsample(op: nn.UpsampleOp, data: Array) -> Array:
    first = 0 if op.channels_last is not None else 1
    for axis, scale in enumerate(nn.numbers(op.scales), start=first):
        data = data.repeat(scale, axis)
    return data


def _slice(op: nn.SliceOp, data: Array) -> Array:
    return data[tuple(map(slice, nn.numbers(op.starts), nn.numbers(op.ends), op.step))]


SELU_SCALE, SELU_ALPHA = 1.0507010221481323, 1.6732631921768188
"""ONNX's defaults of Selu, which are float32."""


def _selu(data: Array) -> Array:
    return SELU_SCALE * np.where(data >= 0, data, SELU_ALPHA * np.expm1(np.minimum(data, 0)))


def _elementwise(function: Callable[[Array], Array]) -> Callable[..., Array]:
    return lambda op, data: function(data)


_EVALUATORS: dict[type[nn.TensorOp], Callable[..., Array]] = {
    nn.ConvOp: _conv,
    nn.ConvTransposeOp: _conv_transpose,
    nn.DenseOp: _dense,
    nn.BatchNormOp: _batch_norm,
    nn.LocalResponseNormOp: _local_response_norm,
    nn.EmbeddingOp: lambda op, x, table: table[np.clip(x.astype(np.int64), 0, len(table) - 1)],
    nn.LstmOp: _recurrent(_lstm),
    nn.GruOp: _recurrent(_gru),
    nn.RnnOp: _recurrent(lambda data, inner, state, cell: (np.tanh(data + inner), cell)),
    nn.IdentityOp: _elementwise(lambda x: x),
    nn.ReluOp: _elementwise(lambda x: np.maximum(x, 0)),
    nn.SigmoidOp: _elementwise(_sigmoid),
    nn.TanhOp: _elementwise(np.tanh),
    nn.SoftplusOp: _elementwise(lambda x: np.logaddexp(x, 0)),
    nn.SoftsignOp: _elementwise(lambda x: x / (1 + np.abs(x))),
    nn.LeakyReluOp: lambda op, x: np.where(x >= 0, x, x * op.alpha.value.data),
    nn.EluOp: lambda op, x: np.where(x >= 0, x, np.expm1(np.minimum(x, 0)) * op.alpha.value.data),
    nn.SeluOp: _elementwise(_selu),
    nn.ThresholdedReluOp: lambda op, x: np.where(x > op.alpha.value.data, x, 0),
    nn.SoftmaxOp: _softmax,
    nn.QuantizeOp: lambda op, x: dequantize(quantize(x, op.precision), op.precision),
    nn.BipolarOp: _elementwise(lambda x: np.where(x >= 0, 1.0, -1.0)),
    nn.AddOp: lambda op, left, right: left + right,
    nn.SubtractOp: lambda op, left, right: left - right,
    nn.MultiplyOp: lambda op, left, right: left * right,
    nn.MaximumOp: lambda op, left, right: np.maximum(left, right),
    nn.MinimumOp: lambda op, left, right: np.minimum(left, right),
    nn.AverageOp: lambda op, left, right: (left + right) / 2,
    nn.PReluOp: lambda op, x, slope: np.where(x >= 0, x, slope * x),
    nn.MaxPoolOp: _max_pool,
    nn.AveragePoolOp: _average_pool,
    nn.GlobalAveragePoolOp: _global_average_pool,
    nn.GlobalMaxPoolOp: _global_max_pool,
    nn.ReduceMaxOp: lambda op, x: x.max(nn.numbers(op.axes), keepdims=op.keep is not None),
    nn.ReduceSumOp: lambda op, x: x.sum(nn.numbers(op.axes), keepdims=op.keep is not None),
    nn.PadOp: _all_padded,
    nn.UpsampleOp: _upsample,
    nn.ReduceMeanOp: lambda op, x: x.mean(nn.numbers(op.axes), keepdims=op.keep is not None),
    nn.ReshapeOp: lambda op, x: x.reshape(op.shape),
    nn.FlattenOp: lambda op, x: x.reshape(-1),
    nn.TransposeOp: lambda op, x: x.transpose(nn.numbers(op.order)),
    nn.SliceOp: _slice,
    nn.ExpandOp: lambda op, x: np.broadcast_to(x, op.shape),
    nn.ConcatOp: lambda op, *parts: np.concatenate(parts, op.axis.value.data),
}


def values(
    model: nn.ModelOp, weights: WeightStore, inputs: Mapping[str, Array], typed: bool = False
) -> tuple[dict[SSAValue, Array], dict[str, Array]]:
    """One frame through the whole model, in double precision: every tensor, and the outputs.

    inputs, and the outputs: by the user's tensor names, in the user's layout, without the batch axis. typed: results are
    converted to the element types that their operators state, which are those of a quantised model's quantisers.
    """
    values: dict[SSAValue, Array] = {}
    outputs: dict[str, Array] = {}
    for op in model.block.ops:
        match op:
            case nn.InputOp():
                array = np.asarray(inputs[op.source.data], np.float64)
                values[op.result] = array.transpose(op.axes).reshape(op.shape)
            case nn.ConstantOp():
                values[op.result] = weights.get(op.blob.data).astype(np.float64)
            case nn.OutputOp():
                outputs[op.source.data] = to_user(values[op.data], op.axes)
            case nn.TensorOp():
                values[op.result] = evaluate(op, [values[operand] for operand in op.operands])
        if typed and isinstance(op, nn.TensorOp) and not isinstance(op, nn.ConstantOp):
            values[op.result] = as_stated(op, values[op.result])
    return values, outputs


def to_user(array: Array, order: Sequence[int], frames: int = 0) -> Array:
    """What an `nn.output` of that order holds, as the user's model has it. frames: how many axes stand before those of a frame."""
    if not order:
        return array.reshape(array.shape[:frames])
    places = (frames + int(axis) for axis in np.argsort(order))
    return array.transpose(*range(frames), *places)


def as_stated(op: nn.TensorOp, result: Array) -> Array:
    """An operator's result in the element type that it states, if it states one."""
    precision = op.element_types.get("result")
    return result if precision is None else dequantize(quantize(result, precision), precision)


def run(model: nn.ModelOp, weights: WeightStore, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """The outputs of one frame; see `values`."""
    return values(model, weights, inputs)[1]
