"""`split4ml opt`: xDSL's optimiser driver with our dialects, passes, pipelines, front ends and messages."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import IO, ClassVar

from xdsl.dialects.builtin import ModuleOp
from xdsl.printer import Printer
from xdsl.utils.exceptions import PassFailedException
from xdsl.xdsl_opt_main import xDSLOptMain

from split4ml.compiler.binding import BoundPass, bind_all
from split4ml.compiler.cli.parser import Parser
from split4ml.compiler.passrunner import apply_instance, register_dialects, settle_hints
from split4ml.compiler.passtable import PASSES
from split4ml.compiler.sources import Begin, parse_ir, verify_ir
from split4ml.compiler.whole_file import write_whole
from split4ml.compiler.workspace import MODELS, workspace
from split4ml.dialects.errors import Split4mlError, UsageError


class _Later(StringIO):
    """Text that goes into a file all at once, when a run without an error closes it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def close(self) -> None:
        if not self.closed and sys.exc_info()[0] is None:
            write_whole(self._path, self.getvalue())
        super().close()


class OptMain(xDSLOptMain):
    """The command. `run()` prints the resulting IR. Raises Split4mlError and xDSL's exceptions."""

    version_format: ClassVar[str] = "split4ml on xDSL {xdsl_version}"

    def __init__(self, args: Sequence[str]) -> None:
        self._begin: Begin = {}
        super().__init__(
            "Applies passes to IR, or to a model that a front end reads, and prints the result.", args
        )

    def run(self) -> None:
        args = self.args
        source = Path(args.input_file) if args.input_file else None
        archive = Path(args.archive) if args.archive else None
        weights = Path(args.weights) if args.weights else None
        timing = Path(args.timing) if args.timing else None
        with workspace(source, None, archive, weights, timing) as self.files:
            super().run()  # type: ignore[no-untyped-call]
            for note in self.files.notes:
                print(f"note: {note}", file=sys.stderr)

    # What there is

    def register_all_dialects(self) -> None:
        register_dialects(self.ctx)

    def register_all_passes(self) -> None:
        for entry in PASSES.values():
            self.register_pass(entry.name, entry.loader)

    def register_all_targets(self) -> None:
        from xdsl.targets import get_all_targets

        self.available_targets["mlir"] = get_all_targets()["mlir"]

    def register_all_frontends(self) -> None:
        self.available_frontends["mlir"] = self._parse_mlir
        for suffix in MODELS:
            self.available_frontends[suffix.removeprefix(".")] = self._import_model

    def register_all_arguments(self, arg_parser: argparse.ArgumentParser) -> None:
        super().register_all_arguments(arg_parser)
        arg_parser.__class__ = (
            Parser  # xDSL makes it itself; errors shall look like those of the other commands
        )
        arg_parser.prog = "split4ml opt"
        arg_parser.allow_abbrev = False
        arg_parser.epilog = "Pipelines: docs/pipelines.md. Passes and their options: docs/passes.md."
        arg_parser.add_argument(
            "--archive", metavar="FML", help="the hls4ml archive that the IR names, if it is not beside it"
        )
        arg_parser.add_argument(
            "--weights",
            metavar="DIR",
            help="the folder with the blobs that the IR names, if it is not beside it",
        )
        arg_parser.add_argument(
            "--timing",
            metavar="FILE",
            help="what the pass read-timing reads, by default what the build that holds the IR was made with",
        )

    # Pipelines

    def setup_pipeline(self) -> None:
        from split4ml.compiler.pipeline.parser import parse_pipeline

        self.bound: tuple[BoundPass, ...] = bind_all(parse_pipeline(self.args.passes))

    def apply_passes(self, prog: ModuleOp) -> None:
        args = self.args
        if not args.disable_verify:
            verify_ir(prog, self._begin)
        for index, item in enumerate(self.bound):
            begin = time.perf_counter()
            try:
                apply_instance(
                    item.instantiate(self.files.services),
                    str(item.spec),
                    self.ctx,
                    prog,
                    not args.disable_verify,
                )
            except Split4mlError as error:
                if args.verify_diagnostics:
                    raise PassFailedException(str(error)) from error
                raise
            if args.time_passes:
                seconds = time.perf_counter() - begin
                print(f"{item.spec.name}: {seconds:.3f} s", file=sys.stderr)
            if args.print_between_passes and index + 1 < len(self.bound):
                print(f"// IR after {item.spec}:")
                settle_hints(prog)
                Printer(stream=sys.stdout, print_debuginfo=args.print_debuginfo).print_op(prog)
                print("\n")

    # Output

    def prepare_output(self) -> IO[str]:
        # written in the end, so that a failure leaves no half-written file
        if self.args.output_file is None:
            return sys.stdout
        path = Path(self.args.output_file)
        if path.is_dir():
            raise Split4mlError("this is a folder, not a file", str(path))
        if not path.absolute().parent.is_dir():
            raise Split4mlError("there is no such folder", str(path.parent))
        return _Later(path)

    def output_resulting_program(self, prog: ModuleOp) -> str:
        settle_hints(prog)
        text = super().output_resulting_program(prog)
        if self.args.output_file is not None:
            self.files.save_beside(prog, Path(self.args.output_file))
        return text.rstrip("\n") + "\n"  # the very bytes of a build's ir/

    # Input

    def prepare_input(self) -> tuple[list[tuple[IO[bytes], int]], str]:
        name = self.args.input_file
        extension = self.args.frontend or (os.path.splitext(name)[1].removeprefix(".") if name else "mlir")
        if extension not in self.available_frontends:
            known = ", ".join(f".{known}" for known in self.available_frontends)
            raise UsageError(
                f"no front end reads .{extension}", name, f"there are {known}; or name one with -f"
            )
        if f".{extension}" in MODELS and (self.args.split_input_file or name is None):
            raise UsageError(f"a model (.{extension}) is read from one file, and is not split")
        if name is not None and os.path.isdir(name):
            raise Split4mlError("this is a folder, not a file", name)
        return super().prepare_input()

    def _parse_mlir(self, stream: IO[bytes]) -> ModuleOp:
        implicit = not self.args.no_implicit_module
        module, self._begin = parse_ir(self.ctx, stream.read(), self.args.input_file or "stdin", implicit)
        return module

    def _import_model(self, stream: IO[bytes]) -> ModuleOp:
        stream.close()
        return self.files.import_model(Path(self.args.input_file))
