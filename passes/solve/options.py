"""All ways to number the atoms of one branch, where the atoms around it have a number already.

A branch is a set of atoms that edges connect with each other and with fixed atoms only. So what a branch adds to every subgraph, and to the
bits, depends on nothing outside of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from split4ml.passes.solve.atoms import Atoms
from split4ml.passes.solve.clock import Clock

Ints = NDArray[np.int64]
Window = Sequence[tuple[int, int]]
MOST = 100_000
"""Options of a branch that are looked at together."""
UNBOUNDED = 2**62


@dataclass(frozen=True)
class Limit:
    """values: of each atom. most: what those in one subgraph sum to at most. leaving, entering: what each edge that is cut adds to the
    subgraph that it leaves, and to that which it enters; empty: nothing."""

    values: tuple[int, ...]
    most: int
    leaving: tuple[int, ...] = ()
    entering: tuple[int, ...] = ()

    def uses(self, part: Mapping[int, int], edges: Sequence[tuple[int, int, int]], parts: int) -> list[int]:
        """Per subgraph, of the atoms that are placed, and the edges between them."""
        out = [0] * parts
        for v, k in part.items():
            out[k] += self.values[v]
        for (u, v, _), leaving, entering in zip(edges, self.leaving, self.entering, strict=False):
            if u in part and v in part and part[u] != part[v]:
                out[part[u]] += leaving
                out[part[v]] += entering
        return out


@dataclass(frozen=True)
class Options:
    """Those of one branch, the fewest bits first.

    atoms: of the branch. numbers: [option, atom] subgraphs. bits: [option], of the edges cut. amounts: [option, limit x subgraph].
    used: [option], a bit for each subgraph that is not empty.
    complete: all options of no more bits are there.
    """

    atoms: tuple[int, ...]
    numbers: NDArray[np.int8]
    bits: Ints
    amounts: Ints
    used: Ints
    complete: int


def options(
    atoms: Atoms, branch: Sequence[int], window: Window, parts: int, limits: Sequence[Limit], clock: Clock
) -> Options:
    """Those that keep to the window, to every limit, and to what must be cut or apart; if they are too many, those of few bits. Raises TimeUp."""
    most = UNBOUNDED
    while True:
        found = _enumerate(atoms, branch, window, parts, limits, most, clock)
        if found is not None:
            return found
        inner = sum(w for u, v, w in atoms.edges if u in branch or v in branch)
        most = min(most, 2 * inner) // 2


def _enumerate(
    atoms: Atoms,
    branch: Sequence[int],
    window: Window,
    parts: int,
    limits: Sequence[Limit],
    most: int,
    clock: Clock,
) -> Options | None:
    """Atom by atom, in topological order; None if there are too many."""
    column: dict[int, int] = {}
    numbers = np.zeros((1, 0), np.int8)
    bits = np.zeros(1, np.int64)
    amounts = np.zeros((1, len(limits) * parts), np.int64)
    caps = np.repeat(np.array([limit.most for limit in limits], np.int64), parts)
    links = _links(atoms, branch)
    for atom in branch:
        clock.check()
        low, high = window[atom]
        width = high - low + 1
        if len(numbers) * width > 4 * MOST:
            return None
        row = np.repeat(np.arange(len(numbers)), width)
        own = np.tile(np.arange(low, high + 1, dtype=np.int8), len(numbers))
        keep = np.ones(len(row), np.bool_)
        through = bits[row]
        ends: list[tuple[int, NDArray[np.int8], NDArray[np.int8], NDArray[np.bool_]]] = []
        for other, weight, kind, at in links[atom]:
            fixed = window[other][0]
            place = numbers[row, column[other]] if other in column else np.int8(fixed)
            if other not in column and other in links:
                continue  # the other end comes later, and counts then
            if kind == "before":
                keep &= place <= own
            elif kind == "after":
                keep &= own <= place
            else:
                keep &= place != own
            cut = np.asarray(place != own, np.bool_)
            through += weight * cut
            if at >= 0:
                place = np.broadcast_to(place, own.shape)
                ends.append((at, place, own, cut) if kind == "before" else (at, own, place, cut))
        keep &= through <= most
        row, own, bits = row[keep], own[keep], through[keep]
        amounts = amounts[row]
        every = np.arange(len(row))
        for at, limit in enumerate(limits):
            amounts[every, at * parts + own.astype(np.int64)] += limit.values[atom]
        for at, source, target, cut in ends:
            where = np.flatnonzero(cut[keep])
            for which, limit in enumerate(limits):
                if limit.leaving:
                    base = which * parts
                    amounts[where, base + source[keep][where].astype(np.int64)] += limit.leaving[at]
                    amounts[where, base + target[keep][where].astype(np.int64)] += limit.entering[at]
        keep = np.asarray((amounts <= caps).all(axis=1), np.bool_)
        numbers = np.concatenate((numbers[row], own[:, None]), axis=1)[keep]
        bits, amounts = bits[keep], amounts[keep]
        column[atom] = numbers.shape[1] - 1
        if len(numbers) > MOST:
            return None
    order = np.argsort(bits, kind="stable")
    numbers = numbers[order]
    used = np.bitwise_or.reduce(np.int64(1) << numbers.astype(np.int64), axis=1)
    return Options(tuple(branch), numbers, bits[order], amounts[order], used, most)


def _links(atoms: Atoms, branch: Sequence[int]) -> Mapping[int, list[tuple[int, int, str, int]]]:
    """By atom of the branch: (other end, bits, what it means, number or -1) of its edges, and of what it must be apart from."""
    found: dict[int, list[tuple[int, int, str, int]]] = {atom: [] for atom in branch}
    for at, (u, v, weight) in enumerate(atoms.edges):
        if v in found:
            found[v].append((u, weight, "before", at))
        if u in found:
            found[u].append((v, weight, "after", at))
    for u, v in (*atoms.strict, *atoms.apart):
        for one, other in ((u, v), (v, u)):
            if one in found:
                found[one].append((other, 0, "apart", -1))
    return found


def fastened(atoms: Atoms, window: Window, fixed: Mapping[int, int]) -> list[tuple[int, int]] | None:
    """The window with some atoms fixed; None if nothing is left of it."""
    low, high = [a for a, _ in window], [b for _, b in window]
    for atom, k in fixed.items():
        low[atom], high[atom] = max(low[atom], k), min(high[atom], k)
    strict = set(atoms.strict)
    for u, v in atoms.pairs:
        low[v] = max(low[v], low[u] + ((u, v) in strict))
    for u, v in reversed(atoms.pairs):
        high[u] = min(high[u], high[v] - ((u, v) in strict))
    found = list(zip(low, high, strict=True))
    return None if any(a > b for a, b in found) else found


def branches(atoms: Atoms, free: Sequence[int]) -> list[list[int]]:
    """The free atoms, connected by edges and by what must be apart; each branch in topological order."""
    home = {atom: atom for atom in free}

    def root(atom: int) -> int:
        while home[atom] != atom:
            home[atom] = home[home[atom]]
            atom = home[atom]
        return atom

    for u, v in (*atoms.pairs, *atoms.apart):
        if u in home and v in home:
            home[root(u)] = root(v)
    found: dict[int, list[int]] = {}
    for atom in free:
        found.setdefault(root(atom), []).append(atom)
    return list(found.values())
