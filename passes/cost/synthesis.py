"""Seconds of HLS synthesis: a constant a project, and what each task adds. Modelled, not measured by us.

From the run logs of ArgyKokk/hls4ml_MLP_estimator 72e2e22 (35 fully unrolled networks, 22 s to 8.2 h, Vitis HLS
2021.1): scheduling, binding and RTL take 0.12 s x nonzeros^0.85; "loop, function and other optimizations" grow with
the cube of the largest layer's weights, 30 s at 2,100 and 1,200 to 29,000 s at 11,000. Summing the cubes over the
layers of a project keeps the cost additive; the largest one rules either way. Resource strategy, from
Keb-L/hls4ml-data 333aad6 and crimson1256/hls4ml_modified_yolo_v3_tiny 611fc15: 0.02 s a weight (126 s at 6,104;
694 and 1,209 s at 65,888; 4,841 and 5,012 s at 242,368 weights), up to seven times that with other kernels.
"""

from __future__ import annotations

from math import ceil

from split4ml.passes.cost.shape import Range, TaskShape

PROJECT = Range(15, 22, 30)
"""What every project costs however small: starting, reading headers, compiling hls4ml's library."""
PER_OPERATION = 0.12
CUBIC = 3.5e-9
PER_STORED_WEIGHT = 0.02


def matvec_seconds(task: TaskShape) -> Range:
    """Dense and convolution."""
    if task.strategy.startswith("resource"):
        unrolled = ceil(task.weights / task.reuse_factor)
        seconds = operation_seconds(unrolled).estimate + PER_STORED_WEIGHT * task.weights
        return _rounded(Range.around(seconds + CUBIC * unrolled**3, 0.3, 7))
    scheduled = Range.around(operation_seconds(task.nonzeros).estimate, 0.5, 4)
    return _rounded(scheduled + Range.around(CUBIC * task.weights**3, 0.25, 8))


def operation_seconds(operations: int) -> Range:
    """Scheduling, binding and RTL of that many operations in one function."""
    return _rounded(Range.around(PER_OPERATION * max(1, operations) ** 0.85, 0.3, 5))


def _rounded(seconds: Range) -> Range:
    return Range(round(seconds.low, 2), round(seconds.estimate, 2), round(seconds.high, 2))
