"""Sizing within limits of latency, interval and depths: against the definition, tried on all depths."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from test_exact import residual
from timing_networks import networks

from split4ml.dialects.errors import Split4mlError
from split4ml.passes.timing.limits import Allowed, Limits
from split4ml.passes.timing.metrics import Metrics, measure
from split4ml.passes.timing.network import UNBOUNDED, Network
from split4ml.passes.timing.sizing import Fifo, resized, size

FRAMES = 5
LIMITS = {
    "keep": Limits(),
    "latency": Limits(latency=Allowed(percent=20)),
    "interval": Limits(interval=Allowed(percent=30)),
    "both": Limits(Allowed(percent=20), Allowed(percent=50)),
}


def unbounded(network: Network, fifos: list[Fifo], depths: list[int]) -> Metrics:
    """With the latencies of these depths."""
    sized = resized(network, fifos, depths)
    channels = list(sized.channels)
    for fifo in fifos:
        channels[fifo.channel] = replace(channels[fifo.channel], capacity=UNBOUNDED)
    return measure(replace(sized, channels=tuple(channels)), FRAMES)


def meets(network: Network, fifos: list[Fifo], depths: list[int], limits: Limits) -> bool:
    """The definition of docs/sizing.md."""
    got, free = measure(resized(network, fifos, depths), FRAMES), unbounded(network, fifos, depths)
    base = unbounded(network, fifos, [f.least for f in fifos])
    assert base.latency_lone is not None and base.interval is not None
    assert free.end_lone is not None and free.interval is not None and base.end_lone is not None
    each = int(base.interval * limits.interval.percent / 100)
    if limits.interval.cycles is not None:
        each = int(limits.interval.cycles - base.interval)
    if limits.latency.cycles is not None:
        lone = base.end_lone - base.latency_lone + limits.latency.cycles
        ends = [lone + end - base.end_lone for end in base.ends]
    else:
        lone = free.end_lone + int(base.latency_lone * limits.latency.percent / 100)
        ends = [end + lone - free.end_lone for end in free.ends]
    return (
        got.completed
        and got.end_lone is not None
        and got.interval is not None
        and got.end_lone <= lone
        and got.interval <= free.interval + each
        and all(g <= e + k * each for k, (g, e) in enumerate(zip(got.ends, ends, strict=True)))
    )


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("widths", [(8, 8, 8), (341, 100, 256)])
def test_cheapest_of_all_within_limits(name: str, widths: tuple[int, int, int]) -> None:
    network = residual(8, 4, 2)
    fifos = [Fifo(2, widths[0]), Fifo(4, widths[1], most=6), Fifo(5, widths[2], least=2)]
    limits = LIMITS[name]
    best = min(
        sum(f.width_bits * d for f, d in zip(fifos, depths, strict=True))
        for depths in itertools.product(range(1, 13), range(1, 7), range(2, 13))
        if meets(network, fifos, list(depths), limits)
    )
    for method in ("bisect", "exact"):
        sized = size(network, fifos, method, frames=FRAMES, limits=limits)
        assert meets(network, fifos, list(sized.depths), limits)
        assert sized.depths[1] <= 6 and sized.depths[2] >= 2
        bits = sum(f.width_bits * d for f, d in zip(fifos, sized.depths, strict=True))
        assert bits >= best
        if sized.bound is not None:
            assert sized.bound.optimal and sized.bound.cost == bits == best


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(networks(bounded=False), st.sampled_from(sorted(LIMITS)), st.data())
def test_any_network(network: Network, name: str, data: st.DataObject) -> None:
    chosen = [c for c in range(len(network.channels)) if data.draw(st.booleans())]
    fifos = [
        Fifo(c, data.draw(st.sampled_from([8, 341])), least=data.draw(st.sampled_from([1, 1, 2, 4])))
        for c in chosen
    ]
    try:
        sized = size(network, fifos, frames=FRAMES, limits=LIMITS[name])
    except Split4mlError as error:
        assert "never ends" in error.message or "deadlock" in error.message
        return
    assume(sized.metrics.completed)
    depths = list(sized.depths)
    assert meets(network, fifos, depths, LIMITS[name])
    for index, fifo in enumerate(fifos):
        assert depths[index] >= fifo.least
        shallower = [d - (i == index) for i, d in enumerate(depths)]
        if shallower[index] >= fifo.least and name == "keep":
            assert not meets(network, fifos, shallower, LIMITS[name])


def test_targets_in_cycles() -> None:
    network = residual(16, 9, 2)
    fifos = [Fifo(c, 16) for c in (1, 2, 4, 5)]
    kept = size(network, fifos)
    assert kept.metrics.latency_lone is not None and kept.metrics.interval is not None
    bits = 16 * sum(kept.depths)
    for more in (0, 2, 6, 20):
        limits = Limits(
            Allowed(cycles=kept.metrics.latency_lone + more),
            Allowed(cycles=int(kept.metrics.interval) + more),
        )
        sized = size(network, fifos, "exact", limits=limits)
        assert sized.metrics.latency_lone is not None and sized.metrics.interval is not None
        assert sized.metrics.latency_lone <= kept.metrics.latency_lone + more
        assert sized.metrics.interval <= kept.metrics.interval + more
        assert 16 * sum(sized.depths) <= bits
        bits = 16 * sum(sized.depths)
    assert bits < 16 * sum(kept.depths)
    for limits, words in (
        (Limits(latency=Allowed(cycles=5)), "latency of at most 5 cycles is out of reach"),
        (Limits(interval=Allowed(cycles=5)), "interval of at most 5 cycles is out of reach"),
    ):
        with pytest.raises(Split4mlError, match=words):
            size(network, fifos, limits=limits)


def test_a_depth_too_little_is_named() -> None:
    network = residual(16, 9, 1)
    fifos = [Fifo(1, 16), Fifo(2, 16), Fifo(4, 16, most=5)]
    with pytest.raises(Split4mlError, match=r"skip0 may be 5 deep, but needs (\d+)") as caught:
        size(network, fifos)
    needs = int(caught.value.message.rsplit(" ", 1)[1])
    assert size(network, [*fifos[:2], Fifo(4, 16, most=needs)]).depths[2] == needs
    with pytest.raises(Split4mlError, match="needs"):
        size(network, [*fifos[:2], Fifo(4, 16, most=needs - 1)])


@pytest.mark.parametrize("text", ["", "5 %", "-3%", "fast", "0", "1.5", "٣"])
def test_what_is_no_limit(text: str) -> None:
    with pytest.raises(Split4mlError, match="neither"):
        Allowed.parse(text, "latency")
