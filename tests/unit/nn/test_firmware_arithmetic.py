"""The arithmetic of hls4ml's kernels as it is modelled (passes/nn_firmware.py), against the C++ that hls4ml writes: every
number in every stream, to the bit. About 10 s for each network and configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from traced_firmware import traced

ZOO = [
    path
    for path in sorted((Path(__file__).parents[2] / "networks/zoo").glob("*.script.onnx"))
    if not path.name.startswith("embedding.")  # its inputs are indices, and those drawn here are not
]
RESULTS = {"result": "auto", "accum": "auto"}
CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "default": {},
    "narrow": {"precision": "fixed<8,3>", "reach": 3.0},
    "saturating": {"config": {"Model": {"Precision": "fixed<12,4,RND,SAT>"}}, "reach": 3.0},
    "wide": {"precision": "fixed<40,16>", "reach": 4.0},
    "resource": {
        "strategy": "resource",
        "reuse_factor": 4,
        "config": {"Model": {"Precision": "fixed<10,4,RND_CONV,SAT>"}},
    },
    # hls4ml merges scale layers into those before them only if the type between them is its own choice
    "inferred": {
        "config": {
            "LayerType": {
                **{kind: {"Precision": RESULTS} for kind in ("Dense", "Conv1D", "Conv2D")},
                "BatchNormalization": {"Precision": {"result": "auto"}},
            }
        }
    },
    "vivado": {"backend": "Vivado", "reach": 2.0},
}
RECURRENT, MOST = ("LSTM", "GRU"), 32
"""Kinds of tasks in which an entry on an edge of the tables is doubted in every later step, and by how many steps of the result's type."""

UNTRACEABLE = {("smooth", "inferred")}
"""hls4ml infers results of more than 64 bits."""

QUICK = {("activations", "narrow"), ("lenet", "saturating"), ("mlp", "default"), ("scale_shift", "inferred")}
CASES = [
    pytest.param(
        path, name, id=f"{network}-{name}", marks=() if (network, name) in QUICK else pytest.mark.slow
    )
    for path in ZOO
    for name in CONFIGURATIONS
    if (network := path.name.split(".")[0]) and (network, name) not in UNTRACEABLE
]


@pytest.mark.parametrize(("path", "configuration"), CASES)
def test_every_number_is_explained(path: Path, configuration: str, tmp_path: Path) -> None:
    options = dict(CONFIGURATIONS[configuration])
    found = traced(path, tmp_path, **options)
    explanation = found.explain()
    for name, expected in found.outputs.items():
        np.testing.assert_allclose(explanation.outputs[name], expected, atol=1e-5)
    assert explanation.layers
    for layer in explanation.layers:
        name = layer.computation.task.name
        assert layer.fault is None, name
        assert layer.unchecked is None or (
            configuration == "wide" and layer.computation.task.kind in RECURRENT
        ), name
        # in 53 bits, all is exact but for table entries on an edge; products of 40 bits by 40 bits are not
        steps = layer.slack / 2.0**-layer.precision.fraction
        most = MOST if layer.computation.task.kind in RECURRENT else 1
        assert steps <= most or configuration == "wide", name
