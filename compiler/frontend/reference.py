"""What the user's model computes: ONNX Runtime on sample inputs, the reference that the firmware is compared with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from split4ml.compiler.frontend.onnx_load import first_line, load
from split4ml.compiler.frontend.onnx_tails import notes
from split4ml.compiler.npz import read_npz
from split4ml.dialects import nn
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.nn_numpy import run
from split4ml.passes.weights import WeightStore

# ONNX Runtime (1.32) sends events about the models it runs to its vendor, and leaves a file of its own among the
# temporary ones, unless told otherwise before it is loaded (its Privacy.md). A user's model is nobody's business.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
import onnxruntime

Floats = npt.NDArray[np.float32]
_TYPES: dict[str, Any] = {
    "tensor(double)": np.float64,
    "tensor(float16)": np.float16,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
}
"""ONNX Runtime's names of the types of inputs that are not float32."""


def sample_inputs(
    shapes: Mapping[str, tuple[int, ...]], frames: int, seed: int = 0, low: float = 0.0, high: float = 1.0
) -> dict[str, Floats]:
    """Uniform noise in [low, high), float32[frames, *shape] by input name; the same for the same arguments.

    Noise exercises arithmetic, not accuracy: for that, give real data.
    """
    generator = np.random.default_rng(seed)
    return {
        name: generator.uniform(low, high, (frames, *shape)).astype(np.float32)
        for name, shape in shapes.items()
    }


def samples_for(
    model: nn.ModelOp, frames: int, seed: int = 0, low: float = 0.0, high: float = 1.0
) -> dict[str, Floats]:
    """`sample_inputs` of a model: for inputs that choose embeddings, whole numbers of their table's rows."""
    shapes = {op.source.data: tuple(np.array(op.shape)[np.argsort(op.axes)].tolist()) for op in model.inputs}
    found = sample_inputs(shapes, frames, seed, low, high)
    for op in model.inputs:
        tables = [use.operation.table for use in op.result.uses if isinstance(use.operation, nn.EmbeddingOp)]
        if tables:
            rows = min(nn.shape_of(table)[0] for table in tables)
            noise = sample_inputs({"rows": shapes[op.source.data]}, frames, seed)["rows"]
            found[op.source.data] = np.floor(noise * rows)
    return found


def load_inputs(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Floats]:
    """Sample inputs from an .npz file: an array per input, first axis = frames. Other arrays (labels) are left out.

    Raises Split4mlError: no such file, no .npz, an input without array, a shape or type that does not fit, values
    that are not finite, different numbers of frames.
    """
    inputs = read_npz(path, list(shapes), ())
    for name, shape in shapes.items():
        _check_input(inputs[name], name, shape, path)
    counts = {name: len(array) for name, array in inputs.items()}
    if len(set(counts.values())) > 1:
        raise Split4mlError(f"the inputs have different numbers of frames: {counts}", where=str(path))
    return {name: np.ascontiguousarray(array, np.float32) for name, array in inputs.items()}


def _check_input(array: npt.NDArray[Any], name: str, shape: tuple[int, ...], path: Path) -> None:
    where = f"{path}: {name!r}"
    if array.dtype.kind not in "fiu":
        raise Split4mlError(f"the array holds {array.dtype}, not numbers", where=where)
    if array.ndim == 0 or array.shape[1:] != shape:
        raise Split4mlError(
            f"the array has shape {list(array.shape)}, but should have [frames, {', '.join(map(str, shape))}]",
            where=where,
        )
    if not len(array):
        raise Split4mlError("the array has no frame", where=where)
    if not np.all(np.isfinite(array)):
        raise Split4mlError("the array holds values that are not finite", where=where)
    if array.size and float(np.abs(array, dtype=np.float64).max()) > float(np.finfo(np.float32).max):
        raise Split4mlError("the array holds values beyond the range of float32", where=where)


def evaluated(model: nn.ModelOp, weights: WeightStore, inputs: Mapping[str, Floats]) -> dict[str, Floats]:
    """The same by nn's own definition (passes/nn_numpy.py), in double precision: for QONNX, which ONNX Runtime does not run."""
    frames = len(next(iter(inputs.values())))
    results = [run(model, weights, {name: array[k] for name, array in inputs.items()}) for k in range(frames)]
    return {name: np.stack([result[name] for result in results]).astype(np.float32) for name in results[0]}


class Reference:
    """An ONNX model, ready to run."""

    def __init__(self, path: Path, literally: bool = False, model: onnx.ModelProto | None = None) -> None:
        """literally: operator by operator, as ONNX defines them; else quantisers may be fused with the layers between them, which
        rounds elsewhere. model: what `load` made of the file, if that is at hand. Raises Split4mlError if ONNX Runtime does not take
        the model."""
        self._where = str(path)
        options = onnxruntime.SessionOptions()
        if literally:
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.log_severity_level = 4
        options.intra_op_num_threads = 1  # the same sums whatever the machine
        model = load(path) if model is None else model
        try:
            self._session = onnxruntime.InferenceSession(
                model.SerializeToString() if notes(model) else str(path),
                options,
                providers=["CPUExecutionProvider"],
            )
        except Exception as error:  # noqa: BLE001 - a dozen classes without a common base
            raise Split4mlError(
                f"ONNX Runtime rejects the model: {first_line(error)}", where=self._where
            ) from None
        first = self._session.get_inputs()[0].shape[0]
        self._batch: int | None = first if isinstance(first, int) else None
        self._types = {value.name: _TYPES.get(value.type, np.float32) for value in self._session.get_inputs()}

    @property
    def outputs(self) -> list[str]:
        return [output.name for output in self._session.get_outputs()]

    def run(self, inputs: Mapping[str, Floats], at_once: int | None = None) -> dict[str, Floats]:
        """float32[frames, ...] by output name, for float32[frames, ...] by input name.

        at_once: frames that are computed together if the model does not fix its batch; by default all.

        A model with a fixed batch is run batch by batch, the last one filled up with copies of its last frame.
        """
        frames = len(next(iter(inputs.values())))
        batch = self._batch or min(frames, at_once or frames)
        parts: dict[str, list[Floats]] = {name: [] for name in self.outputs}
        for start in range(0, frames, batch):
            chosen = np.minimum(np.arange(start, start + batch), frames - 1)
            feed = {
                name: np.ascontiguousarray(array[chosen], self._types.get(name, np.float32))
                for name, array in inputs.items()
            }
            try:
                results = self._session.run(None, feed)
            except Exception as error:  # noqa: BLE001 - a dozen classes without a common base
                raise Split4mlError(f"ONNX Runtime fails: {first_line(error)}", where=self._where) from None
            for name, result in zip(self.outputs, results, strict=True):
                parts[name].append(np.asarray(result, np.float32)[: frames - start])
        return {name: np.concatenate(results) for name, results in parts.items()}
