"""What the FIFOs of a sized design are made of: the objective of `size-fifos`, and the styles that it then states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from split4ml.passes.cost.storage import Prices, Storage, cheapest_memory, cost_of, last_shift, within_budget
from split4ml.passes.timing.judge import Cost, Fifo, LatencyRule, fifo_latency


@dataclass(frozen=True)
class StorageRule:
    """How FIFOs are built and what they cost.

    chosen: shift registers and memories are chosen by price, and stated; else by the tool's rule, which states nothing. prices:
    None: cost is `bits`, by channel. budget: blocks of 18 Kb for all; None: any.
    """

    bits: Mapping[int, int]
    prices: Prices
    chosen: bool
    budget: int | None = None

    @property
    def latency(self) -> LatencyRule:
        if not self.chosen:
            return fifo_latency
        return lambda width, depth: min(depth, 1) if depth <= last_shift(width, self.prices) else 2

    @property
    def cost(self) -> Cost:
        """Never falls with the depth: a shift register is taken for as long as it costs no more than any memory."""
        if not self.chosen:
            return lambda fifo, depth: self.bits[fifo.channel] * depth

        def priced(fifo: Fifo, depth: int) -> int:
            if depth == 0:
                return 0
            storage: Storage = "shift"
            if depth > last_shift(fifo.width_bits, self.prices):
                storage = cheapest_memory(fifo.width_bits, depth, self.prices)
            return cost_of(fifo.width_bits, depth, storage, self.prices)

        return priced

    def styles(self, fifos: Sequence[Fifo], depths: Sequence[int]) -> tuple[list[str | None], int | None]:
        """What is to be stated of each FIFO, None: nothing, since the tool does so by itself; and the blocks of 18 Kb, if known."""
        if not self.chosen and self.budget is None:
            return [None] * len(depths), None
        found: list[str | None] = [None] * len(depths)
        memories = []
        for at, (fifo, depth) in enumerate(zip(fifos, depths, strict=True)):
            if self.latency(fifo.width_bits, depth) > 1:
                memories.append(at)
            elif fifo_latency(fifo.width_bits, depth) > 1:
                found[at] = "shift"
        sizes = [(fifos[at].width_bits, depths[at]) for at in memories]
        chosen, blocks = within_budget(sizes, self.prices, self.budget)
        for at, storage in zip(memories, chosen, strict=True):
            found[at] = storage
        return found, blocks
