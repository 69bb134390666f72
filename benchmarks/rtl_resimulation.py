"""Time to simulate the stitched RTL again with other FIFO depths: run-time data, so nothing is built again.

    .venv/bin/python benchmarks/rtl_resimulation.py BUILD

Runs the twin of a build with its own depths and with each of three others, 8 flooding frames each, and checks latency and peaks of
every run against the replay.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from split4ml.backends.verilator.simulation import build_simulation
from split4ml.compiler.design import Design
from split4ml.compiler.rtl_check import compare, schedules_of
from split4ml.passes.networks import NetworkOptions
from split4ml.passes.timed import Timed
from split4ml.passes.timing.replay import replay

FRAMES = 8


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("build", type=Path)
    design = Design(parser.parse_args().build)
    timed = Timed(design.model, design.session.trace(design.model))
    trace = design.session.project_trace(design.model)
    with tempfile.TemporaryDirectory() as scratch:
        begin = time.perf_counter()
        simulation = build_simulation(design.module, Path(scratch))
        print(f"build               {time.perf_counter() - begin:6.2f} s")
        sized = {name: entry["depth"] for name, entry in design.fifos.items()}
        for name, depths in (
            ("as sized", sized),
            ("one deeper", {fifo: depth + 1 for fifo, depth in sized.items()}),
            ("hls4ml's default", {name: entry["default_depth"] for name, entry in design.fifos.items()}),
            ("as sized, again", sized),
        ):
            built = timed.network(NetworkOptions(depths=depths))
            begin = time.perf_counter()
            found = simulation.run(schedules_of(built), depths, trace.tokens, FRAMES)
            seconds = time.perf_counter() - begin
            found.check()
            differences = list(compare(found, replay(built.network, FRAMES), built))
            agrees = "as predicted" if not differences else "; ".join(differences[:3])
            print(f"{name:<20}{seconds:6.2f} s  {found.cycles:,} cycles, {agrees}")


if __name__ == "__main__":
    main()
