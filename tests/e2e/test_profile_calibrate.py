"""`split4ml profile --vcd`: the model is calibrated to a simulation's strobes before FIFOs are sized; bad files are refused."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from e2e_cli import Cli

from split4ml.backends.vcd import write_vcd
from split4ml.compiler.design import Design
from split4ml.compiler.profile_project import traced_design
from split4ml.compiler.progress import Reporter
from split4ml.passes.networks import NetworkOptions
from split4ml.passes.timed import Timed
from split4ml.passes.timing.known import Known
from split4ml.passes.timing.replay import replay

FRAMES = 3


@pytest.fixture
def project(quick: Path, tmp_path: Path) -> Path:
    """The subgraph of a build that has a convolution, as an hls4ml project of its own."""
    tops = (path for path in sorted((quick / "subgraphs").glob("*/firmware/*.cpp")))
    source = next(path for path in tops if "nnet::conv" in path.read_text()).parents[1]
    return Path(shutil.copytree(source, tmp_path / "project"))


def simulate(project: Path, vcd: Path, slower: int) -> dict[str, int]:
    """A simulation of the project in which every pipelined convolution has a longer interval, as a VCD. Their intervals."""
    _, design, _ = traced_design(project, None, 5.0, Reporter(), "none")
    known = {}
    for task in design.tasks:
        made = design.timing(task)
        if task.kind.startswith("conv") and made.style == "pipeline":
            known[task.name] = Known(None, made.ii + slower, made.depth + slower)
    built = replace(design, known=known).network(unbounded=True)
    write_vcd(
        vcd, built.network, replay(built.network, FRAMES, record=True), 5000, list(built.fifos.values())
    )
    return {name: each.ii or 0 for name, each in known.items()}


def _profiled(cli: Cli, project: Path, vcd: Path, *options: str) -> tuple[dict[str, Any], str]:
    done = cli("profile", project, "--clock", 5, "--json", "--vcd", vcd, *options)
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report, done.stderr


def test_a_slower_simulation_is_believed(project: Path, tmp_path: Path, cli: Cli) -> None:
    vcd = tmp_path / "sim.vcd"
    intervals = simulate(project, vcd, slower=3)
    assert intervals
    report, _ = _profiled(cli, project, vcd)
    assert report["calibration"]["frames"] == FRAMES and not report["calibration"]["unfitted"]
    layers = {layer["name"]: layer for layer in report["layers"]}
    for name, ii in intervals.items():
        assert (layers[name]["ii"], layers[name]["timing_source"]) == (ii, "measured")
    assert any(fifo["model_error"]["before"]["cycles"] for fifo in report["fifos"])
    for fifo in report["fifos"]:
        assert fifo["model_error"]["after"] == {"peak": 0, "cycles": 0}, fifo
    text = cli("profile", project, "--clock", 5, "--vcd", vcd).stdout
    assert "calibrated over 3 frames" in text and "cycles off by" in text


def test_a_split_build_is_calibrated_over_its_boundaries(quick: Path, tmp_path: Path, cli: Cli) -> None:
    vcd = tmp_path / "sim.vcd"
    with Design(quick) as design:
        timed = Timed(design.model, design.session.trace(design.model))
        tasks = [name for name in timed.traces if timed.timing(name).style == "pipeline"]
        known = {
            name: Known(None, timed.timing(name).ii + 1, timed.timing(name).depth + 2) for name in tasks[::2]
        }
        built = timed.knowing(known).network(NetworkOptions(unbounded=True))
        run = replay(built.network, FRAMES, record=True)
        write_vcd(vcd, built.network, run, 5000, list(built.fifos.values()))
    done = cli("profile", quick, "--vcd", vcd, "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert any(fifo["scope"] == "boundary" for fifo in report["fifos"])
    for fifo in report["fifos"]:
        assert fifo["model_error"]["after"] == {"peak": 0, "cycles": 0}, fifo
    assert any(fifo["model_error"]["before"]["cycles"] for fifo in report["fifos"])
    sources = {layer["name"]: layer["timing_source"] for layer in report["layers"]}
    assert "measured" in sources.values()


@pytest.mark.parametrize("demand", ['min-depth="*=7"', "objective=cost bram-price=20"])
def test_a_build_is_sized_again_as_was_asked(profiled: Path, tmp_path: Path, cli: Cli, demand: str) -> None:
    build, vcd = tmp_path / "build", tmp_path / "sim.vcd"
    pipeline = f"size-fifos{{{demand}}},lower-flow-to-stitch"
    done = cli("compile", profiled, "-o", build, "-p", pipeline, "--verify", "none", "--quiet")
    assert done.returncode == 0, done.stderr
    with Design(build) as design:
        built = Timed(design.model, design.session.trace(design.model)).network()
        run = replay(built.network, FRAMES, record=True)
        write_vcd(vcd, built.network, run, 5000, list(built.fifos.values()))
    done = cli("profile", build, "--vcd", vcd, "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["fifo_cost"]["unit"] == ("LUTs" if "cost" in demand else "bits")
    assert [fifo["depth"] for fifo in report["fifos"]] == [f["built_depth"] for f in report["fifos"]]
    styles = {
        fifo["name"]: fifo["style"] for fifo in json.loads((build / "report.json").read_text())["fifos"]
    }
    assert {fifo["name"]: fifo["style"] for fifo in report["fifos"]} == styles
    assert ("bram" in styles.values()) == ("cost" in demand)


def test_files_that_are_not_whole_or_not_of_this_design(project: Path, tmp_path: Path, cli: Cli) -> None:
    vcd, other = tmp_path / "sim.vcd", tmp_path / "other.vcd"
    simulate(project, vcd, slower=1)
    text = vcd.read_text()
    names = list(dict.fromkeys(re.findall(r"^\$scope module (layer\w+) \$end", text, re.MULTILINE)))
    before = {path: path.read_bytes() for path in sorted(project.rglob("*")) if path.is_file()}

    def said(content: str) -> str:
        other.write_text(content)
        done = cli("profile", project, "--clock", 5, "--vcd", other, "--apply", "-o", tmp_path / "out")
        assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
        assert not (tmp_path / "out").exists()
        return done.stderr

    start = text[: text.rindex("$end\n#") + 5]
    assert "middle of a line" in said(text[:-3])
    assert "within its declarations" in said(text[: text.index("$enddefinitions")])
    assert "no frame went through" in said(start + "#5000\n#10000\n")
    assert "at the time at which it begins" in said(start)
    assert "none of the design's" in said(re.sub(r"module layer", "module fifo", text))
    assert before == {path: path.read_bytes() for path in sorted(project.rglob("*")) if path.is_file()}

    # renamed: what is left is used, and what matched is said
    other.write_text(text.replace(f"module {names[0]} ", "module strange_U "))
    report, warned = _profiled(cli, project, other)
    assert (
        f"1 of {len(names)} FIFOs are not there: {names[0]}" in warned
        and names[1] in warned
        and "strange" in warned
    )
    missing = next(fifo for fifo in report["fifos"] if fifo["name"] == names[0])
    assert missing["observed_peak"] is None and missing["model_error"] is None
    assert any(names[0] in why for why in report["calibration"]["unfitted"].values())

    # the clock was another: no operation is where its strobe says
    other.write_text(text.replace("$timescale 1 ps", "$timescale 10 ps"))
    report, warned = _profiled(cli, project, other)
    assert "do not fit their occupancies" in warned and "clock period 5000 ps" in warned
    assert report["calibration"] is None and all(fifo["observed_peak"] for fifo in report["fifos"])

    # cut off in the middle of the last frame, but at the end of a line: what there is is fitted
    half = text[: text.index("\n#", int(len(text) * 0.9)) + 1]
    other.write_text(half)
    report, _ = _profiled(cli, project, other)
    assert all(fifo["model_error"]["after"]["cycles"] == 0 for fifo in report["fifos"])


def test_what_vitis_notes_of_channels_gives_peaks(project: Path, tmp_path: Path, cli: Cli) -> None:
    before, _ = _profiled(cli, project, _noted(project, tmp_path / "db", cli))
    assert before["calibration"] is None
    for fifo in before["fifos"]:
        assert fifo["observed_peak"] == 7 and fifo["model_error"]["after"] is None
    refused = cli("profile", project, "--clock", 5, "--vcd", tmp_path)
    assert refused.returncode == 1 and "channel_info.csv" in refused.stderr


def _noted(project: Path, folder: Path, cli: Cli) -> Path:
    done = cli("profile", project, "--clock", 5, "--json")
    folder.mkdir()
    rows = []
    with zipfile.ZipFile(folder / "channel.zip", "w") as archive:
        for number, fifo in enumerate(json.loads(done.stdout)["fifos"]):
            rows.append(f"{number},{fifo['name']}_U,x,chan_status{number}.csv")
            archive.writestr(f"chan_status{number}.csv", "64\n7\n")
    (folder / "channel_info.csv").write_text("\n".join(rows) + "\n")
    return folder / "channel.zip"
