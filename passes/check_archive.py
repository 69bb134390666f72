"""Compares a `flow.model` with the archive it names, and fails where they contradict each other.

A person may edit which subgraph a task is in, FIFO depths and styles, and SLRs. Weights and layer attributes are in the archive,
so text that says anything else of the network would describe a design that is not built.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from split4ml.dialects import flow
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.flow_from_graph import differences
from split4ml.passes.interfaces import Archives

SHOWN = 5


@dataclass(frozen=True)
class CheckArchive(ModulePass):
    """Fail if the text of a flow.model contradicts its archive."""

    name = "check-archive"
    archives: Archives = field(kw_only=True)

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for model in (inner for inner in op.ops if isinstance(inner, flow.ModelOp)):
            found = list(differences(model, self.archives.describe(model)))
            if found:
                more = f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
                raise Split4mlError(
                    f"the text contradicts the archive: {'; '.join(found[:SHOWN])}{more}",
                    where=f"flow.model @{flow.symbol(model)}",
                    hint="only subgraphs, FIFO depths and styles, and SLRs may be edited; change the model instead",
                )
