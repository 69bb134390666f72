"""One function per ONNX operator: from a node to ops of `nn`. https://onnx.ai/onnx/operators/ has their definitions.

Here are layers with weights, pools, reductions and shapes; the elementwise operators are in onnx_elementwise, padding
and resizing in onnx_resampling.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, floor
from typing import TypeVar

import numpy as np
from xdsl.ir import SSAValue

from split4ml.compiler.frontend.onnx_builder import Builder, origin
from split4ml.compiler.frontend.onnx_graph import Array, Node, Shape
from split4ml.compiler.frontend.onnx_refusals import DATA_BY_DATA, axes_of_space
from split4ml.compiler.frontend.onnx_weights import quantised_weight, transposed
from split4ml.dialects import nn
from split4ml.dialects.precision import Precision

Handler = Callable[[Builder, Node, str], SSAValue | None]
"""Takes the builder, the node and the name for the op that computes the node's first result.
A handler notes further results itself; it gives None if there is no first one."""

HANDLERS: dict[str, Handler] = {}


H = TypeVar("H", bound=Handler)


def handles(*operators: str) -> Callable[[H], H]:
    def register(handler: H) -> H:
        HANDLERS.update(dict.fromkeys(operators, handler))
        return handler

    return register


# --- weights -----------------------------------------------------------------------------------------------


@handles("Conv")
def conv(builder: Builder, node: Node, name: str) -> SSAValue:
    kernel = builder.constant(node, 1, "weight")
    bias = builder.optional(node, 2, "bias")
    weight = quantised_weight(builder, node, 1, kernel, 0)
    if weight.scale is None:
        return convolved(builder, node, name, builder.data(node), weight.array, bias, weight.element)
    bias = None if bias is None else bias / weight.scale
    layer = builder.name(f"{name}_integer")
    result = convolved(builder, node, layer, builder.data(node), weight.array, bias, weight.element)
    return _rescaled(builder, node, name, result, weight.scale.reshape(-1, *(1,) * (kernel.ndim - 2)))


def _rescaled(builder: Builder, node: Node, name: str, data: SSAValue, scale: Array) -> SSAValue:
    return builder.emit(nn.MultiplyOp(name, data, builder.weight(scale, name, "scale"), onnx=origin(node)))


def convolved(
    builder: Builder,
    node: Node,
    name: str,
    data: SSAValue,
    kernel: Array,
    bias: Array | None,
    element: Precision | None = None,
) -> SSAValue:
    """A convolution with the attributes of a node of the Conv family. element: of a quantised weight."""
    if kernel.ndim not in (3, 4):
        raise builder.error(node, *axes_of_space(kernel.ndim - 2))
    rank = kernel.ndim - 2
    strides = node.attributes.get("strides") or [1] * rank
    dilations = node.attributes.get("dilations") or [1] * rank
    spatial = builder.data_shape(node)[2:]
    pads = padding(builder, node, spatial, kernel.shape[2:], strides, dilations)
    return builder.emit(
        nn.ConvOp(
            name,
            data,
            builder.weight(kernel, name, "weight", element),
            builder.weight(bias, name, "bias") if bias is not None else None,
            strides=strides,
            pads=pads,
            dilations=dilations,
            group=node.attributes["group"],
            onnx=origin(node),
        )
    )


@handles("BatchNormalization")
def batch_norm(builder: Builder, node: Node, name: str) -> SSAValue:
    if node.attributes.get("training_mode", 0) or any(node.outputs[1:]):
        raise builder.error(node, "it is in training mode", "export the network after model.eval()")
    parts = [
        builder.weight(builder.constant(node, index, role), name, role)
        for index, role in enumerate(("scale", "bias", "mean", "variance"), start=1)
    ]
    return builder.emit(
        nn.BatchNormOp(
            name, builder.data(node), *parts, epsilon=node.attributes["epsilon"], onnx=origin(node)
        )
    )


@handles("LRN")
def local_response_norm(builder: Builder, node: Node, name: str) -> SSAValue:
    factors = {key: node.attributes[key] for key in ("alpha", "beta", "bias")}
    data, size = builder.data(node), node.attributes["size"]
    return builder.emit(nn.LocalResponseNormOp(name, data, size, **factors, onnx=origin(node)))


@handles("Gemm")
def gemm(builder: Builder, node: Node, name: str) -> SSAValue:
    if node.attributes["transA"]:
        raise builder.error(node, "transA = 1 puts the batch last, which is not supported")
    if all(operand in builder.values for operand in node.inputs[:2]):
        raise builder.error(node, *DATA_BY_DATA)
    alpha = np.float32(node.attributes["alpha"])
    kernel = builder.constant(node, 1, "weight")
    across = bool(node.attributes["transB"])
    quantised = quantised_weight(builder, node, 1, kernel, 0 if across else 1)
    weight = quantised.array
    if quantised.scale is None and alpha != 1:
        weight = weight * alpha
    if across:
        weight = transposed(weight)
    bias = builder.optional(node, 2, "bias")
    if bias is not None:
        bias = bias * np.float32(node.attributes["beta"])
        if bias.ndim == 2 and bias.shape[0] != 1:
            raise builder.error(node, f"its bias differs between frames: it has shape {list(bias.shape)}")
        bias = np.broadcast_to(bias.reshape(-1), (weight.shape[1],))
    element = quantised.element if quantised.scale is not None or alpha == 1 else None
    scale = None if quantised.scale is None else quantised.scale * alpha
    return dense(builder, node, name, weight, bias, element, scale)


def dense(
    builder: Builder,
    node: Node,
    name: str,
    weight: Array,
    bias: Array | None,
    element: Precision | None,
    scale: Array | None,
) -> SSAValue:
    """A dense layer, with integers as weight if it is multiplied by a scale afterwards."""
    layer = name if scale is None else builder.name(f"{name}_integer")
    if scale is not None and bias is not None:
        bias = bias / scale
    result = builder.emit(
        nn.DenseOp(
            layer,
            builder.data(node),
            builder.weight(weight, layer, "weight", element),
            builder.weight(bias, layer, "bias") if bias is not None else None,
            onnx=origin(node),
        )
    )
    return result if scale is None else _rescaled(builder, node, name, result, scale)


# --- elementwise -------------------------------------------------------------------------------------------


@handles("Identity")
def identity(builder: Builder, node: Node, name: str) -> SSAValue:
    return builder.emit(nn.IdentityOp(name, builder.data(node), onnx=origin(node)))


@handles("Dropout")
def dropout(builder: Builder, node: Node, name: str) -> SSAValue:
    training = builder.optional(node, 2, "training_mode")
    if training is not None and bool(training):
        raise builder.error(node, "it is in training mode", "export the network after model.eval()")
    return identity(builder, node, name)


@handles("Softmax")
def softmax(builder: Builder, node: Node, name: str) -> SSAValue:
    axis = normalised_axis(builder, node)
    return builder.emit(nn.SoftmaxOp(name, builder.data(node), axis, onnx=origin(node)))


def normalised_axis(builder: Builder, node: Node) -> int:
    """The axis of Softmax or LogSoftmax, without batch. Before opset 13 all from it on are one; raises Split4mlError if more than it count."""
    shape = builder.data_shape(node)
    axis = builder.axis(node, node.attributes["axis"], len(shape))
    if builder.graph.opset < 13 and any(size > 1 for size in shape[axis + 2 :]):
        raise builder.error(
            node,
            f"before opset 13 it spans all axes from {axis + 1} on, which is not supported for {list(shape)}",
            "export with opset 13 or newer",
        )
    return axis


# --- pooling -----------------------------------------------------------------------------------------------


@handles("MaxPool", "AveragePool")
def pool(builder: Builder, node: Node, name: str) -> SSAValue:
    attributes = node.attributes
    kernel = attributes["kernel_shape"]
    rank = len(kernel)
    strides = attributes.get("strides") or [1] * rank
    if any(value != 1 for value in attributes.get("dilations") or []):
        raise builder.error(node, f"dilations {list(attributes['dilations'])} are not supported in pooling")
    if any(node.outputs[1:]):
        raise builder.error(node, "its second result, the indices, is not supported")
    shape = builder.data_shape(node)
    if rank not in (1, 2) or len(shape) != rank + 2:
        raise builder.error(node, *axes_of_space(len(shape) - 2))
    pads = list(padding(builder, node, shape[2:], kernel, strides, [1] * rank))
    counted = bool(attributes.get("count_include_pad", 0))
    if attributes.get("ceil_mode", 0):
        wanted = builder.result_shape(node)[1:]
        for axis in range(rank):
            covered = (wanted[axis] - 1) * strides[axis] + kernel[axis]
            extra = covered - (shape[2 + axis] + pads[axis] + pads[rank + axis])
            if covered - kernel[axis] >= shape[2 + axis] + pads[axis]:
                raise builder.error(
                    node,
                    f"its last window along spatial axis {axis} holds pads only, which runtimes leave out or not",
                    "export with ceil_mode=False, or with explicit pads",
                )
            if extra > 0 and counted:
                raise builder.error(node, "ceil_mode together with count_include_pad is not supported")
            pads[rank + axis] += max(0, extra)
    options = {"kernel": kernel, "strides": strides, "pads": pads}
    if node.op == "MaxPool":
        return builder.emit(nn.MaxPoolOp(name, builder.data(node), **options, onnx=origin(node)))
    counted = counted and any(pads)
    return builder.emit(
        nn.AveragePoolOp(name, builder.data(node), **options, count_pads=counted, onnx=origin(node))
    )


@handles("GlobalAveragePool", "GlobalMaxPool")
def global_pool(builder: Builder, node: Node, name: str) -> SSAValue:
    rank = len(builder.data_shape(node)) - 2
    if rank not in (1, 2):
        raise builder.error(node, *axes_of_space(rank))
    kind = nn.GlobalMaxPoolOp if node.op == "GlobalMaxPool" else nn.GlobalAveragePoolOp
    vector = builder.emit(kind(name, builder.data(node), onnx=origin(node)))
    return builder.emit(nn.ReshapeOp(builder.name(f"{name}_keep"), vector, builder.result_shape(node)))


_REDUCTIONS: dict[str, type[nn.ReduceOp]] = {
    "ReduceMean": nn.ReduceMeanOp,
    "ReduceMax": nn.ReduceMaxOp,
    "ReduceSum": nn.ReduceSumOp,
}


@handles(*_REDUCTIONS)
def reduce(builder: Builder, node: Node, name: str) -> SSAValue:
    axes = reduced_axes(builder, node)
    if not axes:
        return identity(builder, node, name)
    keep = bool(node.attributes["keepdims"])
    return builder.emit(_REDUCTIONS[node.op](name, builder.data(node), axes, keep=keep, onnx=origin(node)))


@handles("ReduceMin")
def reduce_min(builder: Builder, node: Node, name: str) -> SSAValue:
    """-max(-x)"""
    axes, names = reduced_axes(builder, node), origin(node)
    if not axes:
        return identity(builder, node, name)
    minus = builder.weight(np.array(-1.0), name, "minus")
    turned = builder.emit(
        nn.MultiplyOp(builder.name(f"{name}_negated"), builder.data(node), minus, onnx=names)
    )
    keep = bool(node.attributes["keepdims"])
    largest = builder.emit(
        nn.ReduceMaxOp(builder.name(f"{name}_largest"), turned, axes, keep=keep, onnx=names)
    )
    return builder.emit(nn.MultiplyOp(name, largest, minus, onnx=names))


def reduced_axes(builder: Builder, node: Node) -> list[int]:
    """Axes of the value without batch; none if nothing is reduced."""
    axes = builder.integers(node, 1, "axes")
    if not axes and node.attributes.get("noop_with_empty_axes", 0):
        return []
    rank = len(builder.data_shape(node))
    return sorted({builder.axis(node, axis, rank) for axis in axes or range(rank)})


# --- shape -------------------------------------------------------------------------------------------------


@handles("Flatten", "Reshape", "Squeeze", "Unsqueeze")
def reshape(builder: Builder, node: Node, name: str) -> SSAValue:
    shape = builder.result_shape(node)
    return builder.emit(nn.ReshapeOp(name, builder.data(node), shape, onnx=origin(node)))


@handles("Transpose")
def transpose(builder: Builder, node: Node, name: str) -> SSAValue:
    rank = len(builder.data_shape(node))
    order = node.attributes.get("perm") or list(reversed(range(rank)))
    if order[0] != 0:
        raise builder.error(node, f"perm {list(order)} moves the batch axis, which must stay first")
    axes = [axis - 1 for axis in order[1:]]
    return builder.emit(nn.TransposeOp(name, builder.data(node), axes, onnx=origin(node)))


@handles("Concat")
def concat(builder: Builder, node: Node, name: str) -> SSAValue:
    axis = builder.axis(node, node.attributes["axis"], len(builder.data_shape(node)))
    inputs = [builder.data(node, index) for index in range(len(node.inputs))]
    return builder.emit(nn.ConcatOp(name, inputs, axis, onnx=origin(node)))


def padding(
    builder: Builder,
    node: Node,
    spatial: Shape,
    kernel: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
) -> Sequence[int]:
    """All begins, then all ends, `auto_pad` resolved."""
    rank = len(spatial)
    mode = node.attributes.get("auto_pad", "NOTSET")
    if mode == "VALID":
        return [0] * (2 * rank)
    if mode == "NOTSET":
        pads: Sequence[int] = node.attributes.get("pads") or [0] * (2 * rank)
        if any(pad < 0 for pad in pads):
            raise builder.error(node, f"pads {list(pads)} crop the data, which is not supported")
        return pads
    if mode not in ("SAME_UPPER", "SAME_LOWER"):
        raise builder.error(node, f"auto_pad is {mode!r}, which ONNX does not define")
    totals = [
        max(
            0,
            (ceil(size / strides[axis]) - 1) * strides[axis]
            + (kernel[axis] - 1) * dilations[axis]
            + 1
            - size,
        )
        for axis, size in enumerate(spatial)
    ]
    half = floor if mode == "SAME_UPPER" else ceil  # the odd one goes to the end, or to the begin
    begins = [half(total / 2) for total in totals]
    return [*begins, *(total - begin for total, begin in zip(totals, begins, strict=True))]
