"""Runs a pipeline over a module and keeps every stage as a file that can be fed back.

`split4ml.stage`, an attribute of the module, counts the passes of the pipeline that have run (docs/decisions/0004).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from xdsl.dialects.builtin import ArrayAttr, IntegerAttr, ModuleOp, StringAttr, UnitAttr

from split4ml.compiler import network, stimulus
from split4ml.compiler.passrunner import context, print_module, run_passes
from split4ml.dialects import flow, nn
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.nn_rewriting import is_quantised

if TYPE_CHECKING:
    from split4ml.compiler.binding import Services
    from split4ml.compiler.pipeline.syntax import PassSpec
    from split4ml.compiler.progress import Reporter
    from split4ml.compiler.services import Session

STAGE = "split4ml.stage"
NOTES = "split4ml.notes"
SHORT = {"lower-nn-to-flow": "flow", "lower-flow-to-stitch": "stitch"}
"""Files that are called after what they hold, not after the pass that made them."""


def stage_of(module: ModuleOp) -> int:
    """How many passes of its pipeline a module has behind it; 0 if it does not say."""
    attribute = module.attributes.get(STAGE)
    if attribute is None:
        return 0
    if not isinstance(attribute, IntegerAttr) or attribute.value.data < 0:
        raise Split4mlError(f"{STAGE} is {attribute}, which is no number of passes")
    return int(attribute.value.data)


def notes_of(module: ModuleOp) -> list[str]:
    """What the user should know about how the module came to be."""
    attribute = module.attributes.get(NOTES)
    return (
        [text.data for text in attribute.data if isinstance(text, StringAttr)]
        if isinstance(attribute, ArrayAttr)
        else []
    )


def run_stages(
    module: ModuleOp,
    specs: Sequence[PassSpec],
    start: int,
    folder: Path,
    services: Services,
    session: Session,
    reporter: Reporter,
) -> set[str]:
    """Runs `specs[start:]` and writes `folder/NN-name.mlir` for the module as it is and after each pass.

    Returns the names of all blobs that any of these stages refers to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    unlowered: str | None = None
    named = "import" if start == 0 else SHORT.get(specs[start - 1].name, specs[start - 1].name)
    blobs: set[str] = set()

    def write(stage: int, name: str) -> None:
        nonlocal unlowered
        if not (is_network := any(isinstance(op, nn.ModelOp) for op in module.ops)) and unlowered is not None:
            network.mark(module, unlowered)
        if any(is_quantised(op) for op in module.ops if isinstance(op, nn.ModelOp)):
            module.attributes[network.QUANTISED] = UnitAttr()
        module.attributes[STAGE] = flow.integer(stage)
        if session.notes:
            module.attributes[NOTES] = ArrayAttr([StringAttr(text) for text in session.notes])
        text = print_module(module, locations=False)
        unlowered = text if is_network else None
        (folder / f"{stage:02d}-{name}.mlir").write_text(text, "utf-8")
        blobs.update(stimulus.blobs(module))
        blobs.update(op.blob.data for op in module.walk() if isinstance(op, nn.ConstantOp))

    session.notes[:0] = [text for text in notes_of(module) if text not in session.notes]
    write(start, named)
    remaining = list(specs[start:])
    with reporter.step("passes") as step:
        run_passes(
            remaining,
            services,
            context(),
            module,
            after=lambda index, spec, _: write(start + index + 1, SHORT.get(spec.name, spec.name)),
            before=lambda index, spec: step.update(index, len(remaining), spec.name),
        )
    return blobs
