"""`split4ml compile`: a model goes in, a directory with everything comes out, or nothing does."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xdsl.dialects.builtin import ModuleOp

from split4ml.backends.cxx import find_compiler
from split4ml.backends.report.build import build_report
from split4ml.backends.report.graph import picture
from split4ml.backends.report.render import html
from split4ml.compiler import network
from split4ml.compiler.builddir import REPORT, new_build, write_options
from split4ml.compiler.defaults import pipeline_of
from split4ml.compiler.emit import write_makefile, write_projects, write_stitched
from split4ml.compiler.given import check_given
from split4ml.compiler.importing import import_source
from split4ml.compiler.learning import learn, used_cost_data
from split4ml.compiler.services import ARCHIVE, Session
from split4ml.compiler.stages import run_stages, stage_of
from split4ml.compiler.synthesised import lost
from split4ml.compiler.workspace import hls_options, services_of
from split4ml.dialects import flow
from split4ml.dialects.errors import CheckFailed, Split4mlError, UsageError
from split4ml.dialects.flow import symbol

if TYPE_CHECKING:
    from split4ml.compiler.options import CompileOptions
    from split4ml.compiler.pipeline.syntax import PassSpec
    from split4ml.compiler.progress import Reporter

LOWERED = "lower-nn-to-flow"
"""After this pass a model is `flow`: where saved hls4ml graphs enter."""

NO_TOP = "no stitched top is built for the Vivado backend, whose ports are one AXI-Stream per channel"

COMPILING = frozenset({"read-timing", "profile", "size-fifos", "settle-split"})
"""Passes that compile C++."""

Report = dict[str, Any]
Importer = Callable[[Session], ModuleOp]


def compile_file(
    source: Path,
    directory: Path,
    options: CompileOptions,
    reporter: Reporter,
    force: bool = False,
    given: Collection[str] = (),
    texts: Mapping[str, str] | None = None,
) -> Report:
    """Compiles a file into `directory` and returns the report. Raises Split4mlError; then nothing is written.

    given: names of the options that the user stated. With `pipeline` among them, its passes are all there is to do,
    whatever stage the file is (docs/decisions/0004). texts: further files, by name.
    """
    base = source.absolute().parent
    # IR lies in the ir/ folder of its build, or beside the archive and the weights
    homes = [base, base.parent]

    def load(session: Session) -> ModuleOp:
        return import_source(source, session, options.input)

    return compile_with(load, homes, directory, options, reporter, force, given, texts)


def compile_with(
    load: Importer,
    homes: Sequence[Path],
    directory: Path,
    options: CompileOptions,
    reporter: Reporter,
    force: bool = False,
    given: Collection[str] = (),
    texts: Mapping[str, str] | None = None,
) -> Report:
    """The same for a module from anywhere. homes: folders that may hold `weights/` and the archive."""
    specs = pipeline_of(options)
    if options.verify != "none" or COMPILING & {spec.name for spec in specs}:
        find_compiler()  # before hours of work, not after
    learn([directory, *homes], options, "cost_data" in given, reporter)
    with new_build(directory, force) as folder, tempfile.TemporaryDirectory(prefix="split4ml-") as scratch:
        session = open_session(folder, homes, options)
        with reporter.step("import"):
            module = load(session)
        asked, options = options, of_the_model(options, module)
        start = start_of(module, specs, given)
        check_given(given, asked, module, options, specs[start:])
        blobs = run_stages(
            module,
            specs,
            start,
            folder / "ir",
            services_of(lambda: session, options.device_file),
            session,
            reporter,
        )
        blobs |= _keep_network(module, session, folder / "ir")
        if options.backend == "Vivado":
            session.notes.append(NO_TOP)
        session.store.flush(folder / "weights", blobs)
        model = flow_model(module)
        session.archive_path(model)
        with reporter.step("writing projects"):
            write_projects(model, session, folder)
            write_stitched(module, folder)
            write_makefile(module, folder)
        try:
            report = finish(module, folder, Path(scratch), session, options, reporter)
        except CheckFailed as error:
            raise CheckFailed(error.message, error.where, _keep_evidence(folder)) from None
        (folder / REPORT).write_text(json.dumps(report, indent=1) + "\n", "utf-8")
        (folder / "report.html").write_text(html(report), "utf-8")
        (folder / "split.svg").write_text(picture(report), "utf-8")
        for name, text in (texts or {}).items():
            (folder / name).write_text(text, "utf-8")
        write_options(folder, used_cost_data(options))
        dropped = lost(directory, folder)
    for note in report["notes"]:
        reporter.warn(note)
    if dropped:
        reporter.warn(f"changed since they were synthesised, which is gone: {', '.join(dropped)}")
    return report


def open_session(folder: Path, homes: Sequence[Path], options: CompileOptions) -> Session:
    """The services of a compilation into `folder`."""
    from split4ml.compiler.blobstore import BlobStore
    from split4ml.compiler.costdata import cost_file

    assert options.tool is not None
    return Session(
        store=BlobStore([home / "weights" for home in homes]),
        folder=folder,
        archives=[home / ARCHIVE for home in homes],
        stages=[folder / "ir", *homes, *(home / "ir" for home in homes)],
        hls=hls_options(options),
        tool=options.tool,
        start=options.start,
        frames=options.profile_frames,
        cost_file=cost_file(options),
        timing_file=options.timing,
        max_error=options.max_error,
        overflow=options.overflow,
        simulates=options.verify != "none",
    )


def _keep_network(module: ModuleOp, session: Session, stages: Path) -> set[str]:
    """Copies the stage that the model was lowered from beside its own, if that was in another build. Returns its blobs."""
    path = network.find(module, session.stages)
    if path is None:
        return set()
    if path.parent != stages:
        shutil.copyfile(path, stages / path.name)
    return network.blobs(network.read(path))


def start_of(module: ModuleOp, specs: Sequence[PassSpec], given: Collection[str]) -> int:
    """The pass to begin with: the first if the user gave them all (`pipeline` among `given`), else the one behind the stage
    that the module states, or behind the lowering if it is `flow` and states none. Raises UsageError."""
    if "pipeline" in given:
        return 0
    start = stage_of(module)
    if start > len(specs):
        raise UsageError(
            f"the IR is stage {start} of its pipeline, but this pipeline has {len(specs)} passes",
            hint="give the passes that are left with -p",
        )
    names = [spec.name for spec in specs]
    if start == 0 and LOWERED in names and any(isinstance(op, flow.ModelOp) for op in module.ops):
        return names.index(LOWERED) + 1
    return start


def of_the_model(options: CompileOptions, module: ModuleOp) -> CompileOptions:
    """A saved or lowered model knows its backend, part and clock: these hold, whatever the options say."""
    for model in (op for op in module.ops if isinstance(op, flow.ModelOp)):
        known: dict[str, object] = {}
        if model.backend is not None and model.part is not None and model.clock_ps is not None:
            known = {
                "backend": model.backend.data,
                "part": model.part.data,
                "clock": model.clock_ps.value.data / 1000,
            }
        if model.tool is not None:
            known["tool"] = model.tool.data
        if model.start is not None:
            known["start"] = model.start.data
        try:
            return options.updated(known)
        except ValueError as error:
            raise Split4mlError(str(error), f"flow.model @{symbol(model)}") from None
    return options


def flow_model(module: ModuleOp) -> flow.ModelOp:
    """The one model of a module. Raises Split4mlError if there is none, or not one."""
    found = [op for op in module.ops if isinstance(op, flow.ModelOp)]
    if len(found) != 1:
        raise Split4mlError(
            f"a design has one flow.model, but the pipeline leaves {len(found)}",
            hint=f"let the pipeline contain {LOWERED}",
        )
    return found[0]


def finish(
    module: ModuleOp,
    folder: Path,
    scratch: Path,
    session: Session,
    options: CompileOptions,
    reporter: Reporter,
) -> Report:
    """Checks what was written, and reports."""
    from split4ml.compiler.checks import run_checks
    from split4ml.compiler.layout import port_name
    from split4ml.compiler.reached import missed, reached
    from split4ml.compiler.timeline import timeline_of
    from split4ml.compiler.timing_summary import timing_of
    from split4ml.passes.profile import observe_unbounded
    from split4ml.passes.timed import Timed

    model = flow_model(module)
    info = session.describe(model)
    profiled = all(fifo.peak is not None for fifo in model.fifos)
    timing = None
    if profiled:
        with reporter.step("cycle counts"):
            timed = Timed(model, session.trace(model))
            timing = timing_of(timed, options.profile_frames)
            if not (folder / "profile" / "unbounded.vcd").exists():  # the profile was made in another build
                observe_unbounded(timed, session, options.profile_frames)
            timeline = timeline_of(symbol(model), timed.network())
            (folder / "timeline.svg").write_text(timeline, "utf-8")
        session.save_trace(model, _parent(folder / "profile" / "trace.npz"))
    checks = run_checks(module, folder, scratch, session, options.verify, reporter)
    precision = reached(module, [port_name(port) for port in model.outputs], info)
    if precision is not None:
        session.notes += missed(precision, checks)
    return build_report(symbol(model), model, info, timing, checks, session.notes, precision)


def _keep_evidence(folder: Path) -> str:
    """Saves what a report of a failed check needs, since the build itself is not kept; a hint that says where."""
    kept = Path(tempfile.mkdtemp(prefix="split4ml-failed-"))
    for name in (ARCHIVE, "ir", "weights"):
        if (folder / name).is_dir():
            shutil.copytree(folder / name, kept / name)
        elif (folder / name).is_file():
            shutil.copy(folder / name, kept / name)
    return (
        f"this is a fault of split4ml: please report it with {kept}, which holds the IR, weights and archive"
    )


def _parent(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
