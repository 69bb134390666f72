"""Quantising operators of ONNX against ONNX Runtime, operator by operator; QONNX's are in tests/unit/quantised."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from onnx import NodeProto, helper

from split4ml.compiler.frontend.onnx_import import import_onnx, quantisers_in
from split4ml.compiler.frontend.onnx_load import load
from split4ml.dialects import nn
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.weights import MemoryStore

Check = Callable[[Path], nn.ModelOp]
MakeOnnx = Callable[..., Path]
Array = npt.NDArray[Any]
QONNX = ("Quant", "IntQuant", "BipolarQuant", "Trunc")
DOMAIN = "qonnx.custom_op.general"


def node(op: str, inputs: Sequence[str], **attributes: Any) -> NodeProto:
    return helper.make_node(op, list(inputs), ["y"], name="it", **attributes)


def scale(value: float = 0.0625) -> Array:
    return np.array(value, np.float32)


def kernel(*shape: int, kind: type = np.int8) -> Array:
    return np.random.default_rng(1).integers(0, 30, shape).astype(kind)


def pair(kind: Any, zero: int, **attributes: Any) -> tuple[list[NodeProto], dict[str, Array]]:
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"], **attributes),
        node("DequantizeLinear", ["q", "s", "z"], **attributes),
    ]
    return nodes, {"s": scale(), "z": np.array(zero, kind)}


@pytest.mark.parametrize(
    ("kind", "zero"),
    [(np.uint8, 0), (np.uint8, 7), (np.uint8, 128), (np.int8, 0), (np.int8, -128), (np.int8, 4)],
)
def test_a_pair(kind: Any, zero: int, check: Check, make_onnx: MakeOnnx) -> None:
    """QuantizeLinear and DequantizeLinear: the zero point is in the range, or in a type of its own."""
    nodes, weights = pair(kind, zero)
    path = make_onnx(nodes, {"x": [1, 4, 6]}, ["y"], weights, opset=13)
    assert quantisers_in(load(path)) == {"QDQ"}
    model = check(path)
    quantisers = [op for op in model.block.ops if isinstance(op, nn.QuantizeOp)]
    assert len(quantisers) == (2 if zero in (7,) else 1)


def test_per_channel_and_unsigned_default(check: Check, make_onnx: MakeOnnx) -> None:
    factors = np.array([0.5, 0.25, 0.125, 0.0625], np.float32)
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s"], ["q"], axis=1),
        node("DequantizeLinear", ["q", "s"], axis=1),
    ]
    check(make_onnx(nodes, {"x": [1, 4, 6]}, ["y"], {"s": factors}, opset=13))


@pytest.mark.parametrize("bits", [4, 16])
def test_other_widths(bits: int, check: Check, make_onnx: MakeOnnx) -> None:
    import ml_dtypes

    kind = ml_dtypes.int4 if bits == 4 else np.int16
    nodes, weights = pair(kind, 0)
    check(make_onnx(nodes, {"x": [1, 4, 6]}, ["y"], weights, opset=21))


def test_weights_per_channel_stay_integers(check: Check, make_onnx: MakeOnnx) -> None:
    weights = {
        "w": kernel(4, 3, 3, 3),
        "ws": np.array([0.1, 0.2, 0.3, 0.4], np.float32),
        "wz": np.zeros(4, np.int8),
        "b": np.array([3, -5, 7, 100], np.int32),
        "bs": np.array([0.1, 0.2, 0.3, 0.4], np.float32),
    }
    nodes = [
        helper.make_node("DequantizeLinear", ["w", "ws", "wz"], ["wf"], axis=0),
        helper.make_node("DequantizeLinear", ["b", "bs"], ["bf"], axis=0),
        node("Conv", ["x", "wf", "bf"], pads=[1, 1, 1, 1]),
    ]
    store = MemoryStore()
    path = make_onnx(nodes, {"x": [1, 3, 4, 4]}, ["y"], weights, opset=13)
    check(path)
    model = import_onnx(path, store).body.block.first_op
    assert isinstance(model, nn.ModelOp)
    (conv,) = (op for op in model.block.ops if isinstance(op, nn.ConvOp))
    assert isinstance(conv.weight.owner, nn.ConstantOp)
    assert np.array_equal(store.get(conv.weight.owner.blob.data), weights["w"])
    assert conv.weight.owner.element_types["result"].width == 5


def test_quantised_and_clipped(check: Check, make_onnx: MakeOnnx) -> None:
    """How Brevitas writes five bits."""
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        helper.make_node("Clip", ["q", "low", "high"], ["c"]),
        node("DequantizeLinear", ["c", "s", "z"]),
    ]
    weights = {"s": scale(), "z": np.array(0, np.int8)}
    weights |= {"low": np.array(-15, np.int8), "high": np.array(15, np.int8)}
    check(make_onnx(nodes, {"x": [1, 4, 6]}, ["y"], weights, opset=13))


def quantised_input(zero: int) -> tuple[list[NodeProto], dict[str, Array]]:
    first = helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"])
    last = helper.make_node("DequantizeLinear", ["i", "ys", "yz"], ["y"])
    weights = {"s": scale(), "z": np.array(zero, np.uint8), "ys": scale(8.0), "yz": np.array(9, np.uint8)}
    return [first, last], weights


def test_qlinear_layers(check: Check, make_onnx: MakeOnnx) -> None:
    """QLinearConv with a bias and padding, a MaxPool of integers, QLinearMatMul."""
    (first, last), weights = quantised_input(3)
    weights |= {
        "w": kernel(2, 3, 3, 3, kind=np.int8),
        "ws": np.array([0.5, 0.25], np.float32),
        "wz": np.zeros(2, np.int8),
        "b": np.array([10, -20], np.int32),
        "one": scale(1.0),
        "five": np.array(5, np.uint8),
        "m": kernel(8, 3, kind=np.uint8),
        "ms": scale(0.25),
        "mz": np.array(40, np.uint8),
        "shape": np.array([0, 8]),
    }
    nodes = [
        first,
        helper.make_node(
            "QLinearConv", ["q", "s", "z", "w", "ws", "wz", "one", "five", "b"], ["c"], pads=[1] * 4
        ),
        helper.make_node("MaxPool", ["c"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Reshape", ["p", "shape"], ["f"]),
        helper.make_node("QLinearMatMul", ["f", "one", "five", "m", "ms", "mz", "ys", "yz"], ["i"]),
        last,
    ]
    check(make_onnx(nodes, {"x": [1, 3, 4, 4]}, ["y"], weights, opset=13))


def test_integer_layers(check: Check, make_onnx: MakeOnnx) -> None:
    (first, _), weights = quantised_input(3)
    weights |= {
        "w": kernel(2, 3, 2, 2, kind=np.uint8),
        "wz": np.array(50, np.uint8),
        "shape": np.array([0, 18]),
        "m": kernel(18, 4, kind=np.int8),
    }
    nodes = [
        first,
        helper.make_node("ConvInteger", ["q", "w", "z", "wz"], ["c"]),
        helper.make_node("Cast", ["c"], ["cf"], to=1),
        helper.make_node("Reshape", ["cf", "shape"], ["f"]),
        helper.make_node("QuantizeLinear", ["f", "big", "zero"], ["g"]),
        helper.make_node("MatMulInteger", ["g", "m"], ["h"]),
        helper.make_node("Cast", ["h"], ["y"], to=1),
    ]
    weights |= {"big": scale(64.0), "zero": np.array(0, np.int8)}
    check(make_onnx(nodes, {"x": [1, 3, 4, 4]}, ["y"], weights, opset=13))


def refused(path: Path) -> str:
    with pytest.raises(Split4mlError) as caught:
        import_onnx(path, MemoryStore())
    return str(caught.value)


def test_refused(make_onnx: MakeOnnx) -> None:
    nodes, weights = pair(np.uint8, 7)
    twice = helper.make_node("Concat", ["q", "q"], ["r"], name="r", axis=1)
    text = refused(make_onnx([nodes[0], twice], {"x": [1, 4]}, ["r"], weights, opset=14))
    assert "node 'r' (Concat)" in text and "whose zero point is 7" in text
    text = refused(make_onnx([nodes[0]], {"x": [1, 4]}, ["q"], weights, opset=13))
    assert "add a DequantizeLinear after it" in text
    dynamic = helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"], name="dyn")
    text = refused(make_onnx([dynamic], {"x": [1, 4]}, ["q"], opset=13))
    assert "DynamicQuantizeLinear (node 'dyn')" in text and "quantise statically" in text
    bad = {"s": scale(-1.0), "z": np.array(0, np.int8)}
    assert "scale must be positive" in refused(make_onnx(nodes, {"x": [1, 4]}, ["y"], bad, opset=13))


def quant_node(op: str = "Quant", parameters: int = 3, **attributes: Any) -> NodeProto:
    names = ["x", "s", "z", "b"][: parameters + 1]
    return helper.make_node(op, names, ["y"], name="it", domain=DOMAIN, **attributes)


@pytest.mark.parametrize(
    ("attributes", "weights", "message"),
    [
        ({"rounding_mode": "CEIL"}, {}, "no rounding mode 'CEIL'"),
        ({}, {"b": np.array(33, np.float32)}, "bit width is 33"),
        ({}, {"b": np.array(2.5, np.float32)}, "bit width is 2.5"),
        ({}, {"z": np.array(0.5, np.float32)}, "zero point is 0.5"),
        ({}, {"s": np.array(0, np.float32)}, "scale must be positive"),
        ({}, {"s": np.array(np.nan, np.float32)}, "not finite"),
    ],
)
def test_qonnx_refused(
    attributes: dict[str, Any], weights: dict[str, Array], message: str, make_onnx: MakeOnnx
) -> None:
    given = {"s": scale(), "z": np.array(0, np.float32), "b": np.array(4, np.float32)} | weights
    path = make_onnx([quant_node(**attributes)], {"x": [1, 4]}, ["y"], given)
    text = refused(path)
    assert "node 'it' (Quant)" in text and message in text
    assert quantisers_in(load(path)) == {"QONNX"}


def test_brevitas_domain(make_onnx: MakeOnnx) -> None:
    given = {"s": scale(), "z": np.array(0, np.float32), "b": np.array(4, np.float32)}
    it = quant_node()
    it.domain = "onnx.brevitas"
    model = import_onnx(make_onnx([it], {"x": [1, 4]}, ["y"], given), MemoryStore()).body.block.first_op
    assert isinstance(model, nn.ModelOp)
    (quantiser,) = (op for op in model.block.ops if isinstance(op, nn.QuantizeOp))
    assert str(quantiser.precision) == "fixed<4,0,RND_CONV,SAT_SYM>"  # narrow is QONNX's default
