"""The analytic cost model: one task in, its resources, synthesis seconds and memory out. Accuracy: docs/cost.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import ceil

from split4ml.passes.cost.fitted import LAWS
from split4ml.passes.cost.laws import Law
from split4ml.passes.cost.rules import (
    RULE,
    dsps_each,
    in_dsp,
    resource_dsp,
    unrolled_dsp,
    used_bits,
    weight_bram,
)
from split4ml.passes.cost.shape import NO_DATA, ZERO, Range, TaskCost, TaskShape, total
from split4ml.passes.cost.synthesis import PROJECT, PROJECT_MB, SYNTHESIS, task_mb, task_seconds
from split4ml.passes.cost.terms import law_of, terms

BORROWED = 2.0
"""Ranges are so much wider at either end where a law is used for a kind that no report has."""
UNSEEN = frozenset(
    {"DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D", "EinsumDense", "Einsum"}
)
"""Kinds that obey a law of others, for want of reports of their own."""

Rule = Callable[[TaskShape], Range]


def estimate(task: TaskShape, laws: Mapping[tuple[str, str], Law] = LAWS) -> TaskCost:
    """Resources on the HLS scale, synthesis seconds and memory, as ranges. Raises ValueError for absurd shapes."""
    law = law_of(task)
    dsp, bram = _BLOCKS.get(law, (_none, _none))
    found = terms(task)
    lut, ff = (laws[law, figure](found) for figure in ("lut", "ff"))
    sources = {
        "lut": laws[law, "lut"].source(law),
        "ff": laws[law, "ff"].source(law),
        "dsp": _block_source(laws[law, "lut"], dsp),
        "bram18": _block_source(laws[law, "lut"], bram),
        "uram": RULE,
        "synth_seconds": SYNTHESIS,
        "synth_mb": SYNTHESIS,
    }
    if task.kind in UNSEEN:
        lut, ff = _wider(lut), _wider(ff)
        sources = dict.fromkeys(sources, NO_DATA)
    elif sources["lut"] == NO_DATA:
        sources = dict.fromkeys(sources, NO_DATA)
    return TaskCost(lut, ff, dsp(task), bram(task), ZERO, task_seconds(task), task_mb(task), "hls", sources)


def project(tasks: Iterable[TaskCost], scale: str = "hls") -> TaskCost:
    """One project that holds these tasks: their sum, and what HLS takes for any project."""
    base = TaskCost(synth_seconds=PROJECT, synth_mb=PROJECT_MB, scale=scale)
    return total([base, *tasks], scale)


def _wider(figure: Range) -> Range:
    return Range(figure.low / BORROWED, figure.estimate, figure.high * BORROWED).whole()


def _block_source(law: Law, rule: Rule) -> str:
    return RULE if law.rows or rule is _none else NO_DATA


def _none(task: TaskShape) -> Range:
    return ZERO


def _per_element(task: TaskShape) -> Range:
    """A scale an element, unless its constant is a sum of two powers of two. The reuse factor counts elements of the whole
    frame, so it limits layers of few tokens only."""
    at_once = min(task.elements, ceil(task.elements * max(1, task.tokens) / task.reuse_factor))
    many = at_once if task.multipliers is None else min(at_once, task.multipliers)
    most = at_once * dsps_each(task.in_width, task.weight_width)
    if not in_dsp(task):
        return Range(0, 0, many)
    estimate = many * dsps_each(task.in_width, used_bits(task))
    return Range(
        round(0.6 * estimate),
        estimate,
        most if task.multipliers is None else max(estimate, min(most, many + 1)),
    )


def _softmax_dsp(task: TaskShape) -> Range:
    return (
        ZERO
        if task.multiplier_style == "fabric"
        else Range(min(1, task.elements), task.elements, task.elements)
    )


def _softmax_bram(task: TaskShape) -> Range:
    """Tables of exp and 1/x: two ports each, so half a block an element, or one (io_parallel)."""
    blocks = max(1, ceil(task.table * 18 / 18432))
    n = task.elements if not task.stream else ceil(task.elements / 2)
    return Range(min(n, 2), n * blocks, (task.elements + 3) * blocks)


def _table_bram(task: TaskShape) -> Range:
    blocks = max(1, ceil(task.table * task.out_width / 18432))
    return Range(blocks if task.elements == 1 else 0, task.elements * blocks, 2 * task.elements * blocks)


def _sloped_dsp(task: TaskShape) -> Range:
    """Two for 16 bits: the slope has 16 or 18 bits more."""
    each = 2 * dsps_each(task.in_width, task.in_width)
    return Range(task.elements, task.elements * each, 2 * task.elements * each)


def _average_dsp(task: TaskShape) -> Range:
    return ZERO if "max" in task.function.lower() else Range(0, 0, task.elements)


def _merge_dsp(task: TaskShape) -> Range:
    if task.function.lower() != "multiply":
        return ZERO
    most = task.out_elements * dsps_each(task.in_width, task.in_width)
    return Range(0 if task.in_width <= 10 else most, 0 if task.in_width <= 10 else most, most)


def _recurrent_dsp(task: TaskShape) -> Range:
    """The products, and three (LSTM) or two of each unit of the state."""
    gates = 2 if "gru" in task.kind.lower() else 3
    most = task.parallel * dsps_each(task.in_width, task.weight_width) + gates * task.n_out
    if max(task.in_width, task.weight_width) <= 10:
        return Range(0, gates * task.n_out, most)
    return Range(round(0.8 * most), most, round(1.2 * most))


def _recurrent_bram(task: TaskShape) -> Range:
    """Its two memories of weights, and a table or two for each unit of the state."""
    return Range.around(weight_bram(task).estimate + 2 * task.n_out, 0.7, 1.4).whole()


def _frame_bram(task: TaskShape) -> Range:
    return Range(0, 0, ceil(task.in_bits * max(1, task.tokens) / 18432))


_BLOCKS: dict[str, tuple[Rule, Rule]] = {
    "unrolled": (unrolled_dsp, _none),
    "resource": (resource_dsp, weight_bram),
    "recurrent": (_recurrent_dsp, _recurrent_bram),
    "affine": (_per_element, _none),
    "softmax": (_softmax_dsp, _softmax_bram),
    "table": (_none, _table_bram),
    "leaky-relu": (_sloped_dsp, _none),
    "global-pooling": (_average_dsp, _none),
    "merge": (_merge_dsp, _none),
    "transpose": (_none, _frame_bram),
}
"""DSPs and block RAMs by law; none for the others."""
