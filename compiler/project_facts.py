"""What an hls4ml project says about its target: backend, part and clock, from the files that hls4ml wrote beside firmware/."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from split4ml.compiler.options import check_clock
from split4ml.dialects.errors import UsageError

_FILES = ("hls4ml_config.yml", "project.tcl", "build_prj.tcl", "vivado_synth.tcl")
_CLOCK = re.compile(
    r"^\s*(?:ClockPeriod\s*:|set\s+clock_period\s|create_clock\s+-period)\s*\"?([0-9]*\.?[0-9]+)(?:ns)?\b",
    re.MULTILINE,
)
_BACKEND = re.compile(r"^\s*(?:Backend\s*:|set\s+backend\s)\s*\"?(\w+)", re.MULTILINE)
_PART = re.compile(r"^\s*(?:Part\s*:|XilinxPart\s*:|set\s+part\s|set_part)\s*[{\"]?([\w-]+)", re.MULTILINE)


@dataclass(frozen=True)
class ProjectFacts:
    """part: None if the project does not say. tool: of the timing constants, such as "vitis-2023.2"."""

    backend: str
    part: str | None
    clock_ns: float
    tool: str


def project_facts(project: Path, tool: str | None, clock_ns: float | None) -> ProjectFacts:
    """What is given overrules what the project says. Raises UsageError if the clock is unknown or none, or the tool, or if only what is given
    could say how a project of another vendor is timed.
    """
    from split4ml.passes.timing import constants

    texts = [
        path.read_text(errors="replace")
        for path in [project / name for name in _FILES]
        if path.is_file() and path.stat().st_size < 1 << 20
    ]

    def first(pattern: re.Pattern[str]) -> str | None:
        return next((found.group(1) for text in texts if (found := pattern.search(text))), None)

    backend = first(_BACKEND) or ("Vivado" if (tool or "").startswith("vivado") else "Vitis")
    if tool is None and not backend.lower().startswith(("vivado", "vitis")):
        raise UsageError(
            f"{project} is of the backend {backend}: only the cycles of Vivado HLS and Vitis HLS are known",
            hint="write it with hls4ml's Vitis or Vivado backend",
        )
    kind = "vivado" if backend.lower().startswith("vivado") else "vitis"
    chosen = tool or constants.DEFAULT[kind]
    constants.tool(chosen)
    if clock_ns is None:
        stated = first(_CLOCK)
        if stated is None:
            raise UsageError("the project does not say its clock period", hint="give it: --clock NS")
        clock_ns = float(stated)
    try:
        check_clock(clock_ns)
    except ValueError as error:
        raise UsageError(str(error), hint="give it: --clock NS") from None
    return ProjectFacts(backend, first(_PART), clock_ns, chosen)
