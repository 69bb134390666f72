"""Traces of tasks on disk, by the content of their code: whoever has traced a layer once need not do it again.

A file of another form counts as absent, like one that is damaged (`backends/cache.py`).
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

from split4ml.backends.cache import ContentCache
from split4ml.backends.cache import cache_folder as folder_of
from split4ml.backends.trace.taskfile import from_values, to_values
from split4ml.backends.trace.toplevel import TaskCall
from split4ml.passes.timing.tasktrace import TaskTrace

FORMAT = "split4ml task trace 3"
LIMIT = 20_000
"""Files that are kept; the oldest go first."""


def cache_folder() -> Path | None:
    """Where traces are kept; None if they are not to be."""
    return folder_of("traces")


@dataclass(frozen=True)
class TraceCache:
    """folder: None keeps nothing."""

    folder: Path | None

    @property
    def _files(self) -> ContentCache:
        return ContentCache(self.folder, ".trace")

    def get(self, key: str, call: TaskCall) -> TaskTrace | None:
        """The trace of code with this key, under the names that `call` has for its streams and weights."""
        packed = self._files.get(key)
        if packed is None:
            return None
        try:
            values = json.loads(zlib.decompress(packed))
            if values["format"] != FORMAT or values["key"] != key:
                raise ValueError("of another form")
            stored = from_values(values["task"])
            return renamed(stored, values["streams"], values["others"], call)
        except (ValueError, KeyError, TypeError, IndexError, zlib.error):
            self._files.drop(key)
            return None

    def put(self, key: str, call: TaskCall, task: TaskTrace) -> None:
        values = {
            "format": FORMAT,
            "key": key,
            "streams": list(call.streams),
            "others": list(call.others),
            "task": to_values(task),
        }
        self._files.put(key, zlib.compress(json.dumps(values, sort_keys=True).encode()))

    def prune(self) -> None:
        """Removes the oldest files beyond the limit."""
        self._files.prune(LIMIT)


def renamed(task: TaskTrace, streams: list[str], others: list[str], call: TaskCall) -> TaskTrace:
    """The same trace for another call of the same code. streams, others: the arguments of the call that was traced.

    Raises ValueError if the calls differ in their arguments.
    """
    stream = dict(zip(streams, call.streams, strict=True))
    other = dict(zip(others, call.others, strict=True))
    return replace(
        task,
        name=call.name,
        inputs=tuple(stream[s] for s in task.inputs),
        outputs=tuple(stream[s] for s in task.outputs),
        types={stream.get(name, name): kind for name, kind in task.types.items()},
        weights=tuple(replace(w, name=other[w.name]) for w in task.weights),
        elements={stream[name]: count for name, count in task.elements.items()},
    )
