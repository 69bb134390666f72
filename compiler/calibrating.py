"""A simulation's FIFOs against the model's: what the timing of each task must be, and how far the model is off before and after."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from split4ml.compiler.observing import Observed
from split4ml.compiler.progress import Reporter
from split4ml.dialects.errors import Split4mlError

if TYPE_CHECKING:
    from split4ml.passes.networks import Built
    from split4ml.passes.timing.calibrate import Calibration, Make
    from split4ml.passes.timing.known import Known
    from split4ml.passes.timing.model_error import ModelError


SMALL, SHARE = 16, 0.05
"""Cycles, and share of all that were seen, by which a calibrated model may be off without a warning."""


@dataclass(frozen=True)
class Calibrated:
    """before, after: by FIFO that was observed; after is None, and so is calibration, if the file has no strobes."""

    observed: Observed
    calibration: Calibration | None
    before: Mapping[str, ModelError]
    after: Mapping[str, ModelError] | None

    def fifo_keys(self, name: str) -> dict[str, Any]:
        """What the report says of a FIFO."""
        if name not in self.before:
            return {"observed_peak": None, "model_error": None}
        after = asdict(self.after[name]) if self.after is not None else None
        return {
            "observed_peak": self.observed.profiles[name].peak,
            "model_error": {"before": asdict(self.before[name]), "after": after},
        }

    def keys(self) -> dict[str, Any] | None:
        """What the report says of the tasks; None without a calibration."""
        if self.calibration is None:
            return None
        return {
            "frames": self.calibration.frames,
            "tasks": [
                {
                    "name": name,
                    "ii": [fit.of[0], fit.to[0]],
                    "latency": [fit.of[1], fit.to[1]],
                    "error_cycles": list(fit.error),
                }
                for name, fit in self.calibration.fits.items()
            ],
            "unfitted": dict(self.calibration.unfitted),
        }


def calibrated(
    observed: Observed,
    network: Callable[[Mapping[str, Known]], Built],
    make: Make,
    frames: int,
    reporter: Reporter,
) -> Calibrated:
    """network: the design as it was simulated, with what is now known of some tasks. frames: taken for those of a simulation of which
    only occupancies are known. Raises Split4mlError if the file shows no whole frame.
    """
    from split4ml.passes.timing.calibrate import Seen, calibrate, frames_begun, frames_seen
    from split4ml.passes.timing.model_error import model_errors

    built = network({})
    names = {channel: name for name, channel in built.fifos.items() if name in observed.profiles}
    seen = {
        channel: Seen(profile.write_times, profile.read_times, profile.peak)
        for channel, name in names.items()
        for profile in [observed.profiles[name]]
    }
    if not observed.timed:
        with reporter.step("replay"):
            before = model_errors(built.network, seen, frames)
        return Calibrated(observed, None, {names[c]: e for c, e in before.items()}, None)
    frames = frames_begun(built.network, seen)
    if frames_seen(built.network, seen) < 1:
        silent = [names[c] for c, s in seen.items() if s.writes is not None and not len(s.writes)]
        raise Split4mlError(
            f"nothing is ever written to {', '.join(silent[:5])}: no frame went through",
            hint="let the simulation run until a frame is complete",
        )
    with reporter.step("calibration") as step:
        found = calibrate(built.network, seen, make, step.update)
        before = model_errors(built.network, seen, frames)
        after = model_errors(network(found.known).network, seen, frames)
    worst = max(after, key=lambda channel: after[channel].cycles or 0)
    span = max(int(t[-1]) - int(t[0]) for s in seen.values() if (t := s.writes) is not None and len(t))
    if (after[worst].cycles or 0) > max(SMALL, SHARE * span):
        reporter.warn(
            f"also calibrated, the model is off by {after[worst].cycles} of {span} cycles at {names[worst]}: is the simulation of "
            "another build, or was its source slower than the design?"
        )
    return Calibrated(
        observed, found, {names[c]: e for c, e in before.items()}, {names[c]: e for c, e in after.items()}
    )


def lines(report: Mapping[str, Any]) -> Iterator[str]:
    """The calibration of a report, for the terminal."""
    found = report.get("calibration")
    if found is None:
        return
    changed = [
        task
        for task in found["tasks"]
        if task["ii"][0] != task["ii"][1] or task["latency"][0] != task["latency"][1]
    ]
    frames = f"{found['frames']} frame{'s' * (found['frames'] != 1)}"
    yield f"  calibrated over {frames}: {len(changed)} of {len(report['layers'])} tasks changed"
    for task in changed:
        (ii, new_ii), (depth, new_depth) = task["ii"], task["latency"]
        yield (
            f"    {task['name']}: II {ii} -> {new_ii}, latency {depth} -> {new_depth}; operations off by"
            f" {task['error_cycles'][0]:g} -> {task['error_cycles'][1]:g} cycles on average"
        )
    for name, why in found["unfitted"].items():
        yield f"    {name}: not calibrated, since {why}"


ERRORS = f"{'peak off by':>18}{'cycles off by':>20}"
"""Head of the columns of `error_cells`."""


def error_cells(fifo: Mapping[str, Any]) -> str:
    """The model's peak less the observed one, and the greatest distance of an operation: before and after the calibration."""
    error = fifo.get("model_error")
    if error is None:
        return f"{'–':>18}{'–':>20}"

    def cell(key: str) -> str:
        steps = [error[step][key] for step in ("before", "after") if error[step] is not None]
        return " -> ".join(
            "–" if value is None else f"{value:+d}" if key == "peak" else str(value) for value in steps
        )

    return f"{cell('peak'):>18}{cell('cycles'):>20}"
