"""Compiles the replay's kernels into numba's cache on disk, so that nobody has to wait for that later: `make setup` runs it."""

from __future__ import annotations

import numpy as np

from split4ml.passes.timing.critical import Critical
from split4ml.passes.timing.network import Channel, Network, Process, Sink, Source
from split4ml.passes.timing.replay import Engine
from split4ml.passes.timing.schedule import Schedule


def warm() -> None:
    """A replay of one task, and its critical path."""
    copy = Schedule.of([(0, [0], [0])], 1)
    network = Network(
        (Channel("in", 2), Channel("out", 2)),
        (Process("copy", copy, (0,), (1,), 0, -1),),
        (Source("source", 0, 1),),
        (Sink("sink", 1, 1, np.zeros(1, np.int64)),),
        ("all",),
    )
    engine = Engine(network)
    Critical(network).path(engine.run(1, record=True), engine.capacities, engine.latencies)


if __name__ == "__main__":
    warm()
