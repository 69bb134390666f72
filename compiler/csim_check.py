"""C simulation: the chain of subprojects against the monolithic project, and that against the user's model."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from split4ml.compiler.accuracy import classes, labelled, share
from split4ml.compiler.emit import PROJECTS
from split4ml.compiler.layout import Raw, frames_in, from_tokens, port_name, to_tokens
from split4ml.dialects import flow
from split4ml.dialects.errors import CheckFailed, Split4mlError
from split4ml.dialects.flow import symbol
from split4ml.passes.flow_graph import stream_name

if TYPE_CHECKING:
    from split4ml.backends.hls4ml.csim import Chain, Stage
    from split4ml.compiler.progress import Reporter
    from split4ml.compiler.services import Session
    from split4ml.compiler.stimulus import Stimulus


CACHE = ".cache"
"""Folder of a build for compiled C simulations; may be deleted."""


@dataclass(frozen=True)
class CsimResult:
    """outputs: of the split design by stream, raw bits; checks: for the report's `checks`."""

    outputs: Mapping[str, Raw]
    checks: Mapping[str, Any]


def stages(model: flow.ModelOp, projects: Path) -> list[Stage]:
    """The subprojects in `projects`, in an order in which they can run."""
    from split4ml.backends.hls4ml.csim import Stage

    names = [symbol(part) for part in model.subgraphs] or [symbol(model)]
    return [Stage(projects / name) for name in names]


def check_csim(
    model: flow.ModelOp,
    projects: Path,
    monolithic: Path,
    stimulus: Stimulus,
    workdir: Path,
    reporter: Reporter,
    max_error: float | None = None,
) -> CsimResult:
    """Runs both designs on all sample frames. Raises Split4mlError if one bit differs, with the first place, or if an
    output's error against the user's model is more than `max_error` of its range."""
    from split4ml.backends.hls4ml.csim import Stage, build

    frames = frames_in(model, stimulus.inputs, "the sample inputs")
    inputs = to_tokens(model, stimulus.inputs, range(frames))
    with reporter.step("C simulation: compiling"):
        split, whole = build([stages(model, projects), [Stage(monolithic)]], workdir)
    with reporter.step("C simulation"):
        found, expected = run(split, inputs), run(whole, inputs)
    for port in model.outputs:
        _compare(port, found[symbol(port)], expected[symbol(port)], frames)
    checks: dict[str, Any] = {"onnx": None, "csim": {"bit_exact": True, "frames": frames}}
    if stimulus.outputs is not None:
        checks |= against_model(model, from_tokens(model, expected, frames), stimulus)
        if max_error is not None:
            _check_errors(checks["onnx"], max_error)
    return CsimResult(found, checks)


def run(chain: Chain, inputs: Mapping[str, Raw]) -> dict[str, Raw]:
    from split4ml.backends.hls4ml.csim import run_chain

    return run_chain(chain, inputs)


def simulate(model: flow.ModelOp, build_folder: Path, inputs: Mapping[str, Raw]) -> dict[str, Raw]:
    """Outputs of a build's subprojects. Compiled libraries are kept in its `.cache`, if that can be written."""
    from split4ml.backends.hls4ml.csim import build_chain

    projects = stages(model, build_folder / PROJECTS)
    cache = build_folder / CACHE
    if os.access(build_folder, os.W_OK):
        return run(build_chain(projects, cache), inputs)
    with tempfile.TemporaryDirectory(prefix="split4ml-") as scratch:
        return run(build_chain(projects, Path(scratch)), inputs)


def check_layers(
    model: flow.ModelOp, build_folder: Path, session: Session, only: str | None, reporter: Reporter
) -> dict[str, Any]:
    """Every stream inside every subproject (or `only` one), fed with the monolithic design's tokens, against that design's.

    Returns, by subgraph, the streams compared. Raises Split4mlError that names the first task whose output differs.
    """
    from split4ml.backends.trace.project import trace_project

    parts = {symbol(part): part for part in model.subgraphs}
    if only is not None and only not in parts:
        raise Split4mlError(f"there is no subgraph {only!r}", hint=f"there are {', '.join(parts) or 'none'}")
    whole = session.project_trace(model)
    compared: dict[str, Any] = {}
    names = [only] if only is not None else list(parts)
    with tempfile.TemporaryDirectory(prefix="split4ml-") as scratch, reporter.step("layers") as step:
        for index, name in enumerate(names):
            step.update(index, len(names), name)
            inputs = {stream: whole.tokens[stream] for stream in map(stream_name, parts[name].inputs)}
            part = trace_project(build_folder / PROJECTS / name, name, inputs, Path(scratch) / name)
            for task in parts[name].tasks:
                for stream in map(stream_name, task.outputs):
                    if not np.array_equal(part.tokens[stream], whole.tokens[stream]):
                        different = int(np.count_nonzero(part.tokens[stream] != whole.tokens[stream]))
                        raise Split4mlError(
                            f"{different} elements of {stream} differ from the monolithic design's",
                            f"subgraph {name}, task {symbol(task)}",
                        )
            compared[name] = [stream_name(output) for task in parts[name].tasks for output in task.outputs]
    return {"layers": {"bit_exact": True, "frames": whole.frames, "streams": compared}}


def _compare(port: flow.OutputOp, found: Raw, expected: Raw, frames: int) -> None:
    if found.shape != expected.shape:
        raise Split4mlError(
            f"the split design gives {found.shape} tokens and elements, the monolithic one {expected.shape}",
            f"output {port_name(port)!r}",
        )
    different = np.argwhere(found != expected)
    if len(different):
        token, element = (int(index) for index in different[0][:2])
        frame, token = divmod(token, len(found) // frames)
        raise CheckFailed(
            f"the split design differs from the monolithic one in {len(different)} elements, first in frame {frame}, "
            f"token {token}, element {element}: {int(found[tuple(different[0])]):#x}, not "
            f"{int(expected[tuple(different[0])]):#x}",
            f"output {port_name(port)!r}",
        )


def against_model(
    model: flow.ModelOp, firmware: Mapping[str, np.ndarray[Any, Any]], stimulus: Stimulus
) -> dict[str, Any]:
    """Errors per output of the user's model; and of an output of classes (`labelled`) the accuracy of both if there are
    labels, and in how many frames their classes agree."""
    assert stimulus.outputs is not None
    errors: dict[str, Any] = {}
    for name, reference in stimulus.outputs.items():
        error = np.abs(firmware[name].reshape(reference.shape) - reference)
        low, high = float(reference.min()), float(reference.max())
        errors[name] = {
            "max_abs_error": float(error.max()),
            "mean_abs_error": float(error.mean()),
            "range": [low, high],
            "max_relative_error": float(error.max()) / (high - low) if high > low else None,
        }
    found: dict[str, Any] = {"onnx": errors}
    chosen = labelled({name: reference.shape[1:] for name, reference in stimulus.outputs.items()})
    if chosen is None:
        return found
    reference = stimulus.outputs[chosen]
    frames = len(reference)
    of_model, of_firmware = classes(reference, reference), classes(firmware[chosen], reference)
    if stimulus.labels is not None:
        found["accuracy"] = {
            "output": chosen,
            "float": share(of_model, stimulus.labels),
            "firmware": share(of_firmware, stimulus.labels),
            "frames": frames,
        }
    if reference.ndim == 2 and reference.shape[1] > 1:
        found["agreement"] = {"output": chosen, "classes": share(of_firmware, of_model), "frames": frames}
    return found


def _check_errors(errors: Mapping[str, Mapping[str, Any]], most: float) -> None:
    for name, error in errors.items():
        found = error["max_relative_error"]
        if found is not None and found > most:
            raise Split4mlError(
                f"its largest error is {error['max_abs_error']:.4g}, {found:.2%} of its range, but at most {most:.2%} may be",
                f"output {name!r}",
                "give it more bits (--precision, --hls-config), or let --precision auto find them",
            )
