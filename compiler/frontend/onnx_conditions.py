"""Choices between values by comparisons: Where, casts of conditions to numbers, and Sign.

    where(x > t, a, b)   =>   b + (a - b) * step(x - t)          step(d) is 1 where d > 0, else 0: threshold(d + 1, 1) - relu(d)

A comparison computes nothing by itself; what uses it is built from steps. All is exact as long as the element types hold d + 1.
"""

from __future__ import annotations

from math import prod

import numpy as np
from onnx import TensorProto
from xdsl.ir import SSAValue

from split4ml.compiler.frontend.onnx_activations import Steps
from split4ml.compiler.frontend.onnx_builder import Builder, origin
from split4ml.compiler.frontend.onnx_elementwise import constant_of, operand
from split4ml.compiler.frontend.onnx_graph import Node
from split4ml.compiler.frontend.onnx_ops import handles, identity
from split4ml.dialects import nn
from split4ml.passes.nn_rewriting import array_of

LINEAR_FROM = 15.0
"""From here on softplus(x) is x in float32: it differs by exp(-x)."""
FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.BFLOAT16)


@handles("Greater", "GreaterOrEqual", "Less", "LessOrEqual", "And", "Or", "Not")
def condition(builder: Builder, node: Node, name: str) -> None:
    builder.conditions[node.outputs[0]] = node


@handles("Sign")
def sign(builder: Builder, node: Node, name: str) -> SSAValue:
    """1 above 0, -1 below."""
    steps, data = Steps(builder, node, name), builder.data(node)
    above = _step(builder, node, steps, data)
    below = _step(builder, node, steps, steps.times(data, -1.0, "negated"))
    return steps.pair(nn.SubtractOp, above, below)


@handles("Cast")
def cast(builder: Builder, node: Node, name: str) -> SSAValue | None:
    """Between floating-point types only: what precision hardware has is hls4ml's configuration. A condition becomes 0 and 1."""
    kind = node.attributes["to"]
    if kind == TensorProto.BOOL and node.inputs[0] in builder.conditions:
        builder.conditions[node.outputs[0]] = builder.conditions[node.inputs[0]]
        return None
    if kind not in FLOATS:
        shown = TensorProto.DataType.Name(kind) if kind in TensorProto.DataType.values() else kind
        raise builder.error(node, f"it casts data to {shown}, but only floating point is supported")
    if node.inputs[0] in builder.conditions:
        gate = _gate(builder, node, node.inputs[0], Steps(builder, node, name))
        return builder.emit(nn.IdentityOp(name, gate, onnx=origin(node)))
    return identity(builder, node, name)


@handles("Where")
def where(builder: Builder, node: Node, name: str) -> SSAValue:
    steps, shape = Steps(builder, node, name), builder.graph.shapes[node.outputs[0]]
    if _spares_softplus(builder, node):
        return builder.emit(nn.IdentityOp(name, builder.data(node, 2), onnx=origin(node)))
    chosen, other = (operand(builder, node, index, name) for index in (1, 2))
    if node.inputs[0] in builder.graph.constants:
        mask = builder.weight(constant_of(builder, node, 0).astype(np.float32), name, "mask")
        gate: SSAValue = mask
    else:
        gate = _gate(builder, node, node.inputs[0], steps)
        if prod(nn.shape_of(gate)) != prod(shape[1:]):
            raise builder.error(node, "its condition has another shape than its result", "expand it before")
    constant = [node.inputs[index] not in builder.values for index in (1, 2)]
    if all(constant):
        first, second = (np.asarray(array_of(value, builder.weights)) for value in (chosen, other))
        gap: SSAValue = builder.weight(first - second, name, "gap")
    else:
        gap = steps.pair(nn.SubtractOp, chosen, other, "gap")
    return steps.plus(steps.times(gap, gate, "gated"), other)


def _gate(builder: Builder, node: Node, name: str, steps: Steps) -> SSAValue:
    """1 where a condition holds, else 0. node: what uses it."""
    made = builder.conditions.get(name)
    if made is None:
        raise builder.error(
            node,
            "it chooses between values by a condition that is no comparison",
            "use ReLU, LeakyReLU, ThresholdedReLU or clamp, or multiply by a mask",
        )
    match made.op:
        case "Not":
            return _inverse(steps, _gate(builder, node, made.inputs[0], steps))
        case "And":
            one, other = (_gate(builder, node, operand, steps) for operand in made.inputs)
            return steps.times(one, other, "both")
        case "Or":
            one, other = (_gate(builder, node, operand, steps) for operand in made.inputs)
            return steps.pair(nn.MaximumOp, one, other, "either")
    left, right = (operand(builder, made, index, steps.name) for index in (0, 1))
    if made.op in ("Less", "GreaterOrEqual"):
        left, right = right, left
    gate = _step(builder, node, steps, steps.pair(nn.SubtractOp, left, right, "difference"))
    return _inverse(steps, gate) if made.op.endswith("OrEqual") else gate


def _inverse(steps: Steps, gate: SSAValue) -> SSAValue:
    return steps.plus(steps.times(gate, -1.0, "minus"), 1.0, "inverse")


def _step(builder: Builder, node: Node, steps: Steps, data: SSAValue) -> SSAValue:
    """1 where the data is above 0, else 0."""
    shifted = steps.plus(data, 1.0, "shifted")
    symbol = builder.name(f"{steps.name}_beyond")
    beyond = builder.emit(nn.ThresholdedReluOp(symbol, shifted, 1.0, onnx=origin(node)))
    return steps.pair(nn.SubtractOp, beyond, steps.unary(nn.ReluOp, data, "above"), "step")


def _spares_softplus(builder: Builder, node: Node) -> bool:
    """`Where(b x > 20, x, softplus(b x) / b)`, as torch.export writes Softplus: the condition only spares float32 an overflow."""
    made = builder.conditions.get(node.inputs[0])
    if made is None or made.op != "Greater" or made.inputs[1] in builder.values:
        return False
    chosen, otherwise = (builder.values.get(node.inputs[index]) for index in (1, 2))
    if chosen is None or otherwise is None:
        return False
    threshold = float(np.min(builder.constant(made, 1, "right side")))
    return threshold >= LINEAR_FROM and _is_softplus(builder, otherwise, builder.data(made), chosen)


def _is_softplus(builder: Builder, value: SSAValue, compared: SSAValue, chosen: SSAValue) -> bool:
    """Whether a value is softplus(compared), or a fraction of it of which `compared` is the multiple of `chosen`."""
    if isinstance(value.owner, nn.SoftplusOp):
        return value.owner.data is compared and chosen is compared
    scaled, inner = value.owner, compared.owner
    if not isinstance(scaled, nn.MultiplyOp) or not isinstance(inner, nn.MultiplyOp):
        return False
    soft, data = scaled.left.owner, inner.left
    back, factor = array_of(scaled.right, builder.weights), array_of(inner.right, builder.weights)
    if not isinstance(soft, nn.SoftplusOp) or soft.data is not compared or data is not chosen:
        return False
    return back is not None and factor is not None and bool(np.allclose(back * factor, 1, rtol=1e-6))
