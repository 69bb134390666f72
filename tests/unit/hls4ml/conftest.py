"""Small networks, built and saved once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from split4ml.backends.hls4ml.archive import save
from split4ml.backends.hls4ml.csim import Stage
from split4ml.backends.hls4ml.describe import describe
from split4ml.backends.hls4ml.graph import Graph, build_graph
from split4ml.backends.hls4ml.options import HlsOptions
from split4ml.backends.hls4ml.project import write_subproject
from split4ml.backends.hls4ml.slicing import SubgraphSpec
from split4ml.passes.bits import quantize
from split4ml.passes.graphinfo import GraphInfo

from . import networks

MIXED = {
    "Model": {"Precision": "fixed<14,5>"},
    "LayerType": {"Dense": {"Precision": {"result": "fixed<20,8,RND,SAT>", "weight": "fixed<9,3>"}}},
    "LayerName": {
        "conv": {"Strategy": "Resource", "ReuseFactor": 16384},
        "score": {"Strategy": "Resource", "ReuseFactor": 4},
        "/side": {"Strategy": "Resource_Unrolled", "ReuseFactor": 5},
    },
}


@dataclass(frozen=True)
class Saved:
    """A built network, its description and its archive."""

    graph: Graph
    info: GraphInfo
    path: Path

    def spec(self, name: str, tasks: Sequence[str], rename: bool = False) -> SubgraphSpec:
        """A subgraph with the ports that its tasks need, named like their streams or by number."""
        chosen = [self.info.by_task[task] for task in tasks]
        read = {stream for task in chosen for stream in task.inputs}
        written = {stream for task in chosen for stream in task.outputs}

        def ports(streams: set[str], side: str) -> tuple[tuple[str, str], ...]:
            ordered = [stream.name for stream in self.info.streams if stream.name in streams]
            return tuple((stream, f"{side}_{i}" if rename else stream) for i, stream in enumerate(ordered))

        return SubgraphSpec(name, tuple(tasks), ports(read - written, "from"), ports(written - read, "to"))

    def stages(self, folder: Path, parts: Sequence[Sequence[str]], rename: bool = False) -> list[Stage]:
        """Writes one project per part."""
        stages = []
        for index, tasks in enumerate(parts):
            spec = self.spec(f"sg{index}", tasks, rename)
            write_subproject(self.path, spec, folder / spec.name)
            inputs, outputs = (tuple(stream for stream, _ in side) for side in (spec.inputs, spec.outputs))
            stages.append(Stage(folder / spec.name, inputs, outputs))
        return stages

    def data(self, frames: int, seed: int = 0) -> dict[str, npt.NDArray[np.uint64]]:
        rng = np.random.default_rng(seed)
        streams = [self.info.by_stream[name] for name in self.info.inputs]
        return {
            s.name: quantize(rng.normal(0, 1, (frames * s.tokens, s.elements)), s.precision) for s in streams
        }


def _save(folder: Path, network: Callable[[], networks.Network3], options: HlsOptions | None = None) -> Saved:
    layers, inputs, outputs = network()
    names = {layer["name"]: (f"/{layer['name']}",) for layer in layers}
    graph = build_graph(layers, inputs, outputs, options, names, inputs, outputs)
    path = folder / "graph.fml"
    save(graph, path)
    return Saved(graph, describe(graph), path)


@pytest.fixture(scope="session")
def residual(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    return _save(tmp_path_factory.mktemp("residual"), networks.residual)


@pytest.fixture(scope="session")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """Two inputs and two outputs; several strategies and types."""
    return _save(tmp_path_factory.mktemp("mixed"), networks.two_by_two, HlsOptions(hls_config=MIXED))
