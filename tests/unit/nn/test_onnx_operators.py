"""Every supported ONNX operator, against ONNX Runtime: attribute defaults, odd shapes, all ways to write a thing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from onnx import helper

from split4ml.compiler.frontend.onnx_import import supported_operators
from split4ml.dialects import nn

Check = Callable[[Path], nn.ModelOp]
MakeOnnx = Callable[..., Path]
Array = npt.NDArray[Any]


def noise(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def kinds(model: nn.ModelOp) -> list[str]:
    """Names of the ops that compute, without the dialect."""
    return [
        op.name.removeprefix("nn.")
        for op in model.block.ops
        if not isinstance(op, (nn.InputOp, nn.OutputOp, nn.ConstantOp))
    ]


CONVOLUTIONS: dict[str, tuple[Sequence[int], Sequence[int], dict[str, Any]]] = {
    "defaults": ((3, 8, 8), (4, 3, 3, 3), {}),
    "all": (
        (4, 9, 7),
        (6, 2, 3, 2),
        {"strides": [2, 1], "pads": [1, 0, 2, 1], "dilations": [2, 3], "group": 2},
    ),
    "depthwise": ((4, 6, 6), (4, 1, 3, 3), {"group": 4, "pads": [1, 1, 1, 1]}),
    "one axis": ((3, 12), (5, 3, 4), {"strides": [3], "pads": [2, 1]}),
    "one axis, defaults": ((3, 12), (5, 3, 4), {}),
    "same upper": ((2, 7, 8), (3, 2, 4, 3), {"auto_pad": "SAME_UPPER", "strides": [2, 3]}),
    "same lower": ((2, 7, 8), (3, 2, 4, 2), {"auto_pad": "SAME_LOWER", "strides": [1, 2]}),
    "valid": ((2, 7, 8), (3, 2, 4, 2), {"auto_pad": "VALID"}),
}


@pytest.mark.parametrize("case", CONVOLUTIONS)
@pytest.mark.parametrize("bias", [False, True])
def test_conv(case: str, bias: bool, make_onnx: MakeOnnx, check: Check) -> None:
    data, weight, attributes = CONVOLUTIONS[case]
    weights = {"w": noise(*weight)} | ({"b": noise(weight[0], seed=1)} if bias else {})
    node = helper.make_node("Conv", ["x", *weights], ["y"], **attributes)
    assert kinds(check(make_onnx([node], {"x": ["N", *data]}, ["y"], weights))) == ["conv"]


POOLS: dict[str, tuple[Sequence[int], dict[str, Any]]] = {
    "plain": ((3, 8, 8), {"kernel_shape": [2, 2], "strides": [2, 2]}),
    "stride 1 by default": ((3, 8, 8), {"kernel_shape": [3, 2]}),
    "padded": ((3, 8, 8), {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}),
    "ceil": ((3, 8, 7), {"kernel_shape": [3, 2], "strides": [2, 2], "ceil_mode": 1}),
    "one axis": ((3, 9), {"kernel_shape": [3], "strides": [2]}),
    "same": ((3, 7, 7), {"kernel_shape": [2, 2], "strides": [2, 2], "auto_pad": "SAME_UPPER"}),
}


@pytest.mark.parametrize("case", POOLS)
@pytest.mark.parametrize("operator", ["MaxPool", "AveragePool"])
def test_pool(case: str, operator: str, make_onnx: MakeOnnx, check: Check) -> None:
    data, attributes = POOLS[case]
    node = helper.make_node(operator, ["x"], ["y"], **attributes)
    check(make_onnx([node], {"x": [1, *data]}, ["y"]))


def test_average_pool_counts_pads(make_onnx: MakeOnnx, check: Check) -> None:
    node = helper.make_node(
        "AveragePool", ["x"], ["y"], kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1
    )
    check(make_onnx([node], {"x": [1, 2, 6, 6]}, ["y"]))


def test_batch_norm(make_onnx: MakeOnnx, check: Check) -> None:
    weights = {key: noise(3, seed=i) for i, key in enumerate("sbm")} | {"v": noise(3) ** 2 + 0.1}
    for data in ([3], [3, 5], [3, 4, 5]):
        node = helper.make_node("BatchNormalization", ["x", *weights], ["y"], epsilon=0.01)
        assert kinds(check(make_onnx([node], {"x": [1, *data]}, ["y"], weights))) == ["batch_norm"]


def test_local_response_norm(make_onnx: MakeOnnx, check: Check) -> None:
    for attributes in ({"size": 3}, {"size": 5, "alpha": 0.5, "beta": 0.5, "bias": 2.0}):
        node = helper.make_node("LRN", ["x"], ["y"], **attributes)
        assert kinds(check(make_onnx([node], {"x": [1, 7, 3, 4]}, ["y"]))) == ["local_response_norm"]


@pytest.mark.parametrize(
    "operator", ["Relu", "Sigmoid", "Tanh", "Softplus", "Softsign", "LeakyRelu", "Elu", "Identity", "Dropout"]
)
def test_elementwise(operator: str, make_onnx: MakeOnnx, check: Check) -> None:
    node = helper.make_node(operator, ["x"], ["y"])
    check(make_onnx([node], {"x": ["batch", 2, 5]}, ["y"]))


@pytest.mark.parametrize("operator", ["Add", "Sub", "Mul"])
@pytest.mark.parametrize("shape", [(3, 4, 5), (1, 3, 4, 5), (3, 1, 1), (1, 3, 1, 1), (5,), (), (1,)])
def test_binary_with_a_constant(
    operator: str, shape: tuple[int, ...], make_onnx: MakeOnnx, check: Check
) -> None:
    for operands in (["x", "c"], ["c", "x"]):
        node = helper.make_node(operator, operands, ["y"])
        check(make_onnx([node], {"x": [1, 3, 4, 5]}, ["y"], {"c": noise(*shape)}))


def test_binary_of_data(make_onnx: MakeOnnx, check: Check) -> None:
    node = helper.make_node("Add", ["x", "z"], ["y"])
    check(make_onnx([node], {"x": ["N", 3, 4], "z": ["N", 3, 4]}, ["y"]))


@pytest.mark.parametrize("attributes", [{}, {"transB": 1}, {"alpha": 0.5, "beta": 2.0, "transB": 1}])
@pytest.mark.parametrize("bias", [None, (4,), (1, 4), (1,), ()])
def test_gemm(
    attributes: dict[str, Any], bias: tuple[int, ...] | None, make_onnx: MakeOnnx, check: Check
) -> None:
    weight = noise(4, 6) if attributes.get("transB") else noise(6, 4)
    weights = {"w": weight} | ({"b": noise(*bias)} if bias is not None else {})
    node = helper.make_node("Gemm", ["x", *weights], ["y"], **attributes)
    assert kinds(check(make_onnx([node], {"x": ["N", 6]}, ["y"], weights))) == ["dense"]


def test_matmul_with_transposed_constant(make_onnx: MakeOnnx, check: Check) -> None:
    nodes = [
        helper.make_node("Transpose", ["w"], ["t"], perm=[1, 0]),
        helper.make_node("MatMul", ["x", "t"], ["m"]),
        helper.make_node("Add", ["b", "m"], ["y"]),
    ]
    model = check(make_onnx(nodes, {"x": [1, 5, 6]}, ["y"], {"w": noise(4, 6), "b": noise(4)}))
    assert kinds(model) == ["dense", "add"]


@pytest.mark.parametrize("opset", [11, 13])
def test_softmax(opset: int, make_onnx: MakeOnnx, check: Check) -> None:
    check(make_onnx([helper.make_node("Softmax", ["x"], ["y"])], {"x": [1, 7]}, ["y"], opset=opset))
    node = helper.make_node("Softmax", ["x"], ["y"], axis=2)
    check(make_onnx([node], {"x": [1, 3, 4]}, ["y"], opset=opset))


@pytest.mark.parametrize("keep", [0, 1])
@pytest.mark.parametrize("opset", [13, 18])
def test_reduce_mean(keep: int, opset: int, make_onnx: MakeOnnx, check: Check) -> None:
    if opset >= 18:  # from then on axes are an operand
        node = helper.make_node("ReduceMean", ["x", "axes"], ["y"], keepdims=keep)
        path = make_onnx([node], {"x": [1, 3, 4, 5]}, ["y"], {"axes": np.array([-1, 2])}, opset)
    else:
        node = helper.make_node("ReduceMean", ["x"], ["y"], axes=[3, 2], keepdims=keep)
        path = make_onnx([node], {"x": [1, 3, 4, 5]}, ["y"], opset=opset)
    assert kinds(check(path)) == ["reduce_mean"]


def test_global_average_pool(make_onnx: MakeOnnx, check: Check) -> None:
    for data in ([3, 7], [3, 4, 5]):
        node = helper.make_node("GlobalAveragePool", ["x"], ["y"])
        check(make_onnx([node], {"x": ["N", *data]}, ["y"]))


def test_shapes_of_every_kind(make_onnx: MakeOnnx, check: Check) -> None:
    nodes = [
        helper.make_node("Unsqueeze", ["x", "one"], ["a"]),
        helper.make_node("Squeeze", ["a", "one"], ["b"]),
        helper.make_node("Transpose", ["b"], ["c"], perm=[0, 2, 3, 1]),
        helper.make_node("Flatten", ["c"], ["d"]),
        helper.make_node("Reshape", ["d", "shape"], ["y"]),
    ]
    weights = {"one": np.array([1]), "shape": np.array([0, -1, 3])}
    check(make_onnx(nodes, {"x": [1, 3, 4, 5]}, ["y"], weights))


def test_a_shape_computed_from_shapes(make_onnx: MakeOnnx, check: Check) -> None:
    """What `x.view(x.size(0), -1)` becomes in old exports."""
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Constant", [], ["zero"], value_int=0),
        helper.make_node("Gather", ["s", "zero"], ["n"]),
        helper.make_node("Constant", [], ["axes"], value_ints=[0]),
        helper.make_node("Unsqueeze", ["n", "axes"], ["n1"]),
        helper.make_node("Constant", [], ["rest"], value_ints=[-1]),
        helper.make_node("Concat", ["n1", "rest"], ["target"], axis=0),
        helper.make_node("Reshape", ["x", "target"], ["y"]),
    ]
    assert kinds(check(make_onnx(nodes, {"x": ["N", 3, 4, 5]}, ["y"]))) == ["reshape"]


def test_concat(make_onnx: MakeOnnx, check: Check) -> None:
    node = helper.make_node("Concat", ["x", "z", "x"], ["y"], axis=-2)
    check(make_onnx([node], {"x": [1, 2, 3, 4], "z": [1, 2, 1, 4]}, ["y"]))


@pytest.mark.parametrize("batch", ["N", 1, 4])
def test_the_batch_axis_goes(batch: int | str, make_onnx: MakeOnnx, check: Check) -> None:
    node = helper.make_node("Reshape", ["x", "shape"], ["y"])
    target = np.array([batch if isinstance(batch, int) else -1, 12])
    model = check(make_onnx([node], {"x": [batch, 3, 4]}, ["y"], {"shape": target}))
    assert [op.shape for op in model.inputs] == [(3, 4)]


def test_a_cast_to_the_type_of_data(make_onnx: MakeOnnx, check: Check) -> None:
    nodes = [
        helper.make_node("CastLike", ["zero", "x"], ["z"]),
        helper.make_node("Expand", ["z", "shape"], ["b"]),
        helper.make_node("Conv", ["x", "w", "b"], ["y"]),
    ]
    weights = {"zero": np.array(2), "shape": np.array([4]), "w": noise(4, 3, 1, 1)}
    assert kinds(check(make_onnx(nodes, {"x": [1, 3, 4, 4]}, ["y"], weights, 20))) == ["conv"]


def test_every_supported_operator_is_tested() -> None:
    source = "".join(path.read_text() for path in Path(__file__).parent.glob("test_onnx_*.py"))
    assert [name for name in supported_operators() if f'"{name}"' not in source] == []


def test_names_and_origins(make_onnx: MakeOnnx, check: Check) -> None:
    nodes = [
        helper.make_node("Relu", ["input"], ["1"], name="/layer/relu"),
        helper.make_node("Relu", ["1"], ["rm -rf $HOME"], name="int"),
        helper.make_node("Relu", ["rm -rf $HOME"], ["3"]),
        helper.make_node("Tanh", ["3"], ["out"], name="layer_relu"),
    ]
    model = check(make_onnx(nodes, {"input": [1, 4]}, ["out"], name="7; drop"))
    ops = [op for op in model.block.ops if isinstance(op, nn.TensorOp)]
    assert model.symbol == "model_7_drop"
    assert [op.symbol for op in ops] == ["input_1", "layer_relu", "int_1", "relu", "layer_relu_1"]
    assert [op.onnx_names for op in ops[1:]] == [("/layer/relu",), ("int",), ("3",), ("layer_relu",)]
    assert model.inputs[0].source.data == "input"
    assert model.outputs[0].source.data == "out"
