"""Random networks for property tests: layered graphs of tasks with fork, join, overlap, movers and stalls."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from split4ml.passes.timing.network import UNBOUNDED, Channel, Network, Process, Sink, Source
from split4ml.passes.timing.schedule import Schedule


@st.composite
def schedules(draw: st.DrawFn, reads: list[int], writes: list[int]) -> Schedule:
    """Any legal schedule with that many tokens per port, often with a tail behind the period."""
    at: dict[int, tuple[list[int], list[int]]] = {}
    spans = []
    gaps = st.sampled_from([1, 1, 1, 2, 3, 7, 90])
    for side, counts in ((0, reads), (1, writes)):
        for port, count in enumerate(counts):
            advance = draw(st.sampled_from([0, 0, 1, 2, 5])) + (draw(st.integers(0, 12)) if side else 0)
            first = advance
            for k in range(count):
                advance += draw(gaps) if k else 0
                at.setdefault(advance, ([], []))[side].append(port)
            spans.append(advance - first)
    groups = [(advance, r, w) for advance, (r, w) in sorted(at.items())]
    longest = groups[-1][0] + 1
    shortest = max(1, *(span + 1 for span in spans)) if spans else 1
    period = draw(st.one_of(st.just(shortest), st.integers(shortest, longest + 3)))
    schedule = Schedule.of(groups, period)
    schedule.check()
    return schedule


def between_movers(processes: list[Process] | tuple[Process, ...]) -> list[int]:
    """Channels in whose place there could be a wire."""
    movers = [p for p in processes if p.schedule is None]
    return sorted({c for p in movers for c in p.outputs} & {c for p in movers for c in p.inputs})


@st.composite
def networks(draw: st.DrawFn, bounded: bool = True, wires: bool = False, even: bool = False) -> Network:
    """A few layers of tasks; every output of a layer is consumed in a later one or by a sink. wires: movers in a row may be one.
    even: all channels carry as many tokens.
    """
    channels: list[Channel] = []
    processes: list[Process] = []
    made_by: list[int] = []  # per channel: index of the task that writes it, or -1
    tokens: list[int] = []

    def channel(count: int, producer: int) -> int:
        capacity = draw(st.sampled_from([1, 2, 3, 5, 9, UNBOUNDED])) if bounded else UNBOUNDED
        channels.append(Channel(f"c{len(channels)}", capacity, draw(st.sampled_from([1, 2]))))
        made_by.append(producer)
        tokens.append(count)
        return len(channels) - 1

    def moved(start: int) -> int:
        """Perhaps a chain of movers behind a channel; the next reader is in another domain or a sink."""
        for _ in range(draw(st.sampled_from([0, 0, 1, 2]))):
            end = channel(tokens[start], -1)
            processes.append(Process(f"m{len(processes)}", None, (start,), (end,)))
            start = end
        return start

    counts = st.just(draw(st.integers(2, 6))) if even else st.integers(1, 6)
    throttle = draw(st.sampled_from([0, 0, 0, 13, 60]))
    sources = []
    open_ends = []
    for s in range(draw(st.integers(1, 2))):
        start = channel(draw(counts), -1)
        sources.append(Source(f"s{s}", start, tokens[start], throttle))
        open_ends.append(moved(start))
    domain_of: dict[int, int] = {}
    depth: dict[int, int] = {}
    domains = draw(st.integers(1, 3))
    for _ in range(draw(st.integers(1, 6))):
        index = len(processes)
        low = max([domain_of[made_by[c]] for c in open_ends if made_by[c] in domain_of], default=0)
        domain = draw(st.integers(min(low, domains - 1), domains - 1))
        picked = draw(st.lists(st.sampled_from(open_ends), min_size=1, max_size=2, unique=True))
        open_ends = [c for c in open_ends if c not in picked]
        parents = [made_by[c] for c in picked if domain_of.get(made_by[c]) == domain]
        parent = max(parents, key=lambda p: (depth[p], -p)) if parents else -1
        written = draw(st.lists(counts, min_size=1, max_size=2))
        outputs = tuple(channel(count, index) for count in written)
        schedule = draw(schedules([tokens[c] for c in picked], written))
        processes.append(Process(f"t{index}", schedule, tuple(picked), outputs, domain, parent))
        domain_of[index] = domain
        depth[index] = depth[parent] + 1 if parent >= 0 else 0
        for c in outputs:
            open_ends.append(c if draw(st.booleans()) else moved(c))
    if wires:
        for c in between_movers(processes):
            if draw(st.booleans()):
                channels[c] = Channel(channels[c].name, 0, 0)
    stall = st.lists(st.integers(0, 1), min_size=1, max_size=5).filter(lambda s: 0 in s)
    sinks = [
        Sink(f"k{n}", c, tokens[c], np.array(draw(st.one_of(st.just([0]), stall)), np.int64))
        for n, c in enumerate(open_ends)
    ]
    return Network(
        tuple(channels),
        tuple(processes),
        tuple(sources),
        tuple(sinks),
        tuple(f"d{d}" for d in range(domains)),
        held_start=draw(st.sampled_from([False, False, True])),
        start_depth=draw(st.sampled_from([2, 2, 1, 3])),
    )
