"""One price for FIFOs of all kinds: it never falls with depth, and choices are the cheapest of all."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from split4ml.passes.cost.storage import (
    DEEPEST_SHIFT,
    MEMORIES,
    Prices,
    bram18,
    cheapest_memory,
    cost_of,
    last_shift,
    within_budget,
)

PRICES = st.builds(Prices, st.integers(20, 2000), st.one_of(st.none(), st.integers(40, 5000)))
WIDTHS = st.one_of(st.integers(1, 80), st.integers(1, 4096))


@settings(max_examples=60, deadline=None)
@given(WIDTHS, st.integers(1, 3000), PRICES)
def test_deeper_never_costs_less(width: int, depth: int, prices: Prices) -> None:
    for storage in ("shift", *MEMORIES):
        if storage != "uram" or prices.uram is not None:
            assert cost_of(width, depth, storage, prices) <= cost_of(width, depth + 1, storage, prices)
    least = [cost_of(width, d, cheapest_memory(width, d, prices), prices) for d in (depth, depth + 1)]
    assert least[0] <= least[1]


@settings(max_examples=30, deadline=None)
@given(WIDTHS, PRICES)
def test_the_last_shift_register(width: int, prices: Prices) -> None:
    """Up to it shift registers are taken, behind it memories: the price does not fall there, and no deeper one would win."""
    last = last_shift(width, prices)

    def wins(depth: int) -> bool:
        memory = cheapest_memory(width, depth, prices)
        return cost_of(width, depth, "shift", prices) <= cost_of(width, depth, memory, prices)

    assert wins(last)
    assert last == DEEPEST_SHIFT or not any(wins(depth) for depth in range(last + 1, last + 200))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 300), st.integers(2, 3000)), min_size=1, max_size=5),
    PRICES,
    st.integers(0, 40),
)
def test_memories_within_a_budget(sizes: list[tuple[int, int]], prices: Prices, budget: int) -> None:
    chosen, used = within_budget(sizes, prices, budget)
    assert used == sum(bram18(w, d, m) for (w, d), m in zip(sizes, chosen, strict=True)) <= budget

    def total(memories: tuple[str, ...]) -> int:
        return sum(cost_of(w, d, m, prices) for (w, d), m in zip(sizes, memories, strict=True))

    possible = [m for m in MEMORIES if m != "uram" or prices.uram is not None]
    assert total(tuple(chosen)) == min(
        total(memories)
        for memories in itertools.product(possible, repeat=len(sizes))
        if sum(bram18(w, d, m) for (w, d), m in zip(sizes, memories, strict=True)) <= budget
    )


def test_by_hand() -> None:
    prices = Prices(bram18=320)
    assert bram18(36, 512, "bram") == 1 and bram18(36, 513, "bram") == 2 and bram18(36, 512, "lutram") == 0
    assert cheapest_memory(16, 64, prices) == "lutram"
    assert cheapest_memory(16, 1024, prices) == "bram"
    assert cheapest_memory(72, 4096, Prices(bram18=320, uram=1350)) == "uram"
    assert within_budget([(16, 1024), (16, 1024)], prices, 1)[0].count("bram") == 1
    with pytest.raises(ValueError, match="between 20 and"):
        Prices(bram18=19)
    with pytest.raises(ValueError, match="UltraRAM"):
        cost_of(8, 8, "uram", prices)
