"""Writes FIFO depths into the top function of an hls4ml project: all of them, or none."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

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
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
    try:
        partial.write_bytes(text.encode("utf-8"))
        partial.chmod(target.stat().st_mode & 0o777)
        os.replace(partial, target)
    except OSError as error:
        raise Split4mlError(f"cannot write: {(error.strerror or str(error)).lower()}", str(source)) from None
    finally:
        partial.unlink(missing_ok=True)
    return changed


def _set(text: str, name: str, depth: int, where: str) -> tuple[str, int | None]:
    variable = re.escape(name)
    pragma = re.compile(
        rf"^([ \t]*#[ \t]*pragma[ \t]+HLS[ \t]+STREAM[ \t]+variable={variable}[ \t]+depth=)(\d+)\b",
        re.MULTILINE | re.IGNORECASE,
    )
    found = pragma.findall(text)
    if len(found) > 1:
        raise Split4mlError(f"stream {name} has {len(found)} pragmas", where)
    if found:
        return pragma.sub(rf"\g<1>{depth}", text), int(found[0][1])
    declared = re.search(
        rf"^([ \t]*)hls::stream<[^;\n]*>\s*{variable}\s*(?:\([^;\n]*\))?;[^\r\n]*(\r?\n)", text, re.MULTILINE
    )
    if declared is None:
        raise Split4mlError(f"the declaration of stream {name} was not found", where)
    line = f"{declared.group(1)}#pragma HLS STREAM variable={name} depth={depth}{declared.group(2)}"
    return text[: declared.end()] + line + text[declared.end() :], None
