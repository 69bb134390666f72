"""`split4ml predict`: the split firmware's C simulation on a user's arrays."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from split4ml.compiler.design import Design
from split4ml.compiler.npz import read_npz, write_npz
from split4ml.dialects.errors import Split4mlError

if TYPE_CHECKING:
    from split4ml.compiler.progress import Reporter


def predict_file(directory: Path, inputs: Path, output: Path, reporter: Reporter) -> None:
    """Reads arrays from one .npz and writes the outputs into another, which appears whole or not at all.

    Both are keyed by the names of the user's model, in its layouts, first axis = frames. Raises Split4mlError.
    """
    if output.is_dir():
        raise Split4mlError("this is a folder, not a file", str(output))
    arrays = read_npz(inputs)
    with Design(directory) as design, reporter.step("C simulation"):
        results = design.predict(arrays)
    write_npz(output, results)
