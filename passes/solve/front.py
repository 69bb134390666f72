"""The Pareto front: every combination of objectives that no partition beats in one without losing in another.

Where the dynamic program is exact it finds all of them in one pass (passes/solve/labels.py). Elsewhere, for each number of subgraphs,
the space of values is searched zone by zone. A zone has an upper bound on each objective. The best partition in a zone, by the first
objective, then the second, …, is a point of the front, since whatever dominated it would lie in the zone as well. The point
divides every zone that it lies in: a further point must be better in one of the objectives. (K. Klamroth, R. Lacour,
D. Vanderpooten, "On the representation of the search region in multi-objective optimization", EJOR 2015.) Points with fewer
subgraphs divide the zones of more, if the number is an objective.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from split4ml.passes.solve.clock import Clock, TimeUp
from split4ml.passes.solve.dynamic import Part
from split4ml.passes.solve.labels import Labelled, Labels
from split4ml.passes.solve.objectives import BALANCE, SUBGRAPHS
from split4ml.passes.solve.search import Point, Search
from split4ml.passes.solve.within import Within, keeps, side_of

SEARCHING = 0.85
"""Of the time that is left for labels; the rest is for values and plans of what is found."""
UNKNOWN = "splits that there was no time to find, or to rule out"

Zone = tuple[int | None, ...]
"""By objective, in costs (`balance` counts negative): the most that a point in it may have; None: anything."""


@dataclass(frozen=True)
class Front:
    """missing: "" if every point of the front is there, or else what there was no time for, in words."""

    points: list[Point]
    missing: str = ""

    @property
    def complete(self) -> bool:
        return not self.missing


def front(search: Search, objectives: Sequence[str], numbers: Sequence[int], within: Within) -> Front:
    """Points with different values; of partitions with the same values, one."""
    program = search.program(SUBGRAPHS, numbers, within)
    sides = [side_of(search.atoms, n, within, name) for n in numbers for name in objectives]
    if program.exact and not any(side.time or side.regions for side in sides):
        found = _by_labels(search, objectives, numbers, within)
        if found is not None:
            return found
    return _by_zones(search, objectives, numbers, within)


def _by_labels(
    search: Search, objectives: Sequence[str], numbers: Sequence[int], within: Within
) -> Front | None:
    """Pass by pass; None if there are too many labels, and none was found before that."""
    clock = Clock(SEARCHING * search.clock.left())
    labels: Labels | None = None
    found: list[Labelled] = []
    missing = ""
    try:
        labels = search.labels(objectives, numbers, within, clock)
        for some in labels.passes(numbers, clock):
            found += some
    except TimeUp:
        if not found and clock.left() > 0:
            return None
        missing = UNKNOWN
        if labels is not None and labels.complete:
            missing = "splits that are worth it for their latency alone"
        found = found or list(_few(search, numbers, within))
    return Front(undominated(search.points(objectives, found, within), SUBGRAPHS in objectives), missing)


def _few(search: Search, numbers: Sequence[int], within: Within) -> Iterator[Labelled]:
    """Where there was no time for anything: of the fewest bits, for as many numbers as there is time for, and for one at least."""
    for at, n in enumerate(numbers):
        if at and search.clock.left() <= 0:
            return
        part = search.partition(n, within)
        if part is not None:
            yield Labelled({}, n, part)


def _by_zones(search: Search, objectives: Sequence[str], numbers: Sequence[int], within: Within) -> Front:
    names = [name for name in objectives if name != SUBGRAPHS]
    by_number = SUBGRAPHS in objectives
    points: list[Point] = []
    missing = ""
    for n in sorted(numbers):
        for point in _of_number(search, names, n, within, points if by_number else []):
            if point is None:
                missing = UNKNOWN
                continue
            values = {**point.values, SUBGRAPHS: n} if by_number else point.values
            points.append(Point(values, n, point.part))
        if search.clock.left() <= 0:
            missing = missing or ("" if n == max(numbers) else f"splits into more than {n} subgraphs")
            break
    return Front(points if by_number else undominated(points, False), missing)


def _of_number(
    search: Search, names: Sequence[str], n: int, within: Within, rivals: Sequence[Point]
) -> Iterator[Point | None]:
    """Points of so many subgraphs that no rival dominates; None where time was up."""
    zones: list[Zone] = [(None,) * len(names)]
    for rival in rivals:
        zones = _divide(zones, _costs(names, rival.values))
    while zones:
        zone = zones.pop()
        found = _corner(search, names, n, within, zone)
        if found is None:
            yield None
        elif found.part:
            yield found
            zones = _divide([*zones, zone], _costs(names, found.values))


def _costs(names: Sequence[str], values: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(-values[name] if name == BALANCE else values[name] for name in names)


def _divide(zones: Sequence[Zone], point: tuple[int, ...]) -> list[Zone]:
    """Without what is no better than the point in any objective."""
    out: list[Zone] = []
    for zone in zones:
        if any(bound is not None and bound < cost for bound, cost in zip(zone, point, strict=True)):
            out.append(zone)  # the point is not in it
        else:
            out += [(*zone[:at], point[at] - 1, *zone[at + 1 :]) for at in range(len(zone))]
    return [
        zone
        for at, zone in enumerate(out)
        if not any(_holds(other, zone, at > place) for place, other in enumerate(out) if place != at)
    ]


def _holds(large: Zone, small: Zone, or_equal: bool) -> bool:
    """Whether the one zone lies in the other."""
    return (or_equal or large != small) and all(
        bound is None or (other is not None and other <= bound)
        for bound, other in zip(large, small, strict=True)
    )


def _corner(search: Search, names: Sequence[str], n: int, within: Within, zone: Zone) -> Point | None:
    """The best of a zone in the order of the objectives; without a part if the zone is empty; None if time was up."""
    for name, bound in zip(names, zone, strict=True):
        if bound is not None:
            within = within.having(name, -bound if name == BALANCE else bound, search.atoms)
    values: dict[str, int] = {}
    part: Part | None = None
    for name in names or (SUBGRAPHS,):
        found = search.best(name, [n], within, part).get(n)
        if found is None or (found.value is None and found.proof):
            return Point({}, n, ())
        if not found.proof or found.value is None:
            return None
        if name != SUBGRAPHS:
            values[name] = found.value
        part = found.part
        within = within.having(name, found.value, search.atoms)
    part = search.partition(n, within) or part
    assert part is not None and keeps(search.atoms, part, within)
    return Point(values, n, part)


def undominated(points: Sequence[Point], by_number: bool) -> list[Point]:
    """Without points that another one is as good as in all, and better in some; of equals, one of the fewest subgraphs."""
    names = [name for name in points[0].values if name != SUBGRAPHS] if points else []
    ordered = sorted(points, key=lambda point: (point.parts, _costs(names, point.values)))
    costs = np.array([(p.parts * by_number, *_costs(names, p.values)) for p in ordered], np.int64)
    kept: list[int] = []
    for at in range(len(ordered)):
        no_worse = (costs <= costs[at]).all(axis=1)
        better = no_worse & ((costs < costs[at]).any(axis=1) | (np.arange(len(costs)) < at))
        if not better.any():
            kept.append(at)
    return [ordered[at] for at in kept]
