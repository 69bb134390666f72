"""Parts and boards: those of devices.toml, and a user's own in a file of the same form.

    [[device]]
    names = ["mychip"]                                                     part numbers begin with one of these
    slr = [{ lut = 8000, ff = 16000, dsp = 20, bram18 = 40, uram = 0 }]    one entry for each die
    source = "data sheet, table 3"

    [[board]]
    name = "My Board"
    part = "mychip-fg484-1"

Case, spaces and dashes do not matter in the name of a board; of a part number the leading `xc` may be left out, and `xa` and `xq` are the
same dies in other grades.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from split4ml.dialects.errors import Split4mlError, meant
from split4ml.passes.interfaces import Device

BUILT_IN = Path(__file__).parent / "devices.toml"
RESOURCES = ("lut", "ff", "dsp", "bram18", "uram")
LARGEST = 10**9
MAX_BYTES = 1 << 20
MAX_SLRS = 16


@dataclass(frozen=True)
class Catalogue:
    """devices: by every name that a part number may begin with. boards: (name, part number) by what `_plain` makes of the name."""

    devices: Mapping[str, Device]
    boards: Mapping[str, tuple[str, str]]

    def find(self, name: str) -> Device:
        """By part number, device or board. Raises Split4mlError with names that are near."""
        device = self.device_of(self.part(name))
        if device is None:
            known = [*self.devices, *(board for board, _ in self.boards.values())]
            raise Split4mlError(
                f"there is no device or board {name!r}",
                hint=meant(name, known, 3)
                or "describe it in a file, and name that with --device-file (docs/devices.md)",
            )
        return device

    def part(self, name: str) -> str:
        """The part number of a board; what is no board's name is returned as it is."""
        board = self.boards.get(_plain(name))
        return board[1] if board else name

    def device_of(self, part: str) -> Device | None:
        """The device of a part number: the longest name that it begins with."""
        name = part.lower()
        for candidate in (name, re.sub(r"^x[aq]r?", "xc", name), f"xc{name}"):
            fitting = [name for name in self.devices if _begins(candidate, name)]
            if fitting:
                return self.devices[max(fitting, key=len)]
        return None


@dataclass(frozen=True)
class Parts:
    """The service that passes ask: what is built in, and a user's own file."""

    own: Path | None = None

    def find(self, name: str) -> Device:
        return catalogue(self.own).find(name)


def _begins(part: str, name: str) -> bool:
    """A package follows a dash, or, in the 7 series, letters and the number of its pins."""
    rest = part.removeprefix(name)
    return part.startswith(name) and re.match(r"$|[-_]|i?[a-z]{2,3}\d{3,4}", rest) is not None


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name).lower().removeprefix("alveo")


@lru_cache
def catalogue(own: Path | None = None) -> Catalogue:
    """own: a user's file, which comes first. Raises Split4mlError for what is wrong in it."""
    devices, boards = _read(BUILT_IN)
    if own is not None:
        more, others = _read(own)
        devices, boards = {**devices, **more}, {**boards, **others}
    return Catalogue(devices, boards)


def _read(path: Path) -> tuple[dict[str, Device], dict[str, tuple[str, str]]]:
    import tomllib

    try:
        if path.stat().st_size > MAX_BYTES:
            raise Split4mlError(f"this is larger than {MAX_BYTES >> 20} MB", str(path))
        text = path.read_text("utf-8")
        found = tomllib.loads(text)
    except OSError as error:
        raise Split4mlError(f"cannot read: {(error.strerror or str(error)).lower()}", str(path)) from None
    except UnicodeDecodeError:
        raise Split4mlError("this is no text", str(path)) from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        message, _, place = str(error).partition(" (at ")
        at = re.match(r"line (\d+)", place)
        raise Split4mlError(f"this is no TOML: {message}", f"{path}:{at[1]}" if at else str(path)) from None
    return _Reader(path, text).read(found)


class _Reader:
    """Checks every value, and says in which line a wrong one stands."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.lines = text.splitlines()

    def read(self, found: Mapping[str, Any]) -> tuple[dict[str, Device], dict[str, tuple[str, str]]]:
        for key in found:
            if key not in ("device", "board"):
                raise self._error(
                    f"there is no table {key!r}, only [[device]] and [[board]]", self._line_of(key, 0)
                )
        devices: dict[str, Device] = {}
        for begin, entry in self._entries(found, "device"):
            names = self._value(entry, "names", list, begin)
            if not names or not all(
                isinstance(name, str) and re.fullmatch(r"[A-Za-z][A-Za-z0-9]{2,31}", name) for name in names
            ):
                raise self._error(
                    "names lists the beginnings of part numbers, of letters and digits",
                    self._line_of("names", begin),
                )
            slr = tuple(self._slr(entry, begin))
            source = self._value(entry, "source", str, begin) if "source" in entry else self.path.name
            for name in names:
                if name.lower() in devices:
                    raise self._error(f"the device {name} is described twice", self._line_of("names", begin))
                devices[name.lower()] = Device(name.lower(), slr, source)
        boards: dict[str, tuple[str, str]] = {}
        for begin, entry in self._entries(found, "board"):
            name, part = (self._value(entry, key, str, begin) for key in ("name", "part"))
            boards[_plain(name)] = (name, part)
        return devices, boards

    def _entries(self, found: Mapping[str, Any], kind: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """Each with the line of its header."""
        tables = found.get(kind, [])
        headers = [at for at, line in enumerate(self.lines, 1) if re.match(rf"\s*\[\[\s*{kind}\s*\]\]", line)]
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise self._error(f"{kind} is written [[{kind}]]", self._line_of(kind, 0))
        known = {"device": {"names", "slr", "source"}, "board": {"name", "part"}}[kind]
        for at, entry in enumerate(tables):
            begin = headers[at] if at < len(headers) else 1
            for key in entry:
                if key not in known:
                    raise self._error(
                        f"a {kind} has no {key!r}",
                        self._line_of(key, begin),
                        meant(key, known) or f"it has {', '.join(sorted(known))}",
                    )
            yield begin, entry

    def _slr(self, entry: Mapping[str, Any], begin: int) -> Iterator[dict[str, int]]:
        regions = self._value(entry, "slr", list, begin)
        line = self._line_of("slr", begin)
        if not 1 <= len(regions) <= MAX_SLRS:
            raise self._error(f"a device has 1 to {MAX_SLRS} SLRs, not {len(regions)}", line)
        for region in regions:
            if not isinstance(region, dict):
                raise self._error(
                    "an SLR is written { lut = …, ff = …, dsp = …, bram18 = …, uram = … }", line
                )
            for key in region:
                if key not in RESOURCES:
                    raise self._error(
                        f"there is no resource {key!r}",
                        self._line_of(key, begin),
                        meant(key, RESOURCES) or f"there are {', '.join(RESOURCES)}",
                    )
            for key in RESOURCES:
                amount = region.get(key, 0 if key == "uram" else None)
                if amount is None:
                    raise self._error(f"an SLR lacks {key}", line)
                if type(amount) is not int or not 0 <= amount <= LARGEST:
                    raise self._error(f"{key} is {amount!r}, which is no count", self._line_of(key, begin))
            yield {key: region.get(key, 0) for key in RESOURCES}

    def _value(self, entry: Mapping[str, Any], key: str, kind: type, begin: int) -> Any:
        if key not in entry:
            raise self._error(f"{key} is missing", begin)
        if not isinstance(entry[key], kind):
            raise self._error(f"{key} is {entry[key]!r}", self._line_of(key, begin))
        return entry[key]

    def _line_of(self, key: str, begin: int) -> int:
        """Where a key stands, at or behind a line."""
        pattern = re.compile(rf"(^|[\s{{,\[\"']){re.escape(key)}[\"']?\s*[=\].]")
        return next(
            (at for at, line in enumerate(self.lines, 1) if at >= begin and pattern.search(line)),
            max(1, begin),
        )

    def _error(self, message: str, line: int, hint: str | None = None) -> Split4mlError:
        return Split4mlError(message, f"{self.path}:{line}", hint)
