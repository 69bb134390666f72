"""When each subgraph is synthesised, with so many jobs at once and so much memory: the shortest plan.

Jobs are independent, run once they have started, and take a machine and their memory until they end. Few jobs are planned
exactly by branch and bound; `Plan.lower` says what is proven.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from split4ml.passes.solve.problem import Workshop

NODES = 20_000
"""Partial plans that the exact search looks at."""
MANY = 32
"""With more jobs the search would take seconds, and greedy plans are within a per cent of the bound."""


@dataclass(frozen=True)
class Plan:
    """starts: when each job begins; makespan: when the last one ends; lower: no plan ends before that."""

    starts: tuple[int, ...]
    makespan: int
    lower: int


@dataclass(frozen=True)
class _Job:
    duration: int
    memory: int


@dataclass(frozen=True)
class _Load:
    """What runs over time: from `times[i]` to `times[i + 1]`, `jobs[i]` jobs with `memory[i]`; nothing after the last."""

    times: tuple[int, ...] = (0,)
    jobs: tuple[int, ...] = (0,)
    memory: tuple[int, ...] = (0,)

    def earliest(self, job: _Job, machines: int, limit: int) -> int:
        """The first time from which the job fits: the beginning, or an end of another."""
        begin, at = 0, 0
        while at < len(self.times) and self.times[at] < begin + max(1, job.duration):
            if self.jobs[at] >= machines or self.memory[at] + job.memory > limit:
                begin = self.times[at + 1]  # the last stretch is idle, so there is one
            at += 1
        return begin

    def plus(self, job: _Job, begin: int) -> _Load:
        if job.duration == 0:
            return self
        times = sorted({*self.times, begin, begin + job.duration})
        old = [bisect_left(self.times, t + 1) - 1 for t in times]
        inside = [begin <= t < begin + job.duration for t in times]
        return _Load(
            tuple(times),
            tuple(self.jobs[i] + now for i, now in zip(old, inside, strict=True)),
            tuple(self.memory[i] + now * job.memory for i, now in zip(old, inside, strict=True)),
        )


def plan(durations: Sequence[int], memory: Sequence[int], workshop: Workshop) -> Plan:
    """The shortest plan found. `memory`: MiB per job; each alone fits into the workshop's."""
    return _plan(tuple(durations), tuple(memory), workshop.jobs, workshop.memory)


def lower_bound(durations: Sequence[int], memory: Sequence[int], workshop: Workshop) -> int:
    """No plan is shorter: the longest job; jobs share machines, and memory; two that need more than half exclude each other."""
    bound = max(durations)
    if workshop.jobs is not None:
        bound = max(bound, -(-sum(durations) // workshop.jobs))
    if workshop.memory is not None:
        area = sum(d * m for d, m in zip(durations, memory, strict=True))
        bound = max(bound, -(-area // max(1, workshop.memory)))
        bound = max(bound, sum(d for d, m in zip(durations, memory, strict=True) if 2 * m > workshop.memory))
    return bound


@lru_cache(maxsize=4096)
def _plan(durations: tuple[int, ...], memory: tuple[int, ...], most: int | None, limit: int | None) -> Plan:
    count = len(durations)
    machines = min(most or count, count)
    if limit is None or sum(memory) <= limit:
        memory, limit = (0,) * count, None
    if machines == count and limit is None:
        return Plan((0,) * count, max(durations), max(durations))
    lower = lower_bound(durations, memory, Workshop(machines, limit))
    jobs = [_Job(d, m) for d, m in zip(durations, memory, strict=True)]
    search = _Search(jobs, machines, limit, lower)
    if count <= MANY:
        search.run()
        lower = search.makespan if search.nodes < NODES else lower
    return Plan(tuple(search.starts), search.makespan, lower)


class _Search:
    """Depth first over the orders in which jobs are placed; without memory, over their machines."""

    def __init__(self, jobs: Sequence[_Job], machines: int, limit: int | None, lower: int) -> None:
        self.jobs, self.machines, self.limit, self.lower = jobs, machines, limit, lower
        self.nodes = 0
        every = range(len(jobs))
        self.order = sorted(every, key=lambda k: (-jobs[k].duration, -jobs[k].memory, k))
        greedy = [
            self._serial(order)
            for order in (
                self.order,
                sorted(every, key=lambda k: (-jobs[k].memory, -jobs[k].duration, k)),
                sorted(every, key=lambda k: (-jobs[k].duration * (jobs[k].memory + 1), k)),
            )
        ]
        self.starts = min(greedy, key=self._end)
        self.makespan = self._end(self.starts)

    def run(self) -> None:
        if self.makespan == self.lower:
            return
        if self.limit is not None:
            self._place(self.order, _Load(), 0, [0] * len(self.order))
        else:
            self._assign(0, [0] * self.machines, [0] * len(self.order))

    def _end(self, starts: Sequence[int]) -> int:
        return max(start + job.duration for start, job in zip(starts, self.jobs, strict=True))

    def _earliest(self, load: _Load, job: int) -> int:
        return load.earliest(self.jobs[job], self.machines, 0 if self.limit is None else self.limit)

    def _serial(self, order: Sequence[int]) -> list[int]:
        """Every job in turn as early as it fits. Some order gives an optimal plan."""
        load, starts = _Load(), [0] * len(self.jobs)
        for job in order:
            starts[job] = self._earliest(load, job)
            load = load.plus(self.jobs[job], starts[job])
        return starts

    def _done(self) -> bool:
        return self.nodes >= NODES or self.makespan == self.lower

    def _assign(self, at: int, ends: list[int], starts: list[int]) -> None:
        """Longest first, each to a machine; machines that end at the same time are one."""
        self.nodes += 1
        if at == len(self.order):
            self.starts, self.makespan = list(starts), max(ends)
            return
        job = self.order[at]
        tried: set[int] = set()
        for machine in sorted(range(self.machines), key=ends.__getitem__):
            end = ends[machine]
            if self._done():
                return
            if end in tried or end + self.jobs[job].duration >= self.makespan:
                continue
            tried.add(end)
            starts[job], ends[machine] = end, end + self.jobs[job].duration
            self._assign(at + 1, ends, starts)
            ends[machine] = end

    def _place(self, left: Sequence[int], load: _Load, end: int, starts: list[int]) -> None:
        self.nodes += 1
        if not left:
            self.starts, self.makespan = list(starts), end
            return
        tried: set[_Job] = set()
        for job in left:
            if self._done():
                return
            if self.jobs[job] in tried:
                continue
            tried.add(self.jobs[job])
            begin = self._earliest(load, job)
            stop = begin + self.jobs[job].duration
            if stop >= self.makespan:
                continue
            starts[job] = begin
            self._place(
                [k for k in left if k != job], load.plus(self.jobs[job], begin), max(end, stop), starts
            )
