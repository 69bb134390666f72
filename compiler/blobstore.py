"""The weight store of the driver: blobs in folders named `weights`, one file for each."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.nn import DIGEST
from split4ml.passes.weights import Floats, checked, decode, encode, missing, name_of


class BlobStore:
    """Reads from `folders`, in order; keeps new blobs in memory until `flush`.

    A blob named `sha256:<hex>` is the file `<hex>.npy`. Nothing is written before `flush`, so a pass that fails
    leaves no trace.
    """

    def __init__(self, folders: Sequence[Path] = ()) -> None:
        self.folders = tuple(folders)
        self._pending: dict[str, bytes] = {}

    def get(self, blob: str) -> Floats:
        return decode(self._bytes(blob), blob)

    def put(self, array: npt.NDArray[np.floating]) -> str:
        blob = encode(array)
        name = name_of(blob)
        self._pending[name] = blob
        return name

    def flush(self, folder: Path, blobs: Iterable[str] | None = None) -> None:
        """Writes `blobs` (default: all that were put) into `folder`, each at once or not at all.

        Raises Split4mlError for a blob that is neither pending nor in any folder, or a folder that takes no files.
        """
        names = sorted(self._pending if blobs is None else set(blobs))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name in names:
                target = folder / _file_name(name)
                if target.exists():
                    continue
                partial = target.with_suffix(f".{os.getpid()}.tmp")
                try:
                    partial.write_bytes(self._bytes(name))
                    partial.replace(target)
                finally:
                    partial.unlink(missing_ok=True)
        except OSError as error:
            raise Split4mlError(f"cannot write weights: {error.strerror}", where=str(folder)) from None

    def _bytes(self, blob: str) -> bytes:
        if blob in self._pending:
            return self._pending[blob]
        for folder in self.folders:
            path = folder / _file_name(blob)
            try:
                return checked(path.read_bytes(), blob, str(path))
            except FileNotFoundError:
                continue
            except OSError as error:
                raise Split4mlError(f"cannot read the blob: {error.strerror}", where=str(path)) from None
        raise missing(blob, ", ".join(str(folder) for folder in self.folders) or "memory")


def _file_name(blob: str) -> str:
    """Checked, since the name comes from IR that anyone may have written."""
    if DIGEST.fullmatch(blob) is None:
        raise Split4mlError(f"{blob!r} names no blob", hint="a name is sha256: and 64 hexadecimal digits")
    return blob.removeprefix("sha256:") + ".npy"
