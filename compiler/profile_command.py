"""`split4ml profile`: an hls4ml project's timing and FIFO depths, or a co-simulation's VCD against the model."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from split4ml.compiler.builddir import REPORT, check_free, is_build, new_build
from split4ml.compiler.calibrating import ERRORS, error_cells
from split4ml.compiler.calibrating import lines as calibration_lines
from split4ml.compiler.observing import observe
from split4ml.compiler.progress import Reporter, make_reporter
from split4ml.compiler.timing_file import NAME as TIMING
from split4ml.compiler.timing_file import load, to_text
from split4ml.dialects.errors import Split4mlError, UsageError
from split4ml.passes.timing.frames import fault as frames_fault

if TYPE_CHECKING:
    from split4ml.compiler.profile_project import Profiled
    from split4ml.passes.size_fifos import SizeFifos
    from split4ml.passes.timing.measured import Measurements


def run_profile(arguments: argparse.Namespace) -> int:
    """The command. Writes only with -o (a new directory) and --apply (the project's top function)."""
    from split4ml.compiler.pragmas import apply_depths, changes

    project: Path = arguments.project
    if not project.is_dir():
        raise Split4mlError("there is no such directory", str(project))
    reporter = make_reporter(arguments.quiet or arguments.json)
    if arguments.output is not None:
        check_free(arguments.output, force=False)
    profiled = None
    if arguments.cost_data is not None and (not is_build(project) or arguments.vcd is not None):
        raise UsageError("--cost-data is for a build whose subgraphs have been synthesised")
    if is_build(project):
        found, timing = _profile_build(arguments, reporter)
    else:
        profiled = _profile_project(arguments, reporter)
        found, timing = profiled.report, profiled.timing
    if arguments.output is not None:
        with new_build(arguments.output) as folder:
            (folder / REPORT).write_text(json.dumps(found, indent=1) + "\n", "utf-8")
            (folder / TIMING).write_text(to_text(timing), "utf-8")
    changed = None
    if profiled is not None and arguments.apply:
        changed = apply_depths(profiled.source, profiled.depths)
    if arguments.json:
        print(json.dumps(found, indent=1))
    elif not arguments.quiet:
        print("\n".join(_lines(found)))
        if changed is not None:
            print("\n".join(changes(changed)))
        if arguments.output is not None:
            print(f"\nwritten to {arguments.output}")
            if timing.tasks:
                print(
                    f"{TIMING} in it has II and latency of {len(timing.tasks)} tasks, for compile --timing and profile --timing"
                )
    return 0


def _profile_project(arguments: argparse.Namespace, reporter: Reporter) -> Profiled:
    from split4ml.compiler.profile_project import check_bits_only, profile_project

    sizing = _sizing(arguments)
    check_bits_only(sizing)  # before a waveform is read
    timing = load(arguments.timing) if arguments.timing is not None else None
    observed = None
    if arguments.vcd is not None:
        from split4ml.compiler.project_facts import project_facts

        facts = project_facts(arguments.project, arguments.tool, arguments.clock)
        names = _project_fifos(arguments.project)
        observed = observe(arguments.vcd, names, round(facts.clock_ns * 1000), reporter)
    return profile_project(
        arguments.project,
        tool=arguments.tool,
        clock_ns=arguments.clock,
        sizing=sizing,
        observed=observed,
        reports=arguments.reports,
        timing=timing,
        reporter=reporter,
    )


def _sizing(arguments: argparse.Namespace) -> SizeFifos:
    """The pass that the options describe. Raises PipelineError."""
    from split4ml.compiler.binding import bind_pass
    from split4ml.compiler.defaults import sizing_pass
    from split4ml.passes.size_fifos import SizeFifos

    if wrong := frames_fault(arguments.frames):
        raise UsageError(wrong)
    made = bind_pass(sizing_pass(arguments.fifos, arguments.frames, arguments.method)).make({"tracer": None})
    assert isinstance(made, SizeFifos)
    return made


def _project_fifos(project: Path) -> list[str]:
    from split4ml.backends.trace.sources import find_top, read_top

    top = read_top(project, find_top(project))
    ports = {name for _, name in top.ports}
    return [s for s in dict.fromkeys(s for task in top.tasks for s in task.streams) if s not in ports]


def _profile_build(arguments: argparse.Namespace, reporter: Reporter) -> tuple[dict[str, Any], Measurements]:
    for option in ("apply", "tool", "clock", "reports", "fifos", "timing"):
        if getattr(arguments, option):
            raise UsageError(
                f"--{option} is for an hls4ml project, and {arguments.project} is a build of split4ml"
            )
    from split4ml.compiler.profile_build import profile_build

    return profile_build(
        arguments.project,
        vcd=arguments.vcd,
        cost_data=arguments.cost_data,
        method=arguments.method,
        frames=arguments.frames,
        reporter=reporter,
    )


def _lines(report: Mapping[str, Any]) -> Iterable[str]:
    """The result for the terminal."""
    from split4ml.backends.report.render import proof_of_depths, thousands
    from split4ml.backends.report.tails import tail_lines

    yield f"{report['model']}: {len(report['layers'])} tasks, {report['tool']}, {report['clock_ps'] / 1000:g} ns"
    for label, counts in (("as it is", report.get("as_is")), ("sized", report)):
        if counts is not None and counts["latency_cycles"] is counts["latency_stream_cycles"] is None:
            yield f"  {label:<9} no frame completes: `split4ml explain` says what waits for what"
        elif counts is not None:
            stuck = f", stuck: {', '.join(counts['stuck'])}" if counts.get("stuck") else ""
            yield (
                f"  {label:<9} latency {thousands(counts['latency_cycles'])} cycles"
                f" ({thousands(counts['latency_stream_cycles'])} in a stream),"
                f" interval {thousands(counts['interval_cycles'])}{stuck}"
            )
    if report.get("interval_range") and len(set(report["interval_range"])) > 1:
        low, high = report["interval_range"]
        yield (
            f"  estimated: the interval is from {thousands(low)} to {thousands(high)} if a core of multiplications is a stage "
            "shorter or longer"
        )
    bits = report["fifo_bits"]
    yield (
        f"  FIFO bits {thousands(bits['default'])} stated, {thousands(bits['peak'])} by peak, "
        f"{thousands(bits['sized'])} sized{proof_of_depths(bits)}"
    )
    columns = [("default_depth", "stated"), ("peak", "peak"), ("depth", "sized")]
    columns += [
        column
        for column in (("built_depth", "built"), ("model_peak", "model"), ("observed_peak", "observed"))
        if any(column[0] in fifo for fifo in report["fifos"])
    ]
    width = max([len(fifo["name"]) for fifo in report["fifos"]] + [4])
    yield from ("  " + line for line in tail_lines(report, 2))
    yield from calibration_lines(report)
    off = any(fifo.get("model_error") for fifo in report["fifos"])
    yield ""
    yield f"{'FIFO':<{width}}" + "".join(f"{title:>10}" for _, title in columns) + (ERRORS if off else "")
    for fifo in report["fifos"]:
        cells = "".join(f"{thousands(fifo.get(key)):>10}" for key, _ in columns)
        yield f"{fifo['name']:<{width}}{cells}{error_cells(fifo) if off else ''}"
    for note in report["notes"]:
        yield f"note: {note}"
