"""ONNX operators that repeat data: Expand and Tile."""

from __future__ import annotations

from xdsl.ir import SSAValue

from split4ml.compiler.frontend.onnx_builder import Builder, origin
from split4ml.compiler.frontend.onnx_graph import Node
from split4ml.compiler.frontend.onnx_ops import handles
from split4ml.dialects import nn


@handles("Expand")
def expand(builder: Builder, node: Node, name: str) -> SSAValue:
    before, after = builder.data_shape(node)[1:], builder.result_shape(node)
    data, names = builder.data(node), origin(node)
    if len(before) < len(after):
        raise builder.error(node, "its result has more axes than its data: the batch would move")
    if before == after:
        return builder.emit(nn.IdentityOp(name, data, onnx=names))
    return builder.emit(nn.ExpandOp(name, data, after, onnx=names))


@handles("Tile")
def tile(builder: Builder, node: Node, name: str) -> SSAValue:
    """Copies one after the other along every axis; along one with a single element, that one repeated."""
    before, after = builder.data_shape(node)[1:], builder.result_shape(node)
    data, names = builder.data(node), origin(node)
    for axis, (old, new) in enumerate(zip(before, after, strict=True)):
        if old != 1 and new != old:
            symbol = builder.name(f"{name}_axis{axis}")
            data = builder.emit(nn.ConcatOp(symbol, [data] * (new // old), axis, onnx=names))
    if nn.shape_of(data) == after:
        return builder.emit(nn.IdentityOp(name, data, onnx=names))
    return builder.emit(nn.ExpandOp(name, data, after, onnx=names))
