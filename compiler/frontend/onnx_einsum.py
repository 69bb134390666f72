"""Products of data and one weight in any number of axes: a dense layer, with the transposes and reshapes that they ask for.

b n f, n f o -> b o     %0 = nn.reshape %x : n x f to (n f);  %1 = nn.dense %0, the weight as (n f) x o
b n f, n f o -> b n o   the same, with a weight as (n f) x (n o) that is zero where n differs
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from math import prod

import numpy as np
from xdsl.ir import SSAValue

from split4ml.compiler.frontend.onnx_builder import Builder, origin
from split4ml.compiler.frontend.onnx_graph import Array, Node
from split4ml.compiler.frontend.onnx_ops import handles
from split4ml.compiler.frontend.onnx_refusals import DATA_BY_DATA
from split4ml.dialects import nn

MAX_WEIGHT = 1 << 24
"""Elements of a weight that is written out with zeros."""


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
    equation = f"its equation is {node.attributes['equation']!r}"
    if any(len(set(term)) != len(term) for term in (own, other, result)):
        raise builder.error(
            node, f"{equation}, which takes a diagonal", "write it as Linear or MatMul and transposes"
        )
    if own[:1] in other or result[:1] != own[:1]:
        raise builder.error(
            node,
            f"{equation}, but the first axis of the data, the batch, must stay the first of the result and of it alone",
            "write it as Linear or MatMul and transposes",
        )
    return contract(builder, node, name, data[0], own, weight, other, result)


def contract(
    builder: Builder, node: Node, name: str, index: int, own: str, weight: Array, other: str, result: str
) -> SSAValue:
    """The data operand `index` by a weight. own, other, result: a letter for each axis of the data (the batch first), of the weight and
    of the result; axes that the result lacks are summed, those that both have are multiplied element by element."""
    names, value = origin(node), builder.data(node, index)
    own, result = own[1:], result[1:]
    sizes = dict(zip(own, nn.shape_of(value), strict=True)) | dict(zip(other, weight.shape, strict=True))
    gone = [axis for axis, letter in enumerate(own) if letter not in other + result]
    if gone:
        value = builder.emit(
            nn.ReduceSumOp(builder.name(f"{name}_summed"), value, gone, keep=False, onnx=names)
        )
        own = "".join(letter for letter in own if letter in other + result)
    lonely = tuple(axis for axis, letter in enumerate(other) if letter not in own + result)
    if lonely:
        weight = weight.sum(axis=lonely)
        other = "".join(letter for letter in other if letter in own + result)
    kept = [letter for letter in own if letter not in other]
    shared = [letter for letter in other if letter in own and letter in result]
    summed = [letter for letter in other if letter in own and letter not in result]
    rest = [letter for letter in other if letter not in own]

    def extent(letters: Sequence[str]) -> int:
        return prod(sizes[letter] for letter in letters)

    inputs, wanted = [*shared, *summed], list(result)
    steps = _Shapes(builder, node, value, list(own), sizes)
    steps.order([*kept, *inputs])
    if not summed and not rest:
        factor = weight.transpose([other.index(letter) for letter in shared]) if shared else weight
        last = name if [*kept, *shared] == wanted else builder.name(f"{name}_product")
        constant = builder.weight(factor, last, "factor")
        steps.value = builder.emit(nn.MultiplyOp(last, steps.value, constant, onnx=names))
        return steps.finish(name, wanted)
    matrix = weight.transpose([other.index(letter) for letter in [*shared, *summed, *rest]])
    matrix = np.ascontiguousarray(matrix).reshape(extent(shared), extent(summed), extent(rest))
    if len(matrix) > 1:
        if len(matrix) ** 2 * matrix[0].size > MAX_WEIGHT:
            raise builder.error(
                node,
                f"written as one layer it has more than {MAX_WEIGHT} weights, since it has weights of their own for each of"
                f" {len(matrix)} places",
                "share the weights between places, as Linear and Conv do",
            )
        blocks = np.zeros((*matrix.shape[:2], len(matrix), matrix.shape[2]), weight.dtype)
        blocks[np.arange(len(matrix)), :, np.arange(len(matrix)), :] = matrix
        matrix = blocks
    matrix = matrix.reshape(extent(inputs), -1)
    if len(inputs) != 1:
        steps.reshape([*(sizes[letter] for letter in kept), extent(inputs)], f"{name}_joined")
    have = [*kept, *shared, *rest]
    single = len(have) == len(kept) + 1
    layer = name if single and have == wanted else builder.name(f"{name}_dense")
    kernel = builder.weight(matrix, layer, "weight")
    steps.value = builder.emit(nn.DenseOp(layer, steps.value, kernel, None, onnx=names))
    steps.letters = have
    if not single:
        last = name if have == wanted else builder.name(f"{name}_axes")
        steps.reshape([sizes[letter] for letter in have], last, new=False)
    return steps.finish(name, wanted)


class _Shapes:
    """A value on its way through transposes and reshapes. letters: of its axes."""

    def __init__(
        self, builder: Builder, node: Node, value: SSAValue, letters: list[str], sizes: dict[str, int]
    ) -> None:
        self.builder, self.names, self.value = builder, origin(node), value
        self.letters, self.sizes, self.node = letters, sizes, node

    def order(self, letters: list[str], name: str = "") -> None:
        if letters == self.letters:
            return
        axes = [self.letters.index(letter) for letter in letters]
        symbol = name or self.builder.name(f"{self.node.name}_before")
        self.value = self.builder.emit(nn.TransposeOp(symbol, self.value, axes, onnx=self.names))
        self.letters = letters

    def reshape(self, shape: Sequence[int], name: str, new: bool = True) -> None:
        symbol = self.builder.name(name) if new else name
        self.value = self.builder.emit(nn.ReshapeOp(symbol, self.value, tuple(shape), onnx=self.names))

    def finish(self, name: str, letters: list[str]) -> SSAValue:
        self.order(letters, name)
        return self.value
