"""Reads what the traced program wrote (`include/split4ml_harness.h`, Writer)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from split4ml.passes.timing.tasktrace import Element

Words = npt.NDArray[np.uint64]

_COUNT = np.dtype(
    {
        "names": ["instances", "iterations", "ii"],
        "formats": ["<i8", "<i8", "<i4"],
        "offsets": [0, 8, 16],
        "itemsize": 24,
    }
)


@dataclass(frozen=True, eq=False)
class RawStream:
    """A stream of the top function and the tokens that went through it: uint64[tokens, elements]."""

    name: str
    elements: int
    type: Element
    tokens: Words


@dataclass(frozen=True, eq=False)
class RawTask:
    """What one task did. variant: first frame that differed from the steady one, 0: none did.

    entered: per function site, 0 or 1 + II of its PIPELINE pragma; counted: per loop site.
    bodies, loops, root: as in `Program`, with 2 * stream + write for an operation and (site, II, runs) for a loop.
    """

    variant: int
    entered: npt.NDArray[np.int32]
    counted: npt.NDArray[np.void]
    bodies: list[tuple[int, ...]]
    loops: list[tuple[int, int, tuple[tuple[int, int], ...]]]
    root: int


@dataclass(frozen=True, eq=False)
class RawTrace:
    """Everything recorded, undigested. frames: those given; weights: name -> (width, signed, raw bits)."""

    streams: list[RawStream]
    tasks: list[RawTask]
    frames: int
    integers: dict[str, int]
    reals: dict[str, float]
    types: dict[str, Element]
    weights: dict[str, tuple[int, bool, Words]]


class _Cursor:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def number(self) -> int:
        (value,) = struct.unpack_from("<q", self.data, self.at)
        self.at += 8
        return int(value)

    def real(self) -> float:
        (value,) = struct.unpack_from("<d", self.data, self.at)
        self.at += 8
        return float(value)

    def text(self) -> str:
        size = self.number()
        self.at += size
        return self.data[self.at - size : self.at].decode()

    def array(self, dtype: npt.DTypeLike) -> npt.NDArray[np.generic]:
        items = self.number()
        found = np.frombuffer(self.data, dtype, items, self.at)
        self.at += found.nbytes
        return found


def encode_inputs(inputs: list[Words]) -> bytes:
    """The input file: per input tokens, elements and raw bits."""
    parts = []
    for tokens in inputs:
        parts.append(struct.pack("<qq", *tokens.shape))
        parts.append(np.ascontiguousarray(tokens, "<u8").tobytes())
    return b"".join(parts)


def decode(data: bytes) -> RawTrace:
    """The recording. Raises ValueError if it is cut off."""
    try:
        return _decode(_Cursor(data))
    except (struct.error, UnicodeDecodeError) as error:
        raise ValueError(f"the recording is damaged: {error}") from None


def _decode(cursor: _Cursor) -> RawTrace:
    streams = [_stream(cursor) for _ in range(cursor.number())]
    tasks = [_task(cursor) for _ in range(cursor.number())]
    frames = cursor.number()
    integers = {cursor.text(): cursor.number() for _ in range(cursor.number())}
    reals = {cursor.text(): cursor.real() for _ in range(cursor.number())}
    types = {cursor.text(): _element(cursor) for _ in range(cursor.number())}
    weights = {
        cursor.text(): (cursor.number(), bool(cursor.number()), cursor.array("<u8").astype(np.uint64))
        for _ in range(cursor.number())
    }
    return RawTrace(streams, tasks, frames, integers, reals, types, weights)


def _stream(cursor: _Cursor) -> RawStream:
    name = cursor.text()
    elements, element, size = cursor.number(), _element(cursor), cursor.number()
    recorded = cursor.array("u1")
    tokens = recorded.view(f"<u{size}").astype(np.uint64).reshape(-1, elements)
    return RawStream(name, elements, element, tokens)


def _element(cursor: _Cursor) -> Element:
    width, integer, *flags = (cursor.number() for _ in range(5))
    return Element(width, integer, *map(bool, flags))


def _task(cursor: _Cursor) -> RawTask:
    variant = cursor.number()
    entered = cursor.array("<i4").astype(np.int32)
    counted = cursor.array(_COUNT)
    root = cursor.number()
    bodies = [tuple(cursor.array("<i4").tolist()) for _ in range(cursor.number())]
    loops = []
    for _ in range(cursor.number()):
        site, interval = cursor.number(), cursor.number()
        runs = cursor.array("<i8").reshape(-1, 2).tolist()
        loops.append((site, interval, tuple((count, body) for count, body in runs)))
    return RawTask(variant, entered, counted, bodies, loops, root)  # type: ignore[arg-type]
