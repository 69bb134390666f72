"""An optimised hls4ml graph as plain values: tasks (C++ calls) and the streams between them.

This is the hand-over from the hls4ml adapter (`backends/hls4ml/describe.py` fills it) to the passes, which import
neither hls4ml nor each other's IR for it. Everything is read from the graph after hls4ml's own flows ran, so
the layers that hls4ml inserts (Clone, ZeroPadding, Repack, Transpose) are tasks like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from split4ml.dialects.ports import bus_bits
from split4ml.dialects.precision import Precision


@dataclass(frozen=True)
class StreamInfo:
    """One `hls::stream` of the top function, or one of its AXI4-Stream ports.

    name:          the C++ variable, e.g. `layer12_out`, `layer16_cpy1`; the input's own name for a model input.
    tokens:        tokens a frame.
    elements:      elements a token.
    default_depth: depth of hls4ml's STREAM pragma (a whole frame).
    producer:      name of the task that writes it; None for an input of the model.
    consumer:      name of the task that reads it; None for an output of the model.
    cut_reason:    why no subgraph boundary may cross it, as a clause ("its port would have 8192 bits, …"); None if
                   one may. An input or output of the model with a reason cannot be a port either.
    shape:         the tensor carried, channels last, without the frame axis (the producer's view of it).
    """

    name: str
    tokens: int
    elements: int
    precision: Precision
    default_depth: int
    producer: str | None
    consumer: str | None
    cut_reason: str | None = None
    shape: tuple[int, ...] = ()

    @property
    def width_bits(self) -> int:
        """Bits of one token inside a subgraph."""
        return self.elements * self.precision.width

    @property
    def bus_bits(self) -> int:
        """Bits of one beat on a port."""
        return bus_bits(self.elements, self.precision.width)

    @property
    def bits_per_frame(self) -> int:
        return self.tokens * self.width_bits


@dataclass(frozen=True)
class WeightInfo:
    """A constant array of a task, quantised as the firmware holds it.

    name:         the C++ variable, e.g. `w5`.
    role:         hls4ml's attribute: `weight`, `bias`, `scale`, `param`, …
    size:         number of values; `nonzeros` of them are not 0.
    max_nonzeros: the most nonzero values that feed one output (the adder tree's width).
    value_bits:   bits of the largest absolute raw value (0 if all are 0).
    csd_digits:   nonzero digits of all raw values in canonical signed-digit form (constant multipliers' adders:
                  one less per nonzero value).
    multipliers, shift_adds: constants that HLS multiplies by, and that it makes of one addition (passes/cost/weights.py).
    """

    name: str
    role: str
    size: int
    nonzeros: int
    max_nonzeros: int
    value_bits: int
    csd_digits: int
    multipliers: int
    shift_adds: int
    precision: Precision


@dataclass(frozen=True)
class TaskInfo:
    """One C++ call of the top function.

    name:         a legal identifier, unique among the tasks; the layer's own name wherever that is one.
    layer:        hls4ml's name of the layer (the comment behind the call in the C++).
    kind:         hls4ml's class name, e.g. `Conv2D`, `Clone`, `ZeroPadding2D`.
    inputs, outputs: stream names, in the order of the call's arguments.
    inserted:     hls4ml put it there; no layer of the user's has this name.
    onnx_names:   nodes of the user's model that this task computes (layers fused into it included).
    function:     the C++ function, e.g. `nnet::conv_2d_cl`; `config` its configuration struct, None if it has none.
    strategy:     `latency`, `resource`, …; None where the layer has none.
    n_in, n_out:  size of the matrix-vector product done per output position (Dense, Conv*), else None.
    accumulator:  precision of the accumulator, if there is one.
    types:        element types of what is inside, by hls4ml's names without `_t`: `weight`, `accum`, `exp_table`, …
    attrs:        further numbers and words of the layer: image, kernel, stride and padding sizes, `activation`,
                  `pool_op`, table sizes, … under hls4ml's own attribute names.
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    inserted: bool = False
    layer: str = ""
    onnx_names: tuple[str, ...] = ()
    function: str = ""
    config: str | None = None
    strategy: str | None = None
    reuse_factor: int = 1
    n_in: int | None = None
    n_out: int | None = None
    accumulator: Precision | None = None
    weights: tuple[WeightInfo, ...] = ()
    attrs: Mapping[str, int | str] = field(default_factory=dict)
    types: Mapping[str, Precision] = field(default_factory=dict)

    @property
    def n_weights(self) -> int:
        return sum(weight.size for weight in self.weights)

    @property
    def n_nonzero(self) -> int:
        return sum(weight.nonzeros for weight in self.weights)


@dataclass(frozen=True)
class GraphInfo:
    """A whole design.

    inputs, outputs: stream names in the model's own order.
    tasks:           in topological order, which is the order of the calls in the C++.
    streams:         every stream; inputs first, then by producer in the order of `tasks`.
    input_names, output_names: the user's names of the inputs and outputs (ONNX tensors), in the same order.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    tasks: tuple[TaskInfo, ...]
    streams: tuple[StreamInfo, ...]
    backend: str = "Vitis"
    part: str = ""
    clock_ns: float = 5.0
    input_names: tuple[str, ...] = ()
    output_names: tuple[str, ...] = ()

    @cached_property
    def by_task(self) -> dict[str, TaskInfo]:
        return {task.name: task for task in self.tasks}

    @cached_property
    def by_stream(self) -> dict[str, StreamInfo]:
        return {stream.name: stream for stream in self.streams}
