"""What the reports of HLS in a project settle about the timing of its tasks, in place of estimates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from split4ml.compiler.progress import Reporter
from split4ml.compiler.project_facts import ProjectFacts
from split4ml.dialects.errors import Split4mlError

if TYPE_CHECKING:
    from split4ml.backends.reports.solution import Solution
    from split4ml.backends.trace.tasks import TracedTasks
    from split4ml.backends.trace.toplevel import TaskCall
    from split4ml.passes.timing.known import Known
    from split4ml.passes.timing.tasktrace import TaskTrace

NONE = "none"
"""In place of a folder: reports are not looked for."""
_CLOCK_DIGITS = 0.011
"""HLS prints a period with two digits."""


@dataclass(frozen=True)
class FoundReports:
    """Reports that fit the project. solution: None if there are none."""

    solution: Solution | None
    facts: ProjectFacts


def reports_of(
    project: Path, place: str | None, top: str, facts: ProjectFacts, tool: str | None, reporter: Reporter
) -> FoundReports:
    """The project's reports, or those at `place`; with the tool that made them, if the user names no other, and the part they are for.

    place: a folder, a file, "none", or None: where hls4ml's scripts leave them. tool: that the user gave. Reports of another
    clock, tool or top are left out, with a warning, or refused if the user named them: Split4mlError.
    """
    from split4ml.backends.reports.solutions import find_reports
    from split4ml.passes.timing import constants

    if place == NONE:
        return FoundReports(None, facts)
    where = Path(place) if place is not None else project
    try:
        solution = find_reports(where)
        if solution is None:
            if place is not None:
                raise Split4mlError(
                    "has no reports of HLS", str(where), "give a folder that holds csynth.xml"
                )
            return FoundReports(None, facts)
        why = _of_another_build(solution, top, facts, tool)
        if why is not None:
            raise Split4mlError(
                f"the reports are of another build: {why}", solution.source, "synthesise the project again"
            )
    except Split4mlError as error:
        if place is not None:
            raise
        reporter.warn(f"{error}; its reports are left out")
        return FoundReports(None, facts)
    if tool is None and solution.tool is not None:
        chosen = solution.tool if solution.tool in constants.tools() else constants.nearest(solution.tool)
        assert chosen is not None
        if chosen != solution.tool:
            reporter.warn(f"there are no timing constants for {solution.tool}; those of {chosen} are used")
        facts = replace(facts, tool=chosen)
    return FoundReports(solution, replace(facts, part=solution.part or facts.part))


def _of_another_build(solution: Solution, top: str, facts: ProjectFacts, tool: str | None) -> str | None:
    if solution.top is not None and solution.top != top:
        return f"their top function is {solution.top}, not {top}"
    if solution.clock_ns is not None and abs(solution.clock_ns - facts.clock_ns) > _CLOCK_DIGITS:
        return f"their clock period is {solution.clock_ns:g} ns, not {facts.clock_ns:g} ns"
    if tool is not None and solution.tool is not None and solution.tool != tool:
        return f"they are of {solution.tool}, not {tool}"
    return None


def known_tasks(found: FoundReports, traced: TracedTasks, reporter: Reporter) -> dict[str, Known]:
    """What the reports say of the project's tasks, by task; and tells the user of how many."""
    if found.solution is None:
        return {}
    facts = found.facts
    known = reported(traced.top.tasks, traced.tasks, found.solution, facts.tool, facts.clock_ns, reporter)
    reporter.note(f"HLS reports of {facts.tool}: II and depth of {len(known)} of {len(traced.tasks)} tasks")
    return known


def reported(
    calls: Sequence[TaskCall],
    traces: Sequence[TaskTrace],
    solution: Solution,
    tool: str,
    clock_ns: float,
    reporter: Reporter,
) -> dict[str, Known]:
    """What reports say of tasks, by task. calls, traces: of one project. Warns of modules that cannot be what the C++ is now."""
    from split4ml.backends.reports.matching import match
    from split4ml.passes.timing import constants
    from split4ml.passes.timing.known import UNKNOWN
    from split4ml.passes.timing.reported import known_of

    matched = match(calls, traces, solution)
    for name, why in matched.foreign.items():
        reporter.warn(f"{solution.source}: not used for {name}, since {why}")
    rules = constants.tool(tool)
    known = {
        task.name: known_of(matched.tasks[task.name], task, rules, clock_ns)
        for task in traces
        if task.name in matched.tasks
    }
    return {name: each for name, each in known.items() if each != UNKNOWN}
