"""ONNX operators that make space larger, Resize and Upsample: by whole numbers, to the nearest element or linearly between elements.

Linear interpolation is a moving average of repeated elements, the outermost ones repeated once more: of 2, 6 by the factor 2 and half
pixels, 2 2 2 6 6 6 weighted with 1/4, 1/2, 1/4 is 2, 3, 5, 6. So it is exact, with a depthwise convolution.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor
from typing import Any

import numpy as np
import numpy.typing as npt
from xdsl.ir import SSAValue

from split4ml.compiler.frontend.onnx_builder import Builder, origin
from split4ml.compiler.frontend.onnx_graph import Node
from split4ml.compiler.frontend.onnx_ops import handles
from split4ml.compiler.frontend.onnx_slicing import picked
from split4ml.dialects import nn


@handles("Resize", "Upsample")
def resize(builder: Builder, node: Node, name: str) -> SSAValue:
    """By whole numbers, however the coordinates are written."""
    mode = node.attributes.get("mode", "nearest")
    before, after = builder.data_shape(node), (builder.graph.batch, *builder.result_shape(node))
    if mode not in ("nearest", "linear"):
        raise builder.error(
            node,
            f"its mode is {mode!r}, but streams are resized to the nearest element or linearly only",
            "upsample with mode='nearest' or 'bilinear'",
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
        if mode == "nearest" and not _repeats(node, old, new):
            raise builder.error(
                node,
                f"its coordinates do not repeat every element of spatial axis {axis} {new // old} times",
                "use coordinate_transformation_mode asymmetric and nearest_mode floor",
            )
        scales.append(new // old)
    if mode == "linear":
        return _linear(builder, node, name, before[2:], scales)
    return builder.emit(nn.UpsampleOp(name, builder.data(node), scales, onnx=origin(node)))


Floats = npt.NDArray[np.floating[Any]]


def _linear(builder: Builder, node: Node, name: str, sizes: Sequence[int], scales: Sequence[int]) -> SSAValue:
    """Repeats, edges, and a depthwise convolution."""
    names, data = origin(node), builder.data(node)
    channels, kernel = nn.shape_of(data)[0], np.ones(1)
    windows = [_window(node, size, scale) for size, scale in zip(sizes, scales, strict=True)]
    if any(window is None for window in windows) or node.attributes.get("antialias", 0):
        coordinates = node.attributes.get("coordinate_transformation_mode", "asymmetric")
        raise builder.error(
            node,
            f"its mode is 'linear' with coordinates {coordinates!r}, whose weights differ from place to place",
            "upsample with align_corners=False, or with mode='nearest'",
        )
    symbol = builder.name(f"{name}_repeated")
    data = builder.emit(nn.UpsampleOp(symbol, data, scales, onnx=names))
    for axis, window in enumerate(windows, start=1):
        assert window is not None
        taps, begin = window
        kernel = np.multiply.outer(kernel, taps)
        if len(taps) > 1:
            size = nn.shape_of(data)[axis]
            indices = [min(max(place, 0), size - 1) for place in range(-begin, size + len(taps) - 1 - begin)]
            data = picked(builder, node, builder.name(f"{name}_axis{axis - 1}"), data, axis, indices)
    weight = builder.weight(np.tile(kernel[np.newaxis], (channels, *(1,) * len(sizes), 1)), name, "shares")
    ones, zeros = [1] * len(sizes), [0] * (2 * len(sizes))
    conv = nn.ConvOp(
        name, data, weight, None, strides=ones, pads=zeros, dilations=ones, group=channels, onnx=names
    )
    return builder.emit(conv)


def _window(node: Node, size: int, scale: int) -> tuple[Floats, int] | None:
    """Weights for repeated elements, and how many of these stand before the element in question; None if there are none for all places."""
    found, places = _coordinates(node, size, size * scale), np.arange(size * scale)
    if found is None:
        return None

    def lies(at: Floats) -> bool:
        return np.allclose(np.clip(found, 0, size - 1), np.clip(at, 0, size - 1), atol=1e-6)

    if lies((places + 0.5) / scale - 0.5):
        centred = np.ones(scale + 1 - scale % 2)
        if scale % 2 == 0:
            centred[[0, -1]] = 0.5
        return centred / scale, len(centred) // 2
    if lies(places / scale):
        return np.ones(scale) / scale, 0
    return None


def _coordinates(node: Node, old: int, new: int) -> Floats | None:
    """Where in the data the elements of the result lie, by ONNX's formulas; None for others."""
    scale, places = new / old, np.arange(new)
    match node.attributes.get("coordinate_transformation_mode", "asymmetric"):
        case "asymmetric":
            return places / scale
        case "half_pixel" | "half_pixel_symmetric":
            return (places + 0.5) / scale - 0.5
        case "pytorch_half_pixel":
            return (places + 0.5) / scale - 0.5 if new > 1 else places * 0.0
        case "align_corners":
            return places * ((old - 1) / max(1, new - 1))
        case _:
            return None


def _repeats(node: Node, old: int, new: int) -> bool:
    """Whether element i of the result is element i // scale of the data."""
    if node.op == "Upsample":
        return True
    found = _coordinates(node, old, new)
    if found is None:
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
    return nearest == [place // (new // old) for place in range(new)]
