"""Streams of more than seven readers: hls4ml clones to seven at most, so here to a tree of clones.

    x -> 18 readers   =>   clone_x: 3 streams;   clone_x_1, clone_x_2, clone_x_3: 6 streams each

All that hls4ml's own pass (`CloneOutput`, hls4ml 1.3) does otherwise is left to it.
"""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from math import ceil, prod
from typing import Any

MOST = 7
"""Streams that `nnet::clone_stream` writes."""


@contextlib.contextmanager
def wide_clones() -> Iterator[None]:
    """While it lasts, hls4ml clones streams for any number of readers."""
    from hls4ml.backends.fpga.passes.clone import CloneOutput

    original = CloneOutput.transform

    def transform(self: Any, model: Any, node: Any) -> bool:
        readers = node.get_output_use_map()
        wide = [output for output in node.outputs if _uses(model, output, readers[output]) > MOST]
        for output in wide:
            _clone(model, node, output, readers[output])
        # with the others it goes on itself: those above have a single reader now
        return bool(original(self, model, node)) or bool(wide)

    CloneOutput.transform = transform
    try:
        yield
    finally:
        CloneOutput.transform = original


def _uses(model: Any, output: str, readers: Sequence[Any]) -> int:
    return len(readers) + (output in model.outputs)


def _clone(model: Any, node: Any, output: str, readers: Sequence[Any]) -> None:
    """Gives every reader of a stream, and the model if the stream is an output of it, a copy."""
    streams = _tree(model, node, node, output, _uses(model, output, readers))
    if output in model.outputs:
        model.outputs[model.outputs.index(output)] = streams.pop(0)
    for layer, stream in zip(readers, streams, strict=True):
        layer.inputs[layer.inputs.index(output)] = stream


def _tree(model: Any, node: Any, source: Any, stream: str, count: int) -> list[str]:
    """`count` copies of a stream of `source`, by clones inserted after it. node: the layer that is cloned."""
    from hls4ml.backends.fpga.passes.clone import Clone

    branches = min(MOST, ceil(count / MOST)) if count > MOST else count
    copies = [f"{stream}_cpy{index + 1}" for index in range(branches)]
    name = f"clone_{node.name}"
    number = 0
    while name in model.graph:
        number += 1
        name = f"clone_{node.name}_{number}"
    size = prod(source.get_output_variable(stream).shape)
    clone = model.make_node(Clone, name, {"size": size}, [stream], copies)
    for copy in copies:
        clone.attributes[copy].type = node.attributes["result_t"]
    order = OrderedDict[str, Any]()
    for key, value in model.graph.items():
        order[key] = value
        if key == source.name:
            order[name] = clone
    model.graph = order
    if count <= MOST:
        return copies
    bounds = [count * index // branches for index in range(branches + 1)]
    found = []
    for copy, begin, end in zip(copies, bounds, bounds[1:], strict=False):
        found += [copy] if end - begin == 1 else _tree(model, node, clone, copy, end - begin)
    return found
