"""Enclosures of what hardware computes: for every number, the least and the greatest that it can be.

Where the arithmetic of a kernel is known to the bit, the two are equal and the enclosure is one array. Where it is
not (a sum that saturates in an order nobody promises, a table entry on the edge between two of its steps, numbers of
more than 53 bits) they differ by what is not known, and no more: the firmware must lie between them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from split4ml.dialects.precision import Precision
from split4ml.passes.fixed.grid import EXACT_BITS, Bools, Floats, brought_in, ends, outside, steps, turn


@dataclass(frozen=True, eq=False)
class Enclosure:
    """low <= what the hardware has <= high, element by element. Of an exact one, `low is high`."""

    low: Floats
    high: Floats

    @staticmethod
    def of(numbers: Floats) -> Enclosure:
        """Exactly these numbers."""
        return Enclosure(numbers, numbers)

    @staticmethod
    def between(low: Floats, high: Floats) -> Enclosure:
        """Exact if both are equal everywhere."""
        return Enclosure.of(low) if np.array_equal(low, high) else Enclosure(low, high)

    @property
    def exact(self) -> bool:
        return self.low is self.high

    @property
    def shape(self) -> tuple[int, ...]:
        return self.low.shape

    def map(self, function: Callable[[Floats], Floats]) -> Enclosure:
        """Of a function that does not decrease, or only moves elements."""
        low = function(self.low)
        return Enclosure(low, low if self.exact else function(self.high))

    def __neg__(self) -> Enclosure:
        low = -self.high
        return Enclosure(low, low if self.exact else -self.low)

    def widened(self, slack: Floats | float) -> Enclosure:
        """By so much either way."""
        return Enclosure(self.low - slack, self.high + slack) if np.any(slack) else self


def combined(parts: Sequence[Enclosure], function: Callable[..., Floats]) -> Enclosure:
    """Of a function of several arrays that decreases in none."""
    low = function(*(part.low for part in parts))
    exact = all(part.exact for part in parts)
    return Enclosure(low, low if exact else function(*(part.high for part in parts)))


def product(left: Enclosure, right: Enclosure) -> Enclosure:
    if left.exact and right.exact:
        return Enclosure.of(left.low * right.low)
    corners = [one * other for one in (left.low, left.high) for other in (right.low, right.high)]
    return Enclosure(np.minimum.reduce(corners), np.maximum.reduce(corners))


@dataclass(frozen=True)
class Overflow:
    """Numbers that a type does not hold.

    role: what has the type: `result`, `accum`, … low, high: the least and the greatest number that was to be held,
    after rounding. count: of `total` numbers, those beyond the type's ends.
    """

    role: str
    precision: Precision
    low: float
    high: float
    count: int
    total: int

    @property
    def integer_bits(self) -> int:
        """Bits before the point, sign included if there is one, that all of them would need."""
        bits = self.precision.integer
        signed = self.precision.signed or self.low < 0
        while True:
            reach = float(np.ldexp(1.0, bits - signed))
            if self.high < reach and (self.low >= -reach if signed else True):
                return bits
            bits += 1


@dataclass
class Watch:
    """Collects what overflows while a kernel is computed."""

    found: list[Overflow] = field(default_factory=list)

    def note(self, role: str, precision: Precision, whole: Floats, beyond: Bools) -> None:
        """whole: numbers of steps."""
        count = int(np.count_nonzero(beyond))
        if count:
            low, high = (float(np.ldexp(end, -precision.fraction)) for end in (whole.min(), whole.max()))
            self.found.append(Overflow(role, precision, low, high, count, beyond.size))


def fit(numbers: Enclosure, precision: Precision, role: str, watch: Watch) -> Enclosure:
    """The numbers after an assignment to a type: rounded, and brought in if they are beyond its ends."""
    low = steps(numbers.low, precision)
    high = low if numbers.exact else steps(numbers.high, precision)
    if precision.width > EXACT_BITS:
        low, high = _with_room(low, high)
    beyond = outside(low, precision), outside(high, precision)
    if not beyond[0].any() and not beyond[1].any():
        return Enclosure(low, high).map(lambda whole: np.asarray(np.ldexp(whole, -precision.fraction)))
    watch.note(role, precision, low, beyond[0] & beyond[1])
    # where the ends do not go the same way, the hardware may have anything
    match precision.saturation:
        case "SAT" | "SAT_SYM":
            unknown = np.zeros(low.shape, np.bool_)
        case "SAT_ZERO":
            unknown = (low != high) & (beyond[0] | beyond[1])
        case _:
            unknown = turn(low, precision) != turn(high, precision)
            if precision.saturation_bits:
                unknown |= beyond[0] | beyond[1]
    least, greatest = ends(precision)
    inside = [np.ldexp(brought_in(whole, precision), -precision.fraction) for whole in (low, high)]
    return Enclosure.between(np.where(unknown, least, inside[0]), np.where(unknown, greatest, inside[1]))


def _with_room(low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """For the bits that a float64 has not."""
    limit = np.ldexp(1.0, EXACT_BITS)
    if max(np.abs(low).max(initial=0), np.abs(high).max(initial=0)) < limit:
        return low, high
    part = np.ldexp(1.0, 1 - EXACT_BITS)
    return low - np.abs(low) * part, high + np.abs(high) * part
