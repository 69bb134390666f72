"""Writes FIFO depths into the top function of an hls4ml project: all of them, or none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from split4ml.backends.trace.lexer import masked
from split4ml.backends.trace.stream_pragmas import depth_of, stream_pragmas
from split4ml.compiler.whole_file import whole_file
from split4ml.dialects.errors import Split4mlError


def apply_depths(source: Path, depths: Mapping[str, int]) -> dict[str, tuple[int | None, int]]:
    """Sets `#pragma HLS STREAM variable=NAME depth=N` for every NAME, behind its declaration if there is none yet.

    Returns what changed: name -> (old depth, None if there was no pragma; new depth). The file is replaced in one
    rename, with its mode and its line ends. Raises Split4mlError if a stream is not found or the file cannot be written.
    """
    try:
        target = source.resolve(strict=True)
        text = target.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Split4mlError(f"cannot read: {error}", str(source)) from None
    changed: dict[str, tuple[int | None, int]] = {}
    for name, depth in depths.items():
        text, old = _set(text, name, depth, str(source))
        if old != depth:
            changed[name] = (old, depth)
    if not changed:
        return {}
    with whole_file(source) as partial:
        partial.write_bytes(text.encode("utf-8"))
        partial.chmod(target.stat().st_mode & 0o777)
    return changed


def changes(changed: Mapping[str, tuple[int | None, int]]) -> Iterator[str]:
    """What `apply_depths` did, for the terminal."""
    for name, (old, new) in changed.items():
        yield f"{name}: depth {'not stated' if old is None else old} -> {new}"
    if not changed:
        yield "every pragma has its depth already"


def _set(text: str, name: str, depth: int, where: str) -> tuple[str, int | None]:
    found = [pragma for pragma in stream_pragmas(masked(text)) if pragma.variable == name]
    if len(found) > 1:
        raise Split4mlError(f"stream {name} has {len(found)} pragmas", where)
    if found:
        (pragma,) = found
        stated = str(depth) if pragma.depth is not None else f" depth={depth}"
        return text[: pragma.start] + stated + text[pragma.stop :], depth_of(pragma)
    variable = re.escape(name)
    declared = re.search(
        rf"^([ \t]*)hls::stream<[^;\n]*>\s*{variable}\s*(?:\([^;\n]*\))?;[^\r\n]*(\r?\n)",
        masked(text),
        re.MULTILINE,
    )
    if declared is None:
        raise Split4mlError(f"the declaration of stream {name} was not found", where)
    line = f"{declared.group(1)}#pragma HLS STREAM variable={name} depth={depth}{declared.group(2)}"
    return text[: declared.end()] + line + text[declared.end() :], None
