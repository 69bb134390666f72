"""What the stitched top adds to the subgraphs: FIFOs of links, register slices at ports, the start module.

Primitives after synthesis, counted from the structure of backends/rtl/sv, with what control takes read off yosys 0.70
(`synth_xilinx -family xcup`, benchmarks/glue_cost.py): not by Vivado, without place and route. See docs/cost.md, "Glue".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

from split4ml.passes.cost.fifo import BRAM18_SHAPES

SOURCE = "yosys 0.70 synth_xilinx xcup"


@dataclass(frozen=True)
class GlueCost:
    lut: int = 0
    ff: int = 0
    bram18: int = 0

    def __add__(self, other: GlueCost) -> GlueCost:
        return GlueCost(self.lut + other.lut, self.ff + other.ff, self.bram18 + other.bram18)


SRL_DEPTH = 32
"""Taps of an SRLC32E, one LUT."""
LUTRAM_DEPTH, LUTRAM_BITS = 64, 1024
"""Memories that are deeper and hold more go to block RAM."""


def link_cost(bits: int, depth: int, memory: bool) -> GlueCost:
    """A FIFO of `depth` beats of `bits` between two subgraphs, or wires if that is 0. memory: not a shift register. Raises
    ValueError for what cannot be."""
    if bits < 1 or depth < 0:
        raise ValueError(f"a link of {depth} beats of {bits} bits")
    if depth == 0:
        return GlueCost()
    return _memory(bits, depth) if memory else _shift(bits, depth)


def _shift(bits: int, depth: int) -> GlueCost:
    """Registers up to two beats, then a shift register (SRL) a bit, read at the count of beats."""
    if depth == 1:
        return GlueCost(5, bits + 3)
    if depth == 2:
        return GlueCost(bits + 6, 2 * bits + 4)
    count = depth.bit_length()
    return GlueCost(bits * ceil(depth / SRL_DEPTH) + count + 4, count + 2)


def _memory(bits: int, depth: int) -> GlueCost:
    """Two pointers, a count and three flags; the output register is the block RAM's own, if it is one. Words: one less than
    beats, since the output register holds one."""
    words = max(1, depth - 1)
    index, count = max(1, (words - 1).bit_length()), (words + 1).bit_length()
    control = GlueCost(4 * index + 7, 2 * index + count + 3)
    if words > LUTRAM_DEPTH and bits * words > LUTRAM_BITS:
        return control + GlueCost(bram18=min(ceil(bits / w) * ceil(words / d) for w, d in BRAM18_SHAPES))
    if words <= 32:
        return control + GlueCost(8 * ceil(bits / 14), bits)
    banks = ceil(words / 64)
    return control + GlueCost(8 * ceil(bits / 7) * banks + bits * (banks - 1), bits)


def slice_cost(bits: int) -> GlueCost:
    """Two beats of registers at an AXI4-Stream port of an IP, so that ready is registered too."""
    return GlueCost(bits + 4, 2 * bits + 2)


def start_cost(inputs: int, subgraphs: int) -> GlueCost:
    """For each input a counter of beats (32 bits), one of frames (16) and a flag; for each subgraph one of starts (16), which
    is compared with every input's frames."""
    return GlueCost(20 * inputs + (8 + 6 * inputs) * subgraphs, 49 * inputs + 16 * subgraphs)


def glue_cost(links: Iterable[tuple[int, int, bool]], inputs: int, subgraphs: int) -> GlueCost:
    """All of a top. links: bits, depth and `memory` of each; inputs: of the top."""
    total = start_cost(inputs, subgraphs)
    for bits, depth, memory in links:
        total += link_cost(bits, depth, memory) + slice_cost(bits) + slice_cost(bits)
    return total
