"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from split4ml.dialects.errors import Split4mlError


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Where to write what is to stand at `path`: a file that takes its place afterwards, and is gone if writing fails.

    A link is followed. What is there and no file, such as /dev/stdout, is written to as it is. Raises Split4mlError in place of OSError.
    """
    target = Path(os.path.realpath(path))
    device = path.exists() and (not path.is_file() or path.absolute().parts[1] in ("dev", "proc"))
    partial = path if device else target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
    try:
        yield partial
        if not device:
            partial.replace(target)
    except OSError as error:
        raise Split4mlError(f"cannot write: {(error.strerror or str(error)).lower()}", str(path)) from None
    finally:
        if not device:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)


def write_whole(path: Path, text: str) -> None:
    """The whole text, or nothing. Raises Split4mlError."""
    with whole_file(path) as partial:
        partial.write_text(text, "utf-8")
