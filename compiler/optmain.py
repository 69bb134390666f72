"""`split4ml opt`: xDSL's optimiser driver with our dialects, passes, pipelines, front ends and messages."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import IO, ClassVar

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import DiagnosticException, PassFailedException, VerifyException
from xdsl.utils.lexer import Span
from xdsl.xdsl_opt_main import xDSLOptMain

from split4ml.compiler.binding import BoundPass, Services, bind_all
from split4ml.compiler.diagnostics import locate
from split4ml.compiler.passrunner import apply_instance, register_dialects
from split4ml.compiler.passtable import PASSES
from split4ml.compiler.version import version
from split4ml.dialects.errors import Split4mlError, UsageError

MODELS = ("onnx", "fml")
"""Files that a front end reads, rather than xDSL's parser."""


class LocatingParser(Parser):
    """A parser that remembers where each op began, so that a verifier's message can name the line."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.begin: dict[Operation, Span[str] | Span[bytes]] = {}

    def parse_operation(self) -> Operation:
        span = self._current_token.span
        op = super().parse_operation()
        self.begin[op] = span
        return op


class OptMain(xDSLOptMain):
    """The command. `run()` prints the resulting IR. Raises Split4mlError and xDSL's exceptions."""

    version_format: ClassVar[str] = f"split4ml {version()}, on xDSL {{xdsl_version}}"

    def __init__(self, args: Sequence[str]) -> None:
        self._begin: dict[Operation, Span[str] | Span[bytes]] = {}
        super().__init__(
            "Applies passes to IR, or to a model that a front end reads, and prints the result.", args
        )

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
        for extension in MODELS:
            self.available_frontends[extension] = self._import_model

    def register_all_arguments(self, arg_parser: argparse.ArgumentParser) -> None:
        super().register_all_arguments(arg_parser)
        arg_parser.prog = "split4ml opt"
        arg_parser.epilog = "Pipelines: docs/pipelines.md. Passes and their options: docs/passes.md."
        arg_parser.add_argument(
            "--archive", metavar="FML", help="the hls4ml archive that the IR names, if it is not beside it"
        )
        arg_parser.add_argument(
            "--weights",
            metavar="DIR",
            help="the folder with the blobs that the IR names, if it is not beside it",
        )

    # Pipelines

    def setup_pipeline(self) -> None:
        from split4ml.compiler.pipeline.parser import parse_pipeline

        self.bound: tuple[BoundPass, ...] = bind_all(parse_pipeline(self.args.passes))

    @cached_property
    def _services(self) -> Services:
        from split4ml.compiler.commands import opt_services

        path = Path(self.args.input_file) if self.args.input_file else None
        return opt_services(path, self.args.archive, self.args.weights)

    def apply_passes(self, prog: ModuleOp) -> None:
        args = self.args
        if not args.disable_verify:
            self._verify_input(prog)
        for index, item in enumerate(self.bound):
            services = self._services if item.entry.services else Services()
            begin = time.perf_counter()
            try:
                apply_instance(
                    item.instantiate(services), str(item.spec), self.ctx, prog, not args.disable_verify
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
                Printer(stream=sys.stdout, print_debuginfo=args.print_debuginfo).print_op(prog)
                print("\n")

    # Input

    def prepare_input(self) -> tuple[list[tuple[IO[bytes], int]], str]:
        name = self.args.input_file
        extension = self.args.frontend or (os.path.splitext(name)[1].removeprefix(".") if name else "mlir")
        if extension not in self.available_frontends:
            known = ", ".join(f".{known}" for known in self.available_frontends)
            raise UsageError(
                f"no front end reads .{extension}", name, f"there are {known}; or name one with -f"
            )
        if extension in MODELS and (self.args.split_input_file or name is None):
            raise UsageError(f"a model (.{extension}) is read from one file, and is not split")
        if name is not None and os.path.isdir(name):
            raise Split4mlError("this is a folder, not a file", name)
        return super().prepare_input()

    def _parse_mlir(self, stream: IO[bytes]) -> ModuleOp:
        try:
            text = stream.read().decode("utf-8")
        except UnicodeDecodeError:
            raise Split4mlError("this is no text", self.get_input_name()) from None
        parser = LocatingParser(self.ctx, text, self.get_input_name())
        try:
            module = parser.parse_module(not self.args.no_implicit_module)
        except VerifyException as error:
            # a constraint that fails while an op is parsed says what, but not where
            locate(error, parser._current_token.span)
            raise
        except (ValueError, TypeError, RecursionError, KeyError, AssertionError) as error:
            at = parser._current_token.span.get_location()
            if isinstance(error, RecursionError):
                raise Split4mlError("the IR is nested too deeply", str(at)) from None
            raise Split4mlError(f"does not parse: {error}", str(at)) from error
        self._begin = parser.begin
        return module

    def _import_model(self, stream: IO[bytes]) -> ModuleOp:
        stream.close()
        from split4ml.compiler.commands import import_model

        return import_model(Path(self.args.input_file), self._services)

    def _verify_input(self, module: ModuleOp) -> None:
        try:
            module.verify()
        except DiagnosticException as error:
            if (span := self._culprit(module)) is not None:
                locate(error, span)
            raise

    def _culprit(self, module: ModuleOp) -> Span[str] | Span[bytes] | None:
        """Where the first op that does not verify by itself stands in the input."""
        for op in module.walk():
            try:
                op.verify(verify_nested_ops=False)
            except Exception:
                return self._begin.get(op)
        return None
