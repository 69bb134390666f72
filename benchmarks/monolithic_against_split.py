"""Networks as one hls4ml project, and split: cycles, resources, FIFO bits, and how long HLS would take.

    .venv/bin/python benchmarks/monolithic_against_split.py [NETWORK …] [--subgraphs 2 4 8 auto] [--write docs/benchmark.md] [--reports FOLDER]

Compiles every network of benchmarks/networks.py once for each number of subgraphs, without one, and split after its large layers
were tiled. Cycles are the replay's (docs/timing.md), resources those of passes/cost after logic synthesis, with the FIFOs
and the glue (passes/cost/glue.py); seconds are estimates of HLS synthesis for 1, 2, 4, 8 and any number of parallel jobs.
`--write` puts the tables into a file, between the marks that are there; `--reports` keeps every report.json in a folder, and
takes those that are there instead of compiling again.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from networks import NETWORKS, write

import split4ml
from split4ml.passes.cost.fifo import fifo_cost
from split4ml.passes.cost.scale import FACTORS
from split4ml.passes.cost.synthesis import PROJECT
from split4ml.passes.solve.problem import Workshop
from split4ml.passes.solve.schedule import plan

OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "mlp": {"strategy": "latency", "reuse_factor": 1},
    "autoencoder": {"strategy": "latency", "reuse_factor": 1},
    **{
        name: {"strategy": "resource", "reuse_factor": 36}
        for name in ("resnet8", "depthwise", "unet", "resnet20")
    },
}
TILE = 2048
JOBS = (1, 2, 4, 8, None)
FIGURES = ("lut", "ff", "dsp", "bram18")
BEGIN, END = "<!-- tables: begin -->", "<!-- tables: end -->"
HEADER = (
    "| design | tasks | latency | interval | LUT | FF | DSP | BRAM18 | glue: LUT | FF | BRAM18 | FIFO bits | "
    + " | ".join("any jobs" if jobs is None else f"{jobs} job{'s' if jobs > 1 else ''}" for jobs in JOBS)
    + " |"
)


@dataclass(frozen=True)
class Row:
    """One design. used, glue: after logic synthesis, by resource; projects: seconds of each project's HLS synthesis."""

    name: str
    tasks: int
    latency: int | None
    interval: float | None
    used: Mapping[str, float]
    glue: Mapping[str, float]
    fifo_bits: int
    projects: Sequence[float]

    def __str__(self) -> str:
        cells = [self.name, str(self.tasks), _count(self.latency), _count(self.interval)]
        cells += [_count(self.used[figure]) for figure in FIGURES]
        cells += [_count(self.glue[figure]) for figure in FIGURES if figure != "dsp"]
        cells += [_count(self.fifo_bits), *(_time(self.makespan(jobs)) for jobs in JOBS)]
        return f"| {' | '.join(cells)} |"

    def makespan(self, jobs: int | None) -> float:
        """Seconds until the last project is done."""
        durations = [round(seconds * 1000) for seconds in self.projects]
        return plan(durations, [0] * len(durations), Workshop(jobs, None, 0)).makespan / 1000


def _count(value: float | None) -> str:
    return (
        "–" if value is None else f"{value:,.0f}" if value > 1000 or value == int(value) else f"{value:,.1f}"
    )


def _time(seconds: float) -> str:
    return f"{seconds:,.0f} s" if seconds < 10_000 else f"{seconds / 3600:,.1f} h"


def tasks_of(report: Mapping[str, Any]) -> Counter[str]:
    """What all tasks take after logic synthesis, by estimate."""
    total: Counter[str] = Counter()
    for layer in report["layers"]:
        for figure in FIGURES:
            total[figure] += layer["cost"][figure] * FACTORS[figure].estimate
    return total


def fifo(width: int, depth: int) -> Counter[str]:
    cost = fifo_cost(width, depth)
    return Counter({"lut": cost.lut, "ff": cost.ff, "bram18": cost.bram18})


def split_row(name: str, report: Mapping[str, Any]) -> Row:
    glue = Counter({figure: report["glue"][figure] for figure in ("lut", "ff", "bram18")})
    used = tasks_of(report) + glue
    for found in report["fifos"]:
        if found["scope"] == "internal":
            used += fifo(found["width_bits"], found["depth"])
    seconds = [part["cost"]["synth_seconds"] for part in report["subgraphs"]]
    bits = report["fifo_bits"]["sized"]
    return Row(
        name,
        len(report["layers"]),
        report["latency_cycles"],
        report["interval_cycles"],
        used,
        glue,
        bits,
        seconds,
    )


def monolithic_row(report: Mapping[str, Any]) -> Row:
    used = tasks_of(report)
    for found in report["fifos"]:
        used += fifo(found["width_bits"], found["monolithic_depth"])
    whole = report["monolithic"]
    seconds = sum(layer["cost"]["synth_seconds"] for layer in report["layers"]) + PROJECT.estimate
    return Row(
        "monolithic",
        len(report["layers"]),
        whole["latency_cycles"],
        whole["interval_cycles"],
        used,
        Counter(),
        whole["fifo_bits"],
        [seconds],
    )


@dataclass(frozen=True)
class Compiler:
    """folder: for the network. reports: where every report is kept, and looked for before anything is compiled; only_kept: and
    nothing is compiled."""

    name: str
    folder: Path
    reports: Path | None
    only_kept: bool

    def report(self, number: str, **options: Any) -> Mapping[str, Any] | None:
        kept = self.reports / f"{'-'.join([self.name, number, *options])}.json" if self.reports else None
        if kept is not None and kept.is_file():
            found: Mapping[str, Any] = json.loads(kept.read_text())
            return found
        if self.only_kept:
            return None
        begin = time.perf_counter()
        subgraphs = number if number == "auto" else int(number)
        build = self.folder / "-".join(["build", *options])
        estimated = sorted((build / "ir").glob("*-estimate.mlir"))
        if estimated:  # only the split differs
            design = split4ml.compile(estimated[0], subgraphs=subgraphs, verify="none")
        else:
            how = {"verify": "none", "cost_data": "none", **OPTIONS[self.name], **options}
            model = write(self.name, self.folder)
            design = split4ml.compile(model, build, subgraphs=subgraphs, **how)
        print(f"{self.name}, {number}: {time.perf_counter() - begin:.0f} s", file=sys.stderr, flush=True)
        if kept is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(json.dumps(design.report))
        return design.report


def rows(compiler: Compiler, subgraphs: Sequence[str]) -> Iterator[Row]:
    """All designs of one network, the monolithic one first."""
    tasks, bound = 0, None
    for number in subgraphs:
        if number != "auto" and tasks and int(number) > tasks:
            continue  # more subgraphs than tasks
        report = compiler.report(number)
        if report is None:
            continue
        bound = report["synthesis_bound"]
        if not tasks:
            tasks = len(report["layers"])
            yield monolithic_row(report)
        count = len(report["subgraphs"])
        yield split_row(f"auto: {count}" if number == "auto" else f"{count}", report)
    if bound is None or not bound["tiled"]["parts"]:
        return
    if (report := compiler.report("auto", tile_weights=TILE)) is not None:
        yield split_row(f"tiled to {TILE} weights, auto: {len(report['subgraphs'])}", report)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("networks", nargs="*", default=[], help=", ".join(NETWORKS))
    parser.add_argument("--subgraphs", nargs="+", default=["2", "4", "8", "auto"])
    parser.add_argument("--reports", type=Path, help="a folder of reports")
    parser.add_argument("--only-kept", action="store_true", help="leave out what --reports does not hold")
    parser.add_argument("--write", type=Path, help="a Markdown file with marks for the tables")
    chosen = parser.parse_args()
    for name in chosen.networks:
        if name not in NETWORKS:
            parser.error(f"there is no network {name!r}, but {', '.join(NETWORKS)}")
    text: list[str] = []

    def out(line: str) -> None:
        print(line, flush=True)
        text.append(line)

    for name in chosen.networks or NETWORKS:
        how = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in OPTIONS[name].items())
        out(f"\n**{name}** ({how})\n\n{HEADER}\n|{'---|' * HEADER.count(' | ')}---|")
        with tempfile.TemporaryDirectory() as folder:
            for row in rows(Compiler(name, Path(folder), chosen.reports, chosen.only_kept), chosen.subgraphs):
                out(str(row))
    if chosen.write is not None:
        before, _, rest = chosen.write.read_text().partition(BEGIN)
        _, _, after = rest.partition(END)
        tables = "\n".join(text).strip()
        chosen.write.write_text(f"{before}{BEGIN}\n\n{tables}\n\n{END}{after}")


if __name__ == "__main__":
    main()
