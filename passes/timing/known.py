"""What is known of a task's timing, from a report or from a measurement, in place of what the rules estimate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Source = Literal["report", "measured"]


@dataclass(frozen=True)
class Known:
    """ii, depth: as in `TaskTiming`; None: not known."""

    source: Source | None = None
    ii: int | None = None
    depth: int | None = None


UNKNOWN = Known()
