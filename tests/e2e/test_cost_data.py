"""Reports of subgraphs that were synthesised: they replace estimates and move the others; reports of other builds are refused."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from e2e_cli import EXAMPLES, compiled, run_cli

from split4ml.compiler.harvest import harvest

MODEL = EXAMPLES / "digits_resnet.onnx"
PASSES = (
    "remove-identity,fold-constants,fold-batch-norm,fuse-bias,relu-from-bounds,global-pool-from-reduce,fuse-pads,"
    "channels-last,simplify-reshapes,eliminate-dead-code,lower-nn-to-flow,check-archive,estimate,partition{subgraphs=3}"
)
"""As far as it goes without compiling C++."""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user without reports."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "split4ml" / "costs.json"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(
        MODEL,
        "--cost-data",
        "none",
        "--verify",
        "none",
        "-p",
        PASSES,
        into=tmp_path_factory.mktemp("cost") / "build",
    )


@pytest.fixture
def build(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "build"))


def report_of(directory: Path) -> dict[str, Any]:
    found = json.loads((directory / "report.json").read_text())
    assert isinstance(found, dict)
    return found


def synthesise(directory: Path, subgraph: str, factor: float = 0.5, part: str = "", lut: str = "LUT") -> Path:
    """Writes what HLS would leave, with so many times the LUTs that were estimated, and returns its report.

    Modules are named as HLS names them: function, types, configuration, `_s`.
    """
    report = report_of(directory)
    project = directory / "subgraphs" / subgraph
    costs = {layer["name"]: layer["cost"] for layer in report["layers"] if layer["subgraph"] == subgraph}
    top = (project / "firmware" / f"{subgraph}.cpp").read_text()
    modules = []
    for function, types, layer in re.findall(r"nnet::(\w+)<([^;]*)>\([^;]*\); // (\S+)", top):
        config = re.findall(r"\w*config\w+", types)
        if not config:
            continue  # a Clone is named by its size
        name = f"{function}_array_array_ap_fixed_16_6_5_3_0_8u_{config[-1]}_s"
        count = round(costs[layer]["lut"] * factor)
        modules.append(f"<Module><Name>{name}</Name>{_area(count, lut)}</Module>")
    path = project / f"{subgraph}_prj" / "solution1" / "syn" / "report" / "csynth.xml"
    path.parent.mkdir(parents=True)
    path.write_text(
        f"<profile><ReportVersion><Version>2023.2</Version></ReportVersion><UserAssignments><Part>{part or report['part']}</Part>"
        f"<TopModelName>{subgraph}</TopModelName><TargetClockPeriod>5.00</TargetClockPeriod></UserAssignments>{_area(99999)}"
        f"<ModuleInformation>{''.join(modules)}</ModuleInformation></profile>"
    )
    (project / "vitis_hls.log").write_text(
        "***** C/RTL SYNTHESIS COMPLETED IN 0h10m0s *****\nINFO: peak allocated memory: 2.000 GB.\n"
    )
    return path


def _area(count: int, name: str = "LUT") -> str:
    return f"<AreaEstimates><Resources><{name}>{count}</{name}><FF>100</FF><DSP>7</DSP></Resources></AreaEstimates>"


def test_reports_replace_the_estimates_of_their_tasks_and_move_the_others(
    build: Path, tmp_path: Path, home: Path
) -> None:
    before = {layer["name"]: layer for layer in report_of(build)["layers"]}
    synthesise(build, "sg0")
    done = run_cli("profile", build, "--json")
    assert done.returncode == 0, done.stderr
    measured = {
        layer["name"]
        for layer in json.loads(done.stdout)["layers"]
        if "report" in (layer["cost_source"] or "").split("; ")[0]
    }
    assert measured, "the tasks of sg0"
    assert home.is_file() and len(json.loads(home.read_text())["projects"]) == 1

    again = tmp_path / "again"
    done = run_cli("compile", MODEL, "-o", again, "--verify", "none", "-p", PASSES)
    assert done.returncode == 0, done.stderr
    assert "costs are moved by 1 synthesis report" in done.stderr
    after = {layer["name"]: layer for layer in report_of(again)["layers"]}
    for name in measured:
        cost = after[name]["cost"]
        assert cost["lut"] == round(before[name]["cost"]["lut"] * 0.5) and cost["dsp"] == 7
        assert after[name]["cost_range"]["lut"] == [cost["lut"], cost["lut"]]
        assert "lut, ff, dsp, bram18, uram: report" in after[name]["cost_source"]
    others = [name for name in after if before[name]["kind"] == "Conv2D" and name not in measured]
    for name in others:
        assert after[name]["cost"]["lut"] < before[name]["cost"]["lut"]
        assert "moved by 1 report" in after[name]["cost_source"]
        assert after[name]["cost"]["synth_seconds"] != before[name]["cost"]["synth_seconds"]
    assert others
    assert any("synthesis report" in note for note in report_of(again)["notes"])
    # the build holds what it was made with, and --cost-data none is the model as it ships
    assert (again / "inputs" / "cost-data.json").read_text() == home.read_text()
    plain = compiled(MODEL, "--cost-data", "none", "--verify", "none", "-p", PASSES, into=tmp_path / "plain")
    assert {layer["name"]: layer for layer in report_of(plain)["layers"]} == before


def test_compiling_again_learns_from_what_it_replaces(build: Path, home: Path) -> None:
    synthesise(build, "sg1")
    done = run_cli("compile", MODEL, "-o", build, "--force", "--verify", "none", "-p", PASSES)
    assert done.returncode == 0, done.stderr
    assert home.is_file()
    assert any("report" in (layer["cost_source"] or "") for layer in report_of(build)["layers"])


def test_a_report_of_another_build(build: Path, home: Path) -> None:
    path = synthesise(build, "sg0", part="xc7z020clg400-1")
    done = run_cli("profile", build)
    assert done.returncode == 1
    assert "of another build: its part is xc7z020clg400-1" in done.stderr and str(path) in done.stderr
    assert not home.exists()
    # compiling warns, and goes on without it
    done = run_cli("compile", MODEL, "-o", build, "--force", "--verify", "none", "-p", PASSES)
    assert done.returncode == 0 and "of another build" in done.stderr
    assert not home.exists()


def test_damaged_and_foreign_reports(build: Path) -> None:
    """Each is named with what is wrong with it, and left out."""
    path = synthesise(build, "sg0")
    text = path.read_text()
    for old, new, message in (
        ("<TopModelName>sg0", "<TopModelName>sg2", "its top function is sg2, not sg0"),
        (">5.00<", ">3.33<", "its clock period is 3.33 ns, not 5 ns"),
        ("_config2_s", "_config999_s", "it has no module of stem"),
        ("</profile>", "", "this is no HLS report"),
        ("<LUT>", "<LUT>many", "which is no count"),
    ):
        assert old in text
        path.write_text(text.replace(old, new))
        found, errors = harvest(build)
        assert not found and len(errors) == 1
        assert message in errors[0].message and errors[0].where == str(path)
    path.write_text(text)
    found, errors = harvest(build)
    assert found and not errors


def test_requests_that_make_no_sense(build: Path, home: Path, tmp_path: Path) -> None:
    done = run_cli("profile", build)
    assert done.returncode == 2 and "synthesise its subgraphs" in done.stderr
    done = run_cli("profile", build / "subgraphs" / "sg0", "--cost-data", tmp_path / "x.json")
    assert done.returncode == 2 and "--cost-data is for a build" in done.stderr
    done = run_cli(
        "compile", next((build / "ir").glob("*-partition.mlir")), "-o", tmp_path / "o", "--cost-data", "none"
    )
    assert done.returncode == 2 and "--cost-data comes too late" in done.stderr
    home.parent.mkdir(parents=True)
    for text, message in (
        ("{", "this is no JSON"),
        ('{"schema": 7}', "no cost data of schema 1"),
        ('{"schema": 1, "tasks": [{"shape": {"kind": 5}, "counts": {}, "tool": "", "project": ""}], "projects": []}', "kind is 5"),
        ('{"schema": 1, "tasks": [{"shape": {"kind": "Dense"}, "counts": {"lut": NaN}, "tool": "", "project": ""}], "projects": []}', "nan is no count"),
        ('{"schema": 1, "tasks": [], "projects": [{"project": "a"}]}', "'hls' is missing"),
    ):  # fmt: skip
        home.write_text(text)
        done = run_cli("compile", MODEL, "-o", tmp_path / "o", "--verify", "none", "-p", PASSES)
        assert done.returncode == 1 and message in done.stderr and str(home) in done.stderr, done.stderr
        assert not (tmp_path / "o").exists()
