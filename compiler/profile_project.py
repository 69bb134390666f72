"""Profiles any hls4ml io_stream project: its timing and FIFO depths from its C++ alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from split4ml.compiler.calibrating import calibrated
from split4ml.compiler.observing import Observed
from split4ml.compiler.progress import Reporter
from split4ml.compiler.project_facts import ProjectFacts, project_facts
from split4ml.dialects.errors import Split4mlError

if TYPE_CHECKING:
    from split4ml.passes.networks import Built
    from split4ml.passes.size_fifos import SizeFifos
    from split4ml.passes.timing.judge import Cost, Fifo
    from split4ml.passes.timing.measured import Measurements
    from split4ml.passes.timing.metrics import Metrics
    from split4ml.passes.timing.sizing import Sized
    from split4ml.passes.traced import TracedDesign


Method = Literal["peak", "bisect", "exact"]


@dataclass(frozen=True, eq=False)
class Profiled:
    """depths: by FIFO, as pragmas count. source: the file of the top function. timing: what is known of tasks, and no estimate."""

    source: Path
    depths: Mapping[str, int]
    report: dict[str, Any]
    timing: Measurements


def check_bits_only(sizing: SizeFifos) -> None:
    """Raises Split4mlError for options of `size-fifos` that choose what FIFOs are made of: a project has no place to state it."""
    asked = sizing.asked()
    for name, option in (
        ("objective", "objective=cost"),
        ("bram18", "bram18"),
        ("bram_price", "bram-price"),
        ("uram_price", "uram-price"),
    ):
        if name in asked:
            raise Split4mlError(
                f"{option} needs a build: depths of an hls4ml project or a live model are chosen by their bits",
                hint=f"leave out {option}, or split the model with `split4ml compile MODEL --fifos …`, which chooses and states styles",
            )


def profile_project(
    project: Path,
    *,
    tool: str | None = None,
    clock_ns: float | None = None,
    sizing: SizeFifos | None = None,
    observed: Observed | None = None,
    reports: str | None = None,
    timing: Measurements | None = None,
    reporter: Reporter | None = None,
) -> Profiled:
    """Traces, replays and sizes the project in the folder that holds firmware/. Its C++ is run on this machine.

    tool, clock_ns: as the project says, if not given. sizing: what FIFOs must be like, and by which method. observed: of a simulation: with strobes, the model is calibrated to
    them first; its peaks are what `peak` takes in place of the replay's. reports: where those of HLS are, "none", or None: the project's, if it has any. timing: what was measured of these tasks before. Raises Split4mlError for what is no such project,
    does not compile, or deadlocks, and for sizing by anything but bits.
    """
    from split4ml.backends.report.tails import tail_keys
    from split4ml.passes.size_fifos import SizeFifos
    from split4ml.passes.timing.measured import fitting, measurements
    from split4ml.passes.timing.metrics import measure
    from split4ml.passes.timing.sizing import size
    from split4ml.passes.timing.tails import tails_of

    wanted = sizing or SizeFifos(tracer=None)  # type: ignore[arg-type]
    check_bits_only(wanted)
    method, frames = wanted.method, wanted.frames
    reporter = reporter or Reporter()
    top, design, facts = traced_design(project, tool, clock_ns, reporter, reports)
    traces = {task.name: task for task in design.tasks}
    clock_ps = round(facts.clock_ns * 1000)
    if timing is not None:
        before = fitting(timing, facts.tool, clock_ps, traces)
        for note in before.notes:
            reporter.warn(note)
        design = replace(design, known={**before.known, **design.known})
        design.check()
    calibration = None
    if observed is not None:
        start = design
        calibration = calibrated(
            observed, lambda known: start.knowing(known).network(), start.trial, frames, reporter
        )
        if calibration.calibration is not None:
            design = design.knowing(calibration.calibration.known)
    built = design.network()
    with reporter.step("replay"):
        as_is = measure(built.network, frames)
    with reporter.step("FIFO depths"):
        sized = size(
            built.network,
            wanted.bounded(list(built.fifos), design.sizable(built), design.capacity),
            method,
            frames=frames,
            latency=design.latency_rule,
            cost=_storage(design, built),
            seconds=wanted.time_limit,
            limits=wanted.limits(),
        )
    depths = {
        name: design.pragma(name, capacity) for name, capacity in zip(built.fifos, sized.depths, strict=True)
    }
    if method == "peak" and observed:
        depths |= {name: design.pragma(name, peak + 1) for name, peak in observed.peaks.items()}
    report = _report(design, facts, as_is, sized, depths, frames)
    report |= ranges(design, frames)
    report["tails"] = tail_keys(tails_of(design.network(depths).network, frames))
    report["calibration"] = calibration.keys() if calibration is not None else None
    for fifo in report["fifos"]:
        if calibration is not None:
            fifo |= calibration.fifo_keys(fifo["name"])
    known = measurements(design.name, facts.tool, clock_ps, design.known, traces)
    return Profiled(project / "firmware" / f"{top}.cpp", depths, report, known)


def traced_design(
    project: Path,
    tool: str | None,
    clock_ns: float | None,
    reporter: Reporter,
    reports: str | None = None,
) -> tuple[str, TracedDesign, ProjectFacts]:
    """Name of the top function, the design, and what the project says. Raises Split4mlError."""
    from split4ml.backends.trace.sources import find_top
    from split4ml.backends.trace.tasks import trace_tasks
    from split4ml.compiler.project_reports import known_tasks, reports_of
    from split4ml.passes.traced import TracedDesign, traced_streams

    top = find_top(project)
    found = reports_of(project, reports, top, project_facts(project, tool, clock_ns), tool, reporter)
    facts = found.facts
    with reporter.step("trace"):
        traced = trace_tasks(project, top)
    streams = traced_streams(traced.tasks, traced.top.depths)
    design = TracedDesign(
        top,
        traced.tasks,
        traced.inputs,
        traced.outputs,
        streams,
        facts.tool,
        facts.clock_ns,
        known=known_tasks(found, traced, reporter),
        part=facts.part,
    )
    return top, design, facts


def ranges(design: TracedDesign, frames: int) -> dict[str, Any]:
    """Least and greatest latency and interval if every estimated II were a step lower or higher, with unbounded FIFOs."""
    from split4ml.passes.timing.metrics import measure

    low, high = (design.at_bound(bound) for bound in (0, 1))
    if low is design and high is design:
        return {"latency_range": None, "interval_range": None}
    ends = [measure(each.network(unbounded=True).network, frames) for each in (low, high)]
    return {
        "latency_range": [each.latency_lone for each in ends],
        "interval_range": [each.interval for each in ends],
    }


def _report(
    design: TracedDesign,
    facts: ProjectFacts,
    as_is: Metrics,
    sized: Sized,
    depths: Mapping[str, int],
    frames: int,
) -> dict[str, Any]:
    """The keys of docs/report.md as far as a project that is not split has them."""
    from split4ml.backends.report.build import PACKAGES, SCHEMA, CycleCounts, package_version
    from split4ml.passes.timing.rules import caveats

    def counts(metrics: Metrics) -> dict[str, Any]:
        stuck = tuple(metrics.stuck)
        return CycleCounts(metrics.latency_lone, metrics.latency_stream, metrics.interval, stuck).keys()

    writer = {stream: task.name for task in design.tasks for stream in task.outputs}
    reader = {stream: task.name for task in design.tasks for stream in task.inputs}
    peaks = dict(zip(design.network().fifos, sized.peaks, strict=True))
    fifos = [
        {
            "name": name,
            "producer": writer[name],
            "consumer": reader[name],
            "scope": "internal",
            "width_bits": design.streams[name].width_bits,
            "tokens_per_frame": design.streams[name].tokens,
            "default_depth": design.depth(name),
            "peak": peaks[name],
            "depth": depths[name],
            "style": design.style(name, depths[name]),
        }
        for name in peaks
    ]
    bits = {
        "default": _bits(fifos, "default_depth"),
        "peak": _bits(fifos, "peak", 1),
        "sized": _bits(fifos, "depth"),
        "lower_bound": sized.bound.lower if sized.bound else None,
    }
    return {
        "schema": SCHEMA,
        "model": design.name,
        "versions": {package: package_version(package) for package in PACKAGES},
        "backend": facts.backend,
        "io_type": "io_stream",
        "part": facts.part,
        "clock_ps": round(facts.clock_ns * 1000),
        "tool": facts.tool,
        "start": "per-frame",
        **counts(sized.metrics),
        "frames": frames,
        "source": "flooding",
        "as_is": counts(as_is),
        "monolithic": {**counts(sized.metrics), "fifo_bits": bits["sized"]},
        "fifos": fifos,
        "fifo_bits": bits,
        "fifo_cost": {"unit": "bits", **bits},
        "layers": [_layer(design, number) for number in range(len(design.tasks))],
        "subgraphs": [],
        "partition": None,
        "checks": {"onnx": None, "csim": None, "rtl": None},
        "notes": caveats((task, design.timing(task)) for task in design.tasks),
    }


def _storage(design: TracedDesign, built: Built) -> Cost:
    """Bits of a FIFO that holds so many tokens."""
    name_of = {channel: name for name, channel in built.fifos.items()}

    def cost(fifo: Fifo, capacity: int) -> int:
        name = name_of[fifo.channel]
        return design.streams[name].width_bits * design.pragma(name, capacity)

    return cost


def _bits(fifos: Sequence[Mapping[str, Any]], key: str, extra: int = 0) -> int:
    return sum(int(fifo["width_bits"]) * (int(fifo[key]) + extra) for fifo in fifos)


def _layer(design: TracedDesign, number: int) -> dict[str, Any]:
    task = design.tasks[number]
    timing = design.timing(task)
    return {
        "name": task.name,
        "onnx_names": [],
        "kind": task.kind,
        "subgraph": None,
        "ii": timing.ii,
        "ii_range": list(timing.ii_range),
        "latency": timing.depth,
        "timing_source": timing.source or "estimate",
        "cost": None,
        "cost_range": None,
        "cost_scale": None,
        "cost_source": None,
    }
