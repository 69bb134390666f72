"""Makes every FIFO, inside and between subgraphs, as shallow as it can be without the design getting slower.

    flow.fifo @layer2_out %1 depth 64 of 64 peak 17   =>   flow.fifo @layer2_out %1 depth 2 of 64 peak 17

`peak` takes the most tokens that the profile saw, plus one. `bisect` shrinks every FIFO for as long as latency and interval
stay those of unbounded FIFOs, and deepens one where that makes others so much shallower that the whole is cheaper, judged by
replay (docs/timing.md, docs/decisions/0002-unbounded-reference.md). `exact` finds the depths of the fewest bits, and proves
that no fewer will do or how far from it they may be (docs/sizing.md); this is noted on the model:

    sizing = {method = "exact", bits = 8464 : i64, lower_bound = 8464 : i64, lower_bound_certain = 8336 : i64, optimal = true}
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Literal

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.passes import ModulePass

from split4ml.dialects import flow
from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.flow import integer, symbol
from split4ml.dialects.flow_attrs import StreamType
from split4ml.passes.interfaces import Tracer
from split4ml.passes.timing.frames import fault as frames_fault

if TYPE_CHECKING:
    from split4ml.passes.fifo_storage import StorageRule
    from split4ml.passes.networks import Built
    from split4ml.passes.timing.judge import Fifo
    from split4ml.passes.timing.limits import Limits
    from split4ml.passes.timing.sizing import Sized

DEMANDS = (
    "objective",
    "bram_price",
    "uram_price",
    "bram18",
    "latency",
    "interval",
    "pin",
    "min_depth",
    "max_depth",
)
"""Options that say what sized FIFOs must be like, whatever the method."""

Capacity = Callable[[str, int], int]


@dataclass(frozen=True, eq=False)
class Chosen:
    """By FIFO: depths, and styles that are to be stated, None for what the tool does by itself."""

    sized: Sized
    depths: dict[str, int]
    styles: dict[str, str | None]


@dataclass(frozen=True)
class SizeFifos(ModulePass):
    """Size every FIFO.

    method: `bisect` (as shallow as the unbounded design's latency and interval allow, one at a time, in the cheapest proportion found),
    `exact` (the fewest bits, proven) or `peak` (what the profile saw, plus one).
    latency, interval: what they may be: `keep` (as with unbounded FIFOs), per cent more (`5%`), or cycles.
    objective: what is minimised: `bits`, with FIFOs built as the tool does by itself, or `cost`, LUTs' worth of logic and memory, where
    each FIFO is a shift register, LUT RAM, block RAM or UltraRAM, whichever costs least; its style is then stated.
    bram_price, uram_price: LUTs that a block of 18 Kb, or one of UltraRAM, is worth; without the latter there is none.
    bram18: the most blocks of 18 Kb that all FIFOs together may take; their memories are then chosen and stated.
    pin, min_depth, max_depth: depths of FIFOs by name or pattern, such as `"layer4_out=8"` or `"*_cpy2=64"`. 0, such as `min-depth="*=0"`, is
    for FIFOs between two subgraphs only, whose ports are then wired to each other.
    frames: of the flooding run that is judged.
    time_limit: seconds after which `exact` gives the best depths and lower bound so far.
    """

    name = "size-fifos"
    method: Literal["bisect", "exact", "peak"] = "bisect"
    objective: Literal["bits", "cost"] = "bits"
    bram_price: int = 320
    uram_price: int | None = None
    bram18: int | None = None
    latency: str = "keep"
    interval: str = "keep"
    pin: tuple[str, ...] = ()
    min_depth: tuple[str, ...] = ()
    max_depth: tuple[str, ...] = ()
    frames: int = 8
    time_limit: float = 60.0
    tracer: Tracer = field(kw_only=True)

    def __post_init__(self) -> None:
        from split4ml.passes.fifo_bounds import parse_bound

        if wrong := frames_fault(self.frames):
            raise ValueError(wrong)
        if self.time_limit < 0:
            raise ValueError(f"a time limit of {self.time_limit:g} seconds is none")
        self.storage({})  # checks the prices
        if self.bram18 is not None and not 0 <= self.bram18 <= 100_000:
            raise ValueError(f"bram18 is {self.bram18}, but must be between 0 and 100,000 blocks")
        try:
            self.limits()
            for option, texts in (
                ("pin", self.pin),
                ("min-depth", self.min_depth),
                ("max-depth", self.max_depth),
            ):
                for text in texts:
                    parse_bound(text, option)
        except Split4mlError as error:
            raise ValueError(f"{error.message}{'; ' + error.hint if error.hint else ''}") from None

    def asked(self) -> dict[str, object]:
        """The demands that are not the default."""
        return {
            f.name: getattr(self, f.name)
            for f in fields(self)
            if f.name in DEMANDS and getattr(self, f.name) != f.default
        }

    def limits(self) -> Limits:
        from split4ml.passes.timing.limits import Allowed, Limits

        return Limits(Allowed.parse(self.latency, "latency"), Allowed.parse(self.interval, "interval"))

    @property
    def stating(self) -> bool:
        """Whether styles are chosen and stated."""
        return self.objective == "cost" or self.bram18 is not None

    def storage(self, bits: Mapping[int, int]) -> StorageRule:
        """bits: of a token, by channel."""
        from split4ml.passes.cost.storage import Prices
        from split4ml.passes.fifo_storage import StorageRule

        prices = Prices(self.bram_price, self.uram_price)
        return StorageRule(bits, prices, self.objective == "cost", self.bram18)

    def bounded(
        self,
        names: Sequence[str],
        fifos: Sequence[Fifo],
        capacity: Capacity | None = None,
        links: Collection[str] = (),
    ) -> list[Fifo]:
        """FIFOs of these names with the bounds that the options have. capacity: from name and pragma's depth, if they differ. links:
        those between subgraphs. Raises UsageError for names that are none of theirs."""
        from split4ml.passes.fifo_bounds import depth_bounds
        from split4ml.passes.timing.network import UNBOUNDED

        bounds = depth_bounds(names, self.pin, self.min_depth, self.max_depth, links)

        def held(name: str, depth: int) -> int:
            return depth if capacity is None or depth >= UNBOUNDED else capacity(name, depth)

        return [
            replace(fifo, least=held(name, bounds[name][0]), most=held(name, bounds[name][1]))
            if name in bounds
            else fifo
            for name, fifo in zip(names, fifos, strict=True)
        ]

    def choose(self, built: Built, fifos: Sequence[Fifo], bits: Mapping[int, int]) -> Chosen:
        """Sizes a network. fifos: those of `built.fifos`, in their order. bits: of a token, by channel, without what a port pads it with.

        Raises UsageError for bounds of FIFOs that are not there, Split4mlError if nothing is feasible.
        """
        from split4ml.passes.timing.sizing import size

        fifos = self.bounded(list(built.fifos), fifos, links=built.links)
        rule = self.storage(bits)
        sized = size(
            built.network,
            fifos,
            self.method,
            frames=self.frames,
            latency=rule.latency,
            cost=rule.cost,
            seconds=self.time_limit,
            limits=self.limits(),
        )
        styles = rule.styles(fifos, sized.depths)[0]
        return Chosen(
            sized,
            dict(zip(built.fifos, sized.depths, strict=True)),
            dict(zip(built.fifos, styles, strict=True)),
        )

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for model in (inner for inner in op.ops if isinstance(inner, flow.ModelOp)):
            self._size(model)

    def _size(self, model: flow.ModelOp) -> None:
        from split4ml.passes.sizing_note import note
        from split4ml.passes.timed import Timed, sizable

        unseen = [symbol(fifo) for fifo in model.fifos if fifo.peak is None]
        if unseen:
            raise Split4mlError(
                f"no profile of the FIFO {unseen[0]}",
                where=f"flow.model @{symbol(model)}",
                hint="run the pass `profile` before `size-fifos`",
            )
        if self.stating and model.backend is not None and model.backend.data != "Vitis":
            raise Split4mlError(
                f"styles of FIFOs are stated for the Vitis backend only, not {model.backend.data}",
                where=f"flow.model @{symbol(model)}",
                hint="leave out objective=cost and bram18",
            )
        built = Timed(model, self.tracer.trace(model)).network()
        bits = {built.fifos[symbol(fifo)]: _width_bits(fifo) for fifo in model.fifos}
        chosen = self.choose(built, sizable(built), bits)
        model.properties.pop("sizing", None)
        if (noted := note(self.asked(), chosen.sized.bound)) is not None:
            model.properties["sizing"] = noted
        for fifo in model.fifos:
            name = symbol(fifo)
            fifo.properties["depth"] = integer(chosen.depths[name])  # of 0, it is wires
            fifo.properties.pop("style", None)  # without one, it is what the tool's rule gives this depth
            if (style := chosen.styles[name]) is not None:
                fifo.properties["style"] = StringAttr(style)


def _width_bits(fifo: flow.FifoOp) -> int:
    type_ = fifo.source.type
    assert isinstance(type_, StreamType)
    return type_.width_bits
