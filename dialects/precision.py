"""Element types of hardware: `fixed<16,6>`, `ufixed<8,0,RND,SAT>`, `int<8>`, `uint<1>`.

Plain values, free of xDSL, since the hls4ml adapter and the simulators need them too. The modes are those of
AC/AP datatypes (UG1399, "Arbitrary Precision Fixed-Point Data Types"): two streams are of one C++ type only if
all six fields are equal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

ROUNDING = ("TRN", "TRN_ZERO", "RND", "RND_ZERO", "RND_INF", "RND_MIN_INF", "RND_CONV")
SATURATION = ("WRAP", "SAT", "SAT_ZERO", "SAT_SYM")
MAX_POINT = 1024
"""How far the point may lie from the most significant bit, either way: as far as the exponents of doubles reach."""

TYPED = (
    "result",
    "weight",
    "bias",
    "scale",
    "param",
    "accum",
    "table",
    "exp_table",
    "inv_table",
    "inv_inp",
)
"""What may have an element type of its own: hls4ml's names, without `_t`. See hls4ml 1.3, `model/layers.py`."""


@dataclass(frozen=True)
class Precision:
    """`width` bits in all, `integer` of them before the point (sign included, may be negative or > width)."""

    width: int
    integer: int
    signed: bool = True
    rounding: str = "TRN"
    saturation: str = "WRAP"
    saturation_bits: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.width <= 1024:
            raise ValueError(f"an element has 1 to 1024 bits, not {self.width}")
        if not -MAX_POINT <= self.integer <= MAX_POINT:
            raise ValueError(
                f"an element has -{MAX_POINT} to {MAX_POINT} bits before the point, not {self.integer}"
            )
        if self.rounding not in ROUNDING:
            raise ValueError(f"rounding mode {self.rounding!r} is none of {', '.join(ROUNDING)}")
        if self.saturation not in SATURATION:
            raise ValueError(f"overflow mode {self.saturation!r} is none of {', '.join(SATURATION)}")
        if not 0 <= self.saturation_bits <= self.width:
            raise ValueError(f"saturation bits number 0 to {self.width}, not {self.saturation_bits}")

    @property
    def fraction(self) -> int:
        """Bits after the point."""
        return self.width - self.integer

    def __str__(self) -> str:
        plain = (self.rounding, self.saturation, self.saturation_bits) == ("TRN", "WRAP", 0)
        if self.integer == self.width and plain:
            return f"{'int' if self.signed else 'uint'}<{self.width}>"
        modes = "" if plain else f",{self.rounding},{self.saturation}"
        bits = f",{self.saturation_bits}" if self.saturation_bits else ""
        return f"{'fixed' if self.signed else 'ufixed'}<{self.width},{self.integer}{modes}{bits}>"

    @staticmethod
    def parse(text: str) -> Precision:
        """The inverse of `str`. Raises ValueError."""
        match = re.fullmatch(
            r"\s*(?P<u>u?)(?P<kind>int|fixed)<\s*(?P<args>[^<>]*)>\s*",
            text,
        )
        if match is None:
            raise ValueError(f"{text!r} is no element type such as fixed<16,6>")
        args = [part.strip() for part in match["args"].split(",")]
        numbers = [int(part) for part in args if re.fullmatch(r"-?\d+", part)]
        modes = [part for part in args if not re.fullmatch(r"-?\d+", part)]
        signed = not match["u"]
        if match["kind"] == "int" and len(numbers) == 1 and not modes:
            return Precision(numbers[0], numbers[0], signed)
        if match["kind"] == "fixed" and len(numbers) in (2, 3) and len(modes) in (0, 2):
            width, integer, *bits = numbers
            return Precision(width, integer, signed, *(modes or ("TRN", "WRAP")), *bits)
        raise ValueError(f"{text!r} is no element type such as fixed<16,6>")
