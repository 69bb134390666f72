"""The critical path of a lone frame: the chain of waits that makes its last token as late as it is.

Each event of a replay waits for the latest of a few others: the group before it in the same call, the write of a token it
reads (through a FIFO: a *crossing*), the read that made room for a token it writes (*back-pressure*). Followed from the last
token that a sink takes to the begin of the frame, the latest ones are a path whose length is the frame's end.

A lone frame with one start per frame has one call of each task, begun at a time that depends on nothing but the
task's depth among the starts, so no other waits exist (docs/timing.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from split4ml.passes.timing.flat import Flat, Small
from split4ml.passes.timing.jit import compiled
from split4ml.passes.timing.kernel import LONG_AGO
from split4ml.passes.timing.network import Network, Replayed
from split4ml.passes.timing.replay import Engine
from split4ml.passes.timing.schedule import Ints

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Path:
    """crossed: bool[channels], whether the path crosses it at least once; pressed: whether it waits for room in it."""

    crossed: Flags
    pressed: Flags


class Critical:
    """Finds critical paths in runs of one frame. For networks for which `applies` says so."""

    def __init__(self, engine: Engine) -> None:
        flat = engine.flat
        self._flat = flat
        self._base = np.cumsum([0, *flat.tokens], dtype=np.int64)
        # Per channel and token: the group that writes and the one that reads it, -1 for other actors than tasks.
        self._writer = _by_channel(flat.write, flat.write_ptr, flat.tokens)
        self._reader = _by_channel(flat.read, flat.read_ptr, flat.tokens)
        self._read_rank = _ranks(flat.read)
        self._write_rank = _ranks(flat.write)

    @staticmethod
    def applies(network: Network, sized: Iterable[int]) -> bool:
        """Whether paths are chains of constant waits, and cross no channel of `sized` twice if these are unbounded.

        So it is with one call a task, sinks that are always ready, and no way from a sized channel's consumer back to its
        producer: forwards through any channel, or backwards through those that stay bounded.
        """
        if network.held_start or any(np.any(sink.stall != 0) for sink in network.sinks):
            return False
        return _one_way(network, set(sized))

    def path(self, run: Replayed, capacities: Ints, latencies: Ints) -> Path:
        """Of a recorded run of one frame that completed, with these capacities and latencies per channel."""
        flat = self._flat
        end = int(run.last_out[0])
        crossed = np.zeros(len(capacities), np.bool_)
        pressed = np.zeros(len(capacities), np.bool_)
        sinks = np.flatnonzero((flat.give < 0) & (flat.take >= 0))
        _walk(
            flat,
            Tokens(
                self._laid_out(run.writes),
                self._laid_out(run.reads),
                self._base,
                self._writer,
                self._reader,
                self._read_rank,
                self._write_rank,
            ),
            capacities,
            latencies,
            next(int(s) for s in sinks if run.reads[flat.take[s]][flat.amount[s] - 1] == end),
            end,
            crossed,
            pressed,
        )
        return Path(crossed, pressed)

    def _laid_out(self, times: tuple[Ints, ...]) -> Ints:
        """One array for all channels; some tokens are never moved, since the run ends with the frame."""
        found = np.full(int(self._base[-1]), LONG_AGO, np.int64)
        for base, some in zip(self._base, times, strict=False):
            found[base : base + len(some)] = some
        return found


class Tokens(NamedTuple):
    """Per token of a channel (at `base[channel] + token`): the cycles of its write and read, the groups that do them.

    Per operation in a group: which token of its channel it reads or writes.
    """

    write_time: Ints
    read_time: Ints
    base: Ints
    writer: Ints
    reader: Ints
    read_rank: Ints
    write_rank: Ints


@compiled
def _walk(
    flat: Flat,
    tokens: Tokens,
    capacities: Ints,
    latencies: Ints,
    actor: int,
    now: int,
    crossed: Flags,
    pressed: Flags,
) -> None:
    """From an actor's last token back to where nothing else was waited for."""
    group = -1
    token = flat.amount[actor] - 1
    while True:
        # A token read, as late as it can be.
        moved = -1
        if group >= 0:
            for o in range(flat.read_ptr[group], flat.read_ptr[group + 1]):
                at = tokens.base[flat.read[o]] + tokens.read_rank[o]
                if tokens.write_time[at] + latencies[flat.read[o]] == now:
                    moved = flat.read[o]
                    token = tokens.read_rank[o]
                    break
        elif flat.take[actor] >= 0:
            at = tokens.base[flat.take[actor]] + token
            if tokens.write_time[at] + latencies[flat.take[actor]] == now:
                moved = flat.take[actor]
        if moved >= 0:
            crossed[moved] = True
            at = tokens.base[moved] + token
            now, group, actor = tokens.write_time[at], tokens.writer[at], flat.producer[moved]
            continue
        # The same actor's event before. A group without operations is nothing to wait for.
        if group >= 0:
            before, time = group - 1, -1
            while before >= flat.group_ptr[actor] and time < 0:
                if flat.read_ptr[before] < flat.read_ptr[before + 1]:
                    o = flat.read_ptr[before]
                    time = tokens.read_time[tokens.base[flat.read[o]] + tokens.read_rank[o]]
                elif flat.write_ptr[before] < flat.write_ptr[before + 1]:
                    o = flat.write_ptr[before]
                    time = tokens.write_time[tokens.base[flat.write[o]] + tokens.write_rank[o]]
                else:
                    before -= 1
            if time >= 0 and time + flat.offset[group] - flat.offset[before] == now:
                now, group = time, before
                continue
        elif token > 0:
            if flat.take[actor] >= 0:
                time = tokens.read_time[tokens.base[flat.take[actor]] + token - 1]
            else:
                time = tokens.write_time[tokens.base[flat.give[actor]] + token - 1]
            if time + 1 == now:
                now, token = time, token - 1
                continue
        # Room for a token written.
        full = -1
        if group >= 0:
            for o in range(flat.write_ptr[group], flat.write_ptr[group + 1]):
                n = tokens.write_rank[o] - capacities[flat.write[o]]
                if n >= 0 and tokens.read_time[tokens.base[flat.write[o]] + n] + 1 == now:
                    full = flat.write[o]
                    token = n
                    break
        elif flat.give[actor] >= 0:
            n = token - capacities[flat.give[actor]]
            if n >= 0 and tokens.read_time[tokens.base[flat.give[actor]] + n] + 1 == now:
                full = flat.give[actor]
                token = n
        if full < 0:  # the begin of the call, or the first offer
            return
        pressed[full] = True
        at = tokens.base[full] + token
        now, group, actor = tokens.read_time[at], tokens.reader[at], flat.consumer[full]


def _ranks(channels: Small) -> Ints:
    """Of each operation: how many on the same channel come before it."""
    order = np.argsort(channels, kind="stable")
    ordered = channels[order]
    ranks = np.empty(len(channels), np.int64)
    ranks[order] = np.arange(len(channels)) - np.searchsorted(ordered, ordered)
    return ranks


def _by_channel(channels: Small, pointers: Small, tokens: Ints) -> Ints:
    """The groups of the operations on each channel in turn; -1 for channels without any."""
    group = np.repeat(np.arange(len(pointers) - 1), np.diff(pointers))[np.argsort(channels, kind="stable")]
    used = np.repeat(np.bincount(channels, minlength=len(tokens)) > 0, tokens)
    found = np.full(int(tokens.sum()), -1, np.int64)
    found[used] = group
    return found


def _one_way(network: Network, sized: set[int]) -> bool:
    """Whether the sized channels form no circle once the two ends of every other channel are one."""
    writer = {c: at for at, p in enumerate(network.processes) for c in p.outputs}
    reader = {c: at for at, p in enumerate(network.processes) for c in p.inputs}
    inner = [c for c in range(len(network.channels)) if c in writer and c in reader]
    merged = list(range(len(network.processes)))

    def group(process: int) -> int:
        while merged[process] != process:
            merged[process] = process = merged[merged[process]]
        return process

    for c in inner:
        if c not in sized:
            merged[group(writer[c])] = group(reader[c])
    order: TopologicalSorter[int] = TopologicalSorter()
    for c in inner:
        if c in sized:
            order.add(group(reader[c]), group(writer[c]))
    try:
        order.prepare()
    except CycleError:
        return False
    return True
