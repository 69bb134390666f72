"""Tiles of a layer: as few as meet a limit, none larger than it, and together the whole."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from split4ml.passes.cost.shape import TaskShape
from split4ml.passes.cost.synthesis import task_seconds
from split4ml.passes.cost.tiling import tile_shape, tiles_needed

shapes = st.builds(
    TaskShape,
    kind=st.sampled_from(["Dense", "Conv2D"]),
    n_in=st.integers(1, 500),
    n_out=st.integers(2, 300),
    n_nonzero=st.just(400),
    reuse_factor=st.integers(1, 64),
    strategy=st.sampled_from(["latency", "resource"]),
)


@given(shape=shapes, limit=st.integers(1, 5000))
def test_the_fewest_tiles(shape: TaskShape, limit: int) -> None:
    parts = tiles_needed(shape, lambda tile: tile.weights <= limit)
    if parts is None:
        assert shape.n_in > limit
        return
    assert tile_shape(shape, parts).weights <= limit
    assert parts == 1 or tile_shape(shape, parts - 1).weights > limit
    assert tile_shape(shape, parts).n_out * parts >= shape.n_out


@given(shape=shapes, parts=st.integers(1, 300))
def test_a_tile_is_synthesised_sooner(shape: TaskShape, parts: int) -> None:
    assume(shape.nonzeros <= shape.weights)
    if parts > shape.n_out:
        with pytest.raises(ValueError, match="outputs do not make"):
            tile_shape(shape, parts)
        return
    tile = tile_shape(shape, parts)
    assert task_seconds(tile).estimate <= task_seconds(shape).estimate + 0.01
    assert tile.reuse_factor <= tile.weights
