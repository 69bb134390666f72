"""What a FIFO costs in each storage style, from the shapes of the primitives."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Literal

Style = Literal["srl", "lutram", "bram"]

SRL_BITS = 1024
"""Vitis HLS makes a FIFO of at most this many bits, or of depth 2, a shift register (UG1399, config_storage:
auto_srl_max_bits, auto_srl_max_depth)."""
SRL_DEPTH = 2
LUTRAM_DEPTH = 64
"""Deeper memories go to block RAM: a 64-deep LUT RAM is one level, more needs multiplexers (UG574)."""
BRAM18_SHAPES = ((1, 16384), (2, 8192), (4, 4096), (9, 2048), (18, 1024), (36, 512))
"""(width, depth) of one 18 Kb block RAM in simple dual port mode (UG573)."""


@dataclass(frozen=True)
class FifoCost:
    """Primitives of one FIFO: storage, pointers and flags."""

    style: Style
    lut: int
    ff: int
    bram18: int


def fifo_style(width: int, depth: int) -> Style:
    """The style that HLS would choose for `depth` tokens of `width` bits."""
    if width < 1 or depth < 1:
        raise ValueError(f"a FIFO of {depth} tokens of {width} bits")
    if width * depth <= SRL_BITS or depth <= SRL_DEPTH:
        return "srl"
    return "lutram" if depth <= LUTRAM_DEPTH else "bram"


def fifo_cost(width: int, depth: int, style: Style | None = None) -> FifoCost:
    """`depth` tokens of `width` bits. Raises ValueError unless both are positive."""
    natural = fifo_style(width, depth)  # checks both
    chosen = style or natural
    pointer = max(1, (depth - 1).bit_length())
    control_lut, control_ff = 3 * pointer + 10, 2 * pointer + 4
    if chosen == "srl":  # one address, no write pointer
        return FifoCost(chosen, width * ceil(depth / 32) + control_lut, pointer + 4 + width, 0)
    if chosen == "lutram":  # RAM32M holds 6, RAM64M 3 bits in 4 LUTs
        bits = 6 if depth <= 32 else 3
        return FifoCost(
            chosen, 4 * ceil(width / bits) * ceil(depth / (192 // bits)) + control_lut, control_ff + width, 0
        )
    blocks = min(ceil(width / w) * ceil(depth / d) for w, d in BRAM18_SHAPES)
    return FifoCost(chosen, control_lut, control_ff, blocks)
