"""JSON files that a user names or edits: untrusted input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from split4ml.dialects.errors import Split4mlError

MAX_BYTES = 64 << 20


def read_json(path: Path, hint: str, absent: Any = None) -> Any:
    """What a file holds. hint: what to do about one that cannot be used. absent: what one that is not there holds; if None, that
    is an error as well. Raises Split4mlError."""
    try:
        if absent is not None and not path.exists():
            return absent
        if path.is_dir():
            raise Split4mlError("this is a folder, not a file", str(path), hint)
        if path.stat().st_size > MAX_BYTES:
            raise Split4mlError(f"this is larger than {MAX_BYTES >> 20} MB", str(path), hint)
        return json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise Split4mlError((error.strerror or str(error)).lower(), str(path)) from None
    except (ValueError, RecursionError) as error:
        raise Split4mlError(f"this is no JSON: {error}", str(path), hint) from None
