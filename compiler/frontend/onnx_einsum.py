"""Einsum of data and one weight over one axis: a dense layer, with the transposes and reshapes that the equation asks for."""

from __future__ import annotations

import string
from math import prod

import numpy as np
from xdsl.ir import SSAValue

from split4ml.compiler.frontend.onnx_builder import Builder, origin
from split4ml.compiler.frontend.onnx_graph import Node
from split4ml.compiler.frontend.onnx_ops import handles
from split4ml.compiler.frontend.onnx_refusals import DATA_BY_DATA
from split4ml.dialects import nn


def _letters(builder: Builder, node: Node) -> tuple[list[str], str]:
    """The axes of the operands and of the result, a letter each; an ellipsis becomes letters of its own."""
    equation = str(node.attributes["equation"]).replace(" ", "")
    sides = equation.split("->")
    terms = sides[0].split(",")
    if len(sides) != 2 or len(terms) != 2:
        raise builder.error(
            node, f"its equation is {equation!r}, but two operands and a result are supported"
        )
    ranks = [
        len(builder.graph.shapes[name]) if name in builder.values else builder.graph.constants[name].ndim
        for name in node.inputs
    ]
    free = [letter for letter in string.ascii_letters if letter not in equation]
    expanded = []
    for term, rank in zip(terms, ranks, strict=True):
        dots = "".join(free[: rank - len(term.replace("...", ""))])
        expanded.append(term.replace("...", dots))
    longest = max(
        (len(e) - len(t.replace("...", "")) for e, t in zip(expanded, terms, strict=True)), default=0
    )
    return expanded, sides[1].replace("...", "".join(free[:longest]))


@handles("Einsum")
def einsum(builder: Builder, node: Node, name: str) -> SSAValue:
    data = [index for index, operand in enumerate(node.inputs) if operand in builder.values]
    if len(node.inputs) == 2 and len(data) == 2:
        raise builder.error(node, *DATA_BY_DATA)
    terms, result = _letters(builder, node)
    own, other = terms[data[0]], terms[1 - data[0]]
    weight = builder.constant(node, 1 - data[0], "weight")
    common = [letter for letter in own if letter in other]
    rest = [letter for letter in other if letter not in common]
    if (
        len(common) != 1
        or common[0] in result
        or any(len(set(term)) != len(term) for term in (own, other, result))
        or sorted(result) != sorted([letter for letter in own if letter not in common] + rest)
        or common[0] == own[0]
        or result[:1] != own[0]
    ):
        raise builder.error(
            node,
            f"its equation is {node.attributes['equation']!r}, but only one axis of the data, not the batch, may be"
            " contracted with a weight",
            "write it as Linear or MatMul and transposes",
        )
    (contracted,) = common
    # axes without the batch from here on
    kept = [letter for letter in own[1:] if letter != contracted]
    sizes = dict(zip(own[1:], nn.shape_of(builder.data(node, data[0])), strict=True))
    sizes |= dict(zip(other, weight.shape, strict=True))
    value, names = builder.data(node, data[0]), origin(node)
    if own[1:] != "".join([*kept, contracted]):
        order = [own[1:].index(letter) for letter in [*kept, contracted]]
        value = builder.emit(nn.TransposeOp(builder.name(f"{name}_before"), value, order, onnx=names))
    columns = weight.transpose([other.index(letter) for letter in [contracted, *rest]])
    matrix = np.ascontiguousarray(columns).reshape(sizes[contracted], prod(sizes[letter] for letter in rest))
    have, wanted = [*kept, *rest], list(result[1:])
    layer = name if len(rest) == 1 and have == wanted else builder.name(f"{name}_dense")
    value = builder.emit(nn.DenseOp(layer, value, builder.weight(matrix, layer, "weight"), None, onnx=names))
    if len(rest) != 1:
        shape = [sizes[letter] for letter in have]
        symbol = name if have == wanted else builder.name(f"{name}_axes")
        value = builder.emit(nn.ReshapeOp(symbol, value, tuple(shape), onnx=names))
    if have != wanted:
        order = [have.index(letter) for letter in wanted]
        value = builder.emit(nn.TransposeOp(name, value, order, onnx=names))
    return value
