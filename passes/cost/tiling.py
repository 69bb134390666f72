"""A layer cut into tiles over its output channels: the shape of a tile, and how many tiles meet a limit.

Splits between layers cannot make a project that synthesises faster than the slowest task, whose time grows with the cube of its
weights (passes/cost/synthesis.py); tiles can.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import ceil

from split4ml.passes.cost.shape import TaskShape

TILED = frozenset({"Dense", "Conv1D", "Conv2D", "PointwiseConv1D", "PointwiseConv2D"})
"""Kinds of hls4ml that compute each output channel from all of their input and weights of its own."""
WEIGHTS = 2048
"""Of a tile, if nothing else is asked for: networks of layers of this size synthesised in half a minute (docs/cost.md)."""


def is_tiled(task: TaskShape) -> bool:
    """Whether a task can be cut at all."""
    return task.kind in TILED and task.n_out > 1 and task.n_in > 0


def tile_shape(task: TaskShape, parts: int) -> TaskShape:
    """The largest of so many tiles, as equal as can be. Counts of weights are shared out evenly, since which rows a tile gets
    matters little to its cost. Raises ValueError for more tiles than outputs."""
    if not 1 <= parts <= task.n_out:
        raise ValueError(f"{task.n_out} outputs do not make {parts} tiles")
    outputs = ceil(task.n_out / parts)

    def share(count: int | None) -> int | None:
        return None if count is None else ceil(count * outputs / task.n_out)

    return replace(
        task,
        n_out=outputs,
        n_weights=task.n_in * outputs,
        n_nonzero=share(task.n_nonzero),
        multipliers=share(task.multipliers),
        shift_adds=share(task.shift_adds),
        csd_adders=share(task.csd_adders),
        out_elements=outputs if task.out_elements == task.n_out else task.out_elements,
        reuse_factor=min(task.reuse_factor, task.n_in * outputs),
    )


def tiles_needed(task: TaskShape, fits: Callable[[TaskShape], bool]) -> int | None:
    """The fewest tiles that all fit; None if not even tiles of one output do. `fits` must hold for smaller ones if it does."""
    if not fits(tile_shape(task, task.n_out)):
        return None
    few, many = 0, task.n_out  # `many` fit, `few` do not
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if fits(tile_shape(task, middle)) else (middle, many)
    return many
