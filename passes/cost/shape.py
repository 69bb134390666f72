"""What the cost model takes and returns, as plain values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Range:
    """low <= estimate <= high. A range covers about nine in ten of the designs it was compared with; see
    docs/cost.md for which those were."""

    low: float
    estimate: float
    high: float

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.estimate <= self.high:
            raise ValueError(f"not a range: {self.low}, {self.estimate}, {self.high}")

    def __add__(self, other: Range) -> Range:
        """Ends add up: errors of one model are not independent, so they are not assumed to cancel."""
        return Range(self.low + other.low, self.estimate + other.estimate, self.high + other.high)

    @staticmethod
    def around(estimate: float, low: float, high: float) -> Range:
        """Factors instead of ends: `around(100, 0.5, 3)` is 50, 100, 300."""
        return Range(estimate * low, estimate, estimate * high)

    def whole(self) -> Range:
        """Rounded to integers, as counts are."""
        return Range(round(self.low), round(self.estimate), round(self.high))


ZERO = Range(0, 0, 0)


@dataclass(frozen=True)
class TaskShape:
    """One C++ function call of hls4ml's top function. Fields that a kind has no use for stay 0.

    kind:          hls4ml's class name, such as Conv2D, Dense, Activation, Clone.
    function:      of an Activation: relu, sigmoid, ...
    n_in, n_out:   shape of the matrix-vector product (convolution: kernel x channels by filters).
    n_weights:     weights in all; 0 means n_in * n_out for kinds that multiply by a matrix.
    n_nonzero:     weights that are not 0; None if unknown (then all of them).
    csd_adders:    `count_weights(...).csd_adders`; None if unknown.
    *_width:       bits of one element.
    strategy:      hls4ml's, in lower case: latency, resource, resource_unrolled, distributed_arithmetic.
    reuse_factor:  multiplications that share a multiplier.
    elements, out_elements: elements of one input (output) token.
    streams:       output streams of a Clone, input streams of a Merge or Concatenate.
    kernel_height, kernel_width, channels, row: line buffer geometry; `row` is the (padded) input width.
    tokens:        tokens read per frame.
    """

    kind: str
    function: str = ""
    n_in: int = 0
    n_out: int = 0
    n_weights: int = 0
    n_nonzero: int | None = None
    csd_adders: int | None = None
    in_width: int = 16
    weight_width: int = 16
    out_width: int = 16
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

    def __post_init__(self) -> None:
        positive = (self.in_width, self.weight_width, self.out_width, self.reuse_factor, self.elements)
        if min(*positive, self.out_elements, self.streams, self.kernel_height, self.kernel_width) < 1:
            raise ValueError(
                f"{self.kind}: widths, reuse factor, elements, streams and kernel are at least 1"
            )
        if min(self.n_in, self.n_out, self.n_weights, self.channels, self.row, self.tokens) < 0:
            raise ValueError(f"{self.kind}: counts are not negative")

    @property
    def weights(self) -> int:
        """Weights in all."""
        return self.n_weights or self.n_in * self.n_out

    @property
    def nonzeros(self) -> int:
        """Weights that cost a multiplication if each has its own multiplier."""
        return self.weights if self.n_nonzero is None else self.n_nonzero


@dataclass(frozen=True)
class TaskCost:
    """LUT, FF, DSP, BRAM18 and the seconds that the task adds to its project's synthesis.

    scale:  "hls": as HLS reports estimate them, before logic synthesis (LUTs end up about 2.2 times fewer).
    source: "fitted: ..." names published reports; "structural" counts gates and compares with nothing.
    """

    lut: Range
    ff: Range
    dsp: Range
    bram18: Range
    synth_seconds: Range
    scale: str
    source: str
