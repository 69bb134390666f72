"""What passes need from outside, as small typed protocols; the driver binds them (compiler/services.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from split4ml.passes.graphinfo import GraphInfo

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

    from split4ml.dialects.flow import ModelOp
    from split4ml.passes.timing.schedule import Schedule


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
    ) -> LoweredGraph:
        """Runs hls4ml's flows and saves the graph. Raises Split4mlError."""
        ...

    @property
    def tool(self) -> str:
        """Whose timing constants hold, such as `vitis-2023.2`."""
        ...

    @property
    def start(self) -> str:
        """The start protocol, `per-frame` or `held`."""
        ...


class Archives(Protocol):
    """Saved hls4ml graphs by digest."""

    def describe(self, model: ModelOp) -> GraphInfo:
        """Loads the archive that the model names. Raises Split4mlError if it is missing or another one."""
        ...


class Stimuli(Protocol):
    """Sample inputs, and what the user's model makes of them."""

    def make(self, module: ModuleOp) -> str:
        """The digest of a blob with sample inputs and reference outputs of the `nn.model` in the module."""
        ...


@dataclass(frozen=True)
class TaskTiming:
    """ii, depth: of the task's pipelined loop, in cycles; ii_range: the neighbouring values that are possible."""

    ii: int
    depth: int
    ii_range: tuple[int, int]


class Profiler(Protocol):
    """Token traces of the generated C++, and the timelines that follow from them."""

    def schedule(self, model: ModelOp, task: str, direct_outputs: bool) -> Schedule:
        """One call of a task. direct_outputs: it writes ports instead of FIFOs."""
        ...

    def timing(self, model: ModelOp, task: str) -> TaskTiming: ...


class Progress(Protocol):
    """Told how far a long step is: `update(done, total, text)`."""

    def update(self, done: int, total: int, text: str) -> None: ...
