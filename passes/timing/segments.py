"""Splits a task's trace into the loops and the straight code that run one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from split4ml.passes.timing.program import NO_LOOP
from split4ml.passes.timing.schedule import Ints
from split4ml.passes.timing.tasktrace import TaskTrace


@dataclass(frozen=True, eq=False)
class Segment:
    """Operations [start, stop) of a task: one loop nest, or straight code.

    sites:      the loops that hold operations, in order of appearance; () for straight code.
    iterations: executed by the nest as a whole, in operations' loops.
    ii:         of the PIPELINE pragma, 0: none.
    iteration:  int64[stop - start], which of the `iterations` an operation belongs to.
    outer:      int64[stop - start], iteration of the outermost loop.
    leaf:       int64[stop - start], execution of the loop that holds the operation.
    """

    start: int
    stop: int
    sites: tuple[str, ...]
    iterations: int
    ii: int
    iteration: Ints
    outer: Ints
    leaf: Ints

    @property
    def is_loop(self) -> bool:
        return bool(self.sites) and self.iterations > 1

    @property
    def perfect(self) -> bool:
        """All operations are in one innermost loop, so that the nest can be flattened into it."""
        return len(self.sites) <= 1


def split(task: TaskTrace) -> tuple[Segment, ...]:
    """The segments of a task, in the order in which they run."""
    loops = task.loops
    loop = task.op_loop.astype(np.int64)
    iteration = task.op_iteration.astype(np.int64)
    root, outer = loop.copy(), iteration.copy()
    while len(loop):
        parent = np.where(root >= 0, loops.parent[root], NO_LOOP) if len(loops.parent) else root * 0 + NO_LOOP
        inside = parent >= 0
        if not inside.any():
            break
        outer = np.where(inside, loops.parent_iteration[root], outer)
        root = np.where(inside, parent, root)
    bounds = [0, *(np.flatnonzero(np.diff(root)) + 1).tolist(), len(root)] if len(root) else [0]
    return tuple(_segment(task, loop, iteration, outer, start, stop) for start, stop in pairwise(bounds))


def _segment(task: TaskTrace, loop: Ints, iteration: Ints, outer: Ints, start: int, stop: int) -> Segment:
    here = loop[start:stop]
    if here[0] == NO_LOOP:
        zero = np.zeros(stop - start, np.int64)
        return Segment(start, stop, (), 1, 0, zero, zero, zero)
    leaves, index = np.unique(here, return_inverse=True)
    counts = task.loops.iterations[leaves]
    before = np.cumsum(counts) - counts
    sites = tuple(dict.fromkeys(task.loops.site[i] for i in leaves.tolist()))
    return Segment(
        start=start,
        stop=stop,
        sites=sites,
        iterations=int(counts.sum()),
        ii=int(task.loops.ii[leaves].max()),
        iteration=before[index] + iteration[start:stop],
        outer=outer[start:stop],
        leaf=index.astype(np.int64),
    )


def leaves(segment: Segment) -> list[tuple[int, int]]:
    """[start, stop) of each execution of an innermost loop, relative to the segment's start."""
    bounds = [0, *(np.flatnonzero(np.diff(segment.leaf)) + 1).tolist(), segment.stop - segment.start]
    return list(pairwise(bounds))


def repeats(key: Ints) -> Ints:
    """How often each value occurred before, position by position: [5, 5, 7, 5] gives [0, 1, 0, 2]."""
    order = np.argsort(key, kind="stable")
    sorted_key = key[order]
    new = np.ones(len(key), np.bool_)
    new[1:] = sorted_key[1:] != sorted_key[:-1]
    first = np.maximum.accumulate(np.where(new, np.arange(len(key)), 0))
    count = np.empty(len(key), np.int64)
    count[order] = np.arange(len(key)) - first
    return count
