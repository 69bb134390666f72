"""Makes every FIFO, inside and between subgraphs, as shallow as it can be without the design getting slower.

    flow.fifo @layer2_out %1 depth 64 of 64 peak 17   =>   flow.fifo @layer2_out %1 depth 2 of 64 peak 17

`peak` takes the most tokens that the profile saw, plus one. `bisect` shrinks every FIFO for as long as latency and interval
stay those of unbounded FIFOs, judged by replay (docs/timing.md, docs/decisions/0002-unbounded-reference.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from split4ml.dialects import flow
from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.flow import integer, symbol
from split4ml.passes.interfaces import Tracer


@dataclass(frozen=True)
class SizeFifos(ModulePass):
    """Size every FIFO. method: `bisect` (as shallow as the unbounded design's latency and interval allow) or `peak`
    (what the profile saw, plus one). frames: of the flooding run that is judged."""

    name = "size-fifos"
    method: Literal["bisect", "peak"] = "bisect"
    frames: int = 8
    tracer: Tracer = field(kw_only=True)

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for model in (inner for inner in op.ops if isinstance(inner, flow.ModelOp)):
            self._size(model)

    def _size(self, model: flow.ModelOp) -> None:
        from split4ml.passes.timed import Timed, sizable
        from split4ml.passes.timing.sizing import size

        unseen = [symbol(fifo) for fifo in model.fifos if fifo.peak is None]
        if unseen:
            raise Split4mlError(
                f"no profile of the FIFO {unseen[0]}",
                where=f"flow.model @{symbol(model)}",
                hint="run the pass `profile` before `size-fifos`",
            )
        if self.frames < 4:
            raise Split4mlError(f"a steady interval needs at least 4 frames, not {self.frames}")
        built = Timed(model, self.tracer.trace(model)).network()
        fifos = sizable(built)
        sized = size(built.network, fifos, self.method, frames=self.frames)
        depths = dict(zip(built.fifos, sized.depths, strict=True))
        for fifo in model.fifos:
            name = symbol(fifo)
            fifo.properties["depth"] = integer(depths[name])
            fifo.properties.pop("style", None)  # judged with the style that the tool's rule gives this depth
