"""The main job on a real network: what README promises of `make demo`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from e2e_cli import EXAMPLES, Cli

from split4ml.compiler.design import Design
from split4ml.dialects import flow
from split4ml.dialects.flow import symbol


@pytest.fixture(scope="module")
def report(demo: Path) -> dict[str, Any]:
    return json.loads((demo / "report.json").read_text())  # type: ignore[no-any-return]


def test_the_split_design_carries_the_monolithic_values(report: dict[str, Any]) -> None:
    assert report["checks"]["csim"] == {"bit_exact": True, "frames": 360}


def test_the_stitched_top_runs_as_predicted(report: dict[str, Any]) -> None:
    assert report["checks"]["rtl"] == {
        "kind": "twin",
        "tokens_match": True,
        "cycles_match_replay": True,
        "frames": 8,
    }


def test_the_firmware_classifies_as_the_network_does(report: dict[str, Any]) -> None:
    accuracy = report["checks"]["accuracy"]
    assert accuracy["float"] > 0.97 and abs(accuracy["float"] - accuracy["firmware"]) < 0.01


def test_a_cut_lies_inside_a_skip_connection(demo: Path) -> None:
    """Some subgraph that a Clone feeds is left by a path around it: two streams leave the Clone's subgraph for a Merge."""
    model = Design(demo).model
    merges = {symbol(task) for task in model.tasks if task.kind.data == "Merge"}
    home = {symbol(task): symbol(part) for part in model.subgraphs for task in part.tasks}
    clones = {symbol(task) for task in model.tasks if task.kind.data == "Clone"}
    pairs = {(clone, merge) for clone in clones for merge in merges if f"clone_{merge}" != clone}
    assert any(home[clone] != home[merge] for clone, merge in pairs)
    assert any(len(part.outputs) > 1 for part in model.subgraphs)


def test_fifos_are_sized_to_a_fifth_or_less(report: dict[str, Any]) -> None:
    bits = report["fifo_bits"]
    assert bits["sized"] * 5 <= bits["default"]
    assert bits["sized"] <= bits["peak"]
    assert {fifo["scope"] for fifo in report["fifos"]} == {"internal", "boundary"}


def test_splitting_costs_few_cycles_and_saves_synthesis_time(report: dict[str, Any]) -> None:
    assert len(report["subgraphs"]) == 3
    assert report["interval_cycles"] == report["monolithic"]["interval_cycles"]
    assert report["latency_cycles"] <= report["monolithic"]["latency_cycles"] + 10 * len(report["subgraphs"])
    assert report["partition"]["objective"] < report["partition"]["monolithic_seconds"]
    bound = report["synthesis_bound"]
    assert bound["task"] == "block2_conv2" and bound["weights"] == 2304
    assert bound["tiled"]["parts"] == {"block2_conv2": 2}
    assert bound["tiled"]["seconds"] < bound["seconds"] <= report["partition"]["objective"] + 0.001


def test_the_depths_of_the_report_are_those_of_the_projects(demo: Path, report: dict[str, Any]) -> None:
    for part in report["subgraphs"]:
        name = part["name"]
        source = (demo / "subgraphs" / name / "firmware" / f"{name}.cpp").read_text()
        for fifo in report["fifos"]:
            inside = fifo["scope"] == "internal" and fifo["producer"] in part["layers"]
            pragma = f"#pragma HLS STREAM variable={fifo['name']} depth={fifo['depth']}\n"
            assert (pragma in source) == inside


def test_nothing_in_the_build_names_a_place(demo: Path) -> None:
    for path in demo.rglob("*"):
        if path.suffix in (
            ".json",
            ".mlir",
            ".toml",
            ".cpp",
            ".h",
            ".tcl",
            ".sh",
            ".yml",
            ".sv",
            ".xdc",
            ".html",
        ):
            assert str(demo) not in path.read_text() and "/tmp/" not in path.read_text(), path


def test_a_build_that_is_moved_predicts(demo: Path, tmp_path: Path, cli: Cli) -> None:
    moved = tmp_path / "else where"
    shutil.copytree(demo, moved)
    done = cli("predict", moved, EXAMPLES / "digits_test.npz", "-o", tmp_path / "y.npz")
    assert done.returncode == 0, done.stderr
    labels = np.load(EXAMPLES / "digits_test.npz")["labels"]
    with np.load(tmp_path / "y.npz") as outputs:
        assert outputs.files == ["logits"] and outputs["logits"].shape == (360, 10)
        assert (outputs["logits"].argmax(axis=1) == labels).mean() > 0.97


def test_layers_of_a_subgraph_are_compared(demo: Path, cli: Cli) -> None:
    done = cli("verify", demo, "--subgraph", "sg1", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["checks"]["layers"]["bit_exact"] is True


def test_a_wrong_weight_in_one_subproject_is_found(demo: Path, tmp_path: Path, cli: Cli) -> None:
    """A check that cannot fail proves nothing."""
    broken = tmp_path / "broken"
    shutil.copytree(demo, broken)
    weights = max((broken / "subgraphs" / "sg1" / "firmware" / "weights").glob("w*.h"))
    text = weights.read_text()
    first = text.index("{") + 1
    end = text.index(",", first)
    weights.write_text(text[:first] + f"{float(text[first:end]) + 0.5}" + text[end:])
    done = cli("verify", broken, "--subgraph", "sg1")
    assert done.returncode == 1
    assert "differ from the monolithic design's" in done.stderr and "subgraph sg1" in done.stderr


def test_reports_are_shown(demo: Path, cli: Cli) -> None:
    done = cli("report", demo)
    assert done.returncode == 0
    assert "bit for bit equal over 360 frames" in done.stdout
    assert "cycles as predicted over 8 frames (twin)" in done.stdout
    assert "<title>split4ml: digits_resnet</title>" in (demo / "report.html").read_text()


def test_ir_of_every_stage_is_readable(demo: Path) -> None:
    design = Design(demo)
    assert design.stages[0] == "00-import" and design.stages[-1].endswith("-stitch")
    assert "nn.conv" in design.ir("import") and "flow.task" in design.ir("flow")
    assert isinstance(design.model, flow.ModelOp)
    assert design.fifos.keys() == {symbol(fifo) for fifo in design.model.fifos}
