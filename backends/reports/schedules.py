"""The text form: `<module>_csynth.rpt` and `<module>.verbose.sched.rpt`, which hold the same tables, and logs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from split4ml.backends.reports.solution import Module, Solution, number, span, tool_name
from split4ml.passes.timing.reported import ReportedLoop

LIMIT = 1 << 26

_TITLE = re.compile(r"^== (Vivado|Vitis) HLS Report for '([\w.:-]+)'", re.MULTILINE)
_VERSION = re.compile(r"^\* Version:\s*(\S+)", re.MULTILINE)
_PART = re.compile(r"^\* Target device:\s*(\S+)", re.MULTILINE)
_CLOCK = re.compile(r"^\s*\|\s*ap_clk\s*\|\s*([\d.]+)\s*(ns|us)?\s*\|", re.MULTILINE)
_MODULE = re.compile(
    r"-- (?:Implementing module|Scheduling module|Exploring micro-architecture for) '([\w.:-]+)'"
)
_RESULT = re.compile(
    r"Pipelining result ?: Target II = \S+, Final II = (\d+), Depth = (\d+)(?:, (loop|function) '([^']+)')?"
)
_PIPELINING = re.compile(r"Pipelining (loop|function) '(.+)'")
"""Vivado HLS names what it pipelines in the line before the result."""
_BANNER = re.compile(r"(Vivado|Vitis)(?: HLS|\(TM\) HLS).*?v?(\d{4}\.\d)")


def read_text(path: Path) -> Solution:
    """A report of one module. Raises ValueError or OSError."""
    text = _load(path)
    title = _TITLE.search(text)
    if title is None:
        raise ValueError(f"{path.name} is no report of HLS")
    version, part, clock = (pattern.search(text) for pattern in (_VERSION, _PART, _CLOCK))
    name = title.group(2)
    summary = next(iter(_rows(text, "* Summary:", "+ Latency")), None)
    loops: list[ReportedLoop] = []
    above: list[tuple[int, str]] = []
    for row in _rows(text, "* Loop:", "+ Latency"):
        loop, indent = _loop(row)
        if loop is None:
            continue
        while above and above[-1][0] >= indent:
            above.pop()
        label = "/".join([*(name for _, name in above), loop.label])
        above.append((indent, loop.label))
        loops.append(ReportedLoop(label, loop.trips, loop.ii, loop.depth, loop.least))
    latency, interval, kind = None, None, ""
    if summary is not None and len(summary) >= 7:
        cells = [cell.strip() for cell in summary]
        least, greatest = number(cells[0]), number(cells[1])
        latency = (least, greatest) if least is not None and greatest is not None else None
        interval, kind = number(cells[-2]), cells[-1]
    module = Module(
        name, latency, interval, kind in ("yes", "function", "rewind", "flp", "frp"), tuple(loops)
    )
    return Solution(
        source=str(path),
        tool=tool_name(version.group(1), title.group(1) == "Vitis") if version else None,
        clock_ns=_nanoseconds(clock),
        part=part.group(1) if part else None,
        top=name,
        modules={name: module},
    )


def read_log(path: Path) -> Solution:
    """Pipelining results of a log of HLS (`vitis_hls.log`, `solution1.log`): what was achieved, module by module."""
    text = _load(path)
    banner = _BANNER.search(text)
    modules: dict[str, list[ReportedLoop]] = {}
    functions: dict[str, tuple[int, int]] = {}
    current: str | None = None
    what: tuple[str, str] | None = None
    for line in text.splitlines():
        if found := _MODULE.search(line):
            current, what = found.group(1), None
            modules.setdefault(current, [])
        elif result := _RESULT.search(line):
            if result.group(3):
                what = result.group(3), result.group(4)
            interval, depth = int(result.group(1)), int(result.group(2))
            if current is not None and what is not None and what[0] == "function":
                functions[current] = (interval, depth)
            elif current is not None and what is not None:
                modules[current].append(ReportedLoop(what[1], None, interval, depth, depth))
        elif started := _PIPELINING.search(line):
            what = started.group(1), started.group(2)
    if not any(modules.values()) and not functions:
        raise ValueError(f"{path.name} has no results of pipelining")
    return Solution(
        source=str(path),
        tool=tool_name(banner.group(2), banner.group(1) == "Vitis") if banner else None,
        modules={
            name: Module(
                name,
                (functions[name][1] - 1,) * 2 if name in functions else None,
                functions[name][0] if name in functions else None,
                name in functions,
                tuple(loops),
            )
            for name, loops in modules.items()
        },
    )


def _load(path: Path) -> str:
    if path.stat().st_size > LIMIT:
        raise ValueError(f"{path.name} is larger than {LIMIT >> 20} MB")
    return path.read_text(errors="replace")


def _rows(text: str, heading: str, section: str) -> Iterator[list[str]]:
    """Cells of the rows of the table below `heading` in a section, without its head; cells keep their blanks."""
    start = text.find(section)
    start = text.find(heading, start) if start >= 0 else -1
    if start < 0:
        return
    rules = 0
    for line in text[start:].splitlines()[1:]:
        line = line.strip()
        if line.startswith("+"):
            rules += 1
            if rules == 3:
                return
        elif line.startswith("|") and rules == 2:
            yield line.strip("|").split("|")
        elif not line.startswith("|"):
            return


def _loop(row: list[str]) -> tuple[ReportedLoop | None, int]:
    """A row such as `|- PadMain | 1088| 1088| 34| -| -| 32| no |`, and how far the name is indented."""
    if len(row) < 8:
        return None, 0
    name = row[0].rstrip()
    label = name.lstrip(" -+")
    cells = [cell.strip() for cell in row]
    bounds = span(cells[3])
    interval = number(cells[4]) if cells[7] in ("yes", "rewind", "flp", "frp", "stp") else None
    loop = ReportedLoop(
        label=label,
        trips=number(cells[6]),
        ii=interval,
        depth=bounds[1] if bounds else None,
        least=bounds[0] if bounds else None,
    )
    return loop, len(name) - len(label)


def _nanoseconds(found: re.Match[str] | None) -> float | None:
    if found is None:
        return None
    return float(found.group(1)) * (1000 if found.group(2) == "us" else 1)
