"""The stream operations of a task as a tree of loops whose iterations are stored once, with a count.

A convolution over 224 x 224 pixels does a hundred thousand operations, but no more than a handful of different
iterations and rows: what is stored grows with what differs, not with the image.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from split4ml.passes.timing.schedule import Ints

NO_LOOP = -1

Body = tuple[int, ...]
"""What is done one after the other: 2 * port for a read, 2 * port + 1 for a write, -1 - n for loop n."""


@dataclass(frozen=True)
class Loop:
    """One execution of a loop. site: "function:label"; ii: of its PIPELINE pragma, 1 if that names none, 0: no pragma.

    runs: (count, body) in the order in which they are executed; body is an index into the program's bodies.
    """

    site: str
    ii: int
    runs: tuple[tuple[int, int], ...]

    @property
    def iterations(self) -> int:
        return sum(count for count, _ in self.runs)


@dataclass(frozen=True)
class Program:
    """bodies and loops refer to each other by index, never in a circle; `root` is the body of the whole task."""

    bodies: tuple[Body, ...]
    loops: tuple[Loop, ...]
    root: int

    @cached_property
    def flat(self) -> Flat:
        """Every operation, in order. Takes time and memory in proportion to their number."""
        return _Expansion(self).body(self.root)

    @cached_property
    def size(self) -> int:
        """Numbers that are stored."""
        return sum(map(len, self.bodies)) + sum(2 * len(loop.runs) + 2 for loop in self.loops)


@dataclass(frozen=True, eq=False)
class Flat:
    """Operations and executed loops, each in the order of their first appearance.

    code:      int32[n], as in a body. loop: int32[n], NO_LOOP outside of all loops; iteration: int32[n], of that loop.
    site:      int32[l], index into `Program.loops`; parent: int64[l], NO_LOOP for the outermost; parent_iteration:
               int64[l], iteration of the parent in which the loop was entered.
    """

    code: npt.NDArray[np.int32]
    loop: npt.NDArray[np.int32]
    iteration: npt.NDArray[np.int32]
    site: npt.NDArray[np.int32]
    parent: Ints
    parent_iteration: Ints


@dataclass
class _Expansion:
    program: Program
    bodies: dict[int, Flat] = field(default_factory=dict)
    loops: dict[int, Flat] = field(default_factory=dict)

    def body(self, index: int) -> Flat:
        """Operations directly in the body have loop and iteration NO_LOOP and 0, and so have its loops as parents."""
        if index not in self.bodies:
            parts, loops = [], 0
            for item in self.program.bodies[index]:
                part = _single(item) if item >= 0 else self.loop(-1 - item)
                parts.append(_moved(part, loops))
                loops += len(part.site)
            self.bodies[index] = _joined(parts)
        return self.bodies[index]

    def loop(self, index: int) -> Flat:
        """The loop itself is number 0."""
        if index not in self.loops:
            start, loops, parts = 0, 1, [_only_loop(index)]
            for count, body in self.program.loops[index].runs:
                once = self.body(body)
                parts.append(_repeated(once, count, start, loops))
                start += count
                loops += count * len(once.site)
            self.loops[index] = _joined(parts)
        return self.loops[index]


def _single(code: int) -> Flat:
    none = np.zeros(0, np.int64)
    return Flat(
        np.array([code], np.int32),
        np.array([NO_LOOP], np.int32),
        np.zeros(1, np.int32),
        none.astype(np.int32),
        none,
        none,
    )


def _only_loop(index: int) -> Flat:
    none = np.zeros(0, np.int32)
    return Flat(none, none, none, np.array([index], np.int32), np.array([NO_LOOP]), np.zeros(1, np.int64))


def _moved(flat: Flat, loops: int) -> Flat:
    """With its loops numbered from `loops` on."""
    if not loops:
        return flat
    return Flat(
        flat.code,
        np.where(flat.loop >= 0, flat.loop + np.int32(loops), flat.loop),
        flat.iteration,
        flat.site,
        np.where(flat.parent >= 0, flat.parent + loops, flat.parent),
        flat.parent_iteration,
    )


def _repeated(once: Flat, count: int, start: int, loops: int) -> Flat:
    """The body of iterations `start` to `start + count` of loop 0; its own loops are numbered from `loops` on."""
    inner = len(once.site)
    iteration = np.arange(start, start + count)
    offset = loops + inner * np.arange(count)

    def tiled(values: npt.NDArray[np.signedinteger], other: Ints, per: int) -> Ints:
        """Values of inner loops moved along; NO_LOOP becomes `other`."""
        moved = np.tile(values.astype(np.int64), count)
        return np.where(moved >= 0, moved + np.repeat(offset, per), other)

    operations = len(once.code)
    direct = np.tile(once.loop, count) < 0
    outer = np.tile(once.parent, count) < 0
    zero = np.zeros(1, np.int64)
    return Flat(
        np.tile(once.code, count),
        tiled(once.loop, zero, operations).astype(np.int32),
        np.where(direct, np.repeat(iteration, operations), np.tile(once.iteration, count)).astype(np.int32),
        np.tile(once.site, count),
        tiled(once.parent, zero, inner),
        np.where(outer, np.repeat(iteration, inner), np.tile(once.parent_iteration, count)),
    )


def _joined(parts: list[Flat]) -> Flat:
    if len(parts) == 1:
        return parts[0]

    def join(name: str, dtype: type[np.signedinteger]) -> npt.NDArray[np.signedinteger]:
        return np.concatenate([np.zeros(0, dtype), *(getattr(part, name) for part in parts)]).astype(dtype)

    return Flat(
        code=join("code", np.int32),
        loop=join("loop", np.int32),
        iteration=join("iteration", np.int32),
        site=join("site", np.int32),
        parent=join("parent", np.int64),
        parent_iteration=join("parent_iteration", np.int64),
    )


class ProgramBuilder:
    """Makes a program from iterations; equal bodies and loops are stored once."""

    def __init__(self) -> None:
        self._bodies: dict[Body, int] = {}
        self._loops: dict[Loop, int] = {}

    def body(self, items: Iterable[int]) -> int:
        return self._bodies.setdefault(tuple(items), len(self._bodies))

    def loop(self, site: str, ii: int, bodies: Iterable[Iterable[int]]) -> int:
        """The item of a body that stands for a loop with these iterations."""
        runs: list[tuple[int, int]] = []
        for items in bodies:
            index = self.body(items)
            if runs and runs[-1][1] == index:
                runs[-1] = (runs[-1][0] + 1, index)
            else:
                runs.append((1, index))
        return -1 - self._loops.setdefault(Loop(site, ii, tuple(runs)), len(self._loops))

    def program(self, items: Iterable[int]) -> Program:
        root = self.body(items)
        return Program(tuple(self._bodies), tuple(self._loops), root)
