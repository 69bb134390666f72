"""What a unit of every limit is worth in bits: Lagrange's multipliers, by which options of few bits that also share their loads well come first.

If every option of a branch costs its bits and, per subgraph, what it takes of the limits at their multipliers, then no partition within the limits
costs more than its bits and all there is of the limits. Costs of different branches add up, so the cheapest option of every branch gives a lower
bound on bits, and whatever is in a partition of few bits is cheap (M. L. Fisher, "The Lagrangian Relaxation Method for Solving Integer Programming
Problems", Management Science 1981). The best bound is a concave maximum; Newton's method finds it on functions that are smooth, and less and less so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from split4ml.passes.solve.options import Ints

Floats = NDArray[np.float64]
SAMPLE = 4000
"""Options of a branch that are looked at while the multipliers are far from right."""
NEAR = 40.0
"""Temperatures: options that cost more than so many above the cheapest are not looked at. e**-40 of the weight of the cheapest."""
STEPS = 12
"""Of Newton's method, for each temperature."""
COOLING = 0.2
FAR = 1e9
"""Temperatures: worths grow without end where no options fit into the room."""
CROWDED = 0.9
"""Of the room in a column: if the cheapest options take more, it is looked at as well."""
HOTTEST, COLDEST = 0.1, 1e-5
"""Temperatures, as a part of the bits that an average option has."""


class Listed(Protocol):
    """The options of a branch, or groups of them. bits: [option]. amounts: [option, column]."""

    @property
    def bits(self) -> Ints: ...
    @property
    def amounts(self) -> Ints: ...


@dataclass(frozen=True)
class Multipliers:
    """Integers, one for each column of the amounts, in bits / 2**shift: sums are exact."""

    values: Ints
    shift: int

    def of(self, amounts: Ints) -> Ints:
        """Rounded down: [row], or a number for one row."""
        return np.asarray((amounts @ self.values) >> self.shift, np.int64)

    def exact(self, bits: Ints, amounts: Ints) -> Ints:
        """[row] bits and what the amounts are worth, in units of `values`."""
        return np.asarray((bits << self.shift) + amounts @ self.values, np.int64)

    def padded(self, columns: int) -> Multipliers:
        """For so many columns: further ones are worth nothing."""
        values = np.zeros(columns, np.int64)
        values[: len(self.values)] = self.values[:columns]
        return Multipliers(values, self.shift)

    @staticmethod
    def none(columns: int) -> Multipliers:
        return Multipliers(np.zeros(columns, np.int64), 0)


def multipliers(
    branches: Sequence[Listed], room: Ints, first: int, whole: tuple[Sequence[Listed], Ints] | None = None
) -> Multipliers:
    """Those that make the bound on bits about the best there is.

    room: what the branches may take of each column. first: columns that are always looked at; others only where these leave them crowded.
    whole: all branches and their room, if the multipliers are for sums over these as well.
    """
    unit = sum(float(b.bits.mean()) for b in branches) / max(1, len(branches))
    some = np.any([b.amounts.any(axis=0) for b in branches], axis=0) & (room > 0) if branches else room < 0
    columns = np.flatnonzero(some[:first])
    worth = np.zeros(len(room))
    while unit > 0 and len(columns):
        worth[columns], use = _worth(branches, columns, room, unit)
        crowded = some & (use > CROWDED * room)
        crowded[columns] = True
        if crowded.sum() == len(columns):
            break
        columns = np.flatnonzero(crowded)
    listed, most = whole or (branches, room)
    return _integers(worth, most, listed)


def _worth(branches: Sequence[Listed], columns: Ints, room: Ints, unit: float) -> tuple[Floats, Floats]:
    """Bits for a unit of each of the columns; and what options of about the least cost take of every column, in the middle."""
    size = room[columns].astype(np.float64)
    amounts = [b.amounts[:, columns] / size for b in branches]
    worth = np.full(len(columns), unit)
    temperature = HOTTEST * unit
    use = np.zeros(len(room))
    while temperature > COLDEST * unit:
        near, use = [], np.zeros(len(room))
        for branch, parts in zip(branches, amounts, strict=True):
            cost = branch.bits + parts @ worth
            chosen = np.flatnonzero(cost <= cost.min() + NEAR * temperature)
            if len(chosen) > SAMPLE:
                least = np.argpartition(cost[chosen], SAMPLE // 2)[: SAMPLE // 2]
                chosen = np.union1d(chosen[least], chosen[:: -(-2 * len(chosen) // SAMPLE)])
            near.append((branch.bits[chosen].astype(np.float64), parts[chosen]))
            weight = np.exp((cost.min() - cost[chosen]) / temperature)
            use += weight @ branch.amounts[chosen] / weight.sum()
        worth = _newton(near, worth, temperature)
        temperature *= COOLING
    return worth / size, use


def _newton(near: Sequence[tuple[Floats, Floats]], worth: Floats, temperature: float) -> Floats:
    """The maximum over positive worths of what the cheapest options cost, less the worth of all there is; both smoothed."""
    value, slope, bend = _smooth(near, worth, temperature)
    for _ in range(STEPS):
        try:
            step = np.linalg.solve(bend, slope)
        except np.linalg.LinAlgError:
            break
        falling = step < 0
        length = min(1.0, 0.9 * float((worth[falling] / -step[falling]).min(initial=np.inf)))
        for _ in range(STEPS):
            next_value, next_slope, next_bend = _smooth(near, worth + length * step, temperature)
            if next_value >= value:
                break
            length /= 4
        else:
            return worth
        worth = worth + length * step
        gain, value, slope, bend = next_value - value, next_value, next_slope, next_bend
        if gain < temperature / 10 or worth.max() > FAR * temperature:
            break
    return worth


def _smooth(
    near: Sequence[tuple[Floats, Floats]], worth: Floats, temperature: float
) -> tuple[float, Floats, Floats]:
    """The value, its gradient and its negated second derivative."""
    value = float(temperature * np.log(worth).sum() - worth.sum())
    slope = temperature / worth - 1
    bend = np.diag(temperature / worth**2)
    for bits, amounts in near:
        cost = bits + amounts @ worth
        least = cost.min()
        weight = np.exp((least - cost) / temperature)
        total = weight.sum()
        weight /= total
        value += float(least - temperature * np.log(total))
        mean = weight @ amounts
        slope += mean
        centred = amounts - mean
        bend += (centred * weight[:, None]).T @ centred / temperature
    return value, slope, bend


def _integers(found: Floats, room: Ints, branches: Sequence[Listed]) -> Multipliers:
    """As precise as 64 bits allow for every sum over the branches, and for the room."""
    amounts = room.astype(np.float64) + sum(
        b.amounts.max(axis=0, initial=0).astype(np.float64) for b in branches
    )
    most = float(found @ amounts) + sum(float(b.bits.max(initial=0)) for b in branches)
    if not most < 2.0**58:
        return Multipliers.none(len(room))
    shift = min(30, 59 - int(np.ceil(np.log2(max(most, 1.0)))))
    return Multipliers(np.floor(np.ldexp(found, shift)).astype(np.int64), shift)
