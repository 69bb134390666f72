"""The file in which a user's own synthesis reports are kept, for all builds to come.

    $XDG_DATA_HOME/split4ml/costs.json      by default; ~/.local/share without the variable (XDG Base Directory 0.8)

It holds shapes, counts and times, no names of a model and no weights. `--cost-data FILE` names another one, `--cost-data
none` has none.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from split4ml.compiler.json_file import read_json
from split4ml.dialects.errors import Split4mlError

if TYPE_CHECKING:
    from split4ml.compiler.options import CompileOptions
    from split4ml.passes.cost.measured import CostData
    from split4ml.passes.cost.shape import TaskShape

SCHEMA = 1
NONE = "none"
LARGEST = 1e12


def default_file() -> Path:
    """Where reports are kept unless told otherwise."""
    home = os.environ.get("XDG_DATA_HOME", "")
    base = Path(home) if home.startswith("/") else Path.home() / ".local" / "share"
    return base / "split4ml" / "costs.json"


def cost_file(options: CompileOptions) -> Path | None:
    """The file that a compilation with these options reads; None for none."""
    if options.cost_data == NONE:
        return None
    return options.cost_data if isinstance(options.cost_data, Path) else default_file()


def load(path: Path) -> CostData:
    """What the file holds; nothing if there is none. Raises Split4mlError if it is damaged."""
    from split4ml.passes.cost.measured import CostData, MeasuredProject, MeasuredTask

    found = read_json(path, _HINT, {"schema": SCHEMA, "tasks": (), "projects": ()})
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise Split4mlError(f"this is no cost data of schema {SCHEMA}", str(path), _HINT)
    try:
        return CostData(
            tuple(
                MeasuredTask(
                    _shape(task["shape"]), _counts(task["counts"]), str(task["tool"]), str(task["project"])
                )
                for task in found["tasks"]
            ),
            tuple(
                MeasuredProject(
                    str(project["project"]),
                    _counts(project["hls"]),
                    _counts(project["synthesis"]),
                    *(_amount(project[key]) for key in _AMOUNTS),
                )
                for project in found["projects"]
            ),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise Split4mlError(f"the cost data are damaged: {what}", str(path), _HINT) from None


_HINT = "remove the file, or name another one with --cost-data"
_AMOUNTS = ("seconds", "megabytes", "estimated_seconds", "estimated_megabytes")


def save(path: Path, data: CostData) -> None:
    """The whole file, or nothing. Raises Split4mlError."""
    from split4ml.compiler.whole_file import write_whole
    from split4ml.passes.cost.shape import TaskShape

    plain = TaskShape("")
    text = json.dumps(
        {
            "schema": SCHEMA,
            "tasks": [
                {
                    "shape": {
                        field.name: value
                        for field in dataclasses.fields(task.shape)
                        if (value := getattr(task.shape, field.name)) != getattr(plain, field.name)
                    },
                    "counts": dict(task.counts),
                    "tool": task.tool,
                    "project": task.project,
                }
                for task in data.tasks
            ],
            "projects": [dataclasses.asdict(project) for project in data.projects],
        },
        indent=1,
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Split4mlError(
            f"cannot make a directory here: {(error.strerror or str(error)).lower()}", str(path.parent)
        ) from None
    write_whole(path, text + "\n")


def _shape(found: Mapping[str, Any]) -> TaskShape:
    """Raises TypeError or ValueError for what is no shape."""
    from split4ml.passes.cost.shape import TaskShape

    hints = get_type_hints(TaskShape)
    for name, value in found.items():
        if name not in hints:
            raise ValueError(f"a shape has no {name!r}")
        allowed = [hints[name], *get_args(hints[name])]
        # a Literal's arguments are its values; an int will do for a float
        kinds = tuple(kind for kind in allowed if isinstance(kind, type)) + (
            (int,) if float in allowed else ()
        )
        if value not in [choice for choice in allowed if isinstance(choice, str)] and (
            type(value) not in kinds or (isinstance(value, int | float) and abs(value) > LARGEST)
        ):
            raise ValueError(f"{name} is {value!r}")
    return TaskShape(**found)


def _counts(found: Mapping[str, Any]) -> dict[str, float]:
    counts = {str(figure): _amount(value) for figure, value in found.items()}
    if None in counts.values():
        raise ValueError("a count is null")
    return {figure: value for figure, value in counts.items() if value is not None}


def _amount(value: Any) -> float | None:
    """Raises ValueError unless it is a number that a report may have, or null."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < LARGEST:
        raise ValueError(f"{value!r} is no count")
    return value
