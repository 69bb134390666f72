"""`exact` is optimal: against all depth vectors of small networks, and never dearer than `bisect`."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from timing_networks import networks

from split4ml.dialects.errors import Split4mlError
from split4ml.passes.timing.blame import overlaps
from split4ml.passes.timing.judge import Judge, storage_bits
from split4ml.passes.timing.network import UNBOUNDED, Channel, Network, Process, Sink, Source
from split4ml.passes.timing.schedule import Schedule
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


def cheapest(judge: Judge, bounds: list[int], cost: Callable[[Fifo, int], int]) -> int:
    """By trying all depths up to the bounds, cheapest first."""
    vectors = itertools.product(*(range(1, bound + 1) for bound in bounds))
    priced = sorted((sum(cost(f, d) for f, d in zip(judge.fifos, v, strict=True)), v) for v in vectors)
    return next(price for price, v in priced if judge.tokens_held(np.array(v, np.int64)) is not None)


def monotone(judge: Judge, bounds: list[int]) -> bool:
    """Whether no feasible depths of some styles become infeasible by a word more of the same style."""
    feasible = {
        v: judge.tokens_held(np.array(v, np.int64)) is not None
        for v in itertools.product(*(range(1, bound + 1) for bound in bounds))
    }
    for v, fits in feasible.items():
        for i in range(len(v)):
            deeper = (*v[:i], v[i] + 1, *v[i + 1 :])
            if fits and not feasible.get(deeper, True) and judge.rule(i, v[i]) == judge.rule(i, v[i] + 1):
                return False
    return True


def small(network: Network, data: st.DataObject) -> tuple[list[Fifo], list[int]]:
    """Up to three FIFOs and depths up to which to try all; assumes away those that take too long to try."""
    chosen = data.draw(
        st.lists(st.integers(0, len(network.channels) - 1), min_size=1, max_size=3, unique=True)
    )
    fifos = [Fifo(c, data.draw(st.sampled_from([8, 100, 341, 500, 2000]))) for c in chosen]
    try:
        found = size(network, fifos, "bisect", frames=FRAMES)
    except Split4mlError:
        assume(False)
    spare = [storage_bits(f, d - 1) for f, d in zip(fifos, found.depths, strict=True)]
    # Deeper than this, a FIFO alone costs more than what was found.
    bounds = [1 + sum(spare) // f.width_bits for f in fifos]
    bounds = [max(d, min(b, 14)) for b, d in zip(bounds, found.depths, strict=True)]
    assume(np.prod(bounds) <= 1500)
    return fifos, bounds


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks(bounded=False), st.data())
def test_cheapest_of_all(network: Network, data: st.DataObject) -> None:
    network = replace(
        network,
        channels=tuple(
            replace(c, capacity=data.draw(st.sampled_from([2, 3, UNBOUNDED]))) for c in network.channels
        ),
    )
    fifos, bounds = small(network, data)
    sized = size(network, fifos, "exact", frames=FRAMES, seconds=20)
    bound = sized.bound
    assert bound is not None
    assert bound.cost == sum(storage_bits(f, d) for f, d in zip(fifos, sized.depths, strict=True))
    judge = Judge(network, fifos, FRAMES, fifo_latency, None)
    assert judge.tokens_held(np.array(sized.depths, np.int64)) is not None
    best = cheapest(judge, bounds, storage_bits)
    assert bound.lower_certain <= best
    assert bound.lower_certain <= bound.lower <= bound.cost
    if not overlaps(network):
        assert bound.lower_certain == bound.lower
    if monotone(judge, bounds):
        assert bound.lower <= best
        assert bound.cost == best or not bound.optimal
