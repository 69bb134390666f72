"""`split4ml config`: a model goes in, hls4ml's configuration of it comes out, as a file to start from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from split4ml.compiler.defaults import pipeline_of
from split4ml.compiler.options import CompileOptions
from split4ml.compiler.passrunner import context, run_passes
from split4ml.compiler.progress import Reporter
from split4ml.compiler.sources import read_source
from split4ml.compiler.stages import stage_of
from split4ml.compiler.whole_file import write_whole
from split4ml.compiler.workspace import hls_options, workspace
from split4ml.dialects import flow
from split4ml.dialects.errors import Split4mlError

if TYPE_CHECKING:
    from split4ml.backends.hls4ml.graph import Graph

LOWERED = "lower-nn-to-flow"


def configuration_of(source: Path, options: CompileOptions, reporter: Reporter) -> str:
    """The text of the file. Raises Split4mlError, also for a model that is lowered already."""
    from split4ml.backends.hls4ml.config_file import configuration, layer_settings

    graph = lowered(source, options, reporter)
    return configuration(source.name, hls_options(options), layer_settings(graph))


def lowered(source: Path, options: CompileOptions, reporter: Reporter) -> Graph:
    """The hls4ml graph of a network, as the default pipeline makes it with these options."""
    specs = pipeline_of(options)
    last = [spec.name for spec in specs].index(LOWERED)
    with workspace(source, options) as files:
        with reporter.step("import"):
            module = read_source(source, files)
        if any(isinstance(op, flow.ModelOp) for op in module.ops):
            raise Split4mlError(
                "this model is lowered already: its precisions are decided",
                str(source),
                "configure the network itself",
            )
        with reporter.step("passes"):
            run_passes(specs[stage_of(module) : last + 1], files.services, context(), module)
        (model,) = (op for op in module.ops if isinstance(op, flow.ModelOp))
        for note in files.notes:
            reporter.warn(note)
        return files.session().graph(model)


def write_configuration(path: Path, text: str, force: bool) -> None:
    """Raises Split4mlError if there is such a file, unless it is to be replaced."""
    if path.exists() and not force:
        raise Split4mlError("there is such a file already", str(path), "--force replaces it")
    write_whole(path, text)
