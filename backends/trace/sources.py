"""The instrumented copy of a project's C++, from which tracing programs are made."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from split4ml.backends.trace.closure import Definitions, TaskCode, task_code
from split4ml.backends.trace.instrument import Sites, instrument
from split4ml.backends.trace.toplevel import (
    Config,
    TaskCall,
    Top,
    parse_configs,
    parse_top,
    weight_header,
)
from split4ml.dialects.errors import Split4mlError

INCLUDE = Path(__file__).parent / "include"
_PLAIN = {"nnet_helpers.h", "nnet_types.h", "nnet_math.h", "nnet_code_gen.h", "nnet_function_stubs.h"}
_GENERATED = "nnet_code_gen.h"
"""The one header of nnet_utils that hls4ml writes anew for every project."""


@dataclass(frozen=True, eq=False)
class Sources:
    """folder: where the instrumented sources are. kernels: text of the headers that projects of one hls4ml version share."""

    where: str
    top: str
    parsed: Top
    configs: dict[str, Config]
    sites: Sites
    folder: Path
    ap_types: tuple[Path, ...]
    definitions: Definitions
    kernels: tuple[str, ...]

    @property
    def includes(self) -> list[Path]:
        return [INCLUDE, self.folder, *self.ap_types]

    @cached_property
    def kernel_digest(self) -> str:
        """Of everything that a trace depends on beside the task's own code. What is not understood counts: it may not compile."""
        ours = [path.read_text() for path in sorted(INCLUDE.glob("*.h"))]
        texts = [*self.kernels, *ours, *self.definitions.rest, *self.parsed.rest]
        return sha256("\0".join(texts).encode()).hexdigest()

    def code(self, call: TaskCall) -> TaskCode:
        return task_code(call, self.definitions, self.parsed.streams)


def prepare(project: Path, top: str, workdir: Path) -> Sources:
    """Writes the instrumented sources to `workdir`. Raises Split4mlError if the project is not understood."""
    if not re.fullmatch(r"[A-Za-z_]\w*", top):
        raise Split4mlError(f"{top!r} is no name of a top function", str(project))
    firmware = project.resolve() / "firmware"
    try:
        return _prepare(project, firmware, top, workdir)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise Split4mlError(
            f"this is no hls4ml io_stream project that can be traced: {error}", str(firmware)
        ) from None


def _prepare(project: Path, firmware: Path, top: str, workdir: Path) -> Sources:
    parameters = (firmware / "parameters.h").read_text()
    configs = parse_configs(parameters)
    parsed = parse_top((firmware / f"{top}.cpp").read_text(), top, set(configs))
    sites, definitions = Sites(), Definitions()
    kernels = []
    for folder in ("nnet_utils", "weights"):
        (workdir / folder).mkdir(parents=True, exist_ok=True)
    for header in sorted((firmware / "nnet_utils").glob("*.h")):
        text = header.read_text()
        if header.name == _GENERATED:
            definitions.add(text)
        else:
            kernels.append(text)
        if header.name not in _PLAIN:
            text = instrument(text, header.name, sites)
        (workdir / "nnet_utils" / header.name).write_text(text)
    for header in sorted((firmware / "weights").glob("*.h")):
        text = header.read_text()
        definitions.add(text)
        rewritten = weight_header(text)
        (workdir / "weights" / header.name).write_text(rewritten.text)
        for name, data in rewritten.values.items():
            (workdir / "weights" / name).write_bytes(data)
    for kind, name, size in parsed.loaded:
        header = workdir / "weights" / f"{name}.h"
        if not header.exists() and f'"weights/{name}.h"' in parameters:
            header.write_text(f"#pragma once\nstatic {kind} {name}[{size}];\n")
            definitions.add(f"static {kind} {name}[{size}];")
    for header in sorted(firmware.glob("*.h")):
        shutil.copyfile(header, workdir / header.name)
        definitions.add(header.read_text())
    definitions.add(parsed.head)
    return Sources(
        str(project), top, parsed, configs, sites, workdir, _ap_types(firmware), definitions, tuple(kernels)
    )


def _ap_types(firmware: Path) -> tuple[Path, ...]:
    """The project's own headers, then those of hls4ml: some projects leave `ap_shift_reg.h` to the vendor's tool."""
    own = firmware / "ap_types"
    return (own, packaged_ap_types()) if own.is_dir() else (packaged_ap_types(),)


def packaged_ap_types() -> Path:
    """The ap_types headers that hls4ml brings along. Raises Split4mlError if they are not there."""
    package = find_spec("hls4ml")
    for folder in (package.submodule_search_locations or ()) if package else ():
        if (found := Path(folder) / "templates" / "vivado" / "ap_types").is_dir():
            return found
    raise Split4mlError("the headers of ap_fixed are missing: neither the project nor hls4ml has them")


def find_top(project: Path) -> str:
    """Name of the top function of an hls4ml project: the file in firmware/ that instantiates the layers.

    Raises Split4mlError if there is none, or more than one.
    """
    firmware = project / "firmware"
    if not firmware.is_dir():
        raise Split4mlError(
            "this is no hls4ml project: it has no folder firmware/",
            str(project),
            "give the folder that holds firmware/, as hls4ml's `output_dir` was",
        )
    found = [
        path.stem
        for path in sorted(firmware.glob("*.cpp"))
        if re.search(
            rf"\bnnet::.*|\bvoid\s+{re.escape(path.stem)}\s*\(", text := path.read_text(errors="replace")
        )
        and '"parameters.h"' in text
    ]
    if len(found) != 1:
        what = (
            f"several top functions ({', '.join(found)})" if found else "no top function beside parameters.h"
        )
        raise Split4mlError(f"this is no hls4ml project: firmware/ has {what}", str(project))
    return found[0]


def read_top(project: Path, top: str) -> Top:
    """The top function alone, as `trace_project` reads it. Raises Split4mlError."""
    firmware = project / "firmware"
    try:
        configs = parse_configs((firmware / "parameters.h").read_text())
        return parse_top((firmware / f"{top}.cpp").read_text(), top, set(configs))
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise Split4mlError(f"this is no hls4ml io_stream project: {error}", str(firmware)) from None
