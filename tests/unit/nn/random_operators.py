"""ONNX models of one operator with attributes and operands as they come, right or wrong, for property tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

Array = npt.NDArray[Any]
Draw = Callable[[st.SearchStrategy[Any]], Any]
Parts = tuple[dict[str, Any], dict[str, Array], bool]
"""Attributes, constant operands in their order, and whether the second operand is data of its own."""

SMALL, ANY = st.integers(1, 3), st.integers(-2, 4)


def _window(draw: Draw, rank: int, names: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in names:
        if draw(st.booleans()):
            count = {"pads": 2 * rank}.get(name, rank)
            least = 0 if name in ("pads", "output_padding") else 1
            found[name] = draw(st.lists(st.integers(least, 3), min_size=count, max_size=count))
    if draw(st.integers(0, 4)) == 0:
        found.pop("pads", None)
        found["auto_pad"] = draw(st.sampled_from(["SAME_UPPER", "SAME_LOWER", "VALID"]))
    return found


def _weights(*shape: int) -> Array:
    return np.random.default_rng(sum(shape)).uniform(-1, 1, shape).astype(np.float32)


def _integers(values: Any) -> Array:
    return np.array(values, np.int64)


def conv(draw: Draw, shape: tuple[int, ...]) -> Parts:
    rank, group = len(shape) - 1, draw(st.sampled_from([1, 1, 2, shape[0]]))
    kernel = draw(st.lists(SMALL, min_size=rank, max_size=rank))
    attributes = _window(draw, rank, ("strides", "pads", "dilations")) | {"group": group}
    outputs = group * draw(SMALL)
    return attributes, {"w": _weights(outputs, max(1, shape[0] // group), *kernel)}, False


def conv_transpose(draw: Draw, shape: tuple[int, ...]) -> Parts:
    rank, group = len(shape) - 1, draw(st.sampled_from([1, 1, 2, shape[0]]))
    kernel = draw(st.lists(SMALL, min_size=rank, max_size=rank))
    attributes = _window(draw, rank, ("strides", "pads", "dilations", "output_padding")) | {"group": group}
    return attributes, {"w": _weights(shape[0], draw(SMALL), *kernel)}, False


def pool(draw: Draw, shape: tuple[int, ...]) -> Parts:
    rank = len(shape) - 1
    attributes = _window(draw, rank, ("strides", "pads"))
    attributes["kernel_shape"] = draw(st.lists(SMALL, min_size=rank, max_size=rank))
    attributes["ceil_mode"] = draw(st.integers(0, 1))
    return attributes, {}, False


def reduction(draw: Draw, shape: tuple[int, ...]) -> Parts:
    axes = draw(st.lists(ANY, max_size=3, unique=True))
    return {"keepdims": draw(st.integers(0, 1))}, {"a": _integers(axes)}, False


def part(draw: Draw, shape: tuple[int, ...]) -> Parts:
    count = draw(st.integers(1, 2))
    each = st.lists(st.integers(-7, 7), min_size=count, max_size=count)
    steps = draw(st.lists(st.sampled_from([1, 1, 2, -1]), min_size=count, max_size=count))
    axes = draw(st.lists(ANY, min_size=count, max_size=count))
    operands = {"s": draw(each), "e": draw(each), "a": axes, "t": steps}
    return {}, {name: _integers(values) for name, values in operands.items()}, False


def gather(draw: Draw, shape: tuple[int, ...]) -> Parts:
    indices = draw(st.one_of(st.integers(-3, 3), st.lists(st.integers(-3, 3), min_size=1, max_size=4)))
    return {"axis": draw(ANY)}, {"i": _integers(indices)}, False


def broadcast(draw: Draw, shape: tuple[int, ...]) -> Parts:
    other = tuple(draw(st.sampled_from([1, size])) for size in shape)[draw(st.integers(0, len(shape) - 1)) :]
    return ({}, {}, True) if draw(st.booleans()) else ({}, {"c": _weights(*other) + 2}, False)


def reshape(draw: Draw, shape: tuple[int, ...]) -> Parts:
    return {}, {"s": _integers(draw(st.lists(st.integers(-1, 6), min_size=1, max_size=4)))}, False


def transpose(draw: Draw, shape: tuple[int, ...]) -> Parts:
    return {"perm": [0, *draw(st.permutations(range(1, len(shape) + 1)))]}, {}, False


def pad(draw: Draw, shape: tuple[int, ...]) -> Parts:
    count = 2 * (len(shape) + 1)
    pads = draw(st.lists(st.sampled_from([0, 0, 0, 1, 2, -1]), min_size=count, max_size=count))
    mode = draw(st.sampled_from(["constant", "constant", "edge", "reflect", "wrap"]))
    return {"mode": mode}, {"p": _integers(pads)}, False


def repeated(draw: Draw, shape: tuple[int, ...]) -> Parts:
    return {}, {"s": _integers([1, *(draw(SMALL) for _ in shape)])}, False


def concat(draw: Draw, shape: tuple[int, ...]) -> Parts:
    return {"axis": draw(ANY)}, {}, True


def along(draw: Draw, shape: tuple[int, ...]) -> Parts:
    return {"axis": draw(ANY)}, {}, False


def squeeze(draw: Draw, shape: tuple[int, ...]) -> Parts:
    return {}, {"a": _integers(draw(st.lists(ANY, max_size=2, unique=True)))}, False


OPERATORS: Mapping[str, Callable[[Draw, tuple[int, ...]], Parts]] = {
    "Conv": conv,
    "ConvTranspose": conv_transpose,
    **dict.fromkeys(("MaxPool", "AveragePool"), pool),
    **dict.fromkeys(("ReduceMean", "ReduceMax", "ReduceSum", "ReduceMin"), reduction),
    "Slice": part,
    "Gather": gather,
    **dict.fromkeys(("Add", "Sub", "Mul", "Div", "Max", "Min", "PRelu"), broadcast),
    "Reshape": reshape,
    "Transpose": transpose,
    "Pad": pad,
    **dict.fromkeys(("Expand", "Tile"), repeated),
    "Concat": concat,
    **dict.fromkeys(("Softmax", "Flatten"), along),
    **dict.fromkeys(("Squeeze", "Unsqueeze"), squeeze),
}


@st.composite
def models(draw: Draw) -> onnx.ModelProto:
    """The operator between two others that hardware has anyway."""
    kind = draw(st.sampled_from(sorted(OPERATORS)))
    rank = draw(st.sampled_from([3, 3, 2, 1]))
    shape = tuple(draw(st.lists(st.integers(1, 5), min_size=rank, max_size=rank)))
    given, constants, twice = OPERATORS[kind](draw, shape)
    attributes = {name: value for name, value in given.items() if value != []}  # which ONNX cannot write
    other = tuple(draw(st.sampled_from([1, size, size])) for size in shape)
    inputs = {"x": shape} | ({"z": other} if twice else {})
    first = "Conv" if rank == 3 and draw(st.booleans()) else "Tanh"
    weights = dict(constants) | ({"first": _weights(shape[0], shape[0], 1, 1)} if first == "Conv" else {})
    nodes = [
        helper.make_node(first, ["x", "first"] if first == "Conv" else ["x"], ["a"]),
        helper.make_node(
            kind, ["a", *(["z"] if twice else []), *constants], ["b"], name="node", **attributes
        ),
        helper.make_node("Relu", ["b"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "graph",
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, *extents])
            for name, extents in inputs.items()
        ],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    opset = draw(st.sampled_from([18, 20]))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)
