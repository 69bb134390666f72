"""Tcl that has a simulation of the vendor's tools log its FIFOs to a VCD (docs/profile.md)."""

from __future__ import annotations

from pathlib import Path

COSIM = "cosim_vcd.tcl"
"""Run by Vitis HLS or Vivado HLS in a synthesised project: its co-simulation, with a VCD."""

LOGGING = "fifo_vcd.tcl"
"""Run by Vivado's simulator: what to log."""


def cosim_scripts() -> dict[str, str]:
    """For an hls4ml project, by file name."""
    return {name: (Path(__file__).parent / name).read_text("utf-8") for name in (COSIM, LOGGING)}


def logging_script() -> dict[str, str]:
    """For any simulation in Vivado's simulator, the stitched top's for example."""
    return {LOGGING: cosim_scripts()[LOGGING]}
