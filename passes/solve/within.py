"""Bounds that a partition of atoms must keep while one objective is made the best: the currency of all engines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from split4ml.passes.solve.atoms import Atoms
from split4ml.passes.solve.objectives import (
    BALANCE,
    BITS,
    LATENCY,
    SUBGRAPHS,
    TIME,
    UTILISATION,
)
from split4ml.passes.solve.regions import assign

LOAD = "load"
"""The largest load of a subgraph: the time, if all are synthesised at once."""


@dataclass(frozen=True)
class Within:
    """Bounds on the objectives, in the engines' own terms; None: none.

    load, least: the most and the least that a subgraph may have, without `fixed`. share: in millionths. depth: boundaries on
    a path. time: end of the plan.
    """

    load: int | None = None
    least: int | None = None
    bits: int | None = None
    share: int | None = None
    depth: int | None = None
    time: int | None = None

    def bounds(self, objective: str) -> bool:
        """Whether an objective that sums up over the subgraphs has a bound."""
        return (self.bits if objective == BITS else self.depth) is not None

    def having(self, objective: str, value: int, atoms: Atoms) -> Within:
        """With a bound on an objective, as users count it, if it is tighter than what there is."""
        if objective == TIME:
            tighter = replace(self, time=_least(self.time, value))
            return tighter.having(LOAD, value - atoms.fixed, atoms)
        if objective == LOAD:
            return replace(self, load=_least(self.load, value))
        if objective == BITS:
            return replace(self, bits=_least(self.bits, value))
        if objective == UTILISATION:
            return replace(self, share=_least(self.share, value))
        if objective == LATENCY:
            return replace(self, depth=_least(self.depth, value // atoms.hop)) if atoms.hop else self
        if objective == BALANCE:
            return replace(self, least=max(self.least or 0, value - atoms.fixed))
        assert objective == SUBGRAPHS
        return self


def _least(old: int | None, new: int) -> int:
    return new if old is None else min(old, new)


@dataclass(frozen=True)
class Side:
    """Which constraints of a question the program over ideals cannot express.

    time: jobs or memory are scarce, so that the time is not the largest load. depth: boundaries on a path are bounded.
    regions: subgraphs are placed.
    """

    time: bool = False
    depth: bool = False
    regions: bool = False

    def __bool__(self) -> bool:
        return self.time or self.depth or self.regions


NONE = Side()


def side_of(atoms: Atoms, parts: int, within: Within, objective: str) -> Side:
    return Side(
        time=atoms.crowded(parts) and (within.time is not None or objective == TIME),
        depth=objective == LATENCY or (within.depth is not None and within.depth < parts - 1),
        regions=bool(atoms.regions),
    )


def value_of(atoms: Atoms, part: Sequence[int], objective: str) -> int:
    """An objective of a partition, as users count it."""
    if objective == TIME:
        return atoms.plan(part).makespan
    if objective == LOAD:
        return max(atoms.loads(part))
    if objective == BITS:
        return atoms.bits(part)
    if objective == UTILISATION:
        return atoms.share(part)
    if objective == LATENCY:
        return atoms.hop * atoms.depth(part)
    if objective == BALANCE:
        return min(atoms.loads(part)) + atoms.fixed
    assert objective == SUBGRAPHS
    return max(part) + 1


def keeps(atoms: Atoms, part: Sequence[int], within: Within) -> bool:
    """Whether a partition that meets all other constraints keeps these bounds and can be placed in the regions."""
    loads = atoms.loads(part)
    return (
        (within.load is None or max(loads) <= within.load)
        and (within.least is None or min(loads) >= within.least)
        and (within.bits is None or atoms.bits(part) <= within.bits)
        and (within.share is None or atoms.share(part) <= within.share)
        and (within.depth is None or atoms.depth(part) <= within.depth)
        and (within.time is None or atoms.plan(part).makespan <= within.time)
        and (not atoms.regions or assign(atoms, part).region_of is not None)
    )
