"""The files by which the vendor's tools build a design: Tcl script and constraints of a stitched top, and a Makefile for all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from split4ml.backends.rtl.top import Top, rtl_sources, top_of
from split4ml.dialects import stitch
from split4ml.dialects.errors import Split4mlError

DEFAULT_PART = "xcvu13p-flga2577-2-e"
"""hls4ml's default device for the Vitis back end."""

_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


def vivado_sources(design: stitch.DesignOp, subgraphs: str = "../subgraphs") -> dict[str, str]:
    """Files by name, relative to the folder that also holds `rtl/` (backends/rtl/top.py).

    subgraphs: the folder of the subgraphs' hls4ml projects, seen from there. Raises Split4mlError for a part whose
    name no device has.
    """
    top = top_of(design)
    part = DEFAULT_PART if top.part is None else top.part
    if not _PART.fullmatch(part):
        raise Split4mlError(f"{part!r} is no name of a device", where=top.name)
    if not re.fullmatch(r"[A-Za-z0-9._/-]+", subgraphs, re.ASCII):
        raise ValueError(f"{subgraphs!r} may not stand in Tcl")
    top = replace(top, part=part)
    regions = _regions(top)
    rtl = sorted(rtl_sources(design))
    files = {
        "build_stitched.tcl": _render(
            "build_stitched.tcl.j2",
            top=top,
            rtl=rtl,
            regions=regions,
            subgraphs=" ".join(subgraphs.split("/")),
        ),
        f"{top.name}.xdc": _render("top.xdc.j2", top=top, period_ns=_nanoseconds(top.clock_ps)),
    }
    if regions:
        files[f"{top.name}_slr.xdc"] = _render("top_slr.xdc.j2", top=top, regions=regions)
    return files


def makefile(projects: Sequence[str], top: str | None, backend: str) -> str:
    """Of a folder with HLS projects, and a stitched top in `stitched` if there is one.

    projects: folders, seen from there, named like what they hold.
    """
    if not projects or not all(re.fullmatch(r"[A-Za-z0-9_/]+", name) for name in [*projects, top or "top"]):
        raise ValueError(f"{projects} or {top} may not stand in a Makefile")
    return _render("Makefile.j2", subgraphs=list(projects), top=top, vitis=backend != "Vivado")


def _regions(top: Top) -> list[tuple[int, list[str]]]:
    """Instances by region; those without one go where the placer likes."""
    by_slr: dict[int, list[str]] = {}
    for instance in top.instances:
        if instance.slr is not None:
            by_slr.setdefault(instance.slr, []).append(instance.name)
    return sorted(by_slr.items())


def _nanoseconds(picoseconds: int) -> str:
    return f"{picoseconds // 1000}.{picoseconds % 1000:03}"


def _render(template: str, **context: object) -> str:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # Tcl, from names that dialects/stitch_verify.py has checked
    )
    return environment.get_template(template).render(context)
