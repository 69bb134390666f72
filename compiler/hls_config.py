"""Reads hls4ml's configuration file: its values, and the line of every entry for messages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from split4ml.backends.hls4ml.places import Places
from split4ml.compiler.options import CompileOptions
from split4ml.dialects.errors import Split4mlError

if TYPE_CHECKING:
    import yaml

MAX_BYTES = 1 << 24
"""A configuration of a thousand layers has a tenth of a megabyte."""


def hls_config_for(options: CompileOptions) -> tuple[dict[str, Any], Places]:
    """The configuration that the options name. Raises Split4mlError if it is a whole `hls4ml_config.yml` for
    another target than that of the options, which its settings would otherwise silently not reach."""
    path = options.hls_config
    assert path is not None
    found, places = read_hls_config(path)
    if "HLSConfig" in found:
        for key, option, chosen in (
            ("IOType", "--io-type", options.io_type),
            ("Backend", "--backend", options.backend),
            ("Part", "--part", options.part),
            ("ClockPeriod", "--clock", options.clock),
        ):
            value = found.get(key, chosen)
            if value != chosen and str(value).lower() != str(chosen).lower():
                hint = (
                    "only io_stream can be split"
                    if key == "IOType"
                    else f"give {option} {value}, or drop the line"
                )
                raise Split4mlError(f"its {key} is {value}, but {option} is {chosen}", places.of(key), hint)
    return found, places


def read_hls_config(path: Path) -> tuple[dict[str, Any], Places]:
    """Values and lines. Raises Split4mlError with line and column."""
    import yaml

    try:
        if path.stat().st_size > MAX_BYTES:
            raise Split4mlError(f"this is larger than {MAX_BYTES} bytes, so no configuration", str(path))
        loader = yaml.SafeLoader(path.read_text("utf-8"))
        node = loader.get_single_node()
        lines = dict(_lines(node, (), str(path), set())) if node is not None else {}
        found = loader.construct_document(node) if node is not None else {}
    except OSError as error:
        raise Split4mlError((error.strerror or str(error)).lower(), str(path)) from None
    except UnicodeDecodeError:
        raise Split4mlError("this is no text", str(path)) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        problem = str(getattr(error, "problem", None) or error).splitlines()[0]
        raise Split4mlError(f"this is no YAML: {problem}", where) from None
    except RecursionError:
        raise Split4mlError("this is nested too deeply", str(path)) from None
    except ValueError as error:  # PyYAML's own conversions, such as that of a date that does not exist
        raise Split4mlError(f"this is no YAML: {error}", str(path)) from None
    if not isinstance(found, dict):
        raise Split4mlError("this is no table of settings", str(path))
    return found, Places(str(path), lines)


def _lines(
    node: yaml.Node, path: tuple[str, ...], file: str, seen: set[int]
) -> Iterator[tuple[tuple[str, ...], int]]:
    """The line of every key. An entry that is stated twice is refused: YAML would silently take the last."""
    import yaml

    if not isinstance(node, yaml.MappingNode) or id(node) in seen:  # an anchor may stand for itself
        return
    seen.add(id(node))
    first: dict[str, int] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            continue
        name, line = str(key.value), key.start_mark.line + 1
        if name in first and key.tag != "tag:yaml.org,2002:merge":
            where = ": ".join([f"{file}:{line}", *path])
            raise Split4mlError(f"{name!r} is there twice, first in line {first[name]}", where)
        first[name] = line
        yield (*path, name), line
        yield from _lines(value, (*path, name), file, seen)
