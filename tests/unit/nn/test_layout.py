"""The arithmetic of layouts against numpy, and channels-last on networks made of nothing but shape."""

from __future__ import annotations

from itertools import permutations
from math import prod
from unittest.mock import Mock

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.ir import SSAValue
from xdsl.parser import Parser

from split4ml.dialects import nn
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.channels_last import ChannelsLast
from split4ml.passes.nn_layout import Stored
from split4ml.passes.nn_numpy import run
from split4ml.passes.weights import MemoryStore

SHAPES = st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple)


def data(shape: tuple[int, ...]) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.arange(prod(shape)).reshape(shape)


@given(SHAPES, st.data())
def test_a_stored_transpose(shape: tuple[int, ...], draw: st.DataObject) -> None:
    """Transposing the description of a tensor describes the transposed tensor, stored as before."""
    order = draw.draw(st.permutations(range(len(shape))))
    perm = draw.draw(st.permutations(range(len(shape))))
    logical = data(shape)
    physical = logical.transpose(order).reshape(-1)
    after = Stored.of(shape, order).transposed(perm)
    assert after.shape == logical.transpose(perm).shape
    assert np.array_equal(logical.transpose(perm).reshape(-1)[after.index], physical)


@given(SHAPES)
def test_orders_are_found_again(shape: tuple[int, ...]) -> None:
    for order in permutations(range(len(shape))):
        stored = Stored.of(shape, order)
        assert stored.has_order(order)
        found = stored.order(order)
        assert found == order
        other = stored.order()
        assert other is not None
        assert np.array_equal(Stored.of(shape, other).index, stored.index)


def test_concatenated_vectors() -> None:
    parts = [Stored.of((2, 3), (1, 0)).reshaped((6,)), Stored.plain((2,))]
    assert parts[0].concatenated(parts[1:]).index.tolist() == [0, 3, 1, 4, 2, 5, 6, 7]


class Weights(MemoryStore):
    """A store that does not fill a report with bytes."""

    def __repr__(self) -> str:
        return f"{len(self.blobs)} blobs"


@st.composite
def networks(draw: st.DrawFn) -> tuple[str, Weights]:
    """A convolution and a dense layer, around any mixture of what moves data; as text, which can be read in reports."""
    store = Weights()
    generator = np.random.default_rng(draw(st.integers(0, 99)))

    def constant(name: str, *shape: int) -> SSAValue:
        op = nn.ConstantOp(name, store.put(generator.uniform(-1, 1, shape)), shape)
        model.block.add_op(op)
        return op.result

    model = nn.ModelOp("m")
    channels = draw(st.integers(1, 3))
    source = nn.InputOp("x", "x", (channels, 4, 2))
    model.block.add_op(source)
    filters = draw(st.sampled_from([1, 2, 4]))
    op: nn.TensorOp = nn.ConvOp(
        "conv", source.result, constant("cw", filters, channels, 1, 1), None, strides=[1, 1], pads=[0] * 4
    )
    model.block.add_op(op)
    for index in range(draw(st.integers(0, 5))):
        value, shape, name = op.result, op.shape, f"op_{index}"
        match draw(st.sampled_from(["transpose", "reshape", "flatten", "relu", "add", "concat", "split"])):
            case "transpose":
                op = nn.TransposeOp(name, value, draw(st.permutations(range(len(shape)))))
            case "reshape":
                left = draw(st.sampled_from([size for size in (1, 2, 4) if prod(shape) % size == 0]))
                op = nn.ReshapeOp(name, value, (left, prod(shape) // left))
            case "split":
                op = nn.ReshapeOp(name, value, (2, prod(shape) // 4, 2) if prod(shape) % 4 == 0 else shape)
            case "flatten":
                op = nn.FlattenOp(name, value)
            case "relu":
                op = nn.ReluOp(name, value)
            case "add":
                op = nn.AddOp(name, value, constant(f"c_{index}", *shape))
            case "concat":
                op = nn.ConcatOp(name, [value, value], draw(st.integers(0, len(shape) - 1)))
        model.block.add_op(op)
    if draw(st.booleans()) and len(op.shape) > 1:
        op = nn.FlattenOp("flat", op.result)
        model.block.add_op(op)
    op = nn.DenseOp("fc", op.result, constant("dw", op.shape[-1], 3))
    model.block.add_op(op)
    model.block.add_op(nn.OutputOp("y", "y", op.result))
    return str(ModuleOp([model])), store


def parsed(text: str) -> tuple[ModuleOp, nn.ModelOp]:
    context = Context()
    context.load_dialect(Builtin)
    context.load_dialect(nn.NN)
    module = Parser(context, text).parse_module()
    module.verify()
    model = module.body.block.first_op
    assert isinstance(model, nn.ModelOp)
    return module, model


@settings(max_examples=300, deadline=None)
@given(networks())
def test_channels_last_computes_the_same_or_refuses(network: tuple[str, Weights]) -> None:
    store = network[1]
    module, model = parsed(network[0])
    inputs = {"x": np.random.default_rng(1).uniform(-1, 1, model.inputs[0].shape)}
    expected = run(model, store, inputs)["y"]
    notes = Mock()
    try:
        ChannelsLast(weights=store, notes=notes).apply(Context(), module)
    except Split4mlError as error:
        assert error.where is not None
        assert error.where.startswith("@")
        return
    module.verify()
    found = run(model, store, inputs)["y"]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    executed = sum(isinstance(op, nn.TransposeOp) for op in model.block.ops)
    assert notes.note.call_count == executed, "the user is told of every transpose"
    if executed:
        return
    text = str(module)
    ChannelsLast(weights=store, notes=Mock()).apply(Context(), module)
    assert str(module) == text, "a second run changes nothing"
