"""ONNX's and QONNX's quantising operators: Quant, BipolarQuant, Trunc; QuantizeLinear, DequantizeLinear, and the QLinear layers.

Integer tensors are values without their zero point: `Builder.zeros` has that, by tensor. Whoever reads such a tensor must ask for it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from xdsl.ir import SSAValue

from split4ml.compiler.frontend import qonnx
from split4ml.compiler.frontend.integers import Doubles, Quantiser
from split4ml.compiler.frontend.onnx_builder import Builder, origin
from split4ml.compiler.frontend.onnx_graph import Node
from split4ml.compiler.frontend.onnx_ops import HANDLERS, convolved, handles
from split4ml.compiler.frontend.onnx_scaled import bounds, broadcast
from split4ml.compiler.frontend.quantiser import multiplied, quantised
from split4ml.dialects import nn
from split4ml.dialects.precision import Precision

Array = npt.NDArray[Any]
QDQ = ("QuantizeLinear", "DequantizeLinear", "QLinearConv", "QLinearMatMul", "ConvInteger", "MatMulInteger")
PASSING = ("MaxPool", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Identity")
"""What moves or chooses integers without looking at their zero point."""
READERS = (
    *PASSING,
    "Clip",
    "DequantizeLinear",
    "QLinearConv",
    "QLinearMatMul",
    "ConvInteger",
    "MatMulInteger",
)
"""What knows that an integer tensor comes without its zero point."""


# --- QONNX -------------------------------------------------------------------------------------------------


def _parameter(builder: Builder, node: Node, index: int, what: str) -> Array:
    """A constant operand, without the batch axis."""
    array = builder.constant(node, index, what)
    if array.ndim and array.ndim == len(builder.data_shape(node)):
        if array.shape[0] != 1:
            raise builder.error(node, f"its {what} differs between frames: it has shape {list(array.shape)}")
        array = array[0]
    return array


@handles("Quant", "IntQuant")
def quant(builder: Builder, node: Node, name: str) -> SSAValue:
    scale = _parameter(builder, node, 1, "scale")
    zero, bits = (
        builder.constant(node, index, what) for index, what in ((2, "zero point"), (3, "bit width"))
    )
    attributes = dict(node.attributes)
    if qonnx.is_bipolar(attributes, qonnx.integer(bits, "bit width")):
        if qonnx.integer(zero, "zero point"):
            raise builder.error(node, "a bipolar quantiser with a zero point is not supported")
        return _bipolar(builder, node, name, scale)
    return quantised(builder, node, name, builder.data(node), qonnx.quantiser(attributes, scale, zero, bits))


@handles("BipolarQuant")
def bipolar_quant(builder: Builder, node: Node, name: str) -> SSAValue:
    return _bipolar(builder, node, name, _parameter(builder, node, 1, "scale"))


def _bipolar(builder: Builder, node: Node, name: str, scale: Array) -> SSAValue:
    factor = qonnx.positive(scale)
    plain = bool(np.all(factor == 1))
    symbol = name if plain else builder.name(f"{name}_sign")
    sign = builder.emit(nn.BipolarOp(symbol, builder.data(node), onnx=origin(node)))
    return sign if plain else multiplied(builder, node, name, sign, factor)


@handles("Trunc")
def trunc(builder: Builder, node: Node, name: str) -> SSAValue:
    """The lowest bits of an integer off, its scale kept (5 operands) or made coarser by as much (6 operands)."""
    scale = qonnx.positive(_parameter(builder, node, 1, "scale"))
    zero = qonnx.integer(builder.constant(node, 2, "zero point"), "zero point")
    before = qonnx.integer(builder.constant(node, 3, "input bit width"), "input bit width")
    mode = qonnx.rounding(str(node.attributes["rounding_mode"]))
    whole = Quantiser(scale, zero, *qonnx.limits(min(before + 1, 32), True, False), "RND_CONV", inside=True)
    data = quantised(builder, node, builder.name(f"{name}_integer"), builder.data(node), whole, scaled=False)
    if len(node.inputs) == 6:
        coarse = qonnx.positive(_parameter(builder, node, 4, "output scale"))
        bits = qonnx.integer(builder.constant(node, 5, "output bit width"), "output bit width")
        step = 2.0 ** int(np.round(np.log2(coarse / scale)).reshape(-1)[0])
        low, high = qonnx.limits(bits, bool(node.attributes["signed"]), bool(node.attributes["narrow"]))
    else:
        bits = qonnx.integer(builder.constant(node, 4, "output bit width"), "output bit width")
        coarse, step = scale, 2.0 ** (before - bits)
        low, high = qonnx.limits(min(bits + 2, 32), True, False)
    if zero % step:
        raise builder.error(node, f"its zero point {zero} is no multiple of {step:g}, by which it truncates")
    after = Quantiser(np.array(step), 0, low - int(zero / step), high - int(zero / step), mode)
    done = quantised(builder, node, builder.name(f"{name}_short"), data, after, scaled=False)
    # QONNX 1 subtracts the zero point as it was, although the integers are smaller by then.
    shift = 0.0 if len(node.inputs) == 6 else zero / step - zero
    return multiplied(builder, node, name, done, coarse, shift)


# --- QDQ ---------------------------------------------------------------------------------------------------


def _per_channel(builder: Builder, node: Node, scale: Array) -> Doubles:
    """A scale of one element, or one that broadcasts against the data without its batch axis."""
    factor = qonnx.positive(scale)
    if node.attributes.get("block_size"):
        raise builder.error(node, "quantisation in blocks is not supported")
    if factor.size == 1:
        return factor.reshape(())
    shape = builder.data_shape(node)
    axis = builder.axis(node, node.attributes["axis"], len(shape))
    return factor.reshape([-1 if index == axis else 1 for index in range(len(shape) - 1)])


def _zero(builder: Builder, node: Node, index: int) -> int:
    array = builder.optional(node, index, "zero point")
    return 0 if array is None else qonnx.integer(array.astype(np.int64), "zero point")


def _quantised_kind(builder: Builder, node: Node, index: int) -> np.dtype[Any]:
    array = builder.optional(node, index, "zero point")
    return np.dtype(np.uint8) if array is None else array.dtype


@handles("QuantizeLinear")
def quantize_linear(builder: Builder, node: Node, name: str) -> SSAValue:
    if node.attributes.get("output_dtype") and not builder.operand(node, 2):
        raise builder.error(node, "its type is an attribute; give it a zero point of that type instead")
    scale = _per_channel(builder, node, builder.constant(node, 1, "scale"))
    low, high = bounds(_quantised_kind(builder, node, 2))
    zero = _zero(builder, node, 2)
    result = quantised(
        builder, node, name, builder.data(node), Quantiser(scale, zero, low, high), scaled=False
    )
    return integer_result(builder, node, result, zero)


def integer_result(builder: Builder, node: Node, value: SSAValue, zero: int) -> SSAValue:
    """Notes the zero point of an integer tensor. Raises Split4mlError if somebody reads it who does not know of it."""
    tensor = node.outputs[0]
    builder.zeros[tensor] = zero
    if zero and tensor in builder.graph.outputs:
        raise builder.error(
            node,
            f"the output {tensor!r} is of integers whose zero point is {zero}",
            "add a DequantizeLinear after it",
        )
    for user in builder.graph.nodes:
        if tensor in user.inputs and user.op not in READERS and zero:
            raise builder.error(
                user,
                f"it computes with the integers of {tensor!r}, whose zero point is {zero}",
                "export with DequantizeLinear before every operator (QDQ)",
            )
    return value


def _centred(builder: Builder, node: Node, index: int, zero: int) -> tuple[SSAValue, float]:
    """An integer operand and what is left to be added to it so that its zero point is subtracted."""
    data = builder.data(node, index)
    return data, float(builder.zeros.get(node.inputs[index], 0) - zero)


@handles("DequantizeLinear")
def dequantize_linear(builder: Builder, node: Node, name: str) -> SSAValue:
    scale = _per_channel(builder, node, builder.constant(node, 1, "scale"))
    data, offset = _centred(builder, node, 0, _zero(builder, node, 2))
    return multiplied(builder, node, name, data, scale, offset)


_float_clip = HANDLERS["Clip"]


@handles("Clip")
def clip(builder: Builder, node: Node, name: str) -> SSAValue | None:
    """Of integers: how Brevitas writes narrow ranges and fewer bits than a type of ONNX has."""
    if node.inputs[0] not in builder.zeros:
        return _float_clip(builder, node, name)
    zero = builder.zeros[node.inputs[0]]
    low, high = (
        qonnx.integer(builder.constant(node, index, what).astype(np.int64), what)
        for index, what in ((1, "lower bound"), (2, "upper bound"))
    )
    q = Quantiser(np.array(1.0), 0, low - zero, high - zero)
    value = quantised(builder, node, name, builder.data(node), q, scaled=False)
    return integer_result(builder, node, value, zero)


# --- layers of integers ------------------------------------------------------------------------------------


def _weight(builder: Builder, node: Node, index: int, zero_index: int) -> Doubles:
    array = builder.constant(node, index, "weight").astype(np.float64)
    zero = builder.optional(node, zero_index, "zero point of its weight")
    if zero is None:
        return array
    return array - broadcast(zero.astype(np.float64), array.shape, 0)


def _layer(
    builder: Builder, node: Node, name: str, data: SSAValue, kernel: Doubles, bias: Doubles | None
) -> SSAValue:
    """A convolution or a matrix product of integers."""
    low, high = int(kernel.min()), int(kernel.max())
    width = max(2, high.bit_length() + 1, (-low - 1).bit_length() + 1 if low < 0 else 0)
    element = Precision(width, width)
    if node.op in ("QLinearConv", "ConvInteger"):
        return convolved(builder, node, name, data, kernel, bias, element)
    if kernel.ndim != 2:
        raise builder.error(node, f"its right operand has shape {list(kernel.shape)}, not inputs x outputs")
    weight = builder.weight(kernel, name, "weight", element)
    return builder.emit(nn.DenseOp(name, data, weight, None, onnx=origin(node)))


def _shifted(builder: Builder, node: Node, name: str, data: SSAValue, offset: float) -> SSAValue:
    if not offset:
        return data
    return multiplied(builder, node, builder.name(f"{name}_centred"), data, np.array(1.0), offset)


@handles("QLinearConv", "QLinearMatMul")
def qlinear(builder: Builder, node: Node, name: str) -> SSAValue:
    """Operands: x, its scale and zero, w, its scale and zero, the result's scale and zero, and a bias of integers."""
    data, offset = _centred(builder, node, 0, _zero(builder, node, 2))
    data = _shifted(builder, node, name, data, offset)
    kernel = _weight(builder, node, 3, 5)
    bias = builder.optional(node, 8, "bias") if node.op == "QLinearConv" else None
    layer = builder.name(f"{name}_integer")
    result = _layer(builder, node, layer, data, kernel, None if bias is None else bias.astype(np.float64))
    scales = [
        qonnx.positive(builder.constant(node, index, what))
        for index, what in ((1, "scale"), (4, "scale of its weight"), (6, "scale of its result"))
    ]
    if scales[0].size > 1 or scales[2].size > 1:
        raise builder.error(node, "a scale of its data differs between channels")
    factor = scales[0].reshape(()) * scales[1] / scales[2].reshape(())
    if factor.size == 1:
        factor = factor.reshape(())
    elif node.op == "QLinearConv":
        factor = factor.reshape(-1, *(1,) * (len(nn.shape_of(result)) - 1))
    scaled = multiplied(builder, node, builder.name(f"{name}_scaled"), result, factor)
    low, high = bounds(builder.constant(node, 7, "zero point").dtype)
    zero = _zero(builder, node, 7)
    q = Quantiser(np.array(1.0), zero, low, high)
    return integer_result(builder, node, quantised(builder, node, name, scaled, q, scaled=False), zero)


@handles("ConvInteger", "MatMulInteger")
def integer_layer(builder: Builder, node: Node, name: str) -> SSAValue:
    data, offset = _centred(builder, node, 0, _zero(builder, node, 2))
    data = _shifted(builder, node, name, data, offset)
    return _layer(builder, node, name, data, _weight(builder, node, 1, 3), None)
