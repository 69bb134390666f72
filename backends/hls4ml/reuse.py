"""Reuse factors as hls4ml ends up with them, against what was asked for.

hls4ml clamps a reuse factor of the resource strategies to a valid one and merely prints it. Two of its passes then leave
what does not compile or aborts in simulation (hls4ml 1.3): the conversion of 1x1 convolutions (`OptimizePointwiseConv`)
puts the unclamped factor back; and `recurrent_templates.py` takes the function of a recurrent product by the reuse factor
of the other product, that of the inputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from split4ml.backends.hls4ml.templates import apply_templates

_RESOURCE = ("resource", "resource_unrolled")
_RECURRENT = ("LSTM", "GRU")


@dataclass(frozen=True)
class ReuseWarning:
    """`layer` uses the reuse factor `used` instead of `asked`; `valid` are the possible ones, ascending.

    product: which of the layer's products, for a layer of several.
    """

    layer: str
    asked: int
    used: int
    valid: tuple[int, ...]
    product: str = ""

    def __str__(self) -> str:
        few = sorted(self.valid, key=lambda factor: abs(factor - self.asked))[:6]
        return (
            f"{self.layer}: a reuse factor of {self.asked} is not possible{self.product and ' for '}{self.product}, "
            f"{self.used} is used instead; "
            f"the nearest are {', '.join(str(factor) for factor in sorted(few))}"
        )


@dataclass(frozen=True)
class _Product:
    """A matrix-vector product of a layer: `attribute` of the layer holds its reuse factor."""

    attribute: str
    n_in: int
    n_out: int
    name: str = ""


def repair_reuse_factors(model: Any, asked: Mapping[str, int]) -> list[ReuseWarning]:
    """Makes every reuse factor valid, regenerates the templates if one was not, and tells what differs from `asked`.

    asked: the configured reuse factor by layer name.
    """
    warnings, repaired = [], False
    for name, node in model.graph.items():
        if not _by_resource(node):
            continue
        for product in _products(model, node):
            valid = _valid_of(model, node, product)
            used = int(node.get_attr(product.attribute, 1))
            wanted = asked.get(name, used)
            if used not in valid:
                used = model.config.backend.get_closest_reuse_factor(list(valid), wanted)
                node.set_attr(product.attribute, used)
                repaired = True
            if wanted != used:
                warnings.append(ReuseWarning(name, wanted, used, valid, product.name))
    if repaired:
        model.apply_flow("vivado:specific_types")
        apply_templates(model)
    return warnings


def valid_reuse_factors(model: Any, node: Any) -> tuple[int, ...] | None:
    """Ascending, by hls4ml's own rule, of the product with the inputs; None for a layer that takes any."""
    if not _by_resource(node):
        return None
    products = _products(model, node)
    return _valid_of(model, node, products[0]) if products else None


def _by_resource(node: Any) -> bool:
    return str(node.get_attr("strategy", "")).lower() in _RESOURCE


def _products(model: Any, node: Any) -> list[_Product]:
    if node.class_name in _RECURRENT:
        n_in, n_out, states, columns = map(int, model.config.backend.get_layer_mult_size(node))
        return [
            _Product("reuse_factor", n_in, n_out, "the product with the inputs"),
            _Product("recurrent_reuse_factor", states, columns, "the product with the state"),
        ]
    size = multiplier_size(model, node)
    return [_Product("reuse_factor", *size)] if size else []


def _valid_of(model: Any, node: Any, product: _Product) -> tuple[int, ...]:
    # A valid factor divides n_in * n_out; hls4ml itself tries all numbers up to that.
    total = product.n_in * product.n_out
    small = [factor for factor in range(1, int(total**0.5) + 1) if total % factor == 0]
    divisors = sorted({*small, *(total // factor for factor in small)})
    backend = model.config.backend
    valid = [f for f in divisors if backend._validate_reuse_factor(product.n_in, product.n_out, f)]
    strategy = node.get_attr("strategy").lower()
    if strategy == "resource_unrolled":
        valid.pop()
    if strategy == "resource" and product.attribute != "reuse_factor":
        # `DenseResource_rf_leq_nin` or `..._gt_nin_rem0`: the choice must suit both factors
        above = int(node.get_attr("reuse_factor", 1)) > product.n_in
        valid = [factor for factor in valid if (factor > product.n_in) == above]
    return tuple(valid)


def multiplier_size(model: Any, node: Any) -> tuple[int, int] | None:
    """(inputs, outputs) of the matrix-vector product that a layer does at each position."""
    if not any(kind in node.class_name for kind in ("Dense", "Conv1D", "Conv2D")):
        return None
    if "n_in" not in node.attributes and "n_chan" not in node.attributes:
        return None
    n_in, n_out = model.config.backend.get_layer_mult_size(node)
    return int(n_in), int(n_out)
