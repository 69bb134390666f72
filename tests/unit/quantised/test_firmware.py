"""hls4ml's C++ equals the typed model, and with that the quantised model, bit for bit. Half a minute per compilation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from firmware import simulated
from test_exports import NETWORKS, evaluated, qonnx_frames
from typed_model import imported, lowered, model_of, run_typed

from split4ml.compiler.frontend.reference import Reference, sample_inputs


def test_every_mode_of_qonnx(tmp_path: Path) -> None:
    """Rounding, narrow and unsigned ranges, zero points, one bit, truncation: 46 quantisers in one C simulation."""
    path = NETWORKS / "modes.qonnx.onnx"
    module, store = imported(path)
    frames, expected = qonnx_frames(path, model_of(module))
    lowered(module, store)
    found = simulated(module, store, frames, tmp_path)
    assert len(expected) > 40
    for output, array in expected.items():
        np.testing.assert_array_equal(found[output], array, err_msg=output)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["residual", "bipolar", "truncated"])
def test_brevitas(name: str, tmp_path: Path) -> None:
    path = NETWORKS / f"{name}.qonnx.onnx"
    module, store = imported(path)
    frames, expected = qonnx_frames(path, model_of(module))
    lowered(module, store)
    found = simulated(module, store, frames, tmp_path)
    for output, array in expected.items():
        np.testing.assert_array_equal(found[output], array, err_msg=output)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["plain.qonnx", "lenet.qdq", "resnet.qdq", "separable.qdq"])
def test_other_scales(name: str, tmp_path: Path) -> None:
    """The C++ computes what the stated types say, also where these are not exact."""
    module, store = imported(NETWORKS / f"{name}.onnx")
    frames = sample_inputs({op.source.data: op.shape for op in model_of(module).inputs}, 8, low=-1)
    lowered(module, store)
    expected = evaluated(run_typed, model_of(module), store, frames)
    found = simulated(module, store, frames, tmp_path)
    for output, array in expected.items():
        np.testing.assert_array_equal(found[output], array, err_msg=output)


@pytest.mark.slow
def test_softmax_is_within_a_step_of_the_quantiser_after_it(tmp_path: Path) -> None:
    """Tables, but with types that fit: with hls4ml's defaults the largest error is 29 steps."""
    path = NETWORKS / "mlp.qdq.onnx"
    module, store = imported(path)
    frames = sample_inputs({op.source.data: op.shape for op in model_of(module).inputs}, 16, low=-1)
    expected = Reference(path, literally=True).run(frames)
    lowered(module, store)
    found = simulated(module, store, frames, tmp_path)
    for output, array in expected.items():
        assert np.abs(found[output] - array).max() < 1.01 / 255
