"""The Python interface: `design = split4ml.compile("model.onnx", subgraphs=4)`."""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

from split4ml.compiler.compile import compile_file, compile_with
from split4ml.compiler.design import Design
from split4ml.compiler.options import CompileOptions, typed
from split4ml.compiler.progress import Reporter, make_reporter
from split4ml.dialects.errors import UsageError


def compile(
    model: Any,
    output_dir: Path | str | None = None,
    *,
    force: bool = False,
    quiet: bool = True,
    **options: Any,
) -> Design:
    """Compiles a model and returns the finished design.

    model: path of an .onnx, .fml or .mlir file, or a live hls4ml `ModelGraph`.
    output_dir: the build directory; without one, a temporary one that lives as long as the design (`Design.write` keeps it).
    options: those of `split4ml compile`, with underscores: `subgraphs=4, cut_before=["conv3"], precision="fixed<16,6>"`.
    Raises Split4mlError, with a message that says what to do.
    """
    plain = ((name, str(value) if isinstance(value, Path) else value) for name, value in options.items())
    given = typed(((name, value) for name, value in plain if value is not None), "split4ml.compile")
    try:
        chosen = CompileOptions().updated(given)
    except ValueError as error:
        raise UsageError(str(error)) from None
    reporter = Reporter() if quiet else make_reporter()
    keep = None
    if output_dir is None:
        keep = tempfile.TemporaryDirectory(prefix="split4ml-build-")
        output_dir = Path(keep.name) / "build"
    directory = Path(output_dir)
    if isinstance(model, str | Path):
        compile_file(Path(model), directory, chosen, reporter, force, given)
    else:
        _compile_live(model, directory, chosen, reporter, force, given)
    return Design(directory, keep)


def _compile_live(
    model: Any,
    directory: Path,
    options: CompileOptions,
    reporter: Reporter,
    force: bool,
    given: Collection[str],
) -> None:
    from split4ml.backends.hls4ml.graph import from_model_graph
    from split4ml.compiler.importing import import_graph

    graph = from_model_graph(model)
    name = str(graph.model.config.get_project_name())
    compile_with(
        lambda session: import_graph(graph, name, session, options.input),
        [],
        directory,
        options,
        reporter,
        force,
        given,
    )
