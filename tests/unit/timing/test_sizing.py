"""Sized networks are as fast as unbounded ones, and no FIFO of them can be made shallower alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from timing_networks import networks
from timing_reference import simulate

from split4ml.dialects.errors import Split4mlError
from split4ml.passes.timing.metrics import measure
from split4ml.passes.timing.network import UNBOUNDED, Channel, Network, Process, Sink, Source
from split4ml.passes.timing.schedule import Schedule
from split4ml.passes.timing.sizing import Fifo, Method, fifo_latency, resized, size

FRAMES = 6


def feasible(network: Network, fifos: list[Fifo], depths: list[int]) -> bool:
    """The definition, by whole runs of the bounded and the unbounded network."""
    sized = resized(network, fifos, depths)
    channels = list(sized.channels)
    for fifo in fifos:
        channels[fifo.channel] = replace(channels[fifo.channel], capacity=UNBOUNDED)
    wanted = measure(replace(sized, channels=tuple(channels)), FRAMES)
    got = measure(sized, FRAMES)
    return (
        got.end_lone == wanted.end_lone
        and got.latency_lone == wanted.latency_lone
        and got.interval == wanted.interval
        and not got.deadlock
        and all(g <= w if g >= 0 else w < 0 for g, w in zip(got.ends, wanted.ends, strict=True) if w >= 0)
    )


def residual(tokens: int, delay: int) -> Network:
    """A clone, a slow path that gives its first token after `delay` more have come, and an add."""
    clone = Schedule.of([(k, [0], [0, 1]) for k in range(tokens)], tokens)
    groups: dict[int, tuple[list[int], list[int]]] = {k: ([0], []) for k in range(tokens)}
    for k in range(tokens):
        groups.setdefault(k + delay, ([], []))[1].append(0)
    slow = Schedule.of([(k, r, w) for k, (r, w) in sorted(groups.items())], tokens)
    add = Schedule.of([(k, [0, 1], [0]) for k in range(tokens)], tokens)
    names = ("in", "body", "skip", "slow", "out")
    return Network(
        tuple(Channel(n, 2 if n in ("in", "out") else UNBOUNDED) for n in names),
        (
            Process("clone", clone, (0,), (1, 2), 0, -1),
            Process("slow", slow, (1,), (3,), 0, 0),
            Process("add", add, (3, 2), (4,), 0, 1),
        ),
        (Source("s", 0, tokens),),
        (Sink("k", 4, tokens),),
        ("sg0",),
    )


def test_residual_network_by_hand() -> None:
    network = residual(16, 5)
    fifos = [Fifo(1, 16), Fifo(2, 16), Fifo(3, 16)]
    methods: tuple[Method, ...] = ("peak", "bisect")
    for method in methods:
        sized = size(network, fifos, method, frames=8)
        assert feasible(network, fifos, list(sized.depths))
        assert sized.latencies == tuple(fifo_latency(16, d) for d in sized.depths)
        assert sized.metrics.peaks[1] <= sized.depths[0]
        if method == "bisect":
            # A token a cycle needs two slots. The skip holds what the body's delay of 5 and three latencies keep
            # it waiting for, and one slot to be written in the cycle in which another is read.
            assert sized.depths == (2, 8, 2)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks(bounded=False), st.data())
def test_feasible_and_minimal(network: Network, data: st.DataObject) -> None:
    widths = data.draw(st.lists(st.sampled_from([8, 16, 500, 2000]), min_size=len(network.channels)))
    chosen = [c for c in range(len(network.channels)) if data.draw(st.booleans())]
    fifos = [Fifo(c, widths[c % len(widths)] if widths else 8, data.draw(st.booleans())) for c in chosen]
    try:
        sized = size(network, fifos, "bisect", frames=FRAMES)
    except Split4mlError as error:
        assert "deadlock" in error.message
        return
    depths = list(sized.depths)
    assert feasible(network, fifos, depths)
    assert feasible(network, fifos, list(size(network, fifos, "peak", frames=FRAMES).depths))
    for index, fifo in enumerate(fifos):
        if not fifo.sizable:
            assert depths[index] == network.channels[fifo.channel].capacity
        elif depths[index] > 1:
            shallower = depths[:index] + [depths[index] - 1] + depths[index + 1 :]
            assert not feasible(network, fifos, shallower), fifo
    wanted = simulate(resized(network, fifos, depths), FRAMES)
    assert list(sized.metrics.ends) == wanted.last_out
    assert sized.metrics.peaks.tolist() == wanted.peak


def test_same_answer_again_and_progress() -> None:
    network = residual(40, 17)
    fifos = [Fifo(1, 16), Fifo(2, 64), Fifo(3, 64)]
    told: list[tuple[int, int]] = []
    first = size(network, fifos, progress=lambda tried, bits: told.append((tried, bits)))
    second = size(network, fifos)
    assert first.depths == second.depths and first.replays == second.replays
    assert told and [bits for _, bits in told] == sorted((bits for _, bits in told), reverse=True)
    assert told[-1][1] == sum(d * f.width_bits for d, f in zip(first.depths, fifos, strict=True))


def test_style_changes_the_reference() -> None:
    """1024 bits: the skip's FIFO is a memory when deep, a cycle slower than the shift register it ends up as."""
    network = residual(64, 3)
    wide = [Fifo(1, 100), Fifo(2, 100), Fifo(3, 100)]
    sized = size(network, wide)
    assert max(sized.depths) <= 10 and set(sized.latencies) == {1}
    assert feasible(network, wide, list(sized.depths))


def test_deadlock_of_the_unbounded_network_is_an_error() -> None:
    one = Schedule.of([(0, [0, 1], [0])], 1)
    other = Schedule.of([(0, [0], [0])], 1)
    network = Network(
        tuple(Channel(n, 2) for n in ("in", "there", "back")),
        (Process("a", one, (0, 2), (1,), 0, -1), Process("b", other, (1,), (2,), 0, -1)),
        (Source("s", 0, 1),),
        (),
        ("sg0",),
    )
    # A sink somewhere, to be a network: b's second output.
    twice = Schedule.of([(0, [0], [0, 1])], 1)
    network = replace(
        network,
        channels=(*network.channels, Channel("out", 2)),
        processes=(network.processes[0], Process("b", twice, (1,), (2, 3), 0, -1)),
        sinks=(Sink("k", 3, 1, np.zeros(1, np.int64)),),
    )
    with pytest.raises(
        Split4mlError, match="deadlocks however deep.*a waits for back .empty.*b waits for there"
    ):
        size(network, [Fifo(1, 8), Fifo(2, 8)])


def test_held_start_sizes_what_completes() -> None:
    network = replace(residual(16, 5), held_start=True)
    fifos = [Fifo(1, 16), Fifo(2, 16), Fifo(3, 16)]
    sized = size(network, fifos)
    assert sized.metrics.latency_lone is None
    assert sized.metrics.stuck == ("slow",)
    assert sized.metrics.interval is not None
    assert feasible(network, fifos, list(sized.depths))
