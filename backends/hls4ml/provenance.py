"""Which of the user's layers a layer of the optimised graph stands for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Layer = Mapping[str, Any]


def surviving_names(
    model: Any, layers: Sequence[Layer], onnx: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """ONNX names by layer of the optimised graph: a layer fused away or made a mere view goes to its producer, or,
    where that is an input of the network, to its consumer."""
    alive = {name for name, node in model.graph.items() if node.get_attr("function_cpp")}
    sources = {layer["name"]: list(layer.get("inputs", [])) for layer in layers}
    order = [layer["name"] for layer in layers]
    for before, name in zip([None, *order], order, strict=False):
        if not sources[name] and before is not None and not _is_input(layers, name):
            sources[name] = [before]  # hls4ml's default: the layer listed before
    result: dict[str, list[str]] = {name: [] for name in alive}
    for name in order:
        if _is_input(layers, name):
            continue
        for candidate in _candidates(name, sources):
            target = f"repack_{candidate}" if f"repack_{candidate}" in alive else candidate
            if target in alive:
                result[target] += [node for node in onnx.get(name, ()) if node not in result[target]]
                break
    return {name: tuple(nodes) for name, nodes in result.items() if nodes}


def is_inserted(node: Any, layers: frozenset[str] | None) -> bool:
    """Whether hls4ml put a layer there. layers: the user's, if known; otherwise hls4ml's naming has to tell."""
    if layers is None:
        padding = re.fullmatch(r"zp[12]d_.*", node.name) and node.class_name.startswith("ZeroPadding")
        return node.class_name in ("Clone", "Repack", "Broadcast") or bool(padding)
    if node.class_name == "Repack" and node.name.removeprefix("repack_") in layers:
        return False  # it takes the place of a Reshape
    return node.name not in layers and not any(node.name.startswith(f"{name}_") for name in layers)


def _is_input(layers: Sequence[Layer], name: str) -> bool:
    return any(layer["name"] == name and layer["class_name"] in ("Input", "InputLayer") for layer in layers)


def _candidates(name: str, sources: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """The layer itself, those before it nearest first, then those after it nearest first."""
    seen, queue = {name}, [name]
    for step in queue:
        yield step
        for source in sources.get(step, ()):
            if source not in seen:
                seen.add(source)
                queue.append(source)
    queue = [name]
    for step in queue:
        for reader, read in sources.items():
            if step in read and reader not in seen:
                seen.add(reader)
                queue.append(reader)
                yield reader
