"""What an exporter may choose without changing the network: the batch by name or number, and where the weights lie."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from lowered import LOWERED, outcome

from split4ml.compiler.frontend.onnx_load import load
from split4ml.compiler.frontend.onnx_tails import notes, plain
from split4ml.compiler.frontend.reference import Reference, sample_inputs

NETWORKS = Path(__file__).parents[2] / "networks"
CHOSEN = (
    "zoo/resnet.script",
    "zoo/unet.dynamo",
    "zoo/gru_states.dynamo",
    "tf2onnx/lenet",
    "sklearn/classifier",
)


def saved(name: str, folder: Path, change: Callable[[onnx.ModelProto], None], external: bool = False) -> Path:
    model = onnx.load(NETWORKS / f"{name}.onnx")
    change(model)
    path = folder / "changed.onnx"
    if external:
        onnx.save(model, path, save_as_external_data=True, location="weights.bin", size_threshold=0)
    else:
        onnx.save(model, path)
    return path


def batched(batch: int | str) -> Callable[[onnx.ModelProto], None]:
    """Sets the batch of inputs and outputs; shapes in between are only remarks."""

    def change(model: onnx.ModelProto) -> None:
        del model.graph.value_info[:]
        for value in (*model.graph.input, *model.graph.output):
            if value.type.tensor_type.shape.dim:
                extent = value.type.tensor_type.shape.dim[0]
                extent.Clear()
                if isinstance(batch, int):
                    extent.dim_value = batch
                else:
                    extent.dim_param = batch

    return change


@pytest.mark.parametrize("name", CHOSEN)
def test_batches(name: str, tmp_path: Path) -> None:
    """By name, 1, or, where no shape in the network holds the batch itself, 4: the same layers."""
    original = outcome(NETWORKS / f"{name}.onnx")
    assert original.stage == LOWERED
    fixed = name == "zoo/gru_states.dynamo"  # its Reshape names the batch
    batches: list[int | str] = ["batch", "unk__63", 1, *([] if fixed else [4])]
    for batch in batches:
        folder = tmp_path / str(batch)
        folder.mkdir()
        found = outcome(saved(name, folder, batched(batch)))
        assert found.stage == LOWERED, found.error
        assert found.digest == original.digest


@pytest.mark.parametrize("name", CHOSEN[:-1])  # scikit-learn's few weights are never external
def test_external_weights(name: str, tmp_path: Path) -> None:
    path = saved(name, tmp_path, lambda model: None, external=True)
    assert (tmp_path / "weights.bin").stat().st_size > 0
    assert outcome(path).digest == outcome(NETWORKS / f"{name}.onnx").digest


def test_labels_are_left_to_software() -> None:
    """scikit-learn's classifiers have a label beside the probabilities, or a dictionary of them."""
    folder = NETWORKS / "sklearn"
    (note,) = notes(load(folder / "classifier.onnx"))
    assert note.startswith("output 'label' is left to software")
    label, dictionary = notes(load(folder / "classifier_zipmap.onnx"))
    assert "output 'output_label' is left to software" in label
    assert "'output_probability' is a dictionary of 'out_activations_result', which stands" in dictionary
    assert not notes(load(folder / "regressor.onnx"))
    model = outcome(folder / "classifier_zipmap.onnx").model
    assert [port.source.data for port in model.outputs] == ["out_activations_result"]
    frames = sample_inputs({"X": (4,)}, 3)
    plainly, as_dictionary = (
        Reference(folder / f"{name}.onnx").run(frames) for name in ("classifier", "classifier_zipmap")
    )
    np.testing.assert_array_equal(plainly["probabilities"], as_dictionary["out_activations_result"])


def test_only_a_label() -> None:
    """A classifier whose probabilities are not an output gives them instead."""
    model = onnx.load(NETWORKS / "sklearn/binary.onnx")
    del model.graph.output[1]
    plain(model)
    assert [output.name for output in model.graph.output] == ["probabilities"]
    assert not any(node.op_type == "ArgMax" for node in model.graph.node)
    again = model.SerializeToString()
    plain(model)
    assert len(model.SerializeToString()) <= len(again)


def test_double_precision() -> None:
    """Inputs of float64 are given float64, and hardware is the same as for float32."""
    folder = NETWORKS / "sklearn"
    frames = sample_inputs({"X": (3,)}, 3)
    single, double = (
        Reference(folder / f"{name}.onnx").run(frames) for name in ("regressor", "regressor_double")
    )
    np.testing.assert_allclose(single["variable"], double["variable"], rtol=1e-4)
    kinds = [
        [layer["class_name"] for layer in found.layers.layers]
        for name in ("regressor", "regressor_double")
        if (found := outcome(folder / f"{name}.onnx")).layers is not None
    ]
    assert len(kinds) == 2 and kinds[0] == kinds[1]
