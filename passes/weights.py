"""Weights as content-addressed blobs: what a pass may ask of a store, and how an array becomes a blob.

A blob is a .npy file (format 1.0 of NEP 1: little-endian, C order); its name is `sha256:` and the digest of the
file's bytes. So `sha256sum` checks a weights folder, and `numpy.load` opens it.
"""

from __future__ import annotations

import io
import re
from hashlib import sha256
from math import prod
from typing import Protocol

import numpy as np
import numpy.typing as npt

from split4ml.dialects.errors import Split4mlError

Floats = npt.NDArray[np.float32]


_HEADER = re.compile(
    rb"\x93NUMPY\x01\x00(..)\{'descr': '<f4', 'fortran_order': False, 'shape': \(((?:\d+(?:, |,|(?=\))))*)\), \} *\n",
    re.DOTALL,
)
"""What `encode` writes before the elements. Read by a pattern, since numpy evaluates the text as Python."""


class WeightStore(Protocol):
    """Where the weights are. Bound by the driver; a pass never sees a file."""

    def get(self, blob: str) -> Floats:
        """The array of that name, not to be written to. Raises Split4mlError if the blob is missing or damaged."""
        ...

    def put(self, array: npt.NDArray[np.floating]) -> str:
        """Keeps an array, rounded to float32, and returns its name."""
        ...


def encode(array: npt.NDArray[np.floating]) -> bytes:
    """The blob of an array, rounded to float32; the same bytes for equal arrays."""
    stream = io.BytesIO()
    plain = np.asarray(array, np.dtype("<f4"), order="C")
    np.lib.format.write_array_header_1_0(stream, np.lib.format.header_data_from_array_1_0(plain))
    return b"".join((stream.getvalue(), plain.reshape(-1).view(np.uint8).data))


def name_of(blob: bytes) -> str:
    return f"sha256:{sha256(blob).hexdigest()}"


def checked(blob: bytes, name: str, where: str) -> bytes:
    """The bytes, if they are those that `name` says. Raises Split4mlError."""
    if name_of(blob) != name:
        raise Split4mlError(
            f"the blob is damaged: its digest is {name_of(blob)[7:19]}…",
            where=where,
            hint="compile the model again, or restore the file",
        )
    return blob


def decode(blob: bytes, name: str) -> Floats:
    """The inverse of `encode`, read-only. Raises Split4mlError if the bytes are not those that `name` says."""
    header = _HEADER.match(checked(blob, name, name))
    if header is None or len(header[0]) != 10 + int.from_bytes(header[1], "little"):
        raise Split4mlError("the blob is no .npy file of little-endian float32", where=name)
    shape = tuple(int(extent) for extent in header[2].replace(b",", b" ").split())
    if len(blob) - len(header[0]) != 4 * prod(shape):
        raise Split4mlError(f"the blob does not hold an array of shape {list(shape)}", where=name)
    return np.frombuffer(blob, np.dtype("<f4"), offset=len(header[0])).reshape(shape)


class MemoryStore:
    """A store that forgets everything when the process ends; `blobs` maps names to bytes."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}

    def get(self, blob: str) -> Floats:
        if blob not in self.blobs:
            raise missing(blob)
        return decode(self.blobs[blob], blob)

    def put(self, array: npt.NDArray[np.floating]) -> str:
        blob = encode(array)
        name = name_of(blob)
        self.blobs[name] = blob
        return name


def missing(blob: str, looked: str = "memory") -> Split4mlError:
    return Split4mlError(
        f"there is no blob {blob} in {looked}",
        hint="keep the IR beside the weights/ folder of the build that wrote it, or name that folder with --weights",
    )
