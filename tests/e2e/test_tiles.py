"""A quantised residual network in tiles, through the command: still the user's model bit for bit. About a minute."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from e2e_cli import NETWORKS, Cli


@pytest.mark.slow
def test_a_quantised_network_in_tiles_stays_exact(tmp_path: Path, cli: Cli) -> None:
    model = NETWORKS / "quantised" / "residual.qonnx.onnx"
    build = tmp_path / "build"
    options = ("--tile-weights", "80", "--subgraphs", "2", "--cost-data", "none", "--quiet")
    done = cli("compile", model, "-o", build, *options)
    assert done.returncode == 0, done.stderr
    assert "computed in tiles of output channels: @a_Conv in 2, @fc_Gemm in 2" in done.stderr
    report = json.loads((build / "report.json").read_text())
    assert {"a_Conv_tile0", "a_Conv_tile1", "fc_Gemm_tile0"} <= {layer["name"] for layer in report["layers"]}
    assert [error["max_abs_error"] for error in report["checks"]["onnx"].values()] == [0]
    assert report["checks"]["csim"]["bit_exact"] is True
    arithmetic = report["checks"]["arithmetic"]
    assert arithmetic["explained"] == arithmetic["bit_exact"]
    assert report["glue"]["links"] == sum(fifo["scope"] == "boundary" for fifo in report["fifos"])
    assert report["synthesis_bound"]["tiled"]["parts"] == {}
