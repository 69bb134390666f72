"""Bad input, through the command: one clear message with the place, the right exit status, and nothing left behind."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from e2e_cli import EXAMPLES, NETWORKS
from onnx import TensorProto, helper

from split4ml.compiler.main import main

DIGITS = EXAMPLES / "digits_resnet.onnx"
FLOW = """\
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<4x1xint<8>>
  flow.output @y %i : !flow.stream<4x1xint<8>>
  flow.output @z %i : !flow.stream<4x1xint<8>>
}
"""


def onnx_model(path: Path, op: str, shape: list[int | str]) -> Path:
    """A model of one node, `x` to `y`."""
    graph = helper.make_graph(
        [helper.make_node(op, ["x"], ["y"], name="the_node")],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]), path)
    return path


def hostile_archive(path: Path) -> Path:
    """A saved graph with a member that would land outside of its folder."""
    with tarfile.open(path, "w:gz") as archive:
        entry = tarfile.TarInfo("../escaped.json")
        entry.size = 2
        archive.addfile(entry, io.BytesIO(b"{}"))
    return path


def text(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def wrong_shape(path: Path) -> Path:
    np.savez(path, image=np.zeros((2, 8, 8, 1), np.float32))
    return path


CASES: dict[str, tuple[Callable[[Path], list[object]], int, list[str]]] = {
    "no such file": (lambda f: [f / "no.onnx"], 1, ["no such file", "no.onnx"]),
    "no ONNX": (lambda f: [text(f / "m.onnx", "hello")], 1, ["m.onnx"]),
    "a truncated ONNX": (lambda f: [text(f / "m.onnx", DIGITS.read_bytes()[:3000])], 1, ["m.onnx"]),
    "an unsupported operator": (
        lambda f: [onnx_model(f / "m.onnx", "Det", [1, 4, 4])],
        1,
        ["Det", "the_node"],
    ),
    "dynamic shapes": (lambda f: [onnx_model(f / "m.onnx", "Relu", [1, "w", 4])], 1, ["x"]),
    "IR that does not parse": (lambda f: [text(f / "m.mlir", "flow.model @")], 1, ["m.mlir:1:"]),
    "IR that does not verify": (lambda f: [text(f / "m.mlir", FLOW)], 1, ["m.mlir:", "exactly one consumer"]),
    "a hostile archive": (lambda f: [hostile_archive(f / "m.fml")], 1, ["m.fml"]),
    "no archive": (lambda f: [text(f / "m.fml", "hello")], 1, ["m.fml"]),
    "an unknown pass": (lambda f: [DIGITS, "-p", "partitoin"], 2, ["partitoin", "did you mean 'partition'"]),
    "an unknown option": (lambda f: [DIGITS, "-p", "partition{subgraph=2}"], 2, ["subgraph", "-p:1:11"]),
    "an unknown layer": (lambda f: [DIGITS, "--cut-before", "stemm"], 1, ["stemm", "did you mean 'stem'"]),
    "a budget too small": (lambda f: [DIGITS, "--budget", "dsp=3"], 1, ["dsp", "3"]),
    "io_parallel": (lambda f: [DIGITS, "--io-type", "io_parallel"], 2, ["io_stream"]),
    "a layer of the YAML": (
        lambda f: [DIGITS, "--hls-config", text(f / "c.yml", "LayerName:\n  stemm:\n    ReuseFactor: 4\n")],
        1,
        ["c.yml", "stemm", "did you mean 'stem'"],
    ),
    "no YAML": (lambda f: [DIGITS, "--hls-config", text(f / "c.yml", "a: [1,\n")], 1, ["c.yml:"]),
    "inputs of another shape": (lambda f: [DIGITS, "--input", wrong_shape(f / "x.npz")], 1, ["image", "8"]),
    "more subgraphs than tasks": (lambda f: [NETWORKS / "two_ports.onnx", "--subgraphs", "200"], 1, ["200"]),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_one_clear_message(
    case: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make, status, words = CASES[case]
    inputs, scratch = tmp_path / "in", tmp_path / "tmp"
    inputs.mkdir()
    scratch.mkdir()
    arguments = [str(argument) for argument in make(inputs)]
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    before = {path.name for path in tmp_path.iterdir()}
    assert (
        main(["compile", *arguments, "-o", str(tmp_path / "build"), "--verify", "none", "--quiet"]) == status
    )
    message = capfd.readouterr().err
    assert message.startswith("error: ") and "Traceback" not in message
    for word in words:
        assert word in message, message
    assert {path.name for path in tmp_path.iterdir()} == before
    assert list(scratch.iterdir()) == []
    assert not (tmp_path / "escaped.json").exists()


def test_a_missing_blob_is_named(tmp_path: Path, quick: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (stage,) = (quick / "ir").glob("00-import.mlir")
    alone = text(tmp_path / "alone.mlir", stage.read_bytes())
    assert main(["compile", str(alone), "-o", str(tmp_path / "build"), "--verify", "none", "--quiet"]) == 1
    assert "there is no blob sha256:" in capfd.readouterr().err


def test_a_reuse_factor_that_hls4ml_cannot_use_is_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config = text(tmp_path / "c.yml", "LayerName:\n  stem:\n    ReuseFactor: 7\n    Strategy: Resource\n")
    build = tmp_path / "build"
    passes = "channels-last,eliminate-dead-code,lower-nn-to-flow"
    canonical = "fold-constants,fuse-bias,fold-batch-norm,global-pool-from-reduce,simplify-reshapes"
    arguments = [str(DIGITS), "-o", str(build), "--hls-config", str(config), "--verify", "none", "--quiet"]
    assert main(["compile", *arguments, "-p", f"{canonical},{passes}"]) == 0
    assert "stem" in capfd.readouterr().err
    assert "7" in (build / "report.json").read_text().split('"notes"')[1]


def test_a_missing_compiler_is_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    arguments = [str(NETWORKS / "two_ports.onnx"), "-o", str(tmp_path / "build"), "--quiet"]
    assert main(["compile", *arguments]) == 1
    message = capfd.readouterr().err
    assert "no-such-compiler" in message and "Traceback" not in message
    assert not (tmp_path / "build").exists()
