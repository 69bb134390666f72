"""QONNX's operators (Quant, BipolarQuant, Trunc), which Brevitas and others write into domains of their own.

Semantics: the `qonnx` package's execution (`custom_op/general/{intquant,bipolar_quant,trunc}.py`), in float32 for constants, as there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper

from split4ml.compiler.frontend.integers import ROUNDING, Doubles, Quantiser
from split4ml.compiler.frontend.onnx_scaled import Scaled

DOMAINS = ("qonnx.custom_op.general", "onnx.brevitas", "finn.custom_op.general", "finn")
OPERATORS = ("Quant", "IntQuant", "BipolarQuant", "Trunc")
Array = npt.NDArray[Any]
_DEFAULTS: dict[str, dict[str, Any]] = {
    "Quant": {"signed": 1, "narrow": 1, "rounding_mode": "ROUND"},
    "IntQuant": {"signed": 1, "narrow": 1, "rounding_mode": "ROUND"},
    "BipolarQuant": {},
    "Trunc": {"rounding_mode": "FLOOR", "signed": 1, "narrow": 0},
}


MOST = 1 << 32
"""The largest whole number that a quantiser may have, a zero point."""


def is_qonnx(proto: onnx.NodeProto) -> bool:
    return proto.domain in DOMAINS and proto.op_type in OPERATORS


def attributes_of(proto: onnx.NodeProto) -> dict[str, Any]:
    """With QONNX's defaults. Raises ValueError for text that is not UTF-8."""
    given = {attribute.name: helper.get_attribute_value(attribute) for attribute in proto.attribute}
    return _DEFAULTS[proto.op_type] | {
        name: value.decode() if isinstance(value, bytes) else value for name, value in given.items()
    }


def integer(array: Array, what: str) -> int:
    """The one whole number that a tensor holds. Raises ValueError."""
    values = np.unique(np.asarray(array, np.float64))
    if values.size != 1:
        raise ValueError(f"its {what} differs between elements, but must be one number")
    if not abs(values[0]) <= MOST or values[0] != np.round(values[0]):
        raise ValueError(f"its {what} is {values[0]:g}, which is no whole number of at most {MOST}")
    return int(values[0])


def positive(scale: Array) -> Doubles:
    """A scale in double precision. Raises ValueError."""
    array = np.asarray(scale, np.float64)
    if not np.all(np.isfinite(array)) or np.any(array <= 0):
        raise ValueError("its scale must be positive and finite")
    return array


def rounding(mode: str) -> str:
    if mode.upper() not in ROUNDING:
        raise ValueError(
            f"hardware has no rounding mode {mode!r}; quantise with ROUND, HALF_UP, HALF_DOWN, FLOOR or DOWN"
        )
    return ROUNDING[mode.upper()]


def limits(bits: int, signed: bool, narrow: bool) -> tuple[int, int]:
    """The least and the greatest integer. Raises ValueError."""
    if not 1 <= bits <= 32:
        raise ValueError(f"its bit width is {bits}, but 1 to 32 are supported")
    if signed:
        return -(2 ** (bits - 1)) + narrow, 2 ** (bits - 1) - 1
    return 0, 2**bits - 1 - narrow


def is_bipolar(attributes: dict[str, Any], bits: int) -> bool:
    """One bit with sign is -1 or 1."""
    return bits == 1 and bool(attributes["signed"])


def quantiser(attributes: dict[str, Any], scale: Array, zero: Array, bits: Array) -> Quantiser:
    """Of a Quant node. Raises ValueError."""
    low, high = limits(integer(bits, "bit width"), bool(attributes["signed"]), bool(attributes["narrow"]))
    mode = rounding(str(attributes["rounding_mode"]))
    return Quantiser(positive(scale), integer(zero, "zero point"), low, high, mode, inside=True)


_NUMPY: dict[str, Callable[[Array], Array]] = {
    "RND_CONV": np.round,
    "TRN": np.floor,
    "TRN_ZERO": np.fix,
    "RND_INF": lambda x: np.sign(x) * np.floor(np.abs(x) + np.float32(0.5)),
    "RND_ZERO": lambda x: np.sign(x) * np.ceil(np.abs(x) - np.float32(0.5)),
}


def integers(values: Array, scale: Array, q: Quantiser) -> Doubles:
    """The integers, zero point subtracted, that a constant is quantised to: in float32, as QONNX and ONNX do."""
    ratio = np.asarray(values, np.float32) / np.asarray(scale, np.float32)
    if q.inside:
        ratio = _NUMPY[q.rounding](np.clip(ratio + np.float32(q.zero), q.low, q.high))
    else:
        ratio = np.clip(_NUMPY[q.rounding](ratio) + q.zero, q.low, q.high)
    return np.asarray(ratio, np.float64) - q.zero


def constant(attributes: dict[str, Any], op: str, operands: list[Array]) -> Scaled:
    """A quantised constant. Raises ValueError."""
    values, scale = operands[0], np.broadcast_to(positive(operands[1]), np.shape(operands[0]))
    if op == "Trunc":
        raise ValueError("it truncates a constant, which no exporter does")
    if op == "BipolarQuant" or is_bipolar(attributes, integer(operands[3], "bit width")):
        zero = integer(operands[2], "zero point") if op != "BipolarQuant" else 0
        ratio = values / np.asarray(scale, np.float32) + zero
        return Scaled(np.where(ratio >= 0, 1.0, -1.0) - zero, np.array(scale))
    q = quantiser(attributes, *operands[1:4])
    return Scaled(integers(values, operands[1], q), np.array(scale))
