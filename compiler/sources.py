"""Reads what a user starts from: a model through its front end, or IR of any stage."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.parser import Parser
from xdsl.parser.generic_parser import ParserState
from xdsl.utils.exceptions import DiagnosticException, ParseError, VerifyException
from xdsl.utils.lexer import Input, Span
from xdsl.utils.mlir_lexer import MLIRLexer

from split4ml.compiler.diagnostics import locate
from split4ml.compiler.passrunner import context
from split4ml.compiler.workspace import MODELS
from split4ml.dialects.errors import Split4mlError

if TYPE_CHECKING:
    from xdsl.context import Context

    from split4ml.compiler.workspace import Workspace

OURS = ("nn.", "flow.", "stitch.")

Begin = dict[Operation, "Span[str] | Span[bytes]"]
"""Where each op began in the text."""


class LinearLexer(MLIRLexer):
    """xDSL's lexer, whose pattern for strings takes time exponential in the length of one that is not closed
    (xDSL 0.74; text cut off in the middle of a digest is enough). This pattern never goes back."""

    _unescaped_characters_regex = re.compile(r'"(?:[^"\\\n\v\f]++|\\(?:["nt\\]|[0-9A-Fa-f]{2}))*+"')


class LocatingParser(Parser):
    """A parser that remembers where each op began, so that a verifier's message can name the line."""

    def __init__(self, ctx: Context, text: str, name: str) -> None:
        super().__init__(ctx, "", name)
        self._parser_state = ParserState(LinearLexer(Input(text, name)))
        self.begin: Begin = {}
        self._open: list[Span[str] | Span[bytes]] = []

    @property
    def here(self) -> Span[str] | Span[bytes]:
        """Where the parser stands."""
        return self._current_token.span

    def parse_operation(self) -> Operation:
        self._open.append(self.here)
        op = super().parse_operation()
        self.begin[op] = self._open.pop()
        return op

    def _get_op_by_name(self, name: str) -> type[Operation]:
        try:
            return super()._get_op_by_name(name)
        except ParseError as error:
            # xDSL points at what follows the name
            error.span = self._open[-1]
            raise


def parse_ir(ctx: Context, data: bytes, name: str, implicit_module: bool = True) -> tuple[ModuleOp, Begin]:
    """IR text. Raises xDSL's ParseError and VerifyException, or Split4mlError, all with a place."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Split4mlError("this is no text", name, "IR is text; models end in .onnx or .fml") from None
    if not text.strip():
        raise Split4mlError("this holds no IR: it is empty", name)
    parser = LocatingParser(ctx, text, name)
    try:
        module = parser.parse_module(implicit_module)
    except VerifyException as error:
        # a constraint that fails while an op is parsed says what, but not where
        locate(error, parser.here)
        raise
    except RecursionError:
        raise Split4mlError("the IR is nested too deeply", str(parser.here.get_location())) from None
    except (ParseError, DiagnosticException, Split4mlError, MemoryError):
        raise
    except Exception as error:
        raise Split4mlError(f"this does not parse: {error}", str(parser.here.get_location())) from error
    return module, parser.begin


def verify_ir(module: ModuleOp, begin: Begin) -> None:
    """Raises VerifyException, with the place of the op that is wrong."""
    try:
        module.verify()
    except DiagnosticException as error:
        for op in module.walk():
            try:
                op.verify(verify_nested_ops=False)
            except (DiagnosticException, ValueError):
                if op in begin:
                    locate(error, begin[op])
                break
        raise
    _verify_order(module, begin)


def _verify_order(module: ModuleOp, begin: Begin) -> None:
    """Operands of our ops are defined above them, which xDSL parses but does not check. Raises VerifyException."""
    place = {op: index for index, op in enumerate(module.walk())}  # an op comes before those inside it
    for op in module.walk():
        for operand in op.operands:
            owner = operand.owner
            if (
                op.name.startswith(OURS)
                and isinstance(owner, Operation)
                and place.get(owner, -1) >= place[op]
            ):
                error = VerifyException(f"{op.name} uses the result of {owner.name}, which comes after it")
                if op in begin:
                    locate(error, begin[op])
                raise error


def read_source(path: Path, files: Workspace) -> ModuleOp:
    """The verified module in a file: ONNX, a saved hls4ml graph, or IR. Raises Split4mlError and xDSL's errors."""
    if path.suffix in MODELS:
        return files.import_model(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Split4mlError((error.strerror or str(error)).lower(), str(path)) from None
    module, begin = parse_ir(context(), data, str(path))
    verify_ir(module, begin)
    return module
