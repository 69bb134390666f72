"""Runs the design with unbounded FIFOs and notes what was seen: how many tokens each FIFO held, how fast each task is.

    %1 = flow.task "Conv2D" @conv1(%0) : …         %1 = flow.task "Conv2D" @conv1(%0) ii 3 latency 5 : …
    %2 = flow.fifo @layer2_out %1 depth 64 : …  =>  %2 = flow.fifo @layer2_out %1 depth 64 peak 17 : …

The tasks' timelines follow from token traces of the generated C++ (docs/trace.md), the run is a replay (docs/timing.md), and
occupancies are read from the VCD that it leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from split4ml.dialects import flow
from split4ml.dialects.flow import integer, symbol
from split4ml.passes.interfaces import Notes, Tracer, Waveforms
from split4ml.passes.timing.frames import fault as frames_fault

if TYPE_CHECKING:
    from split4ml.passes.timed import Timed


@dataclass(frozen=True)
class Profile(ModulePass):
    """Trace the generated C++, run `frames` frames with unbounded FIFOs and a flooding source, and note every
    FIFO's peak and every task's initiation interval and latency."""

    name = "profile"
    frames: int = 8
    tracer: Tracer = field(kw_only=True)
    waveforms: Waveforms = field(kw_only=True)
    notes: Notes = field(kw_only=True)

    def __post_init__(self) -> None:
        if wrong := frames_fault(self.frames):
            raise ValueError(wrong)

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for model in (inner for inner in op.ops if isinstance(inner, flow.ModelOp)):
            self._profile(model)

    def _profile(self, model: flow.ModelOp) -> None:
        from split4ml.passes.timed import Timed
        from split4ml.passes.timing.rules import caveats

        timed = Timed(model, self.tracer.trace(model))
        peaks = observe_unbounded(timed, self.waveforms, self.frames)
        for fifo in model.fifos:
            fifo.properties["peak"] = integer(peaks[symbol(fifo)])
        names = [symbol(task) for task in model.tasks]
        for note in caveats((timed.traces[name], timed.timing(name)) for name in names):
            self.notes.note(note)
        for task in model.tasks:
            timing = timed.timing(symbol(task))
            task.properties["ii"] = integer(timing.ii)
            task.properties["latency"] = integer(timing.depth)


def observe_unbounded(timed: Timed, waveforms: Waveforms, frames: int) -> Mapping[str, int]:
    """Runs `frames` flooding frames with FIFOs of unbounded capacity and hls4ml's own latencies; peaks by FIFO."""
    from split4ml.passes.networks import NetworkOptions
    from split4ml.passes.timing.replay import replay

    defaults = {symbol(fifo): (fifo.default_depth or fifo.depth).value.data for fifo in timed.model.fifos}
    built = timed.network(NetworkOptions(unbounded=True, depths=defaults))
    run = replay(built.network, frames, record=True)
    return waveforms.observe("unbounded", built.network, run, built.fifos, round(timed.clock_ns * 1000))
