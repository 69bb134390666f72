"""Which RTL module is which task: by the kernel and the configuration struct that the module's name is made of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from split4ml.backends.reports.solution import Module, Solution
from split4ml.backends.trace.toplevel import TaskCall
from split4ml.passes.timing.reported import Reported, ReportedLoop
from split4ml.passes.timing.tasktrace import TaskTrace


@dataclass(frozen=True)
class Matched:
    """tasks: what was found, by task. foreign: task -> why its module is not its. Of others no module was found."""

    tasks: Mapping[str, Reported]
    foreign: Mapping[str, str]


def match(calls: Sequence[TaskCall], traces: Sequence[TaskTrace], solution: Solution) -> Matched:
    """calls and traces: the project's tasks, in program order."""
    tasks: dict[str, Reported] = {}
    foreign: dict[str, str] = {}
    taken: set[str] = set()
    for call, trace in zip(calls, traces, strict=True):
        module = _module(call, trace, solution, taken)
        if module is None:
            continue
        taken.add(module.name)
        reported = _reported(module, solution)
        why = _differs(reported, trace)
        if why:
            foreign[call.name] = f"{module.name}: {why}"
        else:
            tasks[call.name] = reported
    return Matched(tasks, foreign)


def _module(call: TaskCall, trace: TaskTrace, solution: Solution, taken: set[str]) -> Module | None:
    """By its configuration; without one, the first that is free of the kernel's processes, or modules of the right size."""
    candidates = [m for name, m in solution.modules.items() if _is_kernel(name, call.kind)]
    if call.config is not None:
        config = re.compile(rf"(?:^|_){re.escape(call.config)}(?:_s)?(?:_\d+)?$")
        found = [m for m in candidates if config.search(m.name)]
        return min(found, key=lambda m: len(m.name), default=None)
    order = [name for name in solution.processes if _is_kernel(name, call.kind)]
    for name in order:
        if name not in taken and name in solution.modules:
            return solution.modules[name]
    numbers = re.findall(r"\b\d+\b", call.statement.partition("(")[0].rpartition(">")[0].rpartition(",")[2])
    sized = [
        m
        for m in candidates
        if m.name not in taken and numbers and re.search(rf"_{numbers[-1]}(?:_s)?(?:_\d+)?$", m.name)
    ]
    return sized[0] if sized else None


def _is_kernel(name: str, kind: str) -> bool:
    """`conv_2d_cl_array_ap_fixed_…` of conv_2d_cl, but no `dense_latency_…` of dense, nor a loop of its own."""
    rest = name.removeprefix(f"{kind}_")
    return rest != name and bool(re.match(r"array|ap_u?(?:fixed|int)", rest)) and "_Pipeline_" not in name


def _reported(module: Module, solution: Solution) -> Reported:
    return Reported(
        module=module.name,
        latency=module.latency,
        interval=module.interval if module.pipelined else None,
        loops=tuple(_loops(module, solution, {module.name})),
    )


def _loops(module: Module, solution: Solution, seen: set[str]) -> Iterator[ReportedLoop]:
    """Its own, and those that Vitis HLS made modules of (`…_Pipeline_PadMain`)."""
    yield from module.loops
    for name in module.instances:
        inner = solution.modules.get(name)
        if inner is not None and name not in seen and "_Pipeline_" in name:
            seen.add(name)
            yield from _loops(inner, solution, seen)


def _differs(reported: Reported, trace: TaskTrace) -> str | None:
    """Why the module cannot be this task's: a loop of the same name with another number of iterations."""
    executed: dict[str, set[int]] = {}
    loops = trace.program.loops
    for loop in loops:
        executed.setdefault(loop.site.partition(":")[2], set()).add(loop.iterations)
    total: dict[str, int] = {}
    for site, count in zip(trace.loops.site, trace.loops.iterations.tolist(), strict=True):
        label = site.partition(":")[2]
        total[label] = total.get(label, 0) + count
    for counted in trace.counted:
        if counted.instances:
            executed.setdefault(counted.label, set()).add(counted.iterations // counted.instances)
            total[counted.label] = max(total.get(counted.label, 0), counted.iterations)
    for found in reported.loops:
        parts = found.innermost.split("_")
        label = next((found.innermost for _ in [0] if found.innermost in executed), parts[-1])
        if found.trips is None or label not in executed:
            continue
        if found.trips not in executed[label] and found.trips != total[label]:
            wanted = total[label] if found.innermost != label else min(executed[label])
            return f"its loop {found.innermost} has {found.trips} iterations, the C++ {wanted}"
    return None
