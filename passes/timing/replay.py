"""Replays a network: when every stream operation happens, by the rules of docs/timing.md.

`replay` does one run. `Engine` is for many runs of one network in which only capacities and latencies change.
"""

from __future__ import annotations

import numpy as np

from split4ml.passes.timing import kernel
from split4ml.passes.timing.flat import flatten
from split4ml.passes.timing.kernel import NEVER, TASK, State
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
        deadlock: tuple[tuple[str, str, str], ...] = ()
        stuck: tuple[str, ...] = ()
        if ended == kernel.QUIESCENT:
            deadlock = circle(self.network, self.flat, state)
            stuck = holders(self.network, self.flat, state, tails_only=not deadlock)
        first_in = state.frame[:, kernel.FIRST_IN]
        return Replayed(
            peak=_peaks(state),
            first_in=np.where(first_in == NEVER, -1, first_in),
            last_out=state.frame[:, kernel.LAST_OUT],
            cycles=cycles,
            stuck=stuck,
            deadlock=deadlock,
            writes=_times(state, state.write_time, kernel.WRITTEN) if record else (),
            reads=_times(state, state.read_time, kernel.READ) if record else (),
        )

    def ends(
        self, deadline: tuple[int, ...], *, capacities: Ints, latencies: Ints
    ) -> tuple[tuple[int, ...], Ints] | None:
        """Ends of the frames and peaks, or None as soon as frame f is not complete in cycle deadline[f].

        A deadline of -1 is for a frame that need not complete; its end is -1 if it does not.
        """
        ends, peaks = self.race(deadline, capacities=capacities, latencies=latencies)
        return None if ends is None else (ends, peaks)

    def race(
        self, deadline: tuple[int, ...], *, capacities: Ints, latencies: Ints
    ) -> tuple[tuple[int, ...] | None, Ints]:
        """As `ends`, but with the peaks until then if a frame is late."""
        limits = np.array([NEVER if d < 0 else d for d in deadline], np.int64)
        state = self._state(len(deadline), capacities, latencies, record=False)
        ended, _ = self._go(state, limits)
        ends = tuple(int(t) for t in state.frame[:, kernel.LAST_OUT])
        if ended in (kernel.LATE, kernel.RUNAWAY) or any(
            end < 0 <= limit for end, limit in zip(ends, deadline, strict=True)
        ):
            return None, _peaks(state)
        return ends, _peaks(state)

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
        channel = np.zeros((channels, kernel.CHANNEL_COLUMNS), np.int64)
        channel[:, [kernel.LAST_WRITE, kernel.SECOND_WRITE, kernel.LAST_READ]] = kernel.LONG_AGO
        channel[:, kernel.CAPACITY] = self.capacities if capacities is None else capacities
        channel[:, kernel.LATENCY] = self.latencies if latencies is None else latencies
        if not (
            np.all(channel[:, kernel.CAPACITY] >= 1) and np.all(np.isin(channel[:, kernel.LATENCY], (1, 2)))
        ):
            raise ValueError("a capacity is less than 1, or a latency is neither 1 nor 2")
        channel[:, kernel.PRODUCER] = flat.producer
        channel[:, kernel.CONSUMER] = flat.consumer
        if record:
            # Tied high, ap_start lets tasks begin calls beyond the last frame.
            recorded = flat.tokens * (frames + (2 if self.network.held_start else 0))
            channel[:, kernel.ROOM_END] = np.cumsum(recorded)
            channel[:, kernel.ROOM] = channel[:, kernel.ROOM_END] - recorded
        room = int(channel[-1, kernel.ROOM_END])
        task = np.zeros((actors, kernel.TASK_COLUMNS), np.int64)
        task[:, [kernel.NEXT, kernel.READY_AT]] = NEVER
        task[:, [kernel.LAST_PUSH, kernel.LAST_POP]] = kernel.LONG_AGO
        task[:, kernel.IDLE] = flat.kind == TASK
        domain = np.zeros((len(self.network.domains), 3), np.int64)
        domain[:, kernel.LAST_AP_READY] = kernel.LONG_AGO
        frame = np.zeros((frames, 6), np.int64)
        frame[:, [kernel.SEEN, kernel.FIRST_IN]] = NEVER
        frame[:, kernel.LAST_OUT] = -1
        far = np.full(kernel.FAR + actors, NEVER, np.int64)
        far[[kernel.OCCUPIED, kernel.COMPLETED]] = 0
        return State(
            channel=channel,
            task=task,
            domain=domain,
            port=np.zeros((actors, 2), np.int64),
            call=np.full((int(flat.call_ptr[-1]), 2), NEVER, np.int64),
            frame=frame,
            wheel=np.zeros((kernel.SLOTS, (actors + 63) // 64), np.int64),
            far=far,
            write_time=np.zeros(room, np.int64),
            read_time=np.zeros(room, np.int64),
        )


def _peaks(state: State) -> Ints:
    held = state.channel[:, kernel.WRITTEN] - state.channel[:, kernel.READ]
    peaks: Ints = np.maximum(state.channel[:, kernel.PEAK], held)
    return peaks


def _times(state: State, times: Ints, column: int) -> tuple[Ints, ...]:
    starts, ends = state.channel[:, kernel.ROOM], state.channel[:, kernel.ROOM_END]
    counts = np.minimum(state.channel[:, column], ends - starts)
    return tuple(times[a : a + n] for a, n in zip(starts, counts, strict=True))
