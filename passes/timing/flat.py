"""A network as flat arrays, the form in which the replay's kernel reads it.

An *actor* is whatever moves tokens: the network's processes in their order, then its sources, then its sinks. Groups of
a task that do the same (same channels, same advances since the group before) are of one *kind*, and all
that is kept of a group is its kind and its offset.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from split4ml.passes.timing import kernel
from split4ml.passes.timing.kernel import NEVER, Indices
from split4ml.passes.timing.network import Network, Process
from split4ml.passes.timing.schedule import Ints, Schedule


@dataclass(frozen=True, eq=False)
class Flat:
    """A network for the kernel, which says what the rows hold.

    rows:     int64, all of the kernel's tables before a run, but frames. kind, offset: of the groups of all tasks in turn.
    actors, channels: int64, where the row of each begins.
    producer, consumer: int64 per channel, actors. tokens: int64 per channel, a frame.
    """

    rows: Ints
    kind: Indices
    offset: Ints
    actors: Ints
    channels: Ints
    producer: Ints
    consumer: Ints
    tokens: Ints


def flatten(network: Network) -> Flat:
    """Lays `network` out. Raises ValueError, naming the culprit, if it is not well formed."""
    _check(network)
    producer, consumer = _ends(network)
    tokens = _tokens(network)
    count = len(network.processes) + len(network.sources) + len(network.sinks)
    rows = _Rows()
    rows.add([0] * kernel.HEAD)
    actors = rows.table(count, kernel.ACTOR)
    channels = rows.table(len(network.channels), kernel.CHANNEL)
    at_channel = channels.tolist()
    groups = _Groups(rows, at_channel)
    domains = rows.table(len(network.domains), kernel.ROOTS_END + 1).tolist()

    for number, (row, process) in enumerate(zip(actors.tolist(), network.processes, strict=False)):
        schedule = process.schedule
        if schedule is None:
            take, give = at_channel[process.inputs[0]], at_channel[process.outputs[0]]
            rows.set(row, {kernel.KIND: kernel.MOVER, kernel.TAKE: take, kernel.GIVE: give})
            continue
        first, tail, end = groups.add(process, schedule)
        last = int(schedule.offset[tail - first - 1]) if tail > first else 0
        children = rows.add([int(actors[c]) for c, p in enumerate(network.processes) if p.parent == number])
        tails = rows.add([0] * (2 * -(-schedule.length // schedule.period)))
        rows.set(
            row,
            {
                kernel.KIND: kernel.TASK,
                kernel.FIRST: first,
                kernel.TAIL: tail,
                kernel.END: end,
                kernel.GAP: schedule.period - 1 - last,
                kernel.PERIOD: schedule.period,
                kernel.PARENT: int(actors[process.parent]) if process.parent >= 0 else -1,
                kernel.DOMAIN: domains[process.domain],
                kernel.CHILDREN: children,
                kernel.CHILDREN_END: tails,
                kernel.TAIL_ROWS: tails,
                kernel.TAIL_ROWS_END: rows.end,
                kernel.CANDIDATE: NEVER,
            },
        )
    ports = iter(actors.tolist()[len(network.processes) :])
    for source, row in zip(network.sources, ports, strict=False):
        values = {kernel.KIND: kernel.SOURCE, kernel.GIVE: at_channel[source.channel]}
        values |= {kernel.AMOUNT: source.tokens, kernel.LEFT: source.tokens, kernel.THROTTLE: source.throttle}
        rows.set(row, values)
    for sink, row in zip(network.sinks, ports, strict=True):
        stall = rows.add(np.asarray(sink.stall, np.int64).tolist())
        values = {kernel.KIND: kernel.SINK, kernel.TAKE: at_channel[sink.channel]}
        values |= {kernel.AMOUNT: sink.tokens, kernel.LEFT: sink.tokens}
        rows.set(row, values | {kernel.STALL: stall, kernel.STALL_END: rows.end})
    for d, row in enumerate(domains):
        members = [
            n for n, p in enumerate(network.processes) if p.schedule and p.parent == -1 and p.domain == d
        ]
        first = rows.add(actors[members].tolist())
        rows.set(row, {kernel.ROOTS: first, kernel.ROOTS_END: rows.end})
    awake = rows.add([-1] * (count // 64) + ([(1 << count % 64) - 1] if count % 64 else []))
    rows.set(
        0,
        {
            kernel.RUNS_ON: NEVER,
            kernel.HELD: int(network.held_start),
            kernel.START_DEPTH: network.start_depth,
            kernel.ACTORS: int(actors[0]),
            kernel.ACTORS_END: int(actors[-1]) + kernel.ACTOR,
            kernel.CHANNELS: int(channels[0]),
            kernel.CHANNELS_END: int(channels[-1]) + kernel.CHANNEL,
            kernel.AWAKE: awake,
            kernel.AWAKE_END: rows.end,
        },
    )
    table = np.array(rows.values, np.int64)
    table[actors + kernel.NUMBER] = np.arange(count)
    table[actors + kernel.LAST] = -1
    table[channels + kernel.PRODUCER] = producer
    table[channels + kernel.CONSUMER] = consumer
    kind, offset = groups.arrays()
    return Flat(table, kind, offset, actors, channels, producer, consumer, tokens)


def channels_of(rows: Ints, kind: int) -> tuple[list[int], list[int]]:
    """The rows of the channels that a kind of group reads and writes."""
    shape, a, b, c = rows[kind + kernel.SHAPE : kind + kernel.C + 1].tolist()
    if shape == kernel.ANY:
        return rows[a:b].tolist(), rows[b:c].tolist()
    return [a] * (shape != kernel.ONE_WRITE), [a] * (shape == kernel.ONE_WRITE) + [b] * (
        shape == kernel.ONE_EACH
    )


class _Rows:
    """The tables as they grow."""

    def __init__(self) -> None:
        self.values: list[int] = []

    @property
    def end(self) -> int:
        return len(self.values)

    def add(self, values: list[int]) -> int:
        """Where these are."""
        self.values += values
        return len(self.values) - len(values)

    def table(self, rows: int, columns: int) -> Ints:
        """Where each row begins."""
        return self.add([0] * (rows * columns)) + columns * np.arange(rows, dtype=np.int64)

    def set(self, row: int, columns: Mapping[int, int]) -> None:
        for column, value in columns.items():
            self.values[row + column] = value


class _Groups:
    """The groups of all tasks in turn; their kinds become rows."""

    def __init__(self, rows: _Rows, channels: list[int]) -> None:
        self.rows = rows
        self.channels = channels
        self.kinds: list[Indices] = []
        self.offsets: list[Ints] = []
        self.count = 0

    def add(self, process: Process, schedule: Schedule) -> tuple[int, int, int]:
        """The first group, the first that is not before the period, and the end."""
        first = self.count
        delta = np.diff(schedule.offset, prepend=0)
        which, examples = _alike([delta, *_masks(process, schedule)])
        made = [self._kind(process, schedule, int(delta[group]), group) for group in examples.tolist()]
        self.kinds.append(np.array(made, np.uint32)[which])
        self.offsets.append(schedule.offset)
        self.count += len(delta)
        return first, first + int(np.searchsorted(schedule.offset, schedule.period)), self.count

    def _kind(self, process: Process, schedule: Schedule, delta: int, group: int) -> int:
        reads = schedule.read_port[schedule.read_ptr[group] : schedule.read_ptr[group + 1]]
        writes = schedule.write_port[schedule.write_ptr[group] : schedule.write_ptr[group + 1]]
        taken = [self.channels[process.inputs[p]] for p in reads]
        given = [self.channels[process.outputs[p]] for p in writes]
        shapes = {(1, 0): kernel.ONE_READ, (0, 1): kernel.ONE_WRITE, (1, 1): kernel.ONE_EACH}
        shape = shapes.get((len(taken), len(given)), kernel.ANY)
        if shape != kernel.ANY:
            return self.rows.add([delta, shape, *taken, *given, 0][: kernel.C])
        place = self.rows.end + kernel.C + 1
        middle = place + len(taken)
        return self.rows.add([delta, shape, place, middle, middle + len(given), *taken, *given])

    def arrays(self) -> tuple[Indices, Ints]:
        kinds = [np.zeros(0, np.uint32), *self.kinds]
        return np.concatenate(kinds), np.concatenate([np.zeros(0, np.int64), *self.offsets])


def _masks(process: Process, schedule: Schedule) -> list[Ints]:
    """What each group reads and writes, one bit a port (which a group uses once at most), in words of 32."""
    found = []
    for ptr, ports, count in (
        (schedule.read_ptr, schedule.read_port, len(process.inputs)),
        (schedule.write_ptr, schedule.write_port, len(process.outputs)),
    ):
        group = np.repeat(np.arange(len(ptr) - 1), np.diff(ptr))
        for word in range(0, count, 32):
            here = (ports >= word) & (ports < word + 32)
            bits = np.left_shift(np.int64(1), np.asarray(ports[here] - word, np.int64))
            found.append(
                np.bincount(group[here], weights=bits, minlength=len(ptr) - 1).astype(np.int64)
            )  # sums of distinct powers of two below 2**32: exact in float64
    return found


def _alike(columns: list[Ints]) -> tuple[Ints, Ints]:
    """Which rows of these columns are equal: a number for each, from 0 on, and a row with each number."""
    which = np.zeros(len(columns[0]), np.int64)
    examples = np.zeros(min(1, len(which)), np.int64)
    for column in columns:
        _, values = np.unique(column, return_inverse=True)
        _, examples, which = np.unique(
            which * (int(values.max(initial=0)) + 1) + values, return_index=True, return_inverse=True
        )
    return which, examples


def _check(network: Network) -> None:
    """Everything but that channels have two ends and carry what is written."""
    tasks = len(network.processes)
    if not network.sources or not network.sinks:
        raise ValueError("a network needs a source and a sink")
    for channel in network.channels:
        wire = channel.capacity == channel.latency == 0
        if not wire and (channel.capacity < 1 or channel.latency not in (0, 1, 2)):
            raise ValueError(
                f"channel {channel.name}: capacity {channel.capacity}, latency {channel.latency} is no hardware"
            )
    for source in network.sources:
        if source.tokens < 1 or source.throttle < 0:
            raise ValueError(
                f"source {source.name}: {source.tokens} tokens a frame, throttle {source.throttle}"
            )
    for sink in network.sinks:
        if sink.tokens < 1 or not len(sink.stall) or np.all(sink.stall != 0):
            raise ValueError(f"sink {sink.name} takes no token, or is never ready")
    network.wires(c for c, channel in enumerate(network.channels) if channel.capacity == 0)
    for process in network.processes:
        up = process.parent
        if process.schedule is None:
            if len(process.inputs) != 1 or len(process.outputs) != 1:
                raise ValueError(f"mover {process.name} has not one input and one output")
            if process.domain != -1 or up != -1:
                raise ValueError(f"mover {process.name} has a domain or a parent")
        elif not 0 <= process.domain < len(network.domains):
            raise ValueError(f"task {process.name} is in no domain")
        elif up != -1 and (not 0 <= up < tasks or network.processes[up].domain != process.domain):
            raise ValueError(f"the parent of task {process.name} is no task of its domain")
    for process in network.processes:
        steps, at = 0, process
        while at.parent != -1:
            steps, at = steps + 1, network.processes[at.parent]
            if steps > tasks:
                raise ValueError(f"task {process.name} is started by itself")


def _ends(network: Network) -> tuple[Ints, Ints]:
    """The producing and the consuming actor of every channel."""
    first_source = len(network.processes)
    first_sink = first_source + len(network.sources)
    writers = [(c, at, p.name) for at, p in enumerate(network.processes) for c in p.outputs]
    writers += [(s.channel, at, s.name) for at, s in enumerate(network.sources, first_source)]
    readers = [(c, at, p.name) for at, p in enumerate(network.processes) for c in p.inputs]
    readers += [(s.channel, at, s.name) for at, s in enumerate(network.sinks, first_sink)]
    found = []
    for what, uses in (("producer", writers), ("consumer", readers)):
        ends = np.full(len(network.channels), -1, np.int64)
        for channel, at, name in uses:
            if not 0 <= channel < len(ends):
                raise ValueError(f"{name} uses channel {channel} of {len(ends)}")
            if ends[channel] != -1:
                raise ValueError(f"channel {network.channels[channel].name} has two {what}s")
            ends[channel] = at
        if np.any(ends == -1):
            raise ValueError(f"channel {network.channels[int(np.argmin(ends))].name} has no {what}")
        found.append(ends)
    return found[0], found[1]


def _tokens(network: Network) -> Ints:
    """Tokens a frame on every channel; what is written must be what is read."""
    written = np.full(len(network.channels), -1, np.int64)
    read = np.full(len(network.channels), -1, np.int64)
    for source in network.sources:
        written[source.channel] = source.tokens
    for sink in network.sinks:
        read[sink.channel] = sink.tokens
    for process in network.processes:
        if process.schedule is None:
            continue
        for counts, channels, ports, what in (
            (read, process.inputs, process.schedule.read_port, "input"),
            (written, process.outputs, process.schedule.write_port, "output"),
        ):
            if len(ports) and (ports.min() < 0 or ports.max() >= len(channels)):
                raise ValueError(f"the schedule of task {process.name} uses an {what} that it has not")
            counts[list(channels)] = np.bincount(ports, minlength=len(channels))[: len(channels)]
    movers = [(p.inputs[0], p.outputs[0]) for p in network.processes if p.schedule is None]
    for _ in movers:
        for before, after in movers:
            written[after] = max(written[after], written[before])
            read[before] = max(read[before], read[after])
    for channel, count, wanted in zip(network.channels, written, read, strict=True):
        if count != wanted or count < 0:
            raise ValueError(f"channel {channel.name}: {count} tokens a frame are written and {wanted} read")
    return written
