"""Which output labels are about, and what counts as the class of a frame."""

from __future__ import annotations

import numpy as np
import pytest

from split4ml.compiler.accuracy import check_labels, classes, labelled, share
from split4ml.compiler.csim_check import against_model
from split4ml.compiler.stimulus import Stimulus
from split4ml.dialects import flow
from split4ml.dialects.errors import Split4mlError


def test_the_labelled_output() -> None:
    assert labelled({"map": (4, 4, 2)}) == "map"
    assert labelled({"classes": (5,), "energy": (1,)}) == "classes"
    assert labelled({"energy": (), "heat": (4, 4), "classes": (5,)}) == "classes"
    assert labelled({"a": (5,), "b": (5,)}) is None
    assert labelled({"a": (1,), "b": (1,)}) is None


def test_classes() -> None:
    scores = np.array([[0.1, 0.9], [3.0, -1.0]])
    np.testing.assert_array_equal(classes(scores, scores), [1, 0])
    probability = np.array([[0.2], [0.6], [1.0]])
    np.testing.assert_array_equal(classes(probability, probability), [0, 1, 1])
    logit = np.array([-0.2, 0.3, 4.0])
    np.testing.assert_array_equal(classes(logit, logit), [0, 1, 1])
    # firmware that leaves 0 to 1 by its rounding is read as the model is
    np.testing.assert_array_equal(classes(probability * 1.1, probability), [0, 1, 1])
    assert share(np.array([1, 0]), np.array([1, 1])) == 0.5


@pytest.mark.parametrize(
    ("labels", "shape", "words"),
    [
        (np.array([0, 5, 1]), (5,), "reach from 0 to 5, but the classes of output 'y' are 0 to 4"),
        (np.array([-1, 0, 1]), (5,), "reach from -1 to 1"),
        (np.array([0, 2, 1]), (1,), "classes of output 'y' are 0 to 1"),
        (np.array([0, 1]), (5,), "labels must be 3 integers"),
        (np.array([0.0, 1.0, 2.0]), (5,), "labels must be 3 integers"),
    ],
)
def test_labels_that_are_no_classes(labels: np.ndarray, shape: tuple[int, ...], words: str) -> None:
    with pytest.raises(Split4mlError, match=words):
        check_labels(labels, 3, {"y": shape}, "x.npz")
    check_labels(np.array([False, True, True]), 3, {"y": (1,)}, "x.npz")
    check_labels(np.array([7, 7, 7]), 3, {"a": (4,), "b": (4,)}, "x.npz")  # of neither: told elsewhere


def test_of_several_outputs_that_of_classes() -> None:
    outputs = {"energy": np.array([[1.0], [2.0]]), "classes": np.array([[0.0, 1.0], [1.0, 0.0]])}
    stimulus = Stimulus(
        {}, {name: array.astype(np.float32) for name, array in outputs.items()}, np.array([1, 1])
    )
    firmware = {**outputs, "classes": np.array([[0.0, 1.0], [0.0, 0.1]])}
    found = against_model(flow.ModelOp.create(), firmware, stimulus)
    assert found["accuracy"] == {"output": "classes", "float": 0.5, "firmware": 1.0, "frames": 2}
    assert found["agreement"] == {"output": "classes", "classes": 0.5, "frames": 2}
