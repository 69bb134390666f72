"""What bounds a network's interval and latency: the slowest task, a FIFO, a port, or a loop through several of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from split4ml.passes.timing.critical import DATA, OFFER, OWN, ROOM, ROOTS, START, Critical, Path
from split4ml.passes.timing.metrics import SETTLED, Metrics, longest_period, metrics
from split4ml.passes.timing.network import UNBOUNDED, Network, Replayed
from split4ml.passes.timing.replay import Engine
from split4ml.passes.timing.schedule import Ints

Kind = Literal["task", "source", "sink", "fifo", "loop"]
"""A task's own length; how fast data comes, or is taken; a FIFO that is too shallow; a circle of waits through several tasks."""


@dataclass(frozen=True)
class Leg:
    """A stretch of a critical path, in the order of time.

    actor: who worked. cycles: how long. via: channel through which the next one was held up, -1: none; why: by
    `data` that it waited for, by `room`, or by the `start` of a call; `end`: nobody was.
    """

    actor: str
    cycles: int
    via: int
    why: Literal["data", "room", "start", "end"]


@dataclass(frozen=True)
class Bound:
    """What sets the interval: a kind, the task's, port's or FIFOs' names, and its cycles per frame."""

    kind: Kind
    names: tuple[str, ...]
    cycles: float


@dataclass(frozen=True, eq=False)
class Bottleneck:
    """lone, many: recorded runs. interval: None if there is none. legs: of the critical path over the last interval,
    and lone_legs: of that of a lone frame from cycle 0; empty if the frame does not end.
    """

    lone: Replayed
    many: Replayed
    metrics: Metrics
    bound: Bound | None
    legs: tuple[Leg, ...]
    lone_legs: tuple[Leg, ...]


def bottleneck(engine: Engine, sized: Ints, frames: int) -> Bottleneck:
    """Of the network as it is; sized: the channels that are FIFOs."""
    lone, many = engine.run(1, record=True), engine.run(frames, record=True)
    found = metrics(lone, many, longest_period(engine.network))
    critical = Critical(engine.network)
    names = actor_names(engine.network)

    def path(run: Replayed, frame: int) -> Path:
        return critical.path(run, engine.capacities, engine.latencies, frame)

    lone_legs = legs(path(lone, 0), names, -1) if lone.completed else ()
    completed = [f for f, end in enumerate(found.ends) if end >= 0]
    if found.interval is None or len(completed) <= SETTLED:
        return Bottleneck(lone, many, found, None, (), lone_legs)
    last = completed[-1]
    steps = legs(path(many, last), names, found.ends[last - 1])
    return Bottleneck(lone, many, found, _bound(engine, sized, found, frames, steps), steps, lone_legs)


def actor_names(network: Network) -> list[str]:
    """As the critical path numbers them."""
    parts = (network.processes, network.sources, network.sinks)
    return [part.name for group in parts for part in group]


def legs(path: Path, names: list[str], after: int) -> tuple[Leg, ...]:
    """A path's stretches after cycle `after`, with the stays of one actor put together."""
    found: list[Leg] = []
    times = np.append(path.time, after)
    for step in range(len(path.time) - 1, -1, -1):
        cycles = int(path.time[step] - max(after, times[step + 1] if step + 1 < len(path.time) else after))
        if path.time[step] <= after:
            continue
        actor, wait = names[path.actor[step]], int(path.wait[step])
        if wait == OWN and found and found[-1].actor == actor:
            found[-1] = replace(found[-1], cycles=found[-1].cycles + cycles)
            continue
        if found and wait in (DATA, ROOM, START, ROOTS, OFFER):
            why: Literal["data", "room", "start"] = (
                "data" if wait == DATA else "room" if wait == ROOM else "start"
            )
            found[-1] = replace(found[-1], via=int(path.channel[step]), why=why)
        found.append(Leg(actor, cycles, -1, "end"))
    return tuple(found)


def floors(network: Network) -> list[tuple[Kind, str, float]]:
    """What each task, source and sink needs for a frame even if nobody ever kept it waiting, most first."""
    found: list[tuple[Kind, str, float]] = [
        ("task", p.name, p.schedule.period) for p in network.processes if p.schedule is not None
    ]
    found += [("source", s.name, max(s.tokens, s.throttle)) for s in network.sources]
    found += [("sink", s.name, s.tokens / float(np.mean(s.stall == 0))) for s in network.sinks]
    return sorted(found, key=lambda item: -item[2])


def _bound(engine: Engine, sized: Ints, found: Metrics, frames: int, steps: tuple[Leg, ...]) -> Bound:
    assert found.interval is not None
    most = floors(engine.network)
    if found.interval <= most[0][2]:
        names = tuple(name for kind, name, cycles in most if cycles == most[0][2] and kind == most[0][0])
        return Bound(most[0][0], names, most[0][2])
    capacities = engine.capacities.copy()
    capacities[sized] = UNBOUNDED
    lone, many = (engine.run(n, capacities=capacities) for n in (1, frames))
    free = metrics(lone, many, longest_period(engine.network))
    channels = engine.network.channels
    if free.interval is not None and free.interval < found.interval:
        full = [leg.via for leg in steps if leg.why == "room" and leg.via in set(sized.tolist())]
        names = tuple(dict.fromkeys(channels[c].name for c in full))
        return Bound("fifo", names, free.interval)
    return Bound("loop", tuple(dict.fromkeys(leg.actor for leg in steps)), found.interval)
