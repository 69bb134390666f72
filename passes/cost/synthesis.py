"""Seconds and memory of HLS synthesis: a constant a project, and what each task adds. Modelled, not measured by us.

From run logs of published designs (docs/cost.md names them), 18 s to 13.7 h and 0.5 to 21 GB. Two networks with largest
layers of equal size differ by an order of magnitude, and one network's runs with different reuse factors by five: no
function of the shape can do much better, hence the ranges.

Scheduling, binding and RTL take time with almost the number of operations; "loop, function and other optimizations" with the
cube of the largest unrolled layer (30 s at 2,100 weights, 1,200 to 29,000 s at 11,000, 2,100 s at 9,400). Summing the
cubes over the layers of a project keeps the cost additive; the largest one rules either way.
"""

from __future__ import annotations

from split4ml.passes.cost.shape import Range, TaskShape
from split4ml.passes.cost.terms import MATRIX

SYNTHESIS = "run logs of 8 sources"

PROJECT = Range(15, 22, 40)
"""What every project costs however small: starting, reading headers, compiling hls4ml's library."""
PROJECT_MB = Range(170, 450, 700)
PER_OPERATION = 0.12
CUBIC = 3.5e-9
PER_STORED_WEIGHT = 0.03
OPERATION_MB = 1.4
STORED_WEIGHT_MB = 0.02


def task_seconds(task: TaskShape) -> Range:
    """What a task adds to the synthesis of its project. Vivado and its logic synthesis come after that."""
    if task.kind not in MATRIX:
        return _rounded(Range.around(operation_seconds(task.elements), 0.3, 5))
    if not task.unrolled:
        seconds = (
            operation_seconds(task.parallel) + PER_STORED_WEIGHT * task.weights + CUBIC * task.parallel**3
        )
        return _rounded(Range.around(seconds, 0.3, 5))
    scheduled = Range.around(operation_seconds(task.nonzeros), 0.5, 4)
    return _rounded(scheduled + Range.around(CUBIC * task.weights**3, 0.2, 8))


def task_mb(task: TaskShape) -> Range:
    """What a task adds to the memory that the synthesis of its project takes at its peak."""
    if task.kind not in MATRIX:
        return Range.around(0.5 + 0.05 * task.elements, 0.2, 10).whole()
    unrolled = OPERATION_MB * (task.nonzeros if task.unrolled else task.parallel) ** 0.8
    stored = 0 if task.unrolled else STORED_WEIGHT_MB * task.weights
    return Range.around(unrolled + stored, 0.4, 4).whole()


def operation_seconds(operations: int) -> float:
    """Scheduling, binding and RTL of that many operations in one function."""
    return float(PER_OPERATION * max(1, operations) ** 0.85)


def _rounded(seconds: Range) -> Range:
    return Range(round(seconds.low, 2), round(seconds.estimate, 2), round(seconds.high, 2))
