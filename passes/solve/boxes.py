"""The cheapest vector that lies in none of a set of boxes: the master problem of an implicit hitting set, for Z3.

A vector chooses a level 1, 2, … (or 0, where that is the least) in every dimension, at a cost that does not fall with the level. A box is a range of levels
per dimension; to avoid it, a vector must be above it or below it in at least one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import z3

LevelCost = Callable[[int, int], int]
"""Of a level (second) in a dimension (first)."""


@dataclass(frozen=True)
class Box:
    """Levels `lo[i] <= level <= hi[i]` in every dimension i."""

    lo: tuple[int, ...]
    hi: tuple[int, ...]

    def holds(self, vector: Sequence[int]) -> bool:
        return all(lo <= v <= hi for lo, v, hi in zip(self.lo, vector, self.hi, strict=True))


@dataclass(frozen=True)
class Cheapest:
    """vector: outside of all boxes, and nothing outside of them is cheaper; None if there is none, or it is not known.

    complete: whether the search ended by itself. If not (out of time, or interrupted from the keyboard, which Z3
    notices before Python does), nothing is known.
    """

    vector: tuple[int, ...] | None
    complete: bool


def cheapest(
    boxes: Iterable[Box],
    most: Sequence[int],
    cost: LevelCost,
    seconds: float,
    least: Sequence[int] | None = None,
) -> Cheapest:
    """Of the vectors with `least[i] <= vector[i] <= most[i]`; least: 1 unless given. Ties are broken by Z3, the same way every time."""
    # A vector that is as deep as `most` somewhere is not above a box that is.
    bottom = [1] * len(most) if least is None else list(least)
    boxes = [box for box in boxes if all(lo <= top for lo, top in zip(box.lo, most, strict=True))]
    ladders = [
        sorted(
            {level for box in boxes for level in (box.lo[at], box.hi[at] + 1) if bottom[at] < level <= top}
            if boxes
            else ()
        )
        for at, top in enumerate(most)
    ]
    optimize = z3.Optimize()
    optimize.set("timeout", max(1, int(min(seconds, 1e6) * 1000)))
    # As text: Z3's parser is several times faster than its Python interface.
    optimize.from_string("\n".join(_problem(boxes, ladders, bottom, most, cost)))
    outcome = optimize.check()
    if outcome != z3.sat:
        return Cheapest(None, outcome == z3.unsat)
    model = optimize.model()
    true = {declaration.name() for declaration in model.decls() if z3.is_true(model[declaration])}
    vector = tuple(
        max((level for level in ladder if _name(at, level) in true), default=bottom[at])
        for at, ladder in enumerate(ladders)
    )
    return Cheapest(vector, True)


def _name(dimension: int, level: int) -> str:
    """The statement "at least this level", for the levels at which it matters."""
    return f"x{dimension}_{level}"


def _problem(
    boxes: Iterable[Box],
    ladders: Sequence[Sequence[int]],
    least: Sequence[int],
    most: Sequence[int],
    cost: LevelCost,
) -> Iterable[str]:
    for at, ladder in enumerate(ladders):
        below, paid = "true", cost(at, least[at])
        for level in ladder:
            name = _name(at, level)
            yield f"(declare-const {name} Bool)(assert (=> {name} {below}))"
            if (price := cost(at, level)) > paid:
                yield f"(assert-soft (not {name}) :weight {price - paid})"
            below, paid = name, price
    for box in boxes:
        literals = ["false"]
        for at, (lo, hi, bottom, top) in enumerate(zip(box.lo, box.hi, least, most, strict=True)):
            if hi < top:
                literals.append(_name(at, hi + 1))
            if lo > bottom:
                literals.append(f"(not {_name(at, lo)})")
        yield f"(assert (or {' '.join(literals)}))"
