"""`--precision auto`: what the search says of the error is what the C simulation of the firmware has."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from bad_input import Lab
from e2e_cli import NETWORKS, Cli


def test_the_error_that_was_searched_is_the_firmwares(tmp_path: Path, tiny_onnx: Path, cli: Cli) -> None:
    frames = np.random.default_rng(3).normal(0, 2, (40, 2, 8, 8)).astype(np.float32)
    np.savez(tmp_path / "x.npz", x=frames)
    build = tmp_path / "build"
    options = ("--precision", "auto", "--max-error", "0.004", "--input", tmp_path / "x.npz", "--subgraphs", 1)
    done = cli("compile", tiny_onnx, "-o", build, *options)
    assert done.returncode == 0, done.stderr
    report = json.loads((build / "report.json").read_text())
    found, (error,) = report["precision"], report["checks"]["onnx"].values()
    assert (found["bound"], found["frames"], found["sample"], found["missed"]) == (0.004, 40, "given", False)
    assert found["errors"]["y"] == pytest.approx(error["max_relative_error"], rel=1e-9)
    assert 0.001 < found["errors"]["y"] <= 0.004
    assert report["checks"]["arithmetic"]["bit_exact"] == 4
    assert not any(layer["arithmetic"]["overflows"] for layer in report["layers"] if layer["arithmetic"])
    assert (
        f"largest error {found['errors']['y']:.2%} for y, at most 0.40% asked, over 40 given frames"
        in done.stdout
    )
    assert (
        "split4ml.precision = {bound = " in (next((build / "ir").glob("*-infer-precision.mlir"))).read_text()
    )
    assert "at most 0.40% asked" in (build / "report.html").read_text()


NN = """remove-identity,fold-constants,sink-scales,relu-from-bounds,fuse-pads,fuse-bias,fold-batch-norm,global-pool-from-reduce,\
simplify-reshapes,channels-last,simplify-reshapes,part-by-convolution,eliminate-dead-code,infer-precision,lower-nn-to-flow"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mlp", "autoencoder", "gated", "inception", "cnn1d_pool", "grouped"])
def test_of_other_networks(name: str, tmp_path: Path, cli: Cli) -> None:
    """Softmax, upsampling, products of data, concatenation, mean pools, groups: the model is the firmware."""
    model = NETWORKS / "zoo" / f"{name}.script.onnx"
    done = cli("compile", model, "-o", tmp_path / "build", "--precision", "auto", "-p", NN, "--quiet")
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "build" / "report.json").read_text())
    (found,), (error,) = report["precision"]["errors"].values(), report["checks"]["onnx"].values()
    assert found == pytest.approx(error["max_relative_error"], rel=1e-6)
    assert found <= 0.01 and report["checks"]["arithmetic"]["unchecked"] == []


def test_slips(lab: Lab, tiny_onnx: Path) -> None:
    lab.refuse(
        tiny_onnx, "-p", "infer-precision{max-error=2}", status=2, words=["max-error is 2, but must be"]
    )
    lab.refuse(tiny_onnx, "--precision", "automatic", status=2, words=["'automatic' is no element type"])
