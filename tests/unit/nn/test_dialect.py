"""Text and back: print, parse and print again give the same text, in the custom and in the generic form."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from split4ml.compiler.frontend.onnx_import import import_onnx
from split4ml.dialects import nn
from split4ml.passes.channels_last import ChannelsLast
from split4ml.passes.weights import MemoryStore


def parsed(text: str) -> ModuleOp:
    context = Context()
    context.load_dialect(Builtin)
    context.load_dialect(nn.NN)
    module = Parser(context, text).parse_module()
    module.verify()
    return module


def printed(module: ModuleOp, generic: bool = False) -> str:
    stream = StringIO()
    Printer(stream, print_generic_format=generic).print_op(module)
    return stream.getvalue()


def check_fixpoint(module: ModuleOp) -> None:
    module.verify()
    text = printed(module)
    assert printed(parsed(text)) == text
    generic = printed(module, generic=True)
    assert printed(parsed(generic), generic=True) == generic
    assert printed(parsed(generic)) == text


def test_networks(network: Path) -> None:
    store = MemoryStore()
    module = import_onnx(network, store)
    check_fixpoint(module)
    ChannelsLast(weights=store, notes=Mock()).apply(Context(), module)
    check_fixpoint(module)


ASCII = st.text(st.characters(max_codepoint=127), max_size=30)


@given(ASCII, st.lists(ASCII, max_size=3), st.floats(-1000, 1000, width=32))
def test_any_text_and_number(source: str, origin: list[str], alpha: float) -> None:
    model = nn.ModelOp("m")
    data = nn.InputOp("x", source, (2, 3))
    leaky = nn.LeakyReluOp("leaky", data.result, alpha, onnx=origin)
    model.block.add_ops([data, leaky, nn.OutputOp("y", source, leaky.result)])
    module = ModuleOp([model])
    check_fixpoint(module)
    again = parsed(printed(module)).body.block.first_op
    assert isinstance(again, nn.ModelOp)
    assert again.inputs[0].source.data == source
    (op,) = (op for op in again.block.ops if isinstance(op, nn.LeakyReluOp))
    assert op.onnx_names == tuple(origin)
    assert op.alpha.value.data == leaky.alpha.value.data


@given(
    st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 9)),
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.lists(st.integers(0, 2), min_size=4, max_size=4),
    st.tuples(st.integers(1, 2), st.integers(1, 2)),
    st.booleans(),
)
def test_any_convolution(
    shape: tuple[int, int, int],
    kernel: tuple[int, int],
    strides: tuple[int, int],
    pads: list[int],
    dilations: tuple[int, int],
    last: bool,
) -> None:
    model = nn.ModelOp("m")
    data = nn.InputOp("x", "x", (*shape[1:], shape[0]) if last else shape)
    weight = nn.ConstantOp("w", "sha256:" + "0" * 64, (5, shape[0], *kernel))
    model.block.add_ops([data, weight])
    try:
        conv = nn.ConvOp(
            "conv",
            data.result,
            weight.result,
            None,
            strides=strides,
            pads=pads,
            dilations=dilations,
            channels_last=last,
        )
    except ValueError as error:
        assert "window spans" in str(error)
        return
    model.block.add_ops([conv, nn.OutputOp("y", "y", conv.result)])
    check_fixpoint(ModuleOp([model]))


@pytest.mark.parametrize("name", ["a b", "", "x" * 65, "int", "layer1_out", "a\nb", "a__b"])
def test_names_are_checked(name: str) -> None:
    model = nn.ModelOp("m")
    data = nn.InputOp(name, "x", (2,))
    model.block.add_ops([data, nn.OutputOp("y", "y", data.result)])
    with pytest.raises(VerifyException, match="no legal name"):
        ModuleOp([model]).verify()


@pytest.mark.parametrize("alpha", [float("inf"), float("nan"), 123456789.0])
def test_numbers_that_no_network_means(alpha: float) -> None:
    model = nn.ModelOp("m")
    data = nn.InputOp("x", "x", (2,))
    elu = nn.EluOp("e", data.result, alpha)
    model.block.add_ops([data, elu, nn.OutputOp("y", "y", elu.result)])
    with pytest.raises(VerifyException, match="between -1000 and 1000"):
        ModuleOp([model]).verify()


def test_text_that_would_not_survive() -> None:
    model = nn.ModelOp("m")
    data = nn.InputOp("x", "größe", (2,))
    model.block.add_ops([data, nn.OutputOp("y", "y", data.result)])
    with pytest.raises(VerifyException, match="is not ASCII"):
        ModuleOp([model]).verify()
