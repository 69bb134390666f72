"""Zero padding of 1-D convolutions that read the same stream: hls4ml 1.3 puts it before whichever reader comes first.

Its `InsertZeroPaddingBeforeConv1D` inserts the layer without saying before which node (that of 2-D says so).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def padding_in_place() -> Iterator[None]:
    """While it lasts, the padding of a 1-D convolution is inserted before that convolution."""
    from hls4ml.backends.vivado.passes.conv_same_pad import InsertZeroPaddingBeforeConv1D

    original = InsertZeroPaddingBeforeConv1D.transform

    def transform(self: Any, model: Any, node: Any) -> bool:
        insert = model.insert_node
        model.insert_node = lambda layer: insert(layer, before=node)
        try:
            return bool(original(self, model, node))
        finally:
            del model.insert_node

    InsertZeroPaddingBeforeConv1D.transform = transform
    try:
        yield
    finally:
        InsertZeroPaddingBeforeConv1D.transform = original
