"""Reading a hostile tar file, and writing one whose bytes depend on its contents alone."""

from __future__ import annotations

import gzip
import io
import re
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from split4ml.dialects.errors import Split4mlError

MAX_TOTAL = 4 << 30
"""Bytes of all members together."""
MAX_MEMBERS = 100_000
SMALL = 256 << 20
MAX_RATIO = 250
"""What unpacks to more than SMALL bytes is at most so many times larger than the archive: weights hardly compress."""
_PADDING = 1 << 20


def read_members(path: Path, allowed: re.Pattern[str], ignored: re.Pattern[str]) -> dict[str, bytes]:
    """The contents of a `.tar.gz` by name, in memory: nothing is extracted to a path that the archive chose.

    allowed: full names of members to read; ignored: of those to pass over. Anything else, and any link, device,
    folder other than the root, duplicate or excessive size, raises Split4mlError before it is read.
    """
    where = str(path)
    members: dict[str, bytes] = {}
    total = count = 0
    try:
        size = path.stat().st_size
        with tarfile.open(path, "r:gz") as archive:
            while (member := archive.next()) is not None:
                archive.members.clear()  # type: ignore[attr-defined]  # or it keeps a list of all of them
                count += 1
                total += max(0, member.size)
                if count > MAX_MEMBERS or total > MAX_TOTAL:
                    raise Split4mlError(
                        f"it unpacks to more than {MAX_TOTAL >> 30} GiB or {MAX_MEMBERS} files", where
                    )
                if total > max(SMALL, MAX_RATIO * size):
                    raise Split4mlError(
                        f"its {size:,} bytes unpack to more than {MAX_RATIO} times as many", where
                    )
                if member.isdir() and member.name in ("", ".", "./"):
                    continue
                name = member.name.removeprefix("./")
                if not member.isreg():
                    raise Split4mlError(f"its member {_shown(name)} is no plain file", where)
                if ignored.fullmatch(name):
                    continue
                if not allowed.fullmatch(name):
                    raise Split4mlError(
                        f"its member {_shown(name)} does not belong into a saved hls4ml graph",
                        where,
                        "an archive holds code that is compiled and run; do not use one from a source you do not trust",
                    )
                if name in members:
                    raise Split4mlError(f"its member {_shown(name)} occurs twice", where)
                stream = archive.extractfile(member)
                members[name] = stream.read() if stream is not None else b""
            # To the end, so that the checksum is verified; there is only padding.
            if archive.fileobj is not None and len(archive.fileobj.read(_PADDING)) == _PADDING:
                raise Split4mlError("there is something behind its last member", where)
    except FileNotFoundError:
        raise Split4mlError("there is no such file", where) from None
    except (tarfile.TarError, OSError, EOFError, zlib.error, ValueError, UnicodeError) as error:
        raise Split4mlError(
            f"it is no saved hls4ml graph: {error}",
            where,
            "save one with ModelGraph.save, or start from the ONNX file",
        ) from None
    return members


def write_members(path: Path, members: Mapping[str, bytes], level: int = 6) -> None:
    """A `.tar.gz` of the members sorted by name, without times, owners or modes of its own."""
    buffer = io.BytesIO()
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=buffer, compresslevel=level, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name in sorted(members):
            info = tarfile.TarInfo(name)
            info.size = len(members[name])
            info.mode = 0o644
            archive.addfile(info, io.BytesIO(members[name]))
    path.write_bytes(buffer.getvalue())


def _shown(name: str) -> str:
    return repr(name if len(name) <= 80 else name[:77] + "...")
