"""The options of `compile`, made from the fields of CompileOptions: same names, types and defaults."""

from __future__ import annotations

import argparse
import dataclasses
import types
import typing
from collections.abc import Callable, Collection
from pathlib import Path

from split4ml.compiler.options import HELP, PATHS, CompileOptions
from split4ml.compiler.pipeline.convert import convert
from split4ml.compiler.pipeline.options import OptionInfo, options_of
from split4ml.compiler.pipeline.syntax import Option, Scalar
from split4ml.dialects.errors import UsageError, meant

GROUPS = {
    "hardware": "hardware",
    "arithmetic": "arithmetic",
    "partition": "partition",
    "passes": "passes",
    "checks": "checks",
}
SHORT = {"pipeline": "-p"}
GROUPED = ("keep_together", "keep_apart")
"""Options whose layers, unlike those of the others, belong together: `a,b` becomes one value, `a+b`."""


def add_compile_options(parser: argparse.ArgumentParser, only: Collection[str] = tuple(GROUPS)) -> None:
    """Adds every field, or those of some groups and some by name. What is not given is absent from the namespace, so that a build's own options stay."""
    groups = {name: parser.add_argument_group(title) for name, title in GROUPS.items() if _wanted(name, only)}
    for info in options_of(CompileOptions):
        about = HELP[info.attribute]
        if about.group not in only and info.attribute not in only:
            continue
        names = [SHORT[info.attribute]] if info.attribute in SHORT else []
        several = typing.get_origin(info.type) is tuple
        choices = _choices(info.type)
        if info.type is bool:
            groups[about.group].add_argument(
                f"--{info.name}",
                dest=f"option_{info.attribute}",
                default=argparse.SUPPRESS,
                action="store_true",
                help=about.text,
            )
            continue
        default = "" if several or info.default is None else f" (default: {info.default})"
        groups[about.group].add_argument(
            *names,
            f"--{info.name}",
            dest=f"option_{info.attribute}",
            default=argparse.SUPPRESS,
            action="append" if several else "store",
            type=str if several or choices else _converter(info),
            choices=choices,
            metavar=about.metavar if not choices else "|".join(choices),
            help=f"{about.text}{default}".replace("%", "%%"),
        )


def _wanted(group: str, only: Collection[str]) -> bool:
    return group in only or any(HELP[name].group == group for name in only if name in HELP)


def _choices(type_: object) -> tuple[str, ...] | None:
    """The words that a value may be, if it is nothing else (None aside)."""
    members = [m for m in (typing.get_args(type_) or (type_,)) if m is not types.NoneType]
    if typing.get_origin(type_) is typing.Literal:
        return typing.get_args(type_)
    literal = members[0] if len(members) == 1 else None
    return typing.get_args(literal) if typing.get_origin(literal) is typing.Literal else None


def _converter(info: OptionInfo) -> Callable[[str], object]:
    def read(text: str) -> object:
        try:
            return convert(Option(info.name, (Scalar(text, False),)), info.type)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read


def given_options(arguments: argparse.Namespace) -> dict[str, object]:
    """The options that the command line names, by attribute."""
    given: dict[str, object] = {}
    for field in dataclasses.fields(CompileOptions):
        key = f"option_{field.name}"
        if not hasattr(arguments, key):
            continue
        value = getattr(arguments, key)
        if isinstance(value, list):
            parts = [[part.strip() for part in text.split(",") if part.strip()] for text in value]
            if field.name in GROUPED:
                value = tuple("+".join(group) for group in parts)
            else:
                value = tuple(part for group in parts for part in group)
        given[field.name] = value
    return given


def named_options(arguments: argparse.Namespace) -> list[str]:
    """The options that the command line states, by attribute; a board states the part."""
    named = [name.removeprefix("option_") for name in vars(arguments) if name.startswith("option_")]
    return [*named, "part"] if getattr(arguments, "board", None) is not None else named


def add_board(parser: argparse.ArgumentParser) -> None:
    """A board stands for its part number; the build states the part."""
    parser.add_argument(
        "--board", metavar="NAME", help="a board, such as zcu102 or U250, instead of its --part"
    )


def _part_of(board: str, device_file: Path | None) -> str:
    """Raises UsageError for a board that nobody knows."""
    from split4ml.compiler.devices import catalogue

    known = catalogue(device_file)
    if (part := known.part(board)) != board:
        return part
    near = meant(board, [name for name, _ in known.boards.values()], 3)
    otherwise = "name the --part, or describe the board in a --device-file"
    raise UsageError(f"there is no board {board!r}", hint=near or otherwise)


def compile_options(arguments: argparse.Namespace) -> CompileOptions:
    """Defaults, or those of the build that the model is a stage of, and then the command line's. Raises UsageError."""
    from split4ml.compiler.builddir import options_beside

    base = options_beside(arguments.model) or CompileOptions()
    given = given_options(arguments)
    for name in PATHS:
        path = given.get(name)
        if isinstance(path, Path) and not path.is_file():
            raise UsageError(f"there is no file {path}", where=f"--{name.replace('_', '-')}")
    if (board := getattr(arguments, "board", None)) is not None:
        own = given.get("device_file", base.device_file)
        part = _part_of(board, own if isinstance(own, Path) else None)
        if given.setdefault("part", part) != part:
            raise UsageError(f"the board {board} has the part {part}, not {given['part']}")
    try:
        options = base.updated(given)
    except ValueError as error:
        raise UsageError(str(error)) from None
    _check_devices(options)
    return options


def _check_devices(options: CompileOptions) -> None:
    """Before any work: the user's file, and the device. Raises Split4mlError."""
    from split4ml.compiler.devices import catalogue

    if options.device_file is not None or options.device is not None:
        known = catalogue(options.device_file)
        if options.device is not None:
            known.find(options.device)
