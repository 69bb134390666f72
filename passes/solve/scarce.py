"""Few jobs at once, or little memory: when a subgraph is synthesised depends on all others, so no program over ideals has the time.

All chains of ideals are looked at instead, depth first, and those left out that cannot be in time: what subgraphs take of jobs and
memory while they run sums up over a chain, so the program over ideals says how little of it the rest can take. A plan is jobs in
lanes: a machine, or a unit of memory, each of which has as much time as there is. So times, and shares of the memory, may be rounded by
dual feasible functions (Fekete and Schepers, "New classes of fast lower bounds for bin packing problems", 2001): of jobs that
take more than half of the time no lane has two, those that need more than half of the memory exclude each other, and so on.
What is left is planned exactly (`scarcekernel.in_time`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from split4ml.passes.solve.atoms import MEMORY
from split4ml.passes.solve.clock import Clock
from split4ml.passes.solve.dynamic import Dynamic, Pairs, Part
from split4ml.passes.solve.family import Ints
from split4ml.passes.solve.objectives import BALANCE, BITS, TIME, UTILISATION
from split4ml.passes.solve.scarcekernel import (
    ANY,
    BEST,
    DONE,
    DOUBTS,
    FOUND,
    LIMIT,
    NEVER,
    SOONER,
    VALUE,
    search,
)
from split4ml.passes.solve.within import LOAD, Within

SLICE = 100_000
"""Steps after which the clock is looked at."""
EFFORTS = (1_000_000, 20_000_000)
"""Steps for a question, in rounds; a second is some 30 million. Counted, so that answers do not depend on the machine."""
LARGEST = 2**60
"""More than any sum may be."""
ROUNDED = 3
"""Dual feasible functions besides the identity: of more than a half, a third, a quarter."""
FREE = 3
"""Boundaries that are moved at once."""
WHOLE = ROUNDED * (ROUNDED + 1)
"""The most by which they scale."""


@dataclass(frozen=True)
class Outcome:
    """part: the best partition found that is better than what was known. bound: none takes less time; 0 if that was not asked.

    proven: whether no other is better.
    """

    part: Part | None = None
    bound: int = 0
    proven: bool = False


class TooLarge(Exception):
    """Sums of time and memory that 64 bits do not hold."""


@dataclass(frozen=True)
class _Measure:
    """value: by pair of ideals, summed over a chain to at most `most`."""

    value: Ints
    most: int


@dataclass
class _Answer:
    """part: one in time, if there is one; else, whether that is proven."""

    part: Part | None = None
    proven: bool = False


@dataclass(eq=False)
class Scarce:
    """Partitions into so many subgraphs within the bounds, where the time is bounded or is to be the least."""

    program: Dynamic
    parts: int
    within: Within
    clock: Clock
    pairs: Pairs = field(init=False)
    duration: Ints = field(init=False)
    need: Ints = field(init=False)

    def __post_init__(self) -> None:
        """Raises TooLarge."""
        atoms, shop = self.program.atoms, self.program.atoms.workshop
        untimed = replace(self.within, time=None, depth=None)
        self.pairs, self.loads, self.shares = self.program.filtered(untimed)
        self.duration = self.loads + atoms.fixed
        self.machines = min(shop.jobs or self.parts, self.parts)
        self.memory, self.need = 1, np.zeros(len(self.loads), np.int64)
        if shop.memory is not None:
            weight = self.program.family.weigh(atoms.resources[MEMORY])
            self.memory = shop.memory
            self.need = weight[self.pairs.second] - weight[self.pairs.first] + shop.fixed_memory
        self.held = np.ones(len(self.need), np.int64)
        """Machines on which nothing else can be done meanwhile: all, if no other subgraph fits into the memory besides."""
        if self.parts > 1 and len(self.need):
            alone = self.need + self.need.min() > self.memory
            self.need = np.where(alone, self.memory, self.need)
            self.held = np.where(alone, self.machines, 1)
        self.longest = atoms.total + self.parts * atoms.fixed
        """All of them, one after the other."""
        if self.longest * max(self.memory, self.parts) * WHOLE > LARGEST:
            raise TooLarge

    # The time

    def soonest(self, start: Part | None) -> Outcome:
        """The least time. start: a partition within the bounds, to be improved."""
        lower = self._soonest_bound()
        best = min(self.longest, self.within.time or NEVER) + 1
        part = start
        if part is None:
            part = self._ask(BITS, NEVER, best - 1, EFFORTS[0], ANY).part
        if part is not None:
            part = self._polished(part, lower)
            best = self._time(part)
        for effort in EFFORTS:
            given_up = lower - 1
            while lower < best and self.clock.left() > 0:
                target = min(max((given_up + best) // 2, lower), best - 1)
                answer = self._ask(BITS, NEVER, target, effort, ANY)
                if answer.part is not None:
                    part = self._polished(answer.part, lower)
                    best = self._time(part)
                    continue
                if answer.proven:
                    lower = target + 1
                elif target == best - 1:
                    break
                given_up = target
        return Outcome(part, min(lower, best), lower >= best)

    def _polished(self, part: Part, lower: int) -> Part:
        """Made better for as long as a few boundaries in a row can be moved so that all are synthesised sooner."""
        windows = [range(k, k + FREE) for k in range(max(1, self.parts - FREE))]
        quiet = 0
        while quiet < len(windows) and self.clock.left() > 0 and (time := self._time(part)) > lower:
            free = windows[0]
            windows = [*windows[1:], free]
            found = self._ask(BITS, NEVER, time - 1, EFFORTS[0], SOONER, self._fixed(part, free)).part
            quiet = quiet + 1 if found is None else 0
            part = found or part
        return part

    def _fixed(self, part: Part, free: range) -> NDArray[np.bool_]:
        """[k, ideal]: which ideals may not be the boundary behind subgraph k: all but that of the partition, where it is not free."""
        member = self.program.family.member
        barred = np.zeros((self.parts, len(member)), np.bool_)
        for k in set(range(self.parts - 1)) - set(free):
            barred[k] = (member != (np.array(part) <= k)).any(axis=1)
        return barred

    def _time(self, part: Part) -> int:
        return self.program.atoms.plan(part).makespan

    def _soonest_bound(self) -> int:
        """No partition takes less time."""
        longest = self._heads(self.duration, np.maximum)[-1, -1]
        sums = [(self.duration * self.held, self.machines)]
        sums += [(self.duration * share, whole) for share, whole in self._shares_of_memory()]
        return max(int(longest), *(-(-int(self._heads(value)[-1, -1]) // rate) for value, rate in sums))

    # Other objectives, and whether there is any

    def best(self, objective: str, known: int | None) -> Outcome:
        """The best value of an objective in time, if it is better than what is known."""
        assert self.within.time is not None and objective != TIME
        limit = NEVER if known is None else -known if objective == BALANCE else known
        answer = self._ask(objective, limit, self.within.time, EFFORTS[-1], VALUE)
        return Outcome(answer.part, 0, answer.proven)

    def any(self) -> Outcome:
        """Whether there is a partition in time."""
        assert self.within.time is not None
        answer = self._ask(BITS, NEVER, self.within.time, EFFORTS[-1], ANY)
        return Outcome(answer.part, 0, answer.proven or answer.part is not None)

    # One question

    def _ask(
        self,
        objective: str,
        limit: int,
        time: int,
        effort: int,
        aim: int,
        barred: NDArray[np.bool_] | None = None,
    ) -> _Answer:
        """A partition of less value than the limit, and in time. barred: [k, ideal]: what may not be the boundary behind subgraph k."""
        value, largest = self._value(objective)
        measures = list(self._measures(time))
        if self.within.bits is not None:
            measures.append(_Measure(self.pairs.value, self.within.bits))
        heads = np.array([self._heads(measure.value) for measure in measures])
        caps = np.array([measure.most for measure in measures])
        if (heads[:, -1, -1] > caps).any():
            return _Answer(proven=True)
        parts = self.parts
        state = np.zeros(6, np.int64)
        state[BEST], state[LIMIT] = limit, time
        chain = np.zeros((parts + 1, 3), np.int64)
        chain[0] = len(self.pairs.begin) - 1, self.pairs.begin[-1], 0
        totals = np.zeros((parts + 1, len(measures) + 1), np.int64)
        totals[0, -1] = -NEVER if largest else 0
        found, rows = np.zeros(parts, np.int64), np.zeros((5, parts), np.int64)
        stack = np.zeros((2 * parts + 3, 4), np.int64)
        head = self._heads(value, np.maximum if largest else np.add)
        if barred is not None:
            head[barred] = NEVER
        values = np.array([measure.value for measure in measures])
        pairs = self.pairs.first, self.pairs.begin, self.duration, self.need, value, head
        room = parts, self.machines, self.memory, largest, aim
        for _ in range(0, effort, SLICE):
            search(*pairs, values, heads, caps, *room, SLICE, chain, state, totals, found, rows, stack)
            if state[DONE] or self.clock.left() <= 0:
                break
        part = self._part(found) if state[FOUND] else None
        return _Answer(part, bool(state[DONE] and not state[DOUBTS]))

    def _value(self, objective: str) -> tuple[Ints, bool]:
        """By pair, and whether the largest counts rather than the sum."""
        values = {BITS: self.pairs.value, UTILISATION: self.shares, LOAD: self.loads, BALANCE: -self.duration}
        return values[objective], objective != BITS

    def _measures(self, time: int) -> Iterator[_Measure]:
        """What a plan that ends in time keeps: for every way to round times, of the machines and of the memory."""
        shares = [(self.held, self.machines), *self._shares_of_memory()]
        for lasting, end in _rounded(self.duration, time):
            for share, whole in shares:
                yield _Measure(lasting * share, end * whole)

    def _shares_of_memory(self) -> list[tuple[Ints, int]]:
        return (
            list(_rounded(self.need, self.memory)) if self.program.atoms.workshop.memory is not None else []
        )

    def _heads(self, value: Ints, combine: Callable[..., Ints] = np.add) -> Ints:
        """[k, i]: the least of k + 1 subgraphs that fill ideal i."""
        return np.array(list(self.program.layers(replace(self.pairs, value=value), self.parts, combine)))

    def _part(self, found: Ints) -> Part:
        member = self.program.family.member
        part = np.zeros(member.shape[1], np.int64)
        second = self.pairs.second
        for back, pair in enumerate(found):
            inside = member[second[pair]] & ~member[self.pairs.first[pair]]
            part[inside] = self.parts - 1 - back
        return tuple(int(k) for k in part)


def _rounded(value: Ints, whole: int) -> Iterator[tuple[Ints, int]]:
    """The values themselves and as dual feasible functions have them, with what they may sum to where they sum to at most `whole`."""
    yield value, whole
    for k in range(1, ROUNDED + 1):
        times, rest = np.divmod((k + 1) * value, whole)
        yield np.where(rest == 0, times * k, times * (k + 1)), k * (k + 1)
