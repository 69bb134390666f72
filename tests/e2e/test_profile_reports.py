"""`split4ml profile` of a project that HLS has synthesised: its reports take the place of estimates."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from e2e_cli import Cli

from split4ml.backends.trace.sources import find_top
from split4ml.backends.trace.tasks import trace_tasks
from split4ml.passes.timing.segments import split

HEAD = (
    "<profile><ReportVersion><Version>{tool}</Version></ReportVersion><UserAssignments><FlowTarget>vivado</FlowTarget>"
    "<Part>xcvu13p-flga2577-2-e</Part><TopModelName>{top}</TopModelName><TargetClockPeriod>{clock}</TargetClockPeriod>"
    "</UserAssignments><ModuleInformation>{modules}</ModuleInformation></profile>"
)
MODULE = (
    "<Module><Name>{kind}_array_ap_fixed_16_6_5_3_0_4u_{config}_s</Name><PerformanceEstimates><SummaryOfLoopLatency><{label}>"
    "<Name>{label}</Name><TripCount>{trips}</TripCount><PipelineII>{ii}</PipelineII><PipelineDepth>{depth}</PipelineDepth></{label}>"
    "</SummaryOfLoopLatency></PerformanceEstimates></Module>"
)


@pytest.fixture
def project(quick: Path, tmp_path: Path) -> Path:
    """The subgraph of a build that has a convolution, as an hls4ml project of its own."""
    source = next(p for p in sorted((quick / "subgraphs").iterdir()) if "nnet::conv" in _top(p).read_text())
    return Path(shutil.copytree(source, tmp_path / "project"))


def _top(project: Path) -> Path:
    return project / "firmware" / f"{find_top(project)}.cpp"


def synthesised(project: Path, ii: int, depth: int, clock: str = "5.00", extra_trips: int = 0) -> set[str]:
    """Leaves a report in which every pipelined loop with a configuration has this II and Depth. Names of its tasks."""
    traced = trace_tasks(project, find_top(project))
    modules, names = [], set()
    for call, task in zip(traced.top.tasks, traced.tasks, strict=True):
        segments = split(task)
        if call.config is None or len(segments) != 1 or not segments[0].is_loop or not segments[0].perfect:
            continue
        label = segments[0].sites[0].partition(":")[2]
        trips = segments[0].iterations + extra_trips
        modules.append(
            MODULE.format(kind=task.kind, config=call.config, label=label, trips=trips, ii=ii, depth=depth)
        )
        names.add(task.name)
    folder = project / f"{find_top(project)}_prj" / "solution1" / "syn" / "report"
    folder.mkdir(parents=True, exist_ok=True)
    text = HEAD.format(tool="2023.1", top=find_top(project), clock=clock, modules="".join(modules))
    (folder / "csynth.xml").write_text(text)
    return names


def _profiled(cli: Cli, project: Path, *options: str) -> tuple[dict[str, Any], str]:
    done = cli("profile", project, "--clock", 5, "--json", *options)
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report, done.stderr


def test_ii_and_depth_are_those_of_the_report(project: Path, cli: Cli) -> None:
    before, _ = _profiled(cli, project)
    assert {layer["timing_source"] for layer in before["layers"]} == {"estimate"}
    assert before["interval_range"][0] <= before["interval_cycles"] < before["interval_range"][1]
    names = synthesised(project, ii=9, depth=12)
    after, _ = _profiled(cli, project)
    assert after["tool"] == "vitis-2023.1", "the report's, since no other was named"
    found = {layer["name"]: layer for layer in after["layers"]}
    assert names and all(
        (found[n]["ii"], found[n]["latency"], found[n]["timing_source"]) == (9, 12, "report") for n in names
    )
    assert after["interval_cycles"] > before["interval_cycles"] and after["interval_range"] is None
    without, _ = _profiled(cli, project, "--reports", "none")
    assert without["layers"] == before["layers"]


def test_a_slower_part_has_more_stages(project: Path, cli: Cli) -> None:
    """That of the project counts, and that of its reports more."""
    config = project / "hls4ml_config.yml"

    def stages(part: str) -> int:
        lines = [
            line for line in config.read_text().splitlines() if not line.startswith(("Part:", "XilinxPart:"))
        ]
        config.write_text("\n".join([f"Part: {part}", *lines]) + "\n")
        report, _ = _profiled(cli, project)
        return sum(int(layer["latency"]) for layer in report["layers"])

    fast, slow = stages("xcvu13p-flga2577-2-e"), stages("xc7z020clg400-1")
    assert fast < slow
    folder = project / f"{find_top(project)}_prj" / "solution1" / "syn" / "report"
    folder.mkdir(parents=True)
    text = HEAD.format(tool="2023.2", top=find_top(project), clock="5.00", modules="")
    (folder / "csynth.xml").write_text(text)
    assert stages("xc7z020clg400-1") == fast


def test_reports_of_something_else_are_left_out_and_said(project: Path, cli: Cli) -> None:
    before, _ = _profiled(cli, project)
    synthesised(project, ii=9, depth=12, clock="2.50")
    after, said = _profiled(cli, project)
    assert "their clock period is 2.5 ns, not 5 ns" in said and after == before
    refused = cli("profile", project, "--clock", 5, "--reports", project)
    assert refused.returncode == 1 and "another build" in refused.stderr
    synthesised(project, ii=9, depth=12)
    after, said = _profiled(cli, project, "--tool", "vitis-2023.2")
    assert "they are of vitis-2023.1, not vitis-2023.2" in said and after == before
    names = synthesised(project, ii=9, depth=12, extra_trips=1)
    after, said = _profiled(cli, project)
    assert all(name in said for name in names) and "iterations" in said
    assert {layer["timing_source"] for layer in after["layers"]} == {"estimate"}
