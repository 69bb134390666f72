"""Fits the cost model's laws to published HLS reports: writes `passes/cost/fitted.py`, and `benchmarks/cost_left_out.py`.

    .venv/bin/python benchmarks/cost_fit.py DATA_FOLDER …

The second file holds the laws of all sources but one, for each source: what the model would say of it had it not been there.

A DATA_FOLDER holds `layers.csv` (benchmarks/cost_data.py). Ranges are prediction intervals: the residuals that they are taken
from are those of sources that the law was not fitted to, each source counting alike however many rows it has.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from cost_data import Published, read_layers
from scipy.optimize import least_squares, nnls

from split4ml.passes.cost.laws import GRAIN, Law
from split4ml.passes.cost.terms import law_of, terms

Floats = npt.NDArray[np.float64]

LUT_WIDTH = 3.9
"""The widest range of LUTs, high / low, where there are several sources to take one from."""
COVERAGE = {"lut": 0.92, "ff": 0.85}
"""Share of the residuals, each source counted alike, that a range is to hold."""
FEW = 3
"""With fewer sources than this, designs are left out instead of sources."""
WIDENED = ((3, 1.5), (7, 1.25))
"""With fewer sources than the first number, either end is widened by the second: few sources say little of the next one."""
ALONE = (0.5, 2.0)
"""The narrowest range of a law of one or two sources."""

LAW_TERMS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("unrolled", "lut"): ("adds", "shift-adds", "multipliers", "dsps", "shared", "outputs", "window"),
    ("unrolled", "ff"): ("stages", "stages, vivado", "outputs", "window", "one"),
    ("resource", "lut"): ("one", "token", "inputs, vivado", "outputs", "selected"),
    ("resource", "ff"): ("one", "inputs", "outputs", "parallel"),
    ("recurrent", "lut"): ("one", "parallel", "state"),
    ("recurrent", "ff"): ("one", "parallel", "state"),
    ("relu", "lut"): ("one", "bits", "rounded", "saturated"),
    ("relu", "ff"): ("one", "bits"),
    ("hard-sigmoid", "lut"): ("one", "bits"),
    ("hard-sigmoid", "ff"): ("one", "bits"),
    ("table", "lut"): ("one", "bits"),
    ("table", "ff"): ("one", "bits"),
    ("leaky-relu", "lut"): ("one", "bits"),
    ("leaky-relu", "ff"): ("one", "bits"),
    ("softmax", "lut"): ("one", "bits", "multipliers"),
    ("softmax", "ff"): ("one", "bits"),
    ("affine", "lut"): ("one", "output", "multipliers"),
    ("affine", "ff"): ("one", "output"),
    ("zero-padding", "lut"): ("one", "2d", "bits"),
    ("zero-padding", "ff"): ("one", "bits"),
    ("pooling", "lut"): ("one", "window", "line"),
    ("pooling", "ff"): ("one", "window", "line"),
    ("global-pooling", "lut"): ("one", "bits"),
    ("global-pooling", "ff"): ("one", "bits"),
    ("resize", "lut"): ("one", "row"),
    ("resize", "ff"): ("one", "row"),
    ("concatenate", "lut"): ("one", "bits"),
    ("concatenate", "ff"): ("one", "bits"),
}
"""Which terms each fitted law has."""

STRUCTURAL: Mapping[tuple[str, str], Law] = {
    ("distributed-arithmetic", "lut"): Law({"one": 100, "adds": 0.6, "window": 1.0}, 0.2, 4),
    ("distributed-arithmetic", "ff"): Law({"one": 100, "adds": 0.3, "window": 1.0}, 0.1, 5),
    ("merge", "lut"): Law({"one": 100, "copies": 1.5}, 0.3, 5),
    ("merge", "ff"): Law({"one": 60, "copies": 1.0}, 0.2, 5),
    ("clone", "lut"): Law({"one": 100, "bits": 0.5, "copies": 0.5}, 0.3, 5),
    ("clone", "ff"): Law({"one": 50, "bits": 1.0}, 0.2, 5),
    ("dot", "lut"): Law({"one": 200, "bits": 4.0}, 0.1, 8),
    ("dot", "ff"): Law({"one": 200, "bits": 3.0}, 0.1, 8),
    ("transpose", "lut"): Law({"one": 200, "frame": 1.5}, 0.1, 6),
    ("transpose", "ff"): Law({"one": 100, "frame": 1.0}, 0.1, 5),
    ("other", "lut"): Law({"one": 120, "bits": 2.0}, 0.2, 6),
    ("other", "ff"): Law({"one": 60, "bits": 2.0}, 0.2, 6),
}
"""Gates counted, for layers that no report has (or one, of a size not published)."""


@dataclass(frozen=True)
class Table:
    """Rows of one law and one figure, as arrays: what each has of each term, the truth, and whose it is."""

    names: tuple[str, ...]
    terms: Floats
    truth: Floats
    groups: tuple[str, ...]

    def without(self, group: str) -> tuple[Table, Table]:
        """The rows of all other groups, and those of this one."""
        mine = np.array([name == group for name in self.groups])
        return self._take(~mine), self._take(mine)

    def _take(self, rows: npt.NDArray[np.bool_]) -> Table:
        kept = tuple(name for name, keep in zip(self.groups, rows, strict=True) if keep)
        return Table(self.names, self.terms[rows], self.truth[rows], kept)

    @property
    def weights(self) -> Floats:
        """A row of a source of many counts less, but many rows count more than one."""
        count = Counter(self.groups)
        return np.array([1 / count[group] ** 0.5 for group in self.groups])


def usable(rows: Sequence[Published], law: str) -> list[Published]:
    """Rows of a law that coefficients may be taken from. A fork's streaming layers are near enough; its products are not."""
    kernels = ("hls4ml",) if law in ("unrolled", "resource") else ("hls4ml", "fork")
    return [row for row in rows if row.kernels in kernels and law_of(row.shape) == law and not row.inferred]


def table(rows: Sequence[Published], law: str, figure: str, by_design: bool = False) -> Table:
    """by_design: leave designs out, not sources."""
    names = LAW_TERMS[law, figure]
    kept = [row for row in usable(rows, law) if figure in row.truth]
    found = [terms(row.shape) for row in kept]
    return Table(
        names,
        np.array([[each[name] for name in names] for each in found], np.float64).reshape(
            len(kept), len(names)
        ),
        np.array([row.truth[figure] for row in kept], np.float64),
        tuple(f"{row.source} {row.design}" if by_design else row.source for row in kept),
    )


def coefficients(data: Table) -> Floats:
    """Least squares of the logarithms, with outliers counting less; none is negative."""
    scale = data.weights / (data.truth + GRAIN)
    start, _ = nnls(data.terms * scale[:, None], (data.truth) * scale)
    start = np.maximum(start, 1e-4)

    def residuals(logs: Floats) -> Floats:
        fit = data.terms @ np.exp(logs)
        return np.asarray((np.log(fit + GRAIN) - np.log(data.truth + GRAIN)) * data.weights)

    margin = 0.3 * float(np.median(data.weights))
    return np.exp(least_squares(residuals, np.log(start), loss="soft_l1", f_scale=margin).x)


def ratios(data: Table, values: Floats) -> Floats:
    """(truth + GRAIN) / (fit + GRAIN) of every row."""
    return np.asarray((data.truth + GRAIN) / (data.terms @ values + GRAIN))


def left_out(data: Table) -> tuple[Floats, tuple[str, ...]]:
    """Ratios of rows whose group the coefficients have not seen, and the groups."""
    found: list[float] = []
    groups: list[str] = []
    for group in dict.fromkeys(data.groups):
        rest, mine = data.without(group)
        if len(rest.truth):
            found += list(ratios(mine, coefficients(rest)))
            groups += mine.groups
    return np.array(found), tuple(groups)


def interval(
    found: Floats, groups: Sequence[str], coverage: float, widest: float | None
) -> tuple[float, float]:
    """The narrowest range of ratios that holds the coverage, each group counted alike; if that is wider than `widest`, the
    range of that width that holds most. It always holds 1."""
    count = Counter(groups)
    weights = np.array([1 / count[group] for group in groups]) / len(count)
    order = np.argsort(found)
    logs, weights = np.log(found[order]), weights[order]
    sums = np.cumsum(weights)
    best: tuple[float, float, float] | None = None
    for start in range(len(logs)):
        end = int(np.searchsorted(sums, sums[start] - weights[start] + coverage - 1e-9))
        if end < len(logs) and (best is None or logs[end] - logs[start] < best[0]):
            best = (logs[end] - logs[start], logs[start], logs[end])
    low, high = (logs[0], logs[-1]) if best is None else best[1:]
    if widest is not None and high - low > np.log(widest):
        span = float(np.log(widest))
        held = [float(weights[(logs >= start) & (logs <= start + span)].sum()) for start in logs]
        low = float(logs[int(np.argmax(held))])
        high = low + span
    return float(np.exp(min(low, 0.0))), float(np.exp(max(high, 0.0)))


def fit(rows: Sequence[Published], law: str, figure: str) -> Law:
    """Coefficients from all rows, the range from those left out in turn."""
    data = table(rows, law, figure)
    sources = len(set(data.groups))
    values = coefficients(data)
    widened = next((factor for most, factor in WIDENED if sources < most), 1.0)
    if sources >= FEW:
        found, groups = left_out(data)
        widest = LUT_WIDTH / widened**2 if figure == "lut" else None
        low, high = interval(found, groups, COVERAGE[figure], widest)
        low, high = low / widened, high * widened
    else:
        designs = table(rows, law, figure, by_design=True)
        found, groups = (
            left_out(designs) if len(set(designs.groups)) > 1 else (ratios(data, values), data.groups)
        )
        low, high = interval(found, groups, COVERAGE[figure], None)
        low, high = min(low / widened, ALONE[0]), max(high * widened, ALONE[1])
    kept = {
        name: float(f"{value:.4g}") for name, value in zip(data.names, values, strict=True) if value > 1e-3
    }
    return Law(kept, float(f"{low:.2g}"), float(f"{high:.2g}"), len(data.truth), sources)


def fit_all(rows: Sequence[Published]) -> dict[tuple[str, str], Law]:
    return {key: fit(rows, *key) for key in LAW_TERMS} | dict(STRUCTURAL)


def leave_out(rows: Sequence[Published]) -> dict[str, dict[tuple[str, str], Law]]:
    """By source, the laws that it has a part in, fitted to all others; none where no other source has any."""
    found: dict[str, dict[tuple[str, str], Law]] = {}
    for source in sorted({row.source for row in rows}):
        rest = [row for row in rows if row.source != source]
        for law, figure in LAW_TERMS:
            if any(row.source == source for row in usable(rows, law)) and usable(rest, law):
                found.setdefault(source, {})[law, figure] = fit(rest, law, figure)
    return found


FITTED = '''"""Coefficients of the cost model. Made by benchmarks/cost_fit.py from published HLS reports; do not edit.

Sources and how well they are met: docs/cost.md. LUT and FF on the HLS scale.
"""

from __future__ import annotations

from collections.abc import Mapping

from split4ml.passes.cost.laws import Law

LAWS: Mapping[tuple[str, str], Law] = {laws}
'''
LEFT_OUT = '''"""The cost model's laws without one source each. Made by benchmarks/cost_fit.py; do not edit."""

from __future__ import annotations

from collections.abc import Mapping

from split4ml.passes.cost.laws import Law

LEFT_OUT: Mapping[str, Mapping[tuple[str, str], Law]] = {laws}
'''


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="+")
    rows, _ = read_layers(parser.parse_args().folder)
    if not rows:
        sys.exit("no rows of layers.csv in these folders")
    here = Path(__file__).parent
    for path, text, laws in (
        (here.parent / "passes" / "cost" / "fitted.py", FITTED, fit_all(rows)),
        (here / "cost_left_out.py", LEFT_OUT, leave_out(rows)),
    ):
        path.write_text(text.replace("{laws}", repr(laws)), encoding="utf-8")
        subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", path], check=True)


if __name__ == "__main__":
    main()
