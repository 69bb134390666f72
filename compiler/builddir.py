"""Build directories: they appear complete or not at all, hold no absolute path, and say with what they were made.

DIR/split4ml.toml   the options         (both together mark a directory as ours, which may be replaced)
DIR/report.json     the result
DIR/inputs/         copies of the files that the options name
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from split4ml.compiler.options import CompileOptions, from_toml
from split4ml.dialects.errors import Split4mlError

OPTIONS = "split4ml.toml"
REPORT = "report.json"
INPUTS = "inputs"
FRONT = ("front.json", "front.svg")
SCHEMA = 1
"""Version of report.json."""
REPORT_KEYS = ("model", "backend", "part", "clock_ps", "tool", "layers", "fifos", "subgraphs", "checks")

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def is_build(directory: Path) -> bool:
    """Whether a finished compilation left this directory."""
    try:
        from_toml((directory / OPTIONS).read_text("utf-8"), OPTIONS)
        report = json.loads((directory / REPORT).read_text("utf-8"))
    except (OSError, ValueError, Split4mlError):
        return False
    return isinstance(report, dict) and report.get("schema") == SCHEMA


def is_front(directory: Path) -> bool:
    """Whether `split4ml explore` left this directory, and nobody put anything into it."""
    return {path.name for path in directory.iterdir()} == set(FRONT)


def require_build(directory: Path) -> Path:
    """The directory, if it is a build. Raises Split4mlError."""
    if not directory.is_dir():
        raise Split4mlError(
            "there is no such build directory", str(directory), "make one with split4ml compile"
        )
    if not is_build(directory):
        raise Split4mlError(
            f"this is no build directory: it lacks {OPTIONS} or {REPORT}, or they are damaged",
            str(directory),
            "make one with split4ml compile",
        )
    return directory


def read_report(directory: Path) -> dict[str, Any]:
    """`report.json` of a build. Raises Split4mlError if it is no build, or its report has been damaged."""
    path = require_build(directory) / REPORT
    report: dict[str, Any] = json.loads(path.read_text("utf-8"))
    if absent := [key for key in REPORT_KEYS if key not in report]:
        raise Split4mlError(f"the report is damaged: it lacks {', '.join(absent)}", str(path))
    return report


def check_free(directory: Path, force: bool) -> None:
    """Raises Split4mlError unless `directory` can be made, or may be replaced. Cheap: ask before the work begins."""
    if not os.path.lexists(directory):
        return
    if directory.is_symlink() or not directory.is_dir():
        raise Split4mlError("this exists, and is no directory", str(directory), "choose another name")
    if not any(directory.iterdir()):
        return
    if not is_build(directory) and not is_front(directory):
        raise Split4mlError(
            "this directory exists and was not made by split4ml, so it is left alone",
            str(directory),
            "choose another name, or remove it yourself",
        )
    if not force:
        raise Split4mlError("this build exists", str(directory), "--force replaces it")


@contextmanager
def new_build(directory: Path, force: bool = False) -> Iterator[Path]:
    """Gives a folder to write into, which becomes `directory` when the block ends, and vanishes if it fails.

    What the vendor's tools made of projects that are there again is kept (compiler/synthesised.py). The folder is a hidden sibling, so that taking its place is one rename (with `force`, one exchange). Raises
    Split4mlError if `directory` may not be replaced.
    """
    check_free(directory, force)
    parent = directory.absolute().parent
    partial = parent / f".{directory.absolute().name}.{secrets.token_hex(4)}.partial"
    try:
        parent.mkdir(parents=True, exist_ok=True)
        partial.mkdir()
    except OSError as error:
        raise Split4mlError(
            f"cannot make a directory here: {(error.strerror or str(error)).lower()}", str(parent)
        ) from None
    except ValueError as error:  # a NUL in the name
        raise Split4mlError(f"this names no directory: {error}", str(directory)) from None
    try:
        yield partial
        check_free(directory, force)  # somebody else may have been faster
        _take_place(partial, directory.absolute())
    finally:
        if partial.exists():
            shutil.rmtree(partial, ignore_errors=True)


def _take_place(partial: Path, directory: Path) -> None:
    """Renames, or exchanges if there is a directory; what was there is then at `partial`."""
    from split4ml.compiler.synthesised import keep_synthesised

    if not directory.exists():
        os.rename(partial, directory)
    elif _exchange(partial, directory):
        keep_synthesised(partial, directory)
    else:
        # Not atomic, but at no time is anything half-written in the place: the old one, nothing, the new one.
        old = partial.with_suffix(".old")
        os.rename(directory, old)
        try:
            os.rename(partial, directory)
        except OSError:
            os.rename(old, directory)
            raise
        keep_synthesised(old, directory)
        shutil.rmtree(old, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Linux' renameat2(2) with RENAME_EXCHANGE; False where the system or the file system has no such thing."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    if renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
        return False
    raise OSError(code, os.strerror(code), str(other))


def write_options(directory: Path, options: CompileOptions) -> CompileOptions:
    """Writes split4ml.toml, and copies of the files it names, so that it holds in any place.

    Returns the options as `read_options` would for this directory.
    """
    local: dict[str, Path] = {}
    for name, path in options.files().items():
        copy = Path(INPUTS) / f"{name.replace('_', '-')}{path.suffix}"
        target = directory / copy
        target.parent.mkdir(exist_ok=True)
        try:
            if not (target.exists() and target.samefile(path)):
                shutil.copyfile(path, target)
        except OSError as error:
            raise Split4mlError(f"cannot read: {(error.strerror or str(error)).lower()}", str(path)) from None
        local[name] = copy
    relative = replace(options, **local)  # type: ignore[arg-type]
    (directory / OPTIONS).write_text(relative.to_toml(), "utf-8")
    return relative.rebased(directory)


def read_options(directory: Path) -> CompileOptions:
    """The options of a build, with paths that can be opened. Raises Split4mlError."""
    path = directory / OPTIONS
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Split4mlError(f"cannot read: {error}", str(path)) from None
    return from_toml(text, str(path)).rebased(directory)


def options_beside(stage: Path) -> CompileOptions | None:
    """The options of the build in whose ir/ folder a stage (.mlir) lies; None for any other file."""
    directory = stage.absolute().parent.parent
    if stage.suffix != ".mlir" or stage.absolute().parent.name != "ir" or not (directory / OPTIONS).is_file():
        return None
    return read_options(directory)
