"""FIFOs in a row as one: no share of what they hold is earlier."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from timing_networks import networks

from split4ml.passes.timing.blame import overlaps
from split4ml.passes.timing.network import UNBOUNDED, Network
from split4ml.passes.timing.replay import Engine
from split4ml.passes.timing.schedule import Ints
from split4ml.passes.timing.series import Series, Together


def ends(engine: Engine, frames: int, capacities: Ints, latencies: Ints) -> list[float]:
    """The cycle in which each frame ends, infinity if it never does."""
    run = engine.run(frames, capacities=capacities, latencies=latencies)
    return [end if end >= 0 else np.inf for end in run.last_out.tolist()]


def shared(found: Together, fifos: list[int], engine: Engine, depths: Ints, frames: int) -> list[float]:
    """With these depths, but those in rows unbounded, and in all as deep as they were."""
    capacities = engine.capacities.copy()
    capacities[fifos] = depths
    held = [int(depths[list(row)].sum()) for row in found.rows]
    for row in found.rows:
        capacities[[fifos[i] for i in row]] = UNBOUNDED
    return ends(found.engine, frames, *found.channels(capacities, engine.latencies, held))


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks(even=True), st.data())
def test_no_share_is_earlier(network: Network, data: st.DataObject) -> None:
    channels = range(len(network.channels))
    fifos = data.draw(st.lists(st.sampled_from(channels), min_size=2, max_size=6, unique=True), label="FIFOs")
    frames = data.draw(st.sampled_from([1, 4]))
    assume(not overlaps(network) or (frames == 1 and not network.held_start))
    number = {c: i for i, c in enumerate(fifos)}
    found = Series(network, number, np.ones(len(fifos), np.int64)).among(range(len(fifos)), frames)
    assume(found)
    assert found is not None
    engine = Engine(network)
    for _ in range(5):
        depths = np.array([data.draw(st.integers(1, 5)) for _ in fifos], np.int64)
        capacities = engine.capacities.copy()
        capacities[fifos] = depths
        apart = ends(engine, frames, capacities, engine.latencies)
        together = shared(found, fifos, engine, depths, frames)
        assert all(a <= b for a, b in zip(together, apart, strict=True))
