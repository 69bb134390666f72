"""The cycles of the split design and of the monolithic one, for the report."""

from __future__ import annotations

from split4ml.backends.report.build import CycleCounts, Timing
from split4ml.passes.networks import NetworkOptions
from split4ml.passes.timed import Timed, sizable
from split4ml.passes.timing.metrics import Metrics, measure
from split4ml.passes.timing.sizing import size
from split4ml.passes.timing.tails import tails_of


def timing_of(timed: Timed, frames: int) -> Timing:
    """Split: with the depths of the IR. Monolithic: same tasks in one project, its own FIFOs sized by bisection."""
    network = timed.network().network
    split = measure(network, frames)
    whole = timed.network(NetworkOptions(monolithic=True))
    sized = size(whole.network, sizable(whole), "bisect", frames=frames)
    chosen = dict(zip(whole.fifos, sized.depths, strict=True))
    return Timing(
        split=counts_of(split),
        monolithic=counts_of(sized.metrics),
        monolithic_depths=chosen,
        frames=frames,
        tails=tails_of(network, frames),
        monolithic_tails=tails_of(
            timed.network(NetworkOptions(monolithic=True, depths=chosen)).network, frames
        ),
    )


def counts_of(metrics: Metrics) -> CycleCounts:
    """What the report says of the metrics."""
    return CycleCounts(metrics.latency_lone, metrics.latency_stream, metrics.interval, tuple(metrics.stuck))
