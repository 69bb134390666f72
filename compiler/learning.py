"""Builds that have been synthesised teach the cost model: their reports are read before the next compilation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from split4ml.compiler.builddir import is_build
from split4ml.compiler.costdata import NONE, cost_file, default_file, load, save
from split4ml.compiler.harvest import harvest, has_reports
from split4ml.dialects.errors import Split4mlError

if TYPE_CHECKING:
    from split4ml.compiler.options import CompileOptions
    from split4ml.compiler.progress import Reporter
    from split4ml.passes.cost.measured import CostData


def learn(folders: Sequence[Path], options: CompileOptions, named: bool, reporter: Reporter) -> None:
    """Adds the reports of those folders that are builds to the user's cost data.

    named: the user named the file just now (that of a build to be repeated is not written to). A report of another build is
    warned of and left out.
    """
    if options.cost_data == NONE:
        return
    for folder in dict.fromkeys(path.absolute() for path in folders):
        if not (has_reports(folder) and is_build(folder)):
            continue
        with reporter.step("synthesis reports"):
            found, errors = harvest(folder)
        for error in errors:
            reporter.warn(str(error))
        file = options.cost_data if named and isinstance(options.cost_data, Path) else default_file()
        add(found, file)


def add(found: CostData, file: Path) -> None:
    """Merges into the file. Raises Split4mlError."""
    if not found:
        return
    before = load(file)
    after = before.with_(found)
    if after != before:
        save(file, after)


def learn_build(directory: Path, file: Path | None, reporter: Reporter) -> CostData:
    """The same for one build that the user asks about. Raises Split4mlError if any of its reports is damaged or of another
    build, or if it has none."""
    if not has_reports(directory):
        raise Split4mlError(
            "no subgraph of this build has been synthesised: there is no csynth.xml",
            str(directory / "subgraphs"),
            "make -C DIR subgraphs, with Vitis HLS, makes them",
        )
    with reporter.step("synthesis reports"):
        found, errors = harvest(directory)
    if errors:
        raise errors[0]
    add(found, file or default_file())
    return found


def used_cost_data(options: CompileOptions) -> CompileOptions:
    """The options with the file that was read, so that the build can be repeated when the user's has moved on."""
    file = cost_file(options)
    return replace(options, cost_data=file) if file is not None and file.is_file() else options
