"""Makes every FIFO, inside and between subgraphs, as shallow as it can be without the design getting slower.

    flow.fifo @layer2_out %1 depth 64 of 64 peak 17   =>   flow.fifo @layer2_out %1 depth 2 of 64 peak 17

`peak` takes the most tokens that the profile saw, plus one. `bisect` shrinks every FIFO for as long as latency and interval
stay those of unbounded FIFOs, judged by replay (docs/timing.md, docs/decisions/0002-unbounded-reference.md). `exact` finds the
depths of the fewest bits, and proves that no fewer will do or how far from it they may be (docs/sizing.md); this is
noted on the model:

    sizing = {method = "exact", bits = 8480 : i64, lower_bound = 8480 : i64, lower_bound_certain = 8352 : i64, optimal = true}
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from xdsl.context import Context
from xdsl.dialects.builtin import BoolAttr, DictionaryAttr, ModuleOp, StringAttr
from xdsl.passes import ModulePass

from split4ml.dialects import flow
from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.flow import integer, symbol
from split4ml.dialects.flow_attrs import StreamType
from split4ml.passes.interfaces import Tracer


@dataclass(frozen=True)
class SizeFifos(ModulePass):
    """Size every FIFO. method: `bisect` (as shallow as the unbounded design's latency and interval allow, one at a
    time), `exact` (the fewest bits, proven) or `peak` (what the profile saw, plus one). frames: of the flooding run that
    is judged. time_limit: seconds after which `exact` gives the best depths and lower bound so far."""

    name = "size-fifos"
    method: Literal["bisect", "exact", "peak"] = "bisect"
    frames: int = 8
    time_limit: float = 60.0
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
        if self.time_limit < 0:
            raise Split4mlError(f"a time limit of {self.time_limit:g} seconds is none")
        built = Timed(model, self.tracer.trace(model)).network()
        fifos = sizable(built)
        # Bits are counted as the report does: without what a port pads its tokens with.
        widths = {built.fifos[symbol(fifo)]: _width_bits(fifo) for fifo in model.fifos}
        sized = size(
            built.network,
            fifos,
            self.method,
            frames=self.frames,
            cost=lambda fifo, depth: widths[fifo.channel] * depth,
            seconds=self.time_limit,
        )
        depths = dict(zip(built.fifos, sized.depths, strict=True))
        model.properties.pop("sizing", None)
        if sized.bound is not None:
            model.properties["sizing"] = DictionaryAttr(
                {
                    "method": StringAttr(self.method),
                    "bits": integer(sized.bound.cost),
                    "lower_bound": integer(sized.bound.lower),
                    "lower_bound_certain": integer(sized.bound.lower_certain),
                    "optimal": BoolAttr.from_bool(sized.bound.optimal),
                }
            )
        for fifo in model.fifos:
            name = symbol(fifo)
            fifo.properties["depth"] = integer(depths[name])
            fifo.properties.pop("style", None)  # judged with the style that the tool's rule gives this depth


def _width_bits(fifo: flow.FifoOp) -> int:
    type_ = fifo.source.type
    assert isinstance(type_, StreamType)
    return type_.width_bits
