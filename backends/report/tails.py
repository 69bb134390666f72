"""The ends of frames that stay inside until the next frame comes, for `report.json` and for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from split4ml.passes.timing.tails import Tails

SHOWN = 6
"""Tasks that the text lists, those that hold longest."""


def tail_keys(tails: Tails) -> dict[str, Any]:
    """Keys in docs/report.md."""
    drained = tails.drained
    return {
        "tasks": [
            {
                "name": tail.name,
                "tokens": tail.tokens,
                "held_cycles": tail.lone,
                "held_stream_cycles": tail.stream,
                "stuck_if_start_is_held": tail.stuck,
                "cost_cycles": tail.cost,
            }
            for tail in tails.tasks
        ],
        "drained": {
            "latency_cycles": drained.latency_lone,
            "latency_stream_cycles": drained.latency_stream,
            "interval_cycles": drained.interval,
        },
    }


def tail_lines(report: Mapping[str, Any], label: int) -> Iterator[str]:
    """Nothing if no frame is held; lines that continue are indented by `label`."""
    from split4ml.backends.report.render import thousands

    found = report.get("tails")
    if not found or not found["tasks"]:
        return
    tasks = found["tasks"]
    stuck = [task["name"] for task in tasks if task["stuck_if_start_is_held"]]
    late = [task for task in tasks if task["held_cycles"] != 0 or task["held_stream_cycles"] != 0]
    late.sort(key=lambda task: -max(_long(task["held_cycles"]), _long(task["held_stream_cycles"])))
    who = "1 task keeps" if len(tasks) == 1 else f"{len(tasks)} tasks keep"
    yield f"{who} the end of a frame until the next one's tokens push it out"
    for task in late[:SHOWN]:
        yield (
            " "
            * label
            + f"{task['name']}: {_cycles(task['held_cycles'])} for a lone frame, {_cycles(task['held_stream_cycles'])} in a "
            "stream"
        )
    if stuck:
        shown = ", ".join(stuck[:SHOWN]) + (", …" if len(stuck) > SHOWN else "")
        yield " " * label + f"with ap_start tied high the last frame would never leave {shown}"
    drained = found["drained"]
    yield (
        " " * label + f"were they drained first: latency {thousands(drained['latency_cycles'])} "
        f"({thousands(drained['latency_stream_cycles'])} in a stream), interval {thousands(drained['interval_cycles'])}"
    )


def _long(cycles: int | None) -> float:
    return float("inf") if cycles is None else cycles


def _cycles(cycles: int | None) -> str:
    return "for ever" if cycles is None else f"{cycles} cycle{'s' * (cycles != 1)} late"
