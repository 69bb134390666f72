"""timing.json: what was measured of a design's tasks, as `split4ml profile … -o` writes it and `--timing` reads it (docs/profile.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from split4ml.compiler.json_file import read_json
from split4ml.dialects.errors import Split4mlError

if TYPE_CHECKING:
    from split4ml.passes.timing.measured import MeasuredTask, Measurements

NAME = "timing.json"
SCHEMA = 1
_HINT = "it is the timing.json that `split4ml profile … -o` writes"


def to_text(measured: Measurements) -> str:
    """The file's text: the same bytes for equal measurements."""
    tasks = [
        {
            "name": task.name,
            "kind": task.kind,
            "source": task.known.source,
            "ii": task.known.ii,
            "latency": task.known.depth,
            "code": task.code,
            "weights": task.weights,
        }
        for task in measured.tasks
    ]
    return (
        json.dumps(
            {
                "schema": SCHEMA,
                "model": measured.model,
                "tool": measured.tool,
                "clock_ps": measured.clock_ps,
                "tasks": tasks,
            },
            indent=1,
        )
        + "\n"
    )


def load(path: Path) -> Measurements:
    """What the file says. Raises Split4mlError if it is not there, damaged, or something else."""
    from split4ml.passes.timing.measured import Measurements

    found = read_json(path, _HINT)
    if (
        not isinstance(found, dict)
        or found.get("schema") != SCHEMA
        or not isinstance(found.get("tasks"), list)
    ):
        raise Split4mlError(f"this holds no measured timing of schema {SCHEMA}", str(path), _HINT)
    try:
        clock = _count(found, "clock_ps", 1, 10**9)
        tasks = tuple(map(_task, found["tasks"]))
        names = [task.name for task in tasks]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise ValueError(f"the task {twice} is there twice")
        return Measurements(_text(found, "model"), _text(found, "tool"), clock or 1, tasks, str(path))
    except (KeyError, TypeError, ValueError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise Split4mlError(f"the measured timing is damaged: {what}", str(path), _HINT) from None


def _task(found: object) -> MeasuredTask:
    """Raises KeyError, TypeError or ValueError."""
    from split4ml.dialects.flow_verify import KNOWN_BY, MAX_CYCLES
    from split4ml.passes.timing.known import Known
    from split4ml.passes.timing.measured import MeasuredTask

    if not isinstance(found, dict):
        raise TypeError(f"{found!r} is no task")
    name = _text(found, "name")
    source = found["source"]
    if source not in KNOWN_BY:
        raise ValueError(f"the source of {name} is {source!r}, not {' or '.join(KNOWN_BY)}")
    ii = _count(found, "ii", 1, MAX_CYCLES, True)
    depth = _count(found, "latency", 0, MAX_CYCLES, True)
    known = Known(source, ii, depth)
    return MeasuredTask(name, _text(found, "kind"), known, _text(found, "code"), _text(found, "weights"))


def _text(found: Mapping[str, Any], key: str) -> str:
    value = found[key]
    if not isinstance(value, str):
        raise TypeError(f"{key} is {value!r}, which is no text")
    return value


def _count(found: Mapping[str, Any], key: str, least: int, most: int, optional: bool = False) -> int | None:
    value = found[key]
    if value is None and optional:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{key} is {value!r}, not an integer from {least} to {most}")
    return value
