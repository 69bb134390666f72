"""Critical paths, bounds and cures of deadlocks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from test_sizing import residual
from timing_networks import networks

from split4ml.passes.timing.bottleneck import bottleneck, floors
from split4ml.passes.timing.judge import Fifo
from split4ml.passes.timing.metrics import measure
from split4ml.passes.timing.network import Network
from split4ml.passes.timing.replay import Engine
from split4ml.passes.timing.whatif import depths_that_run, one_more

FRAMES = 6


def with_depths(network: Network, depths: dict[int, int]) -> Network:
    return replace(
        network,
        channels=tuple(
            replace(c, capacity=depths.get(index, c.capacity)) for index, c in enumerate(network.channels)
        ),
    )


def test_a_task_a_fifo_or_the_source_is_the_bottleneck() -> None:
    network = with_depths(residual(16, 5), {1: 2, 2: 8, 3: 2})
    fifos = np.array([1, 2, 3])
    found = bottleneck(Engine(network), fifos, FRAMES)
    assert found.bound is not None and found.bound.kind == "task" and found.bound.cycles == 16
    assert set(found.bound.names) == {"clone", "slow", "add"}
    found = bottleneck(Engine(with_depths(network, {2: 6})), fifos, FRAMES)
    assert found.bound is not None and found.bound.kind == "fifo" and "skip" in found.bound.names
    assert found.bound.cycles == 16 and found.metrics.interval is not None and found.metrics.interval > 16
    slow_source = replace(network, sources=(replace(network.sources[0], throttle=50),))
    found = bottleneck(Engine(slow_source), fifos, FRAMES)
    assert found.bound is not None and (found.bound.kind, found.bound.names) == ("source", ("s",))


def test_one_more_word() -> None:
    network = with_depths(residual(16, 5), {1: 2, 2: 6, 3: 2})
    fifos = [Fifo(1, 16), Fifo(2, 16), Fifo(3, 16)]
    now = measure(network, FRAMES)
    for more in one_more(Engine(network), fifos, FRAMES, now):
        channel = fifos[more.fifo].channel
        then = measure(with_depths(network, {channel: network.channels[channel].capacity + 1}), FRAMES)
        assert (more.latency, more.latency_stream, more.interval) == (
            then.latency_lone,
            then.latency_stream,
            then.interval,
        )
    assert {
        more.fifo for more in one_more(Engine(network), fifos, FRAMES, now) if more.interval != now.interval
    } == {1}


def test_depths_that_resolve_a_deadlock() -> None:
    network = with_depths(residual(16, 5), {1: 2, 2: 2, 3: 2})
    fifos = [Fifo(1, 16), Fifo(2, 16), Fifo(3, 16)]
    depths, metrics = depths_that_run(Engine(network), fifos, FRAMES)
    assert ("clone", "full", "skip") in metrics.deadlock
    assert list(depths) == [1]
    for depth in range(2, 10):
        assert bool(measure(with_depths(network, {2: depth}), FRAMES).deadlock) == (depth < depths[1])


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(networks())
def test_of_any_network(network: Network) -> None:
    engine = Engine(network)
    fifos = [Fifo(c, 8) for c in range(len(network.channels))]
    found = bottleneck(engine, np.arange(len(network.channels)), FRAMES)
    if found.metrics.end_lone is not None:
        assert sum(leg.cycles for leg in found.lone_legs) == found.metrics.end_lone + 1
    if found.bound is not None:
        assert found.metrics.interval is not None
        assert sum(leg.cycles for leg in found.legs) > 0
        assert found.bound.kind != "loop" or found.metrics.interval > floors(network)[0][2]
    if found.metrics.deadlock:
        depths, _ = depths_that_run(engine, fifos, FRAMES)
        assert depths or any(state == "start" for _, state, _ in found.metrics.deadlock)
        assert not depths or not measure(with_depths(network, depths), FRAMES).deadlock
        for index, depth in depths.items():
            assert measure(with_depths(network, {**depths, index: depth - 1}), FRAMES).deadlock
