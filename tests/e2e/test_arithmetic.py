"""What a user is told of the firmware's numbers: overflow, errors along the network, and what no precision explains."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bad_input import Lab
from e2e_cli import NETWORKS, Cli

from split4ml.backends.report.arithmetic import table
from split4ml.compiler.main import main
from split4ml.dialects import nn
from split4ml.passes import nn_layers
from split4ml.passes.weights import WeightStore

NARROW = ("--precision", "fixed<8,3>")
"""Holds -4 to almost 4."""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sample inputs of the tiny network that do not fit into `NARROW`."""
    path = tmp_path_factory.mktemp("large") / "x.npz"
    values = np.random.default_rng(1).uniform(-5, 5, (6, 2, 8, 8)).astype(np.float32)
    np.savez(path, x=values)
    return path


def test_overflow_is_told_with_the_bits_that_it_needs(
    tiny_onnx: Path, large: Path, tmp_path: Path, cli: Cli
) -> None:
    config = tmp_path / "hls.yml"
    config.write_text("LayerName: {c1: {Precision: {accum: 'fixed<8,0>'}}}")
    options = (*NARROW, "--input", large, "--hls-config", config)
    done = cli("compile", tiny_onnx, "-o", tmp_path / "build", *options)
    assert done.returncode == 0, done.stderr
    told = [line for line in done.stdout.splitlines() if line.startswith("note")]
    assert any(
        "input 'x'" in line
        and "results overflow fixed<8,3>, which holds -4 to 3.96875, and wrap" in line
        and "need 4 integer bits" in line
        for line in told
    )
    assert any("layer c1 (ONNX 'c1')" in line and "sums overflow" in line for line in told)
    assert "warning: input 'x'" in done.stderr
    report = json.loads((tmp_path / "build" / "report.json").read_text())
    found = {layer["name"]: layer["arithmetic"] for layer in report["layers"]}
    (over,) = found["c1"]["overflows"]
    assert over["of"] == "accum" and over["type"] == "fixed<8,0>"
    assert 1 < over["range"][1] < 2 and over["integer_bits_needed"] == 2
    assert 0 < over["count"] <= over["total"]
    checks = report["checks"]["arithmetic"]
    # overflow is what the precision makes of these numbers: explained to the bit
    assert checks["explained"] == checks["bit_exact"] == 4 and checks["unchecked"] == []
    assert found["clone_r1"] is None
    assert "overflow" in (tmp_path / "build" / "report.html").read_text()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--overflow", "fail"), "results overflow fixed<8,3>"),
        (("--max-error", "0.1"), "of its range, but at most 10.00% may be"),
    ],
)
def test_what_passes_can_be_bounded(
    options: tuple[str, ...], words: str, tiny_onnx: Path, large: Path, lab: Lab
) -> None:
    done = lab.run("compile", tiny_onnx, "-o", lab.out, "--quiet", *NARROW, "--input", large, *options)
    assert done.status == 1
    assert words in done.err and "help:" in done.err


def test_layers_show_where_the_error_arises(demo: Path, cli: Cli) -> None:
    done = cli("verify", demo, "--layers", "--json")
    assert done.returncode == 0, done.stderr
    checks = json.loads(done.stdout)["checks"]
    assert checks["layers"]["bit_exact"] is True
    layers = checks["arithmetic"]["layers"]
    report = json.loads((demo / "report.json").read_text())
    assert {layer["name"]: layer["arithmetic"] for layer in report["layers"] if layer["arithmetic"]} == layers
    assert len(layers) == 16
    for layer in layers.values():
        assert layer["explained"] == "exact"
        assert layer["max_abs_error_added"] >= layer["mean_abs_error_added"] >= 0
    # a ReLU adds nothing to what it is given
    assert layers["block1_relu1"]["max_abs_error_added"] == 0 < layers["block1_conv1"]["max_abs_error_added"]


def test_the_table_of_layers(demo: Path) -> None:
    report: dict[str, Any] = json.loads((demo / "report.json").read_text())
    heading, *rows = table(report["layers"]).splitlines()
    assert heading.split()[:4] == ["layer", "ONNX", "type", "range"]
    assert len(rows) == 16 and rows[0].startswith("stem ") and "fixed<16,6>" in rows[0]
    assert all(row.endswith("to the bit") for row in rows)


def test_a_wrong_lowering_is_a_failure_that_names_the_layer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The inputs of a dense layer permuted: its outputs change by less than many a precision would explain."""
    honest = nn_layers.layers_of

    def wrong(model: nn.ModelOp, weights: WeightStore) -> nn_layers.Layers:
        found = honest(model, weights)
        dense = [layer for layer in found.layers if layer["class_name"] == "Dense"][-1]
        dense["weight_data"] = np.roll(np.asarray(dense["weight_data"]), 1, axis=0)
        return found

    monkeypatch.setattr(nn_layers, "layers_of", wrong)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    model = NETWORKS / "zoo/mlp_norm.script.onnx"
    assert main(["compile", str(model), "-o", str(tmp_path / "out"), "--quiet"]) == 1
    (message,) = (line for line in capsys.readouterr().err.splitlines() if line.startswith("error: "))
    assert "ONNX" in message and "Gemm" in message
    assert "but its precision explains only" in message and "in double precision it would be" in message
    assert not (tmp_path / "out").exists()
    (evidence,) = tmp_path.glob("split4ml-failed-*")
    assert (evidence / "model.fml").exists() and list((evidence / "ir").iterdir())
