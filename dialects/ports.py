"""How wide the AXI4-Stream port of a stream is; the one place that decides it."""

from __future__ import annotations

MAX_PORT_BITS = 4096
"""Widest AXI4-Stream port that Vitis HLS builds (UG1399, "AXI4-Stream Interfaces")."""


def element_slot_bits(width: int) -> int:
    """Bits one element of `width` bits takes in TDATA: the next power of two, at least 8.

    UG1399 ("Aggregation/Disaggregation of Structs", "Data Layout Model"): members of a struct on an interface are
    aligned to bytes in powers of two. Published designs with 8- and 16-bit elements agree (`39:0` for five
    8-bit, `847:0` for 53 16-bit elements); an exported component.xml is the authority once there is one.
    """
    return max(8, 1 << (width - 1).bit_length())


def bus_bits(elements: int, width: int) -> int:
    """TDATA width of a port that passes one token of `elements` elements a beat."""
    return elements * element_slot_bits(width)
