"""`exact` is optimal: against all depth vectors of small networks, and never dearer than `bisect`."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from timing_networks import between_movers, networks

from split4ml.dialects.errors import Split4mlError
from split4ml.passes.solve.boxes import Box, Outside, Sum
from split4ml.passes.timing.blame import Blame, Blamer, overlaps
from split4ml.passes.timing.critical import Critical
from split4ml.passes.timing.judge import SHIFT_REGISTER_BITS, Cost, Judge, storage_bits
from split4ml.passes.timing.network import UNBOUNDED, Channel, Network, Process, Sink, Source
from split4ml.passes.timing.replay import Engine
from split4ml.passes.timing.schedule import Ints, Schedule
from split4ml.passes.timing.sizing import Fifo, fifo_latency, size

FRAMES = 5


def pipeline(tokens: int, delay: int, inputs: int = 1, outputs: int = 1) -> Schedule:
    """Reads a token a cycle, writes it `delay` later, and begins its next call when all is written."""
    groups: dict[int, tuple[list[int], list[int]]] = {}
    for k in range(tokens):
        groups.setdefault(k, ([], []))[0].extend(range(inputs))
        groups.setdefault(k + delay, ([], []))[1].extend(range(outputs))
    return Schedule.of([(k, r, w) for k, (r, w) in sorted(groups.items())], tokens + delay)


def residual(tokens: int, delay: int, skips: int = 1) -> Network:
    """A clone, a body that delays, an add; the other way to the add goes through `skips` FIFOs with copiers between."""
    names = ["in", "body", "slow", "out", *(f"skip{k}" for k in range(skips))]
    at = {name: index for index, name in enumerate(names)}
    processes = [
        Process("clone", pipeline(tokens, 0, outputs=2), (0,), (at["body"], at["skip0"]), 0, -1),
        Process("delay", pipeline(tokens, delay), (at["body"],), (at["slow"],), 0, 0),
    ]
    for k in range(1, skips):
        copy = pipeline(tokens, 0)
        processes.append(Process(f"copy{k}", copy, (at[f"skip{k - 1}"],), (at[f"skip{k}"],), 0, max(0, k)))
    add = pipeline(tokens, 0, inputs=2)
    processes.append(Process("add", add, (at["slow"], at[f"skip{skips - 1}"]), (at["out"],), 0, 1))
    return Network(
        tuple(Channel(n, 2 if n in ("in", "out") else UNBOUNDED) for n in names),
        tuple(processes),
        (Source("s", 0, tokens),),
        (Sink("k", at["out"], tokens, np.zeros(1, np.int64)),),
        ("sg0",),
    )


def affordable(fifos: list[Fifo], cost: Cost, most: int) -> list[tuple[int, ...]]:
    """All depths that cost no more than `most`, up to 60 each, and the least that makes a memory."""
    found: list[tuple[tuple[int, ...], int]] = [((), sum(cost(f, f.least) for f in fifos))]
    for f in fifos:
        found = [
            ((*v, d), spent + cost(f, d) - cost(f, f.least))
            for v, spent in found
            for d in sorted({*range(f.least, 61), SHIFT_REGISTER_BITS // f.width_bits + 1})
            if spent + cost(f, d) - cost(f, f.least) <= most
        ]
    return [v for v, _ in found]


def monotone(judge: Judge, feasible: dict[tuple[int, ...], bool]) -> bool:
    """Whether no feasible depths become infeasible by a word more of the same style."""
    for v, fits in feasible.items():
        for i, depth in enumerate(v):
            deeper = (*v[:i], depth + 1, *v[i + 1 :])
            if fits and not feasible.get(deeper, True) and judge.rule(i, depth) == judge.rule(i, depth + 1):
                return False
    return True


def steps(fifo: Fifo, depth: int) -> int:
    """A cost with plateaus that end in the middle of a style."""
    if depth == 0:
        return 0
    return fifo.width_bits * (3 * -(-depth // 3)) + 7


def check(network: Network, fifos: list[Fifo], cost: Cost) -> bool:
    """That `exact` gives the cheapest of all depths that could be; False if these are too many to try."""
    try:
        start = size(network, fifos, "bisect", frames=FRAMES)
    except Split4mlError:
        return False
    most = sum(cost(f, d) for f, d in zip(fifos, start.depths, strict=True))
    vectors = affordable(fifos, cost, most)
    if len(vectors) > 6000:
        return False
    sized = size(network, fifos, "exact", frames=FRAMES, cost=cost)
    assert sized.bound is not None and sized.bound.optimal
    assert sized.bound.cost == sum(cost(f, d) for f, d in zip(fifos, sized.depths, strict=True)) <= most
    judge = Judge(network, fifos, FRAMES, fifo_latency, None)
    assert judge.tokens_held(np.array(sized.depths, np.int64)) is not None
    feasible = {v: judge.tokens_held(np.array(v, np.int64)) is not None for v in vectors}
    best = min(sum(cost(f, d) for f, d in zip(fifos, v, strict=True)) for v, fits in feasible.items() if fits)
    assert sized.bound.lower_certain <= best
    if not overlaps(network):
        assert sized.bound.lower_certain == sized.bound.lower
    if monotone(judge, feasible):
        assert sized.bound.cost == best
    return True


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks(bounded=False), st.sampled_from([storage_bits, steps]), st.data())
def test_cheapest_of_all(network: Network, cost: Cost, data: st.DataObject) -> None:
    channels = [replace(c, capacity=data.draw(st.sampled_from([2, 3, UNBOUNDED]))) for c in network.channels]
    network = replace(network, channels=tuple(channels))
    chosen = data.draw(
        st.lists(st.integers(0, len(channels) - 1), min_size=1, max_size=4, unique=True), label="FIFOs"
    )
    widths = st.sampled_from([8, 100, 341, 500, 2000])
    assume(check(network, [Fifo(c, data.draw(widths)) for c in chosen], cost))


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks(bounded=False), st.sampled_from([storage_bits, steps]), st.data())
def test_cheapest_of_all_with_wires(network: Network, cost: Cost, data: st.DataObject) -> None:
    """Channels between movers may be wires; these hold two tokens on either side, as the slices at ports do."""
    wires = between_movers(network.processes)
    assume(wires)
    ends = {c for p in network.processes if p.schedule is None for c in (*p.inputs, *p.outputs)}
    capacity = [
        2 if c in ends else data.draw(st.sampled_from([3, UNBOUNDED])) for c in range(len(network.channels))
    ]
    channels = [replace(c, capacity=room) for c, room in zip(network.channels, capacity, strict=True)]
    others = [c for c in range(len(channels)) if c not in ends]
    chosen = wires[:3]
    if others:
        chosen += data.draw(st.lists(st.sampled_from(others), max_size=2, unique=True))
    widths = st.sampled_from([8, 100, 341, 500, 2000])
    fifos = [Fifo(c, data.draw(widths), least=int(c not in wires)) for c in chosen]
    assume(check(replace(network, channels=tuple(channels)), fifos, cost))


@pytest.mark.parametrize("skips", [1, 2, 3])
@pytest.mark.parametrize("cost", [storage_bits, steps])
@pytest.mark.parametrize(
    "widths", [(8, 8, 8), (100, 400, 300), (341, 256, 256), (1000, 1000, 1000), (700, 150, 1100)]
)
def test_skip_connections_cheapest_of_all(skips: int, cost: Cost, widths: tuple[int, ...]) -> None:
    """Several FIFOs share what the skip must hold, in styles that change on the way."""
    network = residual(8, 4, skips)
    fifos = [Fifo(2, widths[0])]
    fifos += [Fifo(4 + k, widths[k]) for k in range(skips)]
    assert check(network, fifos, cost)


def test_fifos_in_a_row_count_together() -> None:
    """Four FIFOs share what the skip must hold in thousands of proportions; a few boxes with sums exclude all that hold less."""
    network = residual(40, 33, 4)
    fifos = [Fifo(4 + k, width) for k, width in enumerate((8, 9, 8, 12))]
    sized = size(network, fifos, "exact")
    assert sized.bound is not None and sized.bound.optimal
    assert sum(sized.depths) > 30
    assert sized.bound.boxes < 30


def test_finds_what_bisection_cannot() -> None:
    """Bisection shrinks the FIFO first that costs most now, and is left with the wrong one of the two deep."""
    network = residual(24, 20, 2)
    fifos = [Fifo(4, 8), Fifo(5, 32)]
    bisected = size(network, fifos, "bisect")
    found = size(network, fifos, "exact")
    assert found.bound is not None and found.bound.optimal
    assert found.bound.cost == storage_bits(fifos[0], found.depths[0]) + storage_bits(
        fifos[1], found.depths[1]
    )
    assert found.bound.cost <= sum(storage_bits(f, d) for f, d in zip(fifos, bisected.depths, strict=True))
    assert found.depths[0] > found.depths[1]


def test_same_answer_again() -> None:
    network = residual(24, 11, 3)
    fifos = [Fifo(c, 16 * c) for c in (1, 2, 4, 5, 6)]
    first, second = size(network, fifos, "exact"), size(network, fifos, "exact")
    assert first.depths == second.depths
    assert first.bound == second.bound
    assert first.replays == second.replays


def test_fifos_that_keep_their_depth() -> None:
    network = residual(8, 4, 2)
    network = replace(
        network,
        channels=tuple(replace(c, capacity=7) if c.name == "skip1" else c for c in network.channels),
    )
    sized = size(network, [Fifo(4, 8), Fifo(5, 8, sizable=False)], "exact")
    assert sized.depths[1] == 7
    assert sized.bound is not None and sized.bound.optimal
    assert sized.bound.cost == 8 * sum(sized.depths)


def test_time_limit() -> None:
    """Out of time at once: what bisection found, and a lower bound that holds."""
    network = residual(20, 9, 3)
    fifos = [Fifo(c, 16) for c in (1, 2, 4, 5, 6)]
    start = time.monotonic()
    sized = size(network, fifos, "exact", seconds=0.0)
    assert time.monotonic() - start < 5
    assert sized.bound is not None
    assert sized.depths == size(network, fifos, "bisect").depths
    assert sum(f.width_bits for f in fifos) <= sized.bound.lower < sized.bound.cost
    assert not sized.bound.optimal and 0 < sized.bound.gap < 1
    optimal = size(network, fifos, "exact").bound
    assert optimal is not None and optimal.optimal
    assert sized.bound.lower <= optimal.cost <= sized.bound.cost


def test_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Control-C keeps the best depths and the bound so far."""
    network = residual(20, 9, 3)
    fifos = [Fifo(c, 16) for c in (1, 2, 4, 5, 6)]
    blame, calls = Blamer.blame, 0

    def interrupted(self: Blamer, depths: Ints) -> list[Blame]:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise KeyboardInterrupt
        return blame(self, depths)

    monkeypatch.setattr(Blamer, "blame", interrupted)
    sized = size(network, fifos, "exact")
    assert sized.bound is not None
    assert sum(f.width_bits for f in fifos) < sized.bound.lower < sized.bound.cost
    assert sized.metrics.completed


def test_starts_again_where_the_assumption_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """A box that turns out to hold feasible depths takes all that rest on the assumption with it."""
    network = residual(8, 4)
    fifos = [Fifo(1, 8), Fifo(2, 8), Fifo(4, 8)]
    expected = size(network, fifos, "exact")
    assert expected.bound is not None
    blame, calls = Blamer.blame, 0

    def wrong(self: Blamer, depths: Ints) -> list[Blame]:
        nonlocal calls
        calls += 1
        if calls == 1:
            return [Blame(Box((1,) * len(depths), (UNBOUNDED,) * len(depths)), certain=False)]
        return blame(self, depths)

    monkeypatch.setattr(Blamer, "blame", wrong)
    sized = size(network, fifos, "exact")
    assert calls > 1
    assert sized.bound is not None
    assert (sized.bound.cost, sized.bound.lower) == (expected.bound.cost, expected.bound.lower)


def test_boxes_without_any_assumption_suffice(monkeypatch: pytest.MonkeyPatch) -> None:
    """With nobody to blame, infeasible depths are excluded one run at a time: slow, and right all the same."""
    network = residual(6, 2)
    fifos = [Fifo(1, 8), Fifo(2, 16), Fifo(4, 8)]
    expected = size(network, fifos, "exact")
    monkeypatch.setattr(Blamer, "blame", lambda self, depths: [])
    sized = size(network, fifos, "exact")
    assert expected.bound is not None and sized.bound is not None
    assert sized.bound.optimal
    assert sized.bound.cost == sized.bound.lower_certain == expected.bound.cost


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks(bounded=False), st.data())
def test_critical_path_explains_the_end(network: Network, data: st.DataObject) -> None:
    """Room where the path did not wait for it changes nothing; without any such wait, the frame is as early as can be."""
    assume(Critical.applies(network, range(len(network.channels))))
    engine = Engine(network)
    channels = range(len(network.channels))
    capacities = np.array([data.draw(st.sampled_from([1, 2, 3, UNBOUNDED])) for _ in channels], np.int64)
    run = engine.run(1, capacities=capacities, record=True)
    assume(run.completed)
    path = Critical(network).path(run, capacities, engine.latencies)
    roomy = np.where(path.pressed, capacities, UNBOUNDED)
    assert engine.run(1, capacities=roomy).last_out[0] == run.last_out[0]
    # Each crossing delays the path: a cycle more in one of them makes the frame a cycle later at least.
    for channel in np.flatnonzero(path.crossed & (engine.latencies == 1)):
        slower = engine.latencies.copy()
        slower[channel] = 2
        assert engine.run(1, capacities=capacities, latencies=slower).last_out[0] > run.last_out[0]


def test_where_paths_may_cross_a_fifo_twice() -> None:
    """Around a bounded channel beside it, a path gets back to before a FIFO that is not bounded."""
    network = residual(8, 4, 2)
    named = {c.name: index for index, c in enumerate(network.channels)}
    inner = [named[n] for n in ("body", "slow", "skip0", "skip1")]
    assert Critical.applies(network, inner)
    assert Critical.applies(network, inner[1:])
    assert Critical.applies(network, inner[2:3] + inner[:1])
    assert not Critical.applies(network, inner[2:])
    assert not Critical.applies(network, inner[:2])
    assert not Critical.applies(replace(network, held_start=True), inner)
    stalled = tuple(replace(sink, stall=np.array([0, 1])) for sink in network.sinks)
    assert not Critical.applies(replace(network, sinks=stalled), inner)


def least_outside(boxes: list[Box], most: list[int], below: int = 1000) -> tuple[int, ...] | None:
    """Of levels 1 to `most`, at prices of 3, 5 and 1 a level."""
    outside = Outside([1, 1, 1], most, lambda i, level: (3, 5, 1)[i] * level)
    for box in boxes:
        outside.exclude(box)
    found = outside.cheapest(below, 10)
    assert outside.proven == (
        below if found is None else sum(p * v for p, v in zip((3, 5, 1), found, strict=True))
    )
    return found


def test_cheapest_outside_boxes() -> None:
    assert least_outside([], [9, 9, 9]) == (1, 1, 1)
    boxes = [Box((1, 1, 1), (4, 2, UNBOUNDED)), Box((1, 3, 1), (UNBOUNDED, UNBOUNDED, 7))]
    assert least_outside(boxes, [9, 9, 9]) == (5, 1, 1)
    assert not any(box.holds((5, 1, 1)) for box in boxes)
    # If five of the first are too dear, the second must be deeper, and so must the third.
    assert least_outside(boxes, [4, 9, 9]) == (1, 3, 8)
    assert least_outside(boxes, [4, 9, 7]) is None
    assert least_outside(boxes, [9, 9, 9], below=21) is None


def test_cheapest_outside_sums() -> None:
    box = Box((1, 1, 1), (UNBOUNDED, UNBOUNDED, 3), (Sum((0, 1), 7),))
    assert box.holds((3, 4, 3)) and not box.holds((4, 4, 3)) and not box.holds((3, 4, 4))
    assert least_outside([box], [9, 9, 9]) == (1, 1, 4)
    assert least_outside([box], [9, 9, 3]) == (7, 1, 1)
    assert least_outside([box], [5, 9, 3]) == (5, 3, 1)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_cheapest_outside_is_cheapest(data: st.DataObject) -> None:
    """Of all vectors, one question after the other, with costs that rise evenly, in steps, or not at all."""
    most = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    prices = [
        sorted(data.draw(st.lists(st.integers(0, 9), min_size=top, max_size=top)))
        if data.draw(st.booleans())
        else list(range(start := data.draw(st.integers(0, 9)), start + 3 * top, 3))
        for top in most
    ]
    vectors = list(product(*(range(1, top + 1) for top in most)))

    def total(vector: tuple[int, ...]) -> int:
        return sum(prices[i][level - 1] for i, level in enumerate(vector))

    outside = Outside([1] * len(most), most, lambda i, level: prices[i][level - 1])
    levels = st.tuples(*(st.integers(1, top + 1) for top in most))
    sums = st.builds(
        lambda chosen, limit: Sum(tuple(sorted(chosen)), limit),
        st.sets(st.sampled_from(range(len(most))), min_size=1),
        st.integers(1, 12),
    )
    for _ in range(data.draw(st.integers(1, 5))):
        box = Box(data.draw(levels), data.draw(levels), tuple(data.draw(st.lists(sums, max_size=2))))
        outside.exclude(box)
        vectors = [v for v in vectors if not box.holds(v)]
        found = outside.cheapest(1000, 60)
        if not vectors:
            assert found is None and outside.proven == 1000
            return
        assert found in vectors
        assert total(found) == outside.proven == min(map(total, vectors))
