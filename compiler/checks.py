"""What a compilation is checked with, and again by `split4ml verify`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from xdsl.dialects.builtin import ModuleOp

from split4ml.compiler.emit import PROJECTS
from split4ml.dialects import flow

if TYPE_CHECKING:
    from split4ml.compiler.progress import Reporter
    from split4ml.compiler.services import Session

TOP = "monolithic"
"""Name of the project that the split one is compared with."""


def run_checks(
    module: ModuleOp,
    folder: Path,
    scratch: Path,
    session: Session,
    verify: str,
    reporter: Reporter,
    kind: str = "twin",
) -> dict[str, Any]:
    """For the report's `checks`. verify: `none`, `csim`, or `rtl`, which includes csim. kind: `twin`, or `exported` to put
    the Verilog of synthesised subgraphs in place of their twins. Raises Split4mlError."""
    checks: dict[str, Any] = dict.fromkeys(("onnx", "accuracy", "agreement", "csim", "arithmetic", "rtl"))
    (model,) = (op for op in module.ops if isinstance(op, flow.ModelOp))
    if verify in ("csim", "rtl"):
        from split4ml.backends.hls4ml.project import write_monolithic
        from split4ml.compiler.arithmetic_check import check_arithmetic
        from split4ml.compiler.csim_check import check_csim

        write_monolithic(session.archive_path(model), scratch / TOP, TOP)
        stimulus = session.stimulus(model)
        result = check_csim(
            model,
            folder / PROJECTS,
            scratch / TOP,
            stimulus,
            scratch / "csim",
            reporter,
            session.max_error,
        )
        checks |= result.checks
        checks["arithmetic"] = check_arithmetic(model, result.outputs, session, reporter)
    if verify == "rtl":
        from split4ml.compiler.rtl_check import check_rtl

        checks["rtl"] = check_rtl(module, folder, scratch / "rtl", session, reporter, kind)
    return checks
