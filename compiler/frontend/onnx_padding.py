"""The ONNX operator Pad: with zeros, another constant, or the data itself; pads that are negative crop."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from xdsl.ir import SSAValue

from split4ml.compiler.frontend.onnx_builder import Builder, origin
from split4ml.compiler.frontend.onnx_graph import Node
from split4ml.compiler.frontend.onnx_ops import handles
from split4ml.compiler.frontend.onnx_slicing import picked
from split4ml.dialects import nn


@handles("Pad")
def pad(builder: Builder, node: Node, name: str) -> SSAValue:
    begins, ends = _pads(builder, node)
    mode = node.attributes.get("mode", "constant")
    data, names = builder.data(node), origin(node)
    if mode != "constant":
        return _extended(builder, node, name, mode, begins, ends)
    if min(*begins, *ends) < 0:
        shape = nn.shape_of(data)
        stops = [size + min(0, end) for size, end in zip(shape, ends, strict=True)]
        symbol = builder.name(f"{name}_crop")
        data = builder.emit(nn.SliceOp(symbol, data, [max(0, -begin) for begin in begins], stops, onnx=names))
    pads = [max(0, size) for size in (*begins, *ends)]
    value = _value(builder, node)
    if value == 0 or not any(pads):
        return builder.emit(nn.PadOp(name, data, pads, onnx=names))
    # zeros around x - v, and v added to all
    minus = builder.weight(np.array(-value), name, "minus")
    lower = builder.emit(nn.AddOp(builder.name(f"{name}_from"), data, minus, onnx=names))
    zeros = builder.emit(nn.PadOp(builder.name(f"{name}_zeros"), lower, pads, onnx=names))
    return builder.emit(nn.AddOp(name, zeros, builder.weight(np.array(value), name, "value"), onnx=names))


def _pads(builder: Builder, node: Node) -> tuple[list[int], list[int]]:
    """Before and behind every axis of the value without batch."""
    sizes = builder.integers(node, 1, "pads") or []
    rank = len(builder.data_shape(node))
    chosen = builder.integers(node, 3, "axes")
    axes = [axis % rank for axis in chosen] if chosen is not None else list(range(rank))
    if len(sizes) != 2 * len(axes):
        raise builder.error(node, f"{len(axes)} axes need {2 * len(axes)} pads, not {len(sizes)}")
    begins, ends = [0] * rank, [0] * rank
    for index, axis in enumerate(axes):
        begins[axis], ends[axis] = sizes[index], sizes[len(axes) + index]
    if begins[0] or ends[0]:
        raise builder.error(node, "it pads the batch axis")
    return begins[1:], ends[1:]


def _value(builder: Builder, node: Node) -> float:
    given = builder.optional(node, 2, "value")
    value = node.attributes.get("value", 0.0) if given is None else given
    if np.size(value) == 0:
        return 0.0
    if np.size(value) > 1:
        raise builder.error(
            node, f"it pads with {np.size(value)} values, but one is for all", "pad with a single value"
        )
    value = float(np.asarray(value).reshape(-1)[0])
    if abs(value) > MOST:
        raise builder.error(node, f"it pads with {value}, which no fixed-point type of this data holds")
    return value


MOST = 1024.0
"""Pads beyond this mean infinity, as in front of a maximum."""


def _extended(
    builder: Builder, node: Node, name: str, mode: str, begins: Sequence[int], ends: Sequence[int]
) -> SSAValue:
    """Elements of the data again, outside of it: parts of it, one after the other."""
    data, names = builder.data(node), origin(node)
    if min(*begins, *ends) < 0:
        raise builder.error(node, f"negative pads in mode {mode!r} are not supported")
    for axis, (size, begin, end) in enumerate(zip(nn.shape_of(data), begins, ends, strict=True)):
        if not begin and not end:
            continue
        places = np.arange(-begin, size + end)
        if mode == "edge":
            indices = np.clip(places, 0, size - 1)
        elif mode == "wrap":
            indices = places % size
        elif mode == "reflect" and max(begin, end) < size:
            indices = size - 1 - np.abs(size - 1 - np.abs(places))
        else:
            raise builder.error(
                node, f"mode {mode!r} with pads of {begin} and {end} around {size} is not supported"
            )
        symbol = builder.name(f"{name}_axis{axis}")
        data = picked(builder, node, symbol, data, axis, [int(index) for index in indices])
    return builder.emit(nn.IdentityOp(name, data, onnx=names))
