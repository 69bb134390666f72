"""Clocked hardware and the replay's algebra agree to the cycle on task graphs, schedules and surroundings that hypothesis makes up.

`test_twin_replay.py` has three fixed designs; here every example is a graph of its own, which Verilator builds once and runs many times.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from rtl_models import assert_as_replayed, graph_of, random_design, random_schedules, random_tokens, the_model

from split4ml.backends.verilator.simulation import build_simulation
from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.flow import ModelOp
from split4ml.passes.networks import Built, NetworkOptions, network
from split4ml.passes.timed import sizable
from split4ml.passes.timing.metrics import measure
from split4ml.passes.timing.replay import replay
from split4ml.passes.timing.schedule import Schedule
from split4ml.passes.timing.sizing import size

DEEPEST = 8
"""Less for wide FIFOs that are stated to be shift registers: a simulation makes these no deeper than the tool would by itself."""


@dataclass(frozen=True)
class Design:
    seed: int
    tasks: int
    inputs: int
    subgraphs: int
    start: str


@dataclass(frozen=True)
class Run:
    """One run: what every task does when, how deep FIFOs are, how fast data come and are taken.

    depths: `generous`, `minimal` (as `bisect` sizes them for these schedules, with wires between subgraphs where they do), `one`,
    `least` (1, and wires between subgraphs) or `random`. throttle: cycles between frames;
    None: the design's own interval. stalls: of each output in turn.
    """

    schedules: int
    frames: int
    depths: str
    throttle: int | None
    stalls: tuple[tuple[int, ...], ...]


DESIGNS = st.builds(
    Design,
    seed=st.integers(0, 2**32),
    tasks=st.integers(2, 10),
    inputs=st.integers(1, 3),
    subgraphs=st.integers(2, 4),
    start=st.sampled_from(["per-frame", "per-frame", "held"]),
)
PATTERNS = st.lists(st.integers(0, 1), min_size=1, max_size=12).filter(lambda bits: 0 in bits).map(tuple)
RUNS = st.lists(
    st.builds(
        Run,
        schedules=st.integers(0, 2**32),
        frames=st.integers(1, 8),
        depths=st.sampled_from(["generous", "minimal", "minimal", "one", "least", "random"]),
        throttle=st.one_of(st.just(0), st.none(), st.integers(1, 80)),
        stalls=st.one_of(st.just(((0,),)), st.lists(PATTERNS, min_size=1, max_size=3).map(tuple)),
    ),
    min_size=16,
    max_size=16,
)


@pytest.mark.slow
@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(design=DESIGNS, runs=RUNS)
def test_equal(design: Design, runs: list[Run]) -> None:
    module = random_design(design.seed, design.tasks, design.inputs, design.subgraphs, design.start)
    model, graph = the_model(module), graph_of(module)
    tokens = random_tokens(design.seed, graph, frames=2)
    with tempfile.TemporaryDirectory() as folder:
        simulation = build_simulation(module, Path(folder))
        deepest = {
            channel.name: min(
                DEEPEST, channel.shift_storage if channel.stream.style == "shift" else channel.storage
            )
            for channel in simulation.design.channels
            if channel.stream is not None
        }
        for number, run in enumerate(runs):
            schedules = random_schedules(random.Random(run.schedules), graph)
            depths = depths_of(run, network(model, lambda task, _, s=schedules: s[task]), deepest)
            stalls = {
                graph.streams[s].name: np.array(run.stalls[k % len(run.stalls)], np.int64)
                for k, s in enumerate(graph.outputs)
            }
            throttle = run.throttle
            if throttle is None:
                throttle = sustained(model, schedules, depths)
            options = NetworkOptions(throttle=throttle, stalls=stalls, depths=depths)
            built = network(model, lambda task, _, s=schedules: s[task], options)
            wanted = replay(built.network, run.frames)
            got = simulation.run(
                schedules, depths, None if number else tokens, run.frames, stalls=stalls, throttle=throttle
            )
            assert_as_replayed(got, wanted, built)
            assert wanted.completed or wanted.stuck
            event(f"{run.depths}: {'completed' if wanted.completed else 'stuck'}")


def depths_of(run: Run, built: Built, deepest: Mapping[str, int]) -> dict[str, int]:
    """By FIFO. What deadlocks however deep its FIFOs are has no minimal depths; the least are tried then."""
    least = {name: 0 if name in built.links else 1 for name in built.fifos}
    if run.depths == "random":
        rng = random.Random(run.schedules)
        return {name: rng.randint(low, deepest[name]) for name, low in least.items() if rng.random() < 0.8}
    if run.depths == "minimal":
        fifos = [replace(f, least=least[n]) for n, f in zip(built.fifos, sizable(built), strict=True)]
        try:
            sized = size(built.network, fifos)
        except Split4mlError:
            return least
        return {n: min(d, deepest[n]) for n, d in zip(built.fifos, sized.depths, strict=True)}
    if run.depths == "least":
        return least
    return {name: deepest[name] if run.depths == "generous" else 1 for name in built.fifos}


def sustained(model: ModelOp, schedules: dict[str, Schedule], depths: dict[str, int]) -> int:
    """Cycles from frame to frame that the design keeps up with; 0 if it is stuck."""
    found = measure(network(model, lambda task, _: schedules[task], NetworkOptions(depths=depths)).network, 8)
    return int(found.interval or 0)
