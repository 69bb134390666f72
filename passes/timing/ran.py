"""The kernel's arrays of one run: laid out before it, enlarged while it goes, and read afterwards."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from split4ml.passes.timing import kernel
from split4ml.passes.timing.flat import Flat
from split4ml.passes.timing.kernel import NEVER
from split4ml.passes.timing.network import Network
from split4ml.passes.timing.schedule import Ints

RING = 256
"""Tokens whose times are kept at first for a channel that is never full; a power of two."""
GROWTH = 4


@dataclass(frozen=True, eq=False)
class Ran:
    """flat: of the network. rows, times: the kernel's. ended: how, as the kernel says."""

    flat: Flat
    rows: Ints
    times: Ints
    ended: int = kernel.GROW

    @classmethod
    def prepared(
        cls,
        network: Network,
        flat: Flat,
        deadline: Ints,
        until: int,
        capacities: Ints,
        latencies: Ints,
        record: bool,
    ) -> Self:
        """Nothing has happened yet. record: rings hold all that is ever written, and all begins of calls."""
        frames = len(deadline)
        tasks = flat.actors[: len(network.processes)]
        ring = 1 << (network.start_depth + (frames if record else 0) + 1).bit_length()
        fixed, begins = len(flat.rows), len(flat.rows) + kernel.FRAME_ROW * frames
        rows = np.empty(begins + kernel.START_ROW * ring * len(tasks), np.int64)
        rows[:fixed] = flat.rows
        rows[[kernel.UNTIL, kernel.RING, kernel.MOST_CALLS]] = until, ring - 1, most_calls(frames)
        rows[[kernel.FRAMES, kernel.FRAMES_END]] = fixed, begins
        rows[tasks + kernel.STARTS] = begins + kernel.START_ROW * ring * np.arange(len(tasks))
        frame = rows[fixed:begins].reshape(frames, kernel.FRAME_ROW)
        first = [0, len(network.sources), len(network.sinks), NEVER, -1, 0]
        frame[:, : len(first)] = first
        frame[0, [kernel.SEEN, kernel.MISSING]] = 1, 0
        frame[:, kernel.DEADLINE] = deadline
        at = flat.channels
        rows[at + kernel.CAPACITY] = capacities
        rows[at + kernel.LATENCY] = latencies
        rows[at + kernel.FLAGS] = kernel.COUNTED
        never_full = capacities > flat.tokens * most_calls(frames)
        size = np.where(never_full, RING, capacities)
        if record:
            size = np.maximum(size, flat.tokens * (frames + 2 * network.held_start))
        return cls(flat, rows, _placed(rows, flat, size))

    def join(self, into: int, out: int) -> None:
        """Before a run: two movers, of which the second reads what the first writes, are one wire; there is no channel between them."""
        rows, flat = self.rows, self.flat
        first, second = int(flat.actors[into]), int(flat.actors[out])
        after = int(rows[second + kernel.GIVE])
        rows[first + kernel.GIVE] = after
        rows[after + kernel.PRODUCER] = into
        awake = rows[rows[kernel.AWAKE] : rows[kernel.AWAKE_END]].view(np.uint64)
        awake[out >> 6] &= ~np.uint64(1 << (out & 63))

    def run(self) -> Self:
        """Goes on to the end."""
        ran = self
        while (ended := int(kernel.run(ran.rows, ran.flat.kind, ran.flat.offset, ran.times))) == kernel.GROW:
            ran = ran._grown()
        return replace(ran, ended=ended)

    def channel(self, column: int) -> Ints:
        return self.rows[self.flat.channels + column]

    @property
    def frame(self) -> Ints:
        """The rows of the frames."""
        first, end = self.rows[[kernel.FRAMES, kernel.FRAMES_END]]
        return self.rows[first:end].reshape(-1, kernel.FRAME_ROW)

    @property
    def end(self) -> int:
        """The cycle in which the last frame was complete, or after which nothing was to happen."""
        return int(self.rows[kernel.UNTIL])

    @property
    def ends(self) -> Ints:
        """Cycle in which each frame was complete, -1: not all sinks have it."""
        ends: Ints = np.where(self.frame[:, kernel.SINKS] == 0, self.frame[:, kernel.LAST_OUT], -1)
        return ends

    @property
    def held(self) -> Ints:
        """Tokens in each channel."""
        return self.channel(kernel.WRITTEN) - self.channel(kernel.READ)

    @property
    def peaks(self) -> Ints:
        """Most tokens held at once in each channel."""
        peaks: Ints = np.maximum(self.channel(kernel.PEAK), self.held)
        return peaks

    def last(self, counter: int) -> Ints:
        """Per channel, the cycle of its last write (counter WRITTEN) or read (READ), -1 if there was none."""
        count = self.channel(counter)
        slot = self.channel(kernel.BASE) + 2 * (count - 1 & self.channel(kernel.MASK))
        noted = self.times[slot + int(counter == kernel.READ)] - self._delay(counter)
        last: Ints = np.where(count > 0, noted, -1)
        return last

    def later(self) -> bool:
        """Whether most tokens may have been held after the end: some actors went on before the end was known."""
        later = (self.channel(kernel.PEAK_AT) > self.end) | (self.held > self.channel(kernel.PEAK))
        return bool(np.any(later & (self.last(kernel.WRITTEN) > self.end)))

    def recorded(self, counter: int) -> tuple[Ints, ...]:
        """Per channel, the cycles of its writes (counter WRITTEN) or reads (READ), until the end of the run."""
        found = []
        for base, count, delay in zip(
            self.channel(kernel.BASE), self.channel(counter), self._delay(counter), strict=True
        ):
            pairs = self.times[base : base + 2 * count].reshape(-1, 2)
            times = pairs[:, int(counter == kernel.READ)] - delay
            found.append(times[: np.searchsorted(times, self.end, "right")])
        return tuple(found)

    def starts(self, actor: int, column: int, counter: int) -> Ints:
        """BEGAN or AT_CLOCK of all calls that a task has BEGUN, or WAS_READY of those READIED."""
        row = int(self.flat.actors[actor])
        calls = int(self.rows[row + counter])
        first = int(self.rows[row + kernel.STARTS]) + column
        return self.rows[first : first + kernel.START_ROW * calls : kernel.START_ROW].copy()

    def _delay(self, counter: int) -> Ints:
        """From a write or read to the cycle that is noted for it."""
        return self.channel(kernel.LATENCY) if counter == kernel.WRITTEN else np.ones_like(self.flat.channels)

    def _grown(self) -> Self:
        """The same with larger rings where they kept somebody waiting."""
        flat, rows, at = self.flat, self.rows.copy(), self.flat.channels
        size, base = rows[at + kernel.SIZE], rows[at + kernel.BASE]
        written, read = rows[at + kernel.WRITTEN], rows[at + kernel.READ]
        short = (rows[at + kernel.FULL] <= written) & (self.held < rows[at + kernel.CAPACITY])
        short |= (rows[at + kernel.AVAILABLE] <= read) & (read < written)
        times = _placed(rows, flat, np.where(short, GROWTH * size, size))
        for c, place in enumerate(at.tolist()):
            old, new = int(size[c]), int(rows[place + kernel.SIZE])
            before = self.times[base[c] :][: 2 * old].reshape(-1, 2)
            after = times[rows[place + kernel.BASE] :][: 2 * new].reshape(-1, 2)
            if old == new:
                after[:] = before
                continue
            for side, count in enumerate((int(written[c]), int(read[c]))):
                token = np.arange(max(0, count - old), count)
                after[token & new - 1, side] = before[token & old - 1, side]
            rows[place + kernel.AVAILABLE] = min(int(written[c]), int(rows[place + kernel.BEHIND]) + new)
        awake = rows[rows[kernel.AWAKE] : rows[kernel.AWAKE_END]].view(np.uint64)
        for actor in np.concatenate([rows[at + kernel.PRODUCER][short], flat.consumer[short]]).tolist():
            awake[actor >> 6] |= np.uint64(1 << (actor & 63))
        return replace(self, rows=rows, times=times)


def most_calls(frames: int) -> int:
    """No task makes more; `ap_start` tied high, some go on beyond the last frame, but only one without inputs goes on for ever."""
    return 2 * frames + 1000


def _placed(rows: Ints, flat: Flat, size: Ints) -> Ints:
    """Times, with a ring of at least so many tokens for each channel, and a zero behind them."""
    at, capacity = flat.channels, rows[flat.channels + kernel.CAPACITY]
    size = np.left_shift(1, np.ceil(np.log2(np.maximum(size, 1))).astype(np.int64))
    end = 2 * int(size.sum())
    bounded = capacity <= size
    rows[at + kernel.SIZE] = size
    rows[at + kernel.MASK] = size - 1
    rows[at + kernel.BASE] = base = 2 * (np.cumsum(size) - size)
    rows[at + kernel.FREE_MASK] = np.where(bounded, size - 1, 0)
    rows[at + kernel.FREE_BASE] = np.where(bounded, base + 1, end)
    rows[at + kernel.FULL] = rows[at + kernel.READ] + np.minimum(size, capacity)
    return np.zeros(end + 1, np.int64)
