"""Values of options, typed by the annotations of dataclass fields.

Types: int, float, str, bool, Path, Literal of strings, tuple[T, ...] of those, unions of those, and None.
"""

from __future__ import annotations

import math
import re
import types
import typing
from collections.abc import Sequence
from pathlib import Path

from split4ml.compiler.pipeline.syntax import Option, Scalar

_NAMES = {int: "integer", float: "number", str: "string", bool: "true|false", Path: "file"}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")


def describe(type_: object) -> str:
    """The type in a user's words, such as `integer|auto`."""
    members = _members(type_)
    if len(members) > 1:
        return "|".join(dict.fromkeys(describe(member) for member in members if member is not types.NoneType))
    if typing.get_origin(type_) is typing.Literal:
        return "|".join(map(str, typing.get_args(type_)))
    if (element := _element(type_)) is not None:
        return f"{describe(element)},…"
    return _NAMES[_scalar_type(type_)]


def is_supported(type_: object) -> bool:
    """Whether options may have this type."""
    try:
        describe(type_)
    except (KeyError, TypeError):
        return False
    return True


def convert(option: Option, type_: object) -> object:
    """The option's value. Raises ValueError with a sentence that ends in what was expected."""
    members = _members(type_)
    if option.values is None:
        if bool in members:
            return True
        if types.NoneType in members:
            return None
        raise ValueError(f"has no value, but takes {describe(type_)}")
    for member in sorted(members, key=_rank):
        if member is types.NoneType:
            continue
        found = _convert_to(option.values, member)
        if found is not None:
            return found
    shown = ",".join(map(str, option.values)) or "[]"
    raise ValueError(f"is {shown}, but must be {describe(type_)}")


def _convert_to(values: Sequence[Scalar], type_: object) -> object | None:
    element = _element(type_)
    if element is not None:
        members = sorted(_members(element), key=_rank)
        found = [next((v for m in members if (v := _scalar(value, m)) is not None), None) for value in values]
        return None if None in found else tuple(found)
    return _scalar(values[0], type_) if len(values) == 1 else None


def _scalar(value: Scalar, type_: object) -> int | float | str | bool | Path | None:
    text = value.text
    if typing.get_origin(type_) is typing.Literal:
        return text if text in typing.get_args(type_) else None
    scalar = _scalar_type(type_)
    if scalar is str:
        return text
    if scalar is Path:
        return Path(text)
    if value.quoted:
        return None
    if scalar is bool:
        return {"true": True, "false": False}.get(text)
    if scalar is int:
        return int(text) if _INTEGER.fullmatch(text) and len(text) <= 20 else None
    number = float(text) if _NUMBER.fullmatch(text) else math.nan
    return number if math.isfinite(number) else None


def _rank(type_: object) -> int:
    """Unions try the strictest member first."""
    if typing.get_origin(type_) is typing.Literal:
        return 3
    return {bool: 0, int: 1, float: 2, str: 5}.get(typing.cast(type, type_), 4)


def _members(type_: object) -> tuple[object, ...]:
    return typing.get_args(type_) if typing.get_origin(type_) in (typing.Union, types.UnionType) else (type_,)


def _element(type_: object) -> object | None:
    """T of tuple[T, ...]; None for any other type."""
    arguments = typing.get_args(type_)
    if typing.get_origin(type_) is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return typing.cast(object, arguments[0])
    return None


def _scalar_type(type_: object) -> type:
    for known in _NAMES:
        if type_ is known:
            return known
    raise TypeError(f"options cannot have the type {type_}")
