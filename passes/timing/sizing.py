"""FIFO depths under replay: as shallow as they can be without the design getting slower.

What "not slower" means: passes/timing/judge.py. The methods: passes/timing/shrink.py, exchange.py and exact.py; docs/sizing.md says what
each of them guarantees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from split4ml.passes.timing.exchange import exchanged
from split4ml.passes.timing.judge import (
    Cost,
    Fifo,
    Judge,
    LatencyRule,
    Progress,
    fifo_latency,
    resized,
    storage_bits,
)
from split4ml.passes.timing.limits import KEEP, Limits
from split4ml.passes.timing.metrics import Metrics, measure
from split4ml.passes.timing.network import Network
from split4ml.passes.timing.shrink import by_peak
from split4ml.passes.timing.within import within_bounds

Method = Literal["peak", "bisect", "exact"]

__all__ = ["Bound", "Fifo", "Method", "Sized", "fifo_latency", "resized", "size"]


@dataclass(frozen=True)
class Bound:
    """What is known of the cheapest feasible depths.

    cost:    of the depths found.
    lower:   no feasible depths cost less, if shallower FIFOs make nothing earlier (docs/sizing.md).
    lower_certain: no feasible depths cost less, whatever the network.
    boxes:   how many ranges of depths were shown to be infeasible.
    """

    cost: int
    lower: int
    lower_certain: int
    boxes: int

    @property
    def optimal(self) -> bool:
        return self.lower == self.cost

    @property
    def gap(self) -> float:
        """What part of the cost might be saved at most, from 0 to 1."""
        return (self.cost - self.lower) / self.cost if self.cost else 0.0


@dataclass(frozen=True, eq=False)
class Sized:
    """Depths that are feasible, in the order of the FIFOs given.

    peaks:     most tokens held in the run of several frames with unbounded depths.
    latencies: cycles from write to readable that go with the depths.
    metrics:   of the sized network (`metrics.peaks` are its own, per channel).
    replays:   runs made.
    bound:     on the cost of all feasible depths; only `exact` gives one.
    """

    depths: tuple[int, ...]
    peaks: tuple[int, ...]
    latencies: tuple[int, ...]
    metrics: Metrics
    replays: int
    bound: Bound | None = None


def size(
    network: Network,
    fifos: Sequence[Fifo],
    method: Method = "bisect",
    *,
    frames: int = 8,
    latency: LatencyRule = fifo_latency,
    progress: Progress | None = None,
    cost: Cost = storage_bits,
    seconds: float = 60.0,
    limits: Limits = KEEP,
) -> Sized:
    """Depths by `peak` (what an unbounded run holds at most, plus one), `bisect` (the cheapest found of which no FIFO can
    shrink alone) or `exact`.

    Both minimise `cost`; `exact` has a bound. After about `seconds`, or on KeyboardInterrupt, it gives the best so far;
    what it gives before that is the same every time.
    Capacities and latencies that `network` has for the sizable FIFOs do not matter. limits: how slow it may be. Raises
    Split4mlError if the network deadlocks however deep its FIFOs are, and if no depths within their bounds keep to the limits.
    """
    judge = Judge(network, fifos, frames, latency, progress, limits)
    depths, peaks = by_peak(judge)
    depths = within_bounds(judge, depths)
    bound = None
    if method != "peak":
        depths = exchanged(judge, depths, cost)
    if method == "exact":
        from split4ml.passes.timing.exact import exact  # loads Z3

        depths, bound = exact(judge, depths, cost, seconds)
    if judge.tokens_held(depths) is None:
        raise AssertionError("the sized network is slower than the unbounded one")  # pragma: no cover
    found = tuple(int(d) for d in depths)
    sized = resized(network, fifos, found, latency)
    return Sized(
        depths=found,
        peaks=tuple(int(p) for p in peaks),
        latencies=tuple(sized.channels[f.channel].latency for f in fifos),
        metrics=measure(sized, frames),
        replays=judge.replays + 2,
        bound=bound,
    )
