"""Which module of an HLS report is which task of a design."""

from __future__ import annotations

import re
from collections.abc import Iterable

from split4ml.backends.reports.csynth import Csynth, Module
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.graphinfo import TaskInfo

MATRIX = ("Dense", "Conv")
"""Kinds that HLS never inlines into another module: a report without one is not of this design."""


def module_of(report: Csynth, task: TaskInfo, elements: int) -> Module | None:
    """The module of a task: HLS names it after the C++ function, its types and its configuration struct.

    elements: of a frame of its first input, which tells instances of functions without a configuration (Clone) apart. None
    where HLS inlined it, or several could be it.
    """
    function = re.escape(task.function.rsplit("::", 1)[-1])
    if task.config:
        pattern = re.compile(rf"{function}(_.*)?_{re.escape(task.config)}(_s)?")
        found = [module for name, module in report.modules.items() if pattern.fullmatch(name)]
        # a function's own helpers carry its configuration too, such as `_Pipeline_PadMain`, but end in their own names
        return found[0] if len(found) == 1 else None
    pattern = re.compile(rf"{function}(_.*)?_(?P<size>\d+)(_s)?")
    sized = [(pattern.fullmatch(name), module) for name, module in report.modules.items()]
    fitting = [module for match, module in sized if match and int(match["size"]) == elements]
    return fitting[0] if len(fitting) == 1 else None


def check_same_design(
    report: Csynth, top: str, part: str, clock_ns: float, tasks: Iterable[TaskInfo]
) -> None:
    """Raises Split4mlError, naming the report and what differs, if it is that of another build."""
    where = str(report.path)
    hint = "synthesise this build's projects again, or remove the report"
    for what, found, expected in (
        ("top function", report.top.name, top),
        ("part", report.part.lower(), part.lower()),
    ):
        if found != expected:
            raise Split4mlError(
                f"the report is of another build: its {what} is {found}, not {expected}", where, hint
            )
    if abs(report.clock_ns - clock_ns) > 0.011:  # HLS prints two digits
        raise Split4mlError(
            f"the report is of another build: its clock period is {report.clock_ns:g} ns, not {clock_ns:g} ns",
            where,
            hint,
        )
    for task in tasks:
        named = task.config is not None and any(
            re.search(rf"_{re.escape(task.config)}(_|$)", name) for name in report.modules
        )
        if task.kind.startswith(MATRIX) and not named:
            raise Split4mlError(
                f"the report is of another build: it has no module of {task.name} ({task.function}, {task.config})",
                where,
                hint,
            )
