"""One question to Z3: is there a partition within these bounds?

The subgraph of an atom is a unary variable (passes/solve/variables.py), monotone along edges. Windows (what must come before
an atom fills the first subgraphs, and what the program over ideals found) leave few booleans free. Constraints that tie
subgraphs to machines and regions are in passes/solve/sidequestion.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import z3

from split4ml.passes.solve.atoms import Atoms
from split4ml.passes.solve.clock import Clock, TimeUp
from split4ml.passes.solve.objectives import MILLION
from split4ml.passes.solve.options import Limit, fastened
from split4ml.passes.solve.sidequestion import in_regions, memory_plan, on_machines
from split4ml.passes.solve.variables import (
    Variables,
    Weighted,
    at_least,
    at_most,
    interrupting,
    milliseconds,
    negate,
    solver,
)
from split4ml.passes.solve.within import NONE, Side, Within

Window = list[tuple[int, int]]
STEP = 2000
"""Clauses after which the clock is looked at."""


@dataclass(frozen=True)
class Answer:
    """part: a partition, if one was found; proven: that none exists; neither: the time ran out."""

    part: tuple[int, ...] | None = None
    proven: bool = False


@dataclass(frozen=True)
class Question:
    """Is there a partition of `atoms` into exactly `parts` non-empty subgraphs `within` the bounds?

    side: which constraints besides the common ones are asked for. known: windows that hold anyway.
    """

    atoms: Atoms
    parts: int
    within: Within
    side: Side = NONE
    known: Window | None = None

    def ask(self, seconds: float, effort: int | None = None) -> Answer:
        """The same question gets the same answer, unless the time runs out."""
        clock = Clock(seconds)
        window = self.window()
        if window is None:
            return Answer(proven=True)
        if seconds <= 0:
            return Answer()
        context = z3.Context()  # of its own: else earlier questions would change the search
        planned = self.side.time and self.atoms.workshop.memory is not None
        asked = z3.Solver(ctx=context) if planned else solver(context, seconds, effort)
        y = Variables(window, self.parts, context)
        try:
            _add(asked, self._valid(y), clock)
        except TimeUp:
            return Answer()
        asked.set("timeout", milliseconds(clock.left()))
        with interrupting(context, clock.left()):
            result = asked.check()
            if result == z3.sat:
                return Answer(part=y.read(asked.model()))
        return Answer(proven=result == z3.unsat)

    def fewest_bits(self, seconds: float) -> tuple[Answer, int]:
        """A partition with the fewest crossing bits, and a proven lower bound on them.

        Core-guided MaxSAT raises the bound until it is met. That proves optima on wide graphs, where asking for
        less and less does not end; the two complement each other. No partition: the time ran out.
        """
        clock = Clock(seconds)
        window = self.window()
        if window is None or seconds <= 0:
            return Answer(), 0
        context = z3.Context()
        optimize = z3.Optimize(ctx=context)
        optimize.set("maxsat_engine", "rc2")
        y = Variables(window, self.parts, context)
        cuts: list[Weighted] = []
        try:
            _add(optimize, self._valid(y, cuts), clock)
        except TimeUp:
            return Answer(), 0
        goals = [optimize.add_soft(z3.Not(cut), weight) for cut, weight in cuts]
        optimize.set("timeout", milliseconds(clock.left()))
        with interrupting(context, clock.left()):
            if optimize.check() == z3.sat:
                part = y.read(optimize.model())
                return Answer(part=part), self.atoms.bits(part)
            lower = optimize.lower(goals[0]) if goals else z3.IntVal(0, context)
            return Answer(), lower.as_long() if z3.is_int_value(lower) else 0

    # Windows

    def window(self) -> Window | None:
        """First and last possible subgraph of every atom; None if some atom has none, or a bound cannot be kept."""
        atoms, within = self.atoms, self.within
        bounds = (within.load, within.bits, within.share, within.depth, within.time)
        if self.parts > len(atoms) or any(bound is not None and bound < 0 for bound in bounds):
            return None
        window = self._by_mass()
        # No subgraph is empty: what everything comes behind is in the first one, what comes behind everything in the last.
        for ends, k in (({v for _, v in atoms.pairs}, 0), ({u for u, _ in atoms.pairs}, self.parts - 1)):
            alone = [v for v in range(len(atoms)) if v not in ends]
            if len(alone) == 1:
                window[alone[0]] = (max(window[alone[0]][0], k), min(window[alone[0]][1], k))
        if self.known is not None:
            window = [(max(a, c), min(b, d)) for (a, b), (c, d) in zip(window, self.known, strict=True)]
        return fastened(atoms, window, atoms.pins)

    def limits(self) -> list[Limit]:
        """Values that sum in each subgraph to at most so much."""
        atoms, within = self.atoms, self.within
        most = list(atoms.budgets.items())
        if within.share is not None:
            most += [(r, whole * within.share // MILLION) for r, whole in atoms.capacity.items()]
        found = [
            Limit(
                atoms.resources[r],
                amount - atoms.own.get(r, 0),
                atoms.leaving.get(r, ()),
                atoms.entering.get(r, ()),
            )
            for r, amount in most
        ]
        if within.load is not None:
            found.append(Limit(atoms.load, within.load))
        return found

    def _by_mass(self) -> Window:
        """What must come before an atom fills the first subgraphs, what comes after it the last."""
        n = len(self.atoms)
        before = [1 << v for v in range(n)]
        after = [1 << v for v in range(n)]
        low, high = [0] * n, [self.parts - 1] * n
        for u, v in self.atoms.pairs:  # sorted by u, and u < v: predecessors are done first
            before[v] |= before[u]
        for u, v in reversed(self.atoms.pairs):
            after[u] |= after[v]
        for limit in self.limits():
            for v in range(n):
                low[v] = max(low[v], _shelves(_mass(before[v], limit.values), limit.most) - 1)
                high[v] = min(high[v], self.parts - _shelves(_mass(after[v], limit.values), limit.most))
        return list(zip(low, high, strict=True))

    # Clauses

    def _valid(self, y: Variables, cuts: list[Weighted] | None = None) -> Iterator[z3.BoolRef]:
        """Any partition within the bounds. cuts: takes a literal per edge that is true if it is cut, with its bits."""
        yield from y.monotone()
        yield from self._order(y)
        yield from self._filled(y)
        yield from self._separate(y)
        glue: dict[tuple[int, int], z3.BoolRef] = {}
        for limit in self.limits():
            for k in range(self.parts):
                terms, constant = y.inside(limit.values, k)
                yield from self._ends(y, limit, k, glue)
                terms += [
                    (glue[at, k], more) for at, more in enumerate(limit.leaving) if more and (at, k) in glue
                ]
                terms += [
                    (glue[~at, k], more)
                    for at, more in enumerate(limit.entering)
                    if more and (~at, k) in glue
                ]
                yield at_most(terms, limit.most + constant, y.context)
        if self.within.least is not None:
            for k in range(self.parts):
                terms, constant = y.inside(self.atoms.load, k)
                yield at_least(terms, self.within.least + constant, y.context)
        if self.within.bits is not None or cuts is not None or self.side.depth:
            yield from self._bits_and_depth(y, cuts)
        if self.side.regions:
            yield from in_regions(self.atoms, self.parts, y)
        if self.side.time and self.within.time is not None:
            make = on_machines if self.atoms.workshop.memory is None else memory_plan
            yield from make(self.atoms, self.parts, self.within.time, y)

    def _ends(
        self, y: Variables, limit: Limit, k: int, made: dict[tuple[int, int], z3.BoolRef]
    ) -> Iterator[z3.BoolRef]:
        """Makes literals: true if an edge is cut that leaves subgraph k (by number of the edge), or enters it (by its complement)."""
        for at, (u, v, _) in enumerate(self.atoms.edges if limit.leaving else ()):
            inside, begun = y.outside(u, k), negate(y.at_most(v, k))
            if limit.leaving[at] and (at, k) not in made and begun is not False and True not in inside:
                made[at, k] = y.fresh(f"out_{at}_{k}")
                yield from y.clause(made[at, k], *inside, negate(begun))
            inside, begun = y.outside(v, k), y.at_most(u, k - 1)
            if limit.entering[at] and (~at, k) not in made and begun is not False and True not in inside:
                made[~at, k] = y.fresh(f"into_{at}_{k}")
                yield from y.clause(made[~at, k], *inside, negate(begun))

    def _order(self, y: Variables) -> Iterator[z3.BoolRef]:
        """Along edges, and strictly along edges that must be cut. Boundaries begin only where they may."""
        strict = set(self.atoms.strict)
        for u, v in self.atoms.pairs:
            for k in range(self.parts):
                before = y.at_most(u, k - ((u, v) in strict))
                yield from y.clause(negate(y.at_most(v, k)), before)
        for v, preds in self.atoms.inner:
            for k in range(self.parts - 1):
                yield from y.clause(y.at_most(v, k), *(negate(y.at_most(u, k)) for u in preds))

    def _filled(self, y: Variables) -> Iterator[z3.BoolRef]:
        """No subgraph is empty."""
        for k in range(self.parts):
            holders: list[z3.BoolRef] = []
            for v in range(len(self.atoms)):
                yes, no = y.at_most(v, k), y.at_most(v, k - 1)
                if yes is False or no is True:
                    continue
                inside = y.fresh(f"in_{v}_{k}")
                holders.append(inside)
                yield from y.clause(z3.Not(inside), yes)
                yield from y.clause(z3.Not(inside), negate(no))
            yield z3.Or(holders) if holders else z3.BoolVal(False, y.context)

    def _separate(self, y: Variables) -> Iterator[z3.BoolRef]:
        for a, b in self.atoms.apart:
            for k in range(self.parts):
                yield from y.clause(*y.outside(a, k), *y.outside(b, k))

    def _bits_and_depth(self, y: Variables, cuts: list[Weighted] | None) -> Iterator[z3.BoolRef]:
        """A literal per edge that is true if it is cut; the bits of those; and on every path no more than `depth` of them."""
        depth = self.within.depth if self.side.depth else None
        found: list[Weighted] = []
        reached = (
            None if depth is None else Variables([(0, depth)] * len(self.atoms), depth + 1, y.context, "d")
        )
        if reached is not None:
            yield from reached.monotone()
        for u, v, weight in self.atoms.edges:
            if weight == 0 and reached is None:
                continue
            cut = y.fresh(f"cut_{u}_{v}")
            found.append((cut, weight))
            for k in range(self.parts - 1):
                yield from y.clause(cut, negate(y.at_most(u, k)), y.at_most(v, k))
            if reached is not None and depth is not None:
                for d in range(depth + 1):
                    yield from y.clause(negate(reached.at_most(v, d)), reached.at_most(u, d))
                    yield from y.clause(z3.Not(cut), negate(reached.at_most(v, d)), reached.at_most(u, d - 1))
        if self.within.bits is not None:
            yield at_most([term for term in found if term[1]], self.within.bits, y.context)
        if cuts is not None:
            cuts += [term for term in found if term[1]]


def _add(target: z3.Solver | z3.Optimize, clauses: Iterator[z3.BoolRef], clock: Clock) -> None:
    """Raises TimeUp if the clauses take too long to make."""
    batch: list[z3.BoolRef] = []
    for clause in clauses:
        batch.append(clause)
        if len(batch) == STEP:
            clock.check()
            target.add(*batch)
            batch = []
    clock.check()
    target.add(*batch)


def _mass(mask: int, values: Sequence[int]) -> int:
    total = 0
    while mask:
        lowest = mask & -mask
        total += values[lowest.bit_length() - 1]
        mask ^= lowest
    return total


def _shelves(mass: int, limit: int) -> int:
    """Subgraphs of `limit` each that `mass` fills at least; too many to exist if the limit is 0."""
    if mass == 0:
        return 1
    return -(-mass // limit) if limit > 0 else 2**31
