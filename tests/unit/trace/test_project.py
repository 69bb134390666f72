"""Traces of whole hls4ml projects: values against hls4ml's own C simulation, shapes, facts, files."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from split4ml.backends.trace import ProjectTrace
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.timing.tasktrace import TaskTrace

FRAMES = 2
SCALE = 2.0**10
"""fixed<16,6> has ten bits after the point."""


def _numbers(bits: npt.NDArray[np.uint64]) -> npt.NDArray[np.float64]:
    return bits.astype(np.uint16).view(np.int16).astype(np.float64) / SCALE


def _task(trace: ProjectTrace, name: str) -> TaskTrace:
    return next(task for task in trace.tasks if task.name == name)


def test_outputs_equal_hls4ml_csim(residual: Any) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        residual.graph.compile()
    image = _numbers(residual.inputs["x"]).reshape(FRAMES, 8, 8, 2).astype(np.float32)
    expected = np.asarray(residual.graph.predict(image))
    (output,) = residual.trace.outputs
    assert np.array_equal(_numbers(residual.trace.tokens[output]), expected.reshape(FRAMES, 5))


@pytest.mark.parametrize("fixture", ["residual", "reused", "assorted"])
def test_every_stream_has_the_shape_hls4ml_gives_it(fixture: str, request: pytest.FixtureRequest) -> None:
    project = request.getfixturevalue(fixture)
    trace: ProjectTrace = project.trace
    assert trace.frames == FRAMES
    variables = {v.name: v for v in project.graph.output_vars.values()}
    assert trace.tokens
    for name, tokens in trace.tokens.items():
        assert tokens.dtype == np.uint64
        assert tokens.size == FRAMES * int(np.prod(variables[name].shape))
        assert tokens.shape[1] == variables[name].shape[-1]
        assert trace.elements[name].width == 16
        assert int(tokens.max()) < 2**16


@pytest.mark.parametrize("fixture", ["residual", "reused", "assorted"])
def test_each_token_is_written_once_and_read_once(fixture: str, request: pytest.FixtureRequest) -> None:
    trace: ProjectTrace = request.getfixturevalue(fixture).trace
    per_frame = {name: len(tokens) // FRAMES for name, tokens in trace.tokens.items()}
    written: dict[str, int] = {}
    read: dict[str, int] = {}
    for task in trace.tasks:
        for names, counts, is_write in ((task.inputs, read, False), (task.outputs, written, True)):
            for port, name in enumerate(names):
                assert name not in counts
                counts[name] = int(np.count_nonzero((task.op_port == port) & (task.op_write == is_write)))
    assert written == {n: c for n, c in per_frame.items() if n not in trace.inputs}
    assert read == {n: c for n, c in per_frame.items() if n not in trace.outputs}


def test_tokens_are_those_of_the_layers(residual: Any) -> None:
    trace = residual.trace
    image = trace.tokens["x"].reshape(FRAMES, 8, 8, 2)
    assert np.array_equal(image.reshape(-1, 2), residual.inputs["x"])
    pad = _task(trace, "zp2d_c1")
    padded = np.pad(image, ((0, 0), (1, 1), (1, 1), (0, 0)))
    assert np.array_equal(trace.tokens[pad.outputs[0]].reshape(FRAMES, 10, 10, 2), padded)
    relu = _task(trace, "r1")
    before, after = (_numbers(trace.tokens[n]) for n in (*relu.inputs, *relu.outputs))
    assert np.array_equal(after, np.maximum(before, 0))
    clone = _task(trace, "clone_r1")
    for copy in clone.outputs:
        assert np.array_equal(trace.tokens[copy], trace.tokens[clone.inputs[0]])


def test_both_strategies_compute_alike(residual: Any, reused: Any) -> None:
    streams = {t.name: t.outputs[0] for t in residual.trace.tasks}
    for task in reused.trace.tasks:
        if task.name in ("c1", "r1", "zp2d_c2"):
            ours = reused.trace.tokens[task.outputs[0]]
            assert np.array_equal(ours, residual.trace.tokens[streams[task.name]])


def test_tasks_carry_the_facts_that_rules_need(residual: Any, reused: Any) -> None:
    conv = _task(residual.trace, "c1")
    assert conv.kind == "conv_2d_cl"
    assert conv.constants["filt_height"] == 3
    assert conv.constants["mult_config.n_in"] == 18
    assert conv.types["mult_config.accum_t"].width == 16
    assert conv.functions["compute_output_buffer_2d"].inline == "off"
    assert conv.functions["dense_latency"].ii == 1
    weights = conv.weights[0]
    assert weights.count == 3 * 3 * 2 * 4
    assert 0 < weights.by_output <= 18
    looped = next(c for c in _task(reused.trace, "c2").counted if c.label == "ReuseLoop")
    assert (looped.instances, looped.iterations) == (64, 64 * 4)
    clamped = next(c for c in _task(reused.trace, "c1").counted if c.label == "ReuseLoop")
    assert clamped.iterations == 64 * 3


def test_ports_are_in_the_order_of_the_call(residual: Any, assorted: Any) -> None:
    add = _task(residual.trace, "a1")
    names = {t.name: t.outputs[0] for t in residual.trace.tasks}
    assert add.inputs == (names["r2"], names["c3"])
    clone = _task(residual.trace, "clone_r1")
    assert [name.rpartition("_")[2] for name in clone.outputs] == ["cpy1", "cpy2"]
    assert assorted.trace.inputs == ("x", "s")
    assert len(assorted.trace.outputs) == 2


def test_a_trace_survives_its_file(residual: Any, tmp_path: Path) -> None:
    first, second = tmp_path / "a.npz", tmp_path / "b.npz"
    residual.trace.save(first)
    loaded = ProjectTrace.load(first)
    loaded.save(second)
    assert first.read_bytes() == second.read_bytes()
    assert not list(tmp_path.glob("*.part"))
    assert (loaded.inputs, loaded.outputs, loaded.frames) == (
        residual.trace.inputs,
        residual.trace.outputs,
        FRAMES,
    )
    for ours, theirs in zip(residual.trace.tasks, loaded.tasks, strict=True):
        assert (ours.name, ours.kind, ours.inputs, ours.outputs) == (
            theirs.name,
            theirs.kind,
            theirs.inputs,
            theirs.outputs,
        )
        assert (ours.functions, ours.constants, ours.types, ours.weights, ours.counted) == (
            theirs.functions,
            theirs.constants,
            theirs.types,
            theirs.weights,
            theirs.counted,
        )
        assert np.array_equal(ours.op_iteration, theirs.op_iteration)
    for name, tokens in residual.trace.tokens.items():
        assert np.array_equal(tokens, loaded.tokens[name])
        assert loaded.tokens[name].dtype == np.uint64


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 nothing", b"\x93NUMPY"])
def test_a_damaged_file_is_one_clear_error(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "trace.npz"
    path.write_bytes(content)
    with pytest.raises(Split4mlError, match="no trace that can be read"):
        ProjectTrace.load(path)
