"""What a simulation showed of the tasks is kept in timing.json, and later compilations and profiles take it in place of estimates."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from e2e_cli import Cli, run_cli

from split4ml.backends.vcd import write_vcd
from split4ml.compiler.design import Design
from split4ml.compiler.timing_file import load
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.networks import NetworkOptions
from split4ml.passes.timed import Timed
from split4ml.passes.timing.known import Known
from split4ml.passes.timing.measured import fitting
from split4ml.passes.timing.replay import replay
from split4ml.passes.timing.tasktrace import TaskTrace

FRAMES = 4


def slow_simulation(build: Path, vcd: Path) -> None:
    """Of the build in hardware whose pipelines are slower than was estimated."""
    with Design(build) as design:
        timed = Timed(design.model, design.session.trace(design.model))
        known = {}
        for name in timed.traces:
            made = timed.timing(name)
            if made.style == "pipeline":
                known[name] = Known(None, made.ii + 2, made.depth + 3)
        built = timed.knowing(known).network(NetworkOptions(unbounded=True))
        run = replay(built.network, FRAMES, record=True)
        write_vcd(vcd, built.network, run, 5000, list(built.fifos.values()))


@pytest.fixture(scope="module")
def measured(quick: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with sim.vcd, and out/ as `profile` leaves it."""
    folder = tmp_path_factory.mktemp("measured")
    slow_simulation(quick, folder / "sim.vcd")
    done = run_cli("profile", quick, "--vcd", folder / "sim.vcd", "-o", folder / "out")
    assert done.returncode == 0, done.stderr
    assert "timing.json in it has II and latency of" in done.stdout
    return folder


@pytest.fixture(scope="module")
def rebuilt(quick: Path, measured: Path) -> Path:
    """The same split, compiled with what was measured."""
    done = run_cli(
        *("compile", partitioned(quick), "--timing", measured / "out" / "timing.json"),
        *("-o", measured / "rebuilt", "--verify", "none"),
    )
    assert done.returncode == 0, done.stderr
    return measured / "rebuilt"


def partitioned(build: Path) -> Path:
    (stage,) = (build / "ir").glob("*-partition.mlir")
    return stage


def report_of(build: Path) -> dict[str, Any]:
    found = json.loads((build / "report.json").read_text())
    assert isinstance(found, dict)
    return found


def test_the_next_build_is_sized_for_what_was_seen(quick: Path, measured: Path, rebuilt: Path) -> None:
    profile, report = report_of(measured / "out"), report_of(rebuilt)
    assert {layer["timing_source"] for layer in report_of(quick)["layers"]} == {"estimate"}
    before = {layer["name"]: layer for layer in profile["layers"]}
    fitted = [layer for layer in report["layers"] if layer["timing_source"] == "measured"]
    assert fitted
    for layer in report["layers"]:
        for key in ("ii", "latency", "timing_source"):
            assert layer[key] == before[layer["name"]][key], layer["name"]
    for key in ("latency_cycles", "latency_stream_cycles", "interval_cycles"):
        assert report[key] == profile[key]
    assert report["interval_cycles"] > report_of(quick)["interval_cycles"]
    assert {f["name"]: f["depth"] for f in report["fifos"]} == {
        f["name"]: f["depth"] for f in profile["fifos"]
    }
    assert [s["layers"] for s in report["subgraphs"]] == [s["layers"] for s in report_of(quick)["subgraphs"]]


def test_the_build_holds_it_and_agrees_with_the_simulation(measured: Path, rebuilt: Path, cli: Cli) -> None:
    assert (rebuilt / "inputs" / "timing.json").read_bytes() == (
        measured / "out" / "timing.json"
    ).read_bytes()
    assert 'timing = "inputs/timing.json"' in (rebuilt / "split4ml.toml").read_text()
    done = cli("profile", rebuilt, "--vcd", measured / "sim.vcd", "--json", "-o", measured / "again")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    calibrated = {fifo["name"]: fifo["model_error"]["after"] for fifo in report_of(measured / "out")["fifos"]}
    for fifo in report["fifos"]:
        assert fifo["model_error"]["before"] == calibrated[fifo["name"]], fifo
    # nothing was left to fit, and nothing is lost of what was known
    assert (measured / "again" / "timing.json").read_text() == (measured / "out" / "timing.json").read_text()


def test_in_a_pipeline(quick: Path, measured: Path, tmp_path: Path, cli: Cli) -> None:
    file = measured / "out" / "timing.json"
    stage = partitioned(quick)
    done = cli("opt", stage, "-p", "read-timing", "--timing", file)
    assert done.returncode == 0, done.stderr
    text = done.stdout
    assert text.count('known = {source = "measured", ii = ') + text.count(
        'known = {source = "measured", latency'
    ) == len(json.loads(file.read_text())["tasks"])
    (tmp_path / "known.mlir").write_text(text)
    again = cli("opt", tmp_path / "known.mlir")
    assert again.returncode == 0 and again.stdout == text
    done = cli("opt", stage, "-p", "read-timing")
    assert done.returncode == 1 and "no file of measured timing is named" in done.stderr
    done = cli("compile", stage, "--timing", file, "--print-pipeline")
    assert done.returncode == 0 and "set timing = " in done.stdout


@pytest.fixture(scope="module")
def traces(quick: Path) -> Mapping[str, TaskTrace]:
    with Design(quick) as design:
        return design.session.trace(design.model)


@pytest.fixture
def said(measured: Path, traces: Mapping[str, TaskTrace], tmp_path: Path) -> Callable[..., str]:
    """How a file that has been changed so is refused."""

    def refused(change: Callable[[dict[str, Any]], object]) -> str:
        found = json.loads((measured / "out" / "timing.json").read_text())
        change(found)
        (tmp_path / "timing.json").write_text(json.dumps(found))
        with pytest.raises(Split4mlError) as caught:
            fitting(load(tmp_path / "timing.json"), "vitis-2023.2", 5000, traces)
        assert caught.value.where == str(tmp_path / "timing.json")
        return f"{caught.value.message}; {caught.value.hint}"

    return refused


def test_files_that_are_of_something_else(said: Callable[..., str]) -> None:
    def rename(found: dict[str, Any]) -> None:
        for task in found["tasks"]:
            task["name"] += "_x"

    def recode(found: dict[str, Any]) -> None:
        for task in found["tasks"]:
            task["code"] = "0"

    assert "is in this model: it is another network" in said(rename)
    assert "has the code that it had when it was measured" in said(recode)
    other = said(lambda found: found.update(tool="vitis-2022.2"))
    assert "with vitis-2022.2 at 5 ns, but the model is timed for vitis-2023.2" in other
    assert "--tool vitis-2022.2" in other
    assert "at 4 ns, but" in said(lambda found: found.update(clock_ps=4000))


def test_files_that_are_damaged(said: Callable[..., str], tmp_path: Path, quick: Path, cli: Cli) -> None:
    assert "no measured timing of schema 1" in said(lambda found: found.update(schema=2))
    assert "'code' is missing" in said(lambda found: found["tasks"][0].pop("code"))
    assert "ii is 0, not an integer from 1" in said(lambda found: found["tasks"][0].update(ii=0))
    assert "latency is True" in said(lambda found: found["tasks"][0].update(latency=True))
    assert "is there twice" in said(lambda found: found["tasks"].append(found["tasks"][0]))
    assert "the source of" in said(lambda found: found["tasks"][0].update(source="guessed"))
    (tmp_path / "timing.json").write_text("{")
    done = cli("compile", partitioned(quick), "--timing", tmp_path / "timing.json", "-o", tmp_path / "o")
    assert done.returncode == 1 and "this is no JSON" in done.stderr and not (tmp_path / "o").exists()


def test_options_without_effect(quick: Path, measured: Path, tmp_path: Path, cli: Cli) -> None:
    file = measured / "out" / "timing.json"
    (late,) = (quick / "ir").glob("*-size-fifos.mlir")
    done = cli("compile", late, "--timing", file, "-o", tmp_path / "o")
    assert done.returncode == 2 and "--timing comes too late" in done.stderr
    done = cli(
        "compile", partitioned(quick), "--timing", file, "-p", "profile,size-fifos", "-o", tmp_path / "o"
    )
    assert done.returncode == 2 and "read by the pass read-timing" in done.stderr
    done = cli("profile", quick, "--vcd", measured / "sim.vcd", "--timing", file)
    assert done.returncode == 2 and "--timing is for an hls4ml project" in done.stderr
    done = cli("compile", partitioned(quick), "--timing", tmp_path / "none.json", "-o", tmp_path / "o")
    assert done.returncode == 2 and "there is no file" in done.stderr


def test_a_changed_task_keeps_its_estimate(quick: Path, measured: Path, tmp_path: Path, cli: Cli) -> None:
    found = json.loads((measured / "out" / "timing.json").read_text())
    changed, reweighted = found["tasks"][0], found["tasks"][1]
    changed["code"] = reweighted["weights"] = "0"
    found["tasks"].append(changed | {"name": "gone"})
    file = tmp_path / "timing.json"
    file.write_text(json.dumps(found))
    done = cli("opt", partitioned(quick), "-p", "read-timing", "--timing", file)
    assert done.returncode == 0, done.stderr
    assert "what was measured of gone is not used, since the model has no such task" in done.stderr
    assert (
        f"what was measured of {changed['name']} is not used, since the task has been changed" in done.stderr
    )
    assert f"what was measured of {reweighted['name']} is used, though its weights" in done.stderr
    assert done.stdout.count("known = {") == len(found["tasks"]) - 2


def test_of_an_hls4ml_project(quick: Path, measured: Path, cli: Cli) -> None:
    """Its tasks are those of the build, if they have the same code."""
    file = measured / "out" / "timing.json"
    known = {task["name"]: task for task in json.loads(file.read_text())["tasks"]}
    (project,) = (quick / "subgraphs").glob("sg0")
    done = cli("profile", project, "--clock", 5, "--timing", file, "--json")
    assert done.returncode == 0, done.stderr
    layers = {layer["name"]: layer for layer in json.loads(done.stdout)["layers"]}
    mine = {name for name, layer in layers.items() if layer["timing_source"] == "measured"}
    assert mine and mine == set(known) & set(layers)
    assert all(layers[name]["ii"] == known[name]["ii"] for name in mine)
    others = ", ".join(name for name in known if name not in layers)
    assert not others or "since the model has no such task" in done.stderr
