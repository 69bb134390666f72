"""Latency, interval and peaks of a network, as docs/timing.md defines them."""

from __future__ import annotations

from dataclasses import dataclass

from split4ml.passes.timing.network import Network, Replayed
from split4ml.passes.timing.replay import Engine
from split4ml.passes.timing.schedule import Ints

SETTLED = 3
"""The interval is taken from the end of this frame (counted from 1) to the end of the last."""


@dataclass(frozen=True, eq=False)
class Metrics:
    """One lone run and one run of several frames.

    latency_lone:   cycles; None if a lone frame does not complete.
    latency_stream: cycles of frame 0 with others behind it; None if it does not complete.
    interval:       cycles a frame once settled; None if fewer than 4 frames complete, or in a deadlock.
    end_lone:       cycle in which the lone frame's last beat is taken; None as above.
    ends:           cycle in which the last beat of each frame is taken; -1: never.
    peaks:          int64[channels], most tokens held at once in the run of several frames.
    stuck:          processes that hold a frame which does not complete, in the lone run or else in the other.
    deadlock:       the waits-for circle (see `Replayed`) of the first run that has one.
    """

    latency_lone: int | None
    latency_stream: int | None
    interval: int | float | None
    end_lone: int | None
    ends: tuple[int, ...]
    peaks: Ints
    stuck: tuple[str, ...] = ()
    deadlock: tuple[tuple[str, str, str], ...] = ()

    @property
    def completed(self) -> bool:
        return self.end_lone is not None and all(end >= 0 for end in self.ends)


def measure(network: Network | Engine, frames: int = 8) -> Metrics:
    """Replays one lone frame, then `frames` frames. Sources with throttle 0 flood, others keep to it."""
    engine = network if isinstance(network, Engine) else Engine(network)
    return metrics(engine.run(1), engine.run(frames), longest_period(engine.network))


def longest_period(network: Network) -> int:
    """Of any task: frames cannot follow each other faster for long."""
    return max((p.schedule.period for p in network.processes if p.schedule is not None), default=1)


def metrics(lone: Replayed, stream: Replayed, longest: int) -> Metrics:
    """The metrics of a lone run and one of several frames of the same network, wherever they come from.

    longest: its longest period. The interval is at least that: the last frames, which no others follow, may drain together.
    """
    ends = tuple(int(t) for t in stream.last_out)
    steady = None if stream.deadlock else interval(ends)
    end_lone = int(lone.last_out[0]) if lone.completed else None
    return Metrics(
        latency_lone=None if end_lone is None else end_lone - int(lone.first_in[0]),
        latency_stream=None if ends[0] < 0 else ends[0] - int(stream.first_in[0]),
        interval=None if steady is None else max(steady, longest),
        end_lone=end_lone,
        ends=ends,
        peaks=stream.peak,
        stuck=lone.stuck or stream.stuck,
        deadlock=lone.deadlock or stream.deadlock,
    )


def interval(ends: tuple[int, ...]) -> int | float | None:
    """Cycles a frame, from the ends of frames: from the third's to the last's that completes.

    The last frames may be missing (held tails). None if there are fewer than 4.
    """
    completed = [end for end in ends if end >= 0]
    frames = len(completed) - SETTLED
    if frames < 1:
        return None
    cycles = completed[-1] - completed[SETTLED - 1]
    return cycles / frames if cycles % frames else cycles // frames
