"""The least that any split between layers can make of the synthesis time, and what tiling the large layers would make of that."""

from __future__ import annotations

from typing import Any

from split4ml.dialects import flow
from split4ml.dialects.flow import symbol
from split4ml.passes.cost.synthesis import PROJECT, task_seconds
from split4ml.passes.cost.tiling import WEIGHTS, is_tiled, tile_shape, tiles_needed
from split4ml.passes.estimate import shape_of
from split4ml.passes.graphinfo import GraphInfo


def synthesis_bound(model: flow.ModelOp, info: GraphInfo) -> dict[str, Any] | None:
    """The key `synthesis_bound` of report.json; None if a task has no cost.

    A subgraph is a task at least: its synthesis takes what any project takes and what the task adds. A tile is taken to cost the
    share of the whole layer's seconds that the model (docs/cost.md) gives it, so that a report of the layer counts.
    """
    tasks = [(task, info.by_task[symbol(task)]) for task in model.tasks]
    if not tasks or any(task.cost is None for task, _ in tasks):
        return None
    whole, tiled, parts, weights = {}, {}, {}, {}
    for task, found in tasks:
        assert task.cost is not None
        name = symbol(task)
        seconds = task.cost.estimate("synth_ms") / 1000
        shape = shape_of(found, info)
        whole[name], weights[name] = seconds, shape.weights if found.weights else 0
        count = 1
        if is_tiled(shape) and shape.weights > WEIGHTS:
            count = tiles_needed(shape, lambda tile: tile.weights <= WEIGHTS) or shape.n_out
            parts[name] = count
            share = task_seconds(tile_shape(shape, count)).estimate / task_seconds(shape).estimate
            seconds = min(seconds, seconds * share)
        tiled[name] = seconds
    largest = max(whole, key=lambda name: whole[name])
    after = max(tiled, key=lambda name: tiled[name])
    return {
        "seconds": round(PROJECT.estimate + whole[largest], 3),
        "task": largest,
        "weights": weights[largest],
        "tiled": {
            "max_weights": WEIGHTS,
            "parts": parts,
            "seconds": round(PROJECT.estimate + tiled[after], 3),
            "task": after,
        },
    }


def told(bound: dict[str, Any]) -> str:
    """In a sentence for the terminal and the page."""
    weights = f" ({bound['weights']:,} weights)" if bound["weights"] else ""
    text = f"{bound['seconds']:,.1f} s however it is split, since @{bound['task']}{weights} takes that"
    tiled = bound["tiled"]
    if not tiled["parts"]:
        return f"{text}; no layer is large enough to tile"
    return f"{text}; {tiled['seconds']:,.1f} s (@{tiled['task']}) with --tile-weights {tiled['max_weights']}, estimated"
