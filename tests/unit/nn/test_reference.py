"""Sample inputs and ONNX Runtime as the reference."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from onnx import helper

from split4ml.compiler.frontend.reference import Reference, load_inputs, sample_inputs
from split4ml.dialects.errors import Split4mlError

MakeOnnx = Callable[..., Path]
ROOT = Path(__file__).parents[3]
SHAPES = {"x": (3, 4), "z": (2,)}


def test_noise_is_seeded() -> None:
    first, again, other = (sample_inputs(SHAPES, 5, seed) for seed in (0, 0, 1))
    assert {name: array.shape for name, array in first.items()} == {"x": (5, 3, 4), "z": (5, 2)}
    assert all(np.array_equal(first[name], again[name]) for name in SHAPES)
    assert not np.array_equal(first["x"], other["x"])


@pytest.mark.parametrize("batch", ["N", 1, 4])
def test_any_number_of_frames(batch: int | str, make_onnx: MakeOnnx) -> None:
    path = make_onnx([helper.make_node("Relu", ["x"], ["y"])], {"x": [batch, 3]}, ["y"])
    inputs = sample_inputs({"x": (3,)}, 6, low=-1)
    assert np.array_equal(Reference(path).run(inputs)["y"], np.maximum(inputs["x"], 0))


def test_the_demo_network_knows_its_digits() -> None:
    """The held-out images, and the accuracy that README and the demo state."""
    inputs = load_inputs(ROOT / "examples/digits_test.npz", {"image": (1, 8, 8)})
    with np.load(ROOT / "examples/digits_test.npz") as archive:
        labels = archive["labels"]
    logits = Reference(ROOT / "examples/digits_resnet.onnx").run(inputs)["logits"]
    assert len(labels) == 360
    assert np.mean(logits.argmax(1) == labels) >= 0.97


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.zeros((2, 3, 4))}, "no array for the input 'z'"),
        ({"x": np.zeros((2, 4, 3)), "z": np.zeros((2, 2))}, "'x'.*should have \\[frames, 3, 4\\]"),
        ({"x": np.zeros((2, 3, 4)), "z": np.zeros((3, 2))}, "different numbers of frames"),
        ({"x": np.zeros((0, 3, 4)), "z": np.zeros((0, 2))}, "no frame"),
        ({"x": np.full((2, 3, 4), np.nan), "z": np.zeros((2, 2))}, "not finite"),
        ({"x": np.full((2, 3, 4), "a"), "z": np.zeros((2, 2))}, "not numbers"),
    ],
)
def test_sample_inputs_that_do_not_fit(arrays: dict[str, np.ndarray], message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, **arrays)  # type: ignore[arg-type]
    with pytest.raises(Split4mlError, match=message):
        load_inputs(path, SHAPES)


def test_files_that_are_no_npz(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    with pytest.raises(Split4mlError, match="cannot read"):
        load_inputs(path, SHAPES)
    np.savez(path, x=np.zeros((2, 3, 4)), z=np.zeros((2, 2)))
    content = path.read_bytes()
    for bad in (b"", b"hello", content[:100], content[: len(content) // 2], content[:-10]):
        path.write_bytes(bad)
        with pytest.raises(Split4mlError):
            load_inputs(path, SHAPES)
    np.save(tmp_path / "y.npy", np.zeros(3))
    with pytest.raises(Split4mlError, match="must be an .npz file"):
        load_inputs(tmp_path / "y.npy", SHAPES)
    np.savez(path, x=np.array([{}], object), z=np.zeros((2, 2)))
    with pytest.raises(Split4mlError):
        load_inputs(path, SHAPES)
