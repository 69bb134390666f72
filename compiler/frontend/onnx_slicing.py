"""ONNX operators that take parts of the data: Slice, Split, and Gather with constant indices."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from xdsl.ir import SSAValue

from split4ml.compiler.frontend.onnx_builder import Builder, origin
from split4ml.compiler.frontend.onnx_graph import Node
from split4ml.compiler.frontend.onnx_ops import handles
from split4ml.dialects import nn
from split4ml.dialects.nn_base import typed
from split4ml.dialects.precision import Precision


def part(node: Node, name: str, data: SSAValue, axis: int, start: int, end: int, step: int = 1) -> nn.SliceOp:
    """Elements along one axis of the value without batch, all of the others."""
    starts, ends, steps = [0] * len(nn.shape_of(data)), list(nn.shape_of(data)), [1] * len(nn.shape_of(data))
    starts[axis], ends[axis], steps[axis] = start, end, step
    return nn.SliceOp(name, data, starts, ends, steps, onnx=origin(node))


def picked(
    builder: Builder, node: Node, name: str, data: SSAValue, axis: int, indices: Sequence[int]
) -> SSAValue:
    """Elements along one axis in any order: slices of consecutive ones, one after the other."""
    steps = np.diff(indices)
    if len(indices) > 2 and np.all(steps == steps[0]) and steps[0] > 1:
        return builder.emit(part(node, name, data, axis, indices[0], indices[-1] + 1, int(steps[0])))
    stretches = runs(indices)
    if len(stretches) == 1:
        return builder.emit(part(node, name, data, axis, *stretches[0]))
    pieces = [
        builder.emit(part(node, builder.name(f"{name}_part{index}"), data, axis, *stretch))
        for index, stretch in enumerate(stretches)
    ]
    return builder.emit(nn.ConcatOp(name, pieces, axis, onnx=origin(node)))


@handles("Slice")
def slice_(builder: Builder, node: Node, name: str) -> SSAValue:
    shape = builder.data_shape(node)
    starts, ends = builder.integers(node, 1, "starts"), builder.integers(node, 2, "ends")
    if starts is None or ends is None:
        raise builder.error(node, "it has no starts or no ends")
    axes = builder.integers(node, 3, "axes") or list(range(len(starts)))
    steps = builder.integers(node, 4, "steps") or [1] * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps):
        raise builder.error(node, "its starts, ends, axes and steps differ in their number")
    bounds = [(0, size, 1) for size in shape]
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        if not -len(shape) <= axis < len(shape):
            raise builder.error(node, f"axis {axis} is none of the {len(shape)} axes of its data")
        if step < 1:
            raise builder.error(
                node, f"step {step} reverses the data, which hls4ml's streams cannot", "reverse the input"
            )
        bounds[axis] = slice(start, end, step).indices(shape[axis])
    if bounds[0] != (0, shape[0], 1):
        raise builder.error(node, "it takes part of the batch, so that frames would differ")
    if any(begin >= end for begin, end, _ in bounds):
        raise builder.error(node, "it leaves no element of its data")
    first, last, every = ([bound[index] for bound in bounds[1:]] for index in range(3))
    return builder.emit(nn.SliceOp(name, builder.data(node), first, last, every, onnx=origin(node)))


@handles("Split")
def split(builder: Builder, node: Node, name: str) -> SSAValue:
    """One slice per result that has a name; ONNX's shape inference knows how long each is."""
    axis = builder.axis(node, node.attributes["axis"], len(builder.data_shape(node)))
    start, first = 0, None
    sizes = [builder.graph.shapes[output][axis + 1] if output else None for output in node.outputs]
    if None in sizes:
        raise builder.error(node, "one of its results has no name, so that its length is not known")
    for index, (output, size) in enumerate(zip(node.outputs, sizes, strict=True)):
        assert size is not None
        symbol = name if index == 0 else builder.name(f"{name}_part{index}")
        value = builder.emit(part(node, symbol, builder.data(node), axis, start, start + size))
        builder.values[output] = value
        first = value if first is None else first
        start += size
    if first is None:
        raise builder.error(node, "it has no result")
    return first


def runs(indices: Sequence[int]) -> list[tuple[int, int]]:
    """Stretches of consecutive indices: [4, 5, 6, 0] is 4 to before 7, then 0 to before 1."""
    found = []
    for _, group in groupby(enumerate(indices), lambda pair: pair[1] - pair[0]):
        stretch = [value for _, value in group]
        found.append((stretch[0], stretch[-1] + 1))
    return found


def embedding(builder: Builder, node: Node, name: str) -> SSAValue:
    """Rows of a table chosen by an input of whole numbers, which is given a type that holds just these."""
    table, data = builder.constant(node, 0, "table"), builder.data(node, 1)
    source = data.owner
    if not isinstance(source, nn.InputOp) or node.inputs[1] not in builder.graph.integers:
        raise builder.error(
            node, "its indices are computed from the data, but must be constants or an input of integers"
        )
    if table.ndim != 2 or node.attributes["axis"] not in (0, -2) or len(nn.shape_of(data)) != 1:
        raise builder.error(
            node,
            f"a table of shape {list(table.shape)} and indices of {list(builder.data_shape(node, 1))} are given, but embeddings"
            " take rows x columns and frames x indices",
        )
    bits = max(1, (len(table) - 1).bit_length())
    known = source.element_types.get("result")
    bits = max(bits, known.width if known else 0)
    source.types = typed({"result": Precision(bits, bits, False)})
    return builder.emit(nn.EmbeddingOp(name, data, builder.weight(table, name, "table"), onnx=origin(node)))


@handles("Gather")
def gather(builder: Builder, node: Node, name: str) -> SSAValue:
    """Slices of consecutive elements, one after the other; a single index drops its axis, and indices of
    several axes put these in its place."""
    if node.inputs[1] in builder.values and node.inputs[0] not in builder.values:
        return embedding(builder, node, name)
    shape = builder.data_shape(node)
    axis = builder.axis(node, node.attributes["axis"], len(shape))
    given = builder.constant(node, 1, "indices")
    size = shape[axis + 1]
    indices = [int(index) for index in given.reshape(-1)]
    if any(not -size <= index < size for index in indices) or not indices:
        raise builder.error(node, f"its indices are none of the {size} elements of their axis")
    indices = [index % size for index in indices]
    whole = name if given.ndim == 1 else builder.name(f"{name}_part")
    value = picked(builder, node, whole, builder.data(node), axis, indices)
    if given.ndim == 1:
        return value
    return builder.emit(nn.ReshapeOp(name, value, builder.result_shape(node), onnx=origin(node)))
