"""Ends of frames that stay in a pipeline until the next frame's tokens push them out (docs/timing.md, *held tail*)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from split4ml.passes.timing.metrics import Metrics, measure
from split4ml.passes.timing.network import Network, Process, Replayed
from split4ml.passes.timing.replay import replay
from split4ml.passes.timing.schedule import Schedule


@dataclass(frozen=True)
class Tail:
    """Of one task.

    tokens:  it writes so many of a frame after it was ready for the next.
    cost:    advances by which its calls would follow each other later if each drained first.
    lone, stream: cycles by which the last of these tokens comes later than if nothing held it, for a lone frame and for the first of
             many; None: it never comes. That includes waiting for room.
    stuck:   it never comes for the last of many frames if `ap_start` is tied high.
    """

    name: str
    tokens: int
    cost: int
    lone: int | None
    stream: int | None
    stuck: bool


@dataclass(frozen=True, eq=False)
class Tails:
    """tasks: those that can hold one. drained: the metrics if none of them did."""

    tasks: tuple[Tail, ...]
    drained: Metrics


def tails_of(network: Network, frames: int = 8) -> Tails:
    """What its tasks hold of `frames` frames."""
    holding = [n for n, process in enumerate(network.processes) if _holds(process.schedule)]
    if not holding:
        return Tails((), measure(network, frames))
    lone, stream = replay(network, 1, record=True), replay(network, frames, record=True)
    stuck = set(replay(replace(network, held_start=True), frames).stuck)
    found = []
    for number in holding:
        process = network.processes[number]
        schedule = process.schedule
        assert schedule is not None
        tokens = int((schedule.write_ptr[-1] - schedule.write_ptr[_behind(schedule)]).item())
        found.append(
            Tail(
                process.name,
                tokens,
                schedule.length - schedule.period,
                _late(process, number, lone),
                _late(process, number, stream),
                process.name in stuck,
            )
        )
    return Tails(tuple(found), measure(drained(network), frames))


def drained(network: Network) -> Network:
    """With tasks none of which is ready before its call is done."""
    processes = list(network.processes)
    for number, process in enumerate(processes):
        if process.schedule is not None and _holds(process.schedule):
            processes[number] = replace(
                process, schedule=replace(process.schedule, period=process.schedule.length)
            )
    return replace(network, processes=tuple(processes))


def _holds(schedule: Schedule | None) -> bool:
    """Whether it writes after it was ready."""
    return schedule is not None and bool(schedule.write_ptr[-1] > schedule.write_ptr[_behind(schedule)])


def _behind(schedule: Schedule) -> int:
    """The first group after ready."""
    return int(schedule.offset.searchsorted(schedule.period))


def _late(process: Process, number: int, run: Replayed) -> int | None:
    """Of the first frame."""
    schedule = process.schedule
    assert schedule is not None
    group = len(schedule.offset) - 1
    while schedule.write_ptr[group] == schedule.write_ptr[group + 1]:
        group -= 1
    port = int(schedule.write_port[schedule.write_ptr[group + 1] - 1])
    tokens = schedule.tokens_written(port)
    writes, readies = run.writes[process.outputs[port]], run.starts[number].readies
    if len(writes) < tokens or not len(readies):
        return None
    free = int(readies[0]) + int(schedule.offset[group]) - (schedule.period - 1)
    return max(0, int(writes[tokens - 1]) - free)
