"""Builds an nn.model from the nodes of an ONNX graph: names, values and weights; the operators are in onnx_ops."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from xdsl.ir import SSAValue

from split4ml.compiler.frontend.onnx_graph import Array, Graph, Node, Shape
from split4ml.dialects import nn
from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.names import Names, legal_name
from split4ml.dialects.nn_base import typed
from split4ml.dialects.precision import Precision
from split4ml.passes.weights import WeightStore


class Builder:
    """The model under construction.

    Activations lose their batch axis on the way: an ONNX tensor of shape N x … is a value of shape …
    """

    def __init__(self, name: str, graph: Graph, weights: WeightStore) -> None:
        self.graph = graph
        self.weights = weights
        self.model = nn.ModelOp(legal_name(name, fallback="model"))
        self.values: dict[str, SSAValue] = {}
        self.conditions: dict[str, Node] = {}
        """Comparisons, and what joins them, by result (onnx_conditions)."""
        self.zeros: dict[str, int] = {}
        """Zero points of integer tensors, whose values are without them (onnx_quantised)."""
        self._names = Names()

    def error(self, node: Node, message: str, hint: str | None = None) -> Split4mlError:
        return Split4mlError(message, where=f"{self.graph.where}: node {node.label!r} ({node.op})", hint=hint)

    def name(self, text: str, fallback: str = "node") -> str:
        """A legal name that nothing in the model has yet."""
        return self._names.new(text, fallback)

    def emit(self, op: nn.TensorOp) -> SSAValue:
        """Appends an op; returns its result."""
        self.model.block.add_op(op)
        op.result.name_hint = op.symbol
        return op.result

    def weight(self, array: Array, owner: str, role: str, element: Precision | None = None) -> SSAValue:
        """A new constant, named after the op that owns it and what it is for, such as `conv1` and `bias`.

        element: the type of its elements, if they are quantised."""
        data = np.asarray(array, np.float32)
        name = self.name(f"{owner}_{role}")
        op = nn.ConstantOp(name, self.weights.put(data), data.shape)
        if element is not None:
            op.types = typed({"result": element})
        return self.emit(op)

    def operand(self, node: Node, index: int) -> str:
        """Name of an operand; empty if it is absent."""
        return node.inputs[index] if index < len(node.inputs) else ""

    def constant(self, node: Node, index: int, what: str) -> Array:
        """A weight operand. Raises Split4mlError if it is not constant."""
        name = self.operand(node, index)
        if name not in self.graph.constants:
            raise self.error(node, f"its {what} is computed from the data, but must be constant")
        array = self.graph.constants[name]
        if not np.all(np.isfinite(array)):
            raise self.error(node, f"its {what} holds values that are not finite")
        return array

    def optional(self, node: Node, index: int, what: str) -> Array | None:
        """A weight operand that may be absent."""
        return self.constant(node, index, what) if self.operand(node, index) else None

    def integers(self, node: Node, index: int, what: str) -> list[int] | None:
        """Whole numbers that are an attribute in old opsets and an operand in newer ones; None if there are neither."""
        operand = self.optional(node, index, what)
        given = node.attributes.get(what) if operand is None else operand.reshape(-1)
        return None if given is None else [int(value) for value in given]

    def data(self, node: Node, index: int = 0) -> SSAValue:
        """A data operand, without its batch axis."""
        name = self.operand(node, index)
        if name not in self.values:
            raise self.error(node, f"its operand {index} ({name!r}) is constant, but should be data")
        return self.values[name]

    def data_shape(self, node: Node, index: int = 0) -> Shape:
        """Shape of a data operand, with its batch axis."""
        self.data(node, index)
        return self.graph.shapes[node.inputs[index]]

    def result_shape(self, node: Node) -> Shape:
        """Shape of the result without its batch axis. Raises Split4mlError if the batch axis was moved or merged."""
        shape = self.graph.shapes[node.outputs[0]]
        if not shape or shape[0] != self.graph.batch:
            raise self.error(
                node,
                f"it mixes frames: its result has shape {list(shape)},"
                f" but the first axis must stay the batch of {self.graph.batch}",
            )
        return shape[1:]

    def axis(self, node: Node, value: int, rank: int) -> int:
        """An ONNX axis as an axis of the value without batch."""
        axis = value + rank if value < 0 else value
        if axis == 0:
            raise self.error(node, "it works along the batch axis, so that frames would depend on each other")
        return axis - 1


def origin(node: Node) -> Sequence[str]:
    """The property `onnx` of the op that stands for a node."""
    return (node.label.encode("ascii", "backslashreplace").decode(),)
