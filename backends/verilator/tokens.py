"""Tokens as elements (uint64) against tokens as bits of a FIFO or a bus."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.ports import element_slot_bits
from split4ml.passes.dataflow import Stream

Words = npt.NDArray[np.uint64]

MAX_ELEMENT_BITS = 64
"""Widest element of a recorded token."""


@dataclass(frozen=True)
class Layout:
    """`elements` elements of `width` bits, `slot` bits apart, the first in the lowest bits."""

    elements: int
    width: int
    slot: int
    signed: bool

    @property
    def words(self) -> int:
        """64-bit words of one token."""
        return -(-self.elements * self.slot // 64)


def layout_of(stream: Stream, is_port: bool) -> Layout:
    """How a stream's tokens lie on a port, or in a FIFO inside a subgraph. Raises Split4mlError if too wide."""
    width = stream.precision.width
    if width > MAX_ELEMENT_BITS:
        raise Split4mlError(
            f"stream {stream.name} has elements of {width} bits; the simulation takes at most {MAX_ELEMENT_BITS}"
        )
    slot = element_slot_bits(width) if is_port else width
    return Layout(stream.elements, width, slot, stream.precision.signed)


def pack(tokens: Words, layout: Layout) -> Words:
    """uint64[tokens, elements] to uint64[tokens, words], padding zero. Bits above `width` must be zero."""
    packed = np.zeros((len(tokens), layout.words), np.uint64)
    for element in range(layout.elements):
        word, low = divmod(element * layout.slot, 64)
        value = tokens[:, element]
        packed[:, word] |= value << np.uint64(low)
        if low + layout.width > 64:
            packed[:, word + 1] |= value >> np.uint64(64 - low)
    return packed


def unpack(packed: Words, layout: Layout) -> Words:
    """The inverse; padding is not looked at."""
    tokens = np.zeros((len(packed), layout.elements), np.uint64)
    mask = np.uint64((1 << layout.width) - 1)
    for element in range(layout.elements):
        word, low = divmod(element * layout.slot, 64)
        value = packed[:, word] >> np.uint64(low)
        if low + layout.width > 64:
            value = value | (packed[:, word + 1] << np.uint64(64 - low))
        tokens[:, element] = value & mask
    return tokens


def checked(stream: Stream, tokens: Words) -> Words:
    """`tokens` as the simulation can take them. Raises Split4mlError if they are not whole frames of the stream."""
    where = f"stream {stream.name}"
    if tokens.ndim != 2 or tokens.shape[1] != stream.elements:
        raise Split4mlError(f"the recording has shape {tokens.shape}, not tokens x {stream.elements}", where)
    if not len(tokens) or len(tokens) % stream.tokens:
        raise Split4mlError(
            f"the recording has {len(tokens)} tokens, not whole frames of {stream.tokens}", where
        )
    tokens = np.ascontiguousarray(tokens, np.uint64)
    width = stream.precision.width
    if width < 64 and bool(np.any(tokens >> np.uint64(width))):
        raise Split4mlError(f"the recording has elements of more than {width} bits", where)
    return tokens
