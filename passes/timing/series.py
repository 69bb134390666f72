"""FIFOs in a row, as one: what they and the tasks between them can hold together, whatever the share of each.

A row leads from a task to another, through FIFOs and tasks that pass on as many tokens as they take. Its first token
cannot be written before room for it was made at its end, so a row whose FIFOs hold D tokens in all is at best what a single FIFO is
that both ends use beside the row: each write to the row is one to it, each read one from it. What it holds is D, and what may be in the tasks
and the channels of fixed depth between. A network with such a *bypass*, and the row's own FIFOs as deep as one likes, is at least as early as
every one in which these share D; so if it is late, all of those are. docs/sizing.md has the proof.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from split4ml.passes.timing.critical import Critical
from split4ml.passes.timing.network import Channel, Network, Process
from split4ml.passes.timing.replay import Engine
from split4ml.passes.timing.schedule import Ints, Schedule

MOST_STAGES = 16
"""A bypass longer than this is made of no more stages, and so makes room a little earlier than its row."""


@dataclass(frozen=True)
class Row:
    """channels: from the first to the last, those of fixed depth too. fifos: those of them whose depths are counted together."""

    channels: tuple[int, ...]
    fifos: tuple[int, ...]


@dataclass(frozen=True)
class Bypass:
    """Of a row, in a network: channels `first` to `first + stages - 1`, one behind the other.

    extra: tokens that they hold beyond what the row's FIFOs do.
    """

    first: int
    stages: int
    extra: int

    def capacities(self, held: int) -> list[int]:
        """Of the stages, if the row's FIFOs hold so many tokens."""
        return [max(1, held + self.extra - (self.stages - 1))] + [1] * (self.stages - 1)


def rows(network: Network, sizable: frozenset[int], shallow: Sequence[int]) -> Iterator[Row]:
    """Disjoint rows of two FIFOs or more, all of them `shallow`; between these only such as are not `sizable`."""
    ends = _Ends.of(network)
    left = dict.fromkeys(shallow)
    followed = {c: ends.next_shallow(c, sizable, left.keys()) for c in shallow}
    begins = [c for c in shallow if c not in {way[-1] for way in followed.values() if way}]
    for begin in begins:
        if begin not in left:
            continue
        del left[begin]
        channels, fifos = [begin], [begin]
        while (way := followed[channels[-1]]) and way[-1] in left:
            channels += way
            fifos.append(way[-1])
            del left[way[-1]]
        if len(fifos) > 1 and (whole := ends.between_tasks(channels, sizable)):
            yield Row(tuple(whole), tuple(fifos))


def bypassed(
    network: Network, found: Sequence[Row], frames: int, wires: frozenset[int]
) -> tuple[Network, list[Bypass]]:
    """The network with a bypass for each row; frames: whether a run has more than one. wires: channels that may be one."""
    processes, channels = list(network.processes), list(network.channels)
    ends = _Ends.of(network)
    bypasses: list[Bypass] = []
    for row in found:
        extra, delay = sum(network.channels[c].capacity for c in row.channels if c not in row.fifos), 0
        for before, after in zip(row.channels, row.channels[1:], strict=False):
            lag, slack = ends.lag(before, after, frames)
            extra, delay = extra + lag, delay + slack
        delay += sum(c not in wires for c in row.channels)
        least = sum(c not in wires for c in row.fifos)
        if delay < 1:
            extra, delay = extra + 1, 1
        stages = max(1, min(delay, MOST_STAGES, least + extra))
        bypass = Bypass(len(channels), stages, extra)
        names = [f"bypass {len(bypasses)}.{stage}" for stage in range(stages)]
        channels += [Channel(name, 1, 0) for name in names]
        writer, reader = ends.producer[row.channels[0]], ends.consumer[row.channels[-1]]
        processes[writer] = _also(processes[writer], row.channels[0], bypass.first, reads=False)
        last = bypass.first + stages - 1
        processes[reader] = _also(processes[reader], row.channels[-1], last, reads=True)
        for stage in range(bypass.first, last):
            processes.append(Process(channels[stage].name, None, (stage,), (stage + 1,)))
        bypasses.append(bypass)
    return replace(network, processes=tuple(processes), channels=tuple(channels)), bypasses


class Together:
    """A network in which the FIFOs of each of some rows share what they hold: for many replays.

    rows: per row, the FIFOs in it, by their numbers.
    """

    def __init__(
        self,
        network: Network,
        found: Sequence[Row],
        number: Mapping[int, int],
        frames: int,
        wires: frozenset[int],
    ) -> None:
        relaxed, self._bypasses = bypassed(network, found, frames, wires)
        self.rows = tuple(tuple(number[c] for c in row.fifos) for row in found)
        self.engine = Engine(relaxed)
        self.critical = Critical(relaxed)
        self._latencies = np.zeros(sum(b.stages for b in self._bypasses), np.int64)

    def channels(self, capacities: Ints, latencies: Ints, held: Sequence[int]) -> tuple[Ints, Ints]:
        """Of all channels of `engine`, if the network's own have these, and the rows' FIFOs hold so many tokens in all."""
        stages = [c for b, most in zip(self._bypasses, held, strict=True) for c in b.capacities(most)]
        return np.append(capacities, np.array(stages, np.int64)), np.append(latencies, self._latencies)


class Series:
    """Finds rows of FIFOs in a network, and keeps the networks in which these share what they hold."""

    def __init__(self, network: Network, number: Mapping[int, int], least: Ints) -> None:
        """number: of each FIFO that is sized, by channel. least: per FIFO; 0: it may be a wire."""
        self._network = network
        self._number = number
        self._wires = frozenset(c for c, i in number.items() if least[i] == 0)
        self._made: dict[tuple[tuple[Row, ...], bool], Together] = {}

    def among(self, fifos: Sequence[int], frames: int) -> Together | None:
        """Of those among these FIFOs that are in a row, the others between them being as deep as one likes; None: none are."""
        chosen = set(fifos)
        shallow = [c for c, i in self._number.items() if i in chosen]
        found = tuple(rows(self._network, frozenset(self._number), shallow))
        if not found:
            return None
        key = found, frames == 1
        if key not in self._made:
            self._made[key] = Together(self._network, found, self._number, frames, self._wires)
        return self._made[key]


@dataclass(frozen=True)
class _Ends:
    """producer, consumer: per channel, the process; absent: a source or a sink."""

    network: Network
    producer: dict[int, int]
    consumer: dict[int, int]

    @classmethod
    def of(cls, network: Network) -> _Ends:
        return cls(
            network,
            {c: at for at, p in enumerate(network.processes) for c in p.outputs},
            {c: at for at, p in enumerate(network.processes) for c in p.inputs},
        )

    def next_shallow(
        self, channel: int, sizable: frozenset[int], shallow: Collection[int]
    ) -> tuple[int, ...]:
        """Channels behind this one, the last of which is the next that is shallow; none if there is none."""
        pending: list[tuple[int, ...]] = [()]
        seen = {channel}
        for way in pending:
            here = way[-1] if way else channel
            if here not in self.consumer:
                continue
            for after in self.network.processes[self.consumer[here]].outputs:
                if after in seen or not self._passes(here, after):
                    continue
                seen.add(after)
                if after in shallow:
                    return (*way, after)
                if after not in sizable:
                    pending.append((*way, after))
        return ()

    def between_tasks(self, channels: list[int], sizable: frozenset[int]) -> list[int]:
        """Longer by channels of fixed depth at either side, if need be, so that tasks are at both ends; empty if that cannot be."""
        whole = list(channels)
        while not self._task(self.producer.get(whole[0], -1)):
            if whole[0] not in self.producer:
                return []
            (before,) = self.network.processes[self.producer[whole[0]]].inputs
            if before in sizable:
                return []
            whole.insert(0, before)
        while not self._task(self.consumer.get(whole[-1], -1)):
            if whole[-1] not in self.consumer:
                return []
            (after,) = self.network.processes[self.consumer[whole[-1]]].outputs
            if after in sizable:
                return []
            whole.append(after)
        return whole

    def lag(self, before: int, after: int, frames: int) -> tuple[int, int]:
        """Of the process between two channels: the most tokens that it has read and not yet written, counting one that it is about to
        read; and advances that lie at least between a read and the write of a token so many before it."""
        process = self.network.processes[self.consumer[before]]
        schedule = process.schedule
        if schedule is None:
            return 0, 0
        calls = 1 if frames == 1 else 2 + schedule.length // schedule.period
        starts = schedule.period * np.arange(calls)[:, None]
        reads = (starts + _advances(schedule, process.inputs.index(before), of_reads=True)).ravel()
        writes = (starts + _advances(schedule, process.outputs.index(after), of_reads=False)).ravel()
        tokens = np.arange(len(reads))
        lag = int((tokens + 1 - np.searchsorted(writes, reads, side="right")).max(initial=0))
        lag = max(lag, 0)
        later = reads[lag:] - writes[: len(writes) - lag]
        return lag, int(later.min(initial=MOST_STAGES))

    def _passes(self, before: int, after: int) -> bool:
        """Whether the process between writes a token for each that it reads, and none before it has read as many."""
        process = self.network.processes[self.consumer[before]]
        if process.schedule is None:
            return True
        reads = _advances(process.schedule, process.inputs.index(before), of_reads=True)
        writes = _advances(process.schedule, process.outputs.index(after), of_reads=False)
        return len(reads) == len(writes) > 0 and bool(np.all(reads <= writes))

    def _task(self, process: int) -> bool:
        return process >= 0 and self.network.processes[process].schedule is not None


def _advances(schedule: Schedule, port: int, of_reads: bool) -> Ints:
    ptr, ports = (
        (schedule.read_ptr, schedule.read_port) if of_reads else (schedule.write_ptr, schedule.write_port)
    )
    found: Ints = np.repeat(schedule.offset, np.diff(ptr))[ports == port]
    return found


def _also(process: Process, channel: int, new: int, reads: bool) -> Process:
    """The process, which reads (or writes) channel `new` whenever it does `channel`."""
    assert process.schedule is not None
    schedule = process.schedule
    if reads:
        ptr, port = _beside(
            schedule.read_ptr, schedule.read_port, process.inputs.index(channel), len(process.inputs)
        )
        schedule = replace(schedule, read_ptr=ptr, read_port=port)
        return replace(process, schedule=schedule, inputs=(*process.inputs, new))
    ptr, port = _beside(
        schedule.write_ptr, schedule.write_port, process.outputs.index(channel), len(process.outputs)
    )
    schedule = replace(schedule, write_ptr=ptr, write_port=port)
    return replace(process, schedule=schedule, outputs=(*process.outputs, new))


def _beside(ptr: Ints, ports: Ints, port: int, new: int) -> tuple[Ints, Ints]:
    """The operations of all groups, with one on a new port wherever there is one on `port`."""
    at = np.flatnonzero(ports == port)
    return ptr + np.searchsorted(at, ptr), np.insert(ports, at + 1, new)
