"""Traces of tasks on disk, by the content of their code: whoever has traced a layer once need not do it again.

A file that is cut off, damaged or of another form counts as absent. Files appear whole (a rename), so that any number of
processes may share the folder; if it cannot be written, nothing is kept.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from split4ml.backends.trace.taskfile import from_values, to_values
from split4ml.backends.trace.toplevel import TaskCall
from split4ml.passes.timing.tasktrace import TaskTrace

FORMAT = "split4ml task trace 1"
LIMIT = 20_000
"""Files that are kept; the oldest go first."""

_SUFFIX = ".trace"


def cache_folder() -> Path | None:
    """`$SPLIT4ML_CACHE`, or `split4ml` in `$XDG_CACHE_HOME` or `~/.cache`; None if there is to be none (an empty `$SPLIT4ML_CACHE`)."""
    chosen = os.environ.get("SPLIT4ML_CACHE")
    if chosen is not None:
        return Path(chosen) / "traces" if chosen else None
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "split4ml" / "traces"
    except RuntimeError:  # no home
        return None


@dataclass(frozen=True)
class TraceCache:
    """folder: None keeps nothing."""

    folder: Path | None

    def get(self, key: str, call: TaskCall) -> TaskTrace | None:
        """The trace of code with this key, under the names that `call` has for its streams and weights."""
        if self.folder is None:
            return None
        path = self._path(key)
        try:
            digest, _, packed = path.read_bytes().partition(b"\n")
            if digest.decode() != sha256(packed).hexdigest():
                raise ValueError("damaged")
            values = json.loads(zlib.decompress(packed))
            if values["format"] != FORMAT or values["key"] != key:
                raise ValueError("of another form")
            stored = from_values(values["task"])
            return renamed(stored, values["streams"], values["others"], call)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, IndexError, zlib.error):
            with contextlib.suppress(OSError):
                path.unlink()
            return None

    def put(self, key: str, call: TaskCall, task: TaskTrace) -> None:
        if self.folder is None:
            return
        values = {
            "format": FORMAT,
            "key": key,
            "streams": list(call.streams),
            "others": list(call.others),
            "task": to_values(task),
        }
        packed = zlib.compress(json.dumps(values, sort_keys=True).encode())
        path = self._path(key)
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(sha256(packed).hexdigest().encode() + b"\n" + packed)
                os.replace(name, path)
            except BaseException:
                os.unlink(name)
                raise

    def prune(self) -> None:
        """Removes the oldest files beyond the limit."""
        with contextlib.suppress(OSError):
            files = sorted(self._files(), reverse=True)
            for _, path in files[LIMIT:]:
                path.unlink(missing_ok=True)

    def _files(self) -> Iterator[tuple[float, Path]]:
        if self.folder is not None:
            for path in self.folder.glob(f"??/*{_SUFFIX}"):
                yield path.stat().st_mtime, path

    def _path(self, key: str) -> Path:
        assert self.folder is not None
        return self.folder / key[:2] / f"{key}{_SUFFIX}"


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
