"""A design as the replay sees it: processes, channels, start domains, sources and sinks. Semantics: docs/timing.md."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from split4ml.passes.timing.schedule import Ints, Schedule

UNBOUNDED = 2**40
"""A capacity that no frame can fill."""


@dataclass(frozen=True)
class Channel:
    """A FIFO between two processes, or a register slice (capacity 2, latency 1).

    capacity: tokens held at once. 0, with latency 0, between two movers: there is no FIFO, the two are one wire.
    latency:  cycles from the write of a token to the first cycle in which it can be read (1 or 2).
    A slot is free for a write one cycle after the read that emptied it.
    """

    name: str
    capacity: int
    latency: int = 1


@dataclass(frozen=True, eq=False)
class Process:
    """A task, or (schedule None) a mover: a wire that passes one token a cycle from inputs[0] to outputs[0].

    inputs, outputs: indices of channels, in the schedule's port order.
    domain: index of the start domain (the subgraph); -1 for a mover.
    parent: index of the process whose begin pushes this one's start tokens; -1: started by the domain.
    """

    name: str
    schedule: Schedule | None
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    domain: int = -1
    parent: int = -1


@dataclass(frozen=True)
class Source:
    """Offers `tokens` tokens a frame to a channel; those of frame f not before cycle f * throttle."""

    name: str
    channel: int
    tokens: int
    throttle: int = 0


@dataclass(frozen=True, eq=False)
class Sink:
    """Takes `tokens` tokens a frame from a channel. `stall[t % len(stall)]` != 0: not ready in cycle t."""

    name: str
    channel: int
    tokens: int
    stall: Ints = field(default_factory=lambda: np.zeros(1, np.int64))


@dataclass(frozen=True, eq=False)
class Network:
    """Every channel has exactly one producer (process or source) and one consumer (process or sink).

    domains: names of the start domains (subgraphs).
    held_start: `ap_start` tied high, instead of one start per frame.
    start_depth: depth of the start FIFOs inside a domain (2 in vendor RTL).
    """

    channels: tuple[Channel, ...]
    processes: tuple[Process, ...]
    sources: tuple[Source, ...]
    sinks: tuple[Sink, ...]
    domains: tuple[str, ...]
    held_start: bool = False
    start_depth: int = 2

    def joined(self) -> Network:
        """With movers that are one wire in place of channels of capacity 0, whose numbers remain. Not for a replay."""
        processes = list(self.processes)
        for into, out in self.wires(c for c, channel in enumerate(self.channels) if channel.capacity == 0):
            before, after = processes[into], processes[out]
            processes[into] = replace(before, outputs=after.outputs)
            processes[out] = replace(after, inputs=(), outputs=())
        return replace(self, processes=tuple(processes))

    def wires(self, channels: Iterable[int]) -> list[tuple[int, int]]:
        """Per channel, the mover that writes it and the one that reads it. Raises ValueError if a task does."""
        writer = {c: at for at, p in enumerate(self.processes) if p.schedule is None for c in p.outputs}
        reader = {c: at for at, p in enumerate(self.processes) if p.schedule is None for c in p.inputs}
        found = []
        for c in channels:
            if c not in writer or c not in reader:
                raise ValueError(
                    f"channel {self.channels[c].name} has no movers on both sides, so it cannot be a wire"
                )
            found.append((writer[c], reader[c]))
        if any(out in {into for into, _ in found} for _, out in found):
            raise ValueError("two wires in a row are one: there is a channel too many")
        return found


@dataclass(frozen=True, eq=False)
class Starts:
    """Per call of a task: the cycle in which it began, and in which it was ready; and the advances of the task until its begin.

    Calls that overlap share one count of advances, so group g of a call is due at advance `clock + offset[g]`.
    """

    begins: Ints
    readies: Ints
    clock: Ints


@dataclass(frozen=True, eq=False)
class Replayed:
    """What happened. Cycle 0 is the first cycle in which the sources offer data.

    peak:        int64[channels], most tokens held at once (at the end of any cycle).
    first_in:    int64[frames], cycle in which the first token of the frame was accepted at any source.
    last_out:    int64[frames], cycle in which the last token of the frame was taken by any sink; -1: never.
    cycles:      how long the run took, counting the cycle in which the last sink took its last token.
    stuck:       names of processes that still hold tokens of a started frame, if a frame did not complete: those
                 with a held tail, or, in a deadlock, all that have begun and not finished a call of a frame.
    deadlock:    the waits-for cycle as (process, "full"|"empty", channel) steps, empty if there is none. A step
                 (process, "start", process) waits for the other's start token, or for its start FIFO to drain.
    writes:      per channel int64[tokens], the cycle of each write; empty unless recorded.
    reads:       the same for the reads.
    starts:      per process; empty unless recorded.
    """

    peak: Ints
    first_in: Ints
    last_out: Ints
    cycles: int
    stuck: tuple[str, ...] = ()
    deadlock: tuple[tuple[str, str, str], ...] = ()
    writes: tuple[Ints, ...] = ()
    reads: tuple[Ints, ...] = ()
    starts: tuple[Starts, ...] = ()

    @property
    def completed(self) -> bool:
        return bool(np.all(self.last_out >= 0))
