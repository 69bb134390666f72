"""Writes hls4ml projects from a saved graph: the monolithic one, and one per subgraph.

They are what hls4ml's own writer makes, for its own tools (`link_existing_project`, `build_lib.sh`, `build_prj.tcl`), with the steps
set that a stitched top needs, and less what would tie them to a place or a time: weights are in the headers only (hls4ml compiles the absolute path of its
text files into libraries), the stamp is fixed, and `OutputDir` in `hls4ml_config.yml` is `.`, so hls4ml's Python tools are
to be run inside the project's folder.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from split4ml.backends.hls4ml.archive import load, regenerate, save
from split4ml.backends.hls4ml.capture import captured, explained
from split4ml.backends.hls4ml.graph import PROJECT, Graph
from split4ml.backends.hls4ml.pragmas import bind_storage
from split4ml.backends.hls4ml.slicing import SubgraphSpec, cut_out, set_ports_and_depths
from split4ml.backends.hls4ml.view import View, view
from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.names import is_legal, legal_name

CONFIG = "hls4ml_config.yml"
STEPS = "build_opt.tcl"
"""What hls4ml's script for Vitis HLS is to do, which hls4ml's `build()` writes anew. The writer's own asks for a co-simulation on data that
are not there, and for no IP."""
_SYNTHESIS = {"synth", "export"}


def write_monolithic(
    source: Graph | Path,
    out_dir: Path,
    project_name: str = PROJECT,
    depths: Mapping[str, int] | None = None,
    styles: Mapping[str, str] | None = None,
) -> None:
    """Writes the whole network as one project into the new folder `out_dir`.

    source: a graph or its archive; depths: of FIFOs by stream, others keep hls4ml's; styles: of flow.fifo, others are left to the
    tool.
    Raises Split4mlError. Ports have the names of their streams (`GraphInfo.inputs`, `outputs`).
    """
    if project_name != PROJECT and not is_legal(project_name):
        raise Split4mlError(
            f"{project_name!r} is no legal name of a project", hint=f"use {legal_name(project_name)!r}"
        )
    with captured(), explained("hls4ml cannot write the monolithic project"):
        seen = _fresh(source)
        model = seen.model
        model.config.config["ProjectName"] = project_name
        inputs = [(seen.variable(tensor), seen.stream[tensor]) for tensor in seen.inputs]
        if any(variable.name != stream for variable, stream in inputs):  # the others' names are hls4ml's own
            for variable, stream in inputs:
                variable.name = stream
            regenerate(model)
        set_ports_and_depths(model, seen.stream, depths or {}, "the network")
        _write(model, out_dir, styles or {})


def write_subproject(
    source: Graph | Path,
    spec: SubgraphSpec,
    out_dir: Path,
    depths: Mapping[str, int] | None = None,
    styles: Mapping[str, str] | None = None,
) -> None:
    """Writes one subgraph as a project into the new folder `out_dir`.

    depths, styles: as above, of FIFOs inside it; those at its ports are not its own.
    Raises Split4mlError if the subgraph is not what the archive has.
    """
    with captured(), explained(f"hls4ml cannot write the subgraph {spec.name}"):
        seen = _fresh(source)
        model = cut_out(seen, spec)
        set_ports_and_depths(model, seen.stream, depths or {}, f"subgraph {spec.name}")
        _write(model, out_dir, styles or {})


def _fresh(source: Graph | Path) -> View:
    """A private copy of the graph, always by way of the archive: what is emitted is what is saved."""
    if isinstance(source, Path):
        graph = load(source)
    else:
        with tempfile.TemporaryDirectory(prefix="split4ml-") as folder:
            path = Path(folder) / "graph.fml"
            save(source, path)
            graph = load(path)
    return view(graph.model, graph.user_names)


def _write(model: Any, out_dir: Path, styles: Mapping[str, str]) -> None:
    import yaml
    from hls4ml.writer.writers import get_writer

    if out_dir.exists() and any(out_dir.iterdir()):
        raise Split4mlError("the folder is not empty", str(out_dir))
    config = model.config
    config.config["OutputDir"] = str(out_dir)
    config.writer_config = config.config["WriterConfig"]
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        # The writer alone: hls4ml's `write` flow would draw a random stamp first.
        get_writer(config.backend.name).write_hls(model)
        if (steps := out_dir / STEPS).exists():
            steps.write_text(_only_synthesis(steps.read_text()))
        bind_storage(out_dir / "firmware" / f"{config.get_project_name()}.cpp", styles)
        portable = json.loads(json.dumps({**config.config, "OutputDir": "."}))
        (out_dir / CONFIG).write_text(yaml.safe_dump(portable, sort_keys=True))
    except BaseException:
        shutil.rmtree(out_dir, ignore_errors=True)
        raise


def _only_synthesis(steps: str) -> str:
    def wanted(line: re.Match[str]) -> str:
        return line[1] + str(int(line[2] in _SYNTHESIS))

    return re.sub(r"^( *(\w+) +)[01]$", wanted, steps, flags=re.MULTILINE)
