"""Files that are wrong: one clear message with the place, never a traceback of another library."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from split4ml.compiler.frontend.onnx_import import import_onnx
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.weights import MemoryStore

MakeOnnx = Callable[..., Path]


def refusal(path: Path) -> str:
    """The message of the error that the import of a file gives; it names the file."""
    with pytest.raises(Split4mlError) as caught:
        import_onnx(path, MemoryStore())
    text = str(caught.value)
    assert str(path) in text
    return text


@pytest.fixture
def good(make_onnx: MakeOnnx) -> Path:
    node = helper.make_node("Conv", ["x", "w"], ["y"], name="conv")
    return make_onnx([node], {"x": [1, 1, 8, 8]}, ["y"], {"w": np.ones((2, 1, 3, 3), np.float32)})


def test_no_file(tmp_path: Path) -> None:
    assert "cannot read the model" in refusal(tmp_path / "absent.onnx")
    assert "cannot read the model" in refusal(tmp_path)


@pytest.mark.parametrize("content", [b"", b"hello, world\n", b"\x00" * 100, b"PK\x03\x04", b"\x08\x08"])
def test_no_onnx(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    assert "no ONNX file" in refusal(path)


def test_truncated_anywhere(good: Path) -> None:
    content = good.read_bytes()
    for length in range(len(content) - 1):
        good.write_bytes(content[:length])
        refusal(good)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_anywhere(good: Path, data: st.DataObject) -> None:
    """A flipped byte gives a model or a message, nothing else."""
    content = bytearray(good.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = good.with_name("damaged.onnx")
    path.write_bytes(content)
    try:
        import_onnx(path, MemoryStore())
    except Split4mlError as error:
        assert str(path) in str(error)


def test_unsupported_operators_are_all_named(make_onnx: MakeOnnx) -> None:
    nodes = [
        helper.make_node("Relu", ["x"], ["a"]),
        helper.make_node("LpPool", ["a"], ["b"], name="/pool/LpPool", kernel_shape=[2]),
        helper.make_node("FusedConv", ["b", "w"], ["y"], name="fused", domain="com.microsoft"),
    ]
    weights = {"w": np.ones((4, 8, 3), np.float32)}
    text = refusal(make_onnx(nodes, {"x": [1, 4, 3]}, ["y"], weights))
    assert "LpPool (node '/pool/LpPool')" in text
    assert "com.microsoft.FusedConv (node 'fused')" in text
    assert "help: LpPool: use AveragePool" in text


def test_dynamic_shapes(make_onnx: MakeOnnx) -> None:
    node = helper.make_node("Relu", ["x"], ["y"], name="relu")
    text = refusal(make_onnx([node], {"x": ["N", 1, "height", 8]}, ["y"]))
    assert "input 'x'" in text
    assert "axis 2 is dynamic ('height')" in text


@pytest.mark.parametrize("opset", [8, 1000])
def test_opsets(opset: int, make_onnx: MakeOnnx) -> None:
    node = helper.make_node("Relu", ["x"], ["y"])
    assert f"operator set {opset}" in refusal(make_onnx([node], {"x": [1, 8]}, ["y"], opset=opset))


def test_shapes_that_do_not_fit(make_onnx: MakeOnnx) -> None:
    node = helper.make_node("Conv", ["x", "w"], ["y"], name="conv1")
    text = refusal(make_onnx([node], {"x": [1, 3, 8, 8]}, ["y"], {"w": np.ones((2, 4, 3, 3), np.float32)}))
    assert "node 'conv1' (Conv)" in text
    node = helper.make_node("MatMul", ["x", "w"], ["y"], name="fc")
    text = refusal(make_onnx([node], {"x": [1, 3]}, ["y"], {"w": np.ones((4, 3), np.float32)}))
    assert "node 'fc' (MatMul)" in text


MIXING: dict[str, tuple[Any, dict[str, Any], str]] = {
    "transpose": (helper.make_node("Transpose", ["x"], ["y"], name="n", perm=[1, 0, 2]), {}, "batch axis"),
    "reshape": (
        helper.make_node("Reshape", ["x", "s"], ["y"], name="n"),
        {"s": np.array([-1, 3])},
        "mixes frames",
    ),
    "concat": (helper.make_node("Concat", ["x", "x"], ["y"], name="n", axis=0), {}, "along the batch axis"),
    "mean": (
        helper.make_node("ReduceMean", ["x"], ["y"], name="n", axes=[0, 1]),
        {},
        "along the batch axis",
    ),
    "softmax": (helper.make_node("Softmax", ["x"], ["y"], name="n", axis=0), {}, "along the batch axis"),
}


@pytest.mark.parametrize("case", MIXING)
def test_frames_must_not_mix(case: str, make_onnx: MakeOnnx) -> None:
    node, weights, message = MIXING[case]
    text = refusal(make_onnx([node], {"x": [1, 4, 3]}, ["y"], weights))
    assert message in text
    assert "node 'n'" in text


def test_weights_must_be_constant_and_finite(make_onnx: MakeOnnx) -> None:
    node = helper.make_node("MatMul", ["x", "z"], ["y"], name="product")
    text = refusal(make_onnx([node], {"x": [1, 4, 3], "z": [1, 3, 4]}, ["y"]))
    assert "node 'product' (MatMul): it multiplies data by data" in text
    weight = np.full((3, 2), np.nan, np.float32)
    text = refusal(make_onnx([node], {"x": [1, 4, 3]}, ["y"], {"z": weight}))
    assert "not finite" in text


def test_training_mode(make_onnx: MakeOnnx) -> None:
    vector = np.ones(3, np.float32)
    node = helper.make_node(
        "BatchNormalization", ["x", *"sbmv"], ["y", "m2", "v2"], name="bn", training_mode=1
    )
    text = refusal(make_onnx([node], {"x": [1, 3, 4]}, ["y"], dict.fromkeys("sbmv", vector)))
    assert "node 'bn' (BatchNormalization): it is in training mode" in text


def test_inputs_must_be_floats(tmp_path: Path) -> None:
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.UINT8, [1, 4])],
        [helper.make_tensor_value_info("y", TensorProto.UINT8, [1, 4])],
    )
    path = tmp_path / "model.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    assert "inputs must be tensors of floating point, or int32 or int64, not UINT8" in refusal(path)


def test_a_huge_constant_is_not_computed(make_onnx: MakeOnnx) -> None:
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["big"], name="bomb"),
        helper.make_node("Add", ["x", "big"], ["y"]),
    ]
    text = refusal(make_onnx(nodes, {"x": [1, 4]}, ["y"], {"shape": np.array([1 << 20, 1 << 20])}))
    assert "node 'bomb'" in text
    assert "more than" in text


@pytest.fixture
def external(tmp_path: Path) -> Path:
    """A model whose weight lies in a file beside it."""
    weight = helper.make_tensor(
        "w", TensorProto.FLOAT, [64, 64], np.ones(4096, np.float32).tobytes(), raw=True
    )
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 64])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 64])],
        [weight],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path = tmp_path / "model.onnx"
    onnx.save(model, path, save_as_external_data=True, location="w.bin", size_threshold=0)
    return path


def relocate(path: Path, **entries: str) -> None:
    model = onnx.load(path, load_external_data=False)
    for entry in model.graph.initializer[0].external_data:
        entry.value = entries.get(entry.key, entry.value)
    path.write_bytes(model.SerializeToString())


def test_external_data(external: Path) -> None:
    store = MemoryStore()
    import_onnx(external, store)
    assert sum(len(blob) for blob in store.blobs.values()) > 4096 * 4


def test_external_data_missing_or_short(external: Path) -> None:
    weights = external.parent / "w.bin"
    weights.write_bytes(weights.read_bytes()[:-1])
    assert "may be truncated" in refusal(external)
    weights.unlink()
    assert "there is no such file" in refusal(external)


@pytest.mark.parametrize("location", ["../w.bin", "/etc/passwd", "sub/../../w.bin", "", "."])
def test_external_data_stays_in_the_folder(location: str, external: Path) -> None:
    (external.parent.parent / "w.bin").write_bytes(bytes(16384))
    relocate(external, location=location)
    assert "outside the model's folder" in refusal(external)


@pytest.mark.parametrize("entries", [{"offset": "-4"}, {"length": "many"}, {"length": "99999999999"}])
def test_external_data_with_bad_extent(entries: dict[str, str], external: Path) -> None:
    relocate(external, **entries)
    refusal(external)


def test_names_that_are_not_ascii(make_onnx: MakeOnnx) -> None:
    node = helper.make_node("Relu", ["größe"], ["y"], name="schön")
    assert "'größe' has a name that is not ASCII" in refusal(make_onnx([node], {"größe": [1, 4]}, ["y"]))
    node = helper.make_node("Relu", ["x"], ["y"], name="schön")
    store = MemoryStore()
    text = str(import_onnx(make_onnx([node], {"x": [1, 4]}, ["y"]), store))
    assert 'nn.relu @sch_n %x onnx ["sch\\\\xf6n"]' in text


def test_external_data_larger_than_its_tensor(external: Path) -> None:
    """Not read, however large: here it would be a terabyte."""
    with (external.parent / "w.bin").open("r+b") as file:
        file.truncate(1 << 40)
    model = onnx.load(external, load_external_data=False)
    del model.graph.initializer[0].external_data[1:]
    external.write_bytes(model.SerializeToString())
    assert "needs at most" in refusal(external)


LARGE: dict[str, tuple[list[onnx.NodeProto], dict[str, list[int]], dict[str, Any], str]] = {
    "input": (
        [helper.make_node("Relu", ["x"], ["y"])],
        {"x": [1, 1 << 60]},
        {},
        "input 'x': the tensor 'x' of shape",
    ),
    "batch": (
        [helper.make_node("Relu", ["x"], ["y"])],
        {"x": [1 << 60, 4]},
        {},
        "the batch is 1152921504606846976",
    ),
    "rank": ([helper.make_node("Relu", ["x"], ["y"])], {"x": [1] * 1000}, {}, "has 1000 axes"),
    "resize": (
        [helper.make_node("Resize", ["x", "", "", "s"], ["y"], name="n")],
        {"x": [1, 1, 4, 4]},
        {"s": np.array([1, 1, 1 << 33, 4])},
        "node 'n' (Resize): the tensor 'y' of shape 1 x 1 x 8589934592 x 4",
    ),
    "pad": (
        [helper.make_node("Pad", ["x", "s"], ["y"], name="n")],
        {"x": [1, 4]},
        {"s": np.array([0, 0, 0, 1 << 60])},
        "node 'n' (Pad): the tensor 'y'",
    ),
    "convolution": (
        [helper.make_node("Conv", ["x", "w"], ["y"], name="n", pads=[1 << 40] * 4)],
        {"x": [1, 1, 4, 4]},
        {"w": np.ones((1, 1, 3, 3), np.float32)},
        "node 'n' (Conv): the tensor 'y'",
    ),
    "concatenation": (
        [
            helper.make_node("Concat", ["x"] * 1000, ["a"], axis=1),
            helper.make_node("Concat", ["a"] * 1000, ["b"], axis=1),
            helper.make_node("Concat", ["b"] * 1000, ["y"], axis=1),
        ],
        {"x": [1, 4]},
        {},
        "node 'y' (Concat): the tensor 'y' of shape 1 x 4000000000",
    ),
    "expanded constant": (
        [helper.make_node("Expand", ["w", "s"], ["e"], name="n"), helper.make_node("Add", ["x", "e"], ["y"])],
        {"x": [1, 4]},
        {"w": np.ones((1, 4), np.float32), "s": np.array([1 << 60, 4])},
        "node 'n' (Expand): the constant 'e' has more than",
    ),
    "range": (
        [
            helper.make_node("Range", ["a", "b", "c"], ["e"], name="n"),
            helper.make_node("Add", ["x", "e"], ["y"]),
        ],
        {"x": [1, 4]},
        {"a": np.array(0), "b": np.array(1 << 60), "c": np.array(1)},
        "node 'n' (Range): the constant 'e' has more than",
    ),
}


@pytest.mark.parametrize("case", LARGE)
def test_what_is_too_large_is_refused_before_it_is_made(case: str, make_onnx: MakeOnnx) -> None:
    nodes, inputs, weights, words = LARGE[case]
    assert words in refusal(make_onnx(nodes, inputs, ["y"], weights))


def test_constants_that_are_too_large_together(make_onnx: MakeOnnx, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("split4ml.compiler.frontend.onnx_graph.MAX_CONSTANTS", 100)
    nodes = [helper.make_node("ConstantOfShape", ["s"], [f"z{index}"]) for index in range(4)]
    nodes.append(helper.make_node("Relu", ["x"], ["y"]))
    text = refusal(make_onnx(nodes, {"x": [1, 4]}, ["y"], {"s": np.array([30])}))
    assert (
        "node 'z3' (ConstantOfShape): with this, the constants that the model computes have more than 100"
        in text
    )


def calling(bodies: dict[str, list[str]], called: str) -> onnx.ModelProto:
    """A model whose functions call each other in a chain; `Relu` is ONNX's own."""
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    functions = []
    for name, calls in bodies.items():
        nodes = [
            helper.make_node(other, [f"t{index}"], [f"t{index + 1}"], domain="" if other == "Relu" else "own")
            for index, other in enumerate(calls)
        ]
        functions.append(helper.make_function("own", name, ["t0"], [f"t{len(calls)}"], nodes, opsets))
    graph = helper.make_graph(
        [helper.make_node(called, ["x"], ["y"], domain="own")],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    )
    return helper.make_model(graph, opset_imports=opsets, ir_version=8, functions=functions)


def test_functions(tmp_path: Path) -> None:
    """Inlined, unless they never end, or thirty of them become a thousand million nodes."""
    path = tmp_path / "model.onnx"
    double = {"F0": ["Relu"]} | {f"F{depth}": [f"F{depth - 1}"] * 2 for depth in range(1, 31)}
    for bodies, called, words in (
        ({"F": ["F"]}, "F", "in a circle: F"),
        ({"F": ["G"], "G": ["Relu", "F"]}, "F", "in a circle: F, G"),
        (double, "F30", "have more than 200000 nodes"),
    ):
        path.write_bytes(calling(bodies, called).SerializeToString())
        assert words in refusal(path)
    path.write_bytes(calling(double, "F3").SerializeToString())
    assert str(import_onnx(path, MemoryStore())).count("nn.relu") == 8


@pytest.mark.parametrize(
    ("bound", "words"),
    [(np.float32(np.nan), "'min' is not a number"), (np.zeros(3, np.float32), "'min' has 3 elements")],
)
def test_bounds_that_are_none(bound: Any, words: str, make_onnx: MakeOnnx) -> None:
    node = helper.make_node("Clip", ["x", "low"], ["y"], name="clip")
    text = refusal(make_onnx([node], {"x": [1, 4]}, ["y"], {"low": np.asarray(bound)}))
    assert "node 'clip' (Clip): its bound" in text and words in text


def test_pads_with_a_vector_of_values(make_onnx: MakeOnnx) -> None:
    node = helper.make_node("Pad", ["x", "p", "v"], ["y"], name="pad")
    weights = {"p": np.array([0, 0, 0, 2]), "v": np.ones(2, np.float32)}
    assert "node 'pad' (Pad)" in refusal(make_onnx([node], {"x": [1, 4]}, ["y"], weights))
