"""How long a large VCD takes to read, and how much memory.

    .venv/bin/python benchmarks/vcd_reading.py [--megabytes 1024] [--fifos 100]

Writes a VCD of many FIFOs of Vitis HLS and of other signals beside them, reads the FIFOs' profiles from it in a process of its own, and
removes it.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PERIOD = 5000


def write(path: Path, size: int, fifos: int) -> int:
    """A pipeline of FIFOs that each hold a token now and then. Returns the cycles."""
    from split4ml.backends.vcd.write import _code

    lines = ["$timescale 1ps $end", "$scope module tb $end", f"$var wire 1 {_code(0)} ap_clk $end"]
    lines += [f"$var wire 64 {_code(1)} bus [63:0] $end"]
    for k in range(fifos):
        lines.append(f"$scope module layer{k}_out_U $end")
        for n, name in enumerate(("if_write", "if_read", "if_full_n", "if_empty_n")):
            lines.append(f"$var wire 1 {_code(2 + 4 * k + n)} {name} $end")
        lines.append("$upscope $end")
    lines += ["$upscope $end", "$enddefinitions $end", "#0", "$dumpvars", f"0{_code(0)}"]
    for k in range(fifos):
        lines += [f"{value}{_code(2 + 4 * k + n)}" for n, value in enumerate((0, 0, 1, 0))]
    lines.append("$end")
    cycle = 0
    with path.open("w") as file:
        file.write("\n".join(lines) + "\n")
        while file.tell() < size:
            part = []
            for _ in range(2000):
                cycle += 1
                part += [
                    f"#{PERIOD * cycle}",
                    f"1{_code(0)}",
                    f"b{cycle * 0x9E3779B97F4A7C15 % (1 << 64):b} {_code(1)}",
                ]
                for k in range(cycle % 4, fifos, 4):  # a quarter of the FIFOs changes in a cycle
                    write_now = (cycle // 4 + k) % 2
                    part += [f"{write_now}{_code(2 + 4 * k)}", f"{1 - write_now}{_code(3 + 4 * k)}"]
                    part += [f"{1 - write_now}{_code(5 + 4 * k)}"]
                part += [f"#{PERIOD * cycle + PERIOD // 2}", f"0{_code(0)}"]
            file.write("\n".join(part) + "\n")
    return cycle


def read(path: Path, fifos: int) -> None:
    from split4ml.backends.vcd import read_profile
    from split4ml.compiler.progress import make_reporter

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.monotonic()
    with make_reporter(False).step("VCD, MB") as step:
        profiles = read_profile(
            path,
            [f"layer{k}_out" for k in range(fifos)],
            PERIOD,
            lambda done, total: step.update(done >> 20, total >> 20),
        )
    seconds = time.monotonic() - begun
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    operations = sum(len(p.write_times) for p in profiles.values() if p.write_times is not None)
    size = path.stat().st_size / 1e6
    print(f"{size:.0f} MB, {fifos} FIFOs, {operations:,} writes: {seconds:.0f} s, {size / seconds:.1f} MB/s")
    print(f"memory {before / 1024:.0f} MB before, {most / 1024:.0f} MB at most")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--megabytes", type=int, default=1024)
    parser.add_argument("--fifos", type=int, default=100)
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.read is not None:
        read(arguments.read, arguments.fifos)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.vcd"
        write(path, arguments.megabytes << 20, arguments.fifos)
        subprocess.run(
            [sys.executable, __file__, "--read", str(path), "--fifos", str(arguments.fifos)], check=True
        )


if __name__ == "__main__":
    main()
