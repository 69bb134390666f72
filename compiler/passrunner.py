"""Applies passes: verifies what they leave behind, and keeps what they were given in case one crashes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from io import StringIO

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.printer import Printer
from xdsl.utils.exceptions import DiagnosticException, ShrinkException

from split4ml.compiler.binding import BoundPass, Services, bind_all
from split4ml.compiler.diagnostics import PassCrash
from split4ml.compiler.pipeline.syntax import PassSpec, render
from split4ml.dialects.errors import Split4mlError

_NUMBERED = re.compile(r"_\d+$")


def context() -> Context:
    """A context that loads our dialects when an op of theirs is met."""
    found = Context()
    register_dialects(found)
    return found


def register_dialects(ctx: Context) -> None:
    from split4ml.compiler.dialecttable import DIALECTS

    for name, loader in DIALECTS.items():
        ctx.register_dialect(name, loader)


def settle_hints(module: ModuleOp) -> None:
    """Takes all numbers from the ends of the values' names, to which xDSL's printer puts its own: it takes only one away, and
    prints the second `%a` as `%a_1`, the first `%a_1_2` as well."""
    for op in module.walk():
        for value in (
            *op.results,
            *(argument for region in op.regions for block in region.blocks for argument in block.args),
        ):
            while value.name_hint and _NUMBERED.search(value.name_hint):
                value.name_hint = value.name_hint  # setting it is what takes one away


def print_module(module: ModuleOp, locations: bool = True) -> str:
    """MLIR text that parses back."""
    settle_hints(module)
    stream = StringIO()
    Printer(stream=stream, print_debuginfo=locations).print_op(module)
    return stream.getvalue() + "\n"


def run_passes(
    specs: Sequence[PassSpec],
    services: Services,
    ctx: Context,
    module: ModuleOp,
    after: Callable[[int, PassSpec, ModuleOp], None] | None = None,
    before: Callable[[int, PassSpec], None] | None = None,
) -> None:
    """Applies a pipeline. All options are checked before the first pass runs.

    before, after: told the index and text of each pass. Raises Split4mlError, or PassCrash if we are at fault.
    """
    bound = bind_all(specs)
    for index, item in enumerate(bound):
        if before is not None:
            before(index, item.spec)
        apply_pass(item, services, ctx, module)
        if after is not None:
            after(index, item.spec, module)


def apply_pass(
    item: BoundPass, services: Services, ctx: Context, module: ModuleOp, verify: bool = True
) -> None:
    """Makes the pass and applies it."""
    apply_instance(item.instantiate(services), render([item.spec]), ctx, module, verify)


def apply_instance(
    instance: ModulePass, text: str, ctx: Context, module: ModuleOp, verify: bool = True
) -> None:
    """`text` is the pass as a pipeline. The module verified before, so if it does not afterwards the pass is wrong."""
    given = module.clone()
    try:
        instance.apply(ctx, module)
    except (Split4mlError, DiagnosticException, ShrinkException, OSError, MemoryError):
        raise
    except Exception as error:
        raise PassCrash(f"the pass {instance.name} failed", print_module(given), text) from error
    if verify:
        try:
            module.verify()
        except Exception as error:
            raise PassCrash(
                f"the pass {instance.name} left IR that does not verify", print_module(given), text
            ) from error
