"""Other networks, all the way: nested skips, and two inputs with two outputs. About 40 s each."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from e2e_cli import NETWORKS, Cli, compiled


@pytest.mark.parametrize(("network", "subgraphs"), [("nested_skips", 4), ("two_ports", 3)])
def test_a_network_splits_and_verifies_in_rtl(network: str, subgraphs: int, tmp_path: Path, cli: Cli) -> None:
    model = NETWORKS / f"{network}.onnx"
    build = compiled(model, "--subgraphs", subgraphs, "--verify", "rtl", into=tmp_path / "build")
    report = json.loads((build / "report.json").read_text())
    assert len(report["subgraphs"]) == subgraphs
    assert report["checks"]["csim"]["bit_exact"] is True
    assert report["checks"]["rtl"]["tokens_match"] is True
    assert report["checks"]["rtl"]["cycles_match_replay"] is True
    assert all(error["max_abs_error"] < 0.1 for error in report["checks"]["onnx"].values())
    assert report["interval_cycles"] == report["monolithic"]["interval_cycles"]


def test_inputs_and_outputs_have_the_users_names_and_layouts(quick: Path, tmp_path: Path, cli: Cli) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(
        str(NETWORKS / "two_ports.onnx"), providers=["CPUExecutionProvider"]
    )
    rng = np.random.default_rng(3)
    inputs = {
        port.name: rng.uniform(0, 1, (5, *port.shape[1:])).astype(np.float32) for port in session.get_inputs()
    }
    np.savez(tmp_path / "x.npz", **inputs)  # type: ignore[arg-type]
    done = cli("predict", quick, tmp_path / "x.npz", "-o", tmp_path / "y.npz")
    assert done.returncode == 0, done.stderr
    names = [port.name for port in session.get_outputs()]
    frames = [session.run(None, {name: array[k : k + 1] for name, array in inputs.items()}) for k in range(5)]
    with np.load(tmp_path / "y.npz") as found:
        assert sorted(found.files) == sorted(names)
        for index, name in enumerate(names):
            expected = np.concatenate([outputs[index] for outputs in frames])
            assert found[name].shape == expected.shape
            assert np.abs(found[name] - expected).max() < 0.1
