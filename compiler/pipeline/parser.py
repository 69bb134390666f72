"""Text to syntax trees, with lark; every error shows line, column and the place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal

from lark import Lark, Token, Transformer, UnexpectedInput, v_args
from lark.exceptions import VisitError
from lark.lark import PostLex
from lark.tree import Meta

from split4ml.compiler.pipeline import syntax
from split4ml.compiler.pipeline.source import PipelineError, Place, Source
from split4ml.dialects.errors import meant

KEYWORDS = ("set", "load", "pipeline", "run", "print", "emit", "compile")

_STRING = r'"(?:\\[nfvtr"\\]|[^\n\f\v\r"\\])*"'

_WORDS = {
    "NAME": "a name",
    "WORD": "a value",
    "STRING": 'a string in "quotes"',
    "MLIR_PIPELINE": "",
    "_COMMA": "a comma",
    "_NL": "a new line",
    "EQUAL": "=",
    "LBRACE": "options in { }",
    "RBRACE": "}",
    "LSQB": "a list in [ ]",
    "RSQB": "]",
    "$END": "the end",
    "__ANON_0": "->",
}


def parse_pipeline(text: str, name: str = "-p", command_line: bool = True) -> syntax.Pipeline:
    """A pipeline string, such as `partition{subgraphs=3},size-fifos`. Raises PipelineError."""
    return tuple(_parse(Source(name, text, command_line), "string"))


def parse_script(text: str, name: str) -> tuple[syntax.Statement, ...]:
    """A pipeline script; `name` stands for it in messages. Raises PipelineError."""
    return tuple(_parse(Source(name, text), "script"))


class _Newlines(PostLex):
    """Drops the newlines that end nothing."""

    always_accept = ("_NL",)

    def __init__(self, significant: bool) -> None:
        self.significant = significant

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        depth = 0
        previous = ""
        for token in stream:
            if token.type == "_NL" and (not self.significant or depth > 0 or previous in ("_COMMA", "EQUAL")):
                continue
            depth += (token.type in ("LBRACE", "LSQB")) - (token.type in ("RBRACE", "RSQB"))
            previous = token.type
            yield token


@cache
def _grammar(start: Literal["string", "script"]) -> Lark:
    text = (Path(__file__).parent / "grammar.lark").read_text("utf-8")
    return Lark(
        text,
        parser="lalr",
        lexer="contextual",
        start=start,
        postlex=_Newlines(start == "script"),
        propagate_positions=True,
    )


def _parse(source: Source, start: Literal["string", "script"]) -> Iterable[Any]:
    try:
        tree = _grammar(start).parse(source.text)
    except UnexpectedInput as error:
        raise _syntax_error(error, source, start) from None
    try:
        found: Iterable[Any] = _Trees(source).transform(tree)
    except VisitError as error:
        raise error.orig_exc from None
    return found


def _syntax_error(error: UnexpectedInput, source: Source, start: str) -> PipelineError:
    at = error.pos_in_stream
    at = len(source.text) if at is None or at < 0 else at
    if isinstance(token := getattr(error, "token", None), Token):
        at = len(source.text.rstrip()) if token.type == "$END" else token.start_pos or 0
    expected = set(getattr(error, "accepts", None) or getattr(error, "expected", None) or ())
    expected |= set(getattr(error, "allowed", None) or ())
    word = re.match(r"[\w-]+", source.text[at:])
    found = word[0] if word else source.text[at : at + 1]
    place = Place(source, at, at + max(1, len(found)))
    if found == '"' and not re.match(_STRING, source.text[at:]):
        return PipelineError(
            "the string does not end on its line, or has an unknown escape",
            hint='strings are "…" with the escapes \\" \\\\ \\n \\t \\r \\f \\v',
            place=place,
        )
    if start == "script" and "SET" in expected:
        return PipelineError(
            f"{found!r} begins no statement",
            hint=meant(found, KEYWORDS) or f"a statement begins with {', '.join(KEYWORDS)}",
            place=place,
        )
    words = [_WORDS.get(name, name.lower()) for name in sorted(expected)]
    wanted = " or ".join(dict.fromkeys(filter(None, words)))
    shown = "the end of the text" if not found else "the end of the line" if found == "\n" else repr(found)
    return PipelineError(f"expected {wanted}, found {shown}", place=place)


@v_args(meta=True)
class _Trees(Transformer[Token, Any]):
    """lark's trees to ours. Methods are named after the rules of grammar.lark."""

    def __init__(self, source: Source) -> None:
        super().__init__(visit_tokens=False)
        self.source = source

    def _place(self, at: Meta | Token) -> Place:
        if isinstance(at, Token):
            return Place(self.source, at.start_pos or 0, at.end_pos or 0)
        # an empty rule has no position
        return Place(self.source, getattr(at, "start_pos", 0), getattr(at, "end_pos", 0))

    def _scalar(self, token: Token) -> syntax.Scalar:
        quoted = token.type == "STRING"
        text = syntax.unquote(token) if quoted else str(token)
        return syntax.Scalar(text, quoted, self._place(token))

    def string(self, meta: Meta, parts: list[Any]) -> syntax.Pipeline:
        return tuple(part for part in parts if part is not None)

    def script(self, meta: Meta, parts: list[Any]) -> tuple[syntax.Statement, ...]:
        return tuple(part for part in parts if part is not None)

    def pipeline(self, meta: Meta, parts: list[syntax.PassSpec]) -> syntax.Pipeline:
        return tuple(parts)

    def plain(self, meta: Meta, parts: list[Token]) -> syntax.PassSpec:
        return syntax.PassSpec(str(parts[0]), (), self._place(parts[0]))

    def configured(self, meta: Meta, parts: list[Any]) -> syntax.PassSpec:
        return syntax.PassSpec(str(parts[0]), tuple(parts[1:]), self._place(parts[0]))

    def external(self, meta: Meta, parts: list[Token]) -> syntax.PassSpec:
        """`mlir-opt[…]`, which xDSL hands to MLIR's own tool; we have no such pass."""
        name, arguments = parts
        if name != "mlir-opt":
            raise PipelineError(
                f"options of {name} are written in braces",
                hint=f"{name}{{key=value}}",
                place=self._place(arguments),
            )
        scalar = syntax.Scalar(str(arguments[1:-1]), True, self._place(arguments))
        option = syntax.Option("arguments", (scalar,), self._place(arguments))
        return syntax.PassSpec(str(name), (option,), self._place(name))

    def flag(self, meta: Meta, parts: list[Token]) -> syntax.Option:
        return syntax.Option(str(parts[0]), None, self._place(parts[0]))

    def assigned(self, meta: Meta, parts: list[Any]) -> syntax.Option:
        return syntax.Option(str(parts[0]), parts[1], self._place(parts[0]))

    def scalars(self, meta: Meta, parts: list[Token]) -> tuple[syntax.Scalar, ...]:
        return tuple(self._scalar(token) for token in parts)

    array = scalars

    def set(self, meta: Meta, parts: list[Any]) -> syntax.Set:
        return syntax.Set(syntax.Option(str(parts[0]), parts[1], self._place(parts[0])), self._place(meta))

    def load(self, meta: Meta, parts: list[Token]) -> syntax.Load:
        return syntax.Load(syntax.unquote(parts[0]), self._place(parts[0]))

    def define(self, meta: Meta, parts: list[Any]) -> syntax.Define:
        return syntax.Define(str(parts[0]), parts[1], self._place(parts[0]))

    def run(self, meta: Meta, parts: list[Any]) -> syntax.Run:
        return syntax.Run(parts[0], self._place(meta))

    def print(self, meta: Meta, parts: list[Token]) -> syntax.Print:
        return syntax.Print(self._place(meta))

    def emit(self, meta: Meta, parts: list[Token]) -> syntax.Emit:
        return syntax.Emit(syntax.unquote(parts[0]), self._place(parts[0]))

    def compile(self, meta: Meta, parts: list[Any]) -> syntax.Compile:
        return syntax.Compile(parts[0], syntax.unquote(parts[1]), self._place(parts[1]))
