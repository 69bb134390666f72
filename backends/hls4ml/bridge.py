"""The C++ that carries raw bits into and out of a written project (`raw_bridge.cpp.j2`, `raw_bridge.h`).

Everything is read from the project itself, so that what is simulated is what was written: types and names of the
ports from the header of its top function, shapes and directions from its `hls4ml_config.yml`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from split4ml.dialects.errors import Split4mlError

_HERE = Path(__file__).parent
CONFIG = "hls4ml_config.yml"


@dataclass(frozen=True)
class BridgePort:
    """name, type: in the C++. size: numbers a frame. local: the variable in the bridge."""

    name: str
    type: str
    size: int
    local: str


@dataclass(frozen=True)
class Interface:
    """The ports of a written project, in the order of its configuration."""

    top: str
    inputs: tuple[BridgePort, ...]
    outputs: tuple[BridgePort, ...]


# What hls4ml's `print_array_to_cpp` writes without text files.
_WEIGHTS = re.compile(
    r"(?://[^\n]*\n)*\s*#ifndef (?P<guard>\w+)\s+#define (?P=guard)\s+"
    r"(?P<type>\w+) (?P<name>\w+)\[(?P<size>\d+)\] = \{(?P<values>[0-9eE.,+\s-]*)\};\s*#endif\s*"
)


@dataclass(frozen=True, eq=False)
class WeightArray:
    """`type name[size]` of a weights header, and the numbers it is initialised with."""

    name: str
    type: str
    size: int
    values: npt.NDArray[np.float64]


def read_interface(project: Path) -> Interface:
    """Raises Split4mlError if the folder is no io_stream project of hls4ml."""
    import yaml

    where = str(project)
    try:
        config = yaml.safe_load((project / CONFIG).read_text())
        top = config["ProjectName"]
        shapes = (config["InputShapes"], config["OutputShapes"])
        if not re.fullmatch(r"[A-Za-z_]\w*", top):
            raise ValueError(f"the project is named {top!r}")
        header = (project / "firmware" / f"{top}.h").read_text()
        arguments = re.findall(r"hls::stream<(\w+)>\s*&\s*(\w+)", header)
        types = {name: type_ for type_, name in arguments}
        if sorted(types) != sorted([*shapes[0], *shapes[1]]):
            raise ValueError(f"its ports are {', '.join(types)}, and its configuration has others")
        order = [name for _, name in arguments]
        if order != [*sorted(shapes[0], key=order.index), *sorted(shapes[1], key=order.index)]:
            raise ValueError("an output stands before an input")
        sides = []
        for side in shapes:
            ports = []
            for name in sorted(side, key=order.index):
                size = 1
                for dimension in side[name]:
                    size *= int(dimension)
                ports.append(BridgePort(name, types[name], size, f"stream{order.index(name)}"))
            sides.append(tuple(ports))
    except (OSError, KeyError, TypeError, AttributeError, ValueError, yaml.YAMLError) as error:
        raise Split4mlError(f"this is no hls4ml project that can be simulated: {error}", where) from None
    return Interface(top, sides[0], sides[1])


def read_weights(project: Path) -> list[WeightArray]:
    """The constant arrays that can be set at run time; others (compressed ones, say) are compiled from their headers."""
    found = []
    for path in sorted((project / "firmware" / "weights").glob("*.h")):
        match = _WEIGHTS.fullmatch(path.read_text())
        if match is None or match["guard"] != f"{path.stem.upper()}_H_" or match["name"] != path.stem:
            continue
        try:
            values = np.array(match["values"].split(","), np.float64)
        except ValueError:
            continue
        if len(values) == int(match["size"]):
            found.append(WeightArray(match["name"], match["type"], len(values), values))
    return found


def bridge_source(interface: Interface, weights: Sequence[WeightArray]) -> str:
    """The translation unit to compile with the project and this folder (`header_folder`) as include paths."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_HERE), undefined=StrictUndefined, keep_trailing_newline=True
    )
    template = environment.get_template("raw_bridge.cpp.j2")
    return template.render(
        top=interface.top,
        inputs=list(interface.inputs),
        outputs=list(interface.outputs),
        weights=list(weights),
    )


def header_folder() -> Path:
    return _HERE


def sources_digest(project: Path) -> str:
    """sha256 of everything the compiler may read of a project, and of the bridge."""
    total = hashlib.sha256()
    firmware = project / "firmware"
    files = sorted(path for path in firmware.rglob("*") if path.is_file() and path.suffix in (".h", ".cpp"))
    for path in (project / CONFIG, *files, _HERE / "raw_bridge.h", _HERE / "raw_bridge.cpp.j2"):
        data = path.read_bytes()
        total.update(f"{path.name}:{len(data)}:".encode())
        total.update(data)
    return total.hexdigest()
