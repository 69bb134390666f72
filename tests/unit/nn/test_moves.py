"""Permutations of elements as transposes: found again, whatever reshapes and transposes they were made of."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from split4ml.passes.nn_moves import Move, as_transpose, within_tokens


@given(st.data())
def test_transposes_are_found_again(data: st.DataObject) -> None:
    shape = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=5))
    order = data.draw(st.permutations(range(len(shape))))
    source = np.arange(np.prod(shape)).reshape(shape).transpose(order).reshape(-1)
    found = as_transpose(source)
    assert found is not None
    assert len(found.shape) <= len([size for size in shape if size > 1])
    again = np.arange(source.size).reshape(found.shape).transpose(found.order).reshape(-1)
    assert np.array_equal(again, source)


@given(st.permutations(range(6)))
def test_other_permutations_are_not(places: list[int]) -> None:
    found = as_transpose(np.array(places))
    if found is not None:
        again = np.arange(6).reshape(found.shape).transpose(found.order).reshape(-1)
        assert again.tolist() == places


def test_axes_that_stay_together_are_one() -> None:
    source = np.arange(24).reshape(2, 3, 4).transpose(2, 0, 1).reshape(-1)
    assert as_transpose(source) == Move((6, 4), (1, 0))


def test_channels_that_change_places() -> None:
    assert within_tokens(np.array([1, 0, 2, 4, 3, 5]), 3) == (1, 0, 2)
    assert within_tokens(np.array([1, 0, 2, 3, 4, 5]), 3) is None
    assert within_tokens(np.array([3, 4, 5, 0, 1, 2]), 3) is None
