"""What bounds a design's interval and latency, whom each task waits for, and what other depths would change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from split4ml.compiler.explain import Asked, Section
from split4ml.compiler.timed_design import TimedDesign, of_build, of_project

if TYPE_CHECKING:
    from split4ml.passes.timing.bottleneck import Bottleneck, Leg
    from split4ml.passes.timing.replay import Engine

SHOWN_LEGS = 12
"""Stretches of a critical path that the text lists, the longest of them."""


TITLE = "The timing"


def explain_timing(asked: Asked) -> Section:
    """Raises Split4mlError if there is no design there, or it does not compile."""
    if asked.is_project:
        design = of_project(asked.directory, asked.tool, asked.clock_ns, asked.reporter)
    elif any(fifo["peak"] is None for fifo in asked.design.report["fifos"]):
        return Section(TITLE, "The build was not profiled: its pipeline has no `profile`.", {})
    else:
        design = of_build(asked.design, asked.reporter)
    design = design.every(asked.every)
    if asked.timeline is not None:
        from split4ml.compiler.timeline import timeline_of
        from split4ml.compiler.whole_file import write_whole

        write_whole(asked.timeline, timeline_of(design.name, design.built))
    data = timing_of(design, asked)
    return Section(TITLE, "\n".join((_title(data), *_lines(data))), data)


def timing_of(design: TimedDesign, asked: Asked) -> dict[str, Any]:
    """What is said, as JSON."""
    import numpy as np

    from split4ml.passes.timing.bottleneck import bottleneck
    from split4ml.passes.timing.replay import Engine

    with asked.reporter.step("replay"):
        engine = Engine(design.built.network)
        found = bottleneck(engine, np.array([f.channel for f in design.fifos], np.int64), asked.frames)
        return {
            "model": design.name,
            "tool": design.tool,
            "clock_ps": round(design.clock_ns * 1000),
            "frames": asked.frames,
            "every_cycles": asked.every or None,
            "latency_cycles": found.metrics.latency_lone,
            "latency_stream_cycles": found.metrics.latency_stream,
            "interval_cycles": found.metrics.interval,
            "stuck": list(found.metrics.stuck),
            "repeats": _repeats(engine, asked.frames),
            "bottleneck": _bound(design, found),
            "critical_path": [_leg(design, leg) for leg in found.lone_legs],
            "critical_cycle": [_leg(design, leg) for leg in found.legs],
            "tasks": _tasks(design, found),
            "deadlock": _deadlock(design, engine, asked.frames) if found.metrics.deadlock else None,
            "one_more_word": [] if found.metrics.deadlock else _one_more(design, engine, asked.frames, found),
            "tails": _tails(design, asked.frames),
        }


def _repeats(engine: Engine, frames: int) -> dict[str, int] | None:
    """From which frame on, counted from 1, each is a copy of the one before, and how much later."""
    from split4ml.passes.timing.steady import steady

    found = steady(engine, frames)
    return None if found is None else {"from_frame": found.frame + 1, "interval_cycles": found.interval}


def _channel(design: TimedDesign, channel: int) -> str | None:
    """As a user knows it: a FIFO, or the port of a subgraph."""
    return None if channel < 0 else design.built.network.channels[channel].name


def _bound(design: TimedDesign, found: Bottleneck) -> dict[str, Any] | None:
    from split4ml.passes.timing.bottleneck import floors

    if found.bound is None:
        return None
    slowest = floors(design.built.network)
    behind = next((f for f in slowest if f[1] not in found.bound.names), None)
    return {
        "kind": found.bound.kind,
        "names": list(found.bound.names),
        "cycles": found.bound.cycles,
        "next": {"kind": behind[0], "name": behind[1], "cycles": behind[2]} if behind else None,
    }


def _leg(design: TimedDesign, leg: Leg) -> dict[str, Any]:
    return {"who": leg.actor, "cycles": leg.cycles, "then": leg.why, "through": _channel(design, leg.via)}


def _tasks(design: TimedDesign, found: Bottleneck) -> list[dict[str, Any]]:
    """Cycles a frame in each state: from one begin of a call to the next, on average over those of the settled frames; over
    all of the run if there are too few.
    """
    from split4ml.passes.timing.activity import activity
    from split4ml.passes.timing.metrics import SETTLED
    from split4ml.passes.timing.reasons import reason, reuse_factor

    rows = []
    for name, at in design.built.tasks.items():
        task = design.tasks[name]
        active = activity(design.built.network, found.many, at)
        begins = [int(t) for t in found.many.starts[at].begins[SETTLED - 1 :] if t < found.many.cycles]
        first, stop, frames = 0, found.many.cycles, 1
        if len(begins) > 1 and found.metrics.interval is not None:
            first, stop, frames = begins[0], begins[-1], len(begins) - 1
        why = reason(task.trace, task.timing, design.tool, design.clock_ns, design.part)
        rows.append(
            {
                "name": name,
                "layer": task.layer,
                "kind": task.trace.kind,
                "subgraph": task.subgraph,
                "period": task.timing.schedule.period,
                "ii": task.timing.ii,
                "reuse_factor": reuse_factor(task.trace),
                **{
                    str(state): _share(cycles, frames) for state, cycles in active.totals(first, stop).items()
                },
                "waits": [
                    {
                        "for": "data" if data else "room",
                        "in": _channel(design, channel),
                        "cycles": _share(cycles, frames),
                    }
                    for (channel, data), cycles in active.waits(first, stop).items()
                ],
                "longer_than_reuse": None
                if why is None
                else {"why": why.why, "cure": why.cure, "period_cured": why.period},
            }
        )
    return rows


def _share(cycles: int, frames: int) -> float | int:
    return cycles // frames if cycles % frames == 0 else round(cycles / frames, 1)


def _deadlock(design: TimedDesign, engine: Engine, frames: int) -> dict[str, Any]:
    from split4ml.passes.timing.whatif import depths_that_run

    depths, metrics = depths_that_run(engine, design.fifos, frames)
    names = design.fifo_names
    return {
        "circle": [{"who": who, "waits_for": state, "in": what} for who, state, what in metrics.deadlock],
        "depths": {
            names[index]: {
                "is": design.depth(names[index], int(engine.capacities[design.fifos[index].channel])),
                "needs": design.depth(names[index], capacity),
            }
            for index, capacity in depths.items()
        },
    }


def _one_more(design: TimedDesign, engine: Engine, frames: int, found: Bottleneck) -> list[dict[str, Any]]:
    """What each FIFO would gain; only those where something changes."""
    from split4ml.passes.timing.whatif import one_more

    now = found.metrics
    before = (now.latency_lone, now.latency_stream, now.interval)
    rows: list[dict[str, Any]] = []
    for more in one_more(engine, design.fifos, frames, now, design.latency):
        after = (more.latency, more.latency_stream, more.interval)
        if after != before:
            keys = ("latency_cycles", "latency_stream_cycles", "interval_cycles")
            rows.append({"fifo": design.fifo_names[more.fifo]} | dict(zip(keys, after, strict=True)))
    return rows


def _tails(design: TimedDesign, frames: int) -> dict[str, Any]:
    """Tasks whose calls end in a pipeline that the next frame's tokens must push, and what draining them would give."""
    from split4ml.backends.report.tails import tail_keys
    from split4ml.passes.timing.tails import tails_of

    found = tails_of(design.built.network, frames)
    return tail_keys(found)


def _title(data: Mapping[str, Any]) -> str:
    return f"{data['model']}: {len(data['tasks'])} tasks, {data['tool']}, {data['clock_ps'] / 1000:g} ns"


def _lines(data: Mapping[str, Any]) -> Iterator[str]:
    from split4ml.backends.report.render import thousands

    if data["deadlock"] is not None:
        yield from _deadlock_lines(data["deadlock"])
        return
    yield (
        f"latency {thousands(data['latency_cycles'])} cycles ({thousands(data['latency_stream_cycles'])} in a stream), "
        f"interval {thousands(data['interval_cycles'])}"
    )
    if data["repeats"] is not None:
        yield (
            f"from frame {data['repeats']['from_frame']} on every frame repeats the one before, "
            f"{thousands(data['repeats']['interval_cycles'])} cycles later: so do all that follow"
        )
    yield ""
    yield from _bound_lines(data)
    if data["critical_path"]:
        yield ""
        yield f"A lone frame takes {thousands(data['latency_cycles'])} cycles, along:"
        yield from _path_lines(data["critical_path"])
    yield ""
    yield from _task_lines(data)
    yield ""
    yield from _gain_lines(data)
    yield from _tail_lines(data)


def _bound_lines(data: Mapping[str, Any]) -> Iterator[str]:
    from split4ml.backends.report.render import thousands

    bound, interval = data["bottleneck"], thousands(data["interval_cycles"])
    if bound is None:
        yield "No interval: too few frames complete."
        return
    names, cycles = _listed(bound["names"]), thousands(bound["cycles"])
    if bound["kind"] == "task":
        yield f"The interval of {interval} cycles is that of {names}: a call takes it {cycles} cycles, whatever the others do."
    elif bound["kind"] == "source":
        if data["every_cycles"] == bound["cycles"]:
            yield f"The interval of {interval} cycles is that at which frames are offered ({names})."
        else:
            yield f"The interval of {interval} cycles is that of the input {names}, which gives a token a cycle, {cycles} a frame."
    elif bound["kind"] == "sink":
        yield f"The interval of {interval} cycles is that of the output {names}, which takes a frame in {cycles} cycles."
    elif bound["kind"] == "fifo":
        shallow = f": {names}" if names else ""
        yield f"The interval of {interval} cycles comes from FIFOs that are too shallow{shallow}. Without any limit it were {cycles}."
    else:
        yield f"The interval of {interval} cycles comes from a circle of waits, which deeper FIFOs do not shorten:"
        yield from _path_lines(data["critical_cycle"])
    if bound["kind"] == "task":
        yield from _loop_lines([task for task in data["tasks"] if task["name"] in bound["names"]])
    if bound["next"] is not None:
        port = {"source": "the input ", "sink": "the output "}.get(bound["next"]["kind"], "")
        yield f"  Next is {port}{bound['next']['name']}, with {thousands(bound['next']['cycles'])} cycles."


def _listed(names: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1] if names else "") if part)


def _loop_lines(tasks: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Why their loops are slower than the reuse factor says; once for all of whom the same holds."""
    from split4ml.backends.report.render import thousands

    same: dict[tuple[str, str, int], list[Mapping[str, Any]]] = {}
    for task in tasks:
        if task["longer_than_reuse"]:
            longer = task["longer_than_reuse"]
            same.setdefault((longer["why"], longer["cure"], task["reuse_factor"]), []).append(task)
    for (why, cure, reuse), alike in same.items():
        first = alike[0]
        names = ", ".join(task["name"] for task in alike)
        yield f"  {names}: an iteration every {first['ii']} cycles with a reuse factor of {reuse}, since {why}."
        yield f"  Cure: {cure}."
        if first["longer_than_reuse"]["period_cured"] is not None:
            yield f"  A call then takes {thousands(first['longer_than_reuse']['period_cured'])} cycles."


def _path_lines(legs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    from split4ml.backends.report.render import thousands

    least = sorted((leg["cycles"] for leg in legs), reverse=True)[:SHOWN_LEGS][-1]
    skipped = 0
    for leg in legs:
        if leg["cycles"] < least:
            skipped += leg["cycles"]
            continue
        if skipped:
            yield f"  {thousands(skipped):>9}  …"
            skipped = 0
        then = {
            "data": f", until its data is in {leg['through']}",
            "room": f", until there is room in {leg['through']}",
            "start": ", until a call can start",
            "end": "",
        }[leg["then"]]
        yield f"  {thousands(leg['cycles']):>9}  {leg['who']}{then}"
    if skipped:
        yield f"  {thousands(skipped):>9}  …"


def _task_lines(data: Mapping[str, Any]) -> Iterator[str]:
    from split4ml.backends.report.render import thousands

    offered = f", one every {thousands(data['every_cycles'])} cycles" if data["every_cycles"] else ""
    yield f"Cycles a frame, of {thousands(data['interval_cycles'])}, in a stream of {data['frames']} frames{offered}:"
    width = max(len(task["name"]) for task in data["tasks"])
    yield (
        f"  {'task':<{width}}"
        + "".join(f"{t:>10}" for t in ("working", "starved", "blocked", "idle"))
        + "  waits most for"
    )
    for task in data["tasks"]:
        states = "".join(
            f"{thousands(task[state]):>10}" for state in ("working", "starved", "blocked", "idle")
        )
        most = task["waits"][0] if task["waits"] else None
        wait = f"  {most['for']} in {most['in']}" if most else ""
        yield f"  {task['name']:<{width}}{states}{wait}"


def _gain_lines(data: Mapping[str, Any]) -> Iterator[str]:
    from split4ml.backends.report.render import thousands

    if not data["one_more_word"]:
        yield "One more word in any one FIFO would change neither latency nor interval."
        return
    yield "One more word in a FIFO would give:"
    for row in data["one_more_word"]:
        yield (
            f"  {row['fifo']}: latency {thousands(row['latency_cycles'])} ({thousands(row['latency_stream_cycles'])} in a stream), "
            f"interval {thousands(row['interval_cycles'])}"
        )


def _tail_lines(data: Mapping[str, Any]) -> Iterator[str]:
    from split4ml.backends.report.tails import tail_lines

    if data["stuck"]:
        yield f"The end of a frame stays inside until the next one comes, in {', '.join(data['stuck'])}."
    yield from tail_lines(data, 2)


def _deadlock_lines(deadlock: Mapping[str, Any]) -> Iterator[str]:
    yield "The design deadlocks: no frame completes, however long one waits."
    for step in deadlock["circle"]:
        what = {
            "full": f"cannot write {step['in']}, which is full, and whose reader waits",
            "empty": f"waits for data in {step['in']}, which is empty, and whose writer waits",
            "start": f"waits for a start from {step['in']}",
        }[step["waits_for"]]
        yield f"  {step['who']} {what}"
    if not deadlock["depths"]:
        yield "No depth of a FIFO resolves this."
    for name, depth in deadlock["depths"].items():
        yield f"  {name} has depth {depth['is']}; {depth['needs']} are needed."
