"""Embeddings: rows of a table chosen by an input of integers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from lowered import outcome
from onnx import TensorProto, helper, numpy_helper

from split4ml.compiler.frontend.onnx_import import import_onnx
from split4ml.compiler.frontend.reference import samples_for
from split4ml.dialects import nn
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.weights import MemoryStore

Check = Callable[[Path], nn.ModelOp]
N = helper.make_node


def noise(*shape: int, seed: int = 0) -> npt.NDArray[np.float32]:
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def network(
    folder: Path,
    nodes: Sequence[onnx.NodeProto],
    kind: int = TensorProto.INT64,
    indices: Sequence[int] = (6,),
    table: npt.NDArray[np.float32] | None = None,
) -> Path:
    weights = {
        "table": noise(11, 4) if table is None else table,
        "other": noise(20, 4, seed=1),
        "w": noise(4, 3),
    }
    graph = helper.make_graph(
        list(nodes),
        "graph",
        [helper.make_tensor_value_info("x", kind, ["N", *indices])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    path = folder / "model.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


CHOICE = N("Gather", ["table", "x"], ["e"], name="words")
DENSE = N("MatMul", ["e", "w"], ["y"])


@pytest.mark.parametrize("kind", [TensorProto.INT32, TensorProto.INT64])
def test_embedding(kind: int, tmp_path: Path, check: Check) -> None:
    """The input has just the bits that its numbers need, and the table a row for each of them."""
    path = network(tmp_path, [CHOICE, DENSE], kind)
    model = check(path)
    assert str(model.inputs[0].element_types["result"]) == "uint<4>"
    found = outcome(path)
    assert found.layers is not None and found.error is None
    (layer,) = (layer for layer in found.layers.layers if layer["class_name"] == "Embedding")
    assert layer["vocab_size"] == 16
    rows = samples_for(model, 200)["x"]
    assert set(rows.reshape(-1).tolist()) == set(range(11))


def test_two_tables(tmp_path: Path, check: Check) -> None:
    """The larger one says how many bits, the smaller one which numbers there are."""
    other = N("Gather", ["other", "x"], ["f"])
    model = check(network(tmp_path, [CHOICE, other, N("Add", ["e", "f"], ["y"])]))
    assert str(model.inputs[0].element_types["result"]) == "uint<5>"
    assert samples_for(model, 200)["x"].max() == 10


def refused(path: Path) -> str:
    with pytest.raises(Split4mlError) as caught:
        import_onnx(path, MemoryStore())
    return str(caught.value)


def test_refused(tmp_path: Path) -> None:
    cast = N("Cast", ["x"], ["y"], name="n7", to=TensorProto.FLOAT)
    assert "node 'n7' (Cast): it works on an input of integers" in refused(network(tmp_path, [cast]))
    text = refused(network(tmp_path, [CHOICE, DENSE], indices=()))
    assert "node 'words' (Gather): a table of shape [11, 4] and indices of [1] are given" in text
    assert "not STRING" in refused(network(tmp_path, [CHOICE, DENSE], TensorProto.STRING))
