"""How large a model may be: what is refused before anything of that size is made. A few bytes can ask for any amount of memory.

The limits are far beyond what becomes hardware; weights are not limited by them, since the file has to bring these along.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import onnx

from split4ml.dialects.errors import Split4mlError

MAX_RANK = 16
"""Axes of a tensor; numpy has up to 64, hls4ml's streams up to three."""
MAX_BATCH = 1 << 14
"""Frames of a batch that the model fixes. Hardware knows one frame after another."""
MAX_DATA = 1 << 24
"""Elements of a tensor of data in one frame: an image of 4096 by 4096."""
MAX_BATCHED = 1 << 28
"""The same of all frames of a fixed batch, which ONNX Runtime computes at once: 1 GiB."""
MAX_CONSTANTS = 1 << 28
"""Elements of all constants together that are computed, not stored: 1 GiB."""
MAX_NODES = 200_000
"""Nodes after functions are inlined."""
AT_ONCE = 1 << 25
"""Elements of the largest tensor of data in all frames that are computed together: 128 MiB of it."""


def check_data(shape: tuple[int, ...], batch: int, name: str, where: str) -> None:
    """Raises Split4mlError for a tensor of data that is too large. shape: with the batch axis."""
    elements = prod(shape)
    if len(shape) > MAX_RANK:
        raise Split4mlError(
            f"the tensor {name!r} has {len(shape)} axes, but at most {MAX_RANK} are supported", where
        )
    if elements > MAX_DATA * batch or elements > MAX_BATCHED:
        shown = " x ".join(map(str, shape))
        raise Split4mlError(
            f"the tensor {name!r} of shape {shown} has {elements} elements, but at most {min(MAX_DATA * batch, MAX_BATCHED)} are"
            " supported",
            where,
        )


def check_batch(batch: int, where: str) -> None:
    if batch > MAX_BATCH:
        raise Split4mlError(
            f"the batch is {batch} frames, but at most {MAX_BATCH} are supported",
            where,
            "hardware takes one frame after another: export with a batch of 1, or a dynamic one",
        )


def check_functions(model: onnx.ModelProto, where: str) -> None:
    """Raises Split4mlError if inlining the model's functions, which may call each other, would give too many nodes, or never end."""
    bodies = {(function.domain, function.name): function for function in model.functions}
    sizes: dict[tuple[str, str], int] = {}

    def size(nodes: Mapping[tuple[str, str], int]) -> int:
        return sum(count * sizes.get(key, 1) for key, count in nodes.items())

    calls = {key: _calls(function.node) for key, function in bodies.items()}
    waiting = dict(calls)
    while waiting:
        ready = [key for key, called in waiting.items() if not any(other in waiting for other in called)]
        if not ready:
            names = ", ".join(sorted(name for _, name in waiting)[:8])
            raise Split4mlError(f"its functions call each other in a circle: {names}", where)
        for key in ready:
            sizes[key] = min(size(waiting.pop(key)), 10 * MAX_NODES)
    total = size(_calls(model.graph.node))
    if total > MAX_NODES:
        raise Split4mlError(f"its functions, inlined, have more than {MAX_NODES} nodes", where)


def _calls(nodes: object) -> dict[tuple[str, str], int]:
    """How many nodes there are of each operator, those in branches and loops included."""
    found: dict[tuple[str, str], int] = {}
    stack = [nodes]
    while stack:
        for node in stack.pop():  # type: ignore[attr-defined]
            key = (node.domain, node.op_type)
            found[key] = found.get(key, 0) + 1
            stack += [attribute.g.node for attribute in node.attribute if attribute.HasField("g")]
            stack += [graph.node for attribute in node.attribute for graph in attribute.graphs]
    return found
