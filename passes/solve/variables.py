"""Unary variables over an order of places, and the clauses and inequalities that go with them, for Z3.

y[v, k] = "v is in place k or an earlier one", monotone in k. Everything the engines say is then a clause or a linear
pseudo-boolean inequality, which the native solver behind QF_FD takes without encoding. A thing is in k if y[v, k] and not
y[v, k-1], so the amount in k is the sum of t (y[v, k] - y[v, k-1]): no further literal.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from math import gcd
from typing import TypeAlias

import z3

NATIVE = 2**30
"""Z3's pseudo-boolean inequalities hold 32-bit coefficients; larger sums go through integer arithmetic."""

Weighted: TypeAlias = tuple[z3.BoolRef, int]
Literal: TypeAlias = z3.BoolRef | bool


class Variables:
    """y[v, k]: a constant outside the window (first, last place) of v, else a boolean called `name`_v_k."""

    def __init__(
        self, window: Sequence[tuple[int, int]], places: int, context: z3.Context, name: str = "y"
    ) -> None:
        self.context = context
        self.window = window
        self.places = places
        self._y = [
            [z3.Bool(f"{name}_{v}_{k}", context) for k in range(low, high)]
            for v, (low, high) in enumerate(window)
        ]

    def at_most(self, v: int, k: int) -> Literal:
        low, high = self.window[v]
        if k < low:
            return False
        return True if k >= high else self._y[v][k - low]

    def monotone(self) -> Iterator[z3.BoolRef]:
        for row in self._y:
            for earlier, later in pairwise(row):
                yield z3.Or(z3.Not(earlier), later)

    def fresh(self, name: str) -> z3.BoolRef:
        return z3.Bool(name, self.context)

    def clause(self, *literals: Literal) -> Iterator[z3.BoolRef]:
        """One of them is true. Nothing if that holds anyway."""
        if not any(x is True for x in literals):
            free = [x for x in literals if not isinstance(x, bool)]
            yield z3.Or(free) if free else z3.BoolVal(False, self.context)

    def outside(self, v: int, k: int) -> tuple[Literal, Literal]:
        """Literals of which one is true if and only if v is not in k."""
        return negate(self.at_most(v, k)), self.at_most(v, k - 1)

    def inside(self, values: Sequence[int], k: int) -> tuple[list[Weighted], int]:
        """Terms with sum - constant = the sum of values in k."""
        terms: list[Weighted] = []
        constant = 0
        for v, value in enumerate(values):
            yes, late = self.at_most(v, k), negate(self.at_most(v, k - 1))
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


def negate(literal: Literal) -> Literal:
    return not literal if isinstance(literal, bool) else z3.Not(literal)


def at_most(terms: Sequence[Weighted], limit: int, context: z3.Context) -> z3.BoolRef:
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


def at_least(terms: Sequence[Weighted], limit: int, context: z3.Context) -> z3.BoolRef:
    """The weighted sum is at least `limit`: what is left out is at most the rest."""
    return at_most(
        [(z3.Not(literal), weight) for literal, weight in terms],
        sum(weight for _, weight in terms) - limit,
        context,
    )


@contextmanager
def interrupting(context: z3.Context, seconds: float) -> Iterator[None]:
    """Z3 is stopped when the time is up, also where its own timeout is not looked at."""
    timer = threading.Timer(max(0.0, seconds), context.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def solver(context: z3.Context, seconds: float, effort: int | None = None) -> z3.Solver:
    """For clauses and inequalities; deterministic. effort: Z3's own count of steps after which it gives up."""
    found = z3.SolverFor("QF_FD", ctx=context)
    found.set("timeout", milliseconds(seconds))
    found.set("random_seed", 0)
    if effort is not None:
        found.set("rlimit", effort)
    return found


def milliseconds(seconds: float) -> int:
    return max(1, min(int(seconds * 1000), 2**31))


def add_all(target: z3.Solver | z3.Optimize, clauses: Iterable[z3.BoolRef]) -> None:
    target.add(*clauses)
