"""Calibration: a design is simulated with other constants than the rules', and these are found again in its VCD."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from split4ml.backends.vcd import read_profile, write_vcd
from split4ml.passes.networks import Built
from split4ml.passes.timing.calibrate import Calibration, Seen, calibrate
from split4ml.passes.timing.known import Known
from split4ml.passes.timing.model_error import model_errors
from split4ml.passes.timing.replay import replay
from split4ml.passes.traced import TracedDesign, traced_streams

FRAMES = 3


def design_of(project: Any, tool: str) -> TracedDesign:
    trace = project.trace
    streams = traced_streams(trace.tasks, {})
    return TracedDesign("net", trace.tasks, trace.inputs, trace.outputs, streams, tool, 5.0)


def changed(design: TracedDesign, seed: int) -> TracedDesign:
    """II and depth of every task a little off."""
    random = np.random.default_rng(seed)
    known = {}
    for task in design.tasks:
        made = design.timing(task)
        ii, depth = (
            max(1, value + int(random.integers(-1, most))) for value, most in ((made.ii, 3), (made.depth, 4))
        )
        known[task.name] = Known("measured", ii, depth)
    return replace(design, known=known)


def simulated(built: Built, vcd: Path, left_out: frozenset[str] = frozenset()) -> dict[str, Seen]:
    """What a VCD of the run shows, except of some FIFOs."""
    run = replay(built.network, FRAMES, record=True)
    write_vcd(vcd, built.network, run, 5000, list(built.fifos.values()), clock=True)
    profiles = read_profile(vcd, [name for name in built.fifos if name not in left_out], 5000)
    return {name: Seen(p.write_times, p.read_times, p.peak) for name, p in profiles.items()}


def calibrated(design: TracedDesign, built: Built, seen: Mapping[str, Seen]) -> Calibration:
    return calibrate(built.network, {built.fifos[name]: what for name, what in seen.items()}, design.trial)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("which", "tool"), [("residual", "vitis-2023.2"), ("reused", "vivado-2019.2")])
@pytest.mark.parametrize("unbounded", [True, False])
def test_changed_constants_are_found_again(
    request: pytest.FixtureRequest, which: str, tool: str, unbounded: bool, seed: int, tmp_path: Path
) -> None:
    design = design_of(request.getfixturevalue(which), tool)
    # deep enough that nothing deadlocks, not so deep that nothing ever waits
    depths = {fifo: max(2, design.streams[fifo].tokens // 2) for fifo in design.fifos}
    simulation = changed(design, seed).network(depths, unbounded=unbounded)
    seen = simulated(simulation, tmp_path / "sim.vcd")
    built = design.network(depths, unbounded=unbounded)
    found = calibrated(design, built, seen)
    assert found.frames == FRAMES and not found.unfitted
    assert all(fit.error[1] == 0 for fit in found.fits.values()), found.fits
    after = design.knowing(found.known).network(depths, unbounded=unbounded)
    for name, what in seen.items():
        error = model_errors(after.network, {after.fifos[name]: what}, FRAMES)[after.fifos[name]]
        assert (error.peak, error.cycles) == (0, 0), name


def test_a_model_that_is_right_is_left_alone(residual: Any, tmp_path: Path) -> None:
    design = design_of(residual, "vitis-2023.2")
    built = design.network(unbounded=True)
    found = calibrated(design, built, simulated(built, tmp_path / "sim.vcd"))
    assert not found.known and all(fit.error == (0, 0) for fit in found.fits.values())


def test_a_task_whose_input_was_not_seen_is_left_alone(residual: Any, tmp_path: Path) -> None:
    design = design_of(residual, "vitis-2023.2")
    built = changed(design, 1).network(unbounded=True)
    missing = next(fifo for fifo in built.fifos if "layer4" in fifo)
    reader = next(task.name for task in design.tasks if missing in task.inputs)
    seen = simulated(built, tmp_path / "sim.vcd", frozenset({missing}))
    found = calibrated(design, design.network(unbounded=True), seen)
    assert found.unfitted == {reader: f"{missing} was not seen"}
    # when the tasks began that it starts, directly or not, is not known
    started = [built.tasks[reader]]
    for number, process in enumerate(built.network.processes):
        if process.parent in started:
            started.append(number)
    others = {process.name for number, process in enumerate(built.network.processes) if number not in started}
    assert len(others) > 4 and all(found.fits[name].error[1] == 0 for name in others & set(found.fits))
