"""A build's own model against what is measured of it: a simulation's VCD, or the reports of HLS of its subgraphs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from split4ml.compiler.calibrating import Calibrated, calibrated
from split4ml.compiler.harvest import SUBGRAPHS, has_reports
from split4ml.compiler.observing import observe
from split4ml.compiler.progress import Reporter
from split4ml.dialects.errors import Split4mlError, UsageError
from split4ml.passes.timing.frames import fault as frames_fault

if TYPE_CHECKING:
    from split4ml.compiler.design import Design
    from split4ml.compiler.profile_project import Method
    from split4ml.passes.timed import Timed
    from split4ml.passes.timing.known import Known
    from split4ml.passes.timing.measured import Measurements


def profile_build(
    directory: Path,
    *,
    vcd: Path | None,
    cost_data: Path | None,
    method: Method,
    frames: int,
    reporter: Reporter,
) -> tuple[dict[str, Any], Measurements]:
    """The build's report with what is measured in place of what was estimated, and the depths that follow from it; and all that is
    known of its tasks in time.

    cost_data: where the costs in the reports are kept, None: the user's own file. Raises Split4mlError.
    """
    from split4ml.compiler.design import Design
    from split4ml.passes.timed import Timed
    from split4ml.passes.timing.measured import measurements

    reports = has_reports(directory)
    if vcd is None and not reports:
        raise UsageError(
            "a build is profiled when it is made; give a simulation's VCD to compare with (--vcd FILE), or synthesise its"
            " subgraphs",
            hint="to size it again: split4ml compile DIR/ir/NN-partition.mlir -o OTHER",
        )
    if wrong := frames_fault(frames):
        raise UsageError(wrong)
    with Design(directory) as design:
        layers = {layer["name"]: dict(layer) for layer in design.report["layers"]}
        if reports:
            _measured_costs(design, layers, cost_data, reporter)
        observed = (
            observe(vcd, design.fifos, design.report["clock_ps"], reporter) if vcd is not None else None
        )
        with reporter.step("trace"):
            timed = Timed(design.model, design.session.trace(design.model))
        if reports:
            timed = timed.knowing(_reported(design, timed, reporter))
        calibration = None
        if observed is not None:
            start = timed
            calibration = calibrated(
                observed, lambda known: start.knowing(known).network(), start.trial, frames, reporter
            )
            if calibration.calibration is not None:
                timed = timed.knowing(calibration.calibration.known)
        with reporter.step("FIFO depths"):
            report = _report(design, timed, layers, calibration, method, frames, reporter)
        return report, measurements(
            report["model"], timed.tool, report["clock_ps"], timed.known, timed.traces
        )


def _report(
    design: Design,
    timed: Timed,
    layers: Mapping[str, dict[str, Any]],
    calibration: Calibrated | None,
    method: Method,
    frames: int,
    reporter: Reporter,
) -> dict[str, Any]:
    from split4ml.backends.report.fifo_cost import fifo_cost
    from split4ml.backends.report.tails import tail_keys
    from split4ml.compiler.timing_summary import counts_of
    from split4ml.passes.dataflow import style_of
    from split4ml.passes.networks import NetworkOptions
    from split4ml.passes.size_fifos import SizeFifos
    from split4ml.passes.sizing_note import asked
    from split4ml.passes.timed import resizable, sizable
    from split4ml.passes.timing.metrics import measure
    from split4ml.passes.timing.sizing import size
    from split4ml.passes.timing.tails import tails_of

    built = timed.network()
    as_is = measure(built.network, frames)
    wanted = SizeFifos(method=method, frames=frames, tracer=design.session, **asked(design.model))
    bits = {built.fifos[name]: fifo["width_bits"] for name, fifo in design.fifos.items()}
    chosen = wanted.choose(built, resizable(built), bits)
    sized, depths, styles = chosen.sized, chosen.depths, chosen.styles
    whole = timed.network(NetworkOptions(monolithic=True))
    monolithic = size(whole.network, sizable(whole), "bisect", frames=frames)
    fifos = []
    for name, fifo in design.fifos.items():
        peak = int(as_is.peaks[built.fifos[name]])
        found = {
            **fifo,
            "depth": depths[name],
            "style": style_of(depths[name], built.width_bits[name], styles[name]),
            "built_depth": fifo["depth"],
            "model_peak": peak,
        }
        fifos.append(found | (calibration.fifo_keys(name) if calibration is not None else {}))
        if (found.get("observed_peak") or 0) > fifo["depth"]:
            reporter.warn(
                f"{name} held {found['observed_peak']} tokens, but its depth is {fifo['depth']}: is the VCD of another build?"
            )
    for name, layer in layers.items():
        made = timed.timing(name)
        layer |= {
            "ii": made.ii,
            "ii_range": list(made.ii_range),
            "latency": made.depth,
            "timing_source": made.source or "estimate",
        }
    priced = wanted.objective == "cost"
    bound = sized.bound.lower if sized.bound else None
    totals = {
        **design.report["fifo_bits"],
        "sized": sum(fifo["width_bits"] * fifo["depth"] for fifo in fifos),
        "lower_bound": None if priced else bound,
    }
    network = timed.network(NetworkOptions(depths=depths, styles=styles)).network
    return {
        **design.report,
        **counts_of(sized.metrics).keys(),
        "as_is": counts_of(as_is).keys(),
        "tails": tail_keys(tails_of(network, frames)),
        "monolithic": {**(design.report["monolithic"] or {}), **counts_of(monolithic.metrics).keys()},
        "fifos": fifos,
        "fifo_bits": totals,
        "fifo_cost": {**fifo_cost(design.model, fifos, totals), **({"lower_bound": bound} if priced else {})},
        "layers": list(layers.values()),
        "frames": frames,
        "calibration": calibration.keys() if calibration is not None else None,
    }


def _reported(design: Design, timed: Timed, reporter: Reporter) -> dict[str, Known]:
    """II and depth of tasks whose subgraphs have been synthesised. Raises Split4mlError for reports of another build."""
    from split4ml.backends.reports.solutions import find_reports
    from split4ml.backends.trace.sources import find_top, read_top
    from split4ml.compiler.project_reports import reported

    found: dict[str, Known] = {}
    for project in sorted((design.directory / SUBGRAPHS).glob("*/")):
        solution = find_reports(project)
        if solution is None:
            continue
        calls = read_top(project, find_top(project)).tasks
        strangers = [call.name for call in calls if call.name not in timed.traces]
        if strangers:
            raise Split4mlError(f"has the task {strangers[0]}, which is not in the IR", str(project))
        traces = [timed.traces[call.name] for call in calls]
        if solution.tool not in (None, timed.tool):
            reporter.warn(f"{solution.source}: is of {solution.tool}, and the build's timing of {timed.tool}")
        found |= reported(calls, traces, solution, timed.tool, timed.clock_ns, reporter)
    reporter.note(f"II and depth of {len(found)} of {len(timed.traces)} tasks from reports of HLS")
    return found


def _measured_costs(
    design: Design, layers: Mapping[str, dict[str, Any]], file: Path | None, reporter: Reporter
) -> None:
    """Adds the build's synthesis reports to the user's cost data, and the costs that were measured to the layers."""
    from split4ml.backends.report.build import cost_keys
    from split4ml.compiler.costdata import default_file
    from split4ml.compiler.learning import learn_build
    from split4ml.passes.estimate import cost_attribute, shape_of

    known = learn_build(design.directory, file, reporter)
    info = design.session.describe(design.model)
    tool = design.model.tool_name
    count = 0
    for name, layer in layers.items():
        shape = shape_of(info.by_task[name], info, tool)
        if known.measures(shape):
            layer |= cost_keys(cost_attribute(known.cost(shape)))
            count += 1
    reporter.note(f"{count} of {len(layers)} tasks measured; kept in {file or default_file()}")
