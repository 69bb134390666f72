"""Written projects: hls4ml's own sources, reproducible, movable, with our depths and ports."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from split4ml.backends.hls4ml.archive import save
from split4ml.backends.hls4ml.csim import Stage, build_chain, run_chain
from split4ml.backends.hls4ml.describe import describe
from split4ml.backends.hls4ml.graph import build_graph
from split4ml.backends.hls4ml.options import HlsOptions
from split4ml.backends.hls4ml.project import write_monolithic, write_subproject
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.bits import dequantize

from .conftest import Saved
from .networks import Network


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _depths(source: Path) -> dict[str, int]:
    found = re.findall(r"#pragma HLS STREAM variable=(\w+) depth=(\d+)", source.read_text())
    return {name: int(depth) for name, depth in found}


@pytest.mark.parametrize("network", ["residual", "mixed"])
def test_the_archive_gives_the_sources_that_hls4ml_writes(
    network: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    from hls4ml.writer.writers import get_writer

    saved: Saved = request.getfixturevalue(network)
    write_monolithic(saved.path, tmp_path / "ours")
    model = saved.graph.model
    model.config.config["OutputDir"] = str(tmp_path / "theirs")
    try:
        get_writer("Vitis").write_hls(model)
    finally:
        model.config.config["OutputDir"] = "."
    # A comment in the weights tells the shape before or after the resource strategy transposed them.
    shape = re.compile(rb"//Numpy array shape .*")
    ours, theirs = (
        {name: shape.sub(b"", content) for name, content in _files(tmp_path / whose).items()}
        for whose in ("ours", "theirs")
    )
    assert ours.keys() == theirs.keys()
    assert {name for name in ours if ours[name] != theirs[name]} == {"build_opt.tcl", "hls4ml_config.yml"}


def test_projects_are_reproducible_and_hold_no_paths(residual: Saved, tmp_path: Path) -> None:
    spec = residual.spec("sg1", ["maxpool", "both", "fc"])
    for copy in ("a", "b"):
        write_subproject(residual.path, spec, tmp_path / copy / "sg1", {"layer10_out": 2})
        write_monolithic(residual.graph, tmp_path / copy / "mono")
    a, b = _files(tmp_path / "a"), _files(tmp_path / "b")
    assert a == b
    here = (str(tmp_path).encode(), str(Path.home()).encode(), sys.prefix.encode())
    assert not [name for name, content in a.items() if any(path in content for path in here)]
    assert not [name for name in a if name.endswith(".txt")]


def test_depths_are_those_asked_for(residual: Saved, tmp_path: Path) -> None:
    write_monolithic(residual.path, tmp_path / "mono", "whole", {"layer16_cpy2": 7, "layer12_out": 1})
    depths = _depths(tmp_path / "mono" / "firmware" / "whole.cpp")
    defaults = {s.name: s.default_depth for s in residual.info.streams if s.producer and s.consumer}
    assert depths == defaults | {"layer16_cpy2": 7, "layer12_out": 1}
    spec = residual.spec("sg0", ["conv1", "relu1", "zp2d_conv2"])
    write_subproject(residual.path, spec, tmp_path / "sg0", {"layer6_out": 3})
    assert _depths(tmp_path / "sg0" / "firmware" / "sg0.cpp") == {"layer5_out": 36, "layer6_out": 3}


def test_slices_that_make_no_sense(residual: Saved, tmp_path: Path) -> None:
    good = residual.spec("sg0", ["conv1", "relu1"])
    stream = good.inputs[0][0]
    wrong = {
        "no task 'conv9'": replace(good, tasks=("conv9",)),
        "no tasks": replace(good, tasks=()),
        "no legal name": replace(good, name="sg0; rm"),
        "'while' is no legal name of a port": replace(good, inputs=((stream, "while"),)),
        "taken": replace(good, inputs=((stream, "layer6_out"),)),
        "input streams are layer18_out, not none": replace(good, inputs=()),
    }
    for message, spec in wrong.items():
        with pytest.raises(Split4mlError, match=message):
            write_subproject(residual.path, spec, tmp_path / "out")
        assert not (tmp_path / "out").exists()
    with pytest.raises(Split4mlError, match="no FIFO inside it"):
        write_subproject(residual.path, good, tmp_path / "out", {stream: 4})
    with pytest.raises(Split4mlError, match="cannot be 0 tokens deep"):
        write_subproject(residual.path, good, tmp_path / "out", {"layer5_out": 0})
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "precious").touch()
    with pytest.raises(Split4mlError, match="not empty"):
        write_subproject(residual.path, good, tmp_path / "full")
    assert (tmp_path / "full" / "precious").exists()


@pytest.mark.parametrize("backend", ["Vitis", "Vivado"])
def test_part_clock_and_top_reach_the_tcl(backend: str, tmp_path: Path) -> None:
    n = Network()
    n.relu("act", n.dense("fc", n.input("x", 4), 2))
    graph = build_graph(
        n.layers, ["x"], ["act"], HlsOptions(backend=backend, part="xc7z020clg400-1", clock_ns=8.0)
    )
    write_monolithic(graph, tmp_path / "p", "top")
    tcl = (tmp_path / "p" / "project.tcl").read_text()
    for line in (
        'set project_name "top"',
        'set part "xc7z020clg400-1"',
        "set clock_period 8.0",
        backend.lower(),
    ):
        assert line in tcl
    assert describe(graph).clock_ns == 8.0


@pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")
def test_a_moved_subproject_works_with_hls4mls_own_tools(tmp_path: Path) -> None:
    """`link_existing_project`, `build_lib.sh` and `predict`, inside a folder that was moved after writing."""
    n = Network()
    n.relu("act", n.dense("fc", n.relu("earlier", n.flatten("flat", n.input("x", 2, 3))), 3))
    graph = build_graph(n.layers, ["x"], ["act"])
    save(graph, tmp_path / "graph.fml")
    spec = Saved(graph, describe(graph), tmp_path / "graph.fml").spec("tail", ["fc", "act"])
    write_subproject(tmp_path / "graph.fml", spec, tmp_path / "first" / "tail")
    (tmp_path / "first").rename(tmp_path / "second")
    project = tmp_path / "second" / "tail"
    script = """
import numpy as np
from hls4ml.utils.link import FilesystemModelGraph
model = FilesystemModelGraph(".")
model.compile()
np.save("found.npy", model.predict(np.load("data.npy")))
"""
    values = np.random.default_rng(0).integers(-2000, 2000, (5, 6)) / 1024
    np.save(project / "data.npy", values)
    subprocess.run([sys.executable, "-c", script], cwd=project, check=True, capture_output=True)
    chain = build_chain([Stage(project)], tmp_path / "csim")
    info = graph.model and describe(graph)
    (stream,) = chain.sources
    source = info.by_stream[stream]
    raw = (np.round(values * 1024).astype(np.int64).view(np.uint64) & np.uint64(0xFFFF)).reshape(
        -1, source.elements
    )
    (result,) = run_chain(chain, {stream: raw}).values()
    found = np.load(project / "found.npy")
    np.testing.assert_array_equal(dequantize(result, source.precision), found.reshape(result.shape))
