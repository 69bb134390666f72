"""Legal identifiers: whatever a user calls a thing, its name here is safe, unique and found in finite time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from split4ml.dialects.names import RESERVED, is_legal, legal_name


@given(st.text(max_size=100), st.lists(st.text(max_size=20), max_size=5))
def test_any_text(text: str, others: list[str]) -> None:
    taken: list[str] = []
    for name in (text, *others, text, text):
        taken.append(legal_name(name, taken))
    assert all(is_legal(name) for name in taken)
    assert len({name.lower() for name in taken}) == len(taken)


def test_reserved_words_in_any_case() -> None:
    for word in RESERVED:
        for text in (word, word.upper(), f"/{word}/", f"{word}_1", f"{word}_x"):
            assert is_legal(legal_name(text)), text


@pytest.mark.parametrize("name", ["conv1", "block2_add", "x", "input_1", "Relu"])
def test_good_names_stay(name: str) -> None:
    assert is_legal(name)
    assert legal_name(name) == name


@pytest.mark.parametrize("text", ["layer12_out", "w5", "config3", "ap_fixed", "nnet_x", "a_cpy1", "input3_t"])
def test_names_that_hls4ml_invents_are_not_free(text: str) -> None:
    assert not is_legal(text)
    assert is_legal(legal_name(text))


@pytest.mark.parametrize("text", ["", "_", "a__b", "_a", "a_", "1a", "a b", "a;b", "ä", "a" * 65, "a\n"])
def test_what_is_not_legal(text: str) -> None:
    assert not is_legal(text)
