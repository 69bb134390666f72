"""IR text parses back, whatever the values are called."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from xdsl.dialects.builtin import ModuleOp

from split4ml.compiler.passrunner import context, print_module
from split4ml.compiler.sources import parse_ir
from split4ml.dialects import nn

HINTS = st.lists(st.sampled_from(["a", "a_1", "a_1_1", "a_1_2", "a_2", "_1", "a_", "b_1_1_1"]), max_size=8)


@given(HINTS)
def test_names_of_values_stay_apart(hints: list[str]) -> None:
    model = nn.ModelOp("m")
    source = nn.InputOp("x", "x", (1,))
    model.block.add_op(source)
    value = source.result
    for index, hint in enumerate(hints):
        op = nn.ReluOp(f"op{index}", value)
        op.result.name_hint = hint
        model.block.add_op(op)
        value = op.result
    model.block.add_op(nn.OutputOp("y", "y", value))
    text = print_module(ModuleOp([model]))
    again, _ = parse_ir(context(), text.encode(), "text")
    assert print_module(again) == text
