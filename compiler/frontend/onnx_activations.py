"""Activations that hls4ml has no layer for, but which are put together from layers that it has, exactly."""

from __future__ import annotations

from math import pi, sqrt

import numpy as np
from xdsl.ir import SSAValue

from split4ml.compiler.frontend.onnx_builder import Builder, origin
from split4ml.compiler.frontend.onnx_graph import Node
from split4ml.compiler.frontend.onnx_ops import handles, normalised_axis, reduced_axes
from split4ml.compiler.frontend.onnx_slicing import part
from split4ml.dialects import nn

POWERS = range(1, 9)


class Steps:
    """Ops for one node, the last of which has the node's name."""

    def __init__(self, builder: Builder, node: Node, name: str) -> None:
        self.builder, self.name, self.names = builder, name, origin(node)

    def _symbol(self, role: str | None) -> str:
        return self.name if role is None else self.builder.name(f"{self.name}_{role}")

    def unary(self, kind: type[nn.ElementwiseOp], data: SSAValue, role: str | None = None) -> SSAValue:
        return self.builder.emit(kind(self._symbol(role), data, onnx=self.names))

    def pair(
        self, kind: type[nn.BinaryOp], left: SSAValue, right: SSAValue, role: str | None = None
    ) -> SSAValue:
        return self._binary(kind, left, right, role)

    def times(self, left: SSAValue, right: SSAValue | float, role: str | None = None) -> SSAValue:
        return self._binary(nn.MultiplyOp, left, right, role)

    def plus(self, left: SSAValue, right: SSAValue | float, role: str | None = None) -> SSAValue:
        return self._binary(nn.AddOp, left, right, role)

    def _binary(
        self, kind: type[nn.BinaryOp], left: SSAValue, right: SSAValue | float, role: str | None
    ) -> SSAValue:
        symbol = self._symbol(role)
        if isinstance(right, float):
            right = self.builder.weight(np.array(right, np.float32), symbol, "constant")
        return self.builder.emit(kind(symbol, left, right, onnx=self.names))


@handles("Celu")
def celu(builder: Builder, node: Node, name: str) -> SSAValue:
    """alpha elu(x / alpha)"""
    alpha, data = float(node.attributes["alpha"]), builder.data(node)
    if alpha <= 0:
        raise builder.error(node, f"its alpha is {alpha}, but must be positive")
    if alpha == 1:
        return builder.emit(nn.EluOp(name, data, 1.0, onnx=origin(node)))
    steps = Steps(builder, node, name)
    inner = steps.times(data, 1 / alpha, "narrow")
    elu = builder.emit(nn.EluOp(builder.name(f"{name}_elu"), inner, 1.0, onnx=origin(node)))
    return steps.times(elu, alpha)


@handles("Mish")
def mish(builder: Builder, node: Node, name: str) -> SSAValue:
    """x tanh(softplus(x))"""
    steps, data = Steps(builder, node, name), builder.data(node)
    soft = steps.unary(nn.SoftplusOp, data, "softplus")
    return steps.times(data, steps.unary(nn.TanhOp, soft, "tanh"))


@handles("Gelu")
def gelu(builder: Builder, node: Node, name: str) -> SSAValue:
    """x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x**3))), ONNX's own definition of the approximation."""
    if node.attributes.get("approximate", "none") != "tanh":
        raise builder.error(
            node,
            "it is exact, which takes erf, and hls4ml has no layer for that",
            "use GELU(approximate='tanh') of PyTorch, or HardSwish",
        )
    steps, data = Steps(builder, node, name), builder.data(node)
    cube = steps.times(steps.times(data, data, "square"), data, "cube")
    inner = steps.plus(data, steps.times(cube, 0.044715, "cubic"), "sum")
    gate = steps.unary(nn.TanhOp, steps.times(inner, sqrt(2 / pi), "slope"), "tanh")
    half = steps.times(steps.plus(gate, 1.0, "shift"), 0.5, "half")
    return steps.times(data, half)


@handles("Pow")
def power(builder: Builder, node: Node, name: str) -> SSAValue:
    """Whole powers of data, by multiplication: x**6 is (x x**2)**2."""
    exponent = builder.constant(node, 1, "exponent")
    values = np.unique(exponent)
    if len(values) != 1 or float(values[0]) not in POWERS:
        raise builder.error(
            node,
            f"its exponent is {values[0] if len(values) == 1 else 'not one number'},"
            f" but multipliers give whole powers from {POWERS[0]} to {POWERS[-1]}",
            "square roots belong to normalisations that depend on the frame: use BatchNormalization",
        )
    steps, data, left = Steps(builder, node, name), builder.data(node), int(values[0])
    if left == 1:
        return steps.unary(nn.IdentityOp, data)
    result: SSAValue | None = None
    square = data
    while True:
        if left % 2:
            last = left == 1
            result = square if result is None else steps.times(result, square, None if last else "product")
        left //= 2
        if not left:
            break
        square = steps.times(square, square, None if left == 1 and result is None else "square")
    assert result is not None
    return result


@handles("LogSoftmax")
def log_softmax(builder: Builder, node: Node, name: str) -> SSAValue:
    axis = normalised_axis(builder, node)
    return _log_of_softmax(builder, node, name, builder.data(node), axis)


def _log_of_softmax(builder: Builder, node: Node, name: str, data: SSAValue, axis: int) -> SSAValue:
    """x - log(sum(exp(x)))"""
    total = log_sum_exp(builder, node, data, axis)
    return builder.emit(nn.SubtractOp(name, data, total, onnx=origin(node)))


def log_sum_exp(builder: Builder, node: Node, data: SSAValue, axis: int) -> SSAValue:
    """log(sum(exp(x))) along an axis, which stays with one element, in pairs: of two it is max(a, b) + softplus(min(a, b) - max(a, b)),
    whose softplus is looked up where its table is good, below 0."""
    steps, names = Steps(builder, node, builder.name(f"{node.name}_total")), origin(node)
    while (size := nn.shape_of(data)[axis]) > 1:
        half = size // 2
        left, right = (
            builder.emit(part(node, builder.name(f"{steps.name}_{role}"), data, axis, start, start + half))
            for role, start in (("left", 0), ("right", half))
        )
        upper = steps.pair(nn.MaximumOp, left, right, "upper")
        below = steps.pair(nn.SubtractOp, steps.pair(nn.MinimumOp, left, right, "lower"), upper, "below")
        joined = steps.plus(upper, steps.unary(nn.SoftplusOp, below, "softplus"), "joined")
        if size % 2:
            rest = builder.emit(part(node, builder.name(f"{steps.name}_rest"), data, axis, size - 1, size))
            symbol = builder.name(f"{steps.name}_all")
            joined = builder.emit(nn.ConcatOp(symbol, [joined, rest], axis, onnx=names))
        data = joined
    return data


@handles("ReduceLogSumExp")
def reduce_log_sum_exp(builder: Builder, node: Node, name: str) -> SSAValue:
    axes, names, data = reduced_axes(builder, node), origin(node), builder.data(node)
    for axis in axes:
        data = log_sum_exp(builder, node, data, axis)
    return builder.emit(nn.ReshapeOp(name, data, builder.result_shape(node), onnx=names))


@handles("Log")
def log(builder: Builder, node: Node, name: str) -> SSAValue:
    """Of a sigmoid, as exporters write log-sigmoids: -softplus(-x); of a softmax likewise."""
    sigmoid = builder.data(node).owner
    if isinstance(sigmoid, nn.SoftmaxOp):
        return _log_of_softmax(builder, node, name, sigmoid.data, sigmoid.axis.value.data)
    if not isinstance(sigmoid, nn.SigmoidOp):
        raise builder.error(
            node,
            "hls4ml has no layer for logarithms, but those of a sigmoid or softmax",
            "leave a logarithm at the end out: the order of the classes is the same",
        )
    steps = Steps(builder, node, name)
    soft = steps.unary(nn.SoftplusOp, steps.times(sigmoid.data, -1.0, "negated"), "softplus")
    return steps.times(soft, -1.0)
