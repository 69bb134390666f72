"""Traces an hls4ml io_stream project as a whole: all tasks, and the tokens between them, bit for bit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from split4ml.backends.trace.cache import TraceCache
from split4ml.backends.trace.decode import decode, encode_inputs
from split4ml.backends.trace.digest import task_traces
from split4ml.backends.trace.harness import directions, whole_program
from split4ml.backends.trace.model import ProjectTrace
from split4ml.backends.trace.run import compile_cpp, run_child
from split4ml.backends.trace.sources import prepare
from split4ml.backends.trace.tasks import key_of
from split4ml.dialects.errors import Split4mlError


def trace_project(
    project: Path,
    top: str,
    inputs: Mapping[str, npt.NDArray[np.uint64]] | None,
    workdir: Path,
    timeout: float = 1800.0,
    cache: TraceCache | None = None,
) -> ProjectTrace:
    """Runs the C simulation of an hls4ml project and records its streams.

    project: the folder that holds `firmware/`; top: name of the top function and its file.
    inputs: raw bits per input stream, uint64[frames * tokens, elements]; the same number of frames in each.
        None: one frame of zeros is recorded, of as many tokens as the top function reads. Control does not depend on data.
    workdir: an empty or absent folder for the instrumented sources; the caller removes it.
    timeout: seconds, for the compiler and for the program. cache: where the traces of the tasks are kept.
    Raises Split4mlError if the project is not understood, does not compile, or its control depends on data.
    """
    sources = prepare(project, top, workdir)
    names, outputs = directions(sources.parsed)
    arrays = _in_order(names, inputs, str(project)) if inputs is not None else []
    (workdir / f"{top}.cpp").write_text(sources.parsed.text)
    try:
        (workdir / "main.cpp").write_text(whole_program(sources, endless=inputs is None))
    except ValueError as error:
        raise Split4mlError(
            f"this is no hls4ml io_stream project that can be traced: {error}", str(project)
        ) from None
    program = workdir / "trace"
    compile_cpp(workdir / "main.cpp", program, sources.includes, str(project), timeout)
    (workdir / "inputs.bin").write_bytes(encode_inputs(arrays))
    recording = workdir / "recording.bin"
    run_child([str(program), str(workdir / "inputs.bin"), str(recording)], str(project), timeout, workdir)
    try:
        raw = decode(recording.read_bytes())
    except (OSError, ValueError) as error:
        raise Split4mlError(f"the traced program left no recording: {error}", str(project)) from None
    tasks = task_traces(raw, sources.parsed.tasks, sources)
    if cache is not None:
        for call, task in zip(sources.parsed.tasks, tasks, strict=True):
            cache.put(key_of(sources, call), call, task)
    return ProjectTrace(
        top=top,
        inputs=tuple(names),
        outputs=tuple(outputs),
        tasks=tuple(tasks),
        tokens={s.name: s.tokens for s in raw.streams},
        elements={s.name: s.type for s in raw.streams},
        frames=raw.frames,
    )


def _in_order(
    names: list[str], inputs: Mapping[str, npt.NDArray[np.uint64]], where: str
) -> list[npt.NDArray[np.uint64]]:
    """The inputs in port order."""
    missing = [name for name in names if name not in inputs]
    unknown = [name for name in inputs if name not in names]
    if missing or unknown:
        what = f"input {missing[0]} is missing" if missing else f"there is no input {unknown[0]}"
        raise Split4mlError(what, where, f"the inputs are {', '.join(names)}")
    arrays = [np.asarray(inputs[name], np.uint64) for name in names]
    for name, array in zip(names, arrays, strict=True):
        if array.ndim != 2 or not array.size:
            raise Split4mlError(f"input {name} has shape {array.shape}, not (tokens, elements)", where)
    return arrays
