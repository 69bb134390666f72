"""Which region of the device, such as an SLR, each subgraph goes to: within every capacity, with the fewest bits that cross.

A bit that crosses from region 0 to region 2 passes two borders and counts twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import z3

from split4ml.passes.solve.atoms import Atoms
from split4ml.passes.solve.variables import Variables, at_most, interrupting, negate, solver

SECONDS = 5.0
"""For one assignment; the subgraphs of a design are few, so that it takes milliseconds."""


@dataclass(frozen=True)
class Assignment:
    """region_of: by subgraph, None if none was found. proven: that there is none, or none that crosses fewer borders.

    borders: bits in one frame times the borders that they cross.
    """

    region_of: tuple[int, ...] | None
    proven: bool
    borders: int = 0


@dataclass(frozen=True)
class _Demand:
    """uses: by resource and subgraph. capacity: by region and resource. fixed: by subgraph. links: bits of pairs."""

    uses: tuple[tuple[int, ...], ...]
    capacity: tuple[tuple[int | None, ...], ...]
    fixed: tuple[int | None, ...]
    links: tuple[tuple[int, int, int], ...]

    def borders(self, region_of: Sequence[int]) -> int:
        return sum(w * abs(region_of[a] - region_of[b]) for a, b, w in self.links)


def assign(atoms: Atoms, part: Sequence[int]) -> Assignment:
    """Places the subgraphs of a partition."""
    count = max(part) + 1
    names = sorted({r for region in atoms.regions for r in region.capacity})
    fixed: list[int | None] = [None] * count
    for atom, region in atoms.placed.items():
        if fixed[part[atom]] not in (None, region):
            return Assignment(None, True)
        fixed[part[atom]] = region
    links: dict[tuple[int, int], int] = {}
    for u, v, w in atoms.edges:
        if part[u] != part[v]:
            links[part[u], part[v]] = links.get((part[u], part[v]), 0) + w
    return _assign(
        _Demand(
            tuple(tuple(atoms.uses(part, r)) for r in names),
            tuple(tuple(region.capacity.get(r) for r in names) for region in atoms.regions),
            tuple(fixed),
            tuple((a, b, w) for (a, b), w in sorted(links.items())),
        )
    )


@lru_cache(maxsize=1024)
def _assign(demand: _Demand) -> Assignment:
    """By Z3, whose bound falls until it refuses."""
    regions = len(demand.capacity)
    context = z3.Context()
    window = [(0, regions - 1) if home is None else (home, home) for home in demand.fixed]
    y = Variables(window, regions, context, "r")
    asked = solver(context, SECONDS)
    asked.add(*y.monotone())
    for region, capacity in enumerate(demand.capacity):
        for uses, most in zip(demand.uses, capacity, strict=True):
            if most is not None:
                terms, constant = y.inside(uses, region)
                asked.add(at_most(terms, most + constant, context))
    crossing = []
    for a, b, w in demand.links:
        for region in range(regions - 1):
            border = y.fresh(f"b_{a}_{b}_{region}")
            one, other = y.at_most(a, region), y.at_most(b, region)
            asked.add(*y.clause(border, negate(one), other), *y.clause(border, one, negate(other)))
            crossing.append((border, w))
    best = Assignment(None, False)
    with interrupting(context, SECONDS):
        asked.push()
        while (outcome := asked.check()) == z3.sat:
            region_of = y.read(asked.model())
            best = Assignment(region_of, False, demand.borders(region_of))
            asked.add(at_most(crossing, best.borders - 1, context))
        if outcome != z3.unsat or best.region_of is None:
            return Assignment(best.region_of, outcome == z3.unsat, best.borders)
        asked.pop()
        asked.add(at_most(crossing, best.borders, context))
        first = _first(asked, y, best.region_of)
    return Assignment(first, True, best.borders)


def _first(asked: z3.Solver, y: Variables, region_of: tuple[int, ...]) -> tuple[int, ...]:
    """Of all that cross as few borders, the one with the earliest subgraphs in the first regions."""
    for k in range(len(region_of)):
        for region in range(region_of[k]):
            asked.push()
            asked.add(*y.clause(y.at_most(k, region)))
            if asked.check() == z3.sat:
                region_of = y.read(asked.model())
                break
            asked.pop()
        asked.add(*y.clause(y.at_most(k, region_of[k])))
    return region_of
