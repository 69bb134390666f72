"""ONNX operators that change the extents of space: Pad, Resize and Upsample."""

from __future__ import annotations

from math import ceil, floor
from typing import Any

import numpy as np
import numpy.typing as npt
from xdsl.ir import SSAValue

from split4ml.compiler.frontend.onnx_builder import Builder, origin
from split4ml.compiler.frontend.onnx_graph import Node
from split4ml.compiler.frontend.onnx_ops import handles
from split4ml.dialects import nn


@handles("Pad")
def pad(builder: Builder, node: Node, name: str) -> SSAValue:
    mode = node.attributes.get("mode", "constant")
    if mode != "constant":
        raise builder.error(node, f"its mode is {mode!r}, but hls4ml pads with zeros only")
    value = builder.optional(node, 2, "value")
    if np.any(value if value is not None else node.attributes.get("value", 0.0)):
        raise builder.error(node, "it pads with a value that is not zero, but hls4ml pads with zeros only")
    given = builder.optional(node, 1, "pads")
    pads = given.reshape(-1) if given is not None else node.attributes.get("pads", ())
    sizes = [int(size) for size in pads]
    rank = len(builder.data_shape(node))
    chosen = builder.optional(node, 3, "axes")
    axes = [int(axis) % rank for axis in chosen.reshape(-1)] if chosen is not None else list(range(rank))
    if len(sizes) != 2 * len(axes):
        raise builder.error(node, f"{len(axes)} axes need {2 * len(axes)} pads, not {len(sizes)}")
    begins, ends = [0] * rank, [0] * rank
    for index, axis in enumerate(axes):
        begins[axis], ends[axis] = sizes[index], sizes[len(axes) + index]
    if begins[0] or ends[0]:
        raise builder.error(node, "it pads the batch axis")
    data, names = builder.data(node), origin(node)
    if min(*begins, *ends) < 0:
        starts = [max(0, -begin) for begin in begins[1:]]
        stops = [size + min(0, end) for size, end in zip(builder.data_shape(node)[1:], ends[1:], strict=True)]
        grown = max(*begins, *ends) > 0
        symbol = builder.name(f"{name}_crop") if grown else name
        data = builder.emit(nn.SliceOp(symbol, data, starts, stops, onnx=names))
        if not grown:
            return data
    pads = [max(0, pad) for pad in (*begins[1:], *ends[1:])]
    return builder.emit(nn.PadOp(name, data, pads, onnx=names))


@handles("Resize", "Upsample")
def resize(builder: Builder, node: Node, name: str) -> SSAValue:
    """Nearest-neighbour by whole numbers, however the coordinates are written."""
    mode = node.attributes.get("mode", "nearest")
    before, after = builder.data_shape(node), (builder.graph.batch, *builder.result_shape(node))
    if mode != "nearest":
        raise builder.error(
            node,
            f"its mode is {mode!r}, but hls4ml streams resize to the nearest element only",
            "upsample with mode='nearest', followed by a convolution if it is to be smooth",
        )
    if len(before) not in (3, 4) or before[1] != after[1]:
        raise builder.error(
            node, f"it resizes {list(before)} to {list(after)}, but only space can be resized"
        )
    scales = []
    for axis, (old, new) in enumerate(zip(before[2:], after[2:], strict=True)):
        if new % old:
            raise builder.error(
                node, f"it resizes spatial axis {axis} from {old} to {new}, which is no whole number of times"
            )
        if not _repeats(node, old, new):
            raise builder.error(
                node,
                f"its coordinates do not repeat every element of spatial axis {axis} {new // old} times",
                "use coordinate_transformation_mode asymmetric and nearest_mode floor",
            )
        scales.append(new // old)
    return builder.emit(nn.UpsampleOp(name, builder.data(node), scales, onnx=origin(node)))


def _repeats(node: Node, old: int, new: int) -> bool:
    """Whether element i of the result is element i // scale of the data, by ONNX's formulas for coordinates."""
    if node.op == "Upsample":
        return True
    scale, places = new / old, np.arange(new)
    found: npt.NDArray[np.floating[Any]]
    match node.attributes.get("coordinate_transformation_mode", "asymmetric"):
        case "asymmetric":
            found = places / scale
        case "half_pixel" | "half_pixel_symmetric":
            found = (places + 0.5) / scale - 0.5
        case "pytorch_half_pixel":
            found = (places + 0.5) / scale - 0.5 if new > 1 else places * 0.0
        case "align_corners":
            found = places * ((old - 1) / max(1, new - 1))
        case _:
            return False
    rounding = {
        "round_prefer_floor": lambda x: ceil(x - 0.5),
        "round_prefer_ceil": lambda x: floor(x + 0.5),
        "floor": floor,
        "ceil": ceil,
    }
    # the default of opset 10, which has neither attribute, is floor on asymmetric coordinates
    chosen = rounding.get(node.attributes.get("nearest_mode", "floor"))
    if chosen is None:
        return False
    nearest = [min(max(chosen(float(x)), 0), old - 1) for x in found]
    return nearest == [int(place) // (new // old) for place in places]
