"""ONNX models made on the spot, and what ONNX Runtime and the nn evaluator make of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from split4ml.compiler.frontend.onnx_import import import_onnx
from split4ml.compiler.frontend.reference import Reference, samples_for
from split4ml.dialects import nn
from split4ml.passes.nn_layers import Layers
from split4ml.passes.nn_numpy import run
from split4ml.passes.weights import MemoryStore

sys.path.insert(0, str(Path(__file__).parent))

from lowered import LOWERED, outcome

Array = npt.NDArray[Any]
ROOT = Path(__file__).parents[3]
NETWORKS = (
    ROOT / "examples/digits_resnet.onnx",
    ROOT / "tests/networks/nested_skips.onnx",
    ROOT / "tests/networks/two_ports.onnx",
)


@pytest.fixture(params=NETWORKS, ids=lambda path: path.stem)
def network(request: pytest.FixtureRequest) -> Path:
    """Each of the networks in the repository."""
    path: Path = request.param
    return path


MakeOnnx = Callable[..., Path]


@pytest.fixture
def make_onnx(tmp_path: Path) -> MakeOnnx:
    """Writes an ONNX file; shapes include the batch axis. Outputs have no declared shape: the importer must infer."""

    def make(
        nodes: Sequence[onnx.NodeProto],
        inputs: Mapping[str, Sequence[int | str]],
        outputs: Sequence[str],
        weights: Mapping[str, Array] | None = None,
        opset: int = 17,
        name: str = "model",
    ) -> Path:
        graph = helper.make_graph(
            list(nodes),
            "graph",
            [
                helper.make_tensor_value_info(key, TensorProto.FLOAT, list(shape))
                for key, shape in inputs.items()
            ],
            [helper.make_tensor_value_info(key, TensorProto.FLOAT, None) for key in outputs],
            [numpy_helper.from_array(array, key) for key, array in (weights or {}).items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(model.SerializeToString())
        return path

    return make


def differences(module_model: nn.ModelOp, store: MemoryStore, path: Path) -> dict[str, float]:
    """Largest difference from ONNX Runtime on three frames of noise, by output."""
    inputs = samples_for(module_model, 3, low=-1)
    expected = Reference(path).run(inputs)
    worst = dict.fromkeys(expected, 0.0)
    for frame in range(3):
        found = run(module_model, store, {name: array[frame] for name, array in inputs.items()})
        for name, array in expected.items():
            assert found[name].shape == array.shape[1:]
            worst[name] = max(worst[name], float(np.abs(found[name] - array[frame]).max(initial=0)))
    return worst


@pytest.fixture
def check() -> Callable[[Path], nn.ModelOp]:
    """Imports a model and asserts that it computes what ONNX Runtime computes."""

    def import_and_compare(path: Path) -> nn.ModelOp:
        store = MemoryStore()
        model = import_onnx(path, store).body.block.first_op
        assert isinstance(model, nn.ModelOp)
        assert max(differences(model, store, path).values()) < 1e-5
        return model

    return import_and_compare


@pytest.fixture
def check_lowered() -> Callable[[Path], Layers]:
    """Asserts that a network computes what ONNX Runtime computes after all passes, and that hls4ml builds its graph."""

    def lower_and_compare(path: Path) -> Layers:
        found = outcome(path)
        assert found.stage == LOWERED and found.store is not None and found.layers is not None, found.error
        assert max(differences(found.model, found.store, path).values()) < 1e-5
        return found.layers

    return lower_and_compare
