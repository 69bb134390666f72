"""A network as flat arrays, the form in which the replay's kernel reads it.

An *actor* is whatever moves tokens: the network's processes in their order, then its sources, then its sinks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from split4ml.passes.timing.kernel import MOVER, SINK, SOURCE, TASK
from split4ml.passes.timing.network import Network
from split4ml.passes.timing.schedule import Ints

Small = npt.NDArray[np.int32]


class Flat(NamedTuple):
    """What never changes between replays of one network; ranges are `x_ptr[i]:x_ptr[i+1]`.

    Per actor: kind, group_ptr (its groups), period, take (channel read by a mover or sink), give (channel
    written by a mover or source), parent (-1: started by the domain), child_ptr/child, domain, call_ptr (its
    ring of calls in flight), amount (tokens a frame) and throttle of sources, amount and stall_ptr of sinks.
    Per group: offset, read_ptr, write_ptr. Per operation: read, write (channels).
    Per channel: producer and consumer (actors), tokens (a frame).
    """

    kind: Ints
    group_ptr: Ints
    offset: Ints
    read_ptr: Small
    read: Small
    write_ptr: Small
    write: Small
    period: Ints
    take: Ints
    give: Ints
    parent: Ints
    child_ptr: Ints
    child: Ints
    domain: Ints
    root_ptr: Ints
    root: Ints
    call_ptr: Ints
    amount: Ints
    throttle: Ints
    stall_ptr: Ints
    stall: Ints
    producer: Ints
    consumer: Ints
    tokens: Ints


def flatten(network: Network) -> Flat:
    """Lays `network` out. Raises ValueError, naming the culprit, if it is not well formed."""
    processes, sources, sinks = network.processes, network.sources, network.sinks
    tasks = len(processes)
    actors = tasks + len(sources) + len(sinks)
    if not sources or not sinks:
        raise ValueError("a network needs a source and a sink")
    for channel in network.channels:
        if channel.capacity < 1 or channel.latency not in (1, 2):
            raise ValueError(
                f"channel {channel.name}: capacity {channel.capacity}, latency {channel.latency} is no hardware"
            )

    kind = np.array(
        [TASK if p.schedule else MOVER for p in processes] + [SOURCE] * len(sources) + [SINK] * len(sinks)
    )
    take = np.full(actors, -1, np.int64)
    give = np.full(actors, -1, np.int64)
    amount = np.zeros(actors, np.int64)
    throttle = np.zeros(actors, np.int64)
    stalls: list[Ints] = [np.zeros(0, np.int64)] * actors
    for at, source in enumerate(sources, tasks):
        if source.tokens < 1 or source.throttle < 0:
            raise ValueError(
                f"source {source.name}: {source.tokens} tokens a frame, throttle {source.throttle}"
            )
        give[at], amount[at], throttle[at] = source.channel, source.tokens, source.throttle
    for at, sink in enumerate(sinks, tasks + len(sources)):
        if sink.tokens < 1 or not len(sink.stall) or np.all(sink.stall != 0):
            raise ValueError(f"sink {sink.name} takes no token, or is never ready")
        take[at], amount[at], stalls[at] = sink.channel, sink.tokens, np.asarray(sink.stall, np.int64)
    for at, process in enumerate(processes):
        if process.schedule is None:
            if len(process.inputs) != 1 or len(process.outputs) != 1:
                raise ValueError(f"mover {process.name} has not one input and one output")
            take[at], give[at] = process.inputs[0], process.outputs[0]

    producer, consumer = _ends(network)
    tokens = _tokens(network)
    domain = np.array([p.domain for p in processes] + [-1] * (actors - tasks), np.int64)
    parent = np.array([p.parent for p in processes] + [-1] * (actors - tasks), np.int64)
    for at, process in enumerate(processes):
        up = process.parent
        if process.schedule is None:
            if process.domain != -1 or up != -1:
                raise ValueError(f"mover {process.name} has a domain or a parent")
        elif not 0 <= process.domain < len(network.domains):
            raise ValueError(f"task {process.name} is in no domain")
        elif up != -1 and (not 0 <= up < at + tasks or up >= tasks or domain[up] != process.domain):
            raise ValueError(f"the parent of task {process.name} is no task of its domain")
    _check_parents(parent[:tasks], [p.name for p in processes])
    child_ptr, child = _lists([[c for c in range(tasks) if parent[c] == at] for at in range(actors)])
    root_ptr, root = _lists(
        [
            [at for at in range(tasks) if domain[at] == index and parent[at] == -1]
            for index in range(len(network.domains))
        ]
    )

    schedules = [p.schedule for p in processes]
    no_ptr = np.zeros(1, np.int64)
    calls = [-(-s.length // s.period) + 1 if s else 0 for s in schedules]
    return Flat(
        kind=kind.astype(np.int64),
        group_ptr=_pointers([len(s.offset) if s else 0 for s in schedules] + [0] * (actors - tasks)),
        offset=_joined(s.offset for s in schedules if s),
        read_ptr=_spliced([s.read_ptr for s in schedules if s] or [no_ptr]),
        read=_joined(
            np.array(p.inputs, np.int64)[p.schedule.read_port] for p in processes if p.schedule and p.inputs
        ).astype(np.int32),
        write_ptr=_spliced([s.write_ptr for s in schedules if s] or [no_ptr]),
        write=_joined(
            np.array(p.outputs, np.int64)[p.schedule.write_port]
            for p in processes
            if p.schedule and p.outputs
        ).astype(np.int32),
        period=np.array([s.period if s else 1 for s in schedules] + [1] * (actors - tasks), np.int64),
        take=take,
        give=give,
        parent=parent,
        child_ptr=child_ptr,
        child=child,
        domain=domain,
        root_ptr=root_ptr,
        root=root,
        call_ptr=_pointers(calls + [0] * (actors - tasks)),
        amount=amount,
        throttle=throttle,
        stall_ptr=_pointers([len(s) for s in stalls]),
        stall=_joined(stalls),
        producer=producer,
        consumer=consumer,
        tokens=tokens,
    )


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


def _check_parents(parent: Ints, names: list[str]) -> None:
    for at in range(len(parent)):
        up, steps = at, 0
        while parent[up] != -1:
            up, steps = int(parent[up]), steps + 1
            if steps > len(parent):
                raise ValueError(f"task {names[at]} is started by itself")


def _pointers(lengths: list[int]) -> Ints:
    return np.cumsum([0, *lengths], dtype=np.int64)


def _lists(items: list[list[int]]) -> tuple[Ints, Ints]:
    return _pointers([len(i) for i in items]), np.array([x for i in items for x in i], np.int64)


def _joined(parts: Iterable[Ints]) -> Ints:
    return np.concatenate([np.zeros(0, np.int64), *parts])


def _spliced(pointers: list[Ints]) -> Small:
    """Pointer arrays of consecutive lists as one array."""
    counts = np.concatenate([np.diff(p) for p in pointers])
    total = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])
    if total[-1] >= 2**31:
        raise ValueError(f"{total[-1]} stream operations a frame are more than the replay can index")
    return total.astype(np.int32)
