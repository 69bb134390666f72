"""What the vendor's tools left in a build outlives a compilation that changes nothing of what they read.

Synthesis takes hours, a compilation seconds: `compile --force` with other FIFO depths in one subgraph should cost the synthesis of
that one.
"""

from __future__ import annotations

import filecmp
import shutil
from collections.abc import Iterator
from pathlib import Path

from split4ml.compiler.emit import PROJECTS, STITCHED


def keep_synthesised(old: Path, new: Path) -> None:
    """Moves every project folder that `new` has with the same files, and whatever else is in it, from `old` to `new`.

    So Vivado's of the stitched top, if those of all subgraphs are moved.
    """
    for folder in list(_unchanged(old, new)):
        shutil.rmtree(new / folder)
        (old / folder).rename(new / folder)


def lost(old: Path, new: Path) -> list[str]:
    """Names of subgraphs that HLS has synthesised in `old`, and that `new` has otherwise or not at all."""
    kept = set(_unchanged(old, new))
    projects = (path.relative_to(old) for path in sorted((old / PROJECTS).glob("*/")))
    return [p.name for p in projects if p not in kept and (old / p / f"{p.name}_prj").is_dir()]


def _unchanged(old: Path, new: Path) -> Iterator[Path]:
    """Folders of `new`, relative, whose files `old` has alike."""
    names = [{path.name for path in (build / PROJECTS).glob("*/")} for build in (old, new)]
    same = [Path(PROJECTS, name) for name in sorted(names[1]) if _has(old, new, Path(PROJECTS, name))]
    yield from same
    if names[0] == names[1] == {path.name for path in same} and _has(old, new, Path(STITCHED)):
        yield Path(STITCHED)


def _has(old: Path, new: Path, folder: Path) -> bool:
    """Whether all files of a folder of `new` are in `old`, byte for byte. Nothing that is built depends on which steps were asked for last."""
    from split4ml.backends.hls4ml.project import STEPS

    files = [path.relative_to(new) for path in (new / folder).rglob("*") if path.is_file()]
    return bool(files) and all(
        (old / file).is_file() and filecmp.cmp(old / file, new / file, shallow=False)
        for file in files
        if file.name != STEPS
    )
