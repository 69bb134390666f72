"""Replays a network: when every stream operation happens, by the rules of docs/timing.md.

`replay` does one run. `Engine` is for many runs of one network in which only capacities and latencies change.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from split4ml.passes.timing import kernel
from split4ml.passes.timing.flat import SINK, SOURCE, TASK, flatten
from split4ml.passes.timing.kernel import NEVER, State
from split4ml.passes.timing.network import Network, Replayed
from split4ml.passes.timing.schedule import Ints
from split4ml.passes.timing.stuck import circle, holders


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
        state = self._state(frames, capacities, latencies, record)
        ended, cycles = self._go(state, np.full(frames, NEVER, np.int64))
        if ended == kernel.RUNAWAY:
            raise ValueError("a task of this network runs for ever without waiting for any frame")
        peak = state.channel[:, kernel.PEAK]
        peak = np.maximum(peak, state.channel[:, kernel.WRITTEN] - state.channel[:, kernel.READ])
        deadlock: tuple[tuple[str, str, str], ...] = ()
        stuck: tuple[str, ...] = ()
        if ended == kernel.QUIESCENT:
            deadlock = circle(self.network, self.flat, state)
            stuck = holders(self.network, self.flat, state, tails_only=not deadlock)
        return Replayed(
            peak=peak,
            first_in=np.where(state.first_in == NEVER, -1, state.first_in),
            last_out=state.last_out,
            cycles=cycles,
            stuck=stuck,
            deadlock=deadlock,
            writes=_times(state, state.write_time, kernel.WRITTEN) if record else (),
            reads=_times(state, state.read_time, kernel.READ) if record else (),
        )

    def ends(
        self, deadline: Sequence[int] | Ints, *, capacities: Ints, latencies: Ints
    ) -> tuple[tuple[int, ...], Ints] | None:
        """Ends of the frames and peaks, or None as soon as frame f is not complete in cycle deadline[f]."""
        limits = np.asarray(deadline, np.int64)
        state = self._state(len(limits), capacities, latencies, record=False)
        ended, _ = self._go(state, limits)
        if ended != kernel.COMPLETE:
            return None
        held = state.channel[:, kernel.WRITTEN] - state.channel[:, kernel.READ]
        return tuple(int(t) for t in state.last_out), np.maximum(state.channel[:, kernel.PEAK], held)

    def _go(self, state: State, deadline: Ints) -> tuple[int, int]:
        most_calls = 2 * len(deadline) + 1000
        ended, cycles = kernel.run(
            self.flat, state, self.network.held_start, self.network.start_depth, deadline, most_calls
        )
        return int(ended), int(cycles)

    def _state(self, frames: int, capacities: Ints | None, latencies: Ints | None, record: bool) -> State:
        if frames < 1:
            raise ValueError(f"a run of {frames} frames")
        flat = self.flat
        actors, channels = len(flat.kind), len(flat.tokens)
        channel = np.zeros((channels, 8), np.int64)
        channel[:, [kernel.LAST_WRITE, kernel.SECOND_WRITE, kernel.LAST_READ]] = kernel.LONG_AGO
        channel[:, kernel.CAPACITY] = self.capacities if capacities is None else capacities
        channel[:, kernel.LATENCY] = self.latencies if latencies is None else latencies
        if not (np.all(channel[:, kernel.CAPACITY] >= 1) and np.all(np.isin(channel[:, kernel.LATENCY], (1, 2)))):
            raise ValueError("a capacity is less than 1, or a latency is neither 1 nor 2")
        task = np.zeros((actors, 16), np.int64)
        task[:, [kernel.NEXT, kernel.READY_AT]] = NEVER
        task[:, [kernel.LAST_PUSH, kernel.LAST_POP]] = kernel.LONG_AGO
        task[:, kernel.IDLE] = flat.kind == TASK
        domain = np.zeros((len(self.network.domains), 3), np.int64)
        domain[:, kernel.LAST_AP_READY] = kernel.LONG_AGO
        calls = int(flat.call_ptr[-1])
        # Tied high, ap_start lets tasks begin calls beyond the last frame.
        recorded = flat.tokens * (frames + (2 if self.network.held_start else 0))
        room = np.concatenate([[0], np.cumsum(recorded)]) if record else np.zeros(channels + 1)
        return State(
            channel=channel,
            task=task,
            domain=domain,
            port=np.zeros((actors, 2), np.int64),
            call_next=np.full(calls, NEVER, np.int64),
            call_group=np.zeros(calls, np.int64),
            awaits_read=np.zeros(channels, np.int64),
            awaits_write=np.zeros(channels, np.int64),
            wheel=np.zeros((kernel.SLOTS, (actors + 63) // 64), np.int64),
            occupied=np.zeros(1, np.int64),
            far=np.full(actors, NEVER, np.int64),
            far_min=np.full(1, NEVER, np.int64),
            seen=np.full(frames, NEVER, np.int64),
            offers=np.zeros((frames, 2), np.int64),
            taken=np.zeros(frames, np.int64),
            first_in=np.full(frames, NEVER, np.int64),
            last_out=np.full(frames, -1, np.int64),
            complete=np.zeros(1, np.int64),
            room=room.astype(np.int64),
            write_time=np.zeros(int(room[-1]), np.int64),
            read_time=np.zeros(int(room[-1]), np.int64),
        )


def _times(state: State, times: Ints, column: int) -> tuple[Ints, ...]:
    starts, ends = state.room[:-1], state.room[1:]
    counts = np.minimum(state.channel[:, column], ends - starts)
    return tuple(times[a : a + n] for a, n in zip(starts, counts, strict=True))


__all__ = ["SINK", "SOURCE", "Engine", "replay"]
