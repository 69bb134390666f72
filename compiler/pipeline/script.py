"""Runs pipeline scripts. Each statement acts on the model that was loaded last (docs/pipelines.md)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from split4ml.compiler.binding import bind_all
from split4ml.compiler.builddir import options_beside
from split4ml.compiler.options import CompileOptions
from split4ml.compiler.passtable import PASSES
from split4ml.compiler.pipeline.options import bind, options_of
from split4ml.compiler.pipeline.parser import parse_script
from split4ml.compiler.pipeline.source import PipelineError, Place
from split4ml.compiler.pipeline.syntax import (
    Compile,
    Define,
    Emit,
    Load,
    PassSpec,
    Pipeline,
    Print,
    Run,
    Set,
    Statement,
    render,
)
from split4ml.dialects.errors import meant

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

    from split4ml.compiler.progress import Reporter
    from split4ml.compiler.workspace import Workspace

CompileModel = Callable[[Path, Path, CompileOptions, Collection[str]], object]
"""Compiles a file into a directory; last, the names of the options that the script states."""


def check_script(statements: Sequence[Statement]) -> None:
    """Finds what can be found before anything runs: unknown passes, options, settings, and a wrong order."""
    settings = CompileOptions()
    names: dict[str, Pipeline] = {}
    loaded = ran = False
    for statement in statements:
        match statement:
            case Set():
                if ran:
                    raise PipelineError(
                        "settings cannot change once passes have run",
                        hint="set it before `run`, or `load` the model again",
                        place=statement.place,
                    )
                settings = apply_setting(settings, statement)
            case Load():
                loaded, ran = True, False
            case Define(name=name, pipeline=pipeline, place=place):
                if name in PASSES or name in names:
                    what = "a pass" if name in PASSES else "a pipeline already"
                    raise PipelineError(f"{name!r} is {what}", hint="choose another name", place=place)
                names[name] = expand(pipeline, names)
                bind_all(names[name])
            case Run(pipeline=pipeline):
                _need(loaded, statement.place)
                bind_all(expand(pipeline, names))
                ran = True
            case Print() | Emit():
                _need(loaded, statement.place)
            case Compile(pipeline=passes):
                _need(loaded, statement.place)
                if ran:
                    raise PipelineError(
                        "compile begins with the file that was loaded, but passes have run since",
                        hint='`load` it again, or name the passes: compile a, b -> "dir"',
                        place=statement.place,
                    )
                bind_all(expand(passes or (), names))


def typed_setting(statement: Set) -> dict[str, object]:
    """The one value, by attribute of CompileOptions. Raises PipelineError."""
    return bind([statement.option], options_of(CompileOptions), "split4ml", statement.place)


def apply_setting(options: CompileOptions, statement: Set) -> CompileOptions:
    """The options with one setting changed. Raises PipelineError."""
    values = typed_setting(statement)
    try:
        return options.updated(values)
    except ValueError as error:
        raise PipelineError(str(error), place=statement.option.place) from None


def expand(pipeline: Pipeline, names: dict[str, Pipeline]) -> Pipeline:
    """Replaces the names of pipelines by their passes. Raises PipelineError for names that are neither."""
    passes: list[PassSpec] = []
    for spec in pipeline:
        if spec.name in names:
            if spec.options:
                raise PipelineError(
                    f"{spec.name} is a pipeline, which takes no options", place=spec.options[0].place
                )
            passes += names[spec.name]
        elif spec.name in PASSES:
            passes.append(spec)
        else:
            known = [*names, *PASSES]
            raise PipelineError(
                f"there is no pass or pipeline {spec.name!r}",
                hint=meant(spec.name, known) or f"the passes are {', '.join(PASSES)}",
                place=spec.place,
            )
    return tuple(passes)


def _need(loaded: bool, place: Place | None) -> None:
    if not loaded:
        raise PipelineError("no model is loaded yet", hint='load "model.onnx"', place=place)


class ScriptRunner:
    """folder: what paths in the script are relative to. compile_model: does `compile`."""

    def __init__(self, folder: Path, compile_model: CompileModel, reporter: Reporter) -> None:
        self._folder = folder
        self._compile_model = compile_model
        self._reporter = reporter
        self._given: dict[str, object] = {}
        self._names: dict[str, Pipeline] = {}
        self._source = Path()
        self._module: ModuleOp | None = None
        self._files: Workspace | None = None

    def run(self, text: str, name: str) -> None:
        """Checks all of the script, then runs it. Raises Split4mlError."""
        statements = parse_script(text, name)
        check_script(statements)
        with ExitStack() as self._stack:
            for statement in statements:
                self._step(statement)

    def _step(self, statement: Statement) -> None:
        match statement:
            case Set():
                self._given |= typed_setting(statement)
            case Load(path=path, place=place):
                self._source, self._module, self._files = self._folder / path, None, None
                if not self._source.is_file():
                    raise PipelineError(f"there is no file {path!r}", place=place)
            case Define(name=name, pipeline=pipeline):
                self._names[name] = expand(pipeline, self._names)
            case Run(pipeline=pipeline):
                self._run(expand(pipeline, self._names))
            case Print():
                from split4ml.compiler.passrunner import print_module

                sys.stdout.write(print_module(self._loaded()[0]))
            case Emit(path=path):
                self._emit(self._folder / path)
            case Compile(pipeline=passes, path=path):
                options = self._options()
                if passes is not None:
                    options = options.updated({"pipeline": render(expand(passes, self._names))})
                given = {*self._given, *(["pipeline"] if passes is not None else [])}
                self._compile_model(self._source, self._folder / path, options, given)

    def _options(self) -> CompileOptions:
        """The settings, on top of those of the build that the loaded file is a stage of."""
        given = {
            name: self._folder / value if isinstance(value, Path) else value
            for name, value in self._given.items()
        }
        base = options_beside(self._source) or CompileOptions()
        return base.updated(given)

    def _loaded(self) -> tuple[ModuleOp, Workspace]:
        """The module, read when it is first needed, with the settings of then."""
        if self._module is None or self._files is None:
            from split4ml.compiler.sources import read_source
            from split4ml.compiler.workspace import workspace

            files = workspace(self._source, self._options())
            self._files = self._stack.enter_context(files)
            self._module = read_source(self._source, self._files)
        return self._module, self._files

    def _run(self, passes: Pipeline) -> None:
        from split4ml.compiler.passrunner import apply_pass, context

        module, files = self._loaded()
        ctx = context()
        for item in bind_all(passes):
            with self._reporter.step(item.spec.name):
                apply_pass(item, files.services, ctx, module)
        for note in files.notes:
            self._reporter.note(note)

    def _emit(self, path: Path) -> None:
        from split4ml.compiler.passrunner import print_module
        from split4ml.compiler.whole_file import write_whole

        module, files = self._loaded()
        path.parent.mkdir(parents=True, exist_ok=True)
        files.save_beside(module, path)
        write_whole(path, print_module(module))
