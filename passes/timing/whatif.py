"""What other depths would change: one more word in each FIFO, and the least depths that resolve a deadlock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from split4ml.passes.timing.judge import Fifo, LatencyRule, fifo_latency
from split4ml.passes.timing.metrics import Metrics, longest_period, measure, metrics
from split4ml.passes.timing.network import UNBOUNDED
from split4ml.passes.timing.replay import Engine
from split4ml.passes.timing.schedule import Ints


@dataclass(frozen=True)
class OneMore:
    """With one word more in one FIFO, all else being as it is. None: does not end, before or then."""

    fifo: int
    latency: int | None
    latency_stream: int | None
    interval: int | float | None


def one_more(
    engine: Engine, fifos: Sequence[Fifo], frames: int, now: Metrics, latency: LatencyRule = fifo_latency
) -> list[OneMore]:
    """For each FIFO, by replay. fifo: index into `fifos`. What a FIFO is made of may change with its depth, so it may cost."""
    found = []
    for index, fifo in enumerate(fifos):
        capacities, latencies = engine.capacities.copy(), engine.latencies.copy()
        capacities[fifo.channel] += 1
        before = int(latencies[fifo.channel])
        # A style that is stated stays.
        if before == latency(fifo.width_bits, int(capacities[fifo.channel]) - 1):
            latencies[fifo.channel] = latency(fifo.width_bits, int(capacities[fifo.channel]))
        if (
            now.completed
            and now.peaks[fifo.channel] < capacities[fifo.channel] - 1
            and latencies[fifo.channel] == before
        ):
            found.append(OneMore(index, now.latency_lone, now.latency_stream, now.interval))
            continue
        lone, many = (engine.run(n, capacities=capacities, latencies=latencies) for n in (1, frames))
        then = metrics(lone, many, longest_period(engine.network))
        found.append(OneMore(index, then.latency_lone, then.latency_stream, then.interval))
    return found


def depths_that_run(engine: Engine, fifos: Sequence[Fifo], frames: int) -> tuple[dict[int, int], Metrics]:
    """For a network that deadlocks: by index into `fifos`, depths with which it does not, none of which can be less alone.

    Only FIFOs that are full in some circle of waits get deeper. Empty if no depth helps. The second: the metrics as it is.
    Latencies stay as they are: no deadlock depends on them.
    """
    as_is = measure(engine, frames)
    capacities: Ints = engine.capacities.copy()
    by_name = {engine.network.channels[fifo.channel].name: index for index, fifo in enumerate(fifos)}
    raised: list[int] = []
    deadlock = as_is.deadlock
    while deadlock:
        full = [by_name[c] for _, state, c in deadlock if state == "full" and c in by_name]
        full = [index for index in full if index not in raised]
        if not full:
            return {}, as_is
        raised += full
        capacities[[fifos[index].channel for index in full]] = UNBOUNDED
        deadlock = engine.run(frames, capacities=capacities).deadlock
    peaks = engine.run(frames, capacities=capacities).peak
    for index in raised:
        channel = fifos[index].channel
        low, high = int(engine.capacities[channel]) - 1, int(max(peaks[channel], engine.capacities[channel]))
        while high - low > 1:
            capacities[channel] = middle = (low + high) // 2
            if engine.run(frames, capacities=capacities).deadlock:
                low = middle
            else:
                high = middle
        capacities[channel] = high
    deeper = [i for i in raised if capacities[fifos[i].channel] > engine.capacities[fifos[i].channel]]
    assert not np.any(capacities >= UNBOUNDED) or np.any(engine.capacities >= UNBOUNDED)
    return {index: int(capacities[fifos[index].channel]) for index in deeper}, as_is
