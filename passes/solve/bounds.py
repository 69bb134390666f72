"""Bounds on an objective that follow from sums alone."""

from __future__ import annotations

from split4ml.passes.solve.atoms import MEMORY, Atoms
from split4ml.passes.solve.objectives import BALANCE, LATENCY, MILLION, TIME, UTILISATION
from split4ml.passes.solve.within import LOAD


def simple_bound(atoms: Atoms, objective: str, parts: int) -> int:
    """No partition into `parts` is better: of `balance` an upper, of all others a lower bound."""
    share = -(-atoms.total // parts)
    load = max(max(atoms.load), share)
    if objective == LOAD:
        return load
    if objective == TIME:
        return max(load + atoms.fixed, _plan_bound(atoms, parts))
    if objective == BALANCE:
        return atoms.total // parts + atoms.fixed
    if objective == UTILISATION:
        return max(
            -(-(max(max(use), -(-sum(use) // parts)) + own) * MILLION // whole)
            for use, own, whole in (
                (atoms.resources[r], atoms.own.get(r, 0), whole) for r, whole in atoms.capacity.items()
            )
        )
    if objective == LATENCY:
        behind = [0] * len(atoms)
        strict = set(atoms.strict)
        for u, v in atoms.pairs:
            behind[v] = max(behind[v], behind[u] + ((u, v) in strict))
        return atoms.hop * max(behind)
    return 0


def _plan_bound(atoms: Atoms, parts: int) -> int:
    """Jobs share machines and memory: every atom runs for its load, and takes its memory and its job's meanwhile."""
    shop = atoms.workshop
    bound = 0
    if shop.jobs is not None:
        bound = -(-(atoms.total + parts * atoms.fixed) // min(shop.jobs, parts))
    if shop.memory:
        own = sum(
            t * (m + shop.fixed_memory) for t, m in zip(atoms.load, atoms.resources[MEMORY], strict=True)
        )
        bound = max(bound, -(-(own + parts * atoms.fixed * shop.fixed_memory) // shop.memory))
    return bound
