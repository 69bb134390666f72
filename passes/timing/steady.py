"""Whether a flooding run repeats itself, and so does for ever.

What happens in a frame follows from what happened in the last few frames before, and from nothing else: a token waits for a token, for
room that an earlier one made, its task for its own last call and for calls that it started or that started it. If so many frames
in a row are each a copy of the one before, some cycles later, the next one is too, and all others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from split4ml.passes.timing.replay import Engine
from split4ml.passes.timing.schedule import Ints

FARTHEST = 32
"""Frames back; where FIFOs hold many more, nothing is said."""


@dataclass(frozen=True)
class Steady:
    """From `frame` on (counted from 0) each frame is a copy of the one before, `interval` cycles later, as long as frames come.

    memory: so many frames back reaches what a frame depends on.
    """

    frame: int
    interval: int
    memory: int


def memory(engine: Engine) -> int:
    """Frames that a frame can depend on. Calls in flight reach back as far as they are longer than their period."""
    network, tokens = engine.network, engine.flat.tokens
    reach = [network.start_depth + 1]
    reach += [1 - (-int(c) // int(n)) for c, n in zip(engine.capacities, tokens, strict=True) if c < 2**31]
    reach += [
        1 - (-p.schedule.length // p.schedule.period) for p in network.processes if p.schedule is not None
    ]
    return max(reach)


def steady(engine: Engine, frames: int = 8) -> Steady | None:
    """None if the run does not settle within so many frames, if it deadlocks or holds a tail, if a frame depends on more than
    FARTHEST others, or a FIFO has no end, or a sink stalls or a source is throttled (these count absolute cycles).
    """
    network = engine.network
    if any(c >= 2**31 for c in engine.capacities.tolist()) or any(s.throttle for s in network.sources):
        return None
    if any(np.any(sink.stall != 0) for sink in network.sinks):
        return None
    back = memory(engine)
    if back > FARTHEST:
        return None
    # The last frames have none behind them, which push their tails out; what comes before them is as if there were more.
    count = frames + 2 * back + 1
    run = engine.run(count, record=True)
    if not run.completed:
        return None
    usable = count - back - 1
    shifts = [_shift(rows) for rows in _by_frame(engine, run.writes, run.reads, run.starts, usable)]
    for frame in range(usable - back):
        window = [row[frame : frame + back] for row in shifts]
        values = np.unique(np.concatenate(window))
        if len(values) == 1 and values[0] > 0:
            return Steady(frame, int(values[0]), back)
    return None


def _by_frame(
    engine: Engine, writes: tuple[Ints, ...], reads: tuple[Ints, ...], starts: tuple[object, ...], frames: int
) -> Iterator[Ints]:
    """int64[frames, n]: the cycles of all writes and reads of a channel, and of the begins and readies of a task."""
    for channel, count in enumerate(engine.flat.tokens.tolist()):
        for times in (writes[channel], reads[channel]):
            yield times[: frames * count].reshape(frames, count)
    for start in starts:
        for times in (start.begins, start.readies):  # type: ignore[attr-defined]
            if len(times) >= frames:
                yield times[:frames].reshape(frames, 1)


def _shift(rows: Ints) -> Ints:
    """Per frame but the last: by how much the next one is later, the same for all of it; 0: it differs."""
    later = np.diff(rows, axis=0)
    shift: Ints = np.where(np.all(later == later[:, :1], axis=1), later[:, 0], 0)
    return shift
