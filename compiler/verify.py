"""`split4ml verify`: the checks of a finished build, run again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from split4ml.compiler.design import Design

if TYPE_CHECKING:
    from split4ml.compiler.progress import Reporter


def verify_build(
    directory: Path, rtl: str | None, layers: bool, subgraph: str | None, reporter: Reporter
) -> dict[str, Any]:
    """The report's `checks`; see `Design.verify`. Raises Split4mlError if one fails."""
    with Design(directory) as design:
        return design.verify(rtl, layers, subgraph, reporter)
