"""ONNX's MatMul: by a weight, or one row of data by one column."""

from __future__ import annotations

from math import prod

from xdsl.ir import SSAValue

from split4ml.compiler.frontend.onnx_builder import Builder, origin
from split4ml.compiler.frontend.onnx_graph import Node
from split4ml.compiler.frontend.onnx_ops import dense, handles
from split4ml.compiler.frontend.onnx_refusals import DATA_BY_DATA
from split4ml.compiler.frontend.onnx_weights import quantised_weight
from split4ml.dialects import nn


@handles("MatMul")
def matmul(builder: Builder, node: Node, name: str) -> SSAValue:
    if all(operand in builder.values for operand in node.inputs):
        return dot(builder, node, name)
    weight = builder.constant(node, 1, "right operand")
    if weight.ndim != 2 or len(builder.data_shape(node)) < 2:
        raise builder.error(
            node, f"its right operand has shape {list(weight.shape)}, but must be inputs x outputs"
        )
    quantised = quantised_weight(builder, node, 1, weight, 1)
    return dense(builder, node, name, quantised.array, None, quantised.element, quantised.scale)


def dot(builder: Builder, node: Node, name: str) -> SSAValue:
    """One row by one column of data: hls4ml has no stream for its Dot, but for products and their sum."""
    row, column = (builder.data_shape(node, index)[1:] for index in range(2))
    if len(row) < 2 or len(row) != len(column) or prod(row) != row[-1] or prod(column) != column[-2]:
        raise builder.error(node, *DATA_BY_DATA)
    names = origin(node)
    flat = [
        builder.emit(
            nn.ReshapeOp(builder.name(f"{name}_{side}"), builder.data(node, index), row[-1:], onnx=names)
        )
        for index, side in enumerate(("row", "column"))
    ]
    products = builder.emit(nn.MultiplyOp(builder.name(f"{name}_products"), *flat, onnx=names))
    total = builder.emit(nn.ReduceSumOp(builder.name(f"{name}_sum"), products, [0], keep=True, onnx=names))
    return builder.emit(nn.ReshapeOp(name, total, builder.result_shape(node), onnx=names))
