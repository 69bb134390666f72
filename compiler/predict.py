"""`split4ml predict`: the split firmware's C simulation on a user's arrays."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from split4ml.compiler.design import Design
from split4ml.dialects.errors import Split4mlError

if TYPE_CHECKING:
    from split4ml.compiler.progress import Reporter


def predict_file(directory: Path, inputs: Path, output: Path, reporter: Reporter) -> None:
    """Reads arrays from one .npz and writes the outputs into another, which appears whole or not at all.

    Both are keyed by the names of the user's model, in its layouts, first axis = frames. Raises Split4mlError.
    """
    if output.is_dir():
        raise Split4mlError("this is a folder, not a file", str(output))
    design = Design(directory)
    arrays = _read(inputs)
    with reporter.step("C simulation"):
        results = design.predict(arrays)
    partial = output.with_name(f".{output.name}.partial.npz")
    try:
        np.savez(partial, **results)
        partial.replace(output)
    finally:
        partial.unlink(missing_ok=True)


def _read(path: Path) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise Split4mlError("the inputs must be an .npz file, with one array per input", str(path))
            return {name: archive[name] for name in archive.files}
    except OSError as error:
        raise Split4mlError(f"cannot read: {(error.strerror or str(error)).lower()}", str(path)) from None
    except (ValueError, EOFError, zipfile.BadZipFile, KeyError) as error:
        raise Split4mlError(f"this is no .npz file: {error}", str(path)) from None
