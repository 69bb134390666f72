"""Options of a branch that differ in light atoms only, as one: their least bits and amounts stand for all of them until a pair of rows is found.

Where light atoms are makes many options and little difference. Lists of groups are shorter, and a pair of their rows that keeps all limits
is only a hint: the members are tried then (branchkernel.join). What no pair of groups can do, no partition can.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from split4ml.passes.solve.multipliers import Multipliers, multipliers
from split4ml.passes.solve.options import Ints, Options

LIGHT = 1 / 500
"""Of the sum of all values, what those of light atoms sum to at most."""


@dataclass(frozen=True)
class Branch:
    """The groups of options of one branch, the least cost first: what each has at least.

    amounts: [group, subgraph] of the first limit. used: subgraphs that a member fills. number: among the groups of all branches.
    complete: all options of no more bits are there.
    """

    atoms: tuple[int, ...]
    amounts: Ints
    bits: Ints
    cost: Ints
    used: Ints
    number: NDArray[np.int32]
    complete: int

    def priced(self, worth: Multipliers) -> Branch:
        """With other costs: the worths of the first limit, and the bits."""
        cost = self.bits + worth.of(self.amounts)
        order = np.argsort(cost, kind="stable")
        return replace(
            self,
            amounts=self.amounts[order],
            bits=self.bits[order],
            cost=cost[order],
            used=self.used[order],
            number=self.number[order],
        )


@dataclass(frozen=True)
class Members:
    """The options of all branches.

    begin: [group + 1] where the members of a group begin; they have the fewest bits first. least: [group, column] and amounts: [member, column],
    limits by subgraph, then the bits. numbers: of each branch, its members' subgraphs. offset: of each branch, its first member.
    """

    begin: Ints
    least: Ints
    amounts: Ints
    used: Ints
    numbers: tuple[NDArray[np.int8], ...]
    offset: tuple[int, ...]

    def numbers_of(self, member: int) -> list[int]:
        """The subgraphs of a branch's atoms."""
        branch = bisect_right(self.offset, member) - 1
        return [int(k) for k in self.numbers[branch][member - self.offset[branch]]]


@dataclass(frozen=True)
class _Grouped:
    """Options of a branch, ordered by group. starts: where groups begin. amounts, bits: the least of each group."""

    option: Options
    columns: Ints
    starts: Ints
    least: Ints

    @property
    def amounts(self) -> Ints:
        return self.least[:, :-1]

    @property
    def bits(self) -> Ints:
        return self.least[:, -1]


def grouped(
    found: Sequence[Options], values: Sequence[int], room: Ints, parts: int
) -> tuple[list[Branch], Members, Multipliers]:
    """The groups of all branches, and by what they cost. values: of each atom, by which it is light or not. room: as in `multipliers`."""
    heavy = _heavy(found, values)
    listed = [_group(one, heavy) for one in found]
    worth = multipliers(listed, room, parts)
    branches: list[Branch] = []
    groups = 0
    for one in listed:
        cost = np.minimum.reduceat(one.columns[:, -1] + worth.of(one.columns[:, :-1]), one.starts)
        order = np.argsort(cost, kind="stable")
        fills = np.bitwise_or.reduceat(one.option.used, one.starts)
        branches.append(
            Branch(
                one.option.atoms,
                np.ascontiguousarray(one.least[order, :parts]),
                one.bits[order],
                cost[order],
                fills[order],
                (groups + order).astype(np.int32),
                one.option.complete,
            )
        )
        groups += len(order)
    offset = np.cumsum([0, *(len(one.columns) for one in listed)])
    none = np.zeros((0, len(room) + 1), np.int64)  # where all atoms are fixed
    members = Members(
        np.concatenate([*(at + one.starts for at, one in zip(offset, listed, strict=False)), offset[-1:]]),
        np.concatenate([none, *(one.least for one in listed)]),
        np.concatenate([none, *(one.columns for one in listed)]),
        np.concatenate([none[:, 0], *(one.option.used for one in listed)]),
        tuple(one.option.numbers for one in listed),
        tuple(offset[:-1].tolist()),
    )
    return branches, members, worth


def _group(one: Options, heavy: Collection[int]) -> _Grouped:
    group = _numbered(one.numbers[:, [at for at, atom in enumerate(one.atoms) if atom in heavy]])
    order = np.argsort(group, kind="stable")  # keeps the fewest bits first
    one = replace(
        one,
        numbers=one.numbers[order],
        bits=one.bits[order],
        amounts=one.amounts[order],
        used=one.used[order],
    )
    columns = np.concatenate((one.amounts, one.bits[:, None]), axis=1)
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    return _Grouped(one, columns, starts, np.minimum.reduceat(columns, starts, axis=0))


def _heavy(found: Sequence[Options], values: Sequence[int]) -> set[int]:
    """All but the lightest atoms."""
    left = sum(values) * LIGHT
    heavy = set()
    for atom in sorted((atom for one in found for atom in one.atoms), key=lambda atom: (values[atom], atom)):
        left -= values[atom]
        if left < 0:
            heavy.add(atom)
    return heavy


def _numbered(numbers: NDArray[np.int8]) -> Ints:
    """A number for each row, the same for equal rows."""
    key = np.zeros(len(numbers), np.int64)
    for column in numbers.T:
        _, key = np.unique(key * (int(column.max(initial=0)) + 1) + column, return_inverse=True)
    return key.astype(np.int64)
