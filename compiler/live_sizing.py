"""FIFO depths of a live hls4ml model: what hls4ml's `fifo_depth_optimization` does by co-simulation, without vendor tools."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from split4ml.compiler.profile_project import check_bits_only, profile_project
from split4ml.compiler.progress import Reporter, make_reporter
from split4ml.compiler.timing_file import load
from split4ml.dialects.errors import Split4mlError

if TYPE_CHECKING:
    from split4ml.passes.size_fifos import SizeFifos


@dataclass(frozen=True)
class LiveSizing:
    """initial, depths: of every FIFO by its C++ name, as pragmas count, before and after. report: as `split4ml profile --json`."""

    initial: Mapping[str, int]
    depths: Mapping[str, int]
    report: Mapping[str, Any]

    @property
    def latency(self) -> int | None:
        """Cycles of a lone frame with these depths; None if it never ends."""
        latency: int | None = self.report["latency_cycles"]
        return latency

    @property
    def interval(self) -> float | None:
        interval: float | None = self.report["interval_cycles"]
        return interval


def size_fifos(
    model: Any,
    *,
    tool: str | None = None,
    clock_ns: float | None = None,
    timing: Path | str | None = None,
    apply: bool = True,
    quiet: bool = True,
    **options: Any,
) -> LiveSizing:
    """Sizes the FIFOs of an hls4ml `ModelGraph` (io_stream, Vitis or Vivado) and sets the depths in it.

    Its C++ is written to a temporary folder, traced and replayed. What `model.write()` and `model.build()` do afterwards has these
    depths. tool, clock_ns: by default, the model's. timing: timing.json of `split4ml profile … -o`, what was measured of its tasks. apply: False changes nothing. options: of the pass `size-fifos`, with
    underscores: `method="exact"`, `latency="5%"`, `pin=["layer2_out=4"]`; but not `objective="cost"`, `bram18` and the prices, since styles of FIFOs are stated in a build only.
    Raises Split4mlError for these, for any other model, and if it deadlocks however deep its FIFOs are; then nothing is changed.

        hls_model = hls4ml.converters.convert_from_keras_model(…, io_type="io_stream", backend="Vitis")
        print(split4ml.size_fifos(hls_model).depths)
        hls_model.build()
    """
    from split4ml.backends.hls4ml.graph import from_model_graph
    from split4ml.backends.hls4ml.project import write_monolithic

    wanted = _wanted(options)
    measured = load(Path(timing)) if timing is not None else None
    graph = from_model_graph(model)
    config = model.config
    if clock_ns is None:
        clock_ns = float(config.get_config_value("ClockPeriod", 5))
    if tool is None and config.backend.name == "Vivado":
        from split4ml.passes.timing.constants import DEFAULT

        tool = DEFAULT["vivado"]
    with tempfile.TemporaryDirectory(prefix="split4ml-") as scratch:
        project = Path(scratch) / "project"
        write_monolithic(graph, project)
        found = profile_project(
            project,
            tool=tool,
            clock_ns=clock_ns,
            sizing=wanted,
            timing=measured,
            reporter=Reporter() if quiet else make_reporter(),
        )
    variables = {v.name: v for v in model.output_vars.values() if not hasattr(v, "input_var")}
    missing = [name for name in found.depths if name not in variables]
    if missing:
        raise Split4mlError(f"the model has no stream {missing[0]}, but its C++ does")
    initial = {fifo["name"]: int(fifo["default_depth"]) for fifo in found.report["fifos"]}
    if apply:
        for name, depth in found.depths.items():
            variables[name].pragma = ("stream", depth)
    return LiveSizing(initial, dict(found.depths), found.report)


def _wanted(options: Mapping[str, Any]) -> SizeFifos:
    """The pass with these options. Raises PipelineError for what it does not take, Split4mlError for what needs a build."""
    from split4ml.compiler.binding import bind_pass
    from split4ml.compiler.pipeline.syntax import PassSpec
    from split4ml.passes.size_fifos import SizeFifos

    made = bind_pass(PassSpec.of("size-fifos", **options)).make({"tracer": None})
    assert isinstance(made, SizeFifos)
    check_bits_only(made)
    return made
