"""Clocked hardware and the replay's algebra agree on every frame, and on every FIFO and register slice."""

from __future__ import annotations

import random
import time
from pathlib import Path

import numpy as np
import pytest
from rtl_models import (
    assert_as_replayed,
    graph_of,
    random_design,
    random_schedules,
    random_tokens,
    stitched,
    the_model,
)

from split4ml.backends.verilator.simulation import build_simulation
from split4ml.passes.networks import NetworkOptions, network
from split4ml.passes.timing.replay import replay
from split4ml.passes.timing.schedule import Schedule

RUNS = 60
STALLS = ([0], [0], [0, 1], [1, 1, 0, 0, 1], [0, 0, 0, 1, 1, 1, 1])


@pytest.mark.parametrize(
    ("seed", "tasks", "inputs", "subgraphs", "start", "least"),
    # With ap_start held high, the last frame stays inside in most of these designs: a held tail.
    [(1, 7, 2, 3, "per-frame", 20), (2, 8, 1, 2, "per-frame", 20), (3, 5, 2, 2, "held", 3)],
)
def test_equal(
    tmp_path: Path, seed: int, tasks: int, inputs: int, subgraphs: int, start: str, least: int
) -> None:
    """`least`: as many of the runs must complete, or they would show little."""
    module = random_design(seed, tasks, inputs, subgraphs, start)
    model, graph = the_model(module), graph_of(module)
    simulation = build_simulation(module, tmp_path)
    rng = random.Random(seed)
    tokens = random_tokens(seed, graph, frames=3)
    completed = 0
    for run in range(RUNS):
        schedules = random_schedules(rng, graph)
        frames = rng.choice((1, 2, 3, 8))
        throttle = rng.choice((0, 0, 17, 60))
        depths = {
            s.name: rng.choice((0, rng.randint(1, 8))) if s.boundary else rng.randint(1, 8)
            for s in graph.streams
            if s.is_fifo and rng.random() < 0.7
        }
        stalls = {graph.streams[s].name: np.array(rng.choice(STALLS), np.int64) for s in graph.outputs}
        options = NetworkOptions(throttle=throttle, stalls=stalls, depths=depths)
        built = network(model, lambda task, _, s=schedules: s[task], options)
        wanted = replay(built.network, frames)
        got = simulation.run(
            schedules, depths, tokens if run == 0 else None, frames, stalls=stalls, throttle=throttle
        )
        assert_as_replayed(got, wanted, built)
        completed += wanted.completed
    assert least <= completed < RUNS


def test_a_new_depth_vector_takes_no_build(tmp_path: Path) -> None:
    """Under 2 s, even on a busy machine, with a design of some size: 12 tasks, 5,000 tokens of 512 bits."""
    stream = "!flow.stream<5000 x 32 x fixed<16,6>>"
    lines = [f"%v0 = flow.input @x : {stream}"]
    for task in range(12):
        lines.append(f'%t{task} = flow.task "T" @t{task}(%v{task}) : ({stream}) -> {stream}')
        if task < 11:
            lines.append(f"%v{task + 1} = flow.fifo @s{task} %t{task} depth 5000 : {stream}")
    lines.append(f"flow.output @y %t11 : {stream}")
    text = 'flow.model @m archive("m.fml", "sha256:00") {\n' + "\n".join(lines) + "\n}"
    module = stitched(text, {f"t{task}": task // 4 for task in range(12)})
    simulation = build_simulation(module, tmp_path)
    schedules = {
        f"t{task}": Schedule.of(
            [(k, [0] if k < 5000 else [], [0] if k >= task else []) for k in range(5000 + task)], 5001
        )
        for task in range(12)
    }
    simulation.run(schedules, {}, random_tokens(1, graph_of(module), 1), 1).check()
    begun = time.monotonic()
    result = simulation.run(schedules, {f"s{task}": 2 + task for task in range(11)}, None, 1)
    assert time.monotonic() - begun < 2
    result.check()
    assert result.peaks["s3"] <= 5
