"""Reuse factors as hls4ml ends up with them, against what was asked for.

hls4ml clamps a reuse factor of the resource strategies to a valid one and merely prints it; and its conversion of
1x1 convolutions (`OptimizePointwiseConv`, hls4ml 1.3) puts the unclamped one back, which does not compile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TEMPLATE_FLOWS = {
    "Vitis": ("vitis:apply_templates", "vivado:apply_templates"),
    "Vivado": ("vivado:apply_templates",),
}
"""Both for Vitis, and in this order, or the calls of Clone and Repack go stale."""

_RESOURCE = ("resource", "resource_unrolled")


@dataclass(frozen=True)
class ReuseWarning:
    """`layer` uses the reuse factor `used` instead of `asked`; `valid` are the possible ones, ascending."""

    layer: str
    asked: int
    used: int
    valid: tuple[int, ...]

    def __str__(self) -> str:
        few = sorted(self.valid, key=lambda factor: abs(factor - self.asked))[:6]
        return (
            f"{self.layer}: a reuse factor of {self.asked} is not possible, {self.used} is used instead; "
            f"the nearest are {', '.join(str(factor) for factor in sorted(few))}"
        )


def repair_reuse_factors(model: Any, asked: Mapping[str, int]) -> dict[str, ReuseWarning]:
    """Makes every reuse factor valid, regenerates the templates if one was not, and tells what differs from `asked`.

    asked: the configured reuse factor by layer name.
    """
    warnings, repaired = {}, False
    for name, node in model.graph.items():
        valid = valid_reuse_factors(model, node)
        if valid is None:
            continue
        used = int(node.get_attr("reuse_factor", 1))
        if used not in valid:
            used = model.config.backend.get_closest_reuse_factor(list(valid), used)
            node.set_attr("reuse_factor", used)
            repaired = True
        if (wanted := asked.get(name, used)) != used:
            warnings[name] = ReuseWarning(name, wanted, used, valid)
    if repaired:
        model.apply_flow("vivado:specific_types")
        for flow in TEMPLATE_FLOWS[model.config.backend.name]:
            model.apply_flow(flow)
    return warnings


def valid_reuse_factors(model: Any, node: Any) -> tuple[int, ...] | None:
    """Ascending, by hls4ml's own rule; None for a layer that takes any."""
    if str(node.get_attr("strategy", "")).lower() not in _RESOURCE:
        return None
    size = multiplier_size(model, node)
    if size is None:
        return None
    n_in, n_out = size
    # A valid factor divides n_in * n_out; hls4ml itself tries all numbers up to that.
    total = n_in * n_out
    small = [factor for factor in range(1, int(total**0.5) + 1) if total % factor == 0]
    divisors = sorted({*small, *(total // factor for factor in small)})
    backend = model.config.backend
    valid = [factor for factor in divisors if backend._validate_reuse_factor(n_in, n_out, factor)]
    if node.get_attr("strategy").lower() == "resource_unrolled":
        valid.pop()
    return tuple(valid)


def multiplier_size(model: Any, node: Any) -> tuple[int, int] | None:
    """(inputs, outputs) of the matrix-vector product that a layer does at each position."""
    if not any(kind in node.class_name for kind in ("Dense", "Conv1D", "Conv2D")):
        return None
    if "n_in" not in node.attributes and "n_chan" not in node.attributes:
        return None
    n_in, n_out = model.config.backend.get_layer_mult_size(node)
    return int(n_in), int(n_out)
