"""Compiled loops that look for partitions whose subgraphs are synthesised in time by few jobs or little memory (passes/solve/scarce.py)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from split4ml.passes.timing.jit import compiled, inlined

Ints = NDArray[np.int64]

NEVER = 2**61
"""What a chain of ideals costs that does not exist."""
YES, NO, UNKNOWN = 1, 0, -1
LEAF = 20_000
"""Steps for one plan."""

# What a search remembers between calls.
DEPTH, BEST, LIMIT, FOUND, DOUBTS, DONE = range(6)
"""Subgraphs chosen; the value to be beaten; when all must be synthesised; whether a chain was found; plans given up; whether it is over."""
ANY, VALUE, SOONER = range(3)
"""What is looked for: any chain, those of less and less value, or those that take less and less time."""


@inlined
def _next_end(start: Ints, duration: Ints, jobs: int, now: int) -> int:
    """The first end after now of a job that runs, or -1."""
    found = -1
    for job in range(jobs):
        if start[job] >= 0:
            end = start[job] + duration[job]
            if end > now and (found < 0 or end < found):
                found = end
    return found


@inlined
def _hopeless(
    start: Ints, duration: Ints, need: Ints, jobs: int, machines: int, memory: int, now: int, limit: int
) -> bool:
    """Whether what is left is too much for the time that is left: in all, of memory, or of jobs that exclude each other."""
    work, area, alone = 0, 0, 0
    for job in range(jobs):
        left = duration[job]
        if start[job] >= 0:
            left += start[job] - now
        elif left > limit - now:
            return True
        if left > 0:
            work += left
            area += left * need[job]
            if 2 * need[job] > memory:
                alone += left
    time = limit - now
    return work > machines * time or area > memory * time or alone > time


@compiled
def in_time(
    duration: Ints,
    need: Ints,
    jobs: int,
    machines: int,
    memory: int,
    limit: int,
    start: Ints,
    stack: Ints,
) -> int:
    """Whether all jobs can end by the limit, of so many at once and within the memory; then `start` has their plan. Negative: not known.

    In the order of time: jobs begin at 0 or when another one ends. stack: [2 jobs + 2, 4]. The last row counts steps.
    """
    for job in range(jobs):
        start[job] = -1
    depth, steps = 0, 0
    stack[0, 0], stack[0, 1], stack[0, 2] = 0, 0, 0  # the time, the next job to try, and the first one
    if _hopeless(start, duration, need, jobs, machines, memory, 0, limit):
        return NO
    while depth >= 0:
        steps += 1
        if steps > LEAF:
            stack[-1, 3] += steps
            return UNKNOWN
        now = stack[depth, 0]
        running, used, waiting = 0, 0, 0
        for job in range(jobs):
            if start[job] < 0:
                waiting += 1
            elif start[job] + duration[job] > now:
                running += 1
                used += need[job]
        if waiting == 0:
            stack[-1, 3] += steps
            return YES
        job = stack[depth, 1]
        while job < jobs and (
            start[job] >= 0 or running >= machines or used + need[job] > memory or now + duration[job] > limit
        ):
            job += 1
        if job < jobs:
            stack[depth, 1], stack[depth, 3] = job + 1, job
            start[job] = now
            depth += 1
            stack[depth, 0], stack[depth, 1], stack[depth, 2] = now, job + 1, 0
            continue
        then = _next_end(start, duration, jobs, now) if stack[depth, 1] <= jobs else -1
        stack[depth, 1], stack[depth, 3] = jobs + 1, -1
        idle = False  # for a job that would be over by then: no loss to begin it now
        for job in range(jobs):
            if start[job] < 0 and running < machines and used + need[job] <= memory:
                idle |= now + duration[job] <= then
        if (
            then >= 0
            and not idle
            and not _hopeless(start, duration, need, jobs, machines, memory, then, limit)
        ):
            depth += 1
            stack[depth, 0], stack[depth, 1], stack[depth, 2] = then, 0, 0
            continue
        depth -= 1
        if depth >= 0 and stack[depth, 3] >= 0:
            start[stack[depth, 3]] = -1
    stack[-1, 3] += steps
    return NO


@inlined
def _sort(order: Ints, duration: Ints, need: Ints, jobs: int) -> None:
    """The order of the longest first; of equals, those that need most."""
    for at in range(jobs):
        place = at
        while place > 0:
            other = order[place - 1]
            if duration[other] > duration[at] or (
                duration[other] == duration[at] and need[other] >= need[at]
            ):
                break
            order[place] = other
            place -= 1
        order[place] = at


@compiled
def search(
    first: NDArray[np.int32],
    begin: Ints,
    duration: Ints,
    need: Ints,
    value: Ints,
    head: Ints,
    measures: Ints,
    heads: Ints,
    caps: Ints,
    parts: int,
    machines: int,
    memory: int,
    largest: bool,
    aim: int,
    steps: int,
    chain: Ints,
    state: Ints,
    totals: Ints,
    best: Ints,
    rows: Ints,
    stack: Ints,
) -> None:
    """Depth first over chains of ideals, from the last boundary to the first, for so many steps; `state` says how far it came.

    first, begin: pairs of ideals, by the second. duration, need, value: of each pair's subgraph. head[k, i]: the least value of
    k + 1 subgraphs that fill ideal i; heads[c, k, i] that of measure c, of which a chain may have caps[c].
    largest: what counts as the value of a chain is the largest one rather than their sum.
    chain: [depth, (ideal, next pair, pair)]. totals: [depth, measures + 1]. best: the pairs found. rows: [5, parts] to work in.
    """
    last, every = len(begin) - 1, len(measures)
    used = 0
    while used < steps:
        depth = state[DEPTH]
        if depth < 0:
            state[DONE] = 1
            return
        used += 1
        if depth == parts:
            used += _leaf(duration, need, chain, parts, machines, memory, state, best, rows, stack)
            if state[FOUND] == 2:  # just now
                state[FOUND] = 1
                if aim == ANY:
                    state[DONE] = 1
                    return
                if aim == VALUE:
                    state[BEST] = totals[depth, every]
                else:
                    end = 0
                    for k in range(parts):
                        end = max(end, rows[2, k] + rows[3, k])
                    state[LIMIT] = end - 1
            state[DEPTH] = depth - 1
            continue
        second, left = chain[depth, 0], parts - depth - 1  # subgraphs left to choose after this one
        at = chain[depth, 1]
        end = begin[second + 1] if second < last else len(first)
        found = False
        while at < end and not found:
            ideal = first[at]
            found = duration[at] <= state[LIMIT] and (
                ideal == 0 if left == 0 else head[left - 1, ideal] < NEVER
            )
            if found:
                total = max(totals[depth, every], value[at]) if largest else totals[depth, every] + value[at]
                whole = total
                if left > 0:
                    rest = head[left - 1, ideal]
                    whole = max(total, rest) if largest else total + rest
                totals[depth + 1, every] = total
                found = whole < state[BEST]
            for c in range(every):
                if not found:
                    break
                total = totals[depth, c] + measures[c, at]
                totals[depth + 1, c] = total
                if left > 0:
                    total += heads[c, left - 1, ideal]
                found = total <= caps[c]
            at += 1
        chain[depth, 1] = at
        if not found:
            state[DEPTH] = depth - 1
            continue
        chain[depth, 2] = at - 1
        depth += 1
        state[DEPTH] = depth
        chain[depth, 0] = first[at - 1]
        chain[depth, 1] = begin[first[at - 1]]


@inlined
def _leaf(
    duration: Ints,
    need: Ints,
    chain: Ints,
    parts: int,
    machines: int,
    memory: int,
    state: Ints,
    best: Ints,
    rows: Ints,
    stack: Ints,
) -> int:
    """Plans the subgraphs of a chain, the longest first. The steps that took."""
    stack[-1, 3] = 0
    for k in range(parts):
        rows[0, k] = duration[chain[k, 2]]
        rows[1, k] = need[chain[k, 2]]
    _sort(rows[2], rows[0], rows[1], parts)
    for k in range(parts):
        rows[3, k] = rows[0, rows[2, k]]
        rows[4, k] = rows[1, rows[2, k]]
    answer = in_time(rows[3], rows[4], parts, machines, memory, state[LIMIT], rows[2], stack)
    if answer == YES:
        state[FOUND] = 2
        for k in range(parts):
            best[k] = chain[k, 2]
    elif answer == UNKNOWN:
        state[DOUBTS] += 1
    return int(stack[-1, 3])
