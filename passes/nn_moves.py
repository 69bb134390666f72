"""Moving the elements of a tensor as reshape, transpose, reshape; on plain numbers.

A permutation of elements that comes from reshapes and transposes is a transpose of few axes, once all axes that stay together are
merged: [0, 2, 4, 1, 3, 5] takes six elements as 3 x 2 and turns these axes around.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Move:
    """shape: how the data is seen before. order: axis `order[i]` of it becomes axis i."""

    shape: tuple[int, ...]
    order: tuple[int, ...]


def as_transpose(source: Places) -> Move | None:
    """The transpose that puts element `source[i]` at place i, of as few axes as there are; None if there is none."""
    axes: list[tuple[int, int]] = []  # extent and stride of every axis of the result, the innermost first
    rest = source
    while rest.size > 1:
        stride = int(rest[1] - rest[0])
        extent = 1
        while extent < rest.size and rest[extent] == rest[0] + extent * stride:
            extent += 1
        if stride < 1 or rest.size % extent:
            return None
        axes.append((extent, stride))
        rest = rest[::extent]
    result = axes[::-1]
    # the same axes as the data has them: the largest stride outermost
    before = sorted(result, key=lambda axis: -axis[1])
    step = 1
    for extent, stride in reversed(before):
        if stride != step:
            return None
        step *= extent
    move = Move(tuple(extent for extent, _ in before), tuple(before.index(axis) for axis in result))
    whole = np.arange(source.size).reshape(move.shape).transpose(move.order).reshape(-1)
    return move if np.array_equal(whole, source) else None


def within_tokens(source: Places, channels: int) -> tuple[int, ...] | None:
    """The order of channels, if every token of so many elements keeps its own in one and the same order."""
    tokens = source.reshape(-1, channels) - np.arange(0, source.size, channels)[:, np.newaxis]
    order = tokens[0]
    same = np.array_equal(np.sort(order), np.arange(channels)) and np.all(tokens == order)
    return tuple(int(channel) for channel in order) if same else None
