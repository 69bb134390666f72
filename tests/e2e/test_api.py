"""The Python interface, with an hls4ml graph that is alive in the same process."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import split4ml
from split4ml.dialects.errors import Split4mlError, UsageError


def live_graph(folder: Path) -> Any:
    """Dense, relu, dense: as a user has it after hls4ml converted a model."""
    from hls4ml.model.graph import ModelGraph
    from hls4ml.utils.config import create_config

    rng = np.random.default_rng(0)

    def dense(name: str, source: str, inputs: int, outputs: int) -> dict[str, Any]:
        weights = rng.normal(0, 0.4, (inputs, outputs))
        return {
            "name": name,
            "class_name": "Dense",
            "inputs": [source],
            "outputs": [name],
            "n_in": inputs,
            "n_out": outputs,
            "weight_data": weights,
            "bias_data": rng.normal(0, 0.1, outputs),
        }

    layers = [
        {"name": "x", "class_name": "Input", "input_shape": [6], "inputs": [], "outputs": ["x"]},
        dense("fc1", "x", 6, 8),
        {
            "name": "act",
            "class_name": "Activation",
            "activation": "relu",
            "inputs": ["fc1"],
            "outputs": ["act"],
        },
        dense("fc2", "act", 8, 3),
    ]
    config = create_config(output_dir=str(folder), project_name="tiny", backend="Vitis", io_type="io_stream")
    config["HLSConfig"] = {
        "Model": {"Precision": {"default": "fixed<16,6>"}, "ReuseFactor": 1, "Strategy": "Latency"}
    }
    with contextlib.redirect_stdout(io.StringIO()):
        return ModelGraph.from_layer_list(config, layers, inputs=["x"], outputs=["fc2"])


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return live_graph(tmp_path_factory.mktemp("hls4ml"))


def test_a_live_graph_is_split_and_predicts_as_hls4ml_does(graph: Any, tmp_path: Path) -> None:
    design = split4ml.compile(graph, subgraphs=2)
    assert design.report["checks"]["csim"]["bit_exact"] is True
    assert [layer for part in design.report["subgraphs"] for layer in part["layers"]] == ["fc1", "act", "fc2"]
    assert len(design.report["subgraphs"]) == 2
    x = np.random.default_rng(1).normal(0, 1, (20, 6)).astype(np.float32)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        graph.compile()
        expected = graph.predict(x)
    np.testing.assert_array_equal(design.predict(x), expected)
    kept = design.write(tmp_path / "kept")
    del design
    np.testing.assert_array_equal(kept.predict({"x": x})["fc2"], expected)
    assert "flow.subgraph @sg1" in kept.ir("partition")
    assert kept.fifos


def test_a_saved_graph_is_read(graph: Any, tmp_path: Path) -> None:
    from hls4ml.utils.serialization import serialize_model

    with contextlib.redirect_stdout(io.StringIO()):
        serialize_model(graph, str(tmp_path / "tiny.fml"))
    design = split4ml.compile(tmp_path / "tiny.fml", tmp_path / "build", cut_before=["fc2"], verify="none")
    assert len(design.report["subgraphs"]) == 2
    assert (tmp_path / "build" / "model.fml").is_file()


def test_misuse_is_told(graph: Any, tmp_path: Path) -> None:
    with pytest.raises(Split4mlError, match="no option .subgraph."):
        split4ml.compile("m.onnx", subgraph=3)
    with pytest.raises(UsageError, match="between 1 and"):
        split4ml.compile("m.onnx", subgraphs=0)
    with pytest.raises(Split4mlError, match="no such file"):
        split4ml.compile(tmp_path / "m.onnx")
    with pytest.raises(Split4mlError, match="no such build directory"):
        split4ml.Design(tmp_path / "nowhere")
