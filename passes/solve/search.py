"""Search over Z3's answers: the least makespan, then the fewest crossing bits.

The dynamic program over ideals starts the search; Z3 decides: every optimum reported is a value that Z3 (or
arithmetic) refused to undercut. Only when Z3's time runs out does the program's own proof stand alone.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from split4ml.passes.solve.atoms import Atoms
from split4ml.passes.solve.ideals import Chain, Ideals
from split4ml.passes.solve.unary import Answer, Question


class Clock:
    """Seconds of Z3 left, in all and for one question."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        return self._end - time.monotonic()


@dataclass(frozen=True)
class Found:
    """chain: the best partition found, None if none is; lower: a proven bound on its objective (None: proven
    that no partition exists); proof: who proved that `chain` is optimal, "" if nobody did."""

    chain: Chain | None
    lower: int | None
    proof: str


@dataclass
class Search:
    """The engines on one contracted problem, sharing one clock."""

    atoms: Atoms
    clock: Clock

    def __post_init__(self) -> None:
        self.ideals = Ideals(self.atoms)
        self._tables: list[int | None] = []

    def seed_load(self, parts: int) -> int | None:
        """The least largest load the family of ideals gives (the optimum if the family is exact)."""
        if len(self._tables) < parts:
            self._tables = self.ideals.least_loads(parts)
        return self._tables[parts - 1]

    def least_load(self, parts: int, start: Chain | None = None) -> Found:
        """The least possible largest load of exactly `parts` subgraphs. `start`: one such partition, if known."""
        atoms = self.atoms
        lower = max(max(atoms.load), -(-sum(atoms.load) // parts))
        seed = self.seed_load(parts)
        best = self.ideals.best(parts, seed) if seed is not None else None
        if start is not None and (best is None or start.load < best.load):
            best = start
        if best is None:  # nothing to start from: first of all, is there any?
            answer = self._ask(Question(atoms, parts, sum(atoms.load)))
            if answer.part is None:
                proof = "z3" if answer.proven else "ideals" if self.ideals.exact else ""
                return Found(None, None if proof else lower, proof)
            best = self._chain(answer)
        while best.load > lower:
            # An exact seed is not expected to be beaten: one refusal proves it. Otherwise halve the gap.
            target = best.load - 1 if self.ideals.exact else (best.load + lower) // 2
            answer = self._ask(Question(atoms, parts, target))
            if answer.part is not None:
                best = self._chain(answer)
            elif answer.proven:
                lower = target + 1
            else:
                return self._unproven(best, best.load, lower)
        return Found(best, best.load, "z3")

    def reaches(self, parts: int, load: int) -> Found:
        """A partition into `parts` subgraphs of at most `load` each, or who proved that there is none."""
        seed = self.seed_load(parts)
        if seed is not None and seed <= load:
            return Found(self.ideals.best(parts, seed), seed, "")
        answer = self._ask(Question(self.atoms, parts, load))
        if answer.part is not None:
            return Found(self._chain(answer), 0, "")
        return Found(None, None, "z3" if answer.proven else "ideals" if self.ideals.exact else "")

    def fewest_bits(self, parts: int, start: Chain) -> Found:
        """The fewest crossing bits among partitions with no more load than `start`."""
        seeded = self.ideals.best(parts, start.load)
        best = min((c for c in (seeded, start) if c), key=lambda c: c.bits)
        lower = 0
        if not self.ideals.exact:
            answer, lower = Question(self.atoms, parts, start.load).fewest_bits(self.clock.left() / 2)
            if answer.part is not None:
                best = self._chain(answer)
        while best.bits > lower:
            target = best.bits - 1 if self.ideals.exact else (best.bits + lower) // 2
            answer = self._ask(Question(self.atoms, parts, start.load, target))
            if answer.part is not None:
                best = self._chain(answer)
            elif answer.proven:
                lower = target + 1
            else:
                return self._unproven(best, best.bits, lower)
        return Found(best, best.bits, "z3")

    def _ask(self, question: Question) -> Answer:
        return question.ask(self.clock.left())

    def _unproven(self, best: Chain, value: int, lower: int) -> Found:
        """Z3 ran out of time: the dynamic program's own proof is left, if it has one."""
        return Found(best, value, "ideals") if self.ideals.exact else Found(best, lower, "")

    def _chain(self, answer: Answer) -> Chain:
        """Z3's partition with its objectives."""
        assert answer.part is not None
        loads: dict[int, int] = {}
        for v, k in enumerate(answer.part):
            loads[k] = loads.get(k, 0) + self.atoms.load[v]
        bits = sum(w for u, v, w in self.atoms.edges if answer.part[u] != answer.part[v])
        return Chain(answer.part, max(loads.values()), bits)


def least_budget(atoms: Atoms, resource: str, parts: int, clock: Clock) -> Found:
    """The smallest budget for `resource` that some partition into `parts` meets, the other budgets kept.

    The resource plays the load's part: minimising it is the same problem.
    """
    others = {r: b for r, b in atoms.budgets.items() if r != resource}
    swapped = replace(
        atoms,
        load=atoms.resources[resource],
        resources={r: atoms.resources[r] for r in others},
        budgets=others,
    )
    return Search(swapped, clock).least_load(parts)
