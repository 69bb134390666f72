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
    """A loop as HLS pipelined it. ii, depth: None if it is not pipelined. depth: "iteration latency"."""

    name: str
    ii: int | None
    depth: int | None
    trips: int | None


@dataclass(frozen=True)
class Module:
    """One function, the functions that it calls included. Counts before logic synthesis; latency and interval in cycles."""

    name: str
    counts: Mapping[str, int]
    latency: tuple[int, int] | None = None
    interval: tuple[int, int] | None = None
    loops: tuple[Loop, ...] = ()


@dataclass(frozen=True)
class Csynth:
    """A whole report. modules: by name, the top function not among them."""

    path: Path
    version: str
    part: str
    clock_ns: float
    top: Module
    modules: Mapping[str, Module] = field(default_factory=dict)


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
    modules = {module.name: module for module in _modules(root, path)}
    for file in sorted(path.parent.glob("*_csynth.xml")):
        name = file.name.removesuffix("_csynth.xml")
        if name not in modules and name != top:
            modules[name] = _module(_parse(file), name, file)
    return Csynth(
        path=path,
        version=_text(root, "ReportVersion/Version"),
        part=_text(assignments, "Part"),
        clock_ns=_clock(_text(assignments, "TargetClockPeriod"), path),
        top=_module(root, top, path),
        modules=modules,
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


def _modules(root: Element, path: Path) -> Iterator[Module]:
    for element in root.iter("Module"):
        if name := _text(element, "Name"):
            yield _module(element, name, path)


def _module(element: Element, name: str, path: Path) -> Module:
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
        loops=tuple(_loops(element)),
    )


def _loops(element: Element) -> Iterator[Loop]:
    """Loops in order, inner ones behind their own."""
    for loop in element.iterfind("PerformanceEstimates/SummaryOfLoopLatency//*"):
        if loop.find("TripCount") is not None or loop.find("IterationLatency") is not None:
            depth = _text(loop, "PipelineDepth") or _text(loop, "IterationLatency")
            pipelined = loop.find("PipelineII") is not None
            yield Loop(
                _text(loop, "Name") or loop.tag,
                _number(_text(loop, "PipelineII")),
                _number(depth) if pipelined else None,
                _number(_text(loop, "TripCount")),
            )


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
