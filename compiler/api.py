"""The Python interface: `design = split4ml.compile("model.onnx", subgraphs=4)`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from split4ml.compiler.compile import Importer, compile_file, compile_with
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
    given, chosen = _chosen(options, "split4ml.compile")
    reporter = Reporter() if quiet else make_reporter()
    keep = None
    if output_dir is None:
        keep = tempfile.TemporaryDirectory(prefix="split4ml-build-")
        output_dir = Path(keep.name) / "build"
    directory = Path(output_dir)
    if isinstance(model, str | Path):
        compile_file(Path(model), directory, chosen, reporter, force, given)
    else:
        compile_with(_importer(model, chosen), [], directory, chosen, reporter, force, given)
    return Design(directory, keep)


def explore(model: Any, *, quiet: bool = True, **options: Any) -> dict[str, Any]:
    """Every split of a model that is worth choosing: what front.json holds (docs/partition.md).

    model, options: as of `compile`, which makes the split of a point: `split4ml.compile(model, **point["options"])`.
    """
    from split4ml.compiler.explore import explore_file, explore_with

    given, chosen = _chosen(options, "split4ml.explore")
    reporter = Reporter() if quiet else make_reporter()
    if isinstance(model, str | Path):
        return explore_file(Path(model), chosen, reporter, given)
    return explore_with(_importer(model, chosen), [], chosen, reporter, given)


def _chosen(options: dict[str, Any], where: str) -> tuple[dict[str, object], CompileOptions]:
    """The options that are given, typed, and all of them. Raises Split4mlError."""
    plain = ((name, str(value) if isinstance(value, Path) else value) for name, value in options.items())
    given = typed(((name, value) for name, value in plain if value is not None), where)
    try:
        return given, CompileOptions().updated(given)
    except ValueError as error:
        raise UsageError(str(error)) from None


def _importer(model: Any, options: CompileOptions) -> Importer:
    """Of a live hls4ml `ModelGraph`."""
    from split4ml.backends.hls4ml.graph import from_model_graph
    from split4ml.compiler.importing import import_graph

    graph = from_model_graph(model)
    name = str(graph.model.config.get_project_name())
    return lambda session: import_graph(graph, name, session, options.input)
