"""Valid ONNX models with something wrong in them: each mutation is one thing that a person, a tool or an attacker might do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
from hypothesis import strategies as st
from onnx import AttributeProto, TensorProto, helper, numpy_helper

Draw = Callable[[st.SearchStrategy[Any]], Any]
Mutation = Callable[[onnx.ModelProto, Draw], None]

NAMES = [
    "",
    "x y",
    'a"b',
    "a[0]",
    "$x",
    "a;b",
    "[exec ls]",
    "ö",
    "class",
    "n" * 300,
    "a\nb",
    "\0",
    "..",
    "x",
    "layer1_out",
]
EXTENTS = [
    0,
    1,
    -1,
    2,
    3,
    7,
    255,
    1 << 15,
    (1 << 31) - 1,
    1 << 31,
    1 << 32,
    1 << 40,
    1 << 60,
    (1 << 63) - 1,
    -(1 << 63),
]
NUMBERS = [float("nan"), float("inf"), -float("inf"), 0.0, -1.0, 1e38, 1e-45]
OPERATORS = [
    "Add",
    "Concat",
    "Conv",
    "Expand",
    "Gather",
    "Gemm",
    "Identity",
    "If",
    "Loop",
    "MatMul",
    "Pad",
    "Pow",
    "QuantizeLinear",
    "ReduceMean",
    "Reshape",
    "Resize",
    "Slice",
    "Softmax",
    "Split",
    "Squeeze",
    "Tile",
    "Transpose",
    "Where",
    "Constant",
    "Cast",
    "Shape",
]
LOCATIONS = ["", "..", "../x", "/etc/passwd", "/dev/zero", "absent.bin"]


def _pick(draw: Draw, items: Sequence[Any]) -> Any:
    return draw(st.sampled_from(list(items)))


def _node(model: onnx.ModelProto, draw: Draw) -> onnx.NodeProto:
    node: onnx.NodeProto = model.graph.node[draw(st.integers(0, len(model.graph.node) - 1))]
    return node


def _tensors(model: onnx.ModelProto) -> list[str]:
    return [name for node in model.graph.node for name in node.output] + NAMES


def rename_node(model: onnx.ModelProto, draw: Draw) -> None:
    _node(model, draw).name = _pick(draw, NAMES)


def rename_port(model: onnx.ModelProto, draw: Draw) -> None:
    _pick(draw, [*model.graph.input, *model.graph.output]).name = _pick(draw, NAMES)


def swap_input(model: onnx.ModelProto, draw: Draw) -> None:
    """Of a node: makes cycles, dangling and repeated names."""
    node = _node(model, draw)
    if node.input:
        node.input[draw(st.integers(0, len(node.input) - 1))] = _pick(draw, _tensors(model))


def swap_output(model: onnx.ModelProto, draw: Draw) -> None:
    node = _node(model, draw)
    node.output[draw(st.integers(0, len(node.output) - 1))] = _pick(draw, _tensors(model))


def delete_node(model: onnx.ModelProto, draw: Draw) -> None:
    model.graph.node.remove(_node(model, draw))


def duplicate_node(model: onnx.ModelProto, draw: Draw) -> None:
    model.graph.node.add().CopyFrom(_node(model, draw))


def change_operator(model: onnx.ModelProto, draw: Draw) -> None:
    _node(model, draw).op_type = _pick(draw, OPERATORS)


def change_attribute(model: onnx.ModelProto, draw: Draw) -> None:
    attributes = [attribute for node in model.graph.node for attribute in node.attribute]
    if not attributes:
        return
    attribute = _pick(draw, attributes)
    if attribute.type == AttributeProto.INT:
        attribute.i = _pick(draw, EXTENTS)
    elif attribute.type == AttributeProto.FLOAT:
        attribute.f = _pick(draw, NUMBERS)
    elif attribute.type == AttributeProto.INTS and attribute.ints and draw(st.booleans()):
        attribute.ints[draw(st.integers(0, len(attribute.ints) - 1))] = _pick(draw, EXTENTS)
    elif attribute.type == AttributeProto.INTS:
        attribute.ints.append(_pick(draw, EXTENTS))
    else:
        attribute.type = draw(st.integers(0, 14))


def drop_attribute(model: onnx.ModelProto, draw: Draw) -> None:
    node = _node(model, draw)
    if node.attribute:
        del node.attribute[draw(st.integers(0, len(node.attribute) - 1))]


def change_extent(model: onnx.ModelProto, draw: Draw) -> None:
    """Of an input or output."""
    extents = _pick(draw, [*model.graph.input, *model.graph.output]).type.tensor_type.shape
    (
        _pick(draw, extents.dim) if extents.dim and draw(st.booleans()) else extents.dim.add()
    ).dim_value = _pick(draw, EXTENTS)


def change_type(model: onnx.ModelProto, draw: Draw) -> None:
    kind = draw(st.integers(0, 30))
    _pick(draw, [*model.graph.input, *model.graph.output]).type.tensor_type.elem_type = kind


def change_weight_type(model: onnx.ModelProto, draw: Draw) -> None:
    if model.graph.initializer:
        _pick(draw, model.graph.initializer).data_type = draw(st.integers(0, 30))


def change_weight_shape(model: onnx.ModelProto, draw: Draw) -> None:
    shaped = [tensor for tensor in model.graph.initializer if tensor.dims]
    if shaped:
        tensor = _pick(draw, shaped)
        tensor.dims[draw(st.integers(0, len(tensor.dims) - 1))] = _pick(draw, EXTENTS)


def change_number(model: onnx.ModelProto, draw: Draw) -> None:
    """Of a weight: NaN, infinite or huge."""
    weights = [
        t
        for t in model.graph.initializer
        if t.data_type == TensorProto.FLOAT and all(t.dims) and not t.external_data
    ]
    if weights:
        tensor = _pick(draw, weights)
        try:
            array = numpy_helper.to_array(tensor).copy()
        except ValueError:  # another mutation was here
            return
        array.reshape(-1)[0] = _pick(draw, NUMBERS)
        tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))


def shorten_weight(model: onnx.ModelProto, draw: Draw) -> None:
    if model.graph.initializer:
        tensor = _pick(draw, model.graph.initializer)
        tensor.raw_data = tensor.raw_data[: draw(st.integers(0, len(tensor.raw_data)))]


def external_weight(model: onnx.ModelProto, draw: Draw) -> None:
    if model.graph.initializer:
        tensor = _pick(draw, model.graph.initializer)
        tensor.data_location = TensorProto.EXTERNAL
        entry = tensor.external_data.add()
        entry.key, entry.value = "location", _pick(draw, LOCATIONS)


def duplicate_weight(model: onnx.ModelProto, draw: Draw) -> None:
    if model.graph.initializer:
        model.graph.initializer.add().CopyFrom(_pick(draw, model.graph.initializer))


def computed_constant(model: onnx.ModelProto, draw: Draw) -> None:
    """Of any size, in front of a node."""
    index = draw(st.integers(0, len(model.graph.node) - 1))
    nodes = [onnx.NodeProto.FromString(node.SerializeToString()) for node in model.graph.node]
    if not nodes[index].input:
        return
    shape = np.array(draw(st.lists(st.sampled_from(EXTENTS), max_size=4)), np.int64)
    model.graph.initializer.add().CopyFrom(numpy_helper.from_array(shape, "bomb"))
    kind = _pick(draw, ["ConstantOfShape", "Expand", "Reshape", "Tile", "Pad", "Resize"])
    before = {"ConstantOfShape": ["bomb"], "Resize": [nodes[index].input[0], "", "", "bomb"]}
    made = helper.make_node(kind, before.get(kind, [nodes[index].input[0], "bomb"]), ["bombed"])
    nodes[index].input[0] = "bombed"
    del model.graph.node[:]
    model.graph.node.extend([*nodes[:index], made, *nodes[index:]])


def change_versions(model: onnx.ModelProto, draw: Draw) -> None:
    if draw(st.booleans()):
        model.ir_version = _pick(draw, [0, -1, 3, 8, 10, 13, 99, 1 << 40])
    else:
        _pick(draw, model.opset_import).version = _pick(draw, [0, 1, 7, 9, 13, 21, 25, 1 << 40, -1])


MUTATIONS: list[Mutation] = [
    rename_node,
    rename_port,
    swap_input,
    swap_output,
    delete_node,
    duplicate_node,
    change_operator,
    change_attribute,
    drop_attribute,
    change_extent,
    change_type,
    change_weight_type,
    change_weight_shape,
    change_number,
    shorten_weight,
    external_weight,
    duplicate_weight,
    computed_constant,
    change_versions,
]


class Originals(list[bytes]):
    """Files; hypothesis prints them whenever it tells what it did."""

    def __repr__(self) -> str:
        return f"{len(self)} originals"


@st.composite
def mutated(draw: Draw, originals: Originals) -> bytes:
    """The bytes of a file: a valid one with up to three mutations, and now and then a byte changed or the end cut off."""
    model = onnx.ModelProto.FromString(originals[draw(st.integers(0, len(originals) - 1))])
    for mutation in draw(st.lists(st.sampled_from(MUTATIONS), max_size=3)):
        if model.graph.node:
            mutation(model, draw)
    data = bytearray(model.SerializeToString())
    if draw(st.integers(0, 7)) == 0:
        for _ in range(draw(st.integers(1, 4))):
            data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
        del data[draw(st.integers(len(data) // 2, len(data))) :]
    return bytes(data)
