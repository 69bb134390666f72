"""What FIFOs cost in one number, whatever they are made of, and what they are best made of.

One unit is a LUT; a flip-flop counts half, and a block RAM as many as its price. Styles are those of `flow.fifo`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil
from typing import Literal

import numpy as np

from split4ml.passes.cost.fifo import FifoCost, fifo_cost

Storage = Literal["shift", "lutram", "bram", "uram"]
MEMORIES: tuple[Storage, ...] = ("lutram", "bram", "uram")
"""All have an output register: a token can be read two cycles after it was written. From a shift register: one."""

URAM_SHAPE = (72, 4096)
"""(width, depth) of one UltraRAM block (UG573)."""
LEAST, MOST = 20, 1_000_000
"""LUTs that a block of 18 Kb may be worth; one of UltraRAM at least twice as many. Their registers would be 18 and 36."""
DEEPEST_SHIFT = 16384
"""No shift register is taken to be deeper."""


@dataclass(frozen=True)
class Prices:
    """LUTs that a block of 18 Kb, or an UltraRAM block, is worth; uram None: the part has none.

    By default about as many as an UltraScale+ part has LUTs per block (a VU13P: 321 and 1,350). With at least LEAST of them,
    no memory is cheaper than a register. Raises ValueError for less.
    """

    bram18: int = 320
    uram: int | None = None

    def __post_init__(self) -> None:
        for name, price, least in (("bram", self.bram18, LEAST), ("uram", self.uram, 2 * LEAST)):
            if price is not None and not least <= price <= MOST:
                raise ValueError(f"{name}-price is {price}, but must be between {least} and {MOST:,} LUTs")


@cache
def cost_of(width: int, depth: int, storage: Storage, prices: Prices) -> int:
    """LUTs' worth of a FIFO. Never falls as it gets deeper. Raises ValueError unless width and depth are positive."""
    if storage == "uram":
        if prices.uram is None:
            raise ValueError("a part without UltraRAM")
        control = _primitives(width, depth, "bram")
        blocks = ceil(width / URAM_SHAPE[0]) * ceil(depth / URAM_SHAPE[1])
        return _luts(control) + prices.uram * blocks
    found = _primitives(width, depth, storage)
    if storage == "shift" and depth == 1:  # one register, no LUTs that hold data
        return _luts(found) - width
    return _luts(found) + prices.bram18 * found.bram18


def bram18(width: int, depth: int, storage: str) -> int:
    """Blocks of 18 Kb."""
    return _primitives(width, depth, "bram").bram18 if storage == "bram" else 0


@cache
def cheapest_memory(width: int, depth: int, prices: Prices) -> Storage:
    possible = [m for m in MEMORIES if m != "uram" or prices.uram is not None]
    return min(possible, key=lambda m: cost_of(width, depth, m, prices))


@cache
def last_shift(width: int, prices: Prices) -> int:
    """The greatest depth at which a shift register costs no more than any memory; at least 1, since no memory is cheaper then."""
    best, depth = 1, 32
    while depth <= DEEPEST_SHIFT:
        shift = cost_of(width, depth, "shift", prices)
        if shift <= cost_of(width, depth, cheapest_memory(width, depth, prices), prices):
            best = depth
        # A memory costs no more than block RAMs for the deepest, and shift registers only get dearer.
        elif shift > cost_of(width, DEEPEST_SHIFT, "bram", prices):
            break
        depth += 32
    if best > 1:
        return best
    return max((d for d in range(1, 33) if _shift_wins(width, d, prices)), default=1)


def _shift_wins(width: int, depth: int, prices: Prices) -> bool:
    memory = cheapest_memory(width, depth, prices)
    return cost_of(width, depth, "shift", prices) <= cost_of(width, depth, memory, prices)


def within_budget(
    sizes: Sequence[tuple[int, int]], prices: Prices, budget: int | None
) -> tuple[list[Storage], int]:
    """The cheapest memories for FIFOs of these (width, depth) with at most `budget` blocks of 18 Kb in all; and how many it takes.

    LUT RAMs take none, so there always are some. Dynamic programming over the blocks used: the choice is optimal.
    """
    free = [cheapest_memory(width, depth, prices) for width, depth in sizes]
    used = sum(bram18(width, depth, m) for (width, depth), m in zip(sizes, free, strict=True))
    if budget is None or used <= budget:
        return free, used
    possible: list[Storage] = [m for m in MEMORIES if m != "uram" or prices.uram is not None]
    far = np.iinfo(np.int64).max // 4
    least = np.zeros(budget + 1, np.int64)
    taken = np.zeros((len(sizes), budget + 1), np.int64)
    for number, (width, depth) in enumerate(sizes):
        after = np.full(budget + 1, far, np.int64)
        for choice, memory in enumerate(possible):
            blocks = bram18(width, depth, memory)
            if blocks > budget:
                continue
            total = np.full(budget + 1, far, np.int64)
            total[blocks:] = least[: budget + 1 - blocks] + cost_of(width, depth, memory, prices)
            better = total < after
            after[better], taken[number, better] = total[better], choice
        least = after
    left, chosen = budget, []
    for number in reversed(range(len(sizes))):
        memory = possible[int(taken[number, left])]
        chosen.append(memory)
        left -= bram18(*sizes[number], memory)
    chosen.reverse()
    return chosen, sum(bram18(w, d, m) for (w, d), m in zip(sizes, chosen, strict=True))


def _primitives(width: int, depth: int, storage: Storage) -> FifoCost:
    return fifo_cost(
        width, depth, "srl" if storage == "shift" else "lutram" if storage == "lutram" else "bram"
    )


def _luts(found: FifoCost) -> int:
    return found.lut + ceil(found.ff / 2)
