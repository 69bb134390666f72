"""FIFO bits by default depths, peak, bisection and exact sizing, with the lower bound and the time of each.

    .venv/bin/python benchmarks/exact_sizing.py [BUILD …] [--seconds 60] [--synthetic 8x8x64 …]

BUILD is what `split4ml compile` wrote; without any, the example network is compiled into three subgraphs. `--synthetic
ROWSxCOLUMNSxBITS` adds networks of ResNet-8's shape (benchmarks/replay_speed.py); `xBLOCKS` behind it, such of so many blocks. Seconds
are of the processor, so that other jobs on the machine count little.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from replay_speed import residual

from split4ml.passes.timing.network import UNBOUNDED, Network
from split4ml.passes.timing.sizing import Fifo, Method, Sized, size

EXAMPLE = Path(__file__).parent.parent / "examples" / "digits_resnet.onnx"
METHODS: tuple[Method, ...] = ("peak", "bisect", "exact")


@dataclass(frozen=True)
class Case:
    """default: hls4ml's depths, per FIFO; None where nobody chose any."""

    name: str
    network: Network
    fifos: list[Fifo]
    default: list[int] | None = None


def built(directory: Path) -> Case:
    from split4ml.compiler.design import Design
    from split4ml.passes.timed import Timed, sizable

    design = Design(directory)
    made = Timed(design.model, design.session.trace(design.model)).network()
    default = [design.fifos[name]["default_depth"] for name in made.fifos]
    return Case(design.report["model"], made.network, sizable(made), default)


def example(scratch: Path) -> Case:
    from split4ml.compiler.main import main as split4ml

    status = split4ml(
        [
            "compile",
            str(EXAMPLE),
            "-o",
            str(scratch / "build"),
            "--subgraphs",
            "3",
            "--verify",
            "none",
            "--quiet",
        ]
    )
    if status:
        raise SystemExit(status)
    return built(scratch / "build")


def synthetic(shape: str) -> Case:
    rows, columns, bits, blocks = map(int, [*shape.split("x"), "7"][:4])
    network = residual(rows, columns, 1, blocks)
    fifos = [Fifo(c, bits) for c, channel in enumerate(network.channels) if channel.capacity == UNBOUNDED]
    return Case(f"residual {shape}", network, fifos)


def bits(fifos: list[Fifo], depths: list[int] | tuple[int, ...]) -> int:
    return sum(f.width_bits * d for f, d in zip(fifos, depths, strict=True))


def measured(case: Case, seconds: float) -> Iterator[str]:
    yield f"{case.name}: {len(case.fifos)} FIFOs"
    if case.default:
        yield f"  default {bits(case.fifos, case.default):10,} bits"
    costs: dict[str, int] = {}
    for method in METHODS:
        start = time.process_time()
        sized: Sized = size(case.network, case.fifos, method, seconds=seconds)
        took = time.process_time() - start
        costs[method] = bits(case.fifos, sized.depths)
        line = (
            f"  {method:7} {bits(case.fifos, sized.depths):10,} bits {took:8.2f} s {sized.replays:6} replays"
        )
        if sized.bound is not None:
            proven = "optimal" if sized.bound.optimal else f"at most {sized.bound.gap:.2%} too many"
            ratio = costs["bisect"] / sized.bound.lower
            line += f"; bisect is {ratio:.3f} times the lower bound"
            line += f", at least {sized.bound.lower:,} ({proven}; without assumption {sized.bound.lower_certain:,})"
        yield line


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("builds", nargs="*", type=Path, metavar="BUILD")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--synthetic", action="append", default=[], metavar="ROWSxCOLUMNSxBITS[xBLOCKS]")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        cases = [built(directory) for directory in arguments.builds] or [example(Path(scratch))]
        cases += [synthetic(shape) for shape in arguments.synthetic]
        size(
            cases[0].network, cases[0].fifos, "peak"
        )  # compiles the kernels, or reads them from numba's cache
        for case in cases:
            for line in measured(case, arguments.seconds):
                print(line, flush=True)


if __name__ == "__main__":
    main()
