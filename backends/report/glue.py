"""What only a split design has: the key `glue` of report.json."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from split4ml.dialects import flow
from split4ml.dialects.flow_attrs import StreamType
from split4ml.passes.cost.glue import SOURCE, glue_cost


def glue(model: flow.ModelOp) -> dict[str, Any] | None:
    """LUTs, registers and block RAMs after synthesis, estimated; None for a model that is not split."""
    if not model.subgraphs:
        return None
    found = list(_links(model))
    cost = glue_cost(found, len(model.inputs), len(model.subgraphs))
    return {**asdict(cost), "links": len(found), "source": SOURCE}


def _links(model: flow.ModelOp) -> Iterator[tuple[int, int, bool]]:
    for fifo in model.fifos:
        if fifo.is_boundary:
            type_ = fifo.source.type
            assert isinstance(type_, StreamType)
            yield type_.bus_bits, fifo.depth.value.data, flow.fifo_style(fifo) != "shift"
