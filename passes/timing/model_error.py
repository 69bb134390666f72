"""How far a model is from a simulation, FIFO by FIFO."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from split4ml.passes.timing.calibrate import Seen
from split4ml.passes.timing.network import UNBOUNDED, Network, Replayed
from split4ml.passes.timing.replay import replay

FRAMES = 32
"""So many are compared at most."""


@dataclass(frozen=True)
class ModelError:
    """peak: the model's most tokens held less the simulation's. cycles: the greatest distance of any write or read from its cycle in
    the simulation, the first operation of all being in the same; None if no cycles were seen.
    """

    peak: int
    cycles: int | None


def as_simulated(network: Network, seen: Mapping[int, Seen]) -> Network:
    """With latencies as they were seen, and FIFOs that are never full where those that there are cannot have done what was seen: they were deeper."""
    channels = list(network.channels)
    for channel, what in seen.items():
        as_is = channels[channel]
        capacity = as_is.capacity if what.fits(as_is.capacity) else UNBOUNDED
        if capacity > 0:  # else it is a wire, and was one
            channels[channel] = replace(as_is, capacity=capacity, latency=what.latency(as_is.latency))
    return replace(network, channels=tuple(channels))


def model_errors(network: Network, seen: Mapping[int, Seen], frames: int) -> dict[int, ModelError]:
    """By channel. frames: that the simulation was of."""
    run = replay(as_simulated(network, seen), max(1, min(frames, FRAMES)), record=True)
    shift = _shift(run, seen)
    return {
        channel: ModelError(int(run.peak[channel]) - what.peak, _distance(run, channel, what, shift))
        for channel, what in seen.items()
    }


def _shift(run: Replayed, seen: Mapping[int, Seen]) -> int:
    """From the model's cycles to the simulation's."""
    first = [
        (int(times[0]), int(mine[channel][0]))
        for channel, what in seen.items()
        for times, mine in ((what.writes, run.writes), (what.reads, run.reads))
        if times is not None and len(times) and len(mine[channel])
    ]
    if not first:
        return 0
    theirs, ours = min(first)
    return theirs - ours


def _distance(run: Replayed, channel: int, what: Seen, shift: int) -> int | None:
    found = []
    for times, mine in ((what.writes, run.writes), (what.reads, run.reads)):
        both = 0 if times is None else min(len(times), len(mine[channel]))
        if times is not None and both:
            found.append(int(np.abs(times[:both] - mine[channel][:both] - shift).max()))
    return max(found, default=None)
