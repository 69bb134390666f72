"""Small networks all the way to hls4ml's graph: a zoo by both of PyTorch's exporters (tests/networks/zoo.py), and other tools'.

The slow test compiles the C simulation of every network as well.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from compared_firmware import compare
from lowered import LOWERED, outcome
from operator_table import RECORDS, label

from split4ml.compiler.frontend.reference import Reference, samples_for
from split4ml.dialects import nn
from split4ml.passes.nn_numpy import run

NETWORKS = Path(__file__).parents[2] / "networks"
ZOO = sorted((NETWORKS / "zoo").glob("*.onnx"))
OTHERS = sorted(path for tool in ("tf2onnx", "sklearn") for path in (NETWORKS / tool).glob("*.onnx"))
"""Graphs as tf2onnx writes them (tf2onnx/make_graphs.py), and skl2onnx's (sklearn/make_sklearn.py)."""
FIRMWARE = sorted({label(path).split(".")[0] for path in (*ZOO, *OTHERS)})
RECORDED = {entry["digest"] for entry in json.loads(RECORDS.read_text()).values()}


def shapes_of(model: nn.ModelOp) -> dict[str, tuple[int, ...]]:
    """The user's shapes of the inputs, without batch."""
    return {op.source.data: tuple(np.array(op.shape)[np.argsort(op.axes)].tolist()) for op in model.inputs}


def test_the_zoo_is_complete() -> None:
    names = {path.name.split(".")[0] for path in ZOO}
    assert len(names) >= 25
    assert len(ZOO) == 2 * len(names)
    assert all(path.stat().st_size < 60_000 for path in ZOO)


@pytest.mark.parametrize("path", [*ZOO, *OTHERS], ids=label)
def test_to_hls4ml(path: Path) -> None:
    """After all passes the network computes what ONNX Runtime does, and hls4ml builds its graph."""
    found = outcome(path)
    if found.error is not None:
        raise found.error
    assert found.stage == LOWERED and found.graph is not None and found.store is not None
    frames = samples_for(found.model, 2, low=-1)
    expected = Reference(path).run(frames)
    for index in range(2):
        results = run(found.model, found.store, {name: array[index] for name, array in frames.items()})
        for name, array in expected.items():
            np.testing.assert_allclose(results[name], array[index], atol=1e-5)
    assert not found.graph.warnings


@pytest.mark.slow
@pytest.mark.parametrize("name", FIRMWARE)
def test_firmware(name: str, tmp_path: Path) -> None:
    """The C simulation of both exporters' networks; once if they became the same layers."""
    simulated: set[str] = set()
    for index, path in enumerate(path for path in (*ZOO, *OTHERS) if label(path).split(".")[0] == name):
        found = outcome(path)
        if found.stage != LOWERED or found.digest in simulated:
            continue
        compare(path, found.model, tmp_path / str(index))
        simulated.add(found.digest)
    assert simulated <= RECORDED, "run make docs: these layers have no record of their C simulation"
