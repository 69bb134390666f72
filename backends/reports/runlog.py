"""How long a synthesis took, and how much memory: `vitis_hls.log` or `vivado_hls.log`, as hls4ml's build leaves it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

LOGS = ("vitis_hls.log", "vivado_hls.log", "vitis.log")
TAIL = 64 << 20
"""Logs are read from so far before their end."""
SECONDS = re.compile(
    r"C/RTL SYNTHESIS COMPLETED IN (\d+)h(\d+)m(\d+)s|csynth_design.*?Elapsed time: ([0-9.]+) seconds"
)
MEMORY = re.compile(r"peak allocated memory: ([0-9.]+) ([MG])B")


@dataclass(frozen=True)
class Run:
    """seconds of C synthesis, megabytes at its peak; None where the log does not say."""

    path: Path
    seconds: float | None
    megabytes: float | None


def read_run(project: Path) -> Run | None:
    """The log of the project, if it has one that tells of a synthesis; of several, the last."""
    for path in (project / name for name in LOGS):
        if not path.is_file():
            continue
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL))
            text = file.read().decode("utf-8", "replace")
        seconds = None
        for found in SECONDS.finditer(text):
            hours, minutes, rest, elapsed = found.groups()
            seconds = float(elapsed) if elapsed else int(hours) * 3600 + int(minutes) * 60 + int(rest)
        peaks = [float(value) * (1024 if unit == "G" else 1) for value, unit in MEMORY.findall(text)]
        if seconds:
            return Run(path, float(seconds), max(peaks, default=None))
    return None
