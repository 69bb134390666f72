"""Compiled loops of the multi-objective dynamic program (passes/solve/labels.py)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from split4ml.passes.timing.jit import compiled, inlined

Ints = NDArray[np.int64]

FIELD = 5
"""Bits of one field of a profile: four of the value, and one that tells a borrow."""
FIELDS = 12
GUARDS = sum(1 << (FIELD * f + FIELD - 1) for f in range(FIELDS))
COSTS = 4
NEVER = 2**61
"""More than anything costs."""


@inlined
def _profile_no_worse(one: int, other: int) -> bool:
    """Every field of the one is at most that of the other."""
    return (((other | GUARDS) - one) & GUARDS) == GUARDS


@inlined
def _no_worse(costs: Ints, one: int, a: int, b: int, c: int, d: int, profile: int) -> bool:
    return (
        costs[one, 0] <= a
        and costs[one, 1] <= b
        and costs[one, 2] <= c
        and costs[one, 3] <= d
        and _profile_no_worse(costs[one, 4], profile)
    )


@inlined
def _hope(
    a: int,
    b: int,
    c: int,
    d: int,
    depth: int,
    togo: Ints,
    rivals: Ints,
    layer: int,
    numbers: NDArray[np.bool_],
    j: int,
) -> bool:
    """Whether some continuation may be dominated by no rival, if the rest costs as little as it can."""
    for rest in range(togo.shape[0] - 1, -1, -1):
        n = layer + 1 + rest
        if not numbers[n] or togo[rest, j, 3] >= NEVER:
            continue
        whole_a = max(a, togo[rest, j, 0])
        whole_b = max(b, togo[rest, j, 1])
        whole_c = max(c, togo[rest, j, 2])
        whole_d = d + togo[rest, j, 3]
        hope = True
        for x in range(len(rivals)):
            if (
                rivals[x, 4] <= whole_d
                and rivals[x, 1] <= whole_a
                and rivals[x, 2] <= whole_b
                and rivals[x, 3] <= whole_c
                and rivals[x, 5] <= depth
                and rivals[x, 0] <= n
            ):
                hope = False
                front = x // 8  # it will dominate others, too
                for y in range(COSTS + 2):
                    rivals[x, y], rivals[front, y] = rivals[front, y], rivals[x, y]
                break
        if hope:
            return True
    return False


@inlined
def _swap(out: Ints, origin: Ints, one: int, other: int) -> None:
    for x in range(COSTS + 1):
        out[one, x], out[other, x] = out[other, x], out[one, x]
    for x in range(2):
        origin[one, x], origin[other, x] = origin[other, x], origin[one, x]


@compiled
def extend(
    first: NDArray[np.int32],
    begin: Ints,
    added: Ints,
    barred: NDArray[np.bool_],
    labels: Ints,
    offsets: Ints,
    packed: NDArray[np.uint64],
    sources: Ints,
    source_begin: Ints,
    readers: NDArray[np.uint64],
    deep: bool,
    togo: Ints,
    rivals: Ints,
    layer: int,
    numbers: NDArray[np.bool_],
    out: Ints,
    origin: Ints,
    ends: Ints,
    start: int,
    used: int,
    effort: int,
    scratch: Ints,
    least: Ints,
) -> tuple[int, int]:
    """Labels of the boundaries `start`, … behind subgraph `layer`, from those before it.

    first, begin: pairs of ideals, as in `Pairs`. added: [pair, 4] load, share, minus the load, bits.
    labels: [label, 5] costs and profile; those of ideal i are at offsets[i] .. offsets[i + 1].
    sources: of the edges that cross each ideal, from source_begin; readers: words of what each atom is read by.
    togo: [parts, ideal, 4] the least that the rest costs. rivals: [rival, 6] subgraphs, costs, boundaries on a path.
    numbers: [n] whether n subgraphs are asked for.
    out, origin, ends: labels, the label and the pair that each comes from, and where those of each ideal end.
    Returns the next ideal and the labels used: fewer than all ideals if `out` is full or the effort is spent.
    """
    ideals = len(begin)
    pairs = len(first)
    words = packed.shape[1]
    work = 0
    for j in range(start, ideals):
        base = used
        if not barred[j]:
            stop = begin[j + 1] if j + 1 < ideals else pairs
            for p in range(begin[j], stop):
                i = first[p]
                if offsets[i] == offsets[i + 1]:
                    continue
                if not _hope(
                    max(least[i, 0], added[p, 0]),
                    max(least[i, 1], added[p, 1]),
                    max(least[i, 2], added[p, 2]),
                    least[i, 3] + added[p, 3],
                    -1,
                    togo,
                    rivals,
                    layer,
                    numbers,
                    j,
                ):
                    continue
                feeds = 0
                if deep:
                    # fields of i that the subgraph reads, and where the fields of j come from
                    for f in range(source_begin[i], source_begin[i + 1]):
                        for w in range(words):
                            if readers[sources[f], w] & packed[j, w] & ~packed[i, w]:
                                feeds |= 1 << (f - source_begin[i])
                                break
                    for g in range(source_begin[j], source_begin[j + 1]):
                        scratch[g - source_begin[j]] = -1
                        for f in range(source_begin[i], source_begin[i + 1]):
                            if sources[f] == sources[g]:
                                scratch[g - source_begin[j]] = f - source_begin[i]
                for q in range(offsets[i], offsets[i + 1]):
                    work += 1
                    a = max(labels[q, 0], added[p, 0])
                    b = max(labels[q, 1], added[p, 1])
                    c = max(labels[q, 2], added[p, 2])
                    d = labels[q, 3] + added[p, 3]
                    profile = 0
                    if deep:
                        old = labels[q, 4]
                        depth = 0
                        for f in range(source_begin[i + 1] - source_begin[i]):
                            if feeds >> f & 1:
                                depth = max(depth, (old >> (FIELD * (f + 1)) & 15) + 1)
                        profile = max(old & 15, depth)
                        for g in range(source_begin[j + 1] - source_begin[j]):
                            value = depth
                            if scratch[g] >= 0:
                                value = old >> (FIELD * (scratch[g] + 1)) & 15
                            profile |= value << (FIELD * (g + 1))
                    beaten = False
                    for r in range(base, used):
                        if _no_worse(out, r, a, b, c, d, profile):
                            beaten = True
                            _swap(out, origin, r, base + (r - base) // 8)  # it will beat others, too
                            break
                    if beaten or not _hope(a, b, c, d, profile & 15, togo, rivals, layer, numbers, j):
                        continue
                    keep = base
                    for r in range(base, used):
                        worse = (
                            out[r, 0] >= a
                            and out[r, 1] >= b
                            and out[r, 2] >= c
                            and out[r, 3] >= d
                            and _profile_no_worse(profile, out[r, 4])
                        )
                        if not worse:
                            if keep < r:
                                for x in range(COSTS + 1):
                                    out[keep, x] = out[r, x]
                                origin[keep, 0] = origin[r, 0]
                                origin[keep, 1] = origin[r, 1]
                            keep += 1
                    used = keep
                    if used == len(out):
                        return j, base
                    out[used, 0], out[used, 1], out[used, 2], out[used, 3] = a, b, c, d
                    out[used, 4] = profile
                    origin[used, 0], origin[used, 1] = q, p
                    used += 1
        ends[j + 1] = used
        if work > effort:
            return j + 1, used
    return ideals, used
