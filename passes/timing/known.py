"""What is known of a task's timing, from a report or from a measurement, in place of what the rules estimate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from split4ml.dialects.errors import Split4mlError

Source = Literal["report", "measured"]


@dataclass(frozen=True)
class Known:
    """ii, depth: as in `TaskTiming`; None: not known."""

    source: Source | None = None
    ii: int | None = None
    depth: int | None = None


UNKNOWN = Known()


def impossible(task: str, known: Known, why: ValueError, where: str) -> Split4mlError:
    """The error for a task that cannot be as it is said to be."""
    said = [f"{what} of {n}" for what, n in (("II", known.ii), ("latency", known.depth)) if n is not None]
    return Split4mlError(
        f"the task {task} cannot have the {' and '.join(said)} that it is said to have: {why}", where
    )
