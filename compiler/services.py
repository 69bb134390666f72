"""What passes ask the driver for (passes/interfaces.py), bound to one run: hls4ml, archives, traces, waveforms.

Everything is lazy: a pipeline that never lowers never imports hls4ml, one that never profiles compiles no C++.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from xdsl.dialects.builtin import ModuleOp

from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.flow import symbol
from split4ml.passes.graphinfo import GraphInfo
from split4ml.passes.interfaces import LoweredGraph

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from split4ml.backends.hls4ml.graph import Graph
    from split4ml.backends.hls4ml.options import HlsOptions
    from split4ml.backends.trace.model import ProjectTrace
    from split4ml.compiler.blobstore import BlobStore
    from split4ml.compiler.stimulus import Stimulus
    from split4ml.dialects import nn
    from split4ml.dialects.flow import ModelOp
    from split4ml.dialects.precision import Precision
    from split4ml.passes.cost.measured import CostData
    from split4ml.passes.timing.measured import Measurements
    from split4ml.passes.timing.network import Network, Replayed
    from split4ml.passes.timing.tasktrace import TaskTrace

ARCHIVE = "model.fml"
PREFIX = "sha256:"


@dataclass
class Session:
    """The services of one run; it is its own `Lowering`, `Notes`, `Archives`, `Costs`, `Measured`, `Tracer` and `Waveforms`.

    store:    weights and stimulus.
    folder:   where archives and waveforms are written: the build directory in the making.
    archives: files that may be the archive a model names.
    stages:   folders that may hold the stage of the network that a lowered model names.
    hls, tool, start: for lowering.
    frames:   of the stimulus that the trace records.
    cost_file: where the user's own synthesis reports are kept; None for none.
    timing_file: what was measured of tasks; None for nothing.
    max_error, overflow: what the checks let pass; see CompileOptions.
    simulates: the C simulation will be run, so that tracing all of it costs nothing extra.
    notes:    what the user should know; grows.
    """

    store: BlobStore
    folder: Path
    archives: Sequence[Path] = ()
    stages: Sequence[Path] = ()
    hls: HlsOptions | None = None
    tool: str = "vitis-2023.2"
    start: str = "per-frame"
    frames: int = 8
    cost_file: Path | None = None
    timing_file: Path | None = None
    max_error: float | None = None
    overflow: str = "warn"
    notes: list[str] = field(default_factory=list)
    graphs: dict[str, Graph] = field(default_factory=dict)
    traces: dict[tuple[str, int], ProjectTrace] = field(default_factory=dict)
    costs_told: bool = False
    simulates: bool = False
    tasks: dict[str, tuple[TaskTrace, ...]] = field(default_factory=dict)

    # Lowering

    def lower(
        self,
        layers: list[dict[str, object]],
        inputs: Sequence[str],
        outputs: Sequence[str],
        onnx_names: dict[str, tuple[str, ...]],
        input_names: Sequence[str] = (),
        output_names: Sequence[str] = (),
        types: Mapping[str, Mapping[str, Precision]] | None = None,
        parts: Mapping[str, str] | None = None,
    ) -> LoweredGraph:
        from split4ml.backends.hls4ml.graph import build_graph

        graph = build_graph(
            layers, inputs, outputs, self.hls, onnx_names, input_names, output_names, types, parts
        )
        for warning in graph.warnings:
            self.notes.append(str(warning))
        self.notes += graph.remarks
        return self.adopt(graph)

    def preview(
        self,
        layers: list[dict[str, object]],
        inputs: Sequence[str],
        outputs: Sequence[str],
        onnx_names: dict[str, tuple[str, ...]],
        types: Mapping[str, Mapping[str, Precision]] | None = None,
        parts: Mapping[str, str] | None = None,
    ) -> GraphInfo:
        from split4ml.backends.hls4ml.describe import describe
        from split4ml.backends.hls4ml.graph import build_graph

        return describe(build_graph(layers, inputs, outputs, self.hls, onnx_names, types=types, parts=parts))

    def adopt(self, graph: Graph) -> LoweredGraph:
        """Saves a graph in the build directory and knows it from then on."""
        from split4ml.backends.hls4ml.archive import save
        from split4ml.backends.hls4ml.describe import describe

        self.folder.mkdir(parents=True, exist_ok=True)
        digest = PREFIX + save(graph, self.folder / ARCHIVE)
        self.graphs[digest] = graph
        return LoweredGraph(describe(graph), ARCHIVE, digest)

    # Notes

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    # Archives

    def graph(self, model: ModelOp) -> Graph:
        """The hls4ml graph that a model names, loaded once. Raises Split4mlError if none of the archives is it."""
        wanted = model.digest.data
        if wanted not in self.graphs:
            self.graphs[wanted] = self._load(model)
        return self.graphs[wanted]

    def _load(self, model: ModelOp) -> Graph:
        from split4ml.backends.hls4ml.archive import digest, load

        wanted = model.digest.data
        seen = []
        for path in dict.fromkeys([self.folder / ARCHIVE, *self.archives]):
            if path.is_file():
                if PREFIX + digest(path) == wanted:
                    return load(path)
                seen.append(str(path))
        looked = f"; {', '.join(seen)} is another one" if seen else ""
        raise Split4mlError(
            f"the archive {model.archive.data} with digest {wanted[:19]}… is not here{looked}",
            where=f"flow.model @{model.sym_name.data}",
            hint="keep the IR in the ir/ folder of its build directory, or name the archive with --archive",
        )

    def archive_path(self, model: ModelOp) -> Path:
        """The file that holds the model's graph, in the build directory."""
        from split4ml.backends.hls4ml.archive import save

        path = self.folder / ARCHIVE
        graph = self.graph(model)
        if not path.is_file():
            self.folder.mkdir(parents=True, exist_ok=True)
            save(graph, path)
        return path

    def network(self, model: ModelOp) -> nn.ModelOp | None:
        """What the model was lowered from; None for a saved hls4ml graph, and if its stage is not here."""
        from split4ml.compiler import network

        module = model.parent_op()
        path = network.find(module, self.stages) if isinstance(module, ModuleOp) else None
        return network.read(path) if path is not None else None

    def describe(self, model: ModelOp) -> GraphInfo:
        from split4ml.backends.hls4ml.describe import describe

        return describe(self.graph(model))

    # Costs

    def known(self) -> CostData:
        from split4ml.compiler.costdata import load
        from split4ml.passes.cost.measured import CostData

        data = load(self.cost_file) if self.cost_file is not None else CostData()
        if data and not self.costs_told:
            self.costs_told = True
            count = len(data.projects)
            self.notes.append(
                f"costs are moved by {count} synthesis report{'s' if count > 1 else ''} of yours;"
                " --cost-data none leaves them as published reports made them"
            )
        return data

    # Measured

    def measurements(self) -> Measurements:
        from split4ml.compiler.timing_file import load

        if self.timing_file is None:
            raise Split4mlError(
                "no file of measured timing is named",
                hint="name one with --timing, or `set timing = …` in a script: the timing.json of `split4ml profile … -o`",
            )
        return load(self.timing_file)

    # Tracer

    def trace(self, model: ModelOp) -> Mapping[str, TaskTrace]:
        info = self.describe(model)
        found = {}
        for task, traced in zip(info.tasks, self.task_traces(model), strict=True):
            if task.outputs != traced.outputs:
                raise AssertionError(f"trace and graph disagree on {task.name}: {traced.outputs}")
            found[task.name] = traced
        return found

    def task_traces(self, model: ModelOp) -> tuple[TaskTrace, ...]:
        """Of the monolithic project's tasks: those known from earlier runs, or of a run that is needed anyway."""
        from split4ml.backends.trace.tasks import known_tasks, trace_tasks

        digest = model.digest.data
        if digest not in self.tasks:
            with self._monolithic(model) as (project, top):
                traced = known_tasks(project, top) if self.simulates else trace_tasks(project, top)
            self.tasks[digest] = traced.tasks if traced else self.project_trace(model).tasks
        return self.tasks[digest]

    def project_trace(self, model: ModelOp) -> ProjectTrace:
        """The trace of the monolithic project over the first `frames` sample frames, cyclically, with its tokens."""
        from split4ml.backends.trace.cache import TraceCache, cache_folder
        from split4ml.backends.trace.project import trace_project

        key = (model.digest.data, self.frames)
        if key not in self.traces:
            with self._monolithic(model) as (project, top):
                self.traces[key] = trace_project(
                    project,
                    top,
                    self.tokens(model, self.frames),
                    project.parent / "trace",
                    cache=TraceCache(cache_folder()),
                )
        return self.traces[key]

    def save_trace(self, model: ModelOp, path: Path) -> None:
        """The trace as a file, with the tokens if there is a simulation."""
        from split4ml.backends.trace.model import ProjectTrace

        if self.simulates:
            return self.project_trace(model).save(path)
        info = self.describe(model)
        tasks = self.task_traces(model)
        ProjectTrace("monolithic", info.inputs, info.outputs, tasks, {}, {}, 0).save(path)

    @contextlib.contextmanager
    def _monolithic(self, model: ModelOp) -> Iterator[tuple[Path, str]]:
        """The monolithic project in a temporary folder, and its top function."""
        from split4ml.backends.hls4ml.project import write_monolithic

        with tempfile.TemporaryDirectory(prefix="split4ml-trace-") as scratch:
            project = Path(scratch) / "project"
            write_monolithic(self.graph(model), project, "monolithic")
            try:
                yield project, "monolithic"
            except Split4mlError as error:
                # the project is a temporary one
                error.where = f"flow.model @{symbol(model)}, profile"
                raise

    # Stimulus

    def stimulus(self, model: ModelOp) -> Stimulus:
        """The module's sample inputs, or random ones of the model's input types if it has none."""
        from split4ml.compiler import stimulus
        from split4ml.compiler.layout import port_name, random_inputs

        module = model.parent_op()
        found = None
        if module is not None:
            inputs = [port_name(port) for port in model.inputs]
            outputs = [port_name(port) for port in model.outputs]
            found = stimulus.load(module, inputs, outputs, self.store)  # type: ignore[arg-type]
        return found or stimulus.Stimulus(random_inputs(model, self.frames))

    def samples(
        self, model: nn.ModelOp
    ) -> tuple[Mapping[str, npt.NDArray[np.float32]], Mapping[str, npt.NDArray[np.float32]] | None, bool]:
        """Of a network: those of its module, or random ones between 0 and 1."""
        from split4ml.compiler import stimulus
        from split4ml.compiler.frontend.reference import sample_inputs
        from split4ml.passes.lower_nn_to_flow import port_of

        shapes = {port.source: port.shape for port in map(port_of, model.inputs)}
        module = model.parent_op()
        assert isinstance(module, ModuleOp)
        outputs = [port.source.data for port in model.outputs]
        found = stimulus.load(module, list(shapes), outputs, self.store)
        if found is None:
            return sample_inputs(shapes, self.frames), None, True
        return found.inputs, found.outputs, found.random

    def tokens(self, model: ModelOp, frames: int) -> dict[str, npt.NDArray[np.uint64]]:
        """Raw bits of so many sample frames, cyclically, by input stream."""
        from split4ml.compiler.layout import frames_in, to_tokens

        arrays = self.stimulus(model).inputs
        count = frames_in(model, arrays, "the sample inputs")
        return to_tokens(model, arrays, [frame % count for frame in range(frames)])

    # Waveforms

    def observe(
        self, name: str, network: Network, run: Replayed, fifos: Mapping[str, int], clock_ps: int
    ) -> Mapping[str, int]:
        from split4ml.backends.vcd import read_profile, write_vcd

        folder = self.folder / "profile"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.vcd"
        write_vcd(path, network, run, clock_ps, list(fifos.values()))
        return {fifo: profile.peak for fifo, profile in read_profile(path, fifos, clock_ps).items()}
