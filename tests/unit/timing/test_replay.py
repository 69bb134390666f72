"""The rules of docs/timing.md one by one, on networks small enough to follow by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from split4ml.passes.timing.metrics import measure
from split4ml.passes.timing.network import UNBOUNDED, Channel, Network, Process, Sink, Source
from split4ml.passes.timing.replay import Engine, replay
from split4ml.passes.timing.schedule import Schedule


def relu(tokens: int, depth: int, bubble: int = 0) -> Schedule:
    """Reads a token an advance, writes it `depth` advances later; the next call may begin `bubble` later."""
    groups = [(k, [0] if k < tokens else [], [0] if k >= depth else []) for k in range(tokens + depth)]
    return Schedule.of(groups, tokens + bubble)


def chain(schedules: list[Schedule], tokens: int, capacity: int = UNBOUNDED, latency: int = 1) -> Network:
    """Source, tasks of one subgraph, sink."""
    return Network(
        tuple(Channel(f"c{n}", capacity, latency) for n in range(len(schedules) + 1)),
        tuple(Process(f"t{n}", s, (n,), (n + 1,), 0, n - 1) for n, s in enumerate(schedules)),
        (Source("in", 0, tokens),),
        (Sink("out", len(schedules), tokens),),
        ("sg0",),
    )


def test_first_call_begins_in_cycle_1() -> None:
    outcome = replay(chain([relu(4, 0)], 4), 1, record=True)
    assert outcome.writes[0].tolist() == [0, 1, 2, 3]
    assert outcome.reads[0].tolist() == outcome.writes[1].tolist() == [1, 2, 3, 4]
    assert (outcome.first_in.tolist(), outcome.last_out.tolist(), outcome.cycles) == ([0], [5], 6)


def test_first_call_begins_in_cycle_0_with_held_start() -> None:
    early = Schedule.of([(0, [], [0]), (1, [0], [])], 2)
    network = chain([early], 1)
    assert replay(network, 1, record=True).writes[1].tolist() == [1]
    assert replay(replace(network, held_start=True), 1, record=True).writes[1].tolist() == [0]


def test_depth_1_passes_a_token_in_two_cycles() -> None:
    network = chain([relu(4, 0)], 4)
    network = replace(network, channels=(Channel("c0", 1), network.channels[1]))
    assert replay(network, 1, record=True).writes[0].tolist() == [0, 2, 4, 6]


def test_memory_shows_a_token_after_two_cycles() -> None:
    outcome = replay(chain([relu(4, 0)], 4, latency=2), 1, record=True)
    assert outcome.reads[0].tolist() == [2, 3, 4, 5]
    assert outcome.peak.tolist() == [2, 2]


def test_pipeline_is_rigid_and_its_tail_is_held_until_the_next_frame() -> None:
    network = chain([relu(3, 2)], 3)
    flooding = replay(network, 2, record=True)
    assert flooding.writes[1].tolist() == [3, 4, 5, 6, 7, 8]
    # One frame every 20 cycles: the first one's tail drains, since the next call has not begun.
    apart = replay(replace(network, sources=(Source("in", 0, 3, throttle=20),)), 2, record=True)
    assert apart.writes[1].tolist() == [3, 4, 5, 23, 24, 25]
    # Tied high, the next call begins at once, and holds it until the next frame comes.
    held = replace(network, sources=(Source("in", 0, 3, throttle=20),), held_start=True)
    outcome = replay(held, 2, record=True)
    assert outcome.writes[1].tolist() == [3, 21, 22, 23]
    assert outcome.last_out.tolist() == [23, -1]
    assert outcome.stuck == ("t0",) and outcome.deadlock == ()


def test_a_task_runs_two_calls_ahead_at_most() -> None:
    """The first task needs 1 advance a call, the second 100, and channels are unbounded."""
    fast, slow = relu(1, 0), Schedule.of([(0, [0], []), (99, [], [0])], 100)
    for depth in (1, 2, 3):
        network = replace(chain([fast, slow], 1), start_depth=depth)
        outcome = replay(network, 6, record=True)
        # The slow task's first call begins at 2, is ready at 101, and a slot is free at 102. With a single slot
        # the next start token comes only then, and that call begins at 103.
        later = 101 if depth == 1 else 100
        assert outcome.reads[0].tolist()[depth:] == [102 + later * k for k in range(6 - depth)]


def test_roots_of_a_subgraph_begin_together() -> None:
    """A root that is ready early waits for the other before its next call."""
    schedules = (relu(1, 0), Schedule.of([(0, [0], [0])], 50))
    network = Network(
        tuple(Channel(f"c{n}", UNBOUNDED) for n in range(4)),
        tuple(Process(f"t{n}", s, (n,), (n + 2,), 0, -1) for n, s in enumerate(schedules)),
        (Source("a", 0, 1), Source("b", 1, 1)),
        (Sink("x", 2, 1), Sink("y", 3, 1)),
        ("sg0",),
    )
    outcome = replay(network, 3, record=True)
    assert outcome.reads[0].tolist() == outcome.reads[1].tolist() == [1, 51, 101]
    apart = replace(network, processes=(network.processes[0], replace(network.processes[1], domain=1)))
    assert replay(replace(apart, domains=("sg0", "sg1")), 3, record=True).reads[0].tolist() == [1, 2, 3]


def test_start_waits_for_every_input() -> None:
    network = Network(
        tuple(Channel(f"c{n}", UNBOUNDED) for n in range(4)),
        tuple(Process(f"t{n}", relu(2, 0), (n,), (n + 2,), 0, -1) for n in range(2)),
        (Source("a", 0, 2), Source("b", 1, 2, throttle=30)),
        (Sink("x", 2, 2), Sink("y", 3, 2)),
        ("sg0",),
    )
    assert replay(network, 2, record=True).reads[0].tolist() == [1, 2, 31, 32]


def test_sink_with_stalls_and_movers() -> None:
    network = Network(
        (Channel("a", 2), Channel("b", 2), Channel("c", 2)),
        (Process("m", None, (0,), (1,)), Process("n", None, (1,), (2,))),
        (Source("s", 0, 4),),
        (Sink("k", 2, 4, np.array([1, 1, 1, 0])),),
        (),
    )
    outcome = replay(network, 1, record=True)
    assert outcome.reads[2].tolist() == [3, 7, 11, 15]
    assert outcome.peak.tolist() == [1, 1, 2]


def test_deadlock_is_named() -> None:
    """The fork fills the short branch before it writes the long one, whose reader comes first."""
    fork = Schedule.of([(k, [0] if k < 4 else [], [0] if k < 4 else [1]) for k in range(8)], 8)
    join = Schedule.of([(k, [1] if k < 4 else [0], [0] if k >= 4 else []) for k in range(8)], 8)
    network = Network(
        (Channel("in", 2), Channel("short", 3), Channel("long", 3), Channel("out", 2)),
        (Process("fork", fork, (0,), (1, 2), 0, -1), Process("join", join, (1, 2), (3,), 0, 0)),
        (Source("s", 0, 4),),
        (Sink("k", 3, 4),),
        ("sg0",),
    )
    outcome = replay(network, 2)
    assert set(outcome.deadlock) == {("fork", "full", "short"), ("join", "empty", "long")}
    assert outcome.stuck == ("fork", "join") and not outcome.completed
    channels = (network.channels[0], Channel("short", 4), *network.channels[2:])
    assert replay(replace(network, channels=channels), 2).completed


def test_idle_time_costs_nothing() -> None:
    slow = Schedule.of([(0, [0], []), (10**12, [], [0])], 10**12 + 1)
    outcome = replay(chain([slow, relu(1, 0)], 1), 8)
    assert outcome.cycles > 8 * 10**12 and outcome.completed


def test_many_calls_in_flight() -> None:
    """One token in, one out 500 advances later, a new call every cycle."""
    deep = Schedule.of([(0, [0], []), (500, [], [0])], 1)
    outcome = replay(chain([deep], 1), 2000)
    assert outcome.last_out.tolist() == [502 + k for k in range(2000)]


def test_engine_reruns_with_other_capacities() -> None:
    network = chain([relu(8, 0), Schedule.of([(3 * k, [0], [0]) for k in range(8)], 24)], 8)
    engine = Engine(network)
    latencies = np.ones(3, np.int64)
    wide = engine.race((-1, -1), capacities=np.full(3, UNBOUNDED), latencies=latencies)
    assert wide.ends is not None and not wide.pressed.any()
    narrow = engine.race(wide.ends, capacities=np.array([2, 2, 1]), latencies=latencies)
    assert narrow.ends == wide.ends and narrow.peaks.tolist() == [2, 2, 1]
    assert narrow.pressed.tolist() == [True, True, False]
    assert engine.race(wide.ends, capacities=np.array([2, 2, 2]), latencies=latencies + 1).ends is None
    with pytest.raises(ValueError, match="a wire, and has no latency"):
        engine.run(1, capacities=np.zeros(3, np.int64))


def test_metrics() -> None:
    metrics = measure(chain([relu(8, 2, bubble=3)], 8))
    # First beat at 0, begin at 1, last read at 8, last write 2 later, taken at 11. A call takes 11 advances.
    assert (metrics.latency_lone, metrics.latency_stream, metrics.interval) == (11, 11, 11)
    assert metrics.ends == tuple(11 + 11 * k for k in range(8)) and metrics.completed
    held = measure(replace(chain([relu(8, 2)], 8), held_start=True))
    assert (held.latency_lone, held.latency_stream, held.interval) == (None, 11, 8)
    assert held.stuck == ("t0",) and not held.completed


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"channels": (Channel("c0", 0), Channel("c1", 1))}, "c0: capacity 0"),
        ({"channels": (Channel("c0", 1, 3), Channel("c1", 1))}, "latency 3"),
        ({"channels": (Channel("c0", 1), Channel("c1", 1), Channel("c2", 1))}, "c2 has no producer"),
        ({"sources": ()}, "a source and a sink"),
        ({"sources": (Source("in", 0, 5),)}, "c0: 5 tokens a frame are written and 4 read"),
        ({"sinks": (Sink("out", 1, 4, np.ones(2, np.int64)),)}, "never ready"),
        ({"sinks": (Sink("out", 0, 4),)}, "two consumers"),
        ({"processes": (Process("t0", relu(4, 0), (0,), (), 0, -1),)}, "no producer"),
        ({"processes": (Process("t0", relu(4, 0), (0,), (1,), 0, 0),)}, "started by itself"),
        ({"processes": (Process("t0", relu(4, 0), (0,), (1,), 2, -1),)}, "in no domain"),
    ],
)
def test_malformed_networks(change: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        replay(replace(chain([relu(4, 0)], 4), **change), 1)  # type: ignore[arg-type]


def test_a_run_without_end_is_refused() -> None:
    """Tied high, a task that reads nothing never stops."""
    free = Schedule.of([(0, [], [0])], 1)
    network = Network(
        (Channel("in", 2), Channel("out", 2), Channel("noise", UNBOUNDED)),
        (Process("m", None, (0,), (1,)), Process("free", free, (), (2,), 0, -1)),
        (Source("s", 0, 1),),
        (Sink("k", 1, 1, np.array([1] * 5000 + [0])), Sink("n", 2, 1)),
        ("sg0",),
        held_start=True,
    )
    with pytest.raises(ValueError, match="for ever"):
        replay(network, 1)
