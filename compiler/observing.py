"""What a simulation's files show of a design's FIFOs: a VCD, or what Vitis HLS' co-simulation notes of every channel."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from split4ml.compiler.progress import Reporter
from split4ml.dialects.errors import Split4mlError

if TYPE_CHECKING:
    from split4ml.backends.vcd import FifoProfile


@dataclass(frozen=True)
class Observed:
    """profiles: of the FIFOs that the file has."""

    profiles: Mapping[str, FifoProfile]

    @property
    def peaks(self) -> dict[str, int]:
        return {name: profile.peak for name, profile in self.profiles.items()}

    @property
    def timed(self) -> bool:
        """Whether it shows when tokens are written and read."""
        return any(p.write_times is not None for p in self.profiles.values())


def observe(file: Path, fifos: Iterable[str], clock_ps: int, reporter: Reporter) -> Observed:
    """What a file shows, of as many of the FIFOs as it has; warns of the rest.

    file: a VCD; or `channel.zip`, `channel_info.csv` or a folder that holds both. Raises Split4mlError if it cannot be read or has
    none of the FIFOs.
    """
    if not file.exists():
        raise Split4mlError("there is no such file", str(file))
    names = list(fifos)
    if file.is_dir() or file.name == "channel_info.csv" or zipfile.is_zipfile(file):
        return _channels(file, names, reporter)
    return _vcd(file, names, clock_ps, reporter)


def _channels(place: Path, names: list[str], reporter: Reporter) -> Observed:
    from split4ml.backends.reports.channels import find_channels, read_channels
    from split4ml.backends.vcd import FifoProfile

    folder = find_channels(place)
    if folder is None:
        raise Split4mlError(
            "is no VCD, and has no channel_info.csv with its channel.zip",
            str(place),
            "give a VCD, or .autopilot/db of a solution that was co-simulated with Vitis HLS",
        )
    peaks = read_channels(folder)
    profiles = {name: FifoProfile(peaks[name], None, None) for name in names if name in peaks}
    others = tuple(name for name in peaks if name not in names)
    _check(place, names, list(profiles), others, f"{len(peaks)} channels", reporter)
    return Observed(profiles)


def _vcd(vcd: Path, names: list[str], clock_ps: int, reporter: Reporter) -> Observed:
    from split4ml.backends.vcd import read_profile
    from split4ml.backends.vcd.header import read_header
    from split4ml.backends.vcd.names import of_fifos, strangers, usable

    signals = read_header(vcd).signals
    there = [name for name, roles in of_fifos(names, signals).items() if usable(roles)]
    others = tuple(strangers(names, signals))
    _check(vcd, names, there, others, f"{len(signals)} signals", reporter)
    with reporter.step("VCD, MB") as step:
        profiles = read_profile(
            vcd, there, clock_ps, lambda done, total: step.update(done >> 20, max(1, total >> 20))
        )
    inexact = [name for name, profile in profiles.items() if not profile.exact]
    if inexact:
        reporter.warn(
            f"{vcd}: of {len(inexact)} FIFOs ({', '.join(inexact[:3])}{', …' * (len(inexact) > 3)}) only what their memories held was "
            "logged; with a token in the output register they held one more"
        )
    return Observed(_credible(vcd, profiles, clock_ps, reporter))


def _credible(
    vcd: Path, profiles: Mapping[str, FifoProfile], clock_ps: int, reporter: Reporter
) -> Mapping[str, FifoProfile]:
    """Without the times of operations, if strobes have more tokens in a FIFO than its occupancy: then they are none.

    By one may be right: `if_num_data_valid` does not count a token on its way from a memory to the output register.
    """
    wrong = [name for name, profile in profiles.items() if (profile.strobed or 0) > profile.peak + 1]
    if not wrong:
        return profiles
    first = profiles[wrong[0]]
    reporter.warn(
        f"{vcd}: strobes of {len(wrong)} FIFOs do not fit their occupancies ({wrong[0]}: {first.strobed} tokens at once by its strobes, "
        f"{first.peak} held): nothing is calibrated; are `if_full_n` and `if_empty_n` logged, and is the clock period {clock_ps} ps?"
    )
    return {name: replace(profile, write_times=None, read_times=None) for name, profile in profiles.items()}


def _check(
    file: Path, names: list[str], there: list[str], others: tuple[str, ...], among: str, reporter: Reporter
) -> None:
    """Says which of the design's FIFOs are in the file and which are not."""
    if names and not there:
        unlike = f", but FIFOs {', '.join(others[:3])}, …" if others else ""
        raise Split4mlError(
            f"none of the design's {len(names)} FIFOs ({', '.join(names[:3])}, …) is among its {among}{unlike}",
            str(file),
            "is it from another design? log `usedw`, or `if_write` and `if_read`, of every FIFO",
        )
    missing = [name for name in names if name not in there]
    if missing:
        unlike = f"; there, but not in the design: {', '.join(others)}" if others else ""
        reporter.warn(
            f"{file}: {len(missing)} of {len(names)} FIFOs are not there: {', '.join(missing)}{unlike}; found: {', '.join(there)}"
        )
