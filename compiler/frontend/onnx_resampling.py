"""ONNX operators that repeat the elements of space: Resize and Upsample."""

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
                node,
                f"it resizes spatial axis {axis} from {old} to {new}, which is no whole number of times",
                "upsample by whole numbers; make data smaller by a pool or a convolution with strides",
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
