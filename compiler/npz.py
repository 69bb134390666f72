"""Arrays from and to `.npz` files (zip archives of `.npy` files, as `numpy.savez` writes), read as untrusted input."""

from __future__ import annotations

import contextlib
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from split4ml.compiler.whole_file import whole_file
from split4ml.dialects.errors import Split4mlError

Array = npt.NDArray[Any]

MAX_BYTES = 1 << 31
"""Largest array, uncompressed, that is read."""


def read_npz(
    path: Path, required: Sequence[str] = (), optional: Sequence[str] | None = None
) -> dict[str, Array]:
    """The arrays `required` and those of `optional` that exist (None: all). No pickle is loaded.

    Raises Split4mlError: no such file, no .npz, damaged, too large, or a required array that is missing.
    """
    with _explained(path), path.open("rb") as stream:
        if not zipfile.is_zipfile(stream):
            raise Split4mlError("this must be an .npz file, as numpy.savez writes", str(path))
        stream.seek(0)
        with np.load(stream, allow_pickle=False) as archive:
            present = list(dict.fromkeys(archive.files))
            for name in required:
                if name not in present:
                    raise Split4mlError(
                        f"there is no array for the input {name!r}; the file has {', '.join(present) or 'none'}",
                        str(path),
                        "name the arrays after the model's inputs",
                    )
            for info in archive.zip.infolist():
                if info.file_size > MAX_BYTES:
                    raise Split4mlError(f"{info.filename!r} is larger than 2 GiB", str(path))
            more = present if optional is None else [name for name in optional if name in present]
            return {name: _array(archive, name, path) for name in dict.fromkeys((*required, *more))}


def names_in(path: Path) -> list[str]:
    """The names of all arrays. Raises Split4mlError as `read_npz`."""
    with _explained(path), path.open("rb") as stream:
        if not zipfile.is_zipfile(stream):
            raise Split4mlError("this must be an .npz file, as numpy.savez writes", str(path))
        stream.seek(0)
        with np.load(stream, allow_pickle=False) as archive:
            return list(dict.fromkeys(archive.files))


def write_npz(path: Path, arrays: Mapping[str, Array]) -> None:
    """Writes all arrays or, on failure, nothing. Raises Split4mlError."""
    # not numpy.savez, which takes names as keyword arguments and so cannot write an array named `file`
    with whole_file(path) as partial, zipfile.ZipFile(partial, "w", allowZip64=True) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)


def _array(archive: Any, name: str, path: Path) -> Array:
    found = archive[name]
    if not isinstance(found, np.ndarray):  # numpy hands out a member that is no .npy as bytes
        raise Split4mlError(f"its member {name!r} is no array", str(path))
    return found


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    where = str(path)
    try:
        yield
    except OSError as error:
        raise Split4mlError(f"cannot read: {(error.strerror or str(error)).lower()}", where) from None
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError) as error:
        raise Split4mlError(f"this .npz file is damaged: {_line(error)}", where) from None
    except MemoryError:
        raise Split4mlError("an array in it does not fit into memory", where) from None
    except (ValueError, TypeError, SyntaxError) as error:
        if "pickle" in str(error):
            raise Split4mlError(
                "an array in it is no plain array of numbers, but holds Python objects, which are not loaded",
                where,
            ) from None
        raise Split4mlError(f"an array in it cannot be read: {_line(error)}", where) from None


def _line(error: Exception) -> str:
    lines = str(error).splitlines() or [type(error).__name__]
    return "".join(c if c.isprintable() else "?" for c in lines[0])[:300]
