"""Whole networks in RTL simulation, to the cycle as predicted: any depths, sources and sinks; and measured from a waveform."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from e2e_cli import EXAMPLES, NETWORKS, run_cli

from split4ml.backends.vcd import read_profile
from split4ml.backends.verilator.simulation import build_simulation
from split4ml.compiler.design import Design
from split4ml.compiler.rtl_check import compare, schedules_of, stall_patterns
from split4ml.passes.networks import NetworkOptions
from split4ml.passes.timed import Timed, sizable
from split4ml.passes.timing.calibrate import Seen, calibrate
from split4ml.passes.timing.known import Known
from split4ml.passes.timing.metrics import measure
from split4ml.passes.timing.model_error import model_errors
from split4ml.passes.timing.replay import replay
from split4ml.passes.timing.sizing import size

RANDOM_RUNS = 8


def _options(timed: Timed, defaults: dict[str, int], seed: int) -> Iterator[NetworkOptions]:
    """Generous and minimal depths, flooding and throttled, with and without back-pressure; then some of everything."""
    rng = random.Random(seed)
    generous = timed.network(NetworkOptions(depths=defaults))
    minimal = dict(
        zip(generous.fifos, size(generous.network, sizable(generous), "bisect", frames=8).depths, strict=True)
    )
    sustained = int(np.ceil(measure(generous.network).interval or 0))
    stalls = stall_patterns(timed.model)
    for depths in (defaults, minimal):
        for throttle in (0, sustained, 2 * sustained):
            yield NetworkOptions(depths=depths, throttle=throttle)
        yield NetworkOptions(depths=depths, stalls=stalls)
    for _ in range(RANDOM_RUNS):
        low = {
            name: rng.choice((minimal[name], max(1, minimal[name] - 1), 1, most))
            for name, most in defaults.items()
        }
        yield NetworkOptions(
            depths=low, throttle=rng.choice((0, sustained // 2, sustained)), stalls=rng.choice(({}, stalls))
        )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "options"),
    [
        (NETWORKS / "two_ports.onnx", ("--subgraphs", "2")),
        (NETWORKS / "nested_skips.onnx", ("--subgraphs", "3", "--start", "held")),
        (EXAMPLES / "digits_resnet.onnx", ("--subgraphs", "3")),
    ],
    ids=lambda value: value.stem if isinstance(value, Path) else None,
)
def test_hardware_and_replay_agree(model: Path, options: tuple[str, ...], tmp_path: Path) -> None:
    build = tmp_path / "build"
    done = run_cli("compile", model, *options, "--verify", "none", "-o", build, "--quiet")
    assert done.returncode == 0, done.stderr
    check(build, tmp_path, seed=len(model.stem))


def check(build: Path, scratch: Path, seed: int) -> None:
    """All runs of one build, in a simulation that is built once."""
    with Design(build) as design:
        timed = Timed(design.model, design.session.trace(design.model))
        tokens = design.session.project_trace(design.model).tokens
        defaults = {
            name: max(fifo["default_depth"] or 1, fifo["depth"]) for name, fifo in design.fifos.items()
        }
        simulation = build_simulation(design.module, scratch)
        complete = 0
        for setting in _options(timed, defaults, seed):
            built = timed.network(setting)
            for frames in (1, 8):
                wanted = replay(built.network, frames)
                found = simulation.run(
                    schedules_of(built), dict(setting.depths), tokens, frames,
                    stalls=setting.stalls, throttle=setting.throttle,
                )  # fmt: skip
                assert found.tokens_match, found.mismatches
                assert not list(compare(found, wanted, built)), setting
                assert found.completed == wanted.completed
                complete += sum(end >= 0 for end in found.last_out)
        assert complete > 4 * RANDOM_RUNS, "frames, or the runs would show little"
        _measured(timed, simulation, tokens, defaults, scratch / "sim.vcd")


def _measured(timed: Timed, simulation, tokens, depths: dict[str, int], vcd: Path) -> None:  # type: ignore[no-untyped-def]
    """Hardware with other constants than the rules': they are found again in its waveform."""
    rng = random.Random(5)
    known = {}
    for name in timed.traces:
        made = timed.timing(name)
        known[name] = Known(None, made.ii + rng.choice((0, 1, 2)), made.depth + rng.choice((0, 1, 3)))
    setting = NetworkOptions(depths=depths)
    truth = timed.knowing(known).network(setting)
    simulation.run(schedules_of(truth), depths, tokens, 3, vcd=vcd)
    built = timed.network(setting)
    profiles = read_profile(vcd, built.fifos, round(timed.clock_ns * 1000))
    seen = {
        built.fifos[name]: Seen(profile.write_times, profile.read_times, profile.peak)
        for name, profile in profiles.items()
    }
    before = model_errors(built.network, seen, 3)
    assert max(error.cycles or 0 for error in before.values()) > 0
    found = calibrate(built.network, seen, timed.trial)
    after = model_errors(timed.knowing(found.known).network(setting).network, seen, 3)
    assert all((error.peak, error.cycles) == (0, 0) for error in after.values()), after
