"""The options that a dataclass has, and their values from pipeline text."""

from __future__ import annotations

import dataclasses
import inspect
import sys
import typing
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from split4ml.compiler.pipeline.convert import convert, describe
from split4ml.compiler.pipeline.source import PipelineError, Place
from split4ml.compiler.pipeline.syntax import Option
from split4ml.dialects.errors import meant


@dataclass(frozen=True)
class OptionInfo:
    """name: as users write it, in kebab-case. default: MISSING for an option that must be given."""

    name: str
    attribute: str
    type: object
    default: object

    @property
    def required(self) -> bool:
        return self.default is dataclasses.MISSING

    def __str__(self) -> str:
        return f"{self.name}={describe(self.type)}"


def options_of(cls: type, services: Collection[str] = ()) -> tuple[OptionInfo, ...]:
    """One for each field of a dataclass, except `services`, which are no options."""
    infos = []
    for field in dataclasses.fields(cls):
        if not field.init or field.name in services or field.name == "name":
            continue
        default: object = field.default
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        infos.append(
            OptionInfo(field.name.replace("_", "-"), field.name, field_type(cls, field.name), default)
        )
    return tuple(infos)


def field_type(cls: type, name: str) -> object:
    """A field's annotation, evaluated where it was written.

    Not `typing.get_type_hints`, which fails for the whole class if one annotation is imported for type checks only.
    """
    owner = next(base for base in cls.__mro__ if name in inspect.get_annotations(base))
    annotation = inspect.get_annotations(owner)[name]
    if isinstance(annotation, str):
        annotation = eval(annotation, dict(vars(sys.modules[owner.__module__])), dict(vars(typing)))
    return typing.cast(object, annotation)


def bind(
    options: Iterable[Option], infos: Iterable[OptionInfo], what: str, place: Place | None
) -> dict[str, object]:
    """Values by attribute. `what` is whose options they are, for messages. Raises PipelineError."""
    known: Mapping[str, OptionInfo] = {info.name: info for info in infos}
    takes = f"{what} takes {', '.join(map(str, known.values()))}" if known else f"{what} takes no options"
    values: dict[str, object] = {}
    for option in options:
        # xDSL takes underscores as well
        info = known.get(option.name.replace("_", "-"))
        if info is None:
            raise PipelineError(
                f"{what} has no option {option.name!r}",
                hint=" ".join(filter(None, (meant(option.name, known), takes))),
                place=option.place,
            )
        if info.attribute in values:
            raise PipelineError(f"{what}: {info.name} is given twice", place=option.place)
        try:
            values[info.attribute] = convert(option, info.type)
        except ValueError as error:
            raise PipelineError(f"{what}: {info.name} {error}", hint=takes, place=option.place) from None
    missing = [info.name for info in known.values() if info.required and info.attribute not in values]
    if missing:
        raise PipelineError(f"{what} needs {' and '.join(missing)}", hint=takes, place=place)
    return values
