"""Pragmas that hls4ml's writer has none of: what a FIFO is made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from split4ml.dialects.errors import Split4mlError

IMPLEMENTATIONS = {"shift": "srl", "memory": "memory", "lutram": "lutram", "bram": "bram", "uram": "uram"}
"""Words of `BIND_STORAGE type=fifo impl=…` (UG1399) for styles of flow.fifo."""


def bind_storage(source: Path, styles: Mapping[str, str]) -> None:
    """Writes a BIND_STORAGE pragma behind the STREAM pragma of each stream in `styles`. Raises Split4mlError if there is none."""
    if not styles:
        return
    text = source.read_text("utf-8")
    for stream, style in styles.items():
        pragma = re.compile(
            rf"^([ \t]*#pragma HLS STREAM variable={re.escape(stream)} depth=\d+[^\n]*\n)", re.MULTILINE
        )
        line = f"#pragma HLS BIND_STORAGE variable={stream} type=fifo impl={IMPLEMENTATIONS[style]}"
        text, count = pragma.subn(rf"\g<1>    {line}\n", text)
        if count != 1:
            raise Split4mlError(
                f"the stream {stream} has {count} pragmas that state its depth", str(source.name)
            )
    source.write_text(text, "utf-8")
