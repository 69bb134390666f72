"""FIFOs in a row as one: no share of what they hold is earlier."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from timing_networks import networks

from split4ml.passes.timing.blame import overlaps
from split4ml.passes.timing.network import UNBOUNDED, Channel, Network, Process, Sink, Source
from split4ml.passes.timing.replay import Engine
from split4ml.passes.timing.schedule import Ints, Schedule
from split4ml.passes.timing.series import Series, Together


def ends(engine: Engine, frames: int, capacities: Ints, latencies: Ints) -> list[float]:
    """The cycle in which each frame ends, infinity if it never does."""
    run = engine.run(frames, capacities=capacities, latencies=latencies)
    return [end if end >= 0 else np.inf for end in run.last_out.tolist()]


def with_depths(engine: Engine, fifos: list[int], depths: Ints) -> Ints:
    """Capacities of all channels."""
    capacities = engine.capacities.copy()
    capacities[fifos] = depths
    return capacities


def shared(found: Together, fifos: list[int], engine: Engine, depths: Ints, frames: int) -> list[float]:
    """With these depths, but those in rows unbounded, and in all as deep as they were."""
    capacities = with_depths(engine, fifos, depths)
    held = [int(depths[list(row)].sum()) for row in found.rows]
    for row in found.rows:
        capacities[[fifos[i] for i in row]] = UNBOUNDED
    return ends(found.engine, frames, *found.channels(capacities, engine.latencies, held))


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks(even=True), st.data())
def test_no_share_is_earlier(network: Network, data: st.DataObject) -> None:
    if overlaps(network):
        network = replace(network, held_start=False)
        frames = 1
    else:
        frames = data.draw(st.sampled_from([1, 4]))
    channels = range(len(network.channels))
    fixed = data.draw(st.sets(st.sampled_from(channels), max_size=2), label="of fixed depth")
    fifos = [c for c in channels if c not in fixed]
    number = {c: i for i, c in enumerate(fifos)}
    found = Series(network, number, np.ones(len(fifos), np.int64)).among(range(len(fifos)), frames)
    assume(found)
    assert found is not None
    engine = Engine(network)
    for _ in range(3):
        depths = np.array(
            data.draw(st.lists(st.integers(1, 5), min_size=len(fifos), max_size=len(fifos))), np.int64
        )
        apart = ends(engine, frames, with_depths(engine, fifos, depths), engine.latencies)
        together = shared(found, fifos, engine, depths, frames)
        assert all(a <= b for a, b in zip(together, apart, strict=True))


def passing(tokens: int, delay: int, ins: int, outs: int) -> Schedule:
    """Reads a token of each input a cycle, and writes one to each output `delay` later (before, if it is negative)."""
    first = max(0, -delay)
    groups: dict[int, tuple[list[int], list[int]]] = {}
    for k in range(tokens):
        groups.setdefault(first + k, ([], []))[0].extend(range(ins))
        groups.setdefault(first + k + delay, ([], []))[1].extend(range(outs))
    made = [(advance, reads, writes) for advance, (reads, writes) in sorted(groups.items())]
    return Schedule.of(made, tokens + abs(delay))


def skip(slow: int, delay: int, tokens: int = 14) -> tuple[Network, list[int]]:
    """A body that takes `slow` cycles beside a row of three FIFOs with two tasks of `delay` between; and these FIFOs."""
    tasks = [
        Process("fork", passing(tokens, 0, 1, 2), (0,), (2, 4), 0),
        Process("body", passing(tokens, slow, 1, 1), (2,), (3,), 0, 0),
        Process("one", passing(tokens, delay, 1, 1), (4,), (5,), 0, 0),
        Process("two", passing(tokens, delay, 1, 1), (5,), (6,), 0, 2),
        Process("join", passing(tokens, 0, 2, 1), (3, 6), (1,), 0, 1),
    ]
    channels = [Channel(f"c{c}", 2 if c < 2 else UNBOUNDED) for c in range(7)]
    network = Network(
        tuple(channels), tuple(tasks), (Source("s", 0, tokens),), (Sink("k", 1, tokens),), ("d",)
    )
    return network, [4, 5, 6]


@pytest.mark.parametrize("frames", [1, 3])
@pytest.mark.parametrize(("slow", "delay"), [(8, 0), (12, 1), (12, 3)])
def test_the_best_share_is_as_early(slow: int, delay: int, frames: int) -> None:
    """Where nothing but what a row holds keeps a skip connection back, the bound is what the best share does."""
    network, row = skip(slow, delay)
    engine = Engine(network)
    found = Series(network, {c: i for i, c in enumerate(row)}, np.ones(3, np.int64)).among(range(3), frames)
    assert found is not None and found.rows == ((0, 1, 2),)
    roomy = ends(engine, frames, engine.capacities, engine.latencies)
    bounded = 0
    for held in range(6, 14):
        shares = [np.array(d, np.int64) for d in product(range(2, held), repeat=3) if sum(d) == held]
        best = min(ends(engine, frames, with_depths(engine, row, d), engine.latencies) for d in shares)
        assert shared(found, row, engine, shares[0], frames) == best
        bounded += best > roomy
    assert bounded


def test_no_row_through_a_task_that_writes_ahead() -> None:
    """What it writes does not wait for what it reads, so there would be a wait too many."""
    network, row = skip(8, -1)
    assert Series(network, {c: i for i, c in enumerate(row)}, np.ones(3, np.int64)).among(range(3), 1) is None
