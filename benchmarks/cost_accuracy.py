"""How well the cost model meets published HLS reports, of designs that it was not fitted to.

    .venv/bin/python benchmarks/cost_accuracy.py DATA_FOLDER … [--fit source|design|shipped] [--sources]

A DATA_FOLDER holds `layers.csv` and, if there are any, `designs.csv` and `times.csv` (benchmarks/cost_data.py). The rows of a
source that the model was fitted to are compared with the laws of all other sources (benchmarks/cost_left_out.py), those of
any other source with the laws as shipped. `--fit source` and `--fit design` fit the laws anew instead, to all rows of the
folders but those of one source or design at a time; `--fit shipped` takes the shipped laws for all. `--sources` shows every
source on its own.

`in range` counts rows, `of sources` each source alike. `width` is high / low of the printed ranges. Rows whose truth and
range are both at most 50 LUTs or registers, or 1 DSP or block RAM, say nothing about a width.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from cost_data import Published, read_layers
from cost_designs import scale_table, times_table, totals_table
from cost_fit import LAW_TERMS, STRUCTURAL, fit, usable
from cost_left_out import LEFT_OUT
from scipy.stats import spearmanr

from split4ml.passes.cost import model
from split4ml.passes.cost.fitted import LAWS
from split4ml.passes.cost.laws import Law
from split4ml.passes.cost.shape import Range
from split4ml.passes.cost.terms import law_of

Laws = Mapping[tuple[str, str], Law]
FITTED_TO = frozenset(LEFT_OUT)
FIGURES = ("lut", "ff", "dsp", "bram18")
GRAIN = {"lut": 50, "ff": 50, "dsp": 1, "bram18": 1}


@dataclass(frozen=True)
class Compared:
    """A row, one of its figures, and what the model says of it."""

    row: Published
    figure: str
    printed: Range

    @property
    def truth(self) -> float:
        return self.row.truth[self.figure]

    @property
    def inside(self) -> bool:
        # published means of several designs are no whole numbers
        return self.printed.low - 0.5 <= self.truth <= self.printed.high + 0.5

    @property
    def width(self) -> float | None:
        grain = GRAIN[self.figure]
        if self.printed.high <= grain:
            return None
        return (self.printed.high + grain) / (self.printed.low + grain)

    @property
    def error(self) -> float | None:
        """estimate / truth - 1."""
        return self.printed.estimate / self.truth - 1 if self.truth > GRAIN[self.figure] else None


def predicted(rows: Iterable[Published], laws: Laws) -> Iterator[Compared]:
    """Every figure of every row. A law without sources says nothing."""
    for row in rows:
        law = law_of(row.shape)
        if (law, "lut") not in laws:
            continue
        cost = model.estimate(row.shape, laws)
        for figure in FIGURES:
            if figure in row.truth and not (row.inferred and figure in ("dsp", "bram18")):
                yield Compared(row, figure, getattr(cost, figure))


def left_out(rows: Sequence[Published], by: str) -> Iterator[Compared]:
    """Each source's (or design's) rows with laws fitted to all others."""
    groups: dict[str, list[Published]] = defaultdict(list)
    for row in rows:
        groups[row.source if by == "source" else f"{row.source} {row.design}"].append(row)
    known: dict[tuple[str, str, frozenset[int]], Law] = {}
    for mine in groups.values():
        own = {id(row) for row in mine}
        rest = [row for row in rows if id(row) not in own]
        laws: dict[tuple[str, str], Law] = dict(STRUCTURAL)
        for law, figure in LAW_TERMS:
            kept = usable(rest, law)
            if not kept or all(law_of(row.shape) != law for row in mine):
                continue
            key = (law, figure, frozenset(map(id, kept)))
            if key not in known:
                known[key] = fit(rest, law, figure)
            laws[law, figure] = known[key]
        yield from predicted(mine, laws)


def of_others(rows: Iterable[Published], shipped: bool) -> Iterator[Compared]:
    """With the shipped laws or, of a source that they were fitted to, those of all other sources."""
    for row in rows:
        own = {} if shipped else LEFT_OUT.get(row.source, {})
        law = law_of(row.shape)
        if (
            not shipped
            and row.kernels == "hls4ml"
            and row.source in FITTED_TO
            and LAWS[law, "lut"].sources == 1
        ):
            continue  # no other source has this kind
        yield from predicted([row], {**LAWS, **own})


def table(found: Sequence[Compared], title: str) -> Iterator[str]:
    yield f"\n### {title}\n"
    yield "| figure, law | rows | sources | error, median | 90th percentile | in range | of sources | width, median | rank |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for figure in FIGURES:
        mine = [each for each in found if each.figure == figure]
        for law in dict.fromkeys(law_of(each.row.shape) for each in mine):
            yield _line(f"{figure}, {law}", [each for each in mine if law_of(each.row.shape) == law])
        if mine:
            yield _line(f"**{figure}**", mine)


def _line(name: str, found: Sequence[Compared]) -> str:
    errors = np.abs([each.error for each in found if each.error is not None])
    widths = [each.width for each in found if each.width is not None]
    by_source: dict[str, list[bool]] = defaultdict(list)
    for each in found:
        by_source[each.row.source].append(each.inside)
    share = np.mean([each.inside for each in found])
    alike = np.mean([np.mean(inside) for inside in by_source.values()])
    truth, estimates = [each.truth for each in found], [each.printed.estimate for each in found]
    varied = len(found) > 4 and len(set(truth)) > 1 and len(set(estimates)) > 1
    rank = f"{spearmanr(truth, estimates).statistic:.2f}" if varied else ""
    median, most = (f"{np.quantile(errors, q):.0%}" if len(errors) else "" for q in (0.5, 0.9))
    width = f"{np.median(widths):.1f}" if widths else ""
    return f"| {name} | {len(found)} | {len(by_source)} | {median} | {most} | {share:.0%} | {alike:.0%} | {width} | {rank} |"


def sources(found: Sequence[Compared]) -> Iterator[str]:
    yield "\n### Source by source: in range, and truth / estimate (10th, 50th, 90th percentile)\n"
    yield "| source | tool | rows | LUT | | FF | | DSP | | BRAM18 | |"
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    for source in dict.fromkeys(each.row.source for each in found):
        mine = [each for each in found if each.row.source == source]
        cells = []
        for figure in FIGURES:
            of = [each for each in mine if each.figure == figure]
            ratios = [(each.truth + GRAIN[figure]) / (each.printed.estimate + GRAIN[figure]) for each in of]
            cells.append(f"{np.mean([each.inside for each in of]):.0%}" if of else "")
            cells.append(
                " ".join(f"{value:.2f}" for value in np.quantile(ratios, [0.1, 0.5, 0.9])) if of else ""
            )
        tools = sorted({each.row.shape.tool_version for each in mine})
        yield f"| {source} | {', '.join(tools)} | {len({id(each.row) for each in mine})} | {' | '.join(cells)} |"


TARGETS = {"lut": (0.8, 4.0, 0.9), "ff": (0.8, None, 0.9), "dsp": (0.8, 2.0, 0.9), "bram18": (0.8, 2.0, 0.9)}
"""By figure: least share in range, most width (median), least rank correlation."""


def targets(found: Sequence[Compared]) -> Iterator[str]:
    """What the model is meant to meet, over all rows that it was not fitted to."""
    yield "\n### Against the targets\n"
    yield "| figure | in range | of sources | width, median | rank | laws that miss a target |\n|---|---|---|---|---|---|"
    for figure in FIGURES:
        mine = [each for each in found if each.figure == figure]
        least, widest, ranked = TARGETS[figure]
        share, alike, width, rank = _measures(mine)
        missing = []
        for law in dict.fromkeys(law_of(each.row.shape) for each in mine):
            of = [each for each in mine if law_of(each.row.shape) == law]
            inside, _, wide, _ = _measures(of)
            if inside < least or (widest is not None and wide > widest):
                missing.append(f"{law} ({inside:.0%}, {wide:.1f}x)")
        marks = [
            f"{share:.0%} {_mark(share >= least)}",
            f"{alike:.0%}",
            f"{width:.1f} {'(no target)' if widest is None else _mark(width <= widest)}",
            f"{rank:.2f} {_mark(rank >= ranked)}",
        ]
        yield f"| {figure} | {' | '.join(marks)} | {', '.join(missing) or 'none'} |"


def _mark(met: bool) -> str:
    return "met" if met else "MISSED"


def _measures(found: Sequence[Compared]) -> tuple[float, float, float, float]:
    """Share in range, of sources alike, median width (1 if none says anything), rank correlation (nan if there is none)."""
    by_source: dict[str, list[bool]] = defaultdict(list)
    for each in found:
        by_source[each.row.source].append(each.inside)
    widths = [each.width for each in found if each.width is not None]
    truth, estimates = [each.truth for each in found], [each.printed.estimate for each in found]
    varied = len(set(truth)) > 1 and len(set(estimates)) > 1
    return (
        float(np.mean([each.inside for each in found])),
        float(np.mean([np.mean(inside) for inside in by_source.values()])),
        float(np.median(widths)) if widths else 1.0,
        float(spearmanr(truth, estimates).statistic) if varied else float("nan"),
    )


def without_weights(rows: Iterable[Published]) -> list[Published]:
    """The rows as if only the number of nonzero weights were known."""
    return [
        replace(
            row, shape=replace(row.shape, multipliers=None, shift_adds=None, csd_adders=None, value_bits=0)
        )
        for row in rows
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="+")
    parser.add_argument("--fit", choices=("source", "design", "shipped"), help="where the laws come from")
    parser.add_argument("--sources", action="store_true", help="every source on its own as well")
    arguments = parser.parse_args()
    rows, skipped = read_layers(arguments.folder)
    if not rows:
        sys.exit("no rows of layers.csv in these folders")
    print(
        f"{len(rows)} modules of {len({row.source for row in rows})} sources; left out: "
        + (", ".join(f"{count} ({reason})" for reason, count in skipped.items()) or "none")
    )
    how = {
        None: "laws of the other sources",
        "shipped": "laws as shipped",
        "source": "fitted to the other sources of these folders",
        "design": "fitted to the other designs of these folders",
    }[arguments.fit]
    for kernels, title in (
        ("hls4ml", f"hls4ml's kernels, {how}"),
        ("fork", f"a fork's kernels, {how}"),
        ("modified", f"modified kernels, {how}: not what the model is of"),
    ):
        mine = [row for row in rows if row.kernels == kernels]
        if not mine:
            continue
        if arguments.fit in ("source", "design"):
            wanted = {id(row) for row in mine}
            found = [each for each in left_out(rows, arguments.fit) if id(each.row) in wanted]
        else:
            found = list(of_others(mine, arguments.fit == "shipped"))
        print("\n".join(table(found, title)))
        if kernels == "hls4ml":
            print("\n".join(targets(found)))
        if arguments.sources:
            print("\n".join(sources(found)))
        known = [row for row in mine if row.shape.multipliers is not None and law_of(row.shape) == "unrolled"]
        if kernels == "hls4ml" and arguments.fit in (None, "shipped") and known:
            blind = list(of_others(without_weights(known), arguments.fit == "shipped"))
            print("\n".join(table(blind, "The same, unrolled layers, if the weights' values are not known")))
    own = [row for row in rows if row.kernels == "hls4ml"]
    for lines in (
        totals_table(arguments.folder, own),
        times_table(arguments.folder, rows),
        scale_table(arguments.folder),
    ):
        print("\n".join(lines))


if __name__ == "__main__":
    main()
