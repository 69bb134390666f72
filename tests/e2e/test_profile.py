"""`split4ml profile`: on an hls4ml project as it stands, and on a build with a simulation's VCD."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from e2e_cli import Cli

from split4ml.compiler.main import main


@pytest.fixture
def project(quick: Path, tmp_path: Path) -> Path:
    """An hls4ml project: that of the first subgraph, which has FIFOs."""
    found = next(
        path.parents[1]
        for path in sorted((quick / "subgraphs").glob("*/firmware/*.cpp"))
        if "#pragma HLS STREAM" in path.read_text()
    )
    return Path(shutil.copytree(found, tmp_path / "project"))


def _pragmas(project: Path) -> dict[str, int]:
    text = "".join(path.read_text() for path in (project / "firmware").glob("*.cpp"))
    return {name: int(depth) for name, depth in re.findall(r"STREAM variable=(\w+) depth=(\d+)", text)}


def test_a_project_is_sized_and_its_pragmas_rewritten(project: Path, tmp_path: Path, cli: Cli) -> None:
    weights = [path.read_bytes() for path in sorted((project / "firmware" / "weights").iterdir())]
    done = cli("profile", project, "--clock", 5, "-o", tmp_path / "out", "--apply", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report == json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["clock_ps"] == 5000 and report["subgraphs"] == [] and report["interval_cycles"] > 0
    assert report["fifo_bits"]["sized"] <= report["fifo_bits"]["peak"]
    assert report["as_is"]["latency_cycles"] is not None
    depths = {fifo["name"]: fifo["depth"] for fifo in report["fifos"]}
    assert depths and _pragmas(project) == depths
    done = cli("profile", project, "--clock", 5, "--fifos", 'method=exact min-depth="*=3"', "--json")
    assert done.returncode == 0, done.stderr
    assert all(fifo["depth"] >= 3 for fifo in json.loads(done.stdout)["fifos"])
    assert all(fifo["tokens_per_frame"] > 0 and fifo["producer"] for fifo in report["fifos"])
    assert weights == [path.read_bytes() for path in sorted((project / "firmware" / "weights").iterdir())]


def test_a_vcd_is_compared_with_the_build_it_is_of(quick: Path, tmp_path: Path, cli: Cli) -> None:
    (vcd,) = (quick / "profile").glob("*.vcd")
    done = cli("profile", quick, "--vcd", vcd, "-o", tmp_path / "out", "--quiet")
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "out" / "report.json").read_text())
    assert found["fifos"]
    for fifo in found["fifos"]:
        assert fifo["observed_peak"] == fifo["peak"], "this VCD is of the profiled design itself"
        assert 1 <= fifo["model_peak"] <= fifo["depth"] == fifo["built_depth"]
        assert fifo["model_error"]["after"] == {"peak": 0, "cycles": 0}
    assert found["calibration"]["frames"] and found["calibration"]["unfitted"] == {}
    built = json.loads((quick / "report.json").read_text())
    assert found["as_is"]["latency_cycles"] == found["latency_cycles"] == built["latency_cycles"]


def test_bad_requests(quick: Path, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    vcd = tmp_path / "other.vcd"
    vcd.write_text(
        "$timescale 1ps $end\n$scope module other $end\n$var wire 4 ! usedw $end\n$upscope $end\n$enddefinitions $end\n#0\nb0 !\n"
    )
    occupied = tmp_path / "occupied"
    occupied.mkdir()
    (occupied / "mine").touch()
    (tmp_path / "empty").mkdir()
    before = _pragmas(project)
    for arguments, status, words in (
        (["nowhere"], 1, "no such directory"),
        ([tmp_path / "empty"], 1, "no folder firmware/"),
        ([quick], 2, "--vcd"),
        ([quick, "--apply", "--vcd", vcd], 2, "--apply"),
        ([quick, "--vcd", vcd], 1, "none of the design's"),
        ([quick, "--vcd", tmp_path / "no.vcd"], 1, "no.vcd"),
        ([project, "--tool", "vitis-1.0", "--apply"], 2, "no timing constants"),
        ([project, "--frames", "2", "--apply"], 2, "at least 4 frames"),
        ([project, "--fifos", "latency=4", "--apply"], 1, "out of reach"),
        ([project, "--fifos", 'max-depth="nowhere=4"', "--apply"], 2, "'nowhere' is no FIFO"),
        ([project, "--fifos", "colour=4", "--apply"], 2, "no option 'colour'"),
        ([project, "--fifos", "objective=cost", "--apply"], 1, "objective=cost needs a build"),
        ([project, "--fifos", "bram18=2", "--apply"], 1, "bram18 needs a build"),
        ([quick, "--fifos", "latency=4"], 2, "--fifos is for an hls4ml project"),
        ([project, "-o", occupied, "--apply"], 1, "left alone"),
        ([project, "--method", "guess"], 2, "invalid choice"),
    ):
        assert main(["profile", *map(str, arguments)]) == status, arguments
        assert words in capsys.readouterr().err, arguments
    assert _pragmas(project) == before


def test_what_cannot_be_traced_is_said(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    firmware = project / "firmware"
    (top,) = (path for path in firmware.glob("*.cpp") if "nnet::" in path.read_text())
    text, before = top.read_text(), _pragmas(project)
    top.write_text(re.sub(r"hls::stream<(\w+)>\s*&\s*(\w+)(?=[,\s)])", r"\1 \2[4]", text, count=9))
    assert main(["profile", str(project), "--clock", "5", "--apply"]) == 1
    assert "io_parallel" in capsys.readouterr().err
    top.write_text(text)
    parameters = firmware / "parameters.h"
    parameters.write_text(parameters.read_text() + "\nthis is no C++;\n")
    assert main(["profile", str(project), "--clock", "5", "--apply"]) == 1
    assert "does not compile" in capsys.readouterr().err
    assert _pragmas(project) == before
