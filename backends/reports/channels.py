"""What Vitis HLS' co-simulation notes of every FIFO: `channel_info.csv` names them, `channel.zip` holds a file of figures each.

hls4ml's FIFO pass of the Vitis backend takes depths from these (hls4ml, backends/vitis/passes/fifo_depth_optimization.py): the last
line of a FIFO's file is the most tokens that it held. Both are in a solution's `.autopilot/db`.
"""

from __future__ import annotations

import csv
import zipfile
import zlib
from pathlib import Path

from split4ml.dialects.errors import Split4mlError

NAMES = "channel_info.csv"
ARCHIVE = "channel.zip"
INSIDE = Path("channel_depth_info") / ARCHIVE
PLACES = ("*_prj/*/.autopilot/db", ".autopilot/db")
LIMIT = 1 << 20
"""Bytes of one FIFO's figures; there are a handful of numbers in it."""


def find_channels(place: Path) -> Path | None:
    """The folder that holds `channel_info.csv`, of a project, a solution, such a folder, or one of the two files; None if there is none."""
    if place.is_file():
        folders = [place.parent, place.parent.parent]
    else:
        folders = [place, *(folder for pattern in PLACES for folder in sorted(place.glob(pattern)))]
    return next((f for f in folders if (f / NAMES).is_file() and _archive(f).is_file()), None)


def _archive(folder: Path) -> Path:
    return folder / INSIDE if (folder / INSIDE).is_file() else folder / ARCHIVE


def read_channels(folder: Path) -> dict[str, int]:
    """The most tokens that each FIFO held, by the name of its stream. Raises Split4mlError for files that are not of this form."""
    names = folder / NAMES
    archive = _archive(folder)
    try:
        rows = [row for row in csv.reader(names.read_text(errors="replace").splitlines()) if row]
    except (OSError, csv.Error) as error:
        raise Split4mlError(f"cannot be read: {error}", str(names)) from None
    found = {}
    try:
        with zipfile.ZipFile(archive) as file:
            members = {Path(info.filename).name: info for info in file.infolist()}
            for row in rows:
                if len(row) < 4 or not row[1].strip():
                    raise Split4mlError(f"{','.join(row)[:60]!r} names no FIFO and its file", str(names))
                stream, member = row[1].strip().removesuffix("_U"), row[3].strip()
                info = members.get(member)
                if info is None:
                    raise Split4mlError(f"{member[:60]} of FIFO {stream[:60]} is missing", str(archive))
                if info.file_size > LIMIT:
                    raise Split4mlError(
                        f"{member[:60]} has {info.file_size} bytes, far too many", str(archive)
                    )
                lines = file.read(info).decode(errors="replace").split()
                if not lines or not lines[-1].isdecimal():
                    raise Split4mlError(f"{member[:60]} does not end with a number of tokens", str(archive))
                found[stream] = int(lines[-1])
    except (OSError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        raise Split4mlError(f"is no whole archive: {error}", str(archive)) from None
    return found
