"""Activations put together from layers that hls4ml has, and products by Einsum, against ONNX Runtime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from onnx import helper

from split4ml.compiler.frontend.onnx_import import import_onnx
from split4ml.dialects import nn
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.weights import MemoryStore

Check = Callable[[Path], nn.ModelOp]
MakeOnnx = Callable[..., Path]
Array = npt.NDArray[Any]
N = helper.make_node


def noise(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def scalar(value: float) -> Array:
    return np.array(value, np.float32)


def refused(path: Path) -> str:
    with pytest.raises(Split4mlError) as caught:
        import_onnx(path, MemoryStore())
    return str(caught.value)


@pytest.mark.parametrize(
    ("operator", "attributes"),
    [("Celu", {}), ("Celu", {"alpha": 0.25}), ("Mish", {}), ("Gelu", {"approximate": "tanh"})],
)
def test_composed(operator: str, attributes: dict[str, Any], make_onnx: MakeOnnx, check: Check) -> None:
    check(make_onnx([N(operator, ["x"], ["y"], **attributes)], {"x": ["N", 2, 5]}, ["y"], opset=20))


@pytest.mark.parametrize("exponent", range(1, 9))
def test_whole_powers(exponent: int, make_onnx: MakeOnnx, check: Check) -> None:
    node = N("Pow", ["x", "e"], ["y"], name="power")
    model = check(make_onnx([node], {"x": [1, 2, 5]}, ["y"], {"e": scalar(exponent)}))
    assert "power" in [op.symbol for op in model.block.ops if isinstance(op, nn.TensorOp)]


def test_log_sigmoid(make_onnx: MakeOnnx, check: Check) -> None:
    check(make_onnx([N("Sigmoid", ["x"], ["s"]), N("Log", ["s"], ["y"])], {"x": [1, 5]}, ["y"]))


@pytest.mark.parametrize(("shape", "axis"), [((5,), -1), ((1,), 1), ((8,), 1), ((3, 4), -1), ((4, 3), 1)])
def test_log_softmax(shape: tuple[int, ...], axis: int, make_onnx: MakeOnnx, check: Check) -> None:
    inputs = {"x": ["N", *shape]}
    check(make_onnx([N("LogSoftmax", ["x"], ["y"], axis=axis)], inputs, ["y"]))
    check(make_onnx([N("Softmax", ["x"], ["s"], axis=axis), N("Log", ["s"], ["y"])], inputs, ["y"]))


def test_log_sum_exp(make_onnx: MakeOnnx, check: Check) -> None:
    for options in ({"axes": [1]}, {"axes": [1, 2], "keepdims": 0}):
        check(make_onnx([N("ReduceLogSumExp", ["x"], ["y"], **options)], {"x": ["N", 3, 4]}, ["y"]))


@pytest.mark.parametrize("shape", [(5,), (2, 4)])
def test_log_softmax_is_lowered(
    shape: tuple[int, ...], make_onnx: MakeOnnx, check_lowered: Callable[[Path], object]
) -> None:
    nodes = [N("Relu", ["x"], ["r"]), N("LogSoftmax", ["r"], ["y"], axis=-1)]
    check_lowered(make_onnx(nodes, {"x": ["N", *shape]}, ["y"]))


def test_softplus_as_torch_export_writes_it(make_onnx: MakeOnnx, check: Check) -> None:
    """Without a choice only where the condition changes nothing: another threshold, or another branch, is one by data."""
    plain = [
        N("Softplus", ["x"], ["s"]),
        N("Greater", ["x", "t"], ["c"]),
        N("Where", ["c", "x", "s"], ["y"], name="choice"),
    ]
    check(make_onnx(plain, {"x": [1, 5]}, ["y"], {"t": scalar(20)}))
    scaled = [
        N("Mul", ["x", "b"], ["bx"]),
        N("Softplus", ["bx"], ["s"]),
        N("Div", ["s", "b"], ["sb"]),
        N("Greater", ["bx", "t"], ["c"]),
        N("Where", ["c", "x", "sb"], ["y"], name="choice"),
    ]
    check(make_onnx(scaled, {"x": [1, 5]}, ["y"], {"t": scalar(20), "b": scalar(2)}))
    for nodes, weights in (
        (plain, {"t": scalar(1)}),
        ([*plain[:2], N("Where", ["c", "s", "x"], ["y"], name="choice")], {"t": scalar(20)}),
        (
            [*scaled[:2], N("Div", ["s", "o"], ["sb"]), *scaled[3:]],
            {"t": scalar(20), "b": scalar(2), "o": scalar(3)},
        ),
    ):
        model = check(make_onnx(nodes, {"x": [1, 5]}, ["y"], weights))
        assert any(isinstance(op, nn.ThresholdedReluOp) for op in model.block.ops)


EINSUMS: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "bi,io->bo": ((5,), (5, 3)),
    "bi,oi->bo": ((5,), (3, 5)),
    "bti,io->bto": ((4, 5), (5, 3)),
    "...i,io->...o": ((4, 5), (5, 3)),
    "bit,io->bto": ((5, 4), (5, 3)),
    "bit,io->bot": ((5, 4), (5, 3)),
    "bti,iho->bhto": ((4, 5), (5, 2, 3)),
    "bti,iho->btho": ((4, 5), (5, 2, 3)),
    "bti,i->bt": ((4, 5), (5,)),
    # several axes summed, axes of both kept, axes of one alone
    "bti,ti->b": ((4, 5), (4, 5)),
    "bti,tio->bo": ((4, 5), (4, 5, 3)),
    "bti,ito->bo": ((4, 5), (5, 4, 3)),
    "bhti,tio->boh": ((2, 4, 5), (4, 5, 3)),
    "bti,tio->bto": ((4, 5), (4, 5, 3)),
    "bti,tio->bot": ((4, 5), (4, 5, 3)),
    "bti,ti->bti": ((4, 5), (4, 5)),
    "bti,i->bit": ((4, 5), (5,)),
    "bti,t->bi": ((4, 5), (4,)),
    "bi,o->bio": ((5,), (3,)),
    "bti,io->bo": ((4, 5), (5, 3)),
    "bi,ion->bo": ((5,), (5, 3, 2)),
}


@pytest.mark.parametrize("equation", EINSUMS)
def test_einsum(equation: str, make_onnx: MakeOnnx, check: Check) -> None:
    data, weight = EINSUMS[equation]
    node = N("Einsum", ["x", "w"], ["y"], equation=equation)
    check(make_onnx([node], {"x": [1, *data]}, ["y"], {"w": noise(*weight)}))
    first, rest = equation.split(",")
    second, result = rest.split("->")
    node = N("Einsum", ["w", "x"], ["y"], equation=f"{second},{first}->{result}")
    check(make_onnx([node], {"x": [1, *data]}, ["y"], {"w": noise(*weight)}))


@pytest.mark.parametrize(
    ("data", "weight"),
    [
        ((4, 5), (5,)),
        ((5,), (5,)),
        ((4, 5), (1, 5, 3)),
        ((2, 4, 5), (1, 1, 5, 3)),
        ((2, 4, 5), (2, 5, 3)),
        ((2, 4, 5), (1, 5, 3)),
        ((1, 4, 5), (2, 5, 3)),
        ((3, 2, 4, 5), (2, 5, 3)),
        ((3, 1, 4, 5), (3, 2, 5, 3)),
    ],
)
def test_matmul_by_a_weight_with_axes_of_its_own(
    data: tuple[int, ...], weight: tuple[int, ...], make_onnx: MakeOnnx, check: Check
) -> None:
    node = N("MatMul", ["x", "w"], ["y"], name="product")
    model = check(make_onnx([node], {"x": ["N", *data]}, ["y"], {"w": noise(*weight)}))
    assert "product" in [op.symbol for op in model.block.ops if isinstance(op, nn.TensorOp)]


@pytest.mark.parametrize(
    ("operator", "attributes", "data", "weight"),
    [
        ("Einsum", {"equation": "bti,tio->bo"}, (4, 5), (4, 5, 3)),
        ("Einsum", {"equation": "bti,tio->bto"}, (4, 5), (4, 5, 3)),
        ("Einsum", {"equation": "bti,ti->b"}, (4, 5), (4, 5)),
        ("MatMul", {}, (2, 4, 5), (2, 5, 3)),
        ("MatMul", {}, (4, 5), (5,)),
    ],
)
def test_products_are_lowered(
    operator: str,
    attributes: dict[str, Any],
    data: tuple[int, ...],
    weight: tuple[int, ...],
    make_onnx: MakeOnnx,
    check_lowered: Callable[[Path], object],
) -> None:
    nodes = [N("Relu", ["x"], ["r"]), N(operator, ["r", "w"], ["y"], **attributes)]
    check_lowered(make_onnx(nodes, {"x": ["N", *data]}, ["y"], {"w": noise(*weight)}))


@pytest.mark.parametrize(
    ("data", "weight"),
    [((4, 5), (4,)), ((4, 5), (3, 4)), ((4, 5), (1, 3, 4)), ((2, 4, 5), (2, 3, 4)), ((1, 4, 5), (2, 3, 4))],
)
def test_matmul_with_the_weight_on_the_left(
    data: tuple[int, ...], weight: tuple[int, ...], make_onnx: MakeOnnx, check: Check
) -> None:
    """A graph's adjacency, or a filter along the steps."""
    check(make_onnx([N("MatMul", ["w", "x"], ["y"])], {"x": ["N", *data]}, ["y"], {"w": noise(*weight)}))


def test_refused(make_onnx: MakeOnnx) -> None:
    """The operator, the node's name and what would help."""

    def text(
        operator: str, inputs: list[str], weights: dict[str, Array] | None = None, **options: Any
    ) -> str:
        node = N(operator, inputs, ["y"], name="n7", **options)
        shapes = {"x": [1, 4, 4]} | ({"z": [1, 4, 4]} if "z" in inputs else {})
        return refused(make_onnx([node], shapes, ["y"], weights, opset=20))

    assert "'n7' (Gelu): it is exact" in text("Gelu", ["x"])
    assert "approximate='tanh'" in text("Gelu", ["x"])
    assert "'n7' (Pow): its exponent is 0.5" in text("Pow", ["x", "e"], {"e": scalar(0.5)})
    assert "'n7' (Log): hls4ml has no layer for logarithms" in text("Log", ["x"])
    assert "'n7' (MatMul): it multiplies data by data" in text("MatMul", ["x", "z"])
    product = text("Einsum", ["x", "z"], equation="bij,bjk->bik")
    assert "'n7' (Einsum): it multiplies data by data" in product
    trace = text("Einsum", ["x", "w"], {"w": noise(4, 4)}, equation="bii,io->bo")
    assert "takes a diagonal" in trace
    moved = text("Einsum", ["x", "w"], {"w": noise(4, 4)}, equation="bij,jo->iob")
    assert "the batch, must stay the first of the result" in moved
    stacked = text("MatMul", ["x", "w"], {"w": noise(3, 2, 4, 4)})
    assert "the weight has an axis where the data has its batch" in stacked
    assert "it contracts the batch" in refused(
        make_onnx([N("MatMul", ["w", "x"], ["y"], name="n7")], {"x": [2, 4]}, ["y"], {"w": noise(3, 2)})
    )
    assert "Sqrt: part of a normalisation" in text("Sqrt", ["x"])
