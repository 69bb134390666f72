"""The default pipeline of `split4ml compile`, as a script that a user can print, copy and change."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from split4ml.compiler.options import LOWERING, MODEL, SPLIT, TILE, WISHES, CompileOptions
from split4ml.compiler.pipeline.syntax import (
    Compile,
    Define,
    Load,
    Option,
    PassSpec,
    Pipeline,
    Set,
)
from split4ml.dialects.errors import UsageError
from split4ml.dialects.precision import Precision

CANONICALISE = (
    "remove-identity",
    "fold-constants",
    "sink-scales",
    "relu-from-bounds",
    "fuse-pads",
    "fold-scales",
    "fuse-bias",
    "fold-batch-norm",
    "fold-into-next",
    "global-pool-from-reduce",
    "simplify-reshapes",
    "take-last-state",
)


AUTO_ERROR = 0.01
"""What `--precision auto` aims at if no error is given: the largest error of an output, as a share of its range."""

STITCH: Mapping[str, tuple[str, Pipeline]] = {
    "stitch": ("The structural top.", (PassSpec("lower-flow-to-stitch"),)),
}
"""Not for the Vivado backend, whose ports are one AXI-Stream per channel."""


def configured_type(precision: str) -> str:
    """The element type of what neither the model nor a layer's configuration gives one."""
    plain = precision.replace("ap_", "").replace(" ", "")
    try:
        return str(Precision.parse(plain))
    except ValueError:  # told to the user where hls4ml's options are checked
        return CompileOptions().precision


def tiling(options: CompileOptions) -> dict[str, tuple[str, Pipeline]]:
    """The stage that tiles large layers, if that was asked for."""
    if options.tile_weights is None and options.tile_seconds is None:
        return {}
    tile = PassSpec.of("tile", max_weights=options.tile_weights, max_seconds=options.tile_seconds)
    return {"tile": ("Large layers in tiles of output channels.", (tile,))}


def stages(options: CompileOptions) -> dict[str, tuple[str, Pipeline]]:
    """Named pipelines: what each is for, and its passes."""
    budgets = options.budgets
    partition = PassSpec.of(
        "partition",
        **{name: getattr(options, name) for name in WISHES},
        **budgets,
    )
    frames = options.profile_frames
    return {
        "canonicalise": (
            "The network as tensors: one form for what exporters write in many ways.",
            tuple(map(PassSpec, CANONICALISE)),
        ),
        "stream": (
            "Data in the order in which hls4ml streams it.",
            (
                PassSpec("channels-last"),
                PassSpec("simplify-reshapes"),
                PassSpec("pools-from-reductions"),
                PassSpec("decompose-pools"),
                PassSpec("decompose-conv-transpose"),
                PassSpec("expand-broadcasts"),
                PassSpec("scale-by-element"),
                PassSpec("part-by-convolution"),
                PassSpec("eliminate-dead-code"),
            ),
        ),
        "quantise": (
            "The quantisers of the model as element types; nothing if it has none.",
            (
                PassSpec.of("propagate-types", default=configured_type(options.precision)),
                PassSpec("eliminate-dead-code"),
            ),
        ),
        **_inferred(options),
        **tiling(options),
        "lower": (
            "Tasks and FIFOs; hls4ml chooses the layers.",
            (PassSpec("lower-nn-to-flow"), PassSpec("check-archive")),
        ),
        "split": (
            "Costs, and from them the subgraphs.",
            (PassSpec("estimate"), partition),
        ),
        "size": (
            "Observed occupancy, from the replay of the trace every FIFO's depth, and whether the split still holds.",
            (
                *([PassSpec("read-timing")] if options.timing is not None else []),
                PassSpec.of("profile", frames=frames),
                sizing := sizing_pass(options.fifos, frames),
                replace(
                    sizing,
                    name="settle-split",
                    options=tuple(option for option in sizing.options if option.name in SETTLED),
                ),
            ),
        ),
        **({} if options.backend == "Vivado" else STITCH),
    }


SETTLED = ("method", "frames", "time-limit")
"""Options that `settle-split` has in common with `size-fifos`; the others it finds noted in the model."""


def sizing_pass(text: str | None, frames: int, method: str = "bisect") -> PassSpec:
    """`size-fifos` with the options that a user gave, as in a pipeline. Raises PipelineError."""
    from split4ml.compiler.pipeline.parser import parse_pipeline

    given: tuple[Option, ...] = ()
    if text is not None:
        found = parse_pipeline(f"size-fifos{{{text}}}", "--fifos")
        if len(found) != 1 or found[0].name != "size-fifos":
            raise UsageError("--fifos takes options of one pass, such as 'method=exact latency=5%'")
        given = found[0].options
    names = {option.name for option in given}
    defaults = PassSpec.of("size-fifos", method=method, frames=frames).options
    return PassSpec("size-fifos", (*(d for d in defaults if d.name not in names), *given))


def _inferred(options: CompileOptions) -> dict[str, tuple[str, Pipeline]]:
    """For `--precision auto`."""
    if options.precision != "auto":
        return {}
    bound = options.max_error or AUTO_ERROR
    purpose = "Element types by the ranges of the sample inputs, within a bound of the error."
    return {"infer": (purpose, (PassSpec.of("infer-precision", max_error=bound),))}


def default_pipeline(options: CompileOptions, source: str = "model.onnx", directory: str = "build") -> str:
    """The whole compilation as a script; `split4ml run` of it does what `compile` with these options does."""
    lines = [
        "# What `split4ml compile` does with these options; change it, and give it to `split4ml run`.",
        "# Paths are relative to the folder of this script.",
        "",
        *settings(options, lowered=source.endswith(".mlir")),
        str(Load(source)),
        "",
    ]
    if options.pipeline is not None:
        from split4ml.compiler.pipeline.parser import parse_pipeline

        compiled = parse_pipeline(options.pipeline)
    elif source.endswith(".mlir"):
        lines.append("# The passes that are left, as split4ml.toml beside ir/ has them.")
        compiled = None
    else:
        compiled = ()
        for name, (purpose, passes) in stages(options).items():
            lines += [f"# {purpose}", str(Define(name, passes))]
            compiled += (PassSpec(name),)
        lines.append("")
    lines.append(str(Compile(compiled, directory)))
    return "\n".join(lines) + "\n"


def settings(options: CompileOptions, lowered: bool = False) -> Iterable[str]:
    """`set` for every option that is not at its default. Those of the partition stand in its own pass.

    lowered: for IR, which states itself what it was lowered for.
    """
    standard = CompileOptions(backend=options.backend)
    in_passes = [
        *SPLIT,
        *TILE,
        "fifos",
        "pipeline",
        "profile_frames",
        *((*LOWERING, *MODEL, "input") if lowered else ()),
    ]
    found = []
    for field in dataclasses.fields(options):
        value = getattr(options, field.name)
        default = "Vitis" if field.name == "backend" else getattr(standard, field.name)
        if field.name not in in_passes and value != default:
            if isinstance(value, Path):
                value = value.as_posix()
            found.append(str(Set(Option.of(field.name.replace("_", "-"), value))))
    return [*found, ""] if found else []


def pipeline_of(options: CompileOptions) -> Pipeline:
    """The passes of a compilation: the user's, or those of the default pipeline. Raises PipelineError."""
    if options.pipeline is not None:
        from split4ml.compiler.pipeline.parser import parse_pipeline

        return parse_pipeline(options.pipeline)
    return tuple(spec for _, passes in stages(options).values() for spec in passes)
