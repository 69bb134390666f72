"""ONNX operators that work element by element: activations, bounds, and arithmetic of data and constants."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np
from xdsl.ir import SSAValue

from split4ml.compiler.frontend.onnx_builder import Builder, origin
from split4ml.compiler.frontend.onnx_graph import Array, Node
from split4ml.compiler.frontend.onnx_ops import handles
from split4ml.dialects import nn
from split4ml.passes.nn_numpy import SELU_ALPHA, SELU_SCALE
from split4ml.passes.nn_rewriting import array_of

_UNARY: dict[str, type[nn.ElementwiseOp]] = {
    "Relu": nn.ReluOp,
    "Sigmoid": nn.SigmoidOp,
    "Tanh": nn.TanhOp,
    "Softplus": nn.SoftplusOp,
    "Softsign": nn.SoftsignOp,
}
_SLOPED: dict[str, type[nn.SlopedOp]] = {
    "LeakyRelu": nn.LeakyReluOp,
    "Elu": nn.EluOp,
    "ThresholdedRelu": nn.ThresholdedReluOp,
}
_BINARY: dict[str, type[nn.BinaryOp]] = {
    "Add": nn.AddOp,
    "Sub": nn.SubtractOp,
    "Mul": nn.MultiplyOp,
    "PRelu": nn.PReluOp,
}
_MANY: dict[str, type[nn.BinaryOp]] = {
    "Max": nn.MaximumOp,
    "Min": nn.MinimumOp,
    "Sum": nn.AddOp,
    "Mean": nn.AddOp,
}

UNBOUNDED = 1e30
"""Bounds from here on are written by exporters that mean none: ONNX's older defaults are the limits of float32."""


def operand(builder: Builder, node: Node, index: int, name: str) -> SSAValue:
    """Data, or a constant without the batch axis that broadcasting may give it."""
    rank = len(builder.graph.shapes[node.outputs[0]])
    if node.inputs[index] in builder.values:
        if len(builder.graph.shapes[node.inputs[index]]) != rank:
            raise builder.error(node, f"operand {index} has fewer axes than the result: its batch would move")
        return builder.data(node, index)
    return builder.weight(constant_of(builder, node, index), name, "constant")


def constant_of(builder: Builder, node: Node, index: int) -> Array:
    array = builder.constant(node, index, f"operand {index}")
    if array.ndim == len(builder.graph.shapes[node.outputs[0]]):
        if array.shape[0] != 1:
            raise builder.error(node, f"operand {index} differs between frames: shape {list(array.shape)}")
        array = array[0]
    return array


def _scalar(builder: Builder, value: float, name: str, role: str) -> SSAValue:
    return builder.weight(np.array(value, np.float32), name, role)


@handles(*_UNARY)
def unary(builder: Builder, node: Node, name: str) -> SSAValue:
    return builder.emit(_UNARY[node.op](name, builder.data(node), onnx=origin(node)))


@handles(*_SLOPED)
def sloped(builder: Builder, node: Node, name: str) -> SSAValue:
    alpha = node.attributes["alpha"]
    return builder.emit(_SLOPED[node.op](name, builder.data(node), alpha, onnx=origin(node)))


@handles("Selu")
def selu(builder: Builder, node: Node, name: str) -> SSAValue:
    alpha, gamma = node.attributes["alpha"], node.attributes["gamma"]
    if np.isclose(alpha, SELU_ALPHA) and np.isclose(gamma, SELU_SCALE):
        return builder.emit(nn.SeluOp(name, builder.data(node), onnx=origin(node)))
    elu = builder.emit(nn.EluOp(builder.name(f"{name}_elu"), builder.data(node), alpha, onnx=origin(node)))
    return builder.emit(nn.MultiplyOp(name, elu, _scalar(builder, gamma, name, "gamma"), onnx=origin(node)))


@handles("HardSigmoid", "HardSwish")
def hard_sigmoid(builder: Builder, node: Node, name: str) -> SSAValue:
    """max(0, min(1, alpha * x + beta)), times x for HardSwish."""
    data, names = builder.data(node), origin(node)
    alpha = node.attributes.get("alpha", 1 / 6)
    beta = node.attributes.get("beta", 0.5)
    scale = _scalar(builder, alpha, name, "alpha")
    line = builder.emit(nn.MultiplyOp(builder.name(f"{name}_slope"), data, scale, onnx=names))
    shift = _scalar(builder, beta, name, "beta")
    line = builder.emit(nn.AddOp(builder.name(f"{name}_shift"), line, shift, onnx=names))
    swish = node.op == "HardSwish"
    gate = _bounded(builder, line, 0.0, 1.0, builder.name(f"{name}_gate") if swish else name, names)
    return builder.emit(nn.MultiplyOp(name, data, gate, onnx=names)) if swish else gate


@handles(*_BINARY)
def binary(builder: Builder, node: Node, name: str) -> SSAValue:
    left, right = (operand(builder, node, index, name) for index in (0, 1))
    return builder.emit(_BINARY[node.op](name, left, right, onnx=origin(node)))


@handles("Div")
def divide(builder: Builder, node: Node, name: str) -> SSAValue:
    """By a constant, whose reciprocal hardware multiplies by; x / (1 + |x|) is how PyTorch writes Softsign."""
    if node.inputs[1] in builder.values:
        if node.inputs[0] in builder.values and _is_one_and_size(builder, node):
            return builder.emit(nn.SoftsignOp(name, builder.data(node), onnx=origin(node)))
        raise builder.error(
            node, "it divides by data, which hls4ml has no layer for", "divide by constants only"
        )
    divisor = constant_of(builder, node, 1).astype(np.float64)
    if np.any(divisor == 0):
        raise builder.error(node, "it divides by zero")
    factor = builder.weight(1 / divisor, name, "reciprocal")
    return builder.emit(nn.MultiplyOp(name, operand(builder, node, 0, name), factor, onnx=origin(node)))


def _is_one_and_size(builder: Builder, node: Node) -> bool:
    """Whether the divisor is 1 + |x|, where x is what is divided."""
    total, data = builder.data(node, 1).owner, builder.data(node)
    if not isinstance(total, nn.AddOp) or nn.shape_of(total.result) != nn.shape_of(data):
        return False
    for one, size in ((total.left, total.right), (total.right, total.left)):
        array = array_of(one, builder.weights)
        if array is not None and np.all(array == 1) and isinstance(size.owner, nn.MaximumOp):
            minus = size.owner.right.owner
            if size.owner.left is not data or not isinstance(minus, nn.MultiplyOp) or minus.left is not data:
                return False
            factor = array_of(minus.right, builder.weights)
            return factor is not None and bool(np.all(factor == -1))
    return False


@handles("Abs")
def absolute(builder: Builder, node: Node, name: str) -> SSAValue:
    """max(x, -x)"""
    data, names = builder.data(node), origin(node)
    factor = _scalar(builder, -1.0, name, "minus")
    minus = builder.emit(nn.MultiplyOp(builder.name(f"{name}_negated"), data, factor, onnx=names))
    return builder.emit(nn.MaximumOp(name, data, minus, onnx=names))


@handles("Neg")
def negate(builder: Builder, node: Node, name: str) -> SSAValue:
    minus = _scalar(builder, -1.0, name, "minus")
    return builder.emit(nn.MultiplyOp(name, builder.data(node), minus, onnx=origin(node)))


@handles(*_MANY)
def many(builder: Builder, node: Node, name: str) -> SSAValue:
    """Any number of operands, two at a time; the mean of two is one operator, of more a sum and a scale."""
    count, names, kind = len(node.inputs), origin(node), _MANY[node.op]
    operands = [operand(builder, node, index, name) for index in range(count)]
    if count == 1:
        return builder.emit(nn.IdentityOp(name, operands[0], onnx=names))
    if node.op == "Mean" and count == 2:
        return builder.emit(nn.AverageOp(name, *operands, onnx=names))
    mean = node.op == "Mean"

    def join(left: SSAValue, item: tuple[int, SSAValue]) -> SSAValue:
        last = item[0] == count - 1 and not mean
        symbol = name if last else builder.name(f"{name}_part{item[0]}")
        return builder.emit(kind(symbol, left, item[1], onnx=names))

    joined = reduce(join, enumerate(operands[1:], start=1), operands[0])
    if not mean:
        return joined
    return builder.emit(nn.MultiplyOp(name, joined, _scalar(builder, 1 / count, name, "share"), onnx=names))


@handles("Clip")
def clip(builder: Builder, node: Node, name: str) -> SSAValue:
    bounds = []
    for index, key in enumerate(("min", "max"), start=1):
        given = builder.graph.constants.get(builder.operand(node, index))
        if builder.operand(node, index) and given is None:
            raise builder.error(node, f"its bound {key!r} is computed from the data, but must be constant")
        if given is not None and given.size != 1:
            raise builder.error(node, f"its bound {key!r} has {given.size} elements, but must be one number")
        value = float(given.reshape(-1)[0]) if given is not None else node.attributes.get(key)
        if value is not None and np.isnan(value):
            raise builder.error(node, f"its bound {key!r} is not a number")
        bounds.append(value if value is not None and abs(value) < UNBOUNDED else None)
    lower, upper = bounds
    if lower is not None and upper is not None and lower > upper:
        lower = upper  # as ONNX says
    return _bounded(builder, builder.data(node), lower, upper, name, origin(node))


def _bounded(
    builder: Builder,
    data: SSAValue,
    lower: float | None,
    upper: float | None,
    name: str,
    names: Sequence[str],
) -> SSAValue:
    """min(max(data, lower), upper); the last op has the name."""
    if lower is None and upper is None:
        return builder.emit(nn.IdentityOp(name, data, onnx=names))
    if lower is not None:
        symbol = name if upper is None else builder.name(f"{name}_lower")
        data = builder.emit(nn.MaximumOp(symbol, data, _scalar(builder, lower, name, "min"), onnx=names))
    if upper is not None:
        data = builder.emit(nn.MinimumOp(name, data, _scalar(builder, upper, name, "max"), onnx=names))
    return data
