"""What docs/sizing.md guarantees of sized designs, on random networks; and where a guarantee ends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from timing_networks import networks

from split4ml.passes.timing.metrics import measure
from split4ml.passes.timing.network import Channel, Network, Process, Sink, Source
from split4ml.passes.timing.replay import Engine, replay
from split4ml.passes.timing.schedule import Schedule
from split4ml.passes.timing.steady import steady

ANY = settings(
    max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
)


def without_overlap(network: Network) -> Network:
    """Every call drains before the next one begins."""
    processes = tuple(
        p if p.schedule is None else replace(p, schedule=replace(p.schedule, period=p.schedule.length))
        for p in network.processes
    )
    return replace(network, processes=processes)


@ANY
@given(networks())
def test_one_frame_shows_that_none_deadlocks(network: Network) -> None:
    """If calls do not overlap, however many frames follow."""
    network = without_overlap(replace(network, held_start=False))
    assume(replay(network, 1).completed)
    assert replay(network, 9).completed


@ANY
@given(networks(), st.data())
def test_slower_surroundings_deadlock_nothing(network: Network, data: st.DataObject) -> None:
    """Nor do sources that offer later and sinks that stall, if calls do not overlap; and no frame ends earlier."""
    network = without_overlap(replace(network, held_start=False))
    before = replay(network, 4)
    assume(before.completed)
    stall = np.array(data.draw(st.lists(st.integers(0, 1), min_size=1, max_size=6).filter(lambda s: 0 in s)))
    slower = replace(
        network,
        sources=tuple(
            replace(s, throttle=s.throttle + data.draw(st.integers(0, 90))) for s in network.sources
        ),
        sinks=tuple(replace(k, stall=stall) if not k.stall.any() else k for k in network.sinks),
    )
    after = replay(slower, 4)
    assert after.completed
    assert np.all(after.last_out >= before.last_out)


@ANY
@given(networks(), st.data())
def test_less_room_or_more_latency_makes_nothing_earlier(network: Network, data: st.DataObject) -> None:
    """Monotonicity, if calls do not overlap; and for a lone frame with one start per frame in any case."""
    per_frame = replace(network, held_start=False)
    for drained, frames in ((without_overlap(network), 4), (per_frame, 1)):
        engine = Engine(drained)
        capacities, latencies = engine.capacities.copy(), engine.latencies.copy()
        for channel in range(len(capacities)):
            if data.draw(st.booleans()):
                capacities[channel] = data.draw(st.integers(1, int(min(capacities[channel], 9))))
            latencies[channel] = max(latencies[channel], data.draw(st.sampled_from([1, 1, 2])))
        before = engine.run(frames).last_out
        after = engine.run(frames, capacities=capacities, latencies=latencies).last_out
        assert np.all((after < 0) | ((before >= 0) & (after >= before)))


def residual_with_a_tail(skip: int) -> Network:
    """A fork that is three tokens ahead on the skip when it begins with the body, whose last two tokens stay in an
    overlapping pipeline, and an add.
    """
    ahead = [
        (0, [0], [1]),
        (1, [0], [1]),
        (2, [0], [1]),
        (3, [], [0]),
        (4, [], [0]),
        (5, [0], [0, 1]),
        (6, [], [0]),
    ]
    clone = Schedule.of(ahead, 7)
    groups: dict[int, tuple[list[int], list[int]]] = {}
    for k in range(4):
        groups.setdefault(k, ([], []))[0].append(0)
        groups.setdefault(k + 2, ([], []))[1].append(0)
    body = Schedule.of([(k, r, w) for k, (r, w) in sorted(groups.items())], 4)
    add = Schedule.of([(k, [0, 1], [0]) for k in range(4)], 4)
    return Network(
        tuple(Channel(n, c) for n, c in (("in", 2), ("body", 1), ("skip", skip), ("slow", 1), ("out", 2))),
        (
            Process("fork", clone, (0,), (1, 2), 0, -1),
            Process("body", body, (1,), (3,), 0, 0),
            Process("add", add, (3, 2), (4,), 0, 1),
        ),
        (Source("s", 0, 4),),
        (Sink("k", 4, 4),),
        ("sg",),
    )


def test_where_one_frame_shows_too_little() -> None:
    """The next frame's first token must push the last one's tail out, and the skip is full of what waits for it."""
    depths = range(1, 8)
    lone = [replay(residual_with_a_tail(skip), 1).completed for skip in depths]
    many = [not replay(residual_with_a_tail(skip), 8).deadlock for skip in depths]
    assert lone.index(True) < many.index(True)
    assert all(lone[many.index(True) :]) and all(many[many.index(True) :])


@ANY
@given(networks())
def test_a_steady_run_goes_on_as_it_is(network: Network) -> None:
    """Where a run is said to repeat itself, longer ones do nothing but that."""
    found = steady(Engine(network), 12)
    assume(found is not None)
    assert found is not None
    ends = measure(network, 40).ends
    for frame in range(found.frame, 39 - found.memory):
        assert ends[frame + 1] - ends[frame] == found.interval
