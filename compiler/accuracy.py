"""Classes of frames: which output the array `labels` of the sample inputs is about, and what share of them is met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from split4ml.dialects.errors import Split4mlError

Array = npt.NDArray[Any]


def labelled(shapes: Mapping[str, Sequence[int]]) -> str | None:
    """The output that labels are about: the only one, or of several the only vector of classes. shapes: by output, without frames."""
    if len(shapes) == 1:
        return next(iter(shapes))
    vectors = [name for name, shape in shapes.items() if len(shape) == 1 and shape[0] > 1]
    return vectors[0] if len(vectors) == 1 else None


def check_labels(labels: Array, frames: int, shapes: Mapping[str, Sequence[int]], where: str) -> None:
    """Raises Split4mlError unless there is a class of the labelled output for every frame."""
    if labels.shape != (frames,) or labels.dtype.kind not in "iub":
        raise Split4mlError(
            f"labels must be {frames} integers, not {labels.dtype} of shape {list(labels.shape)}", where
        )
    name = labelled(shapes)
    if name is None:
        return
    count = max(2, prod(shapes[name]))
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= count:
        raise Split4mlError(
            f"labels reach from {low} to {high}, but the classes of output {name!r} are 0 to {count - 1}",
            where,
            "number the classes as the network's outputs are",
        )


def classes(outputs: Array, reference: Array) -> Array:
    """The class of each frame: the largest element. One number a frame chooses between 0 and 1: a probability, if the reference has none
    outside of 0 to 1, from one half on, else a logit above 0."""
    flat = outputs.reshape(len(outputs), -1)
    if flat.shape[1] > 1:
        return np.asarray(flat.argmax(axis=1))
    probability = float(reference.min()) >= 0 and float(reference.max()) <= 1
    return np.asarray(flat[:, 0] > (0.5 if probability else 0.0)).astype(np.int64)


def share(found: Array, expected: Array) -> float:
    """Of frames whose classes are those expected."""
    return float(np.mean(found == expected))
