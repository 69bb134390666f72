"""From `nn` to hls4ml's layer dictionaries, the form in which `ModelGraph.from_layer_list` takes a network.

Expects what the passes on `nn` leave: channels-last data, no transposes. Plain dictionaries; hls4ml is not imported.
The keys are those that hls4ml's own front ends produce (hls4ml 1.3, `converters/keras/*.py`, `model/layers.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import NamedTuple

import numpy as np
from xdsl.ir import SSAValue

from split4ml.dialects import nn
from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.names import legal_name
from split4ml.dialects.precision import Precision
from split4ml.passes.next_quantiser import affine_of
from split4ml.passes.nn_layer_attributes import (
    check_channels_last,
    error,
    is_non_negative,
    pad_attributes,
    spatial,
    window_strides,
)
from split4ml.passes.nn_layer_weights import convolution_weights, with_rows
from split4ml.passes.nn_rewriting import Doubles, array_of, is_constant
from split4ml.passes.weights import WeightStore

Layer = dict[str, object]


class Layers(NamedTuple):
    """A network as hls4ml takes it.

    inputs, outputs: names of layers, in the order of the model's `nn.input`s and `nn.output`s.
    onnx_names: by layer, the nodes of the user's model that it computes.
    types: by layer, the element types that its op states.
    parts: by layer that a pass made of another, that other one.
    """

    layers: list[Layer]
    inputs: list[str]
    outputs: list[str]
    onnx_names: dict[str, tuple[str, ...]]
    types: dict[str, dict[str, Precision]]
    parts: dict[str, str]


def layers_of(model: nn.ModelOp, weights: WeightStore) -> Layers:
    """Raises Split4mlError, naming the node, for what hls4ml's streams cannot do."""
    return _Lowering(model, weights).run()


@dataclass
class _Lowering:
    model: nn.ModelOp
    weights: WeightStore
    layers: list[Layer] = field(default_factory=list)
    names: dict[SSAValue, str] = field(default_factory=dict)
    """The layer that computes a value."""
    onnx_names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    types: dict[str, dict[str, Precision]] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)

    def run(self) -> Layers:
        self.taken = {op.symbol for op in self.model.block.ops if isinstance(op, nn.NamedOp)}
        for op in self.model.block.ops:
            if isinstance(op, nn.TensorOp) and not isinstance(op, nn.ConstantOp):
                self._lower(op)
        inputs = [op.symbol for op in self.model.inputs]
        outputs: list[str] = []
        for output in self.model.outputs:
            name = self.names.get(output.data, "")
            if not name or name in inputs:
                raise Split4mlError(
                    "an output that is an input or a constant needs no hardware", f"@{output.symbol}"
                )
            if name in outputs:
                raise Split4mlError(
                    f"it is the same tensor as another output, @{name}",
                    f"@{output.symbol}",
                    "drop one of the two",
                )
            outputs.append(name)
        return Layers(self.layers, inputs, outputs, self.onnx_names, self.types, self.parts)

    def _lower(self, op: nn.TensorOp) -> None:
        if len(op.shape) not in (1, 2, 3):
            raise error(op, f"its result has {len(op.shape)} axes, but streams carry 1 to 3")
        if not isinstance(op, nn.InputOp) and not op.result.uses:
            return  # dead code
        if isinstance(op, nn.InputOp) and not op.result.uses:
            raise error(op, "nothing uses this input", "remove it from the model")
        if isinstance(op, nn.InputOp):
            shape = list(op.shape)
            self._add(op, "Input", [], {"input_shape": shape, "data_format": "channels_last"})
            return
        lower = _LOWERINGS.get(type(op))
        if lower is None:
            hint = _INSTEAD.get(type(op), "run the passes on nn first, or change the model")
            raise error(op, f"hls4ml has no layer for {op.name}", hint)
        lower(self, op)

    def _add(
        self, op: nn.TensorOp, kind: str, inputs: Sequence[str], attributes: Layer, name: str | None = None
    ) -> str:
        """Appends a layer; without a name, it is the one that computes the op's result."""
        symbol = name or op.symbol
        layer: Layer = {"name": symbol, "class_name": kind, "outputs": [symbol], **attributes}
        if inputs:
            layer["inputs"] = list(inputs)
        self.layers.append(layer)
        self.onnx_names[symbol] = op.onnx_names
        if name is None:
            if op.element_types:
                self.types[symbol] = op.element_types
            if op.part_of is not None:
                self.parts[symbol] = op.part_of.data
            self.names[op.result] = symbol
        return symbol

    def _name(self, text: str) -> str:
        name = legal_name(text, self.taken)
        self.taken.add(name)
        return name

    def _data(self, op: nn.TensorOp, value: SSAValue) -> str:
        if value not in self.names:
            raise error(op, "it works on a constant", "run fold-constants first")
        return self.names[value]

    def _array(self, op: nn.TensorOp, value: SSAValue, what: str) -> Doubles:
        array = array_of(value, self.weights)
        if array is None:
            raise error(op, f"its {what} is computed from the data, but must be constant")
        return array

    def _bias(self, op: nn.ConvOp | nn.DenseOp) -> Doubles:
        if op.bias is None:
            return np.zeros(op.shape[-1])
        return self._array(op, op.bias, "bias")

    # --- operators -------------------------------------------------------------------------------------------

    def conv(self, op: nn.ConvOp) -> None:
        check_channels_last(op, op.channels_last is not None)
        weight, space = self._array(op, op.weight, "weight"), len(op.shape) - 1
        # nnet_sepconv1d_latency.h and nnet_sepconv2d_latency.h share an include guard: a project has one of them
        depthwise = space == 2 or not _has_depthwise_images(self.model)
        kind, kernel = convolution_weights(weight, op.groups, op.dilation, depthwise)
        kernel, pads = with_rows(kind, kernel, nn.numbers(op.strides), nn.numbers(op.pads))
        data, shape = self._data(op, op.data), nn.shape_of(op.data)
        if any(pads) and not _reads_first(op):
            data, shape = self._extended(op, data, shape, pads)
            pads = (0,) * len(pads)
        self._add(
            op,
            f"{kind}{space}D",
            [data],
            {
                "data_format": "channels_last",
                "padding": "same" if any(pads) else "valid",
                "n_chan": nn.shape_of(op.data)[-1],
                "n_filt": op.shape[-1],
                "depth_multiplier": 1,
                "bias_data": self._bias(op),
                "use_bias": op.bias is not None,
                "depthwise_data" if kind == "DepthwiseConv" else "weight_data": kernel,
                **spatial("in", shape[:-1]),
                **spatial("out", op.shape[:-1]),
                **spatial("filt", kernel.shape[:-2]),
                **spatial("stride", nn.numbers(op.strides)),
                **spatial("dilation", [1] * space),  # spread into the kernel
                **pad_attributes(pads),
            },
        )

    def dense(self, op: nn.DenseOp) -> None:
        kernel = self._array(op, op.weight, "weight")
        self._add(
            op,
            "Dense",
            [self._data(op, op.data)],
            {
                "n_in": kernel.shape[0],
                "n_out": kernel.shape[1],
                "weight_data": kernel,
                "bias_data": self._bias(op),
                "use_bias": op.bias is not None,
            },
        )

    def embedding(self, op: nn.EmbeddingOp) -> None:
        """With rows of zeros up to a power of two: no number of the input's type reads beyond the table."""
        table = self._array(op, op.table, "table")
        rows = 1 << max(1, (len(table) - 1).bit_length())
        self._add(
            op,
            "Embedding",
            [self._data(op, op.data)],
            {
                "n_in": op.shape[0],
                "n_out": op.shape[1],
                "vocab_size": rows,
                "embeddings_data": np.pad(table, ((0, rows - len(table)), (0, 0))),
            },
        )

    def recurrent(self, op: nn.LstmOp | nn.GruOp) -> None:
        """hls4ml's LSTM has one bias: the sum of the two. Its GRU resets the state after the matrix, as ours."""
        bias, inner_bias = self._array(op, op.bias, "bias"), self._array(op, op.recurrent_bias, "bias")
        own: Layer = {"bias_data": bias + inner_bias}
        if isinstance(op, nn.GruOp):
            own = {"bias_data": bias, "recurrent_bias_data": inner_bias, "apply_reset_gate": "after"}
        steps, inputs = nn.shape_of(op.data)
        self._add(
            op,
            "LSTM" if isinstance(op, nn.LstmOp) else "GRU",
            [self._data(op, op.data)],
            {
                "direction": "forward",
                "n_timesteps": steps,
                "n_in": inputs,
                "n_out": op.shape[-1],
                "activation": "tanh",
                "recurrent_activation": "sigmoid",
                "return_sequences": op.sequences is not None,
                "return_state": False,
                "time_major": False,
                "weight_data": self._array(op, op.weight, "weight"),
                "recurrent_weight_data": self._array(op, op.recurrent, "recurrent weight"),
                **own,
            },
        )

    def batch_norm(self, op: nn.BatchNormOp) -> None:
        check_channels_last(op, op.channels_last is not None or len(op.shape) == 1)
        gamma, beta, mean, variance = (self._array(op, value, "parameter") for value in op.operands[1:])
        scale = gamma / np.sqrt(variance + op.epsilon.value.data)
        self._affine(op, op.data, scale, beta - scale * mean)

    def _affine(self, op: nn.TensorOp, data: SSAValue, scale: Doubles, bias: Doubles) -> None:
        """scale * data + bias, both per channel (the last axis) or per element, as hls4ml's batch normalisation."""
        self._add(
            op,
            "BatchNormalization",
            [self._data(op, data)],
            {
                "n_in": prod(op.shape),
                "n_out": prod(op.shape),
                "n_filt": -1 if scale.size == prod(op.shape) else op.shape[-1],
                "scale_data": scale,
                "bias_data": bias,
                "use_gamma": True,
                "use_beta": True,
            },
        )

    def activation(self, op: nn.ElementwiseOp) -> None:
        function = op.name.removeprefix("nn.")
        self._add(
            op, "Activation", [self._data(op, op.data)], {"activation": function, "n_in": prod(op.shape)}
        )

    def quantize(self, op: nn.QuantizeOp) -> None:
        """A conversion of its own."""
        self._add(
            op, "Activation", [self._data(op, op.data)], {"activation": "linear", "n_in": prod(op.shape)}
        )
        self.types[op.symbol] = {"result": op.precision, **op.element_types}

    def sloped(self, op: nn.SlopedOp) -> None:
        kind = _SLOPED[type(op)]
        self._add(
            op,
            kind,
            [self._data(op, op.data)],
            {
                "activation": kind,
                "activ_param": op.alpha.value.data,
                "n_in": prod(op.shape),
            },
        )

    def softmax(self, op: nn.SoftmaxOp) -> None:
        if op.axis.value.data != len(op.shape) - 1:
            raise error(
                op, f"softmax along axis {op.axis.value.data} is not supported, only along the last one"
            )
        self._add(
            op,
            "Softmax",
            [self._data(op, op.data)],
            {"activation": "softmax", "axis": -1, "n_in": prod(op.shape)},
        )

    def binary(self, op: nn.BinaryOp) -> None:
        if any(map(is_constant, op.operands)):
            self._with_constant(op)
            return
        shapes = [list(nn.shape_of(value)) for value in op.operands]
        if shapes[0] != shapes[1]:
            raise error(op, f"hls4ml's streams do not broadcast shapes {shapes[0]} and {shapes[1]}")
        inputs = [self._data(op, value) for value in op.operands]
        self._add(op, "Merge", inputs, {"op": op.name.removeprefix("nn.")})

    def _with_constant(self, op: nn.BinaryOp) -> None:
        constant, data = (op.left, op.right) if is_constant(op.left) else (op.right, op.left)
        self._data(op, data)  # not a constant as well
        shape, extents = nn.shape_of(data), nn.shape_of(constant)
        if shape != op.shape:
            raise error(op, f"its constant of shape {list(extents)} makes data of {list(shape)} larger")
        if any(size != 1 for size in extents[:-1]) and not isinstance(data.owner, nn.ReshapeOp):
            raise error(
                op,
                f"its constant of shape {list(extents)} is not one value per channel",
                "run scale-by-element first",
            )
        form = affine_of(op, self.weights)
        if form is None:
            raise error(op, "hls4ml has no layer for it with a constant", "run relu-from-bounds first")
        self._affine(op, form.data, form.scale.reshape(-1), form.bias.reshape(-1))

    def concat(self, op: nn.ConcatOp) -> None:
        names = [self._data(op, value) for value in op.inputs]
        rank, axis = len(op.shape), op.axis.value.data
        joined = names[0]
        for index, name in enumerate(names[1:], start=1):
            part = None if index == len(names) - 1 else self._name(f"{op.symbol}_part{index}")
            # hls4ml joins two at a time, and counts the batch as axis 0
            options: Layer = {"op": f"concatenate{rank}d", "axis": axis + 1}
            joined = self._add(op, "Concatenate", [joined, name], options, part)
            if part is not None and op.element_types:
                self.types[part] = op.element_types

    def pool(self, op: nn.PoolOp) -> None:
        check_channels_last(op, op.channels_last is not None)
        data, shape, pads = self._data(op, op.data), nn.shape_of(op.data), list(nn.numbers(op.pads))
        dims = len(shape) - 1
        if any(pads):
            data, shape = self._padded(op, data, shape, pads)
        kernel = nn.numbers(op.kernel)
        strides = window_strides(op)
        if dims == 2 and kernel != strides:  # asserted in nnet_pooling_stream.h
            raise error(
                op,
                f"pooling windows of {list(kernel)} cannot have strides {list(strides)}: they must be equal",
                "run decompose-pools first",
            )
        common: Layer = {
            "data_format": "channels_last",
            "padding": "valid",
            "n_filt": op.shape[-1],
            **spatial("pool", kernel),
            **spatial("stride", strides),
            **pad_attributes([0] * len(pads)),
        }
        extents = (
            {"n_in": shape[0], "n_out": op.shape[0]}
            if dims == 1
            else {**spatial("in", shape[:-1]), **spatial("out", op.shape[:-1])}
        )
        kind = "Max" if isinstance(op, nn.MaxPoolOp) else "Average"
        self._add(op, f"{kind}Pooling{dims}D", [data], {**common, **extents})

    def _padded(self, op: nn.PoolOp, data: str, shape: nn.Shape, pads: Sequence[int]) -> tuple[str, nn.Shape]:
        """hls4ml's streaming pools take no pads: zeros before it do, where a zero changes nothing."""
        if isinstance(op, nn.MaxPoolOp) and not is_non_negative(op.data):
            raise error(
                op,
                "padded max pooling is supported only of data that is not negative, such as after ReLU",
                "run decompose-pools first",
            )
        if isinstance(op, nn.AveragePoolOp) and op.count_pads is None:
            raise error(
                op,
                "padded average pooling is supported only if the pads are counted",
                "run decompose-pools first",
            )
        return self._extended(op, data, shape, pads)

    def _extended(
        self, op: nn.PoolOp | nn.ConvOp, data: str, shape: nn.Shape, pads: Sequence[int]
    ) -> tuple[str, nn.Shape]:
        """A layer of its own that puts zeros around the data."""
        dims = len(shape) - 1
        wide = tuple(shape[axis] + pads[axis] + pads[dims + axis] for axis in range(dims))
        name = self._zero_padding(op, data, pads, self._name(f"{op.symbol}_pad"))
        before = op.data.owner
        if isinstance(before, nn.TensorOp) and (element := before.element_types.get("result")) is not None:
            self.types[name] = {"result": element}
        return name, (*wide, shape[-1])

    def global_pool(self, op: nn.GlobalPoolOp) -> None:
        check_channels_last(op, op.channels_last is not None)
        shape = nn.shape_of(op.data)
        dims = len(shape) - 1
        extents = {"n_in": shape[0]} if dims == 1 else spatial("in", shape[:-1])
        kind = "Max" if isinstance(op, nn.GlobalMaxPoolOp) else "Average"
        self._add(
            op,
            f"Global{kind}Pooling{dims}D",
            [self._data(op, op.data)],
            {
                "data_format": "channels_last",
                "n_filt": shape[-1],
                "n_chan": shape[-1],
                "keepdims": False,
                **extents,
            },
        )

    def pad(self, op: nn.PadOp) -> None:
        rank, pads = len(op.shape), nn.numbers(op.pads)
        if rank == 1 or pads[rank - 1] or pads[-1]:
            raise error(
                op,
                f"pads {list(pads)} extend the last axis, but hls4ml pads space only",
                "pad the height and width of an image, or the length of a sequence",
            )
        self._zero_padding(op, self._data(op, op.data), [*pads[: rank - 1], *pads[rank:-1]], None)

    def _zero_padding(
        self, op: nn.PadOp | nn.PoolOp | nn.ConvOp, data: str, pads: Sequence[int], name: str | None
    ) -> str:
        shape = nn.shape_of(op.data)
        dims = len(shape) - 1
        wide = [shape[axis] + pads[axis] + pads[dims + axis] for axis in range(dims)]
        attributes = {
            "data_format": "channels_last",
            "n_chan": shape[-1],
            **spatial("in", shape[:-1]),
            **spatial("out", wide),
            **pad_attributes(pads),
        }
        return self._add(op, f"ZeroPadding{dims}D", [data], attributes, name)

    def slice(self, op: nn.SliceOp) -> None:
        shape = nn.shape_of(op.data)
        starts, ends = nn.numbers(op.starts), nn.numbers(op.ends)
        if len(shape) == 1 or op.steps is not None or (starts[-1], ends[-1]) != (0, shape[-1]):
            raise error(op, "hls4ml crops space only, in steps of one", "run part-by-convolution first")
        behind = [size - end for size, end in zip(shape, ends, strict=True)]
        sides = ("left", "right") if len(shape) == 2 else ("top", "left", "bottom", "right")
        crops = dict(zip(sides, (*starts[:-1], *behind[:-1]), strict=True))
        self._add(
            op,
            f"Cropping{len(shape) - 1}D",
            [self._data(op, op.data)],
            {
                "data_format": "channels_last",
                "n_chan": shape[-1],
                **spatial("in", shape[:-1]),
                **spatial("out", op.shape[:-1]),
                **{f"crop_{side}": extent for side, extent in crops.items()},
            },
        )

    def upsample(self, op: nn.UpsampleOp) -> None:
        check_channels_last(op, op.channels_last is not None)
        before, after = nn.shape_of(op.data), op.shape
        if len(after) == 2:  # a sequence is an image of one row
            before, after = (1, *before), (1, *after)
        self._add(
            op,
            "Resize",
            [self._data(op, op.data)],
            {
                "data_format": "channels_last",
                "algorithm": "nearest",
                "n_chan": op.shape[-1],
                **spatial("in", before[:-1]),
                **spatial("out", after[:-1]),
            },
        )

    def prelu(self, op: nn.PReluOp) -> None:
        slope = self._array(op, op.right, "slope")
        if op.shape != nn.shape_of(op.left):
            raise error(op, f"its slope of shape {list(slope.shape)} does not fit data of {list(op.shape)}")
        self._add(
            op,
            "PReLU",
            [self._data(op, op.left)],
            {
                "activation": "prelu",
                "n_in": prod(op.shape),
                "param_data": np.broadcast_to(slope, op.shape).reshape(-1).copy(),
            },
        )

    def transpose(self, op: nn.TransposeOp) -> None:
        self._add(op, "Transpose", [self._data(op, op.data)], {"perm": list(nn.numbers(op.order))})

    def reshape(self, op: nn.ReshapeOp | nn.FlattenOp) -> None:
        self._add(op, "Reshape", [self._data(op, op.data)], {"target_shape": list(op.shape)})


def _reads_first(op: nn.ConvOp) -> bool:
    """Whether nothing before a convolution reads its data.

    hls4ml's `insert_zero_padding_before_conv` puts the zeros in front of whatever reads the data first.
    """
    assert op.parent is not None
    readers = {use.operation for use in op.data.uses}
    return next(other for other in op.parent.ops if other in readers) is op


def _has_depthwise_images(model: nn.ModelOp) -> bool:
    convolutions = (op for op in model.block.ops if isinstance(op, nn.ConvOp))
    return any(len(op.shape) == 3 and op.groups > 1 and op.groups == op.shape[-1] for op in convolutions)


_SLOPED: dict[type[nn.SlopedOp], str] = {
    nn.LeakyReluOp: "LeakyReLU",
    nn.EluOp: "ELU",
    nn.ThresholdedReluOp: "ThresholdedReLU",
}

_INSTEAD: dict[type[nn.TensorOp], str] = {
    nn.LocalResponseNormOp: "its scale depends on the frame: train with BatchNormalization instead of LRN",
    nn.RnnOp: "hls4ml has no kernel for simple recurrent layers: use GRU or LSTM",
    nn.ReduceMeanOp: "streams average over all of space only: use a convolution with constant weights",
}
"""What would help with operators that no layer has."""

_LOWERINGS: dict[type[nn.TensorOp], Callable[..., None]] = {
    nn.ConvOp: _Lowering.conv,
    nn.DenseOp: _Lowering.dense,
    nn.EmbeddingOp: _Lowering.embedding,
    nn.LstmOp: _Lowering.recurrent,
    nn.GruOp: _Lowering.recurrent,
    nn.BatchNormOp: _Lowering.batch_norm,
    nn.ReluOp: _Lowering.activation,
    nn.SigmoidOp: _Lowering.activation,
    nn.TanhOp: _Lowering.activation,
    nn.SoftplusOp: _Lowering.activation,
    nn.SoftsignOp: _Lowering.activation,
    nn.LeakyReluOp: _Lowering.sloped,
    nn.EluOp: _Lowering.sloped,
    nn.ThresholdedReluOp: _Lowering.sloped,
    nn.SeluOp: _Lowering.activation,
    nn.QuantizeOp: _Lowering.quantize,
    nn.PReluOp: _Lowering.prelu,
    nn.SoftmaxOp: _Lowering.softmax,
    nn.AddOp: _Lowering.binary,
    nn.SubtractOp: _Lowering.binary,
    nn.MultiplyOp: _Lowering.binary,
    nn.MaximumOp: _Lowering.binary,
    nn.MinimumOp: _Lowering.binary,
    nn.AverageOp: _Lowering.binary,
    nn.ConcatOp: _Lowering.concat,
    nn.MaxPoolOp: _Lowering.pool,
    nn.AveragePoolOp: _Lowering.pool,
    nn.GlobalAveragePoolOp: _Lowering.global_pool,
    nn.GlobalMaxPoolOp: _Lowering.global_pool,
    nn.PadOp: _Lowering.pad,
    nn.SliceOp: _Lowering.slice,
    nn.UpsampleOp: _Lowering.upsample,
    nn.TransposeOp: _Lowering.transpose,
    nn.ReshapeOp: _Lowering.reshape,
    nn.FlattenOp: _Lowering.reshape,
}
