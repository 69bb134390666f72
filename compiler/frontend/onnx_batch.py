"""Puts the batch first everywhere: recurrent layers of ONNX take it second, and exporters move it there and back. So does a stack of
results along a new first axis.

    x: N x T x C -> Transpose [1, 0, 2] -> LSTM -> T x 1 x N x H -> Squeeze -> Transpose [1, 0, 2] -> N x T x H
    x: N x C, … -> Unsqueeze [0] -> 1 x N x C, … -> Concat -> M x N x C -> ReduceMean [0] -> N x C

Each tensor's batch axis is followed through the graph; where it is not the first, the node is rewritten for the tensor
that has it first. The transposes above then move nothing. Operators that are not listed here want the batch first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import prod

import numpy as np

from split4ml.compiler.frontend.onnx_graph import Array, Graph, Node, Shape
from split4ml.dialects.errors import Split4mlError

RECURRENT = ("LSTM", "GRU", "RNN")
_UNARY = (
    "Abs",
    "Cast",
    "Celu",
    "Clip",
    "Dropout",
    "Elu",
    "Gelu",
    "HardSigmoid",
    "HardSwish",
    "Identity",
    "LeakyRelu",
    "Log",
    "Mish",
    "Neg",
    "Relu",
    "Selu",
    "Sigmoid",
    "Softplus",
    "Softsign",
    "Tanh",
    "ThresholdedRelu",
)
_REDUCTIONS = ("ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum", "ReduceLogSumExp")
_BINARY = ("Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Mean")


def batch_first(graph: Graph) -> Graph:
    """The same graph with every batch axis first. Raises Split4mlError, naming the node, where that cannot be."""
    if not any(node.op in ("Transpose", "Unsqueeze", *RECURRENT) for node in graph.nodes):
        return graph
    return _Mover(graph).run()


def _moved(shape: Shape, batch: int) -> Shape:
    return (shape[batch], *shape[:batch], *shape[batch + 1 :])


@dataclass
class _Mover:
    graph: Graph
    axes: dict[str, int] = field(default_factory=dict)
    """Where the batch is, by tensor."""
    movers: dict[str, Node] = field(default_factory=dict)
    """By tensor whose batch is not the first axis, the node that made it so."""
    constants: dict[str, Array] = field(default_factory=dict)

    def run(self) -> Graph:
        self.axes = dict.fromkeys(self.graph.inputs, 0)
        self.constants = dict(self.graph.constants)
        nodes = []
        for node in self.graph.nodes:
            nodes.append(self._node(node))
            mover = next((self.movers[name] for name in node.inputs if name in self.movers), node)
            self.movers.update((name, mover) for name in node.outputs if self.axes.get(name, 0))
        for name in self.graph.outputs:
            if self.axes.get(name, 0):
                raise self._error(
                    self.movers[name],
                    f"it moves the batch axis, which becomes axis {self.axes[name]} of output {name!r}, but must be the first",
                    "transpose it back before the end of the network",
                )
        shapes = {
            name: _moved(shape, self.axes.get(name, 0)) if shape else shape
            for name, shape in self.graph.shapes.items()
        }
        return replace(self.graph, nodes=tuple(nodes), shapes=shapes, constants=self.constants)

    def _error(self, node: Node, message: str, hint: str | None = None) -> Split4mlError:
        return Split4mlError(message, f"{self.graph.where}: node {node.label!r} ({node.op})", hint)

    def _node(self, node: Node) -> Node:
        data = [name for name in node.inputs if name in self.graph.shapes]
        found = {self.axes.get(name, 0) for name in data}
        if node.op in RECURRENT:
            return self._recurrent(node)
        rule = _RULES.get(node.op)
        if found <= {0} and node.op not in ("Transpose", "Squeeze", "Unsqueeze"):
            self.axes.update((name, 0) for name in node.outputs if name)
            return node
        if rule is None or len(found) != 1:
            raise self._error(
                node,
                f"the batch of its data is axis {max(found, default=0)}, but must be the first for {node.op}",
                "export recurrent layers with batch_first=True, and transpose the batch back before other operators",
            )
        (batch,) = found
        return rule(self, node, batch)

    def _results(self, node: Node, batch: int) -> None:
        self.axes.update((name, batch) for name in node.outputs if name)

    def _axis(self, node: Node, axis: int, batch: int) -> int:
        """An axis of the data, normalised, as one of the tensor with the batch first."""
        rank = len(self.graph.shapes[node.inputs[0]])
        axis = axis + rank if axis < 0 else axis
        return 0 if axis == batch else axis + 1 if axis < batch else axis

    # --- operators: each notes where the batch of the results is, and gives the node for the batch first ---------

    def _recurrent(self, node: Node) -> Node:
        batch, last = self.axes.get(node.inputs[0], 0), bool(node.attributes.get("layout", 0))
        if batch != (0 if last else 1) and node.inputs[0] in self.graph.shapes:
            raise self._error(
                node,
                f"the batch of its data is axis {batch}, but layout {int(last)} wants it as axis {int(not last)}",
                "export the layer with batch_first=True: the network's own input has its frames first",
            )
        for index, name in enumerate(node.outputs):
            if name:
                self.axes[name] = 0 if last else 2 if index == 0 else 1
        return node

    def _transpose(self, node: Node, batch: int) -> Node:
        rank = len(self.graph.shapes[node.inputs[0]])
        order = [int(axis) for axis in node.attributes.get("perm") or reversed(range(rank))]
        place = order.index(batch)
        self._results(node, place)
        rest = [self._axis(node, axis, batch) for axis in order if axis != batch]
        return replace(node, attributes={**node.attributes, "perm": [0, *rest]})

    def _same(self, node: Node, batch: int) -> Node:
        self._results(node, batch)
        return node

    def _binary(self, node: Node, batch: int) -> Node:
        """Constants are given all axes, and turned as the data."""
        rank = len(self.graph.shapes[node.outputs[0]])
        inputs = []
        for name in node.inputs:
            if name in self.graph.shapes:
                if len(self.graph.shapes[name]) != rank:
                    raise self._error(node, "its operands differ in their number of axes")
                inputs.append(name)
                continue
            array = self.constants[name]
            full = array.reshape((1,) * (rank - array.ndim) + array.shape)
            inputs.append(self._constant(node, len(inputs), np.moveaxis(full, batch, 0)))
        self._results(node, batch)
        return replace(node, inputs=tuple(inputs))

    def _matmul(self, node: Node, batch: int) -> Node:
        if batch >= len(self.graph.shapes[node.inputs[0]]) - 1:
            raise self._error(node, "it contracts the batch, so that frames would depend on each other")
        self._results(node, batch)
        return node

    def _squeeze(self, node: Node, batch: int) -> Node:
        axes = self._named(node, len(self.graph.shapes[node.inputs[0]]))
        if axes is None and self.graph.batch == 1:
            return self._reshape(node, batch)  # it may well squeeze the batch: what is left decides
        if axes is not None and batch in axes:
            raise self._error(node, "it squeezes the batch, so that nothing says what a frame is")
        self._results(node, batch - sum(axis < batch for axis in axes or ()))
        return node

    def _unsqueeze(self, node: Node, batch: int) -> Node:
        axes = self._named(node, len(self.graph.shapes[node.outputs[0]])) or []
        places = [axis for axis in range(len(self.graph.shapes[node.outputs[0]])) if axis not in axes]
        self._results(node, places[batch])
        return node

    def _named(self, node: Node, rank: int) -> Sequence[int] | None:
        given = self.constants.get(node.inputs[1]) if len(node.inputs) > 1 else node.attributes.get("axes")
        return None if given is None else [int(axis) % rank for axis in np.reshape(given, -1)]

    def _reduce(self, node: Node, batch: int) -> Node:
        """Other axes than the batch; those in front of it may vanish."""
        axes = self._named(node, len(self.graph.shapes[node.inputs[0]]))
        if axes is None or batch in axes:
            raise self._error(
                node, "it works along the batch axis, so that frames would depend on each other"
            )
        kept = bool(node.attributes.get("keepdims", 1))
        self._results(node, batch if kept else batch - sum(axis < batch for axis in axes))
        moved = [self._axis(node, axis, batch) for axis in axes]
        if "axes" in node.attributes:
            return replace(node, attributes={**node.attributes, "axes": moved})
        name = self._constant(node, 1, np.array(moved, np.int64))
        return replace(node, inputs=(node.inputs[0], name))

    def _reshape(self, node: Node, batch: int) -> Node:
        """As many elements stand before the batch as did."""
        before, after = self.graph.shapes[node.inputs[0]], self.graph.shapes[node.outputs[0]]
        for place, extent in enumerate(after):
            if extent == self.graph.batch and prod(after[:place]) == prod(before[:batch]):
                break
        else:
            raise self._error(node, f"it mixes frames: {list(before)} becomes {list(after)}")
        self._results(node, place)
        return node

    def _along(self, node: Node, batch: int) -> Node:
        """One axis as an attribute, which stays."""
        self._results(node, batch)
        axis = self._axis(node, int(node.attributes["axis"]), batch)
        return replace(node, attributes={**node.attributes, "axis": axis})

    def _gather(self, node: Node, batch: int) -> Node:
        """A single index drops its axis."""
        rank = len(self.graph.shapes[node.inputs[0]])
        axis = int(node.attributes["axis"]) % rank
        indices = self.constants.get(node.inputs[1])
        dropped = indices is not None and indices.ndim == 0 and axis < batch
        result = self._along(node, batch)
        self._results(node, batch - dropped)
        return result

    def _slice(self, node: Node, batch: int) -> Node:
        given = self.constants.get(node.inputs[3]) if len(node.inputs) > 3 else node.attributes.get("axes")
        count = np.size(self.constants[node.inputs[1]]) if len(node.inputs) > 1 else 0
        axes = [int(axis) for axis in (np.reshape(given, -1) if given is not None else range(count))]
        moved = [self._axis(node, axis, batch) for axis in axes]
        self._results(node, batch)
        if len(node.inputs) < 2:
            return replace(node, attributes={**node.attributes, "axes": moved})
        name = self._constant(node, 3, np.array(moved, np.int64))
        return replace(node, inputs=(*node.inputs[:3], name, *node.inputs[4:]))

    def _constant(self, node: Node, index: int, array: Array) -> str:
        name = f"{node.outputs[0]}/operand {index} with the batch first"
        self.constants[name] = array
        return name


_RULES: dict[str, Callable[[_Mover, Node, int], Node]] = {
    "Transpose": _Mover._transpose,
    "MatMul": _Mover._matmul,
    "Squeeze": _Mover._squeeze,
    "Unsqueeze": _Mover._unsqueeze,
    "Reshape": _Mover._reshape,
    "Softmax": _Mover._along,
    "LogSoftmax": _Mover._along,
    "Concat": _Mover._along,
    "Split": _Mover._along,
    "Gather": _Mover._gather,
    "Slice": _Mover._slice,
    **dict.fromkeys(_REDUCTIONS, _Mover._reduce),
    **dict.fromkeys(_UNARY, _Mover._same),
    **dict.fromkeys(_BINARY, _Mover._binary),
}
