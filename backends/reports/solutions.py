"""Finds the reports of a project: those of Vitis HLS and Vivado HLS lie where hls4ml's build_prj.tcl has them written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from split4ml.backends.reports.csynth import REPORT, read_csynth
from split4ml.backends.reports.schedules import read_log, read_text
from split4ml.backends.reports.solution import Module, Solution, of_csynth
from split4ml.dialects.errors import Split4mlError

SOLUTIONS = "*_prj/*/syn/report"
SCHEDULES = ".autopilot/db/*.verbose.sched.rpt"
LOGS = ("vitis_hls.log", "vivado_hls.log")


def find_reports(place: Path) -> Solution | None:
    """Reports of a project folder, a solution, a report folder or a single file; None if there are none.

    If a project has several solutions, the one whose reports are newest. Raises Split4mlError for a file that cannot be read.
    """
    if place.is_file():
        return _one(place)
    for folder in _folders(place):
        found = _folder(folder)
        if found is not None:
            return found
    for name in LOGS:
        for path in (place / name, place.parent / name):
            if path.is_file():
                try:
                    return read_log(path)
                except (OSError, ValueError):
                    continue
    return None


def _folders(place: Path) -> list[Path]:
    if place.name == "report":
        return [place]
    if (place / "syn" / "report").is_dir():
        return [place / "syn" / "report"]
    found = [folder for folder in place.glob(SOLUTIONS) if folder.is_dir()]
    return sorted(found, key=lambda folder: (_newest(folder), str(folder)), reverse=True)


def _newest(folder: Path) -> float:
    return max((path.stat().st_mtime for path in folder.iterdir()), default=0.0)


def _one(path: Path) -> Solution:
    if path.suffix == ".xml":
        return of_csynth(read_csynth(path))
    reader = {".rpt": read_text, ".log": read_log}.get(path.suffix)
    if reader is None:
        raise Split4mlError(
            "this is no report of HLS",
            str(path),
            "give csynth.xml, a *_csynth.rpt, a log, or the folder of a solution",
        )
    try:
        return reader(path)
    except (OSError, ValueError) as error:
        raise Split4mlError(f"cannot be read as a report of HLS: {error}", str(path)) from None


def _folder(folder: Path) -> Solution | None:
    """All that a report folder says: the XML first, the text of modules that it lacks, then what only the schedules have."""
    parts = [_one(path) for path in [folder / REPORT] if path.is_file()]
    known = {name for part in parts for name in part.modules}
    for path in sorted([*folder.glob("*_csynth.rpt"), *folder.parent.parent.glob(SCHEDULES)]):
        name = path.name.removesuffix("_csynth.rpt").removesuffix(".verbose.sched.rpt")
        if name not in known or (not parts[0].source.endswith(".rpt") and name == parts[0].top):
            parts.append(_one(path))
            known.add(name)
    return _merged(parts, str(folder)) if parts else None


def _merged(parts: Iterable[Solution], source: str) -> Solution:
    """Facts of the first part that has them: csynth.xml is of the whole solution."""
    parts = list(parts)
    modules: dict[str, Module] = {}
    for part in parts:
        for name, module in part.modules.items():
            modules.setdefault(name, module)
    first = parts[0]
    return replace(
        first,
        source=source,
        # the text alone tells Vivado HLS from Vitis HLS in 2020.1
        tool=next((p.tool for p in parts if p.source.endswith(".rpt") and p.tool), first.tool),
        clock_ns=next((p.clock_ns for p in parts if p.clock_ns), None),
        part=next((p.part for p in parts if p.part), None),
        modules=modules,
    )
