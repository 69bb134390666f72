"""Syntax trees of pipelines and scripts, and the text they stand for.

Values keep their text: whether `1e5` is a number or a name is for the option's type to say (convert.py).
Places take no part in comparisons, so `parse(str(tree)) == tree`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from split4ml.compiler.pipeline.source import Place

_BARE = re.compile(r"[^\s,{}\[\]=\"#]+")
_NAME = re.compile(r"(?:[A-Za-z0-9_]|-(?!>))+")
_ESCAPES = {"n": "\n", "f": "\f", "v": "\v", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}
_ESCAPED = {character: f"\\{letter}" for letter, character in _ESCAPES.items()}


def is_name(text: str) -> bool:
    """Whether a pass, option, setting or pipeline may be called so."""
    return _NAME.fullmatch(text) is not None


def quote(text: str) -> str:
    return '"' + "".join(_ESCAPED.get(character, character) for character in text) + '"'


def unquote(token: str) -> str:
    return re.sub(r"\\(.)", lambda match: _ESCAPES[match[1]], token[1:-1])


@dataclass(frozen=True)
class Scalar:
    """One value. quoted: written as a string, so that it is no number and no truth value."""

    text: str
    quoted: bool
    place: Place | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, value: object) -> Scalar:
        """From a Python value: str, int, float or bool."""
        if isinstance(value, bool):
            return cls("true" if value else "false", False)
        if isinstance(value, int | float):
            return cls(repr(value), False)
        text = str(value)
        # quoted unless it cannot be mistaken for anything but a word
        return cls(text, re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", text) is None or text in ("true", "false"))

    def __str__(self) -> str:
        return quote(self.text) if self.quoted or not _BARE.fullmatch(self.text) else self.text


@dataclass(frozen=True)
class Option:
    """`key`, `key=value`, `key=v,v` or `key=[v, v]`. values: None for the bare key."""

    name: str
    values: tuple[Scalar, ...] | None
    place: Place | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, name: str, value: object) -> Option:
        if isinstance(value, list | tuple):
            return cls(name, tuple(Scalar.of(part) for part in value))
        return cls(name, None if value is True else (Scalar.of(value),))

    def __str__(self) -> str:
        return self.name if self.values is None else f"{self.name}={_values(self.values)}"


def _values(values: tuple[Scalar, ...]) -> str:
    return str(values[0]) if len(values) == 1 else f"[{','.join(map(str, values))}]"


@dataclass(frozen=True)
class PassSpec:
    """`name` or `name{options}`, as written."""

    name: str
    options: tuple[Option, ...] = ()
    place: Place | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, name: str, **options: object) -> PassSpec:
        """For text made by programs: underscores become dashes; None and empty tuples are left out, and so is False."""
        # by identity: a budget of 0 is a value
        given = {
            key: value
            for key, value in options.items()
            if value is not None and value is not False and value != ()
        }
        return cls(name, tuple(Option.of(key.replace("_", "-"), value) for key, value in given.items()))

    def __str__(self) -> str:
        return f"{self.name}{{{' '.join(map(str, self.options))}}}" if self.options else self.name


Pipeline = tuple[PassSpec, ...]


def render(pipeline: Iterable[PassSpec]) -> str:
    return ",".join(map(str, pipeline))


@dataclass(frozen=True)
class Set:
    """`set key = value`"""

    option: Option
    place: Place | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return f"set {self.option.name} = {_values(self.option.values or ())}"


@dataclass(frozen=True)
class Load:
    """`load "model.onnx"`"""

    path: str
    place: Place | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return f"load {quote(self.path)}"


@dataclass(frozen=True)
class Define:
    """`pipeline name = passes`"""

    name: str
    pipeline: Pipeline
    place: Place | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return f"pipeline {self.name} = {', '.join(map(str, self.pipeline))}"


@dataclass(frozen=True)
class Run:
    """`run passes`"""

    pipeline: Pipeline
    place: Place | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return f"run {', '.join(map(str, self.pipeline))}"


@dataclass(frozen=True)
class Print:
    """`print`"""

    place: Place | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return "print"


@dataclass(frozen=True)
class Emit:
    """`emit "file.mlir"`"""

    path: str
    place: Place | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return f"emit {quote(self.path)}"


@dataclass(frozen=True)
class Compile:
    """`compile [passes] -> "dir"`. pipeline: None for the default one."""

    pipeline: Pipeline | None
    path: str
    place: Place | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        passes = f"{', '.join(map(str, self.pipeline))} " if self.pipeline is not None else ""
        return f"compile {passes}-> {quote(self.path)}"


Statement = Set | Load | Define | Run | Print | Emit | Compile
