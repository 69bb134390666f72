"""`split4ml explain`: what bounds a build or a project, and why a design deadlocks."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest
from e2e_cli import Cli

from split4ml.compiler.main import main


def test_a_build(demo: Path, cli: Cli) -> None:
    report = json.loads((demo / "report.json").read_text())
    done = cli("explain", demo, "--json", "--section", "timing")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["timing"]
    for key in ("latency_cycles", "latency_stream_cycles", "interval_cycles"):
        assert found[key] == report[key]
    assert (
        found["bottleneck"]["kind"] == "task" and found["bottleneck"]["cycles"] == report["interval_cycles"]
    )
    tasks = {task["name"]: task for task in found["tasks"]}
    assert list(tasks) == [layer["name"] for layer in report["layers"]]
    for name in found["bottleneck"]["names"]:
        assert tasks[name]["working"] == report["interval_cycles"], "the bottleneck never waits"
        assert tasks[name]["ii"] > tasks[name]["reuse_factor"]
        assert "INLINE" in tasks[name]["longer_than_reuse"]["cure"]
    for task in tasks.values():
        cycles = sum(task[state] for state in ("working", "starved", "blocked", "idle"))
        assert cycles == pytest.approx(report["interval_cycles"], abs=0.3)
    assert found["repeats"]["interval_cycles"] == report["interval_cycles"]
    assert found["deadlock"] is None and found["one_more_word"] == []
    assert report["tails"]["tasks"] and found["tails"] == report["tails"]


def test_frames_that_come_at_their_own_rate(demo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A source that offers faster than the design takes is as if it flooded; of a slower one each frame is alone."""
    found = {}
    for every in (0, 10, 1000):
        assert main(["explain", str(demo), "--section", "timing", "--json", "--every", str(every)]) == 0
        found[every] = json.loads(capsys.readouterr().out)["timing"]
    assert found[10]["interval_cycles"] == found[0]["interval_cycles"] and found[0]["every_cycles"] is None
    slow = found[1000]
    assert slow["interval_cycles"] == slow["every_cycles"] == 1000 and slow["bottleneck"]["kind"] == "source"
    assert slow["latency_stream_cycles"] == slow["latency_cycles"] == found[0]["latency_cycles"]
    assert main(["explain", str(demo), "--section", "timing", "--every", "1000"]) == 0
    text = capsys.readouterr().out
    assert "at which frames are offered" in text and "one every 1,000 cycles" in text


def test_the_picture_of_a_build(demo: Path) -> None:
    root = ElementTree.parse(demo / "timeline.svg").getroot()
    report = json.loads((demo / "report.json").read_text())
    words = "".join(root.itertext())
    for row in (*report["layers"], *report["fifos"]):
        assert row["name"] in words
    assert 'href="timeline.svg"' in (demo / "report.html").read_text()


def test_a_deadlock_in_words(demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build = Path(
        shutil.copytree(demo, tmp_path / "build", ignore=shutil.ignore_patterns("subgraphs", "stitched"))
    )
    report = json.loads((demo / "report.json").read_text())
    skip = max(report["fifos"], key=lambda fifo: fifo["depth"])
    stage = max((build / "ir").glob("*.mlir"))
    text, count = re.subn(rf"(flow\.fifo @{skip['name']} %\w+ depth )\d+", r"\g<1>1", stage.read_text())
    assert count == 1
    text = re.sub(
        rf"(stitch\.link @{skip['name']} %\w+ depth )\d+ style \"\w+\"", r'\g<1>1 style "shift"', text
    )
    stage.write_text(text)
    assert main(["explain", str(build), "--section", "timing", "--json"]) == 0
    deadlock = json.loads(capsys.readouterr().out)["timing"]["deadlock"]
    assert any(step["in"] == skip["name"] and step["waits_for"] == "full" for step in deadlock["circle"])
    assert deadlock["depths"][skip["name"]]["is"] == 1
    assert 1 < deadlock["depths"][skip["name"]]["needs"] <= skip["depth"]
    picture = tmp_path / "stuck.svg"
    assert main(["explain", str(build), "--section", "timing", "--timeline", str(picture)]) == 0
    assert "which never ends" in picture.read_text()
    assert re.search(rf"{skip['name']} has depth 1; \d+ are needed", capsys.readouterr().out)


def test_bad_requests(tiny_build: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, status, words in (
        (["nowhere"], 1, "no such build directory"),
        ([tmp_path], 1, "no build directory"),
        ([tiny_build, "--section", "split", "--timeline", "x.svg"], 2, "of the section timing"),
        ([tiny_build, "--clock", "3"], 2, "--clock is for an hls4ml project"),
        ([tiny_build, "--frames", "1"], 2, "at least 4 frames"),
        ([tiny_build, "--section", "split", "--every", "5"], 2, "of the section timing"),
        ([tiny_build, "--every", "-5"], 2, "every -5 cycles"),
    ):
        assert main(["explain", *map(str, arguments)]) == status, arguments
        assert words in capsys.readouterr().err, arguments
