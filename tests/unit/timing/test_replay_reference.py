"""The event-driven replay and the cycle-by-cycle reference agree on every cycle of every operation."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from timing_networks import networks
from timing_reference import simulate

from split4ml.passes.timing.network import Network
from split4ml.passes.timing.replay import replay


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.booleans().flatmap(lambda wires: networks(wires=wires)), st.integers(1, 4))
def test_equal(network: Network, frames: int) -> None:
    wanted = simulate(network, frames)
    got = replay(network, frames, record=True)
    for name, writes, reads, expected_writes, expected_reads in zip(
        (c.name for c in network.channels), got.writes, got.reads, wanted.writes, wanted.reads, strict=True
    ):
        assert writes.tolist() == expected_writes, name
        assert reads.tolist() == expected_reads, name
    assert got.peak.tolist() == wanted.peak
    assert got.first_in.tolist() == wanted.first_in
    assert got.last_out.tolist() == wanted.last_out
    if got.completed:
        assert got.cycles == wanted.cycles
        assert got.stuck == () and got.deadlock == ()
    else:
        assert got.stuck or got.deadlock
