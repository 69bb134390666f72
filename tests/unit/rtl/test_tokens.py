"""Packing of tokens into the words of FIFOs and buses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rtl_models import graph_of, parse

from split4ml.backends.verilator.tokens import Layout, checked, layout_of, pack, unpack
from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.ports import element_slot_bits
from split4ml.passes.dataflow import Stream


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    width = draw(st.integers(1, 64))
    slot = draw(st.sampled_from([width, element_slot_bits(width)]))
    return Layout(draw(st.integers(1, 40)), width, slot, draw(st.booleans()))


@given(layouts(), st.integers(0, 2**32))
def test_as_one_big_number(layout: Layout, seed: int) -> None:
    """Element i stands at bit i * slot, and all between is zero."""
    most = 2**layout.width - 1
    tokens = np.random.default_rng(seed).integers(0, most, (3, layout.elements), np.uint64, endpoint=True)
    packed = pack(tokens, layout)
    for token, words in zip(tokens, packed, strict=True):
        wanted = sum(int(element) << i * layout.slot for i, element in enumerate(token))
        assert sum(int(word) << 64 * w for w, word in enumerate(words)) == wanted
    assert np.array_equal(unpack(packed, layout), tokens)


def stream(type_: str) -> Stream:
    text = f"""flow.model @m archive("m.fml", "sha256:00") {{
      %i = flow.input @x : !flow.stream<{type_}>
      %0 = flow.task "Relu" @a(%i) : (!flow.stream<{type_}>) -> !flow.stream<{type_}>
      flow.output @y %0 : !flow.stream<{type_}> }}"""
    return graph_of(parse(text)).streams[0]


def test_a_port_pads_and_a_fifo_does_not() -> None:
    assert layout_of(stream("4 x 3 x fixed<17,9>"), True) == Layout(3, 17, 32, True)
    assert layout_of(stream("4 x 3 x ufixed<6,9>"), False) == Layout(3, 6, 6, False)


def test_elements_too_wide_for_a_recording() -> None:
    with pytest.raises(Split4mlError, match="elements of 65 bits"):
        layout_of(stream("4 x 3 x fixed<65,9>"), True)


@pytest.mark.parametrize(
    ("shape", "value", "message"),
    [
        ((4, 2), 1, r"shape \(4, 2\), not tokens x 3"),
        ((5, 3), 1, "5 tokens, not whole frames of 4"),
        ((0, 3), 1, "0 tokens"),
        ((4, 3), 64, "elements of more than 6 bits"),
    ],
)
def test_recordings_that_do_not_fit(shape: tuple[int, int], value: int, message: str) -> None:
    with pytest.raises(Split4mlError, match=message):
        checked(stream("4 x 3 x fixed<6,2>"), np.full(shape, value, np.uint64))
