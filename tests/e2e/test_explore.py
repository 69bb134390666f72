"""`split4ml explore`: the front of a network's splits, and a build of one of its points."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from bad_input import LOWER, Lab

import split4ml
from split4ml.backends.report.front import shown
from split4ml.dialects.errors import UsageError

PASSES = ("-p", LOWER)


def test_table_json_and_picture(lab: Lab, tiny_onnx: Path) -> None:
    done = lab.run("explore", tiny_onnx, "-o", lab.out, *PASSES)
    assert done.status == 0, done.err
    front = json.loads((lab.out / "front.json").read_text())
    assert front["complete"] and front["tasks"] == 5
    table = done.out.splitlines()
    assert table[0].split()[:2] == ["point", "subgraphs"]
    assert len(table) == 1 + len(front["points"]) + 4
    assert "proven complete" in done.out
    whole = front["points"][0]
    assert (whole["subgraphs"], whole["crossing_bits"], whole["added_latency_cycles"]) == (1, 0, 0)
    for point in front["points"]:
        assert sorted(task for part in point["tasks"] for task in part) == sorted(whole["tasks"][0])
    picture = ElementTree.parse(lab.out / "front.svg").getroot()
    dots = [dot for dot in picture.iter("{http://www.w3.org/2000/svg}circle") if len(dot)]
    assert len(dots) == len(front["points"])

    again = lab.run("explore", tiny_onnx, "-o", lab.out, *PASSES)
    assert again.status == 1 and "--force replaces it" in again.err
    assert lab.run("explore", tiny_onnx, "-o", lab.out, "--force", *PASSES).status == 0


@pytest.mark.parametrize("written", [True, False])
def test_every_point_can_be_compiled(lab: Lab, tiny_onnx: Path, written: bool) -> None:
    """written: the split is asked for in the pipeline, not by options."""
    wishes = ("-p", f'{LOWER}{{at-most="subgraphs=3"}}') if written else ("--at-most", "subgraphs=3")
    front = json.loads(lab.run("explore", tiny_onnx, "--json", *wishes).out)
    assert {point["subgraphs"] for point in front["points"]} <= {1, 2, 3}
    last = front["points"][-1]
    done = lab.run(
        *(
            "explore",
            tiny_onnx,
            *wishes,
            "--pick",
            last["number"],
            "-o",
            lab.out,
            "--verify",
            "none",
            "--quiet",
        )
    )
    assert done.status == 0, done.err
    report = json.loads((lab.out / "report.json").read_text())
    split = report["partition"]
    assert (len(report["subgraphs"]), split["objective"], split["crossing_bits_per_frame"]) == (
        last["subgraphs"],
        last["synthesis_seconds"],
        last["crossing_bits"],
    )
    assert split["optimal"]
    assert json.loads((lab.out / "front.json").read_text()) == front


@pytest.mark.parametrize(
    ("stage", "passes"),
    [
        ("02-flow", "check-archive,estimate,partition"),
        ("04-estimate", "partition"),
        ("05-partition", "partition"),
    ],
)
def test_passes_that_are_given_are_all_that_run(
    lab: Lab, tiny_onnx: Path, tiny_split: Path, stage: str, passes: str
) -> None:
    """Whatever stage the IR says it is: it begins where `compile` does, and the network's front is that of its stages."""
    path = tiny_split / "ir" / f"{stage}.mlir"
    whole = json.loads(lab.run("explore", tiny_onnx, "--json", *PASSES).out)
    done = lab.run("explore", path, "--json", "-p", passes)
    assert done.status == 0, done.err
    assert json.loads(done.out) == whole
    assert split4ml.explore(path, pipeline=passes) == whole
    last = whole["points"][-1]
    picked = ("--pick", last["number"], "-o", lab.out, "--verify", "none", "--quiet")
    done = lab.run("explore", path, "-p", passes, *picked)
    assert done.status == 0, done.err
    report = json.loads((lab.out / "report.json").read_text())
    assert len(report["subgraphs"]) == last["subgraphs"]
    assert report["partition"]["crossing_bits_per_frame"] == last["crossing_bits"]


def test_from_python(tiny_onnx: Path) -> None:
    front = split4ml.explore(tiny_onnx, pipeline=f"{LOWER}{{subgraphs=2}}")
    assert {point["options"]["subgraphs"] for point in front["points"]} == {2}
    with pytest.raises(UsageError, match="belongs to the pass partition"):
        split4ml.explore(tiny_onnx, subgraphs=2, pipeline=LOWER)
    with pytest.raises(split4ml.Split4mlError, match="no such file"):
        split4ml.explore("nowhere.onnx")


def test_wishes_hold_for_every_point(lab: Lab, tiny_onnx: Path) -> None:
    passes = f'{LOWER}{{never-cut="c2->add" minimise=[time,subgraphs]}}'
    front = json.loads(lab.run("explore", tiny_onnx, "--json", "-p", passes).out)
    assert front["objectives"] == ["time", "subgraphs"]
    for point in front["points"]:
        home = {task: k for k, tasks in enumerate(point["tasks"]) for task in tasks}
        assert home["c2"] == home["add"]


def test_what_cannot_be(lab: Lab, tiny_onnx: Path, tiny_build: Path) -> None:
    def refused(*arguments: object, status: int = 1) -> str:
        done = lab.run("explore", *arguments)
        assert done.status == status, done
        return done.err

    assert "there is no such file" in refused(lab.folder / "no.onnx")
    assert "the front has the points 1 to" in refused(
        tiny_onnx, *PASSES, "--pick", 99, "-o", lab.out, status=2
    )
    assert "-o DIR is missing" in refused(tiny_onnx, "--pick", 1, status=2)
    assert "belongs to the pass partition" in refused(tiny_onnx, *PASSES, "--jobs", 2, status=2)
    assert "has no pass partition" in refused(tiny_onnx, "-p", "channels-last", status=2)
    assert "this IR is split already" in refused(min((tiny_build / "ir").glob("*stitch.mlir")))
    message = refused(tiny_onnx, "-p", f'{LOWER}{{at-most="time=0.001"}}')
    assert "a synthesis time of at most 0.001 s" in message and "would do" in message
    kept = lab.write("mine", "x")
    assert "is no directory" in refused(tiny_onnx, *PASSES, "-o", kept)


def test_long_fronts_are_shown_in_part() -> None:
    points = [
        {
            "number": n + 1,
            "synthesis_seconds": n % 50,
            "crossing_bits": 100 - n % 50,
            "subgraphs": 1 + n // 50,
        }
        for n in range(100)
    ]
    some = shown(points, 40)
    assert len(some) == 40 and some[0]["number"] == 1
    assert [p["number"] for p in some] == sorted({p["number"] for p in some})
    assert len(shown(points, None)) == 100
    assert {p["number"] for p in shown(points, 60)} >= set(range(1, 51))
