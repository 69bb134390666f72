"""ONNX's recurrent layers, after onnx_batch: batch x steps x inputs, from a state of zeros, in one direction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from xdsl.ir import SSAValue

from split4ml.compiler.frontend.onnx_builder import Builder, origin
from split4ml.compiler.frontend.onnx_graph import Array, Node
from split4ml.compiler.frontend.onnx_ops import handles
from split4ml.dialects import nn

_KINDS: dict[str, type[nn.RecurrentOp]] = {"LSTM": nn.LstmOp, "GRU": nn.GruOp, "RNN": nn.RnnOp}
_FUNCTIONS = {"LSTM": ["Sigmoid", "Tanh", "Tanh"], "GRU": ["Sigmoid", "Tanh"], "RNN": ["Tanh"]}
_ORDER = {"LSTM": (0, 2, 3, 1), "GRU": (0, 1, 2), "RNN": (0,)}
"""ONNX's gates, in the order of ours: ONNX has i, o, f, c, we have i, f, g, o."""


def _check(builder: Builder, node: Node) -> None:
    attributes = node.attributes
    direction = attributes.get("direction", "forward")
    if direction != "forward":
        raise builder.error(
            node,
            f"it runs {direction}, but hls4ml's streams run forward only",
            "use a layer in one direction; io_parallel, which has both, is not built here",
        )
    functions = [
        name.decode() if isinstance(name, bytes) else name for name in attributes.get("activations") or []
    ]
    wanted = _FUNCTIONS[node.op]
    functions = functions[: len(wanted)]  # the schema's default has as many again, for a second direction
    if functions and [name.lower() for name in functions] != [name.lower() for name in wanted]:
        raise builder.error(node, f"its activations are {functions}, but {wanted} are what there is")
    if attributes.get("clip") or attributes.get("input_forget", 0):
        raise builder.error(node, "clip and input_forget are not supported")
    if node.op == "GRU" and not attributes.get("linear_before_reset", 0):
        raise builder.error(
            node,
            "it resets the state before the matrix, but hls4ml after it",
            "linear_before_reset = 1, as PyTorch exports, or reset_after=True of Keras",
        )
    for index, what in ((5, "initial state"), (6, "initial cell state")):
        state = builder.optional(node, index, what)
        if state is not None and np.any(state != 0):
            raise builder.error(node, f"its {what} is not zero, from which hardware starts every frame")
    if builder.operand(node, 7):
        raise builder.error(node, "peepholes are not supported")
    lengths = builder.optional(node, 4, "lengths of sequences")
    if lengths is not None and np.any(lengths != builder.data_shape(node)[1]):
        raise builder.error(node, "its sequences have different lengths", "leave out the lengths")


def _gates(array: Array, order: Sequence[int]) -> Array:
    """The gates, which lie one after the other along the first axis, in another order; then along the last."""
    parts = np.split(array, len(order))
    return np.concatenate([parts[index] for index in order]).T


@handles("LSTM", "GRU", "RNN")
def recurrent(builder: Builder, node: Node, name: str) -> SSAValue | None:
    """The results that are used: all states, the last one, or both, each by a layer of its own."""
    _check(builder, node)
    order = _ORDER[node.op]
    shape = builder.data_shape(node)
    weight, recurrent_weight = (
        builder.constant(node, 1, "weight"),
        builder.constant(node, 2, "recurrent weight"),
    )
    rows = weight.shape[1] if weight.ndim == 3 else 0
    state = rows // len(order)
    given = builder.optional(node, 3, "bias")
    wanted = ((1, rows, shape[-1]), (1, len(order) * state, state), (1, 2 * rows))
    found = (weight.shape, recurrent_weight.shape, wanted[2] if given is None else given.shape)
    if len(shape) != 3 or not state or found != wanted:
        raise builder.error(
            node,
            f"its weights of shapes {', '.join(str(list(one)) for one in found)} do not fit data of shape {list(shape)}",
        )
    kernel, inner = weight[0], recurrent_weight[0]
    biases = np.zeros(2 * rows, np.float32) if given is None else given[0]
    used = {operand for other in builder.graph.nodes for operand in other.inputs} | set(builder.graph.outputs)
    results = [output if output in used else "" for output in (*node.outputs, "", "", "")]
    if results[2]:
        raise builder.error(node, "its last cell state is used, which hls4ml's streams do not give")
    weights = {
        "weight": _gates(kernel, order),
        "recurrent": _gates(inner, order),
        "bias": _gates(biases[: len(kernel)], order),
        "recurrent_bias": _gates(biases[len(kernel) :], order),
    }
    steps = shape[1]
    first: SSAValue | None = None
    for index, output in enumerate(results[:2]):
        if not output:
            continue
        symbol = name if first is None else builder.name(f"{name}_last")
        operands = [builder.weight(array, symbol, role) for role, array in weights.items()]
        op = _KINDS[node.op](symbol, builder.data(node), *operands, sequences=index == 0, onnx=origin(node))
        # ONNX counts directions: batch x steps x directions x state, and batch x directions x state
        kept = (steps, 1, state) if index == 0 else (1, state)
        value = builder.emit(nn.ReshapeOp(builder.name(f"{symbol}_keep"), builder.emit(op), kept))
        builder.values[output] = value
        first = value if first is None else first
    return first
