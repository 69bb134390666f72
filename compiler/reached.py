"""What the pass infer-precision reached, as the module states it, for the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, FloatAttr, IntegerAttr, ModuleOp, StringAttr

from split4ml.dialects.errors import Split4mlError
from split4ml.passes.graphinfo import GraphInfo
from split4ml.passes.infer_precision import ATTRIBUTE


def reached(module: ModuleOp, outputs: Sequence[str], info: GraphInfo) -> dict[str, Any] | None:
    """For the report's `precision`; None if no precision was searched. outputs: the user's names, in order. Raises Split4mlError
    for an attribute that is none of ours."""
    attribute = module.attributes.get(ATTRIBUTE)
    if attribute is None:
        return None
    match attribute:
        case DictionaryAttr(
            data={
                "bound": FloatAttr() as bound,
                "errors": ArrayAttr(data=errors),
                "frames": IntegerAttr() as frames,
                "uniform": IntegerAttr() as uniform,
                "sample": StringAttr() as sample,
            }
        ) if len(errors) == len(outputs) and all(isinstance(error, FloatAttr) for error in errors):
            widths = [stream.precision.width for stream in info.streams]
            return {
                "bound": float(bound.value.data),
                "errors": {
                    name: float(error.value.data) for name, error in zip(outputs, errors, strict=True)
                },
                "frames": int(frames.value.data),
                "sample": sample.data,
                "uniform": int(uniform.value.data),
                "bits": [min(widths), max(widths)],
                "missed": "missed" in attribute.data,
            }
    raise Split4mlError(f"{ATTRIBUTE} is {attribute}, which infer-precision does not write")


def missed(precision: Mapping[str, Any], checks: Mapping[str, Any]) -> list[str]:
    """A note for every output whose error in the C simulation is beyond the bound, although the search met it: there are frames
    that it did not look at, or configured types that it did not know."""
    if precision["missed"]:
        return []
    return [
        f"the output {name} is off by up to {error['max_relative_error']:.2%} of its range in C simulation, more than the"
        f" {precision['bound']:.2%} asked: other frames than the {precision['frames']} that were looked at, or configured types"
        for name, error in (checks.get("onnx") or {}).items()
        if (error["max_relative_error"] or 0) > precision["bound"] * (1 + 1e-9)
    ]
