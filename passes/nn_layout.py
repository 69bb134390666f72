"""In which order the elements of a tensor are stored: the arithmetic behind `channels-last`, on plain numbers.

A logical tensor, as the user's model has it, is stored as a physical one that holds the same elements in some other
order. Transposing and reshaping the logical tensor then costs nothing: only the description changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Self

import numpy as np
import numpy.typing as npt

Shape = tuple[int, ...]


def channels_last(rank: int) -> Shape:
    """The order that stores the first axis, the channels, last."""
    return (*range(1, rank), 0)


@dataclass(frozen=True, eq=False)
class Stored:
    """A logical tensor and the order of its elements.

    shape: of the logical tensor. index: int64[elements], for each physical element, in order, which logical one it
    is, counted with the last axis fastest.
    """

    shape: Shape
    index: npt.NDArray[np.int64]

    @classmethod
    def of(cls, shape: Sequence[int], order: Sequence[int]) -> Self:
        """Physical axis i is logical axis `order[i]`."""
        count = np.arange(np.prod(shape, dtype=np.int64), dtype=np.int64)
        return cls(tuple(shape), count.reshape(shape).transpose(order).reshape(-1))

    @classmethod
    def plain(cls, shape: Sequence[int]) -> Self:
        """Stored as it is."""
        return cls.of(shape, range(len(shape)))

    @property
    def is_plain(self) -> bool:
        return bool(np.all(np.diff(self.index) == 1))

    def has_order(self, order: Sequence[int]) -> bool:
        """Whether the elements are stored in that order of the logical axes; axes of extent 1 may stand anywhere."""
        return np.array_equal(self.index, Stored.of(self.shape, order).index)

    def order(self, preferred: Shape | None = None, physical: Shape | None = None) -> Shape | None:
        """The physical order of the logical axes, if it is one.

        Axes of extent 1 leave a choice: the preferred order if it is right, else one that gives the physical shape,
        else the first.
        """
        right = [order for order in permutations(range(len(self.shape))) if self.has_order(order)]
        if preferred in right:
            return preferred
        fitting = [order for order in right if tuple(self.shape[axis] for axis in order) == physical]
        return next(iter((*fitting, *right)), None)

    def reshaped(self, shape: Shape) -> Stored:
        """The same elements in the same order, seen as another logical shape."""
        return Stored(shape, self.index)

    def transposed(self, axes: Sequence[int]) -> Stored:
        """After a logical transpose that moves nothing. `axes[i]` is what becomes axis i."""
        place = np.empty_like(self.index)
        place[Stored.of(self.shape, axes).index] = np.arange(self.index.size)
        return Stored(tuple(self.shape[axis] for axis in axes), place[self.index])

    def concatenated(self, others: Sequence[Stored]) -> Stored:
        """One vector after the other."""
        parts, offset = [], 0
        for part in (self, *others):
            parts.append(part.index + offset)
            offset += part.index.size
        return Stored((offset,), np.concatenate(parts))
