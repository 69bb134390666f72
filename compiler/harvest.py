"""Reads what a user synthesised in a build: reports of the subgraphs' HLS projects become cost data."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from split4ml.backends.reports import csynth, runlog, utilization
from split4ml.backends.reports.match import check_same_design, module_of
from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.flow import symbol

if TYPE_CHECKING:
    from split4ml.backends.reports.csynth import Csynth
    from split4ml.dialects.flow import SubgraphOp
    from split4ml.passes.cost.measured import CostData, MeasuredProject, MeasuredTask
    from split4ml.passes.graphinfo import GraphInfo

SUBGRAPHS = "subgraphs"


def has_reports(directory: Path) -> bool:
    """Whether anything in the build was synthesised. Cheap."""
    return next(_reports(directory), None) is not None


def _reports(directory: Path) -> Iterator[tuple[str, Path]]:
    """The subgraphs that have a report, and the latest of each."""
    for project in sorted((directory / SUBGRAPHS).glob("*/")):
        if found := csynth.find_csynth(project):
            yield project.name, max(found, key=lambda path: path.stat().st_mtime_ns)


def harvest(directory: Path) -> tuple[CostData, list[Split4mlError]]:
    """The measured tasks and projects of a build, and one error for each report that is damaged or of another build."""
    from split4ml.compiler.design import Design
    from split4ml.passes.cost.measured import CostData

    tasks: list[MeasuredTask] = []
    projects: list[MeasuredProject] = []
    errors = []
    with Design(directory) as design:
        model = design.model
        info = design.session.describe(model)
        tool = model.tool_name
        parts = {symbol(part): part for part in model.subgraphs}
        for name, path in _reports(directory):
            try:
                if name not in parts:
                    raise Split4mlError("the report is of no subgraph of this build", str(path))
                mine, project = _subgraph(parts[name], path, info, tool)
            except Split4mlError as error:
                errors.append(error)
                continue
            tasks += mine
            projects.append(project)
    return CostData(tuple(tasks), tuple(projects)), errors


def _subgraph(
    part: SubgraphOp, path: Path, info: GraphInfo, tool: str
) -> tuple[list[MeasuredTask], MeasuredProject]:
    from split4ml.passes.cost.measured import MeasuredProject, MeasuredTask
    from split4ml.passes.cost.model import estimate, project
    from split4ml.passes.estimate import shape_of

    report = csynth.read_csynth(path)
    tasks = [info.by_task[symbol(task)] for task in part.tasks]
    check_same_design(report, symbol(part), info.part, info.clock_ns, tasks)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    shapes = [shape_of(task, info, tool) for task in tasks]
    measured = []
    for task, shape in zip(tasks, shapes, strict=True):
        source = info.by_stream[task.inputs[0]]
        module = module_of(report, task, source.tokens * source.elements)
        if module is not None:
            measured.append(MeasuredTask(shape, module.counts, report.version, digest))
    estimated = project(map(estimate, shapes))
    home = path.parents[4]
    run = runlog.read_run(home)
    return measured, MeasuredProject(
        project=digest,
        hls=report.top.counts,
        synthesis=_synthesised(home, report),
        seconds=run.seconds if run else None,
        megabytes=run.megabytes if run else None,
        estimated_seconds=estimated.synth_seconds.estimate,
        estimated_megabytes=estimated.synth_mb.estimate,
    )


def _synthesised(project: Path, report: Csynth) -> dict[str, float]:
    """Counts after logic synthesis, if the project has such a report. Raises Split4mlError if it is of another build."""
    path = project / utilization.REPORT
    if not path.is_file():
        return {}
    found = utilization.read_utilization(path)
    for what, mine, expected in (
        ("design", found.design, report.top.name),
        ("part", found.part, report.part),
    ):
        if mine and mine.lower() != expected.lower():
            raise Split4mlError(
                f"the report is of another build: its {what} is {mine}, not {expected}",
                str(path),
                "synthesise this build's projects again, or remove the report",
            )
    return dict(found.counts)
