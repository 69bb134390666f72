"""Generates the calls and configurations of a graph's layers by hls4ml's templates, as often as something of them changes."""

from __future__ import annotations

from typing import Any

from split4ml.backends.hls4ml.distributed import regenerate_dense

_FLOWS = {
    "Vitis": ("vitis:apply_templates", "vivado:apply_templates"),
    "Vivado": ("vivado:apply_templates",),
}
"""Both for Vitis, and in this order, or the calls of Clone and Repack go stale."""


def apply_templates(model: Any) -> None:
    for flow in _FLOWS[model.config.backend.name]:
        model.apply_flow(flow)
    regenerate_dense(model)
