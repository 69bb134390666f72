"""Replays a network: when every stream operation happens, by the rules of docs/timing.md.

`replay` does one run. `Engine` is for many runs of one network in which only capacities and latencies change.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from split4ml.passes.timing import kernel
from split4ml.passes.timing.flat import flatten
from split4ml.passes.timing.kernel import NEVER
from split4ml.passes.timing.network import Network, Replayed, Starts
from split4ml.passes.timing.ran import Ran
from split4ml.passes.timing.schedule import Ints
from split4ml.passes.timing.stuck import circle, holders


@dataclass(frozen=True, eq=False)
class Race:
    """A run against deadlines.

    ends:    cycle in which each frame is complete, -1: never; None if some frame is late.
    peaks:   int64[channels], most tokens held at once. If a frame is late: in what was replayed until that was known.
    pressed: bool[channels], whether room in it was ever waited for. All others could be deeper, and the outcome would be
             the same.
    """

    ends: tuple[int, ...] | None
    peaks: Ints
    pressed: npt.NDArray[np.bool_]


def replay(network: Network, frames: int, record: bool = False) -> Replayed:
    """Runs `frames` frames through `network`; `record`: with the cycle of every operation on every channel.

    Never hangs: a run that cannot complete ends when nothing can move (see `Replayed.stuck`, `.deadlock`).
    Raises ValueError if the network is not well formed.
    """
    return Engine(network).run(frames, record=record)


class Engine:
    """A network laid out once, for many replays."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.flat = flatten(network)
        self.capacities: Ints = np.array([c.capacity for c in network.channels], np.int64)
        self.latencies: Ints = np.array([c.latency for c in network.channels], np.int64)

    @property
    def operations(self) -> int:
        """Reads and writes a frame, over all channels."""
        return 2 * int(self.flat.tokens.sum())

    def run(
        self,
        frames: int,
        *,
        capacities: Ints | None = None,
        latencies: Ints | None = None,
        record: bool = False,
    ) -> Replayed:
        """One run, with other capacities and latencies (per channel) than the network's if given."""
        if frames < 1:
            raise ValueError(f"a run of {frames} frames")
        ran = self._complete(np.full(frames, NEVER, np.int64), capacities, latencies, record)
        network, flat = self.network, self.flat
        deadlock: tuple[tuple[str, str, str], ...] = ()
        stuck: tuple[str, ...] = ()
        cycles = ran.end + 1
        if ran.ended == kernel.QUIESCENT:
            deadlock = circle(network, flat, ran.rows)
            stuck = holders(network, flat, ran.rows, frames, tails_only=not deadlock)
            cycles = 1 + max(int(ran.last(counter).max()) for counter in (kernel.WRITTEN, kernel.READ))
        first_in = ran.frame[:, kernel.FIRST_IN]
        return Replayed(
            peak=ran.peaks,
            first_in=np.where(first_in == NEVER, -1, first_in),
            last_out=ran.ends,
            cycles=cycles,
            stuck=stuck,
            deadlock=deadlock,
            writes=self._recorded(ran, kernel.WRITTEN) if record else (),
            reads=self._recorded(ran, kernel.READ) if record else (),
            starts=tuple(self._starts(ran, at) for at in range(len(network.processes))) if record else (),
        )

    def race(self, deadline: tuple[int, ...], *, capacities: Ints, latencies: Ints) -> Race:
        """A run that ends as soon as it is known that frame f is not complete in cycle deadline[f].

        A deadline of -1 is for a frame that need not complete.
        """
        limits = np.array([NEVER if d < 0 else d for d in deadline], np.int64)
        ran = self._complete(limits, capacities, latencies, record=False)
        ends = tuple(ran.ends.tolist())
        late = ran.ended == kernel.LATE or any(
            end < 0 <= limit for end, limit in zip(ends, deadline, strict=True)
        )
        pressed = (ran.channel(kernel.PRESSED) != 0) | (capacities == 0)  # a wire may always hold somebody up
        if ran.ended == kernel.QUIESCENT:
            waiting = ran.channel(kernel.FLAGS) & kernel.BY_PRODUCER != 0
            pressed |= waiting & (ran.channel(kernel.WRITTEN) >= ran.channel(kernel.FULL))
        return Race(None if late else ends, ran.peaks, pressed)

    def _complete(self, deadline: Ints, capacities: Ints | None, latencies: Ints | None, record: bool) -> Ran:
        """A run whose peaks count nothing after the end of the last frame, if that ends."""
        capacity = self.capacities if capacities is None else capacities
        latency = self.latencies if latencies is None else latencies
        if capacity.min() < 0 or latency.min() < 0 or latency.max() > 2:
            raise ValueError("a capacity is less than 0, or a latency is not 0, 1 or 2")
        if np.any(latency[capacity == 0]):
            raise ValueError("a channel without capacity is a wire, and has no latency")
        wires = self.network.wires(np.flatnonzero(capacity == 0).tolist())

        def run(until: int) -> Ran:
            ran = Ran.prepared(self.network, self.flat, deadline, until, capacity, latency, record)
            for into, out in wires:
                ran.join(into, out)
            return ran.run()

        ran = run(min(int(deadline[-1]), NEVER - 1))
        if ran.ended == kernel.COMPLETE and ran.later():
            ran = run(ran.end)
        if ran.ended == kernel.RUNAWAY:
            raise ValueError("a task of this network runs for ever without waiting for any frame")
        return ran

    def _recorded(self, ran: Ran, counter: int) -> tuple[Ints, ...]:
        """A token passes a wire when it is written to the channel behind it."""
        found = list(ran.recorded(counter))
        wires = np.flatnonzero(ran.channel(kernel.CAPACITY) == 0).tolist()
        if wires:
            writes = found if counter == kernel.WRITTEN else ran.recorded(kernel.WRITTEN)
            for channel, (_, out) in zip(wires, self.network.wires(wires), strict=True):
                found[channel] = writes[self.network.processes[out].outputs[0]]
        return tuple(found)

    def _starts(self, ran: Ran, at: int) -> Starts:
        if self.network.processes[at].schedule is None:
            none = np.zeros(0, np.int64)
            return Starts(none, none, none)
        return Starts(
            ran.starts(at, kernel.BEGAN, kernel.BEGUN),
            ran.starts(at, kernel.WAS_READY, kernel.READIED),
            ran.starts(at, kernel.AT_CLOCK, kernel.BEGUN),
        )
