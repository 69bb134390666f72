"""What FIFOs share goes to the one in which it costs least, wherever it is without bounds."""

from __future__ import annotations

import itertools

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from timing_networks import networks

from split4ml.dialects.errors import Split4mlError
from split4ml.passes.timing.exchange import exchanged
from split4ml.passes.timing.judge import Judge, fifo_latency, storage_bits
from split4ml.passes.timing.network import UNBOUNDED, Channel, Network, Process, Sink, Source
from split4ml.passes.timing.schedule import Schedule
from split4ml.passes.timing.shrink import bisected, by_peak
from split4ml.passes.timing.sizing import Fifo, size

FRAMES = 6
TOKENS, DELAY = 16, 5


def skip_of_two() -> Network:
    """A clone, a path that gives its first token after `DELAY` more have come, beside it one of two FIFOs, and an add."""
    passing = Schedule.of([(k, [0], [0]) for k in range(TOKENS)], TOKENS)
    clone = Schedule.of([(k, [0], [0, 1]) for k in range(TOKENS)], TOKENS)
    late = Schedule.of(
        [(k, [0] if k < TOKENS else [], [0] if k >= DELAY else []) for k in range(TOKENS + DELAY)],
        TOKENS,
    )
    add = Schedule.of([(k, [0, 1], [0]) for k in range(TOKENS)], TOKENS)
    names = ("in", "body", "before", "late", "after", "out")
    return Network(
        tuple(Channel(n, 2 if n in ("in", "out") else UNBOUNDED) for n in names),
        (
            Process("clone", clone, (0,), (1, 2), 0, -1),
            Process("late", late, (1,), (3,), 0, 0),
            Process("cast", passing, (2,), (4,), 0, 0),
            Process("add", add, (3, 4), (5,), 0, 1),
        ),
        (Source("s", 0, TOKENS),),
        (Sink("k", 5, TOKENS),),
        ("sg0",),
    )


def test_tokens_wait_where_they_are_narrow() -> None:
    """Without bounds they wait behind the cast, in tokens of 64 bits; before it they have 16."""
    network = skip_of_two()
    fifos = [Fifo(1, 16), Fifo(2, 16), Fifo(3, 16), Fifo(4, 64)]
    judge = Judge(network, fifos, FRAMES, fifo_latency, None)
    alone = bisected(judge, by_peak(judge)[0])
    assert alone[3] > 2 >= alone[1]
    sized = size(network, fifos, "bisect", frames=FRAMES)
    assert sized.depths[3] <= 2 < sized.depths[1]
    costs = [
        sum(f.width_bits * d for f, d in zip(fifos, depths, strict=True))
        for depths in itertools.product((1, 2, 3), range(1, 12), (1, 2, 3), range(1, 12))
        if judge.verdict(judge.at * 0 + depths)[0]
    ]
    assert sum(f.width_bits * d for f, d in zip(fifos, sized.depths, strict=True)) == min(costs)


def test_bounds_hold_and_no_effort_is_bisection() -> None:
    network = skip_of_two()
    fifos = [Fifo(1, 16), Fifo(2, 16, most=4), Fifo(3, 16), Fifo(4, 64, least=2)]
    sized = size(network, fifos, "bisect", frames=FRAMES)
    assert sized.depths[1] == 4 and sized.depths[3] > 2
    judge = Judge(network, [Fifo(c, 16 if c < 4 else 64) for c in range(1, 5)], FRAMES, fifo_latency, None)
    start = by_peak(judge)[0]
    assert exchanged(judge, start, storage_bits, effort=0).tolist() == bisected(judge, start).tolist()


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks(bounded=False), st.data())
def test_never_dearer_than_bisection(network: Network, data: st.DataObject) -> None:
    widths = [data.draw(st.sampled_from([8, 16, 500, 2000])) for _ in network.channels]
    fifos = [Fifo(c, widths[c], data.draw(st.booleans())) for c in range(len(network.channels))]
    prices = {width: data.draw(st.integers(0, 3)) for width in widths}

    def cost(fifo: Fifo, depth: int) -> int:
        return prices[fifo.width_bits] * depth

    try:
        judge = Judge(network, fifos, FRAMES, fifo_latency, None)
        start = by_peak(judge)[0]
    except Split4mlError:
        return
    alone, found = bisected(judge, start), exchanged(judge, start, cost)
    total = [sum(cost(f, int(d)) for f, d in zip(fifos, depths, strict=True)) for depths in (alone, found)]
    assert total[1] <= total[0]
    assert judge.verdict(found)[0]
