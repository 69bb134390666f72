"""Writes what a design is built from: one hls4ml project per subgraph, the stitched top, and a Makefile for the vendor's tools."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from split4ml.dialects import flow
from split4ml.dialects.flow import symbol
from split4ml.passes.flow_graph import stream_name

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

    from split4ml.compiler.services import Session

PROJECTS = "subgraphs"
STITCHED = "stitched"


def write_projects(model: flow.ModelOp, session: Session, folder: Path) -> None:
    """`folder/subgraphs/<name>`: an hls4ml project each, with the FIFO depths of the IR. One for all if unpartitioned."""
    from split4ml.backends.cosim import cosim_scripts
    from split4ml.backends.hls4ml.project import write_monolithic, write_subproject
    from split4ml.backends.hls4ml.slicing import SubgraphSpec

    source = session.archive_path(model)
    if not model.subgraphs:
        depths = {symbol(fifo): fifo.depth.value.data for fifo in model.fifos}
        styles = _stated(model, model.fifos)
        write_monolithic(source, folder / PROJECTS / symbol(model), symbol(model), depths, styles)
        write_texts(folder / PROJECTS / symbol(model), cosim_scripts())
    for part in model.subgraphs:
        inputs = [stream_name(value) for value in part.inputs]
        outputs = [stream_name(value) for value in part.outputs]
        spec = SubgraphSpec(
            name=symbol(part),
            tasks=tuple(symbol(task) for task in part.tasks),
            inputs=tuple((name, name) for name in inputs),
            outputs=tuple((name, name) for name in outputs),
        )
        depths = {symbol(fifo): fifo.depth.value.data for fifo in part.fifos}
        write_subproject(source, spec, folder / PROJECTS / symbol(part), depths, _stated(model, part.fifos))
        write_texts(folder / PROJECTS / symbol(part), cosim_scripts())


def _stated(model: flow.ModelOp, fifos: Iterable[flow.FifoOp]) -> dict[str, str]:
    """Styles by FIFO, where the IR states one; none for Vivado HLS, which has another pragma."""
    if model.backend is not None and model.backend.data != "Vitis":
        return {}
    return {symbol(fifo): fifo.style.data for fifo in fifos if fifo.style is not None}


def write_stitched(module: ModuleOp, folder: Path) -> None:
    """`folder/stitched`: rtl/ for Vivado and Verilator alike, Tcl and constraints, and sim/ with twins and testbench.

    Nothing if the module has no `stitch.design`.
    """
    from split4ml.backends.cosim import logging_script
    from split4ml.backends.rtl.top import rtl_sources
    from split4ml.backends.rtl.twin import sim_design
    from split4ml.backends.vivado.project import vivado_sources
    from split4ml.dialects import stitch

    (model,) = (op for op in module.ops if isinstance(op, flow.ModelOp))
    for design in (op for op in module.ops if isinstance(op, stitch.DesignOp)):
        rtl = rtl_sources(design)
        simulation = {
            name: text for name, text in sim_design(model, design, {}).sources.items() if name not in rtl
        }
        stitched = folder / STITCHED
        for place, texts in (
            (stitched, {**vivado_sources(design), **logging_script()}),
            (stitched / "rtl", rtl),
            (stitched / "sim", simulation),
        ):
            write_texts(place, texts)


def write_makefile(module: ModuleOp, folder: Path) -> None:
    """`folder/Makefile`, which builds what the two functions above have written."""
    from split4ml.backends.rtl.top import top_of
    from split4ml.backends.vivado.project import makefile
    from split4ml.dialects import stitch

    (model,) = (op for op in module.ops if isinstance(op, flow.ModelOp))
    tops = [top_of(op).name for op in module.ops if isinstance(op, stitch.DesignOp)]
    projects = [f"{PROJECTS}/{symbol(part)}" for part in (*model.subgraphs,) or (model,)]
    backend = model.backend.data if model.backend is not None else "Vitis"
    write_texts(folder, {"Makefile": makefile(projects, next(iter(tops), None), backend)})


def write_texts(folder: Path, texts: Mapping[str, str]) -> None:
    """Files by name."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
