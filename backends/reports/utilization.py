"""What is left after logic synthesis: Vivado's `report_utilization` (UG906), such as hls4ml's `vivado_synth.rpt`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from split4ml.dialects.errors import Split4mlError

REPORT = "vivado_synth.rpt"
MAX_BYTES = 16 << 20
ROWS = (
    ("lut", r"(?:CLB|Slice) LUTs\*?", 1),
    ("ff", r"(?:CLB|Slice) Registers", 1),
    ("dsp", r"DSPs|DSP Slices", 1),
    ("bram18", r"Block RAM Tile", 2),
    ("uram", r"URAM", 1),
)
"""By figure, the row of the report, and how many of ours one of its is (a block RAM tile is two of 18 Kb)."""
REQUIRED = ("lut", "ff")


@dataclass(frozen=True)
class Utilization:
    """design, part: as the report's head says."""

    path: Path
    design: str
    part: str
    counts: Mapping[str, float]


def read_utilization(path: Path) -> Utilization:
    """Raises Split4mlError for what is no such report, or one of a design that is not synthesised yet."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise Split4mlError(f"this is larger than {MAX_BYTES >> 20} MB", str(path))
        text = path.read_text("utf-8", errors="replace")
    except OSError as error:
        raise Split4mlError((error.strerror or str(error)).lower(), str(path)) from None
    counts = {}
    for figure, row, factor in ROWS:
        if found := re.search(rf"^\|\s*(?:{row})\s*\|\s*([0-9]+(?:\.[05])?)\s*\|", text, re.MULTILINE):
            counts[figure] = float(found[1]) * factor
    if absent := [figure for figure in REQUIRED if figure not in counts]:
        raise Split4mlError(f"this is no utilization report: it has no {' and no '.join(absent)}", str(path))
    return Utilization(path, _head(text, "Design"), _head(text, "Device"), counts)


def _head(text: str, key: str) -> str:
    found = re.search(rf"^\|\s*{key}\s*:\s*(\S+)", text, re.MULTILINE)
    return found[1] if found else ""
