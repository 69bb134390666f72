"""A network with distributed arithmetic, from ONNX to RTL. da4ml's solver is compiled by numba when it first runs: two minutes, once."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from e2e_cli import Cli, run_cli
from onnx import TensorProto, helper, numpy_helper

pytestmark = pytest.mark.slow

STRATEGY = ("--strategy", "distributed_arithmetic", "--precision", "fixed<9,3>")


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A convolution, a depthwise one that cannot have it, one of 1x1, and a dense layer behind a flatten."""
    rng = np.random.default_rng(3)
    shapes = {
        "w1": (3, 2, 3, 3),
        "b1": (3,),
        "wd": (3, 1, 3, 3),
        "wp": (2, 3, 1, 1),
        "w2": (4, 32),
        "b2": (4,),
    }
    weights = [
        numpy_helper.from_array(rng.normal(0, 0.3, shape).astype(np.float32), name)
        for name, shape in shapes.items()
    ]
    nodes = [
        helper.make_node("Conv", ["x", "w1", "b1"], ["c1"], name="conv", kernel_shape=[3, 3]),
        helper.make_node("Relu", ["c1"], ["r1"], name="relu"),
        helper.make_node(
            "Conv", ["r1", "wd"], ["d1"], name="depth", group=3, kernel_shape=[3, 3], pads=[1, 1, 1, 1]
        ),
        helper.make_node("Conv", ["d1", "wp"], ["p1"], name="point", kernel_shape=[1, 1]),
        helper.make_node("Flatten", ["p1"], ["f"], name="flat"),
        helper.make_node("Gemm", ["f", "w2", "b2"], ["y"], name="fc", transB=1),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2, 6, 6])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4])],
        weights,
    )
    path = tmp_path_factory.mktemp("distributed") / "tiny.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path


@pytest.fixture(scope="module")
def build(network: Path) -> Path:
    """Its dense layer in two tiles, every layer of them with adders of its own."""
    into = network.parent / "build"
    options = (*STRATEGY, "--subgraphs", 3, "--tile-weights", 64, "--verify", "rtl")
    done = run_cli("compile", network, "-o", into, *options)
    assert done.returncode == 0, done.stderr
    return into


def test_everything_is_verified(build: Path) -> None:
    report = json.loads((build / "report.json").read_text())
    checks = report["checks"]
    assert checks["csim"]["bit_exact"] is True
    assert checks["rtl"]["tokens_match"] is True and checks["rtl"]["cycles_match_replay"] is True
    # exact sums, rounded once: every number of every layer, to the bit
    assert checks["arithmetic"]["explained"] == checks["arithmetic"]["bit_exact"] == 7
    assert checks["arithmetic"]["unchecked"] == []
    costs = {layer["name"]: layer["cost"] for layer in report["layers"]}
    for name in ("conv", "point", "fc_tile0", "fc_tile1"):
        assert costs[name]["lut"] > 0 and costs[name]["dsp"] == 0, "adders alone"
    assert any("depth: hls4ml has no distributed arithmetic" in note for note in report["notes"])


def test_adders_are_in_the_subprojects(build: Path) -> None:
    """Every layer's once, in the subgraph that has it."""
    found = {}
    for folder in (build / "subgraphs").iterdir():
        code = (folder / "firmware" / "nnet_utils" / "nnet_code_gen.h").read_text()
        calls = (folder / "firmware" / f"{folder.name}.cpp").read_text()
        found[folder.name] = code.count("void dense_da_")
        assert found[folder.name] == sum(
            calls.count(f"// {name}\n") for name in ("conv", "point", "fc_tile0", "fc_tile1")
        )
    assert sum(found.values()) == 4 and len(found) == 3


def test_one_layer_of_it(network: Path, tmp_path: Path, cli: Cli) -> None:
    """By the configuration, in whose words the rest is as before; an IR before hls4ml goes on with the same."""
    config = tmp_path / "hls.yml"
    config.write_text("LayerName:\n  fc: {Strategy: DistributedArithmetic}\n")
    first, again = tmp_path / "first", tmp_path / "again"
    for model, into in ((network, first), (first / "ir" / "00-import.mlir", again)):
        options = ("--hls-config", config, "--verify", "none") if model == network else ("--verify", "none")
        done = cli("compile", model, "-o", into, *options)
        assert done.returncode == 0, done.stderr
        files = into.glob("subgraphs/*/firmware/nnet_utils/nnet_code_gen.h")
        assert sum(file.read_text().count("void dense_da_") for file in files) == 1
    assert (first / "model.fml").read_bytes() == (again / "model.fml").read_bytes()


def test_splits_are_explored(network: Path, cli: Cli) -> None:
    done = cli("explore", network, *STRATEGY)
    assert done.returncode == 0, done.stderr
    assert "proven complete" in done.stdout


def test_a_project_of_it_is_profiled(build: Path, cli: Cli) -> None:
    """As it stands, without what it was made of."""
    report = json.loads((build / "report.json").read_text())
    known = {layer["name"]: layer for layer in report["layers"]}
    name = known["conv"]["subgraph"]
    done = cli("profile", build / "subgraphs" / name, "--json")
    assert done.returncode == 0, done.stderr
    profile = json.loads(done.stdout)
    found = {layer["name"]: layer for layer in profile["layers"]}
    assert found["conv"]["ii"] == known["conv"]["ii"]
    assert found["conv"]["ii_range"][0] < found["conv"]["ii_range"][1]
