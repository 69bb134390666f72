"""The passes on nn, on whole networks: what they leave, and that they leave its meaning alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from onnx import helper
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from split4ml.compiler.frontend.onnx_import import import_onnx
from split4ml.compiler.frontend.reference import Reference, sample_inputs
from split4ml.dialects import nn
from split4ml.passes.channels_last import ChannelsLast
from split4ml.passes.eliminate_dead_code import EliminateDeadCode
from split4ml.passes.fold_batch_norm import FoldBatchNorm, fold
from split4ml.passes.fold_constants import FoldConstants
from split4ml.passes.fuse_bias import FuseBias
from split4ml.passes.global_pool_from_reduce import GlobalPoolFromReduce
from split4ml.passes.nn_numpy import run
from split4ml.passes.remove_identity import RemoveIdentity
from split4ml.passes.simplify_reshapes import SimplifyReshapes
from split4ml.passes.weights import MemoryStore

MakeOnnx = Callable[..., Path]


def canonicalisation(store: MemoryStore) -> list[ModulePass]:
    return [
        RemoveIdentity(weights=store),
        FoldConstants(weights=store),
        FuseBias(weights=store),
        FoldBatchNorm(weights=store),
        GlobalPoolFromReduce(),
        SimplifyReshapes(),
        ChannelsLast(weights=store, notes=Mock()),
        SimplifyReshapes(),
        EliminateDeadCode(),
    ]


def model_of(module: ModuleOp) -> nn.ModelOp:
    model = module.body.block.first_op
    assert isinstance(model, nn.ModelOp)
    return model


def canonical(path: Path, tolerance: float = 1e-5) -> nn.ModelOp:
    """The model after all passes, compared with ONNX Runtime after each."""
    store = MemoryStore()
    module = import_onnx(path, store)
    model = model_of(module)
    inputs = sample_inputs({op.source.data: op.shape for op in model.inputs}, 2, low=-1)
    expected = Reference(path).run(inputs)
    for step in canonicalisation(store):
        step.apply(Context(), module)
        module.verify()
        model = model_of(module)
        for frame in range(2):
            found = run(model, store, {name: array[frame] for name, array in inputs.items()})
            for name, array in expected.items():
                np.testing.assert_allclose(found[name], array[frame], atol=tolerance, err_msg=step.name)
    return model


def kinds(model: nn.ModelOp) -> set[str]:
    return {op.name.removeprefix("nn.") for op in model.block.ops}


def test_networks(network: Path) -> None:
    left = kinds(canonical(network))
    assert not left & {"transpose", "batch_norm", "reduce_mean", "identity", "reshape"}
    assert {"conv", "dense"} <= left


def test_canonicalisation_is_stable_and_deterministic(network: Path) -> None:
    texts = []
    for _ in range(2):
        store = MemoryStore()
        module = import_onnx(network, store)
        for step in canonicalisation(store):
            step.apply(Context(), module)
        texts.append(str(module))
    for step in canonicalisation(store):
        step.apply(Context(), module)
    assert texts == [str(module)] * 2


def test_keras_like_export(make_onnx: MakeOnnx) -> None:
    """Data comes channels-last, and is transposed for the convolution and back: all of it cancels."""
    weights = {
        "w": np.linspace(-1, 1, 4 * 3 * 9, dtype=np.float32).reshape(4, 3, 3, 3),
        "v": np.linspace(-1, 1, 64 * 4, dtype=np.float32).reshape(64, 4),
        "shape": np.array([-1, 64]),
        "bias": np.ones(4, np.float32),
    }
    nodes = [
        helper.make_node("Transpose", ["x"], ["a"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["a", "w"], ["b"], auto_pad="SAME_UPPER", strides=[2, 2]),
        helper.make_node("Transpose", ["b"], ["c"], perm=[0, 2, 3, 1]),
        helper.make_node("Add", ["c", "bias"], ["d"]),
        helper.make_node("Reshape", ["d", "shape"], ["e"]),
        helper.make_node("MatMul", ["e", "v"], ["f"]),
        helper.make_node("Add", ["f", "bias"], ["y"]),
    ]
    model = canonical(make_onnx(nodes, {"x": ["N", 8, 8, 3]}, ["y"], weights))
    assert model.inputs[0].order is None, "the user's data is channels-last already"
    assert "transpose" not in kinds(model)
    assert sum(isinstance(op, nn.DenseOp) and op.bias is not None for op in model.block.ops) == 1


def test_one_axis(make_onnx: MakeOnnx) -> None:
    weights = {
        "w": np.ones((4, 2, 3), np.float32),
        "v": np.linspace(-1, 1, 24, dtype=np.float32).reshape(12, 2),
    }
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], pads=[1, 1], strides=[2]),
        helper.make_node("MaxPool", ["a"], ["b"], kernel_shape=[2], strides=[1]),
        helper.make_node("Flatten", ["b"], ["c"]),
        helper.make_node("MatMul", ["c", "v"], ["y"]),
    ]
    canonical(make_onnx(nodes, {"x": ["N", 2, 8]}, ["y"], weights))


def test_a_channels_first_output_records_its_order(make_onnx: MakeOnnx) -> None:
    node = helper.make_node("Conv", ["x", "w"], ["y"])
    model = canonical(make_onnx([node], {"x": [1, 2, 5, 4]}, ["y"], {"w": np.ones((3, 2, 2, 2), np.float32)}))
    assert model.inputs[0].shape == (5, 4, 2)
    assert model.outputs[0].axes == (1, 2, 0)


def test_a_transpose_that_nothing_can_cancel_is_executed(make_onnx: MakeOnnx) -> None:
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"]),
        helper.make_node("MatMul", ["a", "v"], ["y"], name="columns"),
    ]
    weights = {"w": np.ones((3, 2, 1, 1), np.float32), "v": np.ones((4, 4), np.float32)}
    model = canonical(make_onnx(nodes, {"x": [1, 2, 5, 4]}, ["y"], weights))
    assert "transpose" in kinds(model)


def test_shuffled_channels_change_places_in_a_convolution(make_onnx: MakeOnnx) -> None:
    """As ShuffleNet does it."""
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"]),
        helper.make_node("Reshape", ["a", "groups"], ["b"]),
        helper.make_node("Transpose", ["b"], ["c"], perm=[0, 2, 1, 3, 4]),
        helper.make_node("Reshape", ["c", "whole"], ["d"]),
        helper.make_node("Conv", ["d", "v"], ["y"], group=6),
    ]
    weights = {
        "w": np.random.default_rng(0).uniform(-1, 1, (6, 2, 1, 1)).astype(np.float32),
        "v": np.random.default_rng(1).uniform(-1, 1, (6, 1, 3, 3)).astype(np.float32),
        "groups": np.array([0, 2, 3, 5, 4]),
        "whole": np.array([0, 6, 5, 4]),
    }
    model = canonical(make_onnx(nodes, {"x": [1, 2, 5, 4]}, ["y"], weights))
    assert kinds(model) == {"input", "constant", "conv", "output"}
    assert sum(isinstance(op, nn.ConvOp) for op in model.block.ops) == 3


def test_batch_norm_folds_in_double_precision() -> None:
    generator = np.random.default_rng(0)
    weight, bias = generator.normal(size=(3, 2, 1, 1)), generator.normal(size=3)
    factor, shift = generator.normal(size=3), generator.normal(size=3)
    new_weight, new_bias = fold(weight, bias, factor, shift, 0)
    x = generator.normal(size=2)
    before = factor * (weight[:, :, 0, 0] @ x + bias) + shift
    np.testing.assert_allclose(new_weight[:, :, 0, 0] @ x + new_bias, before, rtol=1e-14)


def test_batch_norm_stays_if_the_data_has_another_user(make_onnx: MakeOnnx) -> None:
    vector = np.full(3, 0.5, np.float32)
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"]),
        helper.make_node("BatchNormalization", ["a", *"sbmv"], ["n"]),
        helper.make_node("Add", ["a", "n"], ["y"]),
    ]
    weights = {"w": np.ones((3, 2, 1, 1), np.float32), **dict.fromkeys("sbmv", vector)}
    assert "batch_norm" in kinds(canonical(make_onnx(nodes, {"x": [1, 2, 4, 4]}, ["y"], weights)))


def test_a_shared_weight_is_not_changed_for_its_other_user(make_onnx: MakeOnnx) -> None:
    vector = np.full(2, 2.0, np.float32)
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"]),
        helper.make_node("BatchNormalization", ["a", *"sbmv"], ["n"]),
        helper.make_node("Conv", ["n", "w"], ["y"]),
    ]
    weights = {"w": np.ones((2, 2, 1, 1), np.float32), **dict.fromkeys("sbmv", vector)}
    canonical(make_onnx(nodes, {"x": [1, 2, 4, 4]}, ["y"], weights), tolerance=1e-4)


@pytest.mark.parametrize(
    ("kind", "left", "right"),
    [
        ("Add", "x", "zero"),
        ("Add", "zero", "x"),
        ("Sub", "x", "zero"),
        ("Mul", "x", "one"),
        ("Div", "x", "one"),
    ],
)
def test_what_changes_nothing_goes(kind: str, left: str, right: str, make_onnx: MakeOnnx) -> None:
    """hls4ml drops such a layer even where others read its data, too."""
    nodes = [
        helper.make_node("Relu", ["x"], ["r"]),
        helper.make_node(kind, [left.replace("x", "r"), right.replace("x", "r")], ["s"], name="nothing"),
        helper.make_node("Sigmoid", ["s"], ["a"]),
        helper.make_node("Add", ["a", "r"], ["y"]),
    ]
    weights = {"zero": np.zeros(3, np.float32), "one": np.array(1, np.float32)}
    used = {name: array for name, array in weights.items() if name in (left, right)}
    store = MemoryStore()
    module = import_onnx(make_onnx(nodes, {"x": ["N", 3]}, ["y"], used), store)
    RemoveIdentity(weights=store).apply(Context(), module)
    names = [op.symbol for op in model_of(module).block.ops if isinstance(op, nn.TensorOp)]
    assert "nothing" not in names
