"""What FIFOs cost in the unit that was minimised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from split4ml.dialects import flow
from split4ml.passes.cost.storage import Prices, Storage, cheapest_memory, cost_of, last_shift
from split4ml.passes.sizing_note import asked


def fifo_cost(
    model: flow.ModelOp, fifos: Sequence[Mapping[str, Any]], bits: Mapping[str, int | None]
) -> dict[str, Any]:
    """fifos: of the report; bits: `fifo_bits`, which is the cost unless LUTs were minimised. Other depths are priced as what costs
    least for them."""
    wanted = asked(model)
    if wanted.get("objective") != "cost":
        return {"unit": "bits", **bits}
    prices = Prices(wanted.get("bram_price", Prices.bram18), wanted.get("uram_price"))

    def price(width: int, depth: int, style: str | None = None) -> int:
        if depth == 0:
            return 0
        storage: Storage = "shift"
        if style in ("lutram", "bram", "uram"):
            storage = style  # type: ignore[assignment]
        elif style is None and depth > last_shift(width, prices):
            storage = cheapest_memory(width, depth, prices)
        return cost_of(width, depth, storage, prices)

    def total(key: str, extra: int = 0) -> int | None:
        if any(fifo[key] is None for fifo in fifos):
            return None
        return sum(price(_width(fifo), int(fifo[key]) + extra) for fifo in fifos)

    bound = model.sizing.data.get("cost_lower_bound") if model.sizing is not None else None
    return {
        "unit": "LUTs",
        "default": total("default_depth"),
        "peak": total("peak", 1),
        "sized": sum(price(_width(fifo), int(fifo["depth"]), fifo["style"]) for fifo in fifos),
        "lower_bound": int(bound.value.data) if bound is not None else None,  # type: ignore[attr-defined]
    }


def _width(fifo: Mapping[str, Any]) -> int:
    """Bits of one token in the FIFO: with the padding of a port between subgraphs."""
    return int(fifo.get("bus_bits", fifo["width_bits"]))
