"""What the report says of the split: what `partition` proved, if the subgraphs are still those; else what a person made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xdsl.dialects.builtin import ArrayAttr

from split4ml.dialects import flow
from split4ml.dialects.flow_attrs import StreamType
from split4ml.passes.cost.synthesis import PROJECT
from split4ml.passes.partition_note import integers, options

ENDS = ("low", "estimate", "high")


def partition_report(model: flow.ModelOp) -> dict[str, Any] | None:
    """The key `partition` of report.json; None for a model that is not split."""
    if model.partition is None or not model.subgraphs:
        return None
    noted = model.partition.data
    end = ENDS.index(str(options(model.partition).get("budget_by", "estimate")))
    fixed = round((PROJECT.low, PROJECT.estimate, PROJECT.high)[end] * 1000)
    loads = [_synthesis_ms(part.tasks, end, fixed) for part in model.subgraphs]
    crossing = sum(_bits(fifo) for fifo in model.fifos if fifo.is_boundary)
    found: dict[str, Any] = {
        "method": noted["method"].data,  # type: ignore[attr-defined]
        "optimal": bool(_number(noted["optimal"])),
        "objective": _number(noted["makespan_ms"]) / 1000,
        "lower_bound": _number(noted["lower_bound_ms"]) / 1000,
        "monolithic_seconds": _number(noted["monolithic_ms"]) / 1000,
        "crossing_bits_per_frame": crossing,
        "objectives": [name.data for name in _list(noted.get("objectives"))],
        "values": integers(noted.get("values")),
        "bounds": integers(noted.get("bounds")),
        "starts_seconds": [_number(start) / 1000 for start in _list(noted.get("starts_ms"))],
    }
    found["gap"] = None if found["optimal"] else _gap(found["values"], found["bounds"])
    if "rounds" in noted:
        found |= {"rounds": _number(noted["rounds"]), "settled": noted["settled"].data}  # type: ignore[attr-defined]
    before = [_number(load) for load in _list(noted.get("loads_ms"))]
    same = loads == before if before else max(loads, key=_known) == _number(noted["makespan_ms"])
    if crossing == _number(noted["crossing_bits"]) and (same or None in loads):
        return found
    known = [load for load in loads if load is not None]
    complete = len(known) == len(loads)
    return found | {
        "method": "by-hand",
        "optimal": False,
        "objective": max(known) / 1000 if complete else None,
        "lower_bound": None,
        "monolithic_seconds": (sum(known) - fixed * (len(known) - 1)) / 1000 if complete else None,
        "values": {},
        "bounds": {},
        "gap": None,
        "starts_seconds": [],
    }


def _gap(values: Mapping[str, int], bounds: Mapping[str, int]) -> dict[str, Any] | None:
    """The first objective that is not proven, and the share of its value that it may be worse than the best."""
    for name, bound in bounds.items():
        if (value := values[name]) != bound:
            return {"objective": name, "share": abs(value - bound) / max(value, bound, 1)}
    return None


def _synthesis_ms(tasks: Sequence[flow.TaskOp], end: int, fixed: int) -> int | None:
    """Of the project that the tasks make; None if one has no cost."""
    costs = [task.cost.ranges["synth_ms"][end] for task in tasks if task.cost is not None]
    return fixed + sum(costs) if len(costs) == len(tasks) else None


def _known(load: int | None) -> int:
    return -1 if load is None else load


def _number(attribute: object) -> int:
    return int(attribute.value.data)  # type: ignore[attr-defined]


def _list(attribute: object) -> Sequence[Any]:
    return attribute.data if isinstance(attribute, ArrayAttr) else ()


def _bits(fifo: flow.FifoOp) -> int:
    type_ = fifo.source.type
    assert isinstance(type_, StreamType)
    return type_.bits_per_frame
