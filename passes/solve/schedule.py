"""When each subgraph is synthesised, with so many jobs at once and so much memory: the shortest plan.

Jobs are independent, run once they have started, and take a machine and their memory until they end. Few jobs are planned
exactly (`scarcekernel.in_time`); `Plan.lower` says what is proven.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from split4ml.passes.solve.problem import Workshop

LARGEST = 2**60
"""More than any sum of time and memory may be."""
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
    starts = _greedy(jobs, machines, limit)
    room = max(1, limit or 1)
    if count <= MANY and sum(durations) * max(room, machines) <= LARGEST:
        return _exact(jobs, machines, room, starts, lower)
    return Plan(tuple(starts), _end(jobs, starts), lower)


def _end(jobs: Sequence[_Job], starts: Sequence[int]) -> int:
    return max(start + job.duration for start, job in zip(starts, jobs, strict=True))


def _greedy(jobs: Sequence[_Job], machines: int, limit: int | None) -> list[int]:
    """The best of three orders in which every job begins as early as it fits."""
    every = range(len(jobs))
    orders = (
        sorted(every, key=lambda k: (-jobs[k].duration, -jobs[k].memory, k)),
        sorted(every, key=lambda k: (-jobs[k].memory, -jobs[k].duration, k)),
        sorted(every, key=lambda k: (-jobs[k].duration * (jobs[k].memory + 1), k)),
    )
    plans = []
    for order in orders:
        load, starts = _Load(), [0] * len(jobs)
        for job in order:
            starts[job] = load.earliest(jobs[job], machines, 0 if limit is None else limit)
            load = load.plus(jobs[job], starts[job])
        plans.append(starts)
    return min(plans, key=lambda starts: _end(jobs, starts))


def _exact(jobs: Sequence[_Job], machines: int, memory: int, starts: Sequence[int], lower: int) -> Plan:
    """Asks for less and less time, for as long as that is answered."""
    import numpy as np

    from split4ml.passes.solve.scarcekernel import NO, YES, in_time

    count = len(jobs)
    order = sorted(range(count), key=lambda k: (-jobs[k].duration, -jobs[k].memory, k))
    duration = np.array([jobs[k].duration for k in order], np.int64)
    need = np.array([jobs[k].memory for k in order], np.int64)
    start, stack = np.zeros(count, np.int64), np.zeros((2 * count + 3, 4), np.int64)
    makespan, answer = _end(jobs, starts), YES
    while makespan > lower and answer == YES:
        answer = in_time(duration, need, count, machines, memory, makespan - 1, start, stack)
        if answer == YES:
            begins = dict(zip(order, start, strict=True))
            starts = [int(begins[k]) for k in range(count)]
            makespan = _end(jobs, starts)
        elif answer == NO:
            lower = makespan
    return Plan(tuple(starts), makespan, lower)
