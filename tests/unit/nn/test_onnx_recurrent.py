"""Recurrent layers against ONNX Runtime: as exporters wrap them, all states or the last one, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import helper

from split4ml.compiler.frontend.onnx_import import import_onnx
from split4ml.dialects import nn
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.weights import MemoryStore

Check = Callable[[Path], nn.ModelOp]
MakeOnnx = Callable[..., Path]
Array = npt.NDArray[Any]
STEPS, INPUTS, STATE = 5, 4, 3
GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def noise(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def weights(op: str) -> dict[str, Array]:
    rows = GATES[op] * STATE
    return {
        "w": noise(1, rows, INPUTS),
        "r": noise(1, rows, STATE, seed=1),
        "b": noise(1, 2 * rows, seed=2),
        "one": np.array([1]),
        "minus": np.array(-1),
        "shape": np.array([STEPS, 1, STATE]),
        "begin": np.array([-1]),
        "end": np.array([2**62]),
        "scale": noise(STEPS, 1, 1, seed=3),
    }


def layer(op: str, outputs: list[str], inputs: str = "steps", **attributes: Any) -> onnx.NodeProto:
    if op == "GRU":
        attributes.setdefault("linear_before_reset", 1)
    return helper.make_node(
        op, [inputs, "w", "r", "b"], outputs, name="cell", hidden_size=STATE, **attributes
    )


N = helper.make_node
TO_STEPS = N("Transpose", ["x"], ["steps"], perm=[1, 0, 2])
WRAPPINGS: dict[str, list[onnx.NodeProto]] = {
    "squeeze, transpose": [N("Squeeze", ["all", "one"], ["s"]), N("Transpose", ["s"], ["y"], perm=[1, 0, 2])],
    "transpose, reshape, transpose": [
        N("Transpose", ["all"], ["t"], perm=[0, 2, 1, 3]),
        N("Reshape", ["t", "shape"], ["s"]),
        N("Transpose", ["s"], ["y"], perm=[1, 0, 2]),
    ],
    "relu before the transpose": [
        N("Squeeze", ["all", "one"], ["s"]),
        N("Relu", ["s"], ["p"]),
        N("Transpose", ["p"], ["y"], perm=[1, 0, 2]),
    ],
    "a factor per step": [
        N("Squeeze", ["all", "one"], ["s"]),
        N("Mul", ["s", "scale"], ["p"]),
        N("Transpose", ["p"], ["y"], perm=[1, 0, 2]),
    ],
    "last step, gathered after": [
        N("Squeeze", ["all", "one"], ["s"]),
        N("Transpose", ["s"], ["t"], perm=[1, 0, 2]),
        N("Gather", ["t", "minus"], ["y"], axis=1),
    ],
    "last step, gathered before": [
        N("Squeeze", ["all", "one"], ["s"]),
        N("Gather", ["s", "minus"], ["y"], axis=0),
    ],
    "last step, sliced": [
        N("Squeeze", ["all", "one"], ["s"]),
        N("Transpose", ["s"], ["t"], perm=[1, 0, 2]),
        N("Slice", ["t", "begin", "end", "one"], ["y"]),
    ],
    "sliced before the transpose": [
        N("Squeeze", ["all", "one"], ["s"]),
        N("Slice", ["s", "begin", "end"], ["t"]),
        N("Transpose", ["t"], ["y"], perm=[1, 0, 2]),
    ],
}


@pytest.mark.parametrize("op", GATES)
@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_all_states(op: str, wrapping: str, make_onnx: MakeOnnx, check: Check) -> None:
    nodes = [TO_STEPS, layer(op, ["all"]), *WRAPPINGS[wrapping]]
    check(make_onnx(nodes, {"x": [1, STEPS, INPUTS]}, ["y"], weights(op)))


@pytest.mark.parametrize("op", GATES)
def test_last_state(op: str, make_onnx: MakeOnnx, check: Check) -> None:
    """The second result, alone or beside the first."""
    last = N("Gather", ["last", "minus"], ["y"], axis=0)
    model = check(
        make_onnx([TO_STEPS, layer(op, ["", "last"]), last], {"x": [1, STEPS, INPUTS]}, ["y"], weights(op))
    )
    assert sum(isinstance(inner, nn.RecurrentOp) for inner in model.block.ops) == 1
    both = [
        TO_STEPS,
        layer(op, ["all", "last"]),
        last,
        N("Squeeze", ["all", "one"], ["s"]),
        N("Transpose", ["s"], ["z"], perm=[1, 0, 2]),
    ]
    check(make_onnx(both, {"x": [1, STEPS, INPUTS]}, ["y", "z"], weights(op)))


def test_stacked(make_onnx: MakeOnnx, check: Check) -> None:
    """The second layer takes the first one's states as they are, without transposes between."""
    own = weights("LSTM") | {"w2": noise(1, 9, STATE), "r2": noise(1, 9, STATE)}
    nodes = [
        TO_STEPS,
        layer("LSTM", ["all"]),
        N("Squeeze", ["all", "one"], ["s"]),
        N("GRU", ["s", "w2", "r2"], ["", "last"], hidden_size=STATE, linear_before_reset=1),
        N("Squeeze", ["last", "zero"], ["y"]),
    ]
    check(make_onnx(nodes, {"x": [1, STEPS, INPUTS]}, ["y"], own | {"zero": np.array([0])}))


def refused(path: Path) -> str:
    with pytest.raises(Split4mlError) as caught:
        import_onnx(path, MemoryStore())
    return str(caught.value)


@pytest.mark.parametrize(
    ("op", "attributes", "message"),
    [
        ("LSTM", {"direction": "reverse"}, "it runs reverse, but hls4ml's streams run forward only"),
        ("GRU", {"linear_before_reset": 0}, "it resets the state before the matrix"),
        ("LSTM", {"clip": 2.0}, "clip and input_forget are not supported"),
        ("RNN", {"activations": ["Relu"]}, "its activations are ['Relu'], but ['Tanh'] are"),
    ],
)
def test_refused(op: str, attributes: dict[str, Any], message: str, make_onnx: MakeOnnx) -> None:
    nodes = [TO_STEPS, layer(op, ["", "last"], **attributes), N("Gather", ["last", "minus"], ["y"])]
    text = refused(make_onnx(nodes, {"x": [1, STEPS, INPUTS]}, ["y"], weights(op)))
    assert f"node 'cell' ({op}): {message}" in text


@pytest.mark.parametrize(
    "shape", [(), (12, 4), (1, 12), (1, 12, 4, 1), (2, 12, 4), (1, 11, 4), (1, 12, 5), (1, 0, 4)]
)
def test_weights_that_do_not_fit(shape: tuple[int, ...], make_onnx: MakeOnnx) -> None:
    nodes = [TO_STEPS, layer("LSTM", ["", "last"]), N("Gather", ["last", "minus"], ["y"])]
    for key in ("w", "r", "b"):
        wrong = weights("LSTM") | {key: noise(*shape)}
        text = refused(make_onnx(nodes, {"x": [1, STEPS, INPUTS]}, ["y"], wrong))
        assert "'cell' (LSTM)" in text


def test_steps_first_are_refused(make_onnx: MakeOnnx) -> None:
    """A network whose own input has steps before frames: frames are the first axis of every array."""
    nodes = [layer("LSTM", ["", "last"], "x"), N("Squeeze", ["last", "zero"], ["y"])]
    text = refused(
        make_onnx(nodes, {"x": [STEPS, 1, INPUTS]}, ["y"], weights("LSTM") | {"zero": np.array([0])})
    )
    assert "node 'cell' (LSTM): the batch of its data is axis 0, but layout 0 wants it as axis 1" in text
    assert "batch_first=True" in text
    cell = [TO_STEPS, layer("LSTM", ["", "", "c"]), N("Gather", ["c", "minus"], ["y"])]
    text = refused(make_onnx(cell, {"x": [1, STEPS, INPUTS]}, ["y"], weights("LSTM")))
    assert "its last cell state is used" in text
