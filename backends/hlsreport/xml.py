"""The XML form: `csynth.xml` of Vitis HLS, which has all modules, and `<module>_csynth.xml` of both, which have one."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from split4ml.backends.hlsreport.model import Module, Solution, number, span, tool_name
from split4ml.passes.timing.reported import ReportedLoop

LIMIT = 1 << 28
"""Bytes; csynth.xml of large designs has some ten million."""

_FACTS = {"Name", "Slack", "TripCount", "Latency", "AbsoluteTimeLatency", "IterationLatency", "PipelineII"}
_FACTS |= {"PipelineDepth", "PipelineType", "InstanceList", "TargetII", "IssueType", "ViolationType"}
_FACTS |= {"SourceLocation", "Instances", "range"}


def read_xml(path: Path) -> Solution:
    """Raises ValueError or OSError if this is no report."""
    root = _parse(path)
    if root.tag != "profile":
        raise ValueError(f"{path.name} is no report of HLS: its root is <{root.tag[:40]}>")
    clock = _text(root, "UserAssignments/TargetClockPeriod")
    top = _text(root, "UserAssignments/TopModelName")
    listed = root.findall("ModuleInformation/Module")
    vitis = True if listed or root.find("UserAssignments/FlowTarget") is not None else None
    version = _text(root, "ReportVersion/Version") or ""
    modules = {}
    for element in listed:
        module = _module(_text(element, "Name") or "", element)
        modules[module.name] = module
    if top and not listed:
        modules[top] = _module(top, root)
    hierarchy = root.find("RTLDesignHierarchy/TopModule")
    processes: tuple[str, ...] = ()
    if hierarchy is not None:
        processes = _instances(hierarchy)
        for element in hierarchy.iter("Instance"):
            name = _text(element, "ModuleName") or ""
            if name in modules and not modules[name].instances:
                old = modules[name]
                modules[name] = Module(
                    old.name, old.latency, old.interval, old.pipelined, old.loops, _instances(element)
                )
    return Solution(
        source=str(path),
        tool=tool_name(version, vitis),
        clock_ns=_real(clock),
        part=_text(root, "UserAssignments/Part"),
        top=top,
        modules=modules,
        processes=processes,
    )


def _parse(path: Path) -> ElementTree.Element:
    if path.stat().st_size > LIMIT:
        raise ValueError(f"{path.name} is larger than {LIMIT >> 20} MB")
    data = path.read_bytes()
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise ValueError(f"{path.name} declares entities, which no report does")
    try:
        return ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        raise ValueError(f"{path.name} is no complete XML: {error}") from None


def _module(name: str, element: ElementTree.Element) -> Module:
    overall = "PerformanceEstimates/SummaryOfOverallLatency"
    kind = _text(element, f"{overall}/PipelineType") or _text(element, "PerformanceEstimates/PipelineType")
    least, greatest = (number(_text(element, f"{overall}/{case}-caseLatency")) for case in ("Best", "Worst"))
    interval = number(_text(element, f"{overall}/PipelineInitiationInterval"))
    if interval is None:
        interval = number(_text(element, f"{overall}/Interval-max"))
    loops = element.find("PerformanceEstimates/SummaryOfLoopLatency")
    return Module(
        name=name,
        latency=(least, greatest) if least is not None and greatest is not None else None,
        interval=interval,
        pipelined=kind in ("yes", "function", "rewind", "flp", "frp"),
        loops=tuple(_loops(loops, "")) if loops is not None else (),
    )


def _loops(parent: ElementTree.Element, above: str) -> list[ReportedLoop]:
    found: list[ReportedLoop] = []
    for element in parent:
        if element.tag in _FACTS:
            continue
        label = above + (_text(element, "Name") or element.tag)
        interval = number(_text(element, "PipelineII"))
        bounds = _bounds(element.find("IterationLatency"))
        depth = number(_text(element, "PipelineDepth")) if interval is not None else None
        found.append(
            ReportedLoop(
                label=label,
                trips=number(_text(element, "TripCount")),
                ii=interval,
                depth=depth if depth is not None else bounds[1] if bounds else None,
                least=depth if depth is not None else bounds[0] if bounds else None,
            )
        )
        found += _loops(element, f"{label}/")
    return found


def _bounds(element: ElementTree.Element | None) -> tuple[int, int] | None:
    if element is None:
        return None
    bounds = element.find("range")
    if bounds is None:
        return span(element.text)
    least, greatest = number(_text(bounds, "min")), number(_text(bounds, "max"))
    return (least, greatest) if least is not None and greatest is not None else None


def _instances(element: ElementTree.Element) -> tuple[str, ...]:
    names = (_text(e, "ModuleName") for e in element.findall("InstancesList/Instance"))
    return tuple(name for name in names if name)


def _text(element: ElementTree.Element, path: str) -> str | None:
    found = element.find(path)
    return found.text.strip() if found is not None and found.text else None


def _real(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
