"""A user's reports: exact for the same task, a shrunk shift for the others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from split4ml.compiler.costdata import load, save
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.cost.measured import CostData, MeasuredProject, MeasuredTask, shift
from split4ml.passes.cost.model import estimate
from split4ml.passes.cost.scale import FACTORS
from split4ml.passes.cost.shape import Range, TaskShape

CONV = TaskShape("Conv2D", n_in=72, n_out=8, kernel_height=3, kernel_width=3, channels=8, elements=8, row=16)
OTHER = replace(CONV, n_out=16)


def measured(shape: TaskShape, factor: float, project: str = "a") -> MeasuredTask:
    return MeasuredTask(shape, {"lut": estimate(shape).lut.estimate * factor, "dsp": 5}, "2023.2", project)


def test_the_same_task_is_exact() -> None:
    known = CostData((measured(CONV, 0.6),))
    cost = known.cost(replace(CONV, tool_version="2024.1"))
    assert cost.lut == Range.exactly(round(estimate(CONV).lut.estimate * 0.6)) and cost.dsp == Range(5, 5, 5)
    assert cost.sources["lut"] == "report" and cost.sources["ff"] != "report"
    assert known.measures(CONV) and not known.measures(OTHER)


def test_others_move_and_narrow_with_the_number_of_projects() -> None:
    plain = estimate(OTHER).lut
    widths, factors = [], []
    for count in (1, 4, 40):
        tasks = tuple(measured(CONV, 0.6, f"p{number}") for number in range(count))
        cost = CostData(tasks).cost(OTHER)
        widths.append(cost.lut.high / cost.lut.low)
        factors.append(cost.lut.estimate / plain.estimate)
        assert cost.dsp == estimate(OTHER).dsp
    assert plain.high / plain.low > widths[0] > widths[1] > widths[2]
    assert 1 > factors[0] > factors[1] > factors[2] > 0.59


def test_many_layers_of_one_project_are_one_report() -> None:
    one = CostData((measured(CONV, 0.6),)).cost(OTHER)
    many = CostData(tuple(measured(replace(CONV, row=n), 0.6) for n in range(1, 30))).cost(OTHER)
    assert many.lut.estimate == pytest.approx(one.lut.estimate, rel=0.05)
    assert many.lut.low == pytest.approx(one.lut.low, rel=0.1)


def test_times_and_the_scale_of_logic_synthesis() -> None:
    project = MeasuredProject("a", {"lut": 1000.0, "dsp": 0.0}, {"lut": 300.0}, 600.0, None, 60.0, 500.0)
    known = CostData((), (project,))
    assert estimate(CONV).synth_seconds.estimate < known.cost(CONV).synth_seconds.estimate
    assert known.cost(CONV).synth_mb == estimate(CONV).synth_mb
    assert known.factors["lut"].estimate < FACTORS["lut"].estimate and known.factors["dsp"] == FACTORS["dsp"]


def test_a_project_that_was_synthesised_again_counts_once() -> None:
    first = CostData((measured(CONV, 0.5),), (MeasuredProject("a"),))
    second = CostData((measured(CONV, 0.7),), (MeasuredProject("a"),))
    assert first.with_(second) == second
    assert len(first.with_(CostData((measured(OTHER, 1.0, "b"),))).tasks) == 2


@given(
    st.lists(st.floats(1e-6, 1e6), max_size=20),
    st.floats(0.01, 1),
    st.floats(1, 100),
    st.floats(0, 1e6),
)
def test_a_shift_keeps_ranges_ordered(ratios: list[float], low: float, high: float, value: float) -> None:
    moved = shift(ratios, low, high)(Range.around(value, low, high), 50)
    assert 0 <= moved.low <= moved.estimate <= moved.high


def test_the_file_holds_all_of_it(tmp_path: Path) -> None:
    data = CostData(
        (measured(CONV, 0.5), measured(TaskShape("Activation", "relu", clock_ns=3.33, backend="vivado"), 2)),
        (MeasuredProject("a", {"lut": 10}, {}, 12.5, None, 3.0, 100.0),),
    )
    file = tmp_path / "deep" / "costs.json"
    assert not load(file)
    save(file, data)
    assert load(file) == data
    file.write_text(file.read_text().replace('"clock_ns": 3.33', '"clock_ns": "soon"'))
    with pytest.raises(Split4mlError, match="clock_ns is 'soon'"):
        load(file)
