"""`split4ml pareto`: of a build and of a project; a point's options give its depths, and it can be applied."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from split4ml.compiler.main import main


def test_a_build(profiled: Path, quick: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pareto", str(quick), "--json", "--svg", str(tmp_path / "front.svg")]) == 0
    found = json.loads(capsys.readouterr().out)
    report = json.loads((quick / "report.json").read_text())
    first = next(point for point in found["points"] if point["options"] == "latency=keep")
    assert first["depths"] == {fifo["name"]: fifo["depth"] for fifo in report["fifos"]}
    assert first["interval_cycles"] == report["interval_cycles"]
    last = found["points"][-1]
    assert main(["opt", str(profiled), "-p", f"size-fifos{{{last['options']}}}"]) == 0
    depths = re.findall(r"flow\.fifo @(\w+) %\w+ depth (\d+)", capsys.readouterr().out)
    assert {name: int(depth) for name, depth in depths} == last["depths"]
    assert "<svg" in (tmp_path / "front.svg").read_text()


def test_a_point_of_a_project(quick: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sources = sorted((quick / "subgraphs").glob("*/firmware/*.cpp"))
    origin = next(path for path in sources if "#pragma HLS STREAM" in path.read_text()).parents[1]
    project = Path(shutil.copytree(origin, tmp_path / "project"))
    arguments = ["pareto", str(project), "--clock", "5", "--pick", "1"]
    assert main([*arguments, "--apply", "--json"]) == 0
    point = json.loads(capsys.readouterr().out)
    text = "".join(path.read_text() for path in (project / "firmware").glob("*.cpp"))
    depths = re.findall(r"STREAM variable=(\w+) depth=(\d+)", text)
    assert {name: int(depth) for name, depth in depths} == point["depths"]
    for bad, words in (
        ([*arguments[:-1], "99"], "there is no point 99"),
        ([*arguments[:-2], "--apply"], "--apply needs --pick"),
        (["pareto", str(quick), "--pick", "1", "--apply"], "--apply is for an hls4ml project"),
    ):
        assert main(bad) == 2
        assert words in capsys.readouterr().err
