"""The zoo of small networks (tests/networks/zoo.py), by both of PyTorch's exporters: all the way to hls4ml's graph.

The slow test compiles the C simulation of every network as well.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from xdsl.context import Context

from split4ml.backends.hls4ml.graph import build_graph
from split4ml.compiler.frontend.onnx_import import import_onnx
from split4ml.compiler.frontend.reference import Reference, sample_inputs
from split4ml.dialects import nn
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.channels_last import ChannelsLast
from split4ml.passes.eliminate_dead_code import EliminateDeadCode
from split4ml.passes.fold_batch_norm import FoldBatchNorm
from split4ml.passes.fold_constants import FoldConstants
from split4ml.passes.fuse_bias import FuseBias
from split4ml.passes.fuse_pads import FusePads
from split4ml.passes.global_pool_from_reduce import GlobalPoolFromReduce
from split4ml.passes.nn_layers import layers_of
from split4ml.passes.nn_numpy import run
from split4ml.passes.relu_from_bounds import ReluFromBounds
from split4ml.passes.remove_identity import RemoveIdentity
from split4ml.passes.simplify_reshapes import SimplifyReshapes
from split4ml.passes.weights import MemoryStore

ZOO = sorted((Path(__file__).parents[2] / "networks/zoo").glob("*.onnx"))
NOT_YET = {
    "activations.dynamo": "torch.export writes Softplus as Where(x > 20, x, softplus(x)), which is not recognised"
}
"""Networks that are refused with their operator named, and should not be."""

CASES = [
    pytest.param(
        path,
        id=path.name.removesuffix(".onnx"),
        marks=[pytest.mark.xfail(raises=Split4mlError, strict=True, reason=NOT_YET[name])]
        if (name := path.name.removesuffix(".onnx")) in NOT_YET
        else [],
    )
    for path in ZOO
]
COARSE = {
    "mlp": "hls4ml's softmax looks its exponent up by the upper ten bits of a value: 64 apart at fixed<40,16>"
}
"""Networks whose tables are no use at the precision of the firmware test."""

FIRMWARE = [
    pytest.param(
        path,
        id=path.name.split(".")[0],
        marks=[pytest.mark.xfail(raises=AssertionError, strict=True, reason=COARSE[name])]
        if (name := path.name.split(".")[0]) in COARSE
        else [],
    )
    for path in ZOO
    if path.name.endswith(".script.onnx")
]
"""One exporter's files: what the other one writes becomes the same layers. About 15 s each."""
SHAPES = dict[str, tuple[int, ...]]


def shapes_of(model: nn.ModelOp) -> SHAPES:
    """The user's shapes of the inputs, without batch."""
    return {op.source.data: tuple(np.array(op.shape)[np.argsort(op.axes)].tolist()) for op in model.inputs}


def test_the_zoo_is_complete() -> None:
    names = {path.name.split(".")[0] for path in ZOO}
    assert len(names) >= 25
    assert len(ZOO) == 2 * len(names)
    assert all(path.stat().st_size < 60_000 for path in ZOO)


@pytest.mark.parametrize("path", CASES)
def test_to_hls4ml(path: Path) -> None:
    """After all passes the network computes what ONNX Runtime does, and hls4ml builds its graph."""
    store = MemoryStore()
    module = import_onnx(path, store)
    for step in (
        RemoveIdentity(),
        FoldConstants(weights=store),
        ReluFromBounds(weights=store),
        FusePads(),
        FuseBias(weights=store),
        FoldBatchNorm(weights=store),
        GlobalPoolFromReduce(),
        SimplifyReshapes(),
        ChannelsLast(weights=store),
        SimplifyReshapes(),
        EliminateDeadCode(),
    ):
        step.apply(Context(), module)
    module.verify()
    model = module.body.block.first_op
    assert isinstance(model, nn.ModelOp)
    frames = sample_inputs(shapes_of(model), 2, low=-1)
    expected = Reference(path).run(frames)
    for index in range(2):
        found = run(model, store, {name: array[index] for name, array in frames.items()})
        for name, array in expected.items():
            np.testing.assert_allclose(found[name], array[index], atol=1e-5)
    layers = layers_of(model, store)
    graph = build_graph(layers.layers, layers.inputs, layers.outputs, None, layers.onnx_names)
    assert not graph.warnings


@pytest.mark.slow
@pytest.mark.parametrize("path", FIRMWARE)
def test_firmware(path: Path, tmp_path: Path) -> None:
    """hls4ml's C simulation at fixed<40,16>: what remains are its tables, of 1024 entries over [-8, 8] or [0, 8]."""
    model = import_onnx(path, MemoryStore()).body.block.first_op
    assert isinstance(model, nn.ModelOp)
    frames = sample_inputs(shapes_of(model), 5, low=-1)
    expected = Reference(path).run(frames)
    np.savez(tmp_path / "frames.npz", **frames)  # type: ignore[arg-type]
    script = Path(__file__).with_name("test_nn_layers.py")
    subprocess.run([sys.executable, str(script), str(path), str(tmp_path)], check=True, timeout=600)
    with np.load(tmp_path / "found.npz") as found:
        for name, array in expected.items():
            np.testing.assert_allclose(found[name], array, atol=3e-2)
