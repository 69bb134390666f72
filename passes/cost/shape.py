"""What the cost model takes and returns, as plain values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from math import ceil
from typing import Literal

FIGURES = ("lut", "ff", "dsp", "bram18", "uram", "synth_seconds", "synth_mb")
"""Resources, seconds of HLS synthesis, and megabytes of memory that HLS takes meanwhile."""
NO_DATA = "none"
"""The source of a figure that was compared with no published report."""


@dataclass(frozen=True)
class Range:
    """low <= estimate <= high: an interval that is meant to hold the truth in four of five designs or more."""

    low: float
    estimate: float
    high: float

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.estimate <= self.high:
            raise ValueError(f"not a range: {self.low}, {self.estimate}, {self.high}")

    def __add__(self, other: Range) -> Range:
        """Ends add up: errors of one model are not independent, so they are not assumed to cancel."""
        return Range(self.low + other.low, self.estimate + other.estimate, self.high + other.high)

    def __mul__(self, factor: float) -> Range:
        return Range(self.low * factor, self.estimate * factor, self.high * factor)

    @staticmethod
    def around(estimate: float, low: float, high: float) -> Range:
        """Factors instead of ends: `around(100, 0.5, 3)` is 50, 100, 300."""
        return Range(estimate * low, estimate, estimate * high)

    @staticmethod
    def exactly(value: float) -> Range:
        return Range(value, value, value)

    def whole(self) -> Range:
        """Rounded to integers, as counts are."""
        return Range(round(self.low), round(self.estimate), round(self.high))


ZERO = Range(0, 0, 0)


@dataclass(frozen=True)
class TaskShape:
    """One C++ function call of hls4ml's top function. Fields that a kind has no use for keep their defaults.

    kind:          hls4ml's class name, such as Conv2D, Dense, Activation, Clone.
    function:      of an Activation: relu, sigmoid, ...; of a Merge: add, multiply, ...; of a pool: max, average.
    n_in, n_out:   shape of the matrix-vector product (convolution: kernel x channels by filters).
    n_weights:     weights in all; 0 means n_in * n_out for kinds that multiply by a matrix.
    n_nonzero:     weights that are not 0; None if unknown (then all of them).
    multipliers, shift_adds, csd_adders, value_bits: of `count_weights`; None or 0 if the weights are not known.
    *_width:       bits of one element; accum_width 0 is that of the output. weight_fraction: None if unknown.
    rounded_bits, saturated_bits: bits below and above the output type that it rounds away and saturates.
    strategy:      hls4ml's, in lower case: latency, resource, resource_unrolled, distributed_arithmetic.
    reuse_factor:  multiplications that share a multiplier.
    elements, out_elements: elements of one input (output) token.
    streams:       output streams of a Clone, input streams of a Merge or Concatenate.
    kernel_height, kernel_width, channels, row: line buffer geometry; `row` is the (padded) input width.
    tokens:        tokens read per frame.
    table:         entries of its look-up table.
    clock_ns, backend, tool_version: what synthesises it: `vitis` or `vivado`, and the year and release, such as 2023.2.
    multiplier_style: `dsp` or `fabric` if the project binds its multipliers, else `auto`.
    stream:        io_stream; otherwise the bare function of io_parallel, which only published reports have.
    """

    kind: str
    function: str = ""
    n_in: int = 0
    n_out: int = 0
    n_weights: int = 0
    n_nonzero: int | None = None
    multipliers: int | None = None
    shift_adds: int | None = None
    csd_adders: int | None = None
    value_bits: int = 0
    in_width: int = 16
    weight_width: int = 16
    weight_fraction: int | None = None
    out_width: int = 16
    accum_width: int = 0
    rounded_bits: int = 0
    saturated_bits: int = 0
    strategy: str = "latency"
    reuse_factor: int = 1
    elements: int = 1
    out_elements: int = 1
    streams: int = 1
    kernel_height: int = 1
    kernel_width: int = 1
    channels: int = 0
    row: int = 0
    tokens: int = 1
    table: int = 1024
    clock_ns: float = 5.0
    backend: Literal["vitis", "vivado"] = "vitis"
    tool_version: str = ""
    multiplier_style: Literal["auto", "dsp", "fabric"] = "auto"
    stream: bool = True

    def __post_init__(self) -> None:
        positive = (self.in_width, self.weight_width, self.out_width, self.reuse_factor, self.elements)
        if min(*positive, self.out_elements, self.streams, self.kernel_height, self.kernel_width) < 1:
            raise ValueError(
                f"{self.kind}: widths, reuse factor, elements, streams and kernel are at least 1"
            )
        counts = (self.n_in, self.n_out, self.n_weights, self.channels, self.row, self.tokens)
        if min(*counts, self.accum_width, self.rounded_bits, self.saturated_bits, self.value_bits) < 0:
            raise ValueError(f"{self.kind}: counts are not negative")
        if not 0 < self.clock_ns < float("inf"):
            raise ValueError(f"{self.kind}: a clock period of {self.clock_ns} ns")

    @property
    def weights(self) -> int:
        """Weights in all."""
        return self.n_weights or self.n_in * self.n_out

    @property
    def nonzeros(self) -> int:
        """Weights that cost a multiplication if each has its own multiplier."""
        return self.weights if self.n_nonzero is None else self.n_nonzero

    @property
    def accumulator(self) -> int:
        """Bits of the sum of products."""
        return self.accum_width or self.out_width

    @property
    def in_bits(self) -> int:
        """Bits of one input token."""
        return self.elements * self.in_width

    @property
    def unrolled(self) -> bool:
        """Every weight has a multiplication of its own, by a constant: always with the latency strategy."""
        return not self.strategy.startswith("resource") or self.reuse_factor == 1

    @property
    def parallel(self) -> int:
        """Multiplications at once."""
        return ceil(self.weights / self.reuse_factor)


@dataclass(frozen=True)
class TaskCost:
    """The figures of one task, or of a project.

    scale:   "hls": resources as HLS reports estimate them, before logic synthesis; "synthesis": after it.
    sources: where each figure's coefficients come from, by figure: a law of `fitted.py`, a rule, a report, or `NO_DATA`.
    """

    lut: Range = ZERO
    ff: Range = ZERO
    dsp: Range = ZERO
    bram18: Range = ZERO
    uram: Range = ZERO
    synth_seconds: Range = ZERO
    synth_mb: Range = ZERO
    scale: str = "hls"
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """The sources in one line: `lut, ff: unrolled (12 sources); dsp: rule`, or `none` if nothing was compared."""
        if all(value == NO_DATA for value in self.sources.values()):
            return NO_DATA
        found: dict[str, list[str]] = {}
        for figure, source in self.sources.items():
            found.setdefault(source, []).append(figure)
        return "; ".join(f"{', '.join(figures)}: {source}" for source, figures in found.items())


def total(costs: Iterable[TaskCost], scale: str = "hls") -> TaskCost:
    """Figures added up. Raises ValueError if they are on different scales."""
    costs = list(costs)
    if any(cost.scale != scale for cost in costs):
        raise ValueError("costs on different scales cannot be added")
    sums = {
        figure: reduce(Range.__add__, (getattr(cost, figure) for cost in costs), ZERO) for figure in FIGURES
    }
    return TaskCost(scale=scale, **sums)  # type: ignore[arg-type]
