"""A solution's reports, whichever form they were read from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from split4ml.backends.reports.csynth import Csynth
from split4ml.backends.reports.csynth import Module as CsynthModule
from split4ml.passes.timing.reported import ReportedLoop


@dataclass(frozen=True)
class Module:
    """One RTL module. latency: least and greatest cycles of a call; interval: likewise greatest.

    pipelined: the function is a pipeline. instances: modules that it instantiates, in order, if the report says so.
    """

    name: str
    latency: tuple[int, int] | None = None
    interval: int | None = None
    pipelined: bool = False
    loops: tuple[ReportedLoop, ...] = ()
    instances: tuple[str, ...] = ()


@dataclass(frozen=True)
class Solution:
    """tool: such as "vitis-2023.1", None if the reports do not say. clock_ns, part, top: likewise.

    modules: by name. processes: modules of the dataflow processes of the top, in program order; () if unknown.
    source: what was read, for messages.
    """

    source: str
    tool: str | None = None
    clock_ns: float | None = None
    part: str | None = None
    top: str | None = None
    modules: Mapping[str, Module] = field(default_factory=dict)
    processes: tuple[str, ...] = ()


def tool_name(version: str, vitis: bool | None) -> str | None:
    """`vitis-2023.1` of "2023.1" or "2019.2 (Build …)". Vivado HLS ended with 2020.1, where Vitis HLS began."""
    words = version.replace("_", ".").split()
    if not words or words[0].count(".") < 1:
        return None
    year, release = words[0].split(".")[:2]
    if not (year.isdecimal() and release.isdecimal()):
        return None
    if vitis is None:
        vitis = (int(year), int(release)) > (2020, 1)
    return f"{'vitis' if vitis else 'vivado'}-{year}.{release}"


def number(text: str | None) -> int | None:
    """A count of a report: "41", "4 ~ 43" (the greatest), None for "undef", "-" or nothing."""
    bounds = span(text)
    return bounds[1] if bounds else None


def span(text: str | None) -> tuple[int, int] | None:
    """Least and greatest of "41" or "4 ~ 43"."""
    parts = [part.strip() for part in (text or "").split("~")]
    if not parts or any(not part.isdecimal() for part in parts):
        return None
    return int(parts[0]), int(parts[-1])


def of_csynth(report: Csynth) -> Solution:
    """The schedule in a `csynth.xml`."""
    modules = [report.top, *report.modules.values()]
    return Solution(
        source=str(report.path),
        tool=tool_name(report.version, report.vitis),
        clock_ns=report.clock_ns,
        part=report.part or None,
        top=report.top.name,
        modules={module.name: _module(module) for module in modules},
        processes=report.top.instances,
    )


def _module(module: CsynthModule) -> Module:
    return Module(
        name=module.name,
        latency=module.latency,
        interval=module.interval[1] if module.interval else None,
        pipelined=module.pipelined,
        loops=tuple(
            ReportedLoop(
                label=loop.path,
                trips=loop.trips,
                ii=loop.ii,
                depth=loop.depth if loop.ii is not None else loop.iteration[1] if loop.iteration else None,
                least=loop.depth if loop.ii is not None else loop.iteration[0] if loop.iteration else None,
            )
            for loop in module.loops
        ),
        instances=module.instances,
    )
