"""Clocked hardware and the replay's algebra agree on every frame, and on every FIFO and register slice."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from rtl_models import graph_of, random_design, random_schedules, random_tokens, the_model

from split4ml.backends.verilator.simulation import build_simulation
from split4ml.passes.timing.build import NetworkOptions, network
from split4ml.passes.timing.replay import replay

STALLS = ([0], [0], [0, 1], [1, 1, 0, 0, 1], [0, 0, 0, 1, 1, 1, 1])


@pytest.mark.parametrize(
    ("seed", "tasks", "inputs", "subgraphs", "start"),
    [(1, 7, 2, 3, "per-frame"), (2, 8, 1, 2, "per-frame"), (3, 5, 2, 2, "held")],
)
def test_equal(tmp_path: Path, seed: int, tasks: int, inputs: int, subgraphs: int, start: str) -> None:
    module = random_design(seed, tasks, inputs, subgraphs, start)
    model, graph = the_model(module), graph_of(module)
    simulation = build_simulation(module, tmp_path)
    rng = random.Random(seed)
    tokens = random_tokens(seed, graph, frames=3)
    completed = 0
    for run in range(60):
        schedules = random_schedules(rng, graph)
        frames = rng.choice((1, 2, 3, 8))
        throttle = rng.choice((0, 0, 17, 60))
        depths = {s.name: rng.randint(1, 8) for s in graph.streams if s.is_fifo and rng.random() < 0.7}
        stalls = {graph.streams[s].name: np.array(rng.choice(STALLS), np.int64) for s in graph.outputs}
        options = NetworkOptions(throttle=throttle, stalls=stalls, depths=depths)
        built = network(model, lambda task, _, s=schedules: s[task], options)
        wanted = replay(built.network, frames)
        got = simulation.run(
            schedules, depths, tokens if run == 0 else None, frames, stalls=stalls, throttle=throttle
        )
        assert got.tokens_match, got.mismatches
        assert got.first_in == tuple(wanted.first_in)
        assert got.last_out == tuple(wanted.last_out)
        assert got.peaks == {name: wanted.peak[channel] for name, channel in built.fifos.items()}
        assert got.slice_peaks == {name: wanted.peak[channel] for name, channel in built.slices.items()}
        assert got.completed == wanted.completed
        if wanted.completed:
            assert got.cycles == wanted.cycles
            completed += 1
        else:
            assert got.waiting
    assert completed > 20
