"""From HLS estimates to what is left after logic synthesis.

HLS counts each operator on its own; logic synthesis then trims, shares and re-times. Over 29 published designs of seven
sources that have both reports (Vivado HLS 2018.2 to Vitis HLS 2024.1, benchmarks/cost_accuracy.py shows them), LUTs come out
at 0.09 to 0.71 of the estimate (recurrent networks lowest), DSPs as estimated. Place and route are not included.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import exp, hypot, log

from split4ml.passes.cost.shape import Range, TaskCost

FACTORS = {
    "lut": Range(0.2, 0.48, 0.68),
    "ff": Range(0.45, 0.78, 1.2),
    "dsp": Range(0.98, 1.0, 1.05),
    "bram18": Range(0.08, 0.65, 1.0),
}
"""Count after logic synthesis / count that HLS estimated."""


def after_synthesis(cost: TaskCost, factors: Mapping[str, Range] = FACTORS) -> TaskCost:
    """The same cost on the scale of logic synthesis. The two errors are taken as independent."""
    if cost.scale == "synthesis":
        return cost
    scaled = {figure: _times(getattr(cost, figure), factor).whole() for figure, factor in factors.items()}
    return replace(cost, **scaled, scale="synthesis")  # type: ignore[arg-type]


def _times(count: Range, factor: Range) -> Range:
    """Spreads add in quadrature: of logarithms, since both are factors."""
    estimate = count.estimate * factor.estimate
    high = hypot(log((count.high + 1) / (count.estimate + 1)), log(factor.high / factor.estimate))
    low = hypot(log((count.estimate + 1) / (count.low + 1)), log(factor.estimate / factor.low))
    return Range(
        max(0, (estimate + 1) * exp(-low) - 1), estimate, max(estimate, (estimate + 1) * exp(high) - 1)
    )
