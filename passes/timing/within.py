"""Feasible depths to begin with, if depths have bounds or the design a target; or the reason why there are none."""

from __future__ import annotations

from collections.abc import Iterator

from split4ml.dialects.errors import Split4mlError
from split4ml.passes.timing.judge import Judge
from split4ml.passes.timing.limits import Limits
from split4ml.passes.timing.network import UNBOUNDED
from split4ml.passes.timing.schedule import Ints
from split4ml.passes.timing.shrink import bisected


def within_bounds(judge: Judge, depths: Ints) -> Ints:
    """From depths that are feasible without bounds to such that are feasible within them. Raises Split4mlError.

    Several starts are tried, since deep FIFOs are memories, which are a cycle slower than what may be enough.
    """
    bounded = any(judge.fifos[i].least > 1 or judge.fifos[i].most < depths[i] for i in judge.sizable)
    if not bounded and judge.limits.latency.cycles is None:
        return depths
    for start in _starts(judge, depths):
        clipped = _clipped(judge, start)
        if judge.tokens_held(clipped) is not None:
            return clipped
    raise _reason(judge, depths)


def _starts(judge: Judge, depths: Ints) -> Iterator[Ints]:
    """Depths that are feasible without bounds, or for some target."""
    yield depths
    yield _roomy(judge, 2)
    yield _roomy(judge, 1)
    limits = Limits(interval=judge.limits.interval)
    free = Judge(judge.engine.network, judge.fifos, judge.frames, judge.latency_rule, None, limits)
    if free.tokens_held(_raised(judge, depths)) is not None:
        yield bisected(free, _raised(judge, depths))


def _roomy(judge: Judge, slow: int) -> Ints:
    """As deep as all that is ever written, or as FIFOs of a latency of at most `slow` can be."""
    roomy = judge.engine.capacities[judge.at].copy()
    for i in judge.sizable:
        roomy[i] = judge.roomy(i, slow)
    return roomy


def _clipped(judge: Judge, depths: Ints) -> Ints:
    clipped = _raised(judge, depths)
    for i in judge.sizable:
        clipped[i] = min(int(clipped[i]), judge.fifos[i].most)
    return clipped


def _raised(judge: Judge, depths: Ints) -> Ints:
    raised = depths.copy()
    for i in judge.sizable:
        raised[i] = max(int(depths[i]), judge.fifos[i].least)
    return raised


def _reason(judge: Judge, depths: Ints) -> Split4mlError:
    """Which of the bounds is to blame, and what would do."""
    starts = [start for start in _starts(judge, depths) if judge.verdict(_raised(judge, start))[0]]
    names = [judge.engine.network.channels[c].name for c in judge.at.tolist()]
    limited = [i for i in judge.sizable if any(judge.fifos[i].most < start[i] for start in starts)]
    needs = []
    for i in limited:
        enough = min(_enough(judge, start, i) for start in starts)
        if enough > judge.fifos[i].most:
            needs.append(f"{names[i]} may be {judge.fifos[i].most} deep, but needs {enough}")
    slower = f"latency or interval would be longer{'' if judge.limits.keep else ' than allowed'}"
    hint = "raise the greatest depth, or allow a longer latency or interval"
    if needs:
        return Split4mlError(f"{slower}: {'; '.join(needs)}", hint=hint)
    if limited:
        which = ", ".join(names[i] for i in limited)
        return Split4mlError(f"{slower} with the greatest depths of {which} together", hint=hint)
    return Split4mlError(
        f"no depths were found with a latency of at most {judge.limits.latency.cycles:,} cycles: FIFOs that are deep enough are "
        "memories, which are a cycle slower",
        hint="allow a few cycles more",
    )


def _enough(judge: Judge, start: Ints, fifo: int) -> int:
    """The least depth of one FIFO that is feasible, all others as in `start`, which is feasible."""
    depths = _raised(judge, start)
    low, high = judge.fifos[fifo].least - 1, min(int(depths[fifo]), UNBOUNDED)
    while high - low > 1:
        depths[fifo] = middle = (low + high) // 2
        low, high = (low, middle) if judge.verdict(depths)[0] else (middle, high)
    return high
