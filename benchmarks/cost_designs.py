"""Whole designs and synthesis runs: what benchmarks/cost_accuracy.py prints besides layers."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from cost_data import Published, number
from scipy.stats import spearmanr

from split4ml.passes.cost.model import estimate, project
from split4ml.passes.cost.scale import FACTORS
from split4ml.passes.cost.shape import Range

Key = tuple[str, str]


def read(folders: Sequence[Path], name: str) -> dict[Key, Mapping[str, str]]:
    """Rows of `designs.csv` or `times.csv`, by source and design."""
    found: dict[Key, Mapping[str, str]] = {}
    for path in (folder / name for folder in folders):
        if path.is_file():
            with path.open(newline="", encoding="utf-8") as file:
                for row in csv.DictReader(file):
                    found[row["source"].split("@")[0].split(" ")[0], row["design"]] = row
    return found


def by_design(rows: Sequence[Published]) -> dict[Key, list[Published]]:
    found: dict[Key, list[Published]] = defaultdict(list)
    for row in rows:
        found[row.source, row.design].append(row)
    return found


def scale_table(folders: Sequence[Path]) -> Iterator[str]:
    """Counts after logic synthesis over HLS estimates, and how many are in the range that is printed."""
    ratios: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for (source, _), row in read(folders, "designs.csv").items():
        for figure in FACTORS:
            hls, after = number(row, f"hls_{figure}"), number(row, f"vsynth_{figure}")
            if hls and after is not None and hls >= 4:
                ratios[figure].append((source, after / hls))
    yield "\n### After logic synthesis / HLS estimate\n"
    yield "| figure | designs | sources | lowest | median | highest | printed | in range | of sources |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for figure, found in ratios.items():
        values = [value for _, value in found]
        factor = FACTORS[figure]
        inside = [factor.low <= value <= factor.high for value in values]
        alike = [
            np.mean([ok for (other, _), ok in zip(found, inside, strict=True) if other == source])
            for source in {source for source, _ in found}
        ]
        yield (
            f"| {figure} | {len(values)} | {len(alike)} | {min(values):.2f} | {np.median(values):.2f} | {max(values):.2f} "
            f"| {factor.low:g} to {factor.high:g} | {np.mean(inside):.0%} | {np.mean(alike):.0%} |"
        )


def times_table(folders: Sequence[Path], rows: Sequence[Published]) -> Iterator[str]:
    """Runs whose layers are known: seconds and memory against what their tasks add up to."""
    designs = by_design(rows)
    found: dict[str, list[tuple[str, float, Range]]] = defaultdict(list)
    for key, row in read(folders, "times.csv").items():
        if key not in designs or any(each.inferred for each in designs[key]):
            continue
        cost = project(estimate(each.shape) for each in designs[key])
        if (seconds := number(row, "csynth_s")) is not None:
            found["seconds"].append((key[0], seconds, cost.synth_seconds))
        if (gigabytes := number(row, "peak_gb")) is not None:
            found["memory, MB"].append((key[0], gigabytes * 1024, cost.synth_mb))
    yield "\n### Synthesis runs\n"
    yield "| | runs | sources | from | to | truth / estimate: 10th, 50th, 90th | in range | width, median | rank |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for what, values in found.items():
        truth = np.array([value for _, value, _ in values])
        ratio = np.array([value / printed.estimate for _, value, printed in values])
        inside = [printed.low <= value <= printed.high for _, value, printed in values]
        width = np.median([printed.high / printed.low for _, _, printed in values])
        rank = spearmanr(truth, [printed.estimate for _, _, printed in values]).statistic
        low, middle, high = np.quantile(ratio, [0.1, 0.5, 0.9])
        yield (
            f"| {what} | {len(values)} | {len({source for source, _, _ in values})} | {truth.min():.0f} | {truth.max():.0f} "
            f"| {low:.2f} {middle:.2f} {high:.2f} | {np.mean(inside):.0%} | {width:.1f} | {rank:.2f} |"
        )


def totals_table(folders: Sequence[Path], rows: Sequence[Published]) -> Iterator[str]:
    """Designs whose every task is a row: the sum of its tasks, as shipped, against the report's total without FIFOs."""
    designs = by_design(rows)
    found: dict[str, list[tuple[float, Range]]] = defaultdict(list)
    for key, row in read(folders, "designs.csv").items():
        tasks = designs.get(key, [])
        if (
            not tasks
            or len(tasks) < (number(row, "modules") or 0) - 1
            or any(each.inferred for each in tasks)
        ):
            continue
        cost = project(estimate(each.shape) for each in tasks)
        for figure in ("lut", "ff", "dsp", "bram18"):
            if (count := number(row, f"hls_{figure}")) is not None:
                found[figure].append((count - (number(row, f"fifo_{figure}") or 0), getattr(cost, figure)))
    yield "\n### Whole designs, tasks added up, without FIFOs\n"
    yield "| figure | designs | truth / estimate: 10th, 50th, 90th | in range | rank |"
    yield "|---|---|---|---|---|"
    for figure, values in found.items():
        ratio = [(value + 1) / (printed.estimate + 1) for value, printed in values]
        inside = [printed.low - 1 <= value <= printed.high + 1 for value, printed in values]
        rank = spearmanr(
            [value for value, _ in values], [printed.estimate for _, printed in values]
        ).statistic
        low, middle, high = np.quantile(ratio, [0.1, 0.5, 0.9])
        yield f"| {figure} | {len(values)} | {low:.2f} {middle:.2f} {high:.2f} | {np.mean(inside):.0%} | {rank:.2f} |"
