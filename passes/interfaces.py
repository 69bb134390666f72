"""What passes need from outside, as small typed protocols; the driver binds them (compiler/services.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from split4ml.dialects.precision import Precision
from split4ml.passes.graphinfo import GraphInfo
from split4ml.passes.weights import Floats

if TYPE_CHECKING:
    from split4ml.dialects import nn
    from split4ml.dialects.flow import ModelOp
    from split4ml.passes.cost.measured import CostData
    from split4ml.passes.timing.measured import Measurements
    from split4ml.passes.timing.network import Network, Replayed
    from split4ml.passes.timing.tasktrace import TaskTrace


@dataclass(frozen=True)
class LoweredGraph:
    """A saved hls4ml graph: where it lies, relative to the build directory, and the digest of its contents."""

    info: GraphInfo
    archive: str
    digest: str


class Lowering(Protocol):
    """Builds an hls4ml graph from layer dictionaries."""

    def lower(
        self,
        layers: list[dict[str, object]],
        inputs: Sequence[str],
        outputs: Sequence[str],
        onnx_names: dict[str, tuple[str, ...]],
        input_names: Sequence[str] = (),
        output_names: Sequence[str] = (),
        types: Mapping[str, Mapping[str, Precision]] | None = None,
        parts: Mapping[str, str] | None = None,
    ) -> LoweredGraph:
        """Runs hls4ml's flows and saves the graph. onnx_names: the user's nodes by layer; input_names, output_names:
        the user's tensors; types: element types by layer, which the user's configuration may override; parts: by layer,
        the one that a pass split. Raises Split4mlError."""
        ...

    def preview(
        self,
        layers: list[dict[str, object]],
        inputs: Sequence[str],
        outputs: Sequence[str],
        onnx_names: dict[str, tuple[str, ...]],
        types: Mapping[str, Mapping[str, Precision]] | None = None,
        parts: Mapping[str, str] | None = None,
    ) -> GraphInfo:
        """What `lower` would make; nothing is saved. Raises Split4mlError."""
        ...

    tool: str
    """Whose timing constants hold, such as `vitis-2023.2`."""
    start: str
    """The start protocol, `per-frame` or `held`."""


class Samples(Protocol):
    """Sample inputs of a network."""

    def samples(self, model: nn.ModelOp) -> tuple[Mapping[str, Floats], Mapping[str, Floats] | None, bool]:
        """Frames of the inputs and, if it is known, of what the outputs are to be, by the user's names, first axis = frames;
        and whether they are random."""
        ...


class Notes(Protocol):
    """What the user should know about the result, beside it."""

    def note(self, text: str) -> None: ...


class Archives(Protocol):
    """Saved hls4ml graphs by digest."""

    def describe(self, model: ModelOp) -> GraphInfo:
        """Loads the archive that the model names. Raises Split4mlError if it is missing or another one."""
        ...


class Costs(Protocol):
    """What the user's own synthesis has measured."""

    def known(self) -> CostData:
        """Reports of earlier builds; empty if there are none. Raises Split4mlError if their file is damaged."""
        ...


@dataclass(frozen=True)
class Device:
    """What a part has. slr: by resource (lut, ff, dsp, bram18, uram), for each super logic region (die), SLR0 first."""

    name: str
    slr: tuple[Mapping[str, int], ...]
    source: str

    def total(self, resource: str) -> int:
        return sum(region[resource] for region in self.slr)


class Devices(Protocol):
    """Parts and boards."""

    def find(self, name: str) -> Device:
        """By part number, device or board, whatever its spelling. Raises Split4mlError with names that are near."""
        ...


class Measured(Protocol):
    """What was measured of tasks in time."""

    def measurements(self) -> Measurements:
        """Of the file that the user named. Raises Split4mlError if there is none, or it is damaged."""
        ...


class Tracer(Protocol):
    """Token traces of the generated C++."""

    def trace(self, model: ModelOp) -> Mapping[str, TaskTrace]:
        """What every task does with its streams in one frame, by task. Compiles and runs; raises Split4mlError."""
        ...


class Waveforms(Protocol):
    """Where a simulated profile is looked at: a VCD file, written and read back."""

    def observe(
        self, name: str, network: Network, run: Replayed, fifos: Mapping[str, int], clock_ps: int
    ) -> Mapping[str, int]:
        """Peak occupancy by FIFO, as the VCD `name` of the run shows it. fifos: channel by name."""
        ...
