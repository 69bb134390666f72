"""ONNX's MatMul: by a weight on either side, which may have axes of its own, or one row of data by one column."""

from __future__ import annotations

import string
from math import prod

from xdsl.ir import SSAValue

from split4ml.compiler.frontend.onnx_builder import Builder, origin
from split4ml.compiler.frontend.onnx_einsum import contract
from split4ml.compiler.frontend.onnx_graph import Node
from split4ml.compiler.frontend.onnx_ops import dense, handles
from split4ml.compiler.frontend.onnx_refusals import DATA_BY_DATA
from split4ml.compiler.frontend.onnx_weights import quantised_weight
from split4ml.dialects import nn


@handles("MatMul")
def matmul(builder: Builder, node: Node, name: str) -> SSAValue:
    if all(operand in builder.values for operand in node.inputs):
        return dot(builder, node, name)
    if node.inputs[0] not in builder.values:
        return _by_axes(builder, node, name, 1)
    weight = builder.constant(node, 1, "right operand")
    if weight.ndim != 2 or len(builder.data_shape(node)) < 2:
        return _by_axes(builder, node, name, 0)
    quantised = quantised_weight(builder, node, 1, weight, 1)
    return dense(builder, node, name, quantised.array, None, quantised.element, quantised.scale)


def _by_axes(builder: Builder, node: Node, name: str, index: int) -> SSAValue:
    """Of data (operand `index`) and a weight, as numpy's matmul pairs their axes: the last two are matrices, those before them broadcast."""
    data, weight = builder.data_shape(node, index), builder.constant(node, 1 - index, "weight")
    what = f"its operands have shapes {list(data)} (data) and {list(weight.shape)}"
    while 2 < weight.ndim <= len(data) and weight.shape[0] == 1:
        weight = weight[0]
    if len(data) < 2 or weight.ndim < 1 or (index == 1 and len(data) < 3):
        raise builder.error(node, f"{what}: it contracts the batch", "put the batch first")
    if weight.ndim >= len(data):
        raise builder.error(
            node, f"{what}: the weight has an axis where the data has its batch", "put the batch first"
        )
    letters = iter(string.ascii_letters)
    own = [next(letters) for _ in data]
    vector = weight.ndim == 1
    outer = next(letters)  # the axis of the matrix that is not contracted
    matrix = [own[-1 - index]] if vector else [own[-1], outer] if index == 0 else [outer, own[-2]]
    before, shared = [], own[: len(own) - 2]
    for place, size in enumerate(reversed(weight.shape[:-2]), start=1):
        axis = len(shared) - place
        if size == 1 or data[axis] == size:
            before.append(shared[axis] if data[axis] == size else next(letters))
            continue
        if data[axis] != 1:
            raise builder.error(node, f"{what}, which do not fit")
        before.append(next(letters))
        shared[axis] = before[-1]
    if index == 0:
        result = [*shared, own[-2], *([] if vector else [outer])]
    else:
        result = [*shared, *([] if vector else [outer]), own[-1]]
    other = "".join([*reversed(before), *matrix])
    return contract(builder, node, name, index, "".join(own), weight, other, "".join(result))


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
