"""The smallest set of demands that cannot be met together, and for each of them how far it is from what would do.

An implicit hitting set: of every set of demands that can be met together and takes no more (a maximal one), a conflict holds
one of those left out. Z3 gives the smallest set that does so for all maximal sets known; if it cannot be met, it is the
smallest conflict, else it grows to another maximal set (Ignatiev et al., "Smallest MUS Extraction with Minimal Hitting Set
Dualization", CP 2015).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import z3

from split4ml.dialects.errors import Split4mlError
from split4ml.passes.solve.clock import Clock, TimeUp
from split4ml.passes.solve.demands import Case, Demand, demands, feasible


@dataclass(frozen=True)
class Conflict:
    """words: of each demand. enough: the nearest that would do in the place of each, all else kept, "" if nothing would.

    smallest: whether no smaller set of demands is in conflict, or it is only known that none of these can be left out.
    """

    words: tuple[str, ...]
    enough: tuple[str, ...]
    smallest: bool

    def error(self) -> Split4mlError:
        if len(self.words) == 1:
            message = f"no split has {self.words[0]}"
        else:
            message = f"no split meets all of these together: {'; '.join(self.words)}"
        remedies = [enough for enough in self.enough if enough]
        which = "this" if len(self.words) == 1 else "one of them"
        hint = f"changing {which} is not enough: others are in conflict as well"
        if remedies:
            hint = f"with all else kept, {', or '.join(remedies)} would do"
        return Split4mlError(message, hint=hint)


def conflict(case: Case, clock: Clock) -> Conflict | None:
    """None if time is up before anything is known."""
    every = demands(case)
    try:
        chosen, smallest = _smallest(every, case, clock)
    except TimeUp:
        return None
    enough = []
    for demand in chosen:
        try:
            enough.append(demand.enough(demand.dropped(case), clock))
        except TimeUp:
            enough.append("")
    return Conflict(tuple(demand.words for demand in chosen), tuple(enough), smallest)


def _only(kept: Collection[int], every: Sequence[Demand], case: Case) -> Case:
    for at, demand in enumerate(every):
        if at not in kept:
            case = demand.dropped(case)
    return case


def _smallest(every: Sequence[Demand], case: Case, clock: Clock) -> tuple[list[Demand], bool]:
    """Raises TimeUp if not even a conflict that cannot be made smaller is known in time."""
    left_out: list[frozenset[int]] = []
    whole = frozenset(range(len(every)))
    minimal = _minimal(every, case, clock)
    try:
        while True:
            hitting = _hitting(left_out, len(every))
            if len(hitting) >= len(minimal):
                return [every[at] for at in sorted(minimal)], True
            if not feasible(_only(hitting, every, case), clock):
                return [every[at] for at in sorted(hitting)], True
            grown = set(hitting)
            for at in sorted(whole - hitting):
                if feasible(_only(grown | {at}, every, case), clock):
                    grown.add(at)
            left_out.append(whole - grown)
    except TimeUp:
        return [every[at] for at in sorted(minimal)], False


def _minimal(every: Sequence[Demand], case: Case, clock: Clock) -> frozenset[int]:
    """A conflict of which none can be left out, found by leaving out one after the other."""
    kept = set(range(len(every)))
    for at in reversed(range(len(every))):
        if not feasible(_only(kept - {at}, every, case), clock):
            kept.remove(at)
    return frozenset(kept)


def _hitting(sets: Sequence[frozenset[int]], count: int) -> frozenset[int]:
    """The smallest set that has a member in each."""
    context = z3.Context()
    optimize = z3.Optimize(ctx=context)
    chosen = [z3.Bool(f"d_{at}", context) for at in range(count)]
    for members in sets:
        optimize.add(z3.Or([chosen[at] for at in sorted(members)]))
    for literal in chosen:
        optimize.add_soft(z3.Not(literal))
    optimize.check()
    model = optimize.model()
    return frozenset(at for at, literal in enumerate(chosen) if z3.is_true(model.eval(literal, True)))
