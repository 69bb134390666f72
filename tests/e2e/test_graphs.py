"""Graphs as hls4ml saves them, from Keras 2 and 3, QKeras, HGQ2 and PyTorch, and with distributed arithmetic (tests/networks/graphs): split, verified, and compared with what
their framework says. About a minute each; the frameworks themselves are not needed (`make test-frameworks` runs them)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from e2e_cli import NETWORKS, Cli, compiled, run_cli

GRAPHS = NETWORKS / "graphs"
ERRORS = {
    "distributed": 0.0,
    "keras2": 0.05,
    "keras3": 0.05,
    "qkeras": 0.016,
    "hgq2": 0.0,
    "pytorch": 0.3,
    "recurrent": 0.05,
}
"""Largest error of an output: what fixed<16,6> and tables make of it. None for HGQ2 and distributed arithmetic; QKeras' last quantiser is a rounding that hls4ml leaves
out, and its softmax after the wide types that it infers for PyTorch looks up by far too few bits: that is what these graphs compute."""


def errors_of(build: Path) -> dict[str, float]:
    found = json.loads((build / "report.json").read_text())["checks"]["onnx"]
    return {name: error["max_abs_error"] for name, error in found.items()}


def test_a_graph_is_compared_with_what_the_user_expects(tmp_path: Path) -> None:
    """Arrays named like the outputs, beside the inputs: here of a recurrent network by Keras 3."""
    frames = GRAPHS / "recurrent.npz"
    build = compiled(GRAPHS / "recurrent.fml", "--subgraphs", 2, "--input", frames, into=tmp_path / "build")
    report = json.loads((build / "report.json").read_text())
    assert report["checks"]["csim"] == {"bit_exact": True, "frames": 8}
    assert 0 < errors_of(build)["fc"] < ERRORS["recurrent"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"score_sigmoid": None}, "expected outputs are there for heat, but not for this output"),
        ({"heat": np.zeros((8, 3))}, "float64 of shape [8, 3], but should be numbers of shape [8, 8, 8, 1]"),
        ({"heat": np.full((8, 8, 8, 1), np.nan)}, "values that are not finite"),
    ],
)
def test_expected_outputs_that_do_not_fit(
    change: dict[str, object], message: str, tmp_path: Path, cli: Cli
) -> None:
    with np.load(GRAPHS / "keras2.npz") as archive:
        arrays = {**archive, **change}
    np.savez(tmp_path / "x.npz", **{name: array for name, array in arrays.items() if array is not None})
    done = cli("compile", GRAPHS / "keras2.fml", "-o", tmp_path / "b", "--input", tmp_path / "x.npz")
    assert done.returncode == 1
    assert message in done.stderr
    assert not (tmp_path / "b").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(ERRORS))
def test_every_framework_to_rtl(name: str, tmp_path: Path) -> None:
    build = tmp_path / "build"
    done = run_cli(
        "compile",
        GRAPHS / f"{name}.fml",
        *("--subgraphs", 2, "--input", GRAPHS / f"{name}.npz", "--verify", "rtl", "-o", build, "--quiet"),
    )
    assert done.returncode == 0, done.stderr
    checks = json.loads((build / "report.json").read_text())["checks"]
    assert checks["csim"]["bit_exact"] is True
    assert checks["rtl"]["tokens_match"] is True
    assert checks["rtl"]["cycles_match_replay"] is True
    for output, error in errors_of(build).items():
        assert error <= ERRORS[name], output
