"""The options of a compilation: on the command line, as settings of a script, and in split4ml.toml.

One dataclass says what there is; the argument parser, `set` and the file are all made from it. Names are kebab-case
everywhere: `profile_frames` is `--profile-frames 8`, `set profile-frames = 8` and `profile-frames = 8`.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import Literal, Self

from split4ml.backends.hls4ml.options import MAX_REUSE_FACTOR
from split4ml.dialects.errors import Split4mlError, UsageError
from split4ml.dialects.precision import Precision

RESOURCES = ("lut", "ff", "dsp", "bram18", "uram")
MAX_SUBGRAPHS = 256
PROFILE_FRAMES = (4, 4096)
"""Fewest, since a steady interval is between frames 3 and 4 at the earliest, and most."""
SCHEMA = 1
"""Version of split4ml.toml."""

HEADER = (
    "# The options of this build; `split4ml compile ir/NN-….mlir -o DIR` continues from a stage with them.\n"
)


WISHES = (
    "subgraphs",
    "minimise",
    "weigh",
    "at_most",
    "slack",
    "cut_before",
    "keep_together",
    "keep_apart",
    "cut",
    "never_cut",
    "cut_points",
    "pin",
    "jobs",
    "memory",
    "device",
    "utilisation",
    "slr",
    "budget_by",
    "time_limit",
)
"""Are options of the pass `partition` under the same names, which checks them."""
SPLIT = (*WISHES, "budget")
"""Become options of the pass `partition`."""
TILE = ("tile_weights", "tile_seconds")
"""Become options of the pass `tile`, which runs only if one is given."""
LOWERING = ("precision", "reuse_factor", "strategy", "hls_config", *TILE)
"""Decided when hls4ml lowers the network."""
PATHS = ("hls_config", "input", "cost_data", "device_file", "timing")
"""May name files, which a build keeps copies of."""
MODEL = ("backend", "part", "clock", "tool", "start")
"""A lowered model states them itself."""


@dataclass(frozen=True)
class Help:
    """How an option appears in `split4ml compile --help`."""

    group: str
    text: str
    metavar: str | None = None


HELP: Mapping[str, Help] = {
    "backend": Help("hardware", "hls4ml's backend"),
    "io_type": Help("hardware", "hls4ml's interface style"),
    "part": Help("hardware", "FPGA part number", "PART"),
    "clock": Help("hardware", "clock period in nanoseconds", "NS"),
    "tool": Help(
        "hardware", "whose timing constants hold, such as vitis-2023.2; by default the backend's", "TOOL"
    ),
    "start": Help("hardware", "start protocol: one start per frame, or ap_start tied high as in hls4ml"),
    "precision": Help(
        "arithmetic",
        "default element type; auto: types for every layer, from the ranges of --input, with which the outputs' errors are at most "
        "--max-error",
        "TYPE|auto",
    ),
    "reuse_factor": Help("arithmetic", "default multiplications per multiplier", "N"),
    "strategy": Help(
        "arithmetic", "default strategy: latency, resource, resource_unrolled, distributed_arithmetic", "NAME"
    ),
    "hls_config": Help(
        "arithmetic", "hls4ml's configuration (Model, LayerType, LayerName); wins over the defaults", "YAML"
    ),
    "tile_weights": Help(
        "partition",
        "compute dense layers and convolutions of more weights in tiles of output channels (docs/tile.md)",
        "N",
    ),
    "tile_seconds": Help(
        "partition", "the same for those whose synthesis takes longer by estimate", "SECONDS"
    ),
    "subgraphs": Help(
        "partition", "how many; auto: the fewest within 5 percent of the best synthesis time", "N|auto"
    ),
    "cut_before": Help("partition", "a new subgraph begins at these layers", "LAYER,…"),
    "minimise": Help(
        "partition",
        "objectives, the first one first: time, bits, subgraphs, latency, utilisation, balance (default: time,bits)",
        "NAME,…",
    ),
    "weigh": Help(
        "partition",
        "weights per second, bit, cycle and per cent; the sum comes first (may be repeated)",
        "NAME=W,…",
    ),
    "at_most": Help("partition", "bounds on objectives, such as time=3600 (may be repeated)", "NAME=N,…"),
    "slack": Help(
        "partition", "per cent that an objective may be worse, for the sake of those behind it", "PERCENT"
    ),
    "keep_together": Help("partition", "these layers share a subgraph (may be repeated)", "LAYER,…"),
    "keep_apart": Help("partition", "no two of these layers share a subgraph (may be repeated)", "LAYER,…"),
    "cut": Help("partition", "cut these streams in any case: LAYER->LAYER, or a FIFO's name", "STREAM,…"),
    "never_cut": Help("partition", "cut these streams in no case", "STREAM,…"),
    "cut_points": Help("partition", "subgraphs begin only at layers that fit a pattern", "PATTERN,…"),
    "pin": Help("partition", "a layer's subgraph (conv1=0) or region (conv1=slr0)", "LAYER=N,…"),
    "budget": Help(
        "partition",
        "the most one subgraph may use of lut, ff, dsp, bram18, uram (may be repeated)",
        "RESOURCE=N",
    ),
    "jobs": Help("partition", "subgraphs that are synthesised at once; by default all", "N"),
    "memory": Help("partition", "memory for all synthesis jobs at once; by default enough", "GIB"),
    "device": Help(
        "partition",
        "a part or board that the design must fit; by default --part, if the next two ask",
        "NAME",
    ),
    "device_file": Help("partition", "your own parts and boards (docs/devices.md)", "TOML"),
    "utilisation": Help(
        "partition",
        "per cent of the device that may be used (lut=70, ff=50, others 80, unless named here)",
        "RESOURCE=P,…",
    ),
    "slr": Help("partition", "put every subgraph into an SLR of the device, within its limits"),
    "budget_by": Help("partition", "the end of costs' ranges that counts (default: estimate)"),
    "time_limit": Help("partition", "seconds for finding the best split (default: 60)", "SECONDS"),
    "cost_data": Help(
        "partition",
        "your own synthesis reports, from which costs are moved; by default those of all your builds",
        "FILE|none",
    ),
    "fifos": Help(
        "passes",
        "what FIFOs must be like, as options of the pass size-fifos: 'method=exact latency=5%' (docs/sizing.md)",
        "OPTIONS",
    ),
    "timing": Help(
        "passes",
        "II and latency of tasks as they were measured, in place of estimates: timing.json of `split4ml profile … -o` (docs/profile.md)",
        "FILE",
    ),
    "pipeline": Help("passes", "exactly these passes instead of the default ones", "PIPELINE"),
    "input": Help("checks", "sample inputs by ONNX name, first axis = frames; by default random ones", "NPZ"),
    "profile_frames": Help("checks", "frames that are traced and replayed", "N"),
    "verify": Help("checks", "what the split design is checked with; rtl includes csim"),
    "max_error": Help(
        "checks",
        "the largest error of an output that passes, as a share of the output's range, such as 0.02; by default any that "
        "the precision explains; with --precision auto, what is aimed at (default: 0.01)",
        "SHARE",
    ),
    "overflow": Help("checks", "what it is if numbers do not fit into their types"),
}
"""By field of CompileOptions."""


def check_clock(clock_ns: float) -> None:
    """Raises ValueError for what is no clock period."""
    if not 0.1 <= clock_ns <= 1000:
        raise ValueError(f"the clock period is {clock_ns:g} ns, but must be between 0.1 and 1000 ns")


@dataclass(frozen=True)
class CompileOptions:
    """What decides the result of `split4ml compile`. Raises ValueError, with a sentence, for what cannot be.

    Paths are relative to the working directory, or, in split4ml.toml, to the folder of that file.
    """

    backend: Literal["Vitis", "Vivado"] = "Vitis"
    io_type: Literal["io_stream", "io_parallel"] = "io_stream"
    part: str = "xcvu13p-flga2577-2-e"
    clock: float = 5.0
    tool: str | None = None
    start: Literal["per-frame", "held"] = "per-frame"

    precision: str = "fixed<16,6>"
    reuse_factor: int = 1
    strategy: str = "latency"
    hls_config: Path | None = None

    tile_weights: int | None = None
    tile_seconds: float | None = None

    subgraphs: int | Literal["auto"] | None = None
    cut_before: tuple[str, ...] = ()
    minimise: tuple[str, ...] = ()
    weigh: tuple[str, ...] = ()
    at_most: tuple[str, ...] = ()
    slack: float | None = None
    keep_together: tuple[str, ...] = ()
    keep_apart: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    never_cut: tuple[str, ...] = ()
    cut_points: tuple[str, ...] = ()
    pin: tuple[str, ...] = ()
    budget: tuple[str, ...] = ()
    jobs: int | None = None
    memory: float | None = None
    device: str | None = None
    device_file: Path | None = None
    utilisation: tuple[str, ...] = ()
    slr: bool = False
    budget_by: Literal["low", "estimate", "high"] | None = None
    time_limit: float | None = None

    cost_data: Path | Literal["none"] | None = None

    fifos: str | None = None
    timing: Path | None = None
    pipeline: str | None = None

    input: Path | None = None
    profile_frames: int = 8
    verify: Literal["none", "csim", "rtl"] = "csim"
    max_error: float | None = None
    overflow: Literal["warn", "fail"] = "warn"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{2,63}", self.part):
            raise ValueError(f"{self.part!r} is no FPGA part number such as xcvu13p-flga2577-2-e")
        check_clock(self.clock)
        if self.io_type != "io_stream":
            raise ValueError(
                "io_parallel networks are one pipeline without FIFOs, which cannot be split; use io_stream"
            )
        if self.precision != "auto":
            Precision.parse(self.precision.replace("ap_", ""))
        for name, value, least, most in (
            ("reuse-factor", self.reuse_factor, 1, MAX_REUSE_FACTOR),
            ("profile-frames", self.profile_frames, *PROFILE_FRAMES),
        ):
            if value < least:
                raise ValueError(f"{name} is {value}, but must be at least {least}")
            if value > most:
                raise ValueError(f"{name} is {value}, but must be at most {most}")
        if self.tile_weights is not None and self.tile_weights < 1:
            raise ValueError(f"tile-weights is {self.tile_weights}, but must be at least 1")
        if self.tile_seconds is not None and not 0 < self.tile_seconds < inf:
            raise ValueError(f"tile-seconds is {self.tile_seconds:g}, but must be a positive number")
        if self.max_error is not None and not 0 < self.max_error <= 1:
            raise ValueError(f"max-error is {self.max_error:g}, but must be a share above 0 and up to 1")
        self._check_strategy()
        if isinstance(self.subgraphs, int) and not 1 <= self.subgraphs <= MAX_SUBGRAPHS:
            raise ValueError(f"subgraphs is {self.subgraphs}, but must be between 1 and {MAX_SUBGRAPHS}")
        self.budgets  # noqa: B018  (checks them)
        if self.backend == "Vivado" and self.verify == "rtl":
            raise ValueError(
                "no stitched top is built for the Vivado backend, so there is no RTL to verify; use csim"
            )
        self._check_tool()

    def _check_strategy(self) -> None:
        from split4ml.backends.hls4ml.options import strategy_named

        try:
            strategy_named(self.strategy, "strategy")
        except Split4mlError as error:
            raise ValueError(f"strategy: {error.message}{'; ' + error.hint if error.hint else ''}") from None

    def _check_tool(self) -> None:
        from split4ml.passes.timing.constants import DEFAULT, tool

        family = self.backend.lower()
        if self.tool is None:
            object.__setattr__(self, "tool", DEFAULT[family])
            return
        try:
            tool(self.tool)
        except UsageError as error:
            raise ValueError(f"{error.message}{'; ' + error.hint if error.hint else ''}") from None
        if not self.tool.startswith(family):
            raise ValueError(
                f"the timing constants of {self.tool} are not those of the backend {self.backend}"
            )

    @property
    def clock_ps(self) -> int:
        return round(self.clock * 1000)

    @property
    def budgets(self) -> dict[str, int]:
        """The most that one subgraph may use, by resource."""
        found: dict[str, int] = {}
        for text in self.budget:
            match = re.fullmatch(r"(\w+)=([0-9]{1,12})", text)
            if match is None or match[1].lower() not in RESOURCES:
                raise ValueError(
                    f"{text!r} is no budget such as lut=50000; resources are {', '.join(RESOURCES)}"
                )
            name = match[1].lower()
            if name in found:
                raise ValueError(f"the budget of {name} is given twice")
            found[name] = int(match[2])
        return found

    def rebased(self, folder: Path) -> Self:
        """With relative paths taken as relative to `folder`."""
        moved = {name: folder / path for name, path in self.files().items()}
        return replace(self, **moved)  # type: ignore[arg-type]

    def files(self) -> dict[str, Path]:
        """The files that are named, by attribute."""
        values = {name: getattr(self, name) for name in PATHS}
        return {name: path for name, path in values.items() if isinstance(path, Path)}

    def updated(self, given: Mapping[str, object]) -> Self:
        """With some values replaced. A new backend brings its own tool, unless one is given too."""
        values = dict(given)
        if values.get("backend", self.backend) != self.backend:
            values.setdefault("tool", None)
        return replace(self, **values)  # type: ignore[arg-type]

    def to_toml(self) -> str:
        """Text of split4ml.toml; the same bytes for equal options. Raises ValueError for an absolute path."""
        lines = []
        for item in dataclasses.fields(self):
            value = getattr(self, item.name)
            if value is None:
                continue
            if isinstance(value, Path):
                if value.is_absolute():
                    raise ValueError(f"{item.name} is the absolute path {value}")
                value = value.as_posix()
            lines.append(f"{item.name.replace('_', '-')} = {_toml(value)}\n")
        return f"{HEADER}schema = {SCHEMA}\n\n[options]\n{''.join(lines)}"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c >= " " and c != "\x7f" else f"\\u{ord(c):04x}" for c in escaped) + '"'


def typed(values: Iterable[tuple[str, object]], where: str) -> dict[str, object]:
    """Values by attribute, from kebab-case names and untyped values. Raises Split4mlError."""
    from split4ml.compiler.pipeline.options import bind, options_of
    from split4ml.compiler.pipeline.syntax import Option

    options = []
    for name, value in values:
        parts = value if isinstance(value, list) else [value]
        if not all(isinstance(part, str | int | float) for part in parts):
            raise Split4mlError(f"{name} is {value}, which is no plain value", where)
        options.append(Option.of(name, value))
    try:
        return bind(options, options_of(CompileOptions), "split4ml", None)
    except Split4mlError as error:
        raise Split4mlError(error.message, where, error.hint) from None


def from_toml(text: str, where: str) -> CompileOptions:
    """The inverse of `to_toml`. Raises Split4mlError."""
    import tomllib

    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Split4mlError(f"this is no TOML: {error}", where) from None
    if data.get("schema") != SCHEMA:
        raise Split4mlError(f"the schema is {data.get('schema')!r}, but {SCHEMA} is known", where)
    options = data.get("options", {})
    if not isinstance(options, dict):
        raise Split4mlError("options is no table", where)
    try:
        return CompileOptions(**typed(options.items(), where))  # type: ignore[arg-type]
    except ValueError as error:
        raise Split4mlError(str(error), where) from None
