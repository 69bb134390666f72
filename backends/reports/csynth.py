"""What Vivado HLS and Vitis HLS report of a synthesis: `csynth.xml`, and one `<module>_csynth.xml` a function beside it.

The forms of Vivado HLS 2019.2 (no modules in csynth.xml, `DSP48E`) to Vitis HLS 2025.1 (UG1399, "csynth.xml").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from split4ml.dialects.errors import Split4mlError

REPORT = "csynth.xml"
PLACE = "syn/report"
"""Where a solution keeps its reports."""
MAX_BYTES = 256 << 20
MAX_COUNT = 10**9
RESOURCES = (("lut", "LUT"), ("ff", "FF"), ("dsp", "DSP"), ("bram18", "BRAM_18K"), ("uram", "URAM"))


@dataclass(frozen=True)
class Loop:
    """A loop as HLS pipelined it. ii, depth: None if it is not pipelined. depth: "iteration latency".

    iteration: least and greatest latency of an iteration; path: names of the loops around it and its own, "/" between them.
    """

    name: str
    ii: int | None
    depth: int | None
    trips: int | None
    iteration: tuple[int, int] | None = field(default=None, compare=False)
    path: str = field(default="", compare=False)


@dataclass(frozen=True)
class Module:
    """One function, the functions that it calls included. Counts before logic synthesis; latency and interval in cycles.

    pipelined: the function itself is a pipeline. instances: modules that it instantiates, in order, if the report says so.
    """

    name: str
    counts: Mapping[str, int]
    latency: tuple[int, int] | None = None
    interval: tuple[int, int] | None = None
    loops: tuple[Loop, ...] = ()
    pipelined: bool = False
    instances: tuple[str, ...] = ()


@dataclass(frozen=True)
class Csynth:
    """A whole report. modules: by name, the top function not among them. vitis: None if the report does not tell."""

    path: Path
    version: str
    part: str
    clock_ns: float
    top: Module
    modules: Mapping[str, Module] = field(default_factory=dict)
    vitis: bool | None = None


def find_csynth(project: Path) -> list[Path]:
    """The `csynth.xml` of an HLS project's solutions; hls4ml has one, in `<name>_prj/solution1`."""
    return sorted(project.glob(f"*/*/{PLACE}/{REPORT}"))


def read_csynth(path: Path) -> Csynth:
    """Raises Split4mlError for what is no such report."""
    root = _parse(path)
    assignments = root.find("UserAssignments")
    top = _text(assignments, "TopModelName")
    if root.tag != "profile" or assignments is None or not top:
        raise Split4mlError("this is no HLS report: it has no top function", str(path))
    instances = {top: _instances(root.find("RTLDesignHierarchy/TopModule"))}
    for instance in root.iterfind("RTLDesignHierarchy//Instance"):
        instances[_text(instance, "ModuleName")] = _instances(instance)
    modules = {module.name: module for module in _modules(root, path, instances)}
    listed = bool(modules) or assignments.find("FlowTarget") is not None
    for file in sorted(path.parent.glob("*_csynth.xml")):
        name = file.name.removesuffix("_csynth.xml")
        if name not in modules and name != top:
            modules[name] = _module(_parse(file), name, file)
    return Csynth(
        path=path,
        version=_text(root, "ReportVersion/Version"),
        part=_text(assignments, "Part"),
        clock_ns=_clock(_text(assignments, "TargetClockPeriod"), path),
        top=_module(root, top, path, instances[top]),
        modules=modules,
        vitis=True if listed else None,
    )


def _parse(path: Path) -> Element:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise Split4mlError(f"this is larger than {MAX_BYTES >> 20} MB", str(path))
        text = path.read_bytes()
    except OSError as error:
        raise Split4mlError((error.strerror or str(error)).lower(), str(path)) from None
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:  # HLS writes none; entities can be made to explode
        raise Split4mlError("this is no HLS report: it declares a document type", str(path))
    try:
        return ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError) as error:
        raise Split4mlError(f"this is no HLS report: {error}", str(path)) from None


def _modules(root: Element, path: Path, instances: Mapping[str, tuple[str, ...]]) -> Iterator[Module]:
    for element in root.iter("Module"):
        if name := _text(element, "Name"):
            yield _module(element, name, path, instances.get(name, ()))


def _instances(element: Element | None) -> tuple[str, ...]:
    found = element.iterfind("InstancesList/Instance") if element is not None else ()
    return tuple(name for instance in found if (name := _text(instance, "ModuleName")))


def _module(element: Element, name: str, path: Path, instances: tuple[str, ...] = ()) -> Module:
    resources = element.find("AreaEstimates/Resources")
    summary = element.find("PerformanceEstimates/SummaryOfOverallLatency")
    counts = {}
    for figure, tag in RESOURCES:
        text = _text(resources, tag) or (_text(resources, "DSP48E") if figure == "dsp" else "")
        counts[figure] = _count(text, f"{name}: {tag}", path)
    interval = _pair(summary, "Interval-min", "Interval-max") or _pair(
        summary, *["PipelineInitiationInterval"] * 2
    )
    return Module(
        name,
        counts,
        latency=_pair(summary, "Best-caseLatency", "Worst-caseLatency"),
        interval=interval,
        loops=tuple(_loops(element.find("PerformanceEstimates/SummaryOfLoopLatency"), "")),
        pipelined=(_text(summary, "PipelineType") or _text(element, "PerformanceEstimates/PipelineType"))
        in ("yes", "function", "rewind", "flp", "frp"),
        instances=instances,
    )


def _loops(parent: Element | None, above: str) -> Iterator[Loop]:
    """Loops in order, inner ones behind their own."""
    for loop in parent if parent is not None else ():
        if loop.find("TripCount") is None and loop.find("IterationLatency") is None:
            continue
        name = _text(loop, "Name") or loop.tag
        depth = _text(loop, "PipelineDepth") or _text(loop, "IterationLatency")
        pipelined = loop.find("PipelineII") is not None
        single = _number(_text(loop, "IterationLatency"))
        yield Loop(
            name,
            _number(_text(loop, "PipelineII")),
            _number(depth) if pipelined else None,
            _number(_text(loop, "TripCount")),
            iteration=(single, single)
            if single is not None
            else _pair(loop.find("IterationLatency/range"), "min", "max"),
            path=above + name,
        )
        yield from _loops(loop, f"{above}{name}/")


def _text(element: Element | None, path: str) -> str:
    found = element.find(path) if element is not None else None
    return (found.text or "").strip() if found is not None else ""


def _number(text: str) -> int | None:
    """A count, or None for `undef`, `?` and the ranges that HLS prints where it does not know."""
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None


def _pair(element: Element | None, first: str, second: str) -> tuple[int, int] | None:
    low, high = _number(_text(element, first)), _number(_text(element, second))
    return (low, high) if low is not None and high is not None and low <= high else None


def _count(text: str, what: str, path: Path) -> int:
    if not text:
        return 0
    count = _number(text)
    if count is None or count > MAX_COUNT:
        raise Split4mlError(f"{what} is {text[:40]!r}, which is no count", str(path))
    return count


def _clock(text: str, path: Path) -> float:
    try:
        clock = float(text)
    except ValueError:
        clock = 0.0
    if not 0 < clock < 1e6:
        raise Split4mlError(f"its clock period is {text[:40]!r}", str(path))
    return clock
