"""Verilog that Vitis HLS exported for a subgraph, to stand in the place of its twin."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from split4ml.backends.rtl.top import Port
from split4ml.dialects.errors import Split4mlError

CONTROL = ("ap_clk", "ap_rst_n", "ap_start", "ap_done", "ap_idle", "ap_ready")


@dataclass(frozen=True)
class Exported:
    """sources: Verilog files. data: what they read with $readmemh, relative to the working directory."""

    sources: tuple[Path, ...]
    data: tuple[Path, ...]


def exported(name: str, folder: Path, ports: Sequence[Port]) -> Exported:
    """The files of the IP `name` in `folder`. Raises Split4mlError if its ports are not those of the design."""
    sources = tuple(sorted(path for path in folder.rglob("*") if path.suffix in (".v", ".sv")))
    if not sources:
        raise Split4mlError(
            "the folder holds no Verilog", where=str(folder), hint="export the IP of the subgraph"
        )
    header = None
    for path in sources:
        text = _without_comments(path.read_text(encoding="utf-8", errors="replace"))
        if re.search(rf"\bmodule\s+{name}\b", text):
            header = text
            break
    if header is None:
        raise Split4mlError(f"no file defines the module {name}", where=str(folder))
    for port in CONTROL:
        if not re.search(rf"\b{port}\b", header):
            raise Split4mlError(f"module {name} has no port {port}; is it ap_ctrl_hs?", where=str(folder))
    for wanted in ports:
        direction = "input" if wanted.is_input else "output"
        pattern = rf"\b{direction}\b\s*(?:wire|reg|logic)?\s*\[\s*(\d+)\s*:\s*0\s*\]\s*{wanted.name}_TDATA\b"
        found = re.search(pattern, header)
        if found is None:
            raise Split4mlError(f"module {name} has no {direction} {wanted.name}_TDATA", where=str(folder))
        if int(found[1]) + 1 != wanted.bits:
            raise Split4mlError(
                f"{wanted.name}_TDATA of module {name} has {int(found[1]) + 1} bits, but the design has {wanted.bits}",
                where=str(folder),
                hint="dialects/ports.py decides how elements are padded",
            )
    return Exported(sources, tuple(sorted(folder.rglob("*.dat"))))


def _without_comments(text: str) -> str:
    return re.sub(r"//[^\n]*|/\*.*?\*/", " ", text, flags=re.DOTALL)
