"""Time of `compile --verify csim` as a multiple of hls4ml's own `compile()` of the same network, in one run.

    .venv/bin/python benchmarks/csim_time.py [MODEL.onnx] [--subgraphs 1 2 4] [--runs 3]

hls4ml's time is that of `ModelGraph.compile()` alone: writing the project and compiling its library. split4ml's is the whole command:
import, passes, trace (a compilation of its own), sizing, writing, and compiling and running both the split and the monolithic design.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from split4ml.compiler.design import Design

ROOT = Path(__file__).resolve().parents[1]


def command(model: Path, directory: Path, subgraphs: int) -> float:
    """Seconds of one `split4ml compile --verify csim`."""
    begin = time.perf_counter()
    subprocess.run(
        [
            *(str(Path(sys.executable).parent / "split4ml"), "compile", str(model), "-o", str(directory)),
            *("--subgraphs", str(subgraphs), "--verify", "csim", "--force", "--quiet"),
        ],
        check=True,
    )
    return time.perf_counter() - begin


HLS4ML = """
import sys, time
from pathlib import Path
from split4ml.backends.hls4ml.archive import load
from split4ml.backends.hls4ml.capture import captured
with captured():
    model = load(Path(sys.argv[1])).model
    model.config.config["OutputDir"] = sys.argv[2]
    model.config.config["ProjectName"] = "reference"
    model.config.output_dir = sys.argv[2]
    begin = time.perf_counter()
    model.compile()
    seconds = time.perf_counter() - begin
print(seconds)
"""


def hls4ml_compile(archive: Path, directory: Path) -> float:
    """Seconds of hls4ml's own compile() of the network, in a process of its own."""
    shutil.rmtree(directory, ignore_errors=True)
    done = subprocess.run(
        [sys.executable, "-c", HLS4ML, str(archive), str(directory)],
        check=True,
        capture_output=True,
        text=True,
    )
    return float(done.stdout.strip().splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", nargs="?", type=Path, default=ROOT / "examples" / "digits_resnet.onnx")
    parser.add_argument("--subgraphs", nargs="+", type=int, default=[1, 2, 4])
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        build = Path(scratch) / "build"
        command(arguments.model, build, arguments.subgraphs[0])  # warms caches
        archive = Path(scratch) / "model.fml"
        shutil.copy(Design(build).directory / "model.fml", archive)
        print(f"{arguments.model.name}: medians of {arguments.runs} runs, in turn")
        reference: list[float] = []
        ours: dict[int, list[float]] = {number: [] for number in arguments.subgraphs}
        for _ in range(arguments.runs):
            reference.append(hls4ml_compile(archive, Path(scratch) / "reference"))
            for number in arguments.subgraphs:
                ours[number].append(command(arguments.model, build, number))
        base = statistics.median(reference)
        print(f"{'hls4ml compile()':<28}{base:6.1f} s")
        for number, times in ours.items():
            seconds = statistics.median(times)
            print(f"{f'split4ml, {number} subgraphs':<28}{seconds:6.1f} s  {seconds / base:4.2f} x")


if __name__ == "__main__":
    main()
