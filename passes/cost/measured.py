"""What a user's own synthesis reports make of the estimates: they replace those of the same tasks, and recalibrate the rest.

A task is the same if its shape is: kind, sizes, types, reuse factor, clock, and the counts of its weights. Of other tasks a
law's estimates are moved by what its reports were off: a normal prior of the logarithm, as wide as the law's own range, half of
whose variance is taken as common to all layers of one user (tool, settings, style of networks). So one report moves
little, and many narrow a range to at most 0.7 of its width, in logarithms.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import exp, log, sqrt

from split4ml.passes.cost.fitted import LAWS
from split4ml.passes.cost.laws import GRAIN
from split4ml.passes.cost.model import estimate
from split4ml.passes.cost.scale import FACTORS
from split4ml.passes.cost.shape import Range, TaskCost, TaskShape
from split4ml.passes.cost.terms import law_of, terms

COMMON = 0.5
"""Share of a law's variance that is the same for all layers of one user."""
WIDTHS = 2 * 1.28
"""Standard deviations between the ends of a range that holds 80 %."""
COUNTS = ("lut", "ff", "dsp", "bram18", "uram")


@dataclass(frozen=True)
class MeasuredTask:
    """One task of a report. counts: on the HLS scale. project: whose, so that no report counts twice."""

    shape: TaskShape
    counts: Mapping[str, float]
    tool: str = ""
    project: str = ""


@dataclass(frozen=True)
class MeasuredProject:
    """One synthesis. hls, synthesis: counts before and after logic synthesis, or empty. seconds, megabytes: of HLS, or None;
    estimated_*: what the model said of them."""

    project: str
    hls: Mapping[str, float] = field(default_factory=dict)
    synthesis: Mapping[str, float] = field(default_factory=dict)
    seconds: float | None = None
    megabytes: float | None = None
    estimated_seconds: float | None = None
    estimated_megabytes: float | None = None


@dataclass(frozen=True)
class Shift:
    """How estimates of a law move: a factor, and what becomes of the width of its range (in logarithms)."""

    factor: float = 1.0
    width: float = 1.0
    reports: int = 0

    def __call__(self, figure: Range, grain: float = 0.0) -> Range:
        if not self.reports:
            return figure
        middle = (figure.estimate + grain) * self.factor
        low = middle * ((figure.low + grain) / (figure.estimate + grain)) ** self.width
        high = middle * ((figure.high + grain) / (figure.estimate + grain)) ** self.width
        estimate = max(0.0, middle - grain)
        return Range(max(0.0, min(low - grain, estimate)), estimate, max(high - grain, estimate))


def shift(ratios: Sequence[float], low: float, high: float) -> Shift:
    """From truth / estimate of a law's reports, and the ends of its range. One ratio a project is enough of a habit:
    give the ratios of distinct projects."""
    if not ratios:
        return Shift()
    variance = max(1e-6, (log(max(high, 1.0) / max(min(low, 1.0), 1e-3)) / WIDTHS) ** 2)
    common, own = COMMON * variance, (1 - COMMON) * variance
    posterior = 1 / (1 / common + len(ratios) / own)
    mean = posterior * sum(log(max(ratio, 1e-6)) for ratio in ratios) / own
    return Shift(exp(mean), sqrt((posterior + own) / variance), len(ratios))


@dataclass(frozen=True)
class CostData:
    """All that a user has measured. Empty: the model as published reports made it."""

    tasks: tuple[MeasuredTask, ...] = ()
    projects: tuple[MeasuredProject, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.tasks or self.projects)

    @cached_property
    def _known(self) -> dict[TaskShape, MeasuredTask]:
        """The latest report of each shape."""
        return {_same(task.shape): task for task in self.tasks}

    @cached_property
    def _shifts(self) -> dict[tuple[str, str], Shift]:
        """By law and figure; the median of a project's layers counts once."""
        ratios: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        for task in self.tasks:
            law = law_of(task.shape)
            for figure in ("lut", "ff"):
                if figure in task.counts:
                    fit = LAWS[law, figure].fit(terms(task.shape))
                    ratios[law, figure][task.project].append((task.counts[figure] + GRAIN) / (fit + GRAIN))
        return {
            key: shift([_median(values) for values in found.values()], LAWS[key].low, LAWS[key].high)
            for key, found in ratios.items()
        }

    @cached_property
    def seconds(self) -> Shift:
        """How synthesis times move."""
        return shift(_ratios(self.projects, "seconds"), 0.3, 4)

    @cached_property
    def megabytes(self) -> Shift:
        return shift(_ratios(self.projects, "megabytes"), 0.4, 3)

    @cached_property
    def factors(self) -> Mapping[str, Range]:
        """`scale.FACTORS`, moved by projects that have both reports."""
        found = {}
        for figure, factor in FACTORS.items():
            ratios = [
                project.synthesis[figure] / project.hls[figure] / factor.estimate
                for project in self.projects
                if project.hls.get(figure) and project.synthesis.get(figure)
            ]
            found[figure] = shift(ratios, factor.low / factor.estimate, factor.high / factor.estimate)(factor)
        return found

    def cost(self, shape: TaskShape) -> TaskCost:
        """The estimate of a task, recalibrated, or what was measured. Raises ValueError for absurd shapes."""
        cost = estimate(shape)
        seconds, megabytes = self.seconds(cost.synth_seconds), self.megabytes(cost.synth_mb)
        law = law_of(shape)
        sources = dict(cost.sources)
        moved = {"synth_seconds": seconds, "synth_mb": megabytes.whole()}
        for figure in ("lut", "ff"):
            if found := self._shifts.get((law, figure)):
                moved[figure] = found(getattr(cost, figure), GRAIN).whole()
                sources[figure] += f", moved by {found.reports} report{'s' if found.reports > 1 else ''}"
        for figure in ("synth_seconds", "synth_mb"):
            found = self.seconds if figure == "synth_seconds" else self.megabytes
            if found.reports:
                sources[figure] += f", moved by {found.reports} run{'s' if found.reports > 1 else ''}"
        if measured := self._known.get(_same(shape)):
            for figure in COUNTS:
                if figure in measured.counts:
                    moved[figure] = Range.exactly(measured.counts[figure]).whole()
                    sources[figure] = "report"
        return replace(cost, **moved, sources=sources)  # type: ignore[arg-type]

    def measures(self, shape: TaskShape) -> bool:
        """Whether a report has this very task."""
        return _same(shape) in self._known

    def with_(self, other: CostData) -> CostData:
        """Both; of a project that both have, the other's."""
        new = {task.project for task in other.tasks} | {project.project for project in other.projects}
        return CostData(
            tuple(task for task in self.tasks if task.project not in new) + other.tasks,
            tuple(project for project in self.projects if project.project not in new) + other.projects,
        )


def _same(shape: TaskShape) -> TaskShape:
    """Releases of one tool are not told apart."""
    return replace(shape, tool_version="")


def _median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    return ordered[len(ordered) // 2]


def _ratios(projects: Sequence[MeasuredProject], what: str) -> list[float]:
    pairs = [(getattr(project, what), getattr(project, f"estimated_{what}")) for project in projects]
    return [truth / estimated for truth, estimated in pairs if truth and estimated]
