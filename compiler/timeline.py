"""The timeline of a lone frame, as SVG."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from split4ml.passes.networks import Built
    from split4ml.passes.timing.network import Replayed

LIMIT = 200
"""FIFOs that are drawn at most: those that held most."""


def timeline_of(name: str, built: Built, run: Replayed | None = None) -> str:
    """run: recorded, of the network as it is; a lone frame's by default."""
    from split4ml.backends.report.timeline import FifoRow, TaskRow, columns, timeline
    from split4ml.passes.timing.activity import STATES, activity, levels
    from split4ml.passes.timing.replay import replay

    run = run or replay(built.network, 1, record=True)
    edges = columns(run.cycles)
    tasks = []
    for task, at in built.tasks.items():
        found = activity(built.network, run, at)
        spans = zip(found.start.tolist(), (STATES[s] for s in found.state.tolist()), strict=True)
        tasks.append(TaskRow(task, list(spans)))
    drawn: Mapping[str, int] = built.fifos
    if len(drawn) > LIMIT:
        most = sorted(drawn, key=lambda fifo: -int(run.peak[drawn[fifo]]))[:LIMIT]
        drawn = {fifo: channel for fifo, channel in drawn.items() if fifo in set(most)}
    fifos = [
        FifoRow(
            fifo,
            built.network.channels[channel].capacity,
            levels(run.writes[channel], run.reads[channel], edges).tolist(),
        )
        for fifo, channel in drawn.items()
    ]
    more = f"; the fullest {LIMIT} of {len(built.fifos)} FIFOs" if len(built.fifos) > LIMIT else ""
    ended = "" if run.completed else ", which never ends"
    frames = "a lone frame" if len(run.last_out) == 1 else f"{len(run.last_out)} frames"
    return timeline(f"{name}: {frames}{ended}, {run.cycles:,} cycles{more}", run.cycles, tasks, fifos)
