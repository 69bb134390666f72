"""Writes what a design is built from: one hls4ml project per subgraph, and the stitched top."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from split4ml.dialects import flow
from split4ml.dialects.flow import symbol
from split4ml.passes.flow_graph import stream_name

if TYPE_CHECKING:
    from split4ml.compiler.services import Session

PROJECTS = "subgraphs"
STITCHED = "stitched"


def write_projects(model: flow.ModelOp, session: Session, folder: Path) -> None:
    """`folder/subgraphs/<name>`: an hls4ml project each, with the FIFO depths of the IR. One for all if unpartitioned."""
    from split4ml.backends.hls4ml.project import write_monolithic, write_subproject
    from split4ml.backends.hls4ml.slicing import SubgraphSpec

    source = session.archive_path(model)
    if not model.subgraphs:
        depths = {symbol(fifo): fifo.depth.value.data for fifo in model.fifos}
        write_monolithic(source, folder / PROJECTS / symbol(model), symbol(model), depths)
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
        write_subproject(source, spec, folder / PROJECTS / symbol(part), depths)
