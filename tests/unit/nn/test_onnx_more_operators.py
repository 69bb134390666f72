"""Bounds, scales, padding, resizing and means against ONNX Runtime, and what is refused of them."""

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


def noise(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def scalar(value: float) -> Array:
    return np.array(value, np.float32)


@pytest.mark.parametrize(
    ("operator", "attributes"),
    [
        ("Selu", {}),
        ("Selu", {"alpha": 1.5, "gamma": 2.0}),
        ("ThresholdedRelu", {"alpha": 0.25}),
        ("HardSigmoid", {}),
        ("HardSigmoid", {"alpha": 1.5, "beta": 0.25}),
        ("HardSwish", {}),
        ("Neg", {}),
        ("Abs", {}),
        ("Cast", {"to": 1}),
        ("GlobalMaxPool", {}),
        ("ReduceMax", {"axes": [2, 3]}),
        ("ReduceMax", {"axes": [-1], "keepdims": 0}),
        ("Mean", {}),
        ("Sum", {}),
    ],
)
def test_one_operand(operator: str, attributes: dict[str, Any], make_onnx: MakeOnnx, check: Check) -> None:
    node = helper.make_node(operator, ["x"], ["y"], **attributes)
    check(make_onnx([node], {"x": ["N", 3, 4, 5]}, ["y"]))


@pytest.mark.parametrize("bounds", [(0, 6), (0, None), (None, 0.5), (-0.5, 0.25), (0.25, -0.5), (None, None)])
@pytest.mark.parametrize("opset", [9, 17])
def test_clip(
    bounds: tuple[float | None, float | None], opset: int, make_onnx: MakeOnnx, check: Check
) -> None:
    given: dict[str, Any] = {
        key: float(value) for key, value in zip(("min", "max"), bounds, strict=True) if value is not None
    }
    if opset < 11:
        if bounds == (0.25, -0.5):
            return  # not defined before opset 12
        node = helper.make_node("Clip", ["x"], ["y"], **given)
        check(make_onnx([node], {"x": [1, 2, 5]}, ["y"], opset=opset))
        return
    node = helper.make_node("Clip", ["x", *(key if key in given else "" for key in ("min", "max"))], ["y"])
    weights = {key: scalar(value) for key, value in given.items()}
    check(make_onnx([node], {"x": [1, 2, 5]}, ["y"], weights))


@pytest.mark.parametrize("operator", ["Max", "Min", "Mean", "Sum"])
@pytest.mark.parametrize("operands", ["xz", "xc", "cx", "xzx", "xcz"])
def test_several_operands(operator: str, operands: str, make_onnx: MakeOnnx, check: Check) -> None:
    node = helper.make_node(operator, list(operands), ["y"])
    inputs = {name: [1, 3, 4] for name in sorted(set(operands) & set("xz"))}
    check(make_onnx([node], inputs, ["y"], {"c": noise(3, 1)} if "c" in operands else {}))


@pytest.mark.parametrize("shape", [(3, 1, 1), (1,), (1, 3, 1, 1)])
def test_prelu_and_division(shape: tuple[int, ...], make_onnx: MakeOnnx, check: Check) -> None:
    for operator in ("PRelu", "Div"):
        node = helper.make_node(operator, ["x", "c"], ["y"])
        check(make_onnx([node], {"x": [1, 3, 4, 5]}, ["y"], {"c": np.abs(noise(*shape)) + 0.5}))


def test_softsign_as_pytorch_writes_it(make_onnx: MakeOnnx, check: Check) -> None:
    """Only x / (1 + |x|) itself: another sum or another numerator is a division by data."""
    one = {"c": scalar(1)}
    size, total = helper.make_node("Abs", ["x"], ["a"]), helper.make_node("Add", ["a", "c"], ["s"])
    quotient = helper.make_node("Div", ["x", "s"], ["y"])
    check(make_onnx([size, total, quotient], {"x": [1, 4]}, ["y"], one))
    assert "divides by data" in refused(
        make_onnx([size, total, quotient], {"x": [1, 4]}, ["y"], {"c": scalar(2)})
    )
    other = helper.make_node("Div", ["a", "s"], ["y"])
    assert "divides by data" in refused(make_onnx([size, total, other], {"x": [1, 4]}, ["y"], one))


def test_pad(make_onnx: MakeOnnx, check: Check) -> None:
    old = helper.make_node("Pad", ["x"], ["y"], pads=[0, 0, 1, 2, 0, 0, 3, 0])
    check(make_onnx([old], {"x": [1, 2, 3, 4]}, ["y"], opset=10))
    pads = np.array([0, 1, 2, 0, 0, 1])
    new = helper.make_node("Pad", ["x", "p"], ["y"])
    check(make_onnx([new], {"x": [1, 3, 4]}, ["y"], {"p": pads}))
    some = helper.make_node("Pad", ["x", "p", "", "a"], ["y"])
    weights = {"p": np.array([1, 2, 0, 3]), "a": np.array([-1, 1])}
    check(make_onnx([some], {"x": [1, 3, 4]}, ["y"], weights, opset=18))


@pytest.mark.parametrize(
    "modes",
    [
        {},
        {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"},
        {"coordinate_transformation_mode": "pytorch_half_pixel", "nearest_mode": "round_prefer_ceil"},
    ],
)
def test_resize(modes: dict[str, str], make_onnx: MakeOnnx, check: Check) -> None:
    """The optional operands may be absent as empty names, or empty tensors."""
    scales = {"s": np.array([1, 1, 2, 3], np.float32)}
    node = helper.make_node("Resize", ["x", "", "s"], ["y"], mode="nearest", **modes)
    check(make_onnx([node], {"x": [1, 2, 3, 4]}, ["y"], scales))
    sizes = {"z": np.array([1, 2, 9, 4]), "none": np.zeros(0, np.float32)}
    node = helper.make_node("Resize", ["x", "none", "", "z"], ["y"], mode="nearest", **modes)
    check(make_onnx([node], {"x": [1, 2, 3, 4]}, ["y"], sizes))
    line = {"s": np.array([1, 1, 4], np.float32)}
    node = helper.make_node("Resize", ["x", "", "s"], ["y"], mode="nearest", **modes)
    check(make_onnx([node], {"x": [1, 2, 3]}, ["y"], line))


def test_upsample(make_onnx: MakeOnnx, check: Check) -> None:
    node = helper.make_node("Upsample", ["x", "s"], ["y"], mode="nearest")
    path = make_onnx([node], {"x": [1, 2, 3, 4]}, ["y"], {"s": np.array([1, 1, 2, 2], np.float32)}, opset=9)
    check(path)


@pytest.mark.parametrize("mode", ["asymmetric", "half_pixel", "pytorch_half_pixel"])
@pytest.mark.parametrize("scales", [(2, 2), (3, 1), (4, 5), (1, 2)])
def test_linear(mode: str, scales: tuple[int, int], make_onnx: MakeOnnx, check: Check) -> None:
    node = helper.make_node(
        "Resize", ["x", "", "s"], ["y"], mode="linear", coordinate_transformation_mode=mode
    )
    check(make_onnx([node], {"x": [1, 2, 3, 4]}, ["y"], {"s": np.array([1, 1, *scales], np.float32)}))
    check(make_onnx([node], {"x": [1, 2, 1, 2]}, ["y"], {"s": np.array([1, 1, *scales], np.float32)}))
    check(make_onnx([node], {"x": [1, 2, 5]}, ["y"], {"s": np.array([1, 1, scales[0]], np.float32)}))


def test_linear_in_old_opsets(make_onnx: MakeOnnx, check: Check) -> None:
    scales = {"s": np.array([1, 1, 2, 3], np.float32)}
    for operator, opset in (("Upsample", 9), ("Resize", 10)):
        node = helper.make_node(operator, ["x", "s"], ["y"], mode="linear")
        check(make_onnx([node], {"x": [1, 2, 3, 4]}, ["y"], scales, opset=opset))


def test_linear_is_lowered(make_onnx: MakeOnnx, check_lowered: Callable[[Path], object]) -> None:
    nodes = [
        helper.make_node("Conv", ["x", "k"], ["c"]),
        helper.make_node("Resize", ["c", "", "s"], ["y"], mode="linear"),
    ]
    kernel = np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 1, 2, 2)
    scales = np.array([1, 1, 2, 2], np.float32)
    check_lowered(make_onnx(nodes, {"x": [1, 1, 4, 5]}, ["y"], {"k": kernel, "s": scales}))


def refused(path: Path) -> str:
    with pytest.raises(Split4mlError) as caught:
        import_onnx(path, MemoryStore())
    return str(caught.value)


def test_refused(make_onnx: MakeOnnx) -> None:
    """The operator, the node's name and what would help."""
    image, s = {"x": [1, 2, 4, 4]}, {"s": np.array([1, 1, 2, 2], np.float32)}

    def node(kind: str, *inputs: str, **attributes: Any) -> Any:
        return helper.make_node(kind, ["x", *inputs], ["y"], name="n7", **attributes)

    text = refused(make_onnx([node("Resize", "", "s", mode="cubic")], image, ["y"], s))
    assert "'n7' (Resize): its mode is 'cubic'" in text
    aligned = {"mode": "linear", "coordinate_transformation_mode": "align_corners"}
    text = refused(make_onnx([node("Resize", "", "s", **aligned)], image, ["y"], s))
    assert "whose weights differ from place to place" in text and "align_corners=False" in text
    half = {"s": np.array([1, 1, 1.5, 1], np.float32)}
    text = refused(make_onnx([node("Resize", "", "s")], image, ["y"], half))
    assert "from 4 to 6, which is no whole number of times" in text
    corners = node("Resize", "", "s", coordinate_transformation_mode="align_corners")
    assert "do not repeat every element" in refused(
        make_onnx([corners], image, ["y"], {"s": np.array([1, 1, 3, 3], np.float32)})
    )
    pads = {"p": np.array([0, 0, 4, 1, 0, 0, 1, 1])}
    text = refused(make_onnx([node("Pad", "p", mode="reflect")], image, ["y"], pads))
    assert "'n7' (Pad): mode 'reflect' with pads of 4 and 1 around 4" in text
    one = pads | {"v": scalar(-1e9)}
    assert "it pads with -1000000000.0" in refused(make_onnx([node("Pad", "p", "v")], image, ["y"], one))
    text = refused(make_onnx([node("Erf")], image, ["y"]))
    assert "Erf (node 'n7')" in text
    assert "this is an exact GELU" in text
    text = refused(make_onnx([node("Div", "x")], image, ["y"]))
    assert "'n7' (Div): it divides by data" in text
    text = refused(make_onnx([node("Div", "c")], image, ["y"], {"c": scalar(0)}))
    assert "it divides by zero" in text
    text = refused(make_onnx([node("Cast", to=7)], image, ["y"]))
    assert "casts data to INT64" in text
