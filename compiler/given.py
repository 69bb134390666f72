"""Options that a user gave and that could have no effect: an error, rather than a build that silently differs from what was asked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from xdsl.dialects.builtin import ModuleOp

from split4ml.compiler.options import LOWERING, MODEL, SPLIT, TILE, CompileOptions
from split4ml.dialects import flow, stitch
from split4ml.dialects.errors import UsageError

if TYPE_CHECKING:
    from split4ml.compiler.pipeline.syntax import PassSpec


def check_given(
    given: Collection[str],
    options: CompileOptions,
    module: ModuleOp,
    held: CompileOptions,
    rest: Sequence[PassSpec],
) -> None:
    """given: names of the options that the user stated. held: the options with what the module itself states.

    rest: the passes that will run. Raises UsageError for the first option that would be ignored.
    """
    names = [spec.name for spec in rest]
    lowered = any(isinstance(op, flow.ModelOp) for op in module.ops)
    if "pipeline" in given:
        _refuse(given, SPLIT, "belongs to the pass partition, and the passes were given: write it there")
        _refuse(given, TILE, "belongs to the pass tile, and the passes were given: write it there")
        _refuse(
            given, ("fifos",), "belongs to the pass size-fifos, and the passes were given: write it there"
        )
    elif "partition" not in names:
        _refuse(given, SPLIT, "comes too late: this IR is split already; go on from an earlier stage")
    if "read-timing" not in names:
        late = "comes too late: this IR is profiled already; go on from an earlier stage"
        _refuse(
            given,
            ("timing",),
            "is read by the pass read-timing, which is not among the passes that were given"
            if "pipeline" in given
            else late,
        )
    if "size-fifos" not in names:
        _refuse(given, ("fifos",), "comes too late: the FIFOs of this IR are sized already")
    if "estimate" not in names:
        _refuse(given, ("cost_data",), "comes too late: the costs of this IR are estimated already")
    if lowered:
        _refuse(given, LOWERING, "comes too late: this model is lowered already; compile the network itself")
        for name in MODEL:
            if name in given and getattr(options, name) != getattr(held, name):
                raise UsageError(
                    f"{_flag(name)} is {getattr(options, name)}, but this model was lowered for {getattr(held, name)}",
                    hint="leave it out, or compile the network itself",
                )
    elif "tile" not in names:
        _refuse(given, TILE, "comes too late: this IR is beyond the tiling; go on from an earlier stage")
    if not lowered and "lower-nn-to-flow" not in names:
        raise UsageError(
            "these passes leave no design: there is no flow.model, and none is made",
            hint="let the pipeline contain lower-nn-to-flow; split4ml opt runs passes without making a build",
        )
    stitched = any(isinstance(op, stitch.DesignOp) for op in module.ops)
    if options.verify == "rtl" and not stitched and "lower-flow-to-stitch" not in names:
        raise UsageError(
            "--verify rtl needs the stitched top, which these passes do not make",
            hint="end the pipeline with lower-flow-to-stitch",
        )


def _refuse(given: Collection[str], names: Sequence[str], why: str) -> None:
    for name in names:
        if name in given:
            raise UsageError(f"{_flag(name)} {why}")


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
