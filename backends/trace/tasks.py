"""What every task of a project does with its streams: tasks traced on their own, in parallel, equal ones once."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from split4ml.backends.trace.cache import TraceCache, cache_folder, renamed
from split4ml.backends.trace.decode import decode
from split4ml.backends.trace.digest import task_traces
from split4ml.backends.trace.harness import directions, task_program
from split4ml.backends.trace.run import compile_cpp, run_child
from split4ml.backends.trace.sources import Sources, prepare
from split4ml.backends.trace.toplevel import TaskCall, Top
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.timing.tasktrace import TaskTrace

TASKS_A_PROGRAM = 4
"""A program has the headers to compile, which takes as long as a few tasks."""


@dataclass(frozen=True, eq=False)
class TracedTasks:
    """The tasks of one project, in program order. inputs, outputs: ports of the top function. fresh: tasks that had to be run."""

    top: Top
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    tasks: tuple[TaskTrace, ...]
    fresh: int


def jobs() -> int:
    """Processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def key_of(sources: Sources, call: TaskCall) -> str:
    return sha256(f"{sources.kernel_digest}\n{sources.code(call).text}".encode()).hexdigest()


def trace_tasks(
    project: Path,
    top: str,
    *,
    cache: TraceCache | None = None,
    timeout: float = 1800.0,
    progress: Callable[[int, int], None] | None = None,
) -> TracedTasks:
    """Traces the tasks of an hls4ml io_stream project on their own.

    project: the folder that holds `firmware/`; top: name of the top function and its file. cache: of earlier traces, the user's if
    not given. timeout: seconds, for a compiler and for a program. progress: told how many tasks of how many are done.
    Raises Split4mlError if the project is not understood, does not compile, or a task's control depends on data.
    """
    cache = cache or TraceCache(cache_folder())
    with tempfile.TemporaryDirectory(prefix="split4ml-") as scratch:
        known = _look_up(project, top, Path(scratch) / "sources", cache)
        missing = [key for key in known.first if key not in known.found]
        report = progress or (lambda done, total: None)
        report(len(known.found), len(known.first))

        def run(chunk: Sequence[str], folder: Path) -> list[TaskTrace]:
            return _run(known.sources, [known.first[key] for key in chunk], folder, timeout)

        chunks = _chunks(missing, jobs())
        folders = [Path(scratch) / f"part{number}" for number in range(len(chunks))]
        with ThreadPoolExecutor(max_workers=max(1, len(chunks))) as pool:
            for chunk, traced in zip(chunks, pool.map(run, chunks, folders), strict=True):
                for key, task in zip(chunk, traced, strict=True):
                    known.found[key] = task
                    cache.put(key, known.first[key], task)
                report(len(known.found), len(known.first))
    if missing:
        cache.prune()
    return known.traced(len(missing))


def known_tasks(project: Path, top: str, cache: TraceCache | None = None) -> TracedTasks | None:
    """The same if nothing has to be run, else None."""
    with tempfile.TemporaryDirectory(prefix="split4ml-") as scratch:
        known = _look_up(project, top, Path(scratch) / "sources", cache or TraceCache(cache_folder()))
    return known.traced(0) if len(known.found) == len(known.first) else None


@dataclass(frozen=True, eq=False)
class _Known:
    """keys: of all calls. first: one call for each key. found: traces, under the names of these."""

    sources: Sources
    keys: list[str]
    first: dict[str, TaskCall]
    found: dict[str, TaskTrace]

    def traced(self, fresh: int) -> TracedTasks:
        top = self.sources.parsed
        tasks = tuple(
            renamed(self.found[key], list(self.first[key].streams), list(self.first[key].others), call)
            for key, call in zip(self.keys, top.tasks, strict=True)
        )
        _check_flow(tasks, self.sources.where)
        inputs, outputs = directions(top)
        return TracedTasks(top, tuple(inputs), tuple(outputs), tasks, fresh)


def _look_up(project: Path, top: str, workdir: Path, cache: TraceCache) -> _Known:
    sources = prepare(project, top, workdir)
    calls = sources.parsed.tasks
    if not calls:
        raise Split4mlError(f"{top} calls no function of nnet: there is nothing to trace", str(project))
    keys = [key_of(sources, call) for call in calls]
    first: dict[str, TaskCall] = {}
    found: dict[str, TaskTrace] = {}
    for key, call in zip(keys, calls, strict=True):
        if key not in first:
            first[key] = call
            stored = cache.get(key, call)
            if stored is not None:
                found[key] = stored
    return _Known(sources, keys, first, found)


def _chunks(keys: list[str], workers: int) -> list[list[str]]:
    """Neighbours apart: layers of a kind stand together and cost alike."""
    count = min(workers, -(-len(keys) // TASKS_A_PROGRAM))
    return [keys[number::count] for number in range(count)]


def _run(sources: Sources, calls: list[TaskCall], folder: Path, timeout: float) -> list[TaskTrace]:
    folder.mkdir()
    try:
        (folder / "main.cpp").write_text(task_program(sources, calls))
    except ValueError as error:
        raise Split4mlError(f"this project cannot be traced: {error}", sources.where) from None
    program, recording = folder / "trace", folder / "recording.bin"
    compile_cpp(folder / "main.cpp", program, sources.includes, sources.where, timeout)
    run_child([str(program), "-", str(recording)], sources.where, timeout, sources.folder)
    try:
        raw = decode(recording.read_bytes())
    except (OSError, ValueError) as error:
        raise Split4mlError(f"the traced program left no recording: {error}", sources.where) from None
    return task_traces(raw, calls, sources)


def _check_flow(tasks: Sequence[TaskTrace], where: str) -> None:
    """What one task writes in a frame, another must read."""
    written = {stream: task for task in tasks for stream in task.outputs}
    for task in tasks:
        for stream in task.inputs:
            writer = written.get(stream)
            if writer is not None and (sent := writer.tokens(stream)) != (taken := task.tokens(stream)):
                raise Split4mlError(
                    f"{writer.name} writes {sent} tokens of stream {stream} a frame, and {task.name} reads {taken}: "
                    "no frame would ever be complete",
                    where,
                )
