"""For tests of bad input: networks and saved graphs made on the spot, and a place that sees what a command leaves."""

from __future__ import annotations

import gc
import io
import shutil
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from split4ml.compiler.main import main

Array = npt.NDArray[Any]

LOWER = "channels-last,lower-nn-to-flow,check-archive,estimate,partition"
"""All but the passes that compile C++: a tenth of a second for a tiny network."""
SPLIT = "check-archive,estimate,partition"
"""The same for `flow`."""


@dataclass(frozen=True)
class Outcome:
    """status: the command's exit status; out, err: what it printed."""

    status: int
    out: str
    err: str


class Lab:
    """A folder to make mistakes in. `run` asserts what holds of every command, whatever it was given."""

    def __init__(
        self, root: Path, capture: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.folder = root / "lab"
        self.scratch = root / "scratch"
        self.folder.mkdir()
        self.scratch.mkdir()
        self._capture = capture
        monkeypatch.setattr("tempfile.tempdir", str(self.scratch))

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def run(self, *arguments: object) -> Outcome:
        """The command, in this process: no traceback, no temporary file left, one message if it fails."""
        before = self._files()
        self._capture.readouterr()
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as done:  # only --help and --version end so
            status = int(done.code or 0)
        printed = self._capture.readouterr()
        done_ = Outcome(status, printed.out, printed.err)
        gc.collect()
        assert "Traceback" not in printed.out + printed.err
        assert list(self.scratch.iterdir()) == [], done_
        if status and "--json" not in arguments:
            errors = [
                line for line in printed.err.splitlines() if line.startswith(("error: ", "internal error"))
            ]
            assert len(errors) == 1 and errors[0].startswith("error: "), printed.err
            assert str(self.scratch) not in printed.err
            assert self._files() == before
        return done_

    def compile(self, model: Path, *options: object, into: Path | None = None) -> Outcome:
        """`split4ml compile` of a model without any C++, unless a pipeline is given."""
        passes = () if "-p" in options else ("-p", SPLIT if model.suffix == ".fml" else LOWER)
        return self.run(
            "compile", model, "-o", into or self.out, "--quiet", "--verify", "none", *options, *passes
        )

    def refuse(self, model: Path, *options: object, status: int = 1, words: Sequence[str] = ()) -> str:
        """The message with which a model or its options are refused."""
        done = self.compile(model, *options)
        assert (done.status, done.out) == (status, ""), done
        for word in words:
            assert word in done.err, f"{word!r} is not in {done.err}"
        return done.err

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def copy(self, build: Path) -> Path:
        """A copy of a build, to damage."""
        target = self.folder / "copy"
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(build, target, ignore=shutil.ignore_patterns(".cache"))
        return target

    def _files(self) -> list[str]:
        """Everything, hidden files too, but for the cache that `predict` fills."""
        return sorted(
            str(path.relative_to(self.folder))
            for path in self.folder.rglob("*")
            if ".cache" not in path.relative_to(self.folder).parts
        )


def network(
    path: Path,
    nodes: Sequence[onnx.NodeProto],
    inputs: Mapping[str, Sequence[int | str]],
    outputs: Sequence[str],
    weights: Mapping[str, Array] | None = None,
) -> Path:
    """An ONNX file; shapes include the batch axis."""
    floats = TensorProto.FLOAT
    graph = helper.make_graph(
        list(nodes),
        "graph",
        [helper.make_tensor_value_info(name, floats, list(shape)) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, floats, None) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in (weights or {}).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


def noise(*shape: int) -> Array:
    return np.random.default_rng(0).normal(0, 0.3, shape).astype(np.float32)


def tiny(path: Path) -> Path:
    """2 x 8 x 8 to 3 x 8 x 8: a skip connection around a convolution. Tasks: c1, r1, clone_r1, c2, add."""
    nodes = [
        helper.make_node("Conv", ["x", "w1"], ["a"], name="c1"),
        helper.make_node("Relu", ["a"], ["b"], name="r1"),
        helper.make_node("Conv", ["b", "w2"], ["c"], name="c2"),
        helper.make_node("Add", ["c", "b"], ["y"], name="add"),
    ]
    weights = {"w1": noise(3, 2, 1, 1), "w2": noise(3, 3, 1, 1)}
    return network(path, nodes, {"x": ["N", 2, 8, 8]}, ["y"], weights)


def members(archive: Path) -> dict[str, bytes]:
    """The contents of a saved graph."""
    with tarfile.open(archive) as tar:
        return {member.name: _read(tar, member) for member in tar.getmembers()}


def _read(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = tar.extractfile(member)
    assert stream is not None
    return stream.read()


def pack(path: Path, contents: Mapping[str, bytes], more: Sequence[tarfile.TarInfo] = ()) -> Path:
    """A saved graph of any contents, with `more` entries behind them."""
    with tarfile.open(path, "w:gz", compresslevel=1) as tar:
        for name, data in contents.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
        for entry in more:
            tar.addfile(entry)
    return path


def npy(array: Array) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()
