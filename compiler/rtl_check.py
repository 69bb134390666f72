"""RTL simulation of the stitched top: every token as in the C simulation, every cycle count as the replay predicts.

Three runs of one program: a lone frame, a flooding source with outputs that are always ready, and the same with outputs that
stall in a seeded pattern. Latency, interval and every FIFO's peak must equal the replay's in each.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from split4ml.backends.vcd import read_profile
from split4ml.backends.verilator.result import RtlResult
from split4ml.backends.verilator.simulation import build_simulation
from split4ml.compiler.emit import PROJECTS
from split4ml.dialects import flow
from split4ml.dialects.errors import CheckFailed, Split4mlError
from split4ml.dialects.flow import symbol
from split4ml.passes.networks import Built, NetworkOptions
from split4ml.passes.timed import Timed
from split4ml.passes.timing.network import Replayed
from split4ml.passes.timing.replay import replay
from split4ml.passes.timing.schedule import Ints, Schedule

if TYPE_CHECKING:
    from split4ml.compiler.progress import Reporter
    from split4ml.compiler.services import Session

STALL_SEED = 20
STALL_CYCLES = 997
STALL_SHARE = 0.3
"""Outputs are not ready in this share of the cycles of a pattern that repeats."""

VERILOG = "*_prj/solution1/syn/verilog"
"""Where Vitis HLS leaves the Verilog of a project that hls4ml's build_prj.tcl synthesised."""


def check_rtl(
    module: ModuleOp, folder: Path, workdir: Path, session: Session, reporter: Reporter, kind: str = "twin"
) -> dict[str, Any]:
    """The report's `checks.rtl`. folder: the build; the VCD of the lone frame is left in its `profile/`.

    kind: `twin`, or `exported` to take the Verilog of synthesised subprojects wherever there is some.
    Raises Split4mlError for a wrong token, a frame that does not complete though the replay's does, or, with twins only, a
    cycle count that is not the replay's.
    """
    (model,) = (op for op in module.ops if isinstance(op, flow.ModelOp))
    exported = _exported(model, folder) if kind == "exported" else {}
    with reporter.step("RTL simulation: building"):
        simulation = build_simulation(module, workdir, exported=exported)
    timed = Timed(model, session.trace(model))
    trace = session.project_trace(model)
    vcd = (folder if os.access(folder, os.W_OK) else workdir) / "profile" / "rtl.vcd"
    vcd.parent.mkdir(exist_ok=True)
    match = True
    with reporter.step("RTL simulation"):
        for name, frames, stalls in _runs(model, session.frames):
            built = timed.network(NetworkOptions(stalls=stalls))
            found = simulation.run(
                schedules_of(built),
                {},
                trace.tokens,
                frames,
                stalls=stalls,
                vcd=vcd if name == "lone frame" else None,
            )
            expected = replay(built.network, frames)
            _check_tokens(found, expected)
            differences = list(compare(found, expected, built))
            if name == "lone frame":
                differences += _compare_vcd(vcd, found, timed)
            match = match and not differences
            if differences and simulation.kind == "twin":
                raise CheckFailed(
                    f"the RTL simulation and the replay disagree ({name}): {'; '.join(differences[:4])}"
                )
    return {
        "kind": simulation.kind,
        "tokens_match": True,
        "cycles_match_replay": match,
        "frames": session.frames,
    }


def schedules_of(built: Built) -> dict[str, Schedule]:
    """The schedules that the tasks of a network walk."""
    found = {}
    for task, process in built.tasks.items():
        schedule = built.network.processes[process].schedule
        assert schedule is not None
        found[task] = schedule
    return found


def stall_patterns(model: flow.ModelOp) -> dict[str, Ints]:
    """By output, always the same: 1 in the cycles in which it is not ready."""
    rng = np.random.default_rng(STALL_SEED)
    return {symbol(port): (rng.random(STALL_CYCLES) < STALL_SHARE).astype(np.int64) for port in model.outputs}


def _runs(model: flow.ModelOp, frames: int) -> Iterator[tuple[str, int, Mapping[str, Ints]]]:
    yield "lone frame", 1, {}
    yield "flooding source", frames, {}
    yield "stalling outputs", frames, stall_patterns(model)


def _check_tokens(found: RtlResult, expected: Replayed) -> None:
    """Raises for wrong data; for frames that do not complete only if they should."""
    if expected.completed or not found.tokens_match:
        found.check()


def compare(found: RtlResult, expected: Replayed, built: Built) -> Iterator[str]:
    """What differs, in words."""
    for what, simulated, predicted in (
        ("first beats in", found.first_in, expected.first_in),
        ("last beats out", found.last_out, expected.last_out),
    ):
        wanted = tuple(int(cycle) for cycle in predicted)
        if simulated != wanted:
            yield f"{what} in cycles {simulated}, predicted {wanted}"
    for fifo, channel in built.fifos.items():
        if found.peaks[fifo] != (peak := int(expected.peak[channel])):
            yield f"{fifo} held up to {found.peaks[fifo]} tokens, predicted {peak}"


def _compare_vcd(vcd: Path, found: RtlResult, timed: Timed) -> list[str]:
    """The waveform that the simulation left must show the peaks that it counted."""
    shown = read_profile(vcd, found.peaks, round(timed.clock_ns * 1000))
    return [
        f"{fifo} held up to {peak} tokens, its waveform shows {shown[fifo].peak}"
        for fifo, peak in found.peaks.items()
        if shown[fifo].peak != peak
    ]


def _exported(model: flow.ModelOp, folder: Path) -> dict[str, Path]:
    """Synthesised subprojects by name. Raises Split4mlError if there is none."""
    found = {}
    for part in model.subgraphs:
        places = sorted((folder / PROJECTS / symbol(part)).glob(VERILOG))
        if places:
            found[symbol(part)] = places[0]
    if not found:
        raise Split4mlError(
            "no subgraph has been synthesised: there is no exported Verilog",
            f"{folder / PROJECTS}/*/{VERILOG}",
            "make -C DIR subgraphs, with Vitis HLS, makes it; or verify with --rtl twin",
        )
    return found
