"""Networks as Brevitas, ONNX Runtime and QONNX's own package write them (tests/networks/quantised), up to hls4ml's layers.

The typed model stands for the firmware here; test_firmware.py shows that it does so rightly.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from typed_model import imported, lowered, model_of, run_typed

from split4ml.compiler.frontend.reference import Reference, sample_inputs
from split4ml.dialects import nn
from split4ml.passes.nn_numpy import run
from split4ml.passes.weights import MemoryStore

NETWORKS = Path(__file__).parents[2] / "networks/quantised"
Arrays = dict[str, npt.NDArray[Any]]


def evaluated(function: Any, model: nn.ModelOp, store: MemoryStore, frames: Mapping[str, Any]) -> Arrays:
    count = len(next(iter(frames.values())))
    results = [
        function(model, store, {name: array[k] for name, array in frames.items()}) for k in range(count)
    ]
    return {name: np.stack([result[name] for result in results]) for name in results[0]}


def qonnx_frames(path: Path, model: nn.ModelOp) -> tuple[Arrays, Arrays]:
    """What the qonnx package was given, and what it made of it."""
    names = [op.source.data for op in model.inputs], [op.source.data for op in model.outputs]
    with np.load(path.with_suffix(".npz")) as archive:
        if "frames" in archive:
            return {names[0][0]: archive["frames"]}, {names[1][0]: archive["outputs"]}
        return tuple({name: archive[name] for name in part} for part in names)  # type: ignore[return-value]


EXACT = ("modes", "residual", "bipolar", "truncated")
"""All of their scales are powers of two."""


@pytest.mark.parametrize("name", EXACT)
def test_qonnx_with_powers_of_two_is_exact(name: str) -> None:
    path = NETWORKS / f"{name}.qonnx.onnx"
    module, store = imported(path)
    frames, expected = qonnx_frames(path, model_of(module))
    as_imported = evaluated(run, model_of(module), store, frames)
    notes = lowered(module, store)
    typed = evaluated(run_typed, model_of(module), store, frames)
    for output, array in expected.items():
        np.testing.assert_array_equal(as_imported[output], array, err_msg=output)
        np.testing.assert_array_equal(typed[output], array, err_msg=output)
    if name == "residual":
        assert any("@norm_BatchNormalization" in note for note in notes)


@pytest.mark.parametrize("name", ["residual", "truncated"])
def test_qcdq_with_powers_of_two_is_exact(name: str) -> None:
    """The same networks as QuantizeLinear, Clip and DequantizeLinear, against ONNX Runtime."""
    path = NETWORKS / f"{name}.qcdq.onnx"
    module, store = imported(path)
    (source,) = (op.source.data for op in model_of(module).inputs)
    with np.load(NETWORKS / f"{name}.qonnx.npz") as archive:
        frames = {source: archive["frames"]}
    expected = Reference(path, literally=True).run(frames)
    lowered(module, store)
    typed = evaluated(run_typed, model_of(module), store, frames)
    for output, array in expected.items():
        np.testing.assert_array_equal(typed[output], array, err_msg=output)


@pytest.mark.parametrize("name", ["plain.qonnx", "plain.qcdq"])
def test_brevitas_defaults_differ_by_the_last_scale_only(name: str) -> None:
    """Scales that are no powers of two: the integers are the same, and only their last product is rounded."""
    path = NETWORKS / f"{name}.onnx"
    module, store = imported(path)
    (source,), (output,) = (
        [op.source.data for op in ops] for ops in (model_of(module).inputs, model_of(module).outputs)
    )
    with np.load(NETWORKS / "plain.qonnx.npz") as archive:
        frames, expected = {source: archive["frames"]}, archive["outputs"]
    lowered(module, store)
    typed = evaluated(run_typed, model_of(module), store, frames)
    assert float(np.abs(typed[output] - expected).max()) < 1e-5


@pytest.mark.parametrize(("name", "equal"), [("resnet", 1.0), ("separable", 1.0), ("lenet", 0.9)])
def test_static_quantisation_by_onnx_runtime(name: str, equal: float) -> None:
    """Zero points, uint8 to int16, per channel. ONNX Runtime computes in float32: of the means of lenet, which lie halfway between two
    integers, it rounds some to the one and some to the other."""
    path = NETWORKS / f"{name}.qdq.onnx"
    module, store = imported(path)
    shapes = {op.source.data: op.shape for op in model_of(module).inputs}
    frames = sample_inputs(shapes, 16, low=-1)
    expected = Reference(path, literally=True).run(frames)
    lowered(module, store)
    assert not any(isinstance(op, nn.QuantizeOp) for op in model_of(module).block.ops)
    typed = evaluated(run_typed, model_of(module), store, frames)
    for output, array in expected.items():
        steps = np.unique(array)
        step = float(np.diff(steps).min())
        error = np.abs(typed[output] - array)
        assert float(error.max()) < 1.01 * step
        assert float((error < step / 10).mean()) >= equal


def test_softmax_is_noted() -> None:
    module, store = imported(NETWORKS / "mlp.qdq.onnx")
    notes = lowered(module, store)
    assert any(note == "hls4ml looks up in tables, which is not exact: @softmax_3_Softmax" for note in notes)
    assert any(note.startswith("the input @onnx_Gemm_0 is fixed<") for note in notes)


def test_the_files_are_small() -> None:
    assert sum(path.stat().st_size for path in NETWORKS.iterdir()) < 200_000
