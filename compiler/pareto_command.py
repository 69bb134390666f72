"""`split4ml pareto DIR`: FIFO bits against the interval or the latency; any point can be built."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from split4ml.compiler.explain import Asked
from split4ml.compiler.progress import Reporter, make_reporter
from split4ml.compiler.timed_design import TimedDesign, of_build, of_project
from split4ml.dialects.errors import Split4mlError, UsageError
from split4ml.passes.timing.frames import fault as frames_fault


def run_pareto(arguments: argparse.Namespace) -> int:
    from split4ml.backends.report.fifo_front import picture, table
    from split4ml.compiler.pragmas import changes
    from split4ml.compiler.whole_file import write_whole

    if wrong := frames_fault(arguments.frames):
        raise UsageError(wrong)
    if arguments.apply and arguments.pick is None:
        raise UsageError("which point? --apply needs --pick N")
    reporter = make_reporter(arguments.quiet or arguments.json)
    asked = Asked(arguments.directory, reporter, tool=arguments.tool, clock_ns=arguments.clock)
    for option in ("tool", "clock", "apply"):
        if getattr(arguments, option) and not asked.is_project:
            raise UsageError(f"--{option} is for an hls4ml project, and {asked.directory} is none")
    if asked.is_project:
        design = of_project(asked.directory, asked.tool, asked.clock_ns, reporter)
    else:
        try:
            design = of_build(asked.design, reporter)
        finally:
            if "design" in vars(asked):
                asked.design.close()
    found = pareto(design, arguments, reporter)
    chosen = _picked(found, arguments.pick)
    if arguments.svg is not None:
        write_whole(arguments.svg, picture(found))
    changed = None
    if chosen is not None and arguments.apply:
        changed = _apply(asked.directory, chosen["depths"])
    if arguments.json:
        print(json.dumps(chosen if chosen is not None else found, indent=1))
    elif not arguments.quiet:
        print(table(found))
        if chosen is not None:
            print(f"\npoint {chosen['number']}: {chosen['options']}")
            for name, depth in chosen["depths"].items():
                print(f"  {name} {depth}")
        if changed is not None:
            print("\n".join(changes(changed)))
    return 0


def pareto(design: TimedDesign, arguments: argparse.Namespace, reporter: Reporter) -> dict[str, Any]:
    """The front, as JSON. Raises Split4mlError."""
    from split4ml.passes.timing.front import front

    width = {
        fifo.channel: design.bits[name] for name, fifo in zip(design.built.fifos, design.fifos, strict=True)
    }
    name_of = {channel: name for name, channel in design.built.fifos.items()}
    with reporter.step("points") as step:
        points = front(
            design.built.network,
            design.fifos,
            arguments.against,
            method=arguments.method,
            frames=arguments.frames,
            latency=design.latency,
            cost=lambda fifo, capacity: width[fifo.channel] * design.depth(name_of[fifo.channel], capacity),
            seconds=arguments.time_limit,
            progress=step.update,
        )
    return {
        "model": design.name,
        "against": arguments.against,
        "method": arguments.method,
        "frames": arguments.frames,
        "points": [
            {
                "number": number,
                "interval_cycles": point.interval,
                "latency_cycles": point.latency,
                "bits": point.cost,
                "options": _options(arguments, point.latency_percent, point.interval_percent),
                "depths": {
                    name: design.depth(name, capacity)
                    for name, capacity in zip(design.built.fifos, point.depths, strict=True)
                },
            }
            for number, point in enumerate(points, 1)
        ],
    }


def _options(arguments: argparse.Namespace, latency: float, interval: float) -> str:
    """Of `size-fifos`, for the same depths."""
    found = [f"{name}={value:g}%" for name, value in (("latency", latency), ("interval", interval)) if value]
    if arguments.method != "bisect":
        found.append(f"method={arguments.method}")
    return " ".join(found) or "latency=keep"


def _picked(found: dict[str, Any], number: int | None) -> dict[str, Any] | None:
    if number is None:
        return None
    for point in found["points"]:
        if point["number"] == number:
            return dict(point)
    raise UsageError(f"there is no point {number}", hint=f"there are 1 to {len(found['points'])}")


def _apply(project: Path, depths: dict[str, int]) -> dict[str, tuple[int | None, int]]:
    from split4ml.backends.trace.sources import find_top
    from split4ml.compiler.pragmas import apply_depths

    source = project / "firmware" / f"{find_top(project)}.cpp"
    if not source.is_file():
        raise Split4mlError("the top function's file is missing", str(source))
    return apply_depths(source, depths)
