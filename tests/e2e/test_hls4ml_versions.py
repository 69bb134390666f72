"""`split4ml profile` on projects as hls4ml versions of several years write them, each with its own nnet_utils."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from e2e_cli import Cli

WRITER = Path(__file__).parent / "old_hls4ml.py"
INSTALLED = "1.3.0"


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("packages")


def _install(packages: Path, version: str) -> dict[str, str]:
    """The environment in which this version is imported. Its code alone: none of the frameworks that it can convert from."""
    if version == INSTALLED:
        return {}
    folder = packages / version
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder)]
    done = subprocess.run(
        [*command, f"hls4ml=={version}", "six"], capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode:
        pytest.skip(f"hls4ml {version} cannot be installed: {done.stderr.strip().splitlines()[-1]}")
    return {"PYTHONPATH": str(folder)}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("version", "backend", "strategy", "reuse"),
    [
        ("0.5.0", "Vivado", "Latency", 1),  # 0.5.1 was not published on PyPI
        ("0.6.0", "Vivado", "Resource", 4),
        ("0.8.1", "Vitis", "Latency", 1),
        ("1.0.0", "Vitis", "Resource", 4),
        ("1.3.0", "Vivado", "Latency", 1),
        ("1.3.0", "Vitis", "Latency", 4),
    ],
)
def test_a_project_of_any_version_is_profiled(
    packages: Path, tmp_path: Path, cli: Cli, version: str, backend: str, strategy: str, reuse: int
) -> None:
    project = tmp_path / "project"
    environment = {**os.environ, **_install(packages, version)}
    written = subprocess.run(
        [sys.executable, str(WRITER), str(project), backend, strategy, str(reuse)],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment,
        check=False,
    )
    assert written.returncode == 0, written.stderr
    done = cli("profile", project, "--json", "--apply")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["backend"], report["clock_ps"]) == (backend, 5000)
    assert report["latency_cycles"] and report["interval_cycles"]

    kinds = {layer["kind"]: layer for layer in report["layers"]}
    assert {"conv_2d_cl", "relu", "pooling2d_cl", "dense"} <= set(kinds)
    fifos = {(fifo["producer"], fifo["consumer"]): fifo for fifo in report["fifos"]}
    tokens = {ends: fifo["tokens_per_frame"] for ends, fifo in fifos.items()}
    assert tokens["conv", "act"] == tokens["act", "pool"] == 36
    assert all(fifo["depth"] <= max(2, fifo["peak"] + 1) for fifo in fifos.values())
    text = (project / "firmware" / "net.cpp").read_text()
    pragmas = {name: int(depth) for name, depth in re.findall(r"STREAM variable=(\w+) depth=(\d+)", text)}
    assert pragmas == {fifo["name"]: fifo["depth"] for fifo in fifos.values()}

    # hls4ml kept the window's computation as a module of its own from 0.8 on (2-D), which costs intervals by Vitis HLS
    conv = kinds["conv_2d_cl"]
    if strategy == "Latency" and backend == "Vivado":
        assert conv["ii"] == reuse and conv["ii_range"] == [reuse, reuse]
    elif strategy == "Latency":
        assert conv["ii"] > reuse
    else:
        # a sequential loop whose windows cost the reuse factor and more
        assert conv["ii"] > reuse and report["interval_cycles"] > 36 * conv["ii"]
