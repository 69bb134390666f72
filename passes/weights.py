"""Weights as content-addressed blobs: what a pass may ask of a store, and how an array becomes a blob.

A blob is a .npy file (format 1.0 of NEP 1: little-endian, C order); its name is `sha256:` and the digest of the
file's bytes. So `sha256sum` checks a weights folder, and `numpy.load` opens it.
"""

from __future__ import annotations

import io
from hashlib import sha256
from typing import Protocol

import numpy as np
import numpy.typing as npt

from split4ml.dialects.errors import Split4mlError

Floats = npt.NDArray[np.float32]


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
    plain = np.array(array, np.dtype("<f4"), order="C", copy=True)
    np.lib.format.write_array(stream, plain, version=(1, 0), allow_pickle=False)
    return stream.getvalue()


def name_of(blob: bytes) -> str:
    return f"sha256:{sha256(blob).hexdigest()}"


def decode(blob: bytes, name: str) -> Floats:
    """The inverse of `encode`, read-only. Raises Split4mlError if the bytes are not those that `name` says."""
    if name_of(blob) != name:
        raise Split4mlError(
            f"the blob is damaged: its digest is {name_of(blob)[7:19]}…",
            where=name,
            hint="compile the model again, or restore the file",
        )
    try:
        array = np.lib.format.read_array(io.BytesIO(blob), allow_pickle=False, max_header_size=1000)
    except ValueError as error:
        raise Split4mlError(f"the blob is no .npy file: {error}", where=name) from None
    if array.dtype != np.dtype("<f4") or not array.flags.c_contiguous:
        raise Split4mlError(f"the blob holds {array.dtype}, but weights are little-endian float32", where=name)
    array.flags.writeable = False
    return array


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
