"""Element types by ranges and an error bound: what they promise, on small networks and on any numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from split4ml.compiler.defaults import pipeline_of
from split4ml.compiler.options import CompileOptions
from split4ml.compiler.passrunner import context, run_passes
from split4ml.compiler.sources import read_source
from split4ml.compiler.workspace import workspace
from split4ml.dialects import nn
from split4ml.passes.chosen_types import DEFAULT, Typing, Widths, aligned_to, covering, holding
from split4ml.passes.fixed.grid import ends, quantized
from split4ml.passes.precision_search import Found, search
from split4ml.passes.weights import MemoryStore

ZOO = Path(__file__).parents[2] / "networks" / "zoo"
NUMBERS = st.floats(-1e4, 1e4).filter(lambda x: x == 0 or abs(x) > 1e-6)


def found(network: str | Path, bound: float) -> Found:
    """For a network of the zoo, or in a file, as the default pipeline leaves it before it is lowered."""
    path = network if isinstance(network, Path) else ZOO / f"{network}.onnx"
    specs = pipeline_of(CompileOptions())
    specs = specs[: [spec.name for spec in specs].index("lower-nn-to-flow")]
    with workspace(path) as files:
        module = read_source(path, files)
        run_passes(specs, files.services, context(), module)
        (model,) = (op for op in module.ops if isinstance(op, nn.ModelOp))
        inputs, outputs, random = files.session().samples(model)
        assert random
        return search(model, files.session().store, inputs, outputs, bound, 1.25)


def bits(result: Found) -> int:
    return sum(precision.width for types in result.types.values() for precision in types.values())


@pytest.mark.parametrize("name", ["lenet.dynamo", "inception.script", "cnn1d.dynamo", "mobilenet.script"])
def test_a_tighter_bound_is_met_and_takes_more_bits(name: str) -> None:
    loose, tight = found(name, 0.05), found(name, 0.002)
    for result, bound in ((loose, 0.05), (tight, 0.002)):
        assert result.met and max(result.error.values()) <= bound
    assert loose.uniform < tight.uniform and bits(loose) < bits(tight)


def test_tables_have_an_end() -> None:
    """What no width reaches is said, not hidden."""
    result = found("activations.script", 1e-6)
    assert not result.met and max(result.error.values()) > 1e-6
    assert result.uniform < 24


@given(st.lists(NUMBERS, min_size=1, max_size=8), st.integers(3, 24))
def test_a_range_is_covered(numbers: list[float], width: int) -> None:
    """To half a step, but for the greatest number, which may be rounded up to what the type just does not hold."""
    reach = (min(0.0, *numbers), max(0.0, *numbers))
    precision = covering(reach, width)
    step = 2.0**-precision.fraction
    off = np.abs(quantized(np.array(numbers), precision) - numbers)
    assert precision.width == width and off.max() <= step
    if width > 3 and any(numbers):  # no bit too many before the point
        assert max(-reach[0], reach[1]) >= 2.0 ** (precision.integer - precision.signed - 1)


@given(st.lists(NUMBERS, min_size=1, max_size=8), st.integers(1, 24), st.integers(-4, 30))
def test_constants_are_rounded_to_nearest(numbers: list[float], width: int, fraction: int) -> None:
    values = np.array(numbers)
    for precision in (holding(values, width), aligned_to(values, fraction)):
        assert np.abs(quantized(values, precision) - values).max() <= 2.0**-precision.fraction / 2
    assert 3 <= holding(values, width).width <= max(width, 3)
    assert holding(np.array([0.5, -0.25, 0.75]), width).width == 3
    assert aligned_to(values, fraction).fraction == fraction


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_sums_are_exact_whatever_the_data(data: st.DataObject) -> None:
    """At the corners of what data and weights can be."""
    inputs, outputs = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 3))
    generator = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    store = MemoryStore()
    model = nn.ModelOp("m")
    x = nn.InputOp("x", "x", (inputs,))
    kernel = generator.normal(0, 10.0 ** generator.integers(-3, 3), (inputs, outputs)).astype(np.float32)
    w = nn.ConstantOp("w", store.put(kernel), kernel.shape)
    bias = generator.normal(0, 3, outputs).astype(np.float32)
    b = nn.ConstantOp("b", store.put(bias), bias.shape)
    fc = nn.DenseOp("fc", x.result, w.result, b.result)
    model.block.add_ops([x, w, b, fc])
    reach = float(10.0 ** generator.integers(-2, 3))
    low = data.draw(st.sampled_from([0.0, -reach]))
    widths = Widths({"x": data.draw(st.integers(3, 20)), "fc": 8}, {"fc": data.draw(st.integers(3, 20))})
    typing = Typing(store, {x.result: (low, reach), fc.result: (-1.0, 1.0)}, widths)
    element = typing.visit(x)["result"]
    types = typing.visit(fc)
    held, offset = (
        quantized(kernel.astype(np.float64), types["weight"]),
        quantized(bias.astype(np.float64), types["bias"]),
    )
    least, greatest = ends(element)
    for column in range(outputs):
        for corner in (
            np.where(held[:, column] > 0, greatest, least),
            np.where(held[:, column] > 0, least, greatest),
        ):
            sums = np.cumsum([offset[column], *(corner * held[:, column])])
            assert np.array_equal(quantized(sums, types["accum"]), sums)


STATED = {
    "slices and sums of channels": [
        helper.make_node("Conv", ["x", "w"], ["d"]),
        helper.make_node("Split", ["d"], ["a", "b"], axis=1),
        helper.make_node("Relu", ["b"], ["r"]),
        helper.make_node("Concat", ["r", "a"], ["c"], axis=1),
        helper.make_node("ReduceSum", ["c", "axes"], ["y"], keepdims=1),
    ],
    "pools that overlap": [
        helper.make_node("AveragePool", ["x"], ["a"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["a"], ["y"]),
    ],
    "shuffled channels": [
        helper.make_node("DepthToSpace", ["x"], ["a"], blocksize=2),
        helper.make_node("Relu", ["a"], ["y"]),
    ],
}


@pytest.mark.parametrize("name", STATED)
def test_types_that_a_pass_has_stated_are_kept(name: str, make_onnx: Callable[..., Path]) -> None:
    """Weights of zeros and ones, and one over a number of elements: all other types are found."""
    kernel = np.linspace(-1, 1, 16, dtype=np.float32).reshape(4, 4, 1, 1)
    weights = {"axes": np.array([1]), "w": kernel} if "sums" in name else {}
    path = make_onnx(STATED[name], {"x": ["N", 4, 6, 6]}, ["y"], weights)
    result = found(path, 0.01)
    assert result.met and max(result.error.values()) <= 0.01
    stated = {str(types["weight"]) for types in result.types.values() if "weight" in types}
    assert stated.intersection(("fixed<3,2>", "fixed<18,-2>"))


@pytest.mark.parametrize("name", ["lstm.dynamo", "lstm_stacked.script"])
def test_an_lstm_is_given_data_of_its_results_type(name: str) -> None:
    """hls4ml's kernel does not compile otherwise."""
    types = found(name, 0.01).types
    source = next(iter(types.values()))
    assert source["result"] == DEFAULT and DEFAULT.rounding == "TRN"


def test_through_what_moves_data_to_an_lstm(make_onnx: Callable[..., Path]) -> None:
    nodes = [
        helper.make_node("Conv", ["x", "k"], ["c"], name="conv"),
        helper.make_node("Relu", ["c"], ["r"], name="relu"),
        helper.make_node("MaxPool", ["r"], ["p"], kernel_shape=[2], strides=[2]),
        helper.make_node("Transpose", ["p"], ["t"], perm=[2, 0, 1]),
        helper.make_node("LSTM", ["t", "w", "u"], ["", "h"], hidden_size=3),
        helper.make_node("Squeeze", ["h", "axes"], ["y"]),
    ]
    shapes = {"k": (3, 2, 2), "w": (1, 12, 3), "u": (1, 12, 3)}
    weights = {name: np.full(shape, 0.25, np.float32) for name, shape in shapes.items()}
    path = make_onnx(nodes, {"x": ["N", 2, 7]}, ["y"], weights | {"axes": np.array([0])})
    types = found(path, 0.01).types
    assert types["relu"]["result"] == DEFAULT and types["conv"]["result"] != DEFAULT
