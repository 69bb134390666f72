"""One yes-or-no question to Z3: is there a partition with at most this load, these bits?

Unary booleans y[v, k] = "the subgraph of v is at most k", monotone in k and along edges, turn every constraint
into clauses and linear pseudo-boolean inequalities, which the native solver behind QF_FD takes without encoding.
An atom is in k if y[v, k] and not y[v, k-1], so the load of k is the sum of t (y[v, k] - y[v, k-1]): no further
literal. Windows (what must come before an atom fills the first subgraphs) leave few booleans free.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import gcd
from typing import TypeAlias

import z3

from split4ml.passes.solve.atoms import Atoms

NATIVE = 2**30
"""Z3's pseudo-boolean inequalities hold 32-bit coefficients; larger sums go through integer arithmetic."""

Weighted: TypeAlias = tuple[z3.BoolRef, int]
Literal: TypeAlias = z3.BoolRef | bool


@dataclass(frozen=True)
class Answer:
    """part: a partition, if one was found; proven: that none exists; neither: the time ran out."""

    part: tuple[int, ...] | None = None
    proven: bool = False


@dataclass(frozen=True)
class Question:
    """Is there a partition of `atoms` into exactly `parts` non-empty subgraphs of at most `load` each, of whose
    edges at most `bits` are cut (None: any number)?"""

    atoms: Atoms
    parts: int
    load: int
    bits: int | None = None
    limits: list[tuple[tuple[int, ...], int]] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        pairs = [(self.atoms.load, self.load)]
        pairs += [(self.atoms.resources[r], budget) for r, budget in self.atoms.budgets.items()]
        object.__setattr__(self, "limits", pairs)

    def ask(self, seconds: float) -> Answer:
        """The same question gets the same answer, unless the time runs out."""
        if self.load < 0 or (self.bits is not None and self.bits < 0) or self.parts > len(self.atoms):
            return Answer(proven=True)
        window = self._windows()
        if any(low > high for low, high in window):
            return Answer(proven=True)
        if seconds <= 0:
            return Answer()
        context = z3.Context()  # of its own: else earlier questions would change the search
        solver = z3.SolverFor("QF_FD", ctx=context)
        solver.set("timeout", _milliseconds(seconds))
        solver.set("random_seed", 0)
        variables = _Variables(window, self.parts, context)
        solver.add(*self._valid(variables))
        if self.bits is not None:
            rules, cuts = self._cuts(variables)
            solver.add(*rules, at_most(cuts, self.bits, context))
        result = solver.check()
        if result == z3.sat:
            return Answer(part=variables.read(solver.model()))
        return Answer(proven=result == z3.unsat)

    def fewest_bits(self, seconds: float) -> tuple[Answer, int]:
        """A partition with the fewest crossing bits, and a proven lower bound on them.

        Core-guided MaxSAT raises the bound until it is met. That proves optima on wide graphs, where asking for
        less and less does not end; the two complement each other. No partition: the time ran out.
        """
        window = self._windows()
        if seconds <= 0 or any(low > high for low, high in window):
            return Answer(), 0
        context = z3.Context()
        optimize = z3.Optimize(ctx=context)
        optimize.set("timeout", _milliseconds(seconds))
        optimize.set("maxsat_engine", "rc2")
        variables = _Variables(window, self.parts, context)
        rules, cuts = self._cuts(variables)
        optimize.add(*self._valid(variables), *rules)
        goals = [optimize.add_soft(z3.Not(cut), weight) for cut, weight in cuts]
        if optimize.check() == z3.sat:
            part = variables.read(optimize.model())
            bits = sum(w for u, v, w in self.atoms.edges if part[u] != part[v])
            return Answer(part=part), bits
        lower = optimize.lower(goals[0]) if goals else z3.IntVal(0, context)
        return Answer(), lower.as_long() if z3.is_int_value(lower) else 0

    def _windows(self) -> list[tuple[int, int]]:
        """First and last possible subgraph of every atom, by what must come no later or no earlier."""
        n = len(self.atoms)
        before = [1 << v for v in range(n)]
        after = [1 << v for v in range(n)]
        low, high = [0] * n, [self.parts - 1] * n
        for u, v, _ in self.atoms.edges:  # sorted by u, and u < v: predecessors are done first
            before[v] |= before[u]
        for u, v, _ in reversed(self.atoms.edges):
            after[u] |= after[v]
        for values, limit in self.limits:
            for v in range(n):
                low[v] = max(low[v], _shelves(_mass(before[v], values), limit) - 1)
                high[v] = min(high[v], self.parts - _shelves(_mass(after[v], values), limit))
        strict = set(self.atoms.strict)
        for u, v, _ in self.atoms.edges:
            low[v] = max(low[v], low[u] + ((u, v) in strict))
        for u, v, _ in reversed(self.atoms.edges):
            high[u] = min(high[u], high[v] - ((u, v) in strict))
        return list(zip(low, high, strict=True))

    def _order(self, y: _Variables) -> Iterable[z3.BoolRef]:
        """Monotone in k, along edges, and strictly along edges that must be cut."""
        strict = set(self.atoms.strict)
        for v in range(len(self.atoms)):
            for k in range(self.parts - 1):
                yield from y.implies(y.at_most(v, k), y.at_most(v, k + 1))
        for u, v, _ in self.atoms.edges:
            for k in range(self.parts):
                yield from y.implies(y.at_most(v, k), y.at_most(u, k - ((u, v) in strict)))

    def _filled(self, y: _Variables) -> Iterable[z3.BoolRef]:
        """No subgraph is empty."""
        for k in range(self.parts):
            holders: list[z3.BoolRef] = []
            for v in range(len(self.atoms)):
                yes, no = y.at_most(v, k), y.at_most(v, k - 1)
                if yes is False or no is True:
                    continue
                inside = y.fresh(f"in_{v}_{k}")
                holders.append(inside)
                yield from y.implies(inside, yes)
                yield from y.excludes(inside, no)
            yield z3.Or(holders) if holders else z3.BoolVal(False, y.context)

    def _valid(self, y: _Variables) -> Iterable[z3.BoolRef]:
        """Any partition within the limits."""
        yield from self._order(y)
        yield from self._filled(y)
        for values, limit in self.limits:
            for k in range(self.parts):
                terms, constant = y.inside(values, k)
                yield at_most(terms, limit + constant, y.context)

    def _cuts(self, y: _Variables) -> tuple[list[z3.BoolRef], list[Weighted]]:
        """A literal per edge that is true if the edge is cut, with its bits; and the clauses that make it so."""
        rules: list[z3.BoolRef] = []
        terms: list[Weighted] = []
        for u, v, weight in self.atoms.edges:
            if weight == 0:
                continue
            cut = y.fresh(f"cut_{u}_{v}")
            terms.append((cut, weight))
            for k in range(self.parts - 1):
                rules += y.unless(cut, y.at_most(u, k), y.at_most(v, k))
        return rules, terms


class _Variables:
    """y[v, k]: a constant outside the window of v, else a boolean."""

    def __init__(self, window: list[tuple[int, int]], parts: int, context: z3.Context) -> None:
        self.context = context
        self.window = window
        self.parts = parts
        self._y = [
            [z3.Bool(f"y_{v}_{k}", context) for k in range(low, high)] for v, (low, high) in enumerate(window)
        ]

    def at_most(self, v: int, k: int) -> Literal:
        low, high = self.window[v]
        if k < low:
            return False
        return True if k >= high else self._y[v][k - low]

    def fresh(self, name: str) -> z3.BoolRef:
        return z3.Bool(name, self.context)

    def _clause(self, *literals: Literal) -> Iterable[z3.BoolRef]:
        if not any(x is True for x in literals):
            free = [x for x in literals if not isinstance(x, bool)]
            yield z3.Or(free) if free else z3.BoolVal(False, self.context)

    def implies(self, a: Literal, b: Literal) -> Iterable[z3.BoolRef]:
        return self._clause(_negate(a), b)

    def excludes(self, a: Literal, b: Literal) -> Iterable[z3.BoolRef]:
        return self._clause(_negate(a), _negate(b))

    def unless(self, exception: Literal, a: Literal, b: Literal) -> Iterable[z3.BoolRef]:
        """a implies b, or the exception."""
        return self._clause(exception, _negate(a), b)

    def inside(self, values: tuple[int, ...], k: int) -> tuple[list[Weighted], int]:
        """Terms with sum - constant = the sum of values in subgraph k."""
        terms: list[Weighted] = []
        constant = 0
        for v, value in enumerate(values):
            yes, late = self.at_most(v, k), _negate(self.at_most(v, k - 1))
            if value == 0 or yes is False or late is False:
                continue
            constant += value
            for literal in (yes, late):
                if isinstance(literal, bool):
                    constant -= value
                else:
                    terms.append((literal, value))
        return terms, constant

    def read(self, model: z3.ModelRef) -> tuple[int, ...]:
        def first(v: int) -> int:
            low, high = self.window[v]
            true = (k for k in range(low, high) if z3.is_true(model.eval(self._y[v][k - low], True)))
            return next(true, high)

        return tuple(first(v) for v in range(len(self.window)))


def at_most(terms: list[Weighted], limit: int, context: z3.Context) -> z3.BoolRef:
    """The weighted sum is at most `limit`, for coefficients of any size."""
    divisor = gcd(*(weight for _, weight in terms)) or 1
    small = [(literal, weight // divisor) for literal, weight in terms]
    limit //= divisor
    total = sum(weight for _, weight in small)
    if limit < 0 or total <= limit:
        return z3.BoolVal(limit >= 0, context)
    if total + limit < NATIVE:
        return z3.PbLe(small, limit)
    zero = z3.IntVal(0, context)
    return z3.Sum([z3.If(literal, z3.IntVal(w, context), zero) for literal, w in small]) <= limit


def _milliseconds(seconds: float) -> int:
    return max(1, min(int(seconds * 1000), 2**31))


def _negate(literal: Literal) -> Literal:
    return not literal if isinstance(literal, bool) else z3.Not(literal)


def _mass(mask: int, values: tuple[int, ...]) -> int:
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
    return -(-mass // limit) if limit else 2**31
