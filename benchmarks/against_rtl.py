"""Predicted against measured cycles of published hls4ml designs, from their C++ alone.

    .venv/bin/python benchmarks/against_rtl.py PROJECT TRUTH.json [PROJECT TRUTH.json …] [--markdown]

PROJECT is an hls4ml project (the folder that holds firmware/), TRUTH.json what simulating its vendor RTL gave: tool, clock,
latency of a lone frame, frame ends and peaks of runs of 1, 4 and 8 frames. Nothing else of it is used for the prediction.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from split4ml.backends.reports.matching import match
from split4ml.backends.reports.solutions import find_reports
from split4ml.backends.trace.sources import find_top
from split4ml.backends.trace.tasks import trace_tasks
from split4ml.compiler.project_facts import project_facts
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.networks import Built
from split4ml.passes.timing.constants import tool
from split4ml.passes.timing.network import Replayed
from split4ml.passes.timing.replay import Engine
from split4ml.passes.timing.reported import known_of
from split4ml.passes.traced import TracedDesign, traced_streams

RUNS = {1: "peak_single", 4: "peak_flood4", 8: "peak_flood8"}


@dataclass
class Compared:
    """One number: predicted, measured, and the error that counts as right."""

    predicted: float | None
    measured: float | None
    tolerance: float

    @property
    def right(self) -> bool:
        if self.predicted is None or self.measured is None:
            return self.predicted == self.measured
        return abs(self.predicted - self.measured) <= self.tolerance

    def __str__(self) -> str:
        if self.predicted is None or self.measured is None:
            return f"{self.predicted} / {self.measured}"
        return f"{self.predicted:g} / {self.measured:g}"


@dataclass
class Result:
    """peaks: per run (1, 4 or 8 frames) and FIFO. `low`, `high`: interval over the range of the estimated II."""

    name: str
    lone: Compared
    stream: Compared
    interval: Compared
    low: float | None
    high: float | None
    peaks: dict[int, dict[str, Compared]] = field(default_factory=dict)
    tasks: list[str] = field(default_factory=list)


def tool_name(truth: dict[str, Any]) -> str:
    """`vitis-2023.2` of {"name": "Vitis HLS", "version": "2023_2"}."""
    kind = "vivado" if "vivado" in truth["tool"]["name"].lower() else "vitis"
    year, release = truth["tool"]["version"].split("_")[:2]
    return f"{kind}-{year}.{release}"


def design_of(project: Path, truth: dict[str, Any], reports: bool) -> TracedDesign:
    top = find_top(project)
    traced = trace_tasks(project, top)
    known = {}
    if reports:
        solution = find_reports(project)
        if solution is None:
            raise SystemExit(f"{project} has no reports of HLS")
        matched = match(traced.top.tasks, traced.tasks, solution)
        for name, why in matched.foreign.items():
            print(f"{project}: {name}: {why}")
        rules = tool(tool_name(truth))
        known = {
            t.name: known_of(matched.tasks[t.name], t, rules, float(truth["clock_ns"]))
            for t in traced.tasks
            if t.name in matched.tasks
        }
    return TracedDesign(
        name=top,
        tasks=traced.tasks,
        inputs=traced.inputs,
        outputs=traced.outputs,
        streams=traced_streams(traced.tasks, traced.top.depths),
        tool=tool_name(truth),
        clock_ns=float(truth["clock_ns"]),
        plain_ports=truth["top_simulated"] != top,  # a module of a larger design
        known=known,
        part=truth.get("part") or project_part(project),
    )


def project_part(project: Path) -> str | None:
    """That its reports name, else that hls4ml was given."""
    solution = find_reports(project)
    if solution is not None and solution.part is not None:
        return solution.part
    return project_facts(project, "vitis-2023.2", 5.0).part


def compare(project: Path, truth: dict[str, Any], reports: bool = False) -> Result:
    design = design_of(project, truth, reports)
    built = design.network()
    lone = Engine(built.network).run(1, record=True)
    held = design.network(held_start=True)
    flooding = Engine(held.network)
    runs = {frames: flooding.run(frames, record=True) for frames in (4, 8, 14)}
    measured = truth["latency_single_frame"]
    free = runs[14]
    last = [int(end) for end in free.last_out if end >= 0]
    first = truth["frame_end_cycles_free_running"][0]
    steady = truth["interval_steady"] or _mean_interval(truth["frame_end_cycles_free_running"])
    low, high = (_interval(design, bound) for bound in (0, 1))
    result = Result(
        truth["name"],
        Compared(latency(design, built, lone), measured, max(4, 0.03 * measured)),
        Compared(latency(design, held, free), first, max(4, 0.03 * first)),
        Compared(_mean_interval(last), steady, max(2, 0.01 * steady)),
        low,
        high,
    )
    for frames, key in RUNS.items():
        replayed = lone if frames == 1 else runs[frames]
        result.peaks[frames] = {
            fifo["stream"]: Compared(
                int(replayed.peak[built.fifos[fifo["stream"]]]), fifo[key], max(2, 0.03 * fifo[key])
            )
            for fifo in truth["fifos"]
            if fifo["stream"] in built.fifos
        }
    for task in design.tasks:
        made = design.timing(task)
        span = "" if made.ii_range[0] == made.ii_range[1] else f" ({made.ii_range[0]} to {made.ii_range[1]})"
        result.tasks.append(
            f"{task.name:<24} {task.kind:<22} II {made.ii}{span}, depth {made.depth}, {made.style}"
        )
    return result


def _mean_interval(ends: list[int]) -> float | None:
    """Of the 4th to the 14th frame, or to the last of fewer."""
    ends = ends[3:14]
    return (ends[-1] - ends[0]) / (len(ends) - 1) if len(ends) > 1 else None


def latency(design: TracedDesign, built: Built, replayed: Replayed) -> int | None:
    """Of the first frame, from the first beat accepted to the last one delivered, as the measurements count.

    The simulated designs leave reset in the cycle in which they are started, and their slices accept the first beat one
    cycle later; a start per frame begins one cycle later here. Ports without slices are the tasks' own handshakes.
    """
    if replayed.last_out[0] < 0:
        return None
    if not design.plain_ports:
        return int(replayed.last_out[0]) - 1 - (0 if built.network.held_start else 1)
    accepted = min(int(replayed.reads[s.channel][0]) for s in built.network.sources)
    return max(int(replayed.writes[s.channel][s.tokens - 1]) for s in built.network.sinks) - accepted


def _interval(design: TracedDesign, bound: int) -> float | None:
    """The slowest task's, if every estimated II were at the lower or upper end of its range."""
    periods = []
    for task in design.tasks:
        made = design.timing(task)
        scale = made.ii_range[bound] / made.ii if made.ii else 1
        periods.append(made.schedule.period * scale)
    return max(periods, default=None)


def lines(result: Result, verbose: bool) -> Iterator[str]:
    span = (
        ""
        if result.low == result.high
        else f"  ({result.low:.0f} to {result.high:.0f} over the range of IIs)"
    )
    yield f"{result.name}"
    yield f"  latency, lone frame       {result.lone}{_mark(result.lone)}"
    yield f"  latency, first of many    {result.stream}{_mark(result.stream)}"
    yield f"  interval                  {result.interval}{_mark(result.interval)}{span}"
    for frames, peaks in result.peaks.items():
        right = sum(p.right for p in peaks.values())
        wrong = ", ".join(f"{name} {p}" for name, p in peaks.items() if not p.right)
        yield f"  peaks, {frames} frame{'s' if frames > 1 else ' '}           {right} of {len(peaks)}{': ' if wrong else ''}{wrong}"
    if verbose:
        yield from (f"    {task}" for task in result.tasks)


def _mark(compared: Compared) -> str:
    return "" if compared.right else "  WRONG"


def summary(results: list[Result]) -> Iterator[str]:
    """The criteria, over all designs."""
    peaks = [p for r in results for run in r.peaks.values() for p in run.values()]
    deep = [p for p in peaks if (p.measured or 0) > 4]
    for what, wanted, found in (
        ("interval within 1 % or 2 cycles", 85, [r.interval for r in results]),
        ("latency, lone, within 3 % or 4 cycles", 80, [r.lone for r in results]),
        ("latency, first of many, likewise", 80, [r.stream for r in results]),
        ("peaks within 3 % or 2 words", 97, peaks),
        ("of those above 4 words", 90, deep),
    ):
        right = sum(c.right for c in found)
        share = 100 * right / len(found) if found else 100.0
        yield f"{what:<40} {right:>4} of {len(found):<4} {share:5.1f} %  (goal {wanted} %)"


def markdown(results: list[Result]) -> Iterator[str]:
    yield "| design | latency, lone frame | latency, first of many | interval | interval's range | peaks: 1, 4, 8 frames |"
    yield "|---|---|---|---|---|---|"
    for r in results:
        peaks = ", ".join(f"{sum(p.right for p in run.values())} of {len(run)}" for run in r.peaks.values())
        span = "–" if r.low == r.high else f"{r.low:.0f} to {r.high:.0f}"
        yield f"| {r.name} | {r.lone} | {r.stream} | {r.interval} | {span} | {peaks} |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", type=Path, nargs="+", metavar="PROJECT TRUTH.json")
    parser.add_argument("--markdown", action="store_true", help="print a table for docs/timing-accuracy.md")
    parser.add_argument(
        "--reports", action="store_true", help="with II and depth from the projects' reports of HLS"
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="print the II and depth of every task")
    arguments = parser.parse_args()
    if len(arguments.files) % 2:
        parser.error("give a TRUTH.json for every PROJECT")
    results = []
    for project, truth in zip(arguments.files[::2], arguments.files[1::2], strict=True):
        try:
            results.append(compare(project, json.loads(truth.read_text("utf-8")), arguments.reports))
        except Split4mlError as error:
            raise SystemExit(f"{project}: {error}") from None
        if not arguments.markdown:
            print("\n".join(lines(results[-1], arguments.verbose)), flush=True)
    print("\n".join(markdown(results) if arguments.markdown else []))
    print("\n".join(summary(results)))


if __name__ == "__main__":
    main()
