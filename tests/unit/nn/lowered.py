"""How far a network comes: imported, canonicalised, lowered to hls4ml's graph, by the passes of `split4ml compile`.

Outcomes are kept for the whole test session: the zoo's tests and the table of operators ask for the same networks.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from split4ml.backends.hls4ml.graph import Graph, build_graph
from split4ml.compiler.binding import Services
from split4ml.compiler.defaults import stages
from split4ml.compiler.frontend.onnx_import import import_onnx
from split4ml.compiler.options import CompileOptions
from split4ml.compiler.passrunner import context, run_passes
from split4ml.dialects import nn
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.nn_layers import Layers, layers_of
from split4ml.passes.weights import MemoryStore

REFUSED, IMPORTED, LOWERED = "refused", "imported", "lowered"


class _Notes:
    def note(self, text: str) -> None:
        """What passes tell the user is shown by other tests."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """stage: REFUSED by the importer, IMPORTED to nn, or LOWERED to hls4ml's graph. error: what stopped it.

    module, store: the network after the passes on nn, with its weights; None if refused. nodes: the names of the user's
    nodes that are there after importing. digest: of the layers that hls4ml was given, names left out: networks of equal
    digests are the same hardware.
    """

    stage: str
    error: Split4mlError | None = None
    module: ModuleOp | None = None
    store: MemoryStore | None = None
    nodes: frozenset[str] = frozenset()
    layers: Layers | None = None
    graph: Graph | None = None

    @property
    def model(self) -> nn.ModelOp:
        assert self.module is not None
        model = self.module.body.block.first_op
        assert isinstance(model, nn.ModelOp)
        return model

    @property
    def digest(self) -> str:
        assert self.layers is not None
        return digest_of(self.layers)


@cache
def outcome(path: Path) -> Outcome:
    """Anything but a clean refusal is raised."""
    store = MemoryStore()
    try:
        module = import_onnx(path, store)
    except Split4mlError as error:
        return Outcome(REFUSED, error)
    nodes = frozenset(name for op in module.walk() if isinstance(op, nn.TensorOp) for name in op.onnx_names)
    named = stages(CompileOptions())
    passes = [spec for name in ("canonicalise", "stream", "quantise") for spec in named[name][1]]
    try:
        run_passes(passes, Services({"weights": lambda: store, "notes": _Notes}), context(), module)
        model = module.body.block.first_op
        assert isinstance(model, nn.ModelOp)
        layers = layers_of(model, store)
        graph = build_graph(
            layers.layers, layers.inputs, layers.outputs, None, layers.onnx_names, types=layers.types
        )
    except Split4mlError as error:
        return Outcome(IMPORTED, error, module, store, nodes)
    return Outcome(LOWERED, None, module, store, nodes, layers, graph)


def digest_of(layers: Layers) -> str:
    """Of what hls4ml is given: kinds, attributes, weights, connections, element types; not names, nor the order of layers
    that do not depend on each other."""
    digests: dict[str, str] = {}
    for layer in layers.layers:
        name = str(layer["name"])
        text = hashlib.sha256()
        if name in layers.inputs:
            text.update(f"input {layers.inputs.index(name)};".encode())
        for key in sorted(layer.keys() - {"name", "inputs", "outputs"}):
            text.update(f"{key}={_plain(layer[key])};".encode())
        sources = layer.get("inputs", [])
        assert isinstance(sources, list)
        text.update(f"{[digests[source] for source in sources]};".encode())
        text.update(
            f"{sorted((key, str(value)) for key, value in layers.types.get(name, {}).items())}".encode()
        )
        digests[name] = text.hexdigest()
    return hashlib.sha256(" ".join(digests[name] for name in layers.outputs).encode()).hexdigest()


def _plain(value: object) -> str:
    if isinstance(value, np.ndarray):
        data = np.ascontiguousarray(value, np.float64)
        return f"{data.shape}:{hashlib.sha256(data.tobytes()).hexdigest()}"
    return repr(value)
