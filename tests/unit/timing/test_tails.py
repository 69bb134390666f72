"""Ends of frames that stay inside: which tasks keep them, for how long, and what draining them would cost."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from split4ml.passes.timing.metrics import measure
from split4ml.passes.timing.network import UNBOUNDED, Channel, Network, Process, Sink, Source
from split4ml.passes.timing.schedule import Schedule
from split4ml.passes.timing.tails import drained, tails_of

TOKENS = 4


def _pipeline(lag: int, bubble: int = 0) -> Schedule:
    """Reads a token an advance, writes it `lag` advances later; ready `bubble` advances after its last read."""
    groups = [
        (k, [0] if k < TOKENS else [], [0] if lag <= k < TOKENS + lag else []) for k in range(TOKENS + lag)
    ]
    return Schedule.of(groups, TOKENS + bubble)


def _network(*schedules: Schedule, throttle: int = 0) -> Network:
    return Network(
        tuple(Channel(f"c{n}", UNBOUNDED) for n in range(len(schedules) + 1)),
        tuple(Process(f"t{n}", s, (n,), (n + 1,), 0, n - 1) for n, s in enumerate(schedules)),
        (Source("in", 0, TOKENS, throttle),),
        (Sink("out", len(schedules), TOKENS),),
        ("all",),
    )


def test_what_is_ready_after_its_last_write_keeps_nothing() -> None:
    found = tails_of(_network(_pipeline(0), _pipeline(3, bubble=3)))
    assert found.tasks == () and found.drained.completed


def test_a_tail_waits_for_the_next_frame_only_once_that_has_begun() -> None:
    """With a start per frame a lone frame drains; in a stream it waits for tokens that come 50 cycles later."""
    network = _network(_pipeline(0), _pipeline(2), throttle=50)
    (tail,) = tails_of(network).tasks
    assert (tail.name, tail.tokens, tail.cost, tail.lone, tail.stuck) == ("t1", 2, 2, 0, True)
    # the start of the next frame is not before its data, which is then there two cycles later
    assert tail.stream is not None and 0 <= tail.stream <= 2
    held = replace(network, held_start=True)
    (tail,) = tails_of(held).tasks
    assert tail.lone is None, "the next call begins at once, and its data never comes"
    assert tail.stream is not None and tail.stream > 30
    assert measure(held).stuck == ("t1",)


def test_drained_it_never_sticks_and_calls_follow_later() -> None:
    network = _network(_pipeline(0), _pipeline(2))
    cured = drained(replace(network, held_start=True))
    assert measure(cured).stuck == ()
    found = tails_of(network)
    interval = measure(network).interval
    assert interval is not None and found.drained.interval == interval + found.tasks[0].cost


def test_frames_that_drain_together_do_not_make_the_interval_short() -> None:
    """Three frames stay in the last task, and leave at once when no others follow."""
    slow = Schedule.of([*((20 * k, [0], []) for k in range(TOKENS)), (85, [], [0])], 80)
    keeps = Schedule.of([(0, [0], []), (3, [], [0])], 1)
    network = _network(slow, keeps)
    found = measure(replace(network, sinks=(Sink("out", 2, 1),)))
    gaps = [after - before for before, after in pairwise(found.ends)]
    assert min(gaps) < 10 and found.interval == 80
