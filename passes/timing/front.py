"""The Pareto front of sized networks: what FIFOs cost against the interval, the latency, or both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from split4ml.dialects.errors import Split4mlError
from split4ml.passes.timing.judge import Cost, Fifo, LatencyRule, fifo_latency, storage_bits
from split4ml.passes.timing.limits import Allowed, Limits
from split4ml.passes.timing.network import Network
from split4ml.passes.timing.sizing import Method, size

Against = Literal["interval", "latency", "both"]
PERCENTS = (0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 35.0, 50.0, 75.0, 100.0, 150.0, 200.0)
FREE = 1000.0
"""Per cent that a latency may be longer where only the interval counts."""


@dataclass(frozen=True)
class Point:
    """limits: with which `size` gives these depths. latency: of a lone frame."""

    latency_percent: float
    interval_percent: float
    depths: tuple[int, ...]
    cost: int
    latency: int
    interval: float

    def beats(self, other: Point) -> bool:
        """No worse in anything, and better in something."""
        mine, theirs = (self.cost, self.interval, self.latency), (other.cost, other.interval, other.latency)
        return all(m <= t for m, t in zip(mine, theirs, strict=True)) and mine != theirs


def limits_of(against: Against, percent: float) -> Limits:
    """What is allowed for a point: so many per cent more of what it is against."""
    latency = {"interval": FREE, "latency": percent, "both": percent}[against]
    return Limits(Allowed(percent=latency), Allowed(percent=0.0 if against == "latency" else percent))


def front(
    network: Network,
    fifos: Sequence[Fifo],
    against: Against = "interval",
    percents: Sequence[float] = PERCENTS,
    method: Method = "bisect",
    *,
    frames: int = 8,
    latency: LatencyRule = fifo_latency,
    cost: Cost = storage_bits,
    seconds: float = 60.0,
    progress: Callable[[int, int], None] | None = None,
) -> list[Point]:
    """Sized networks, of which none beats another, the fastest first; the first keeps what unbounded FIFOs give.

    Each point is sized on its own with other limits, so none of them is better than `method` is; the front has no others than
    these. Raises Split4mlError as `size` does.
    """
    found: list[Point] = []
    wanted = list(dict.fromkeys([Limits(), *(limits_of(against, percent) for percent in percents)]))
    for number, limits in enumerate(wanted):
        if progress is not None:
            progress(number, len(wanted))
        sized = size(
            network, fifos, method, frames=frames, latency=latency, cost=cost, seconds=seconds, limits=limits
        )
        metrics = sized.metrics
        if metrics.latency_lone is None or metrics.interval is None:
            raise Split4mlError("a frame never ends, so there is nothing to choose between")
        total = sum(cost(f, d) for f, d in zip(fifos, sized.depths, strict=True))
        point = Point(
            limits.latency.percent,
            limits.interval.percent,
            sized.depths,
            total,
            metrics.latency_lone,
            metrics.interval,
        )
        if not any(p.beats(point) or p.depths == point.depths for p in found):
            found = [p for p in found if not point.beats(p)]
            found.append(point)
    return sorted(found, key=lambda p: (p.interval, p.latency, p.cost))
