"""Files by the content that they were made of, for whoever needs the same again.

A file that is cut off or damaged counts as absent. Files appear whole (a rename), so that any number of processes may share
the folder; if it cannot be written, nothing is kept.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path


def cache_folder(kind: str) -> Path | None:
    """`kind` in `$SPLIT4ML_CACHE`, or in `split4ml` in `$XDG_CACHE_HOME` or `~/.cache`; None if there is to be none (an empty
    `$SPLIT4ML_CACHE`)."""
    chosen = os.environ.get("SPLIT4ML_CACHE")
    if chosen is not None:
        return Path(chosen) / kind if chosen else None
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "split4ml" / kind
    except RuntimeError:  # no home
        return None


@dataclass(frozen=True)
class ContentCache:
    """folder: None keeps nothing. suffix: of its files, with the dot."""

    folder: Path | None
    suffix: str

    def get(self, key: str) -> bytes | None:
        """What was put under a key, a sha256 as hex."""
        if self.folder is None:
            return None
        try:
            digest, _, data = self._path(key).read_bytes().partition(b"\n")
        except OSError:
            return None
        if digest != sha256(data).hexdigest().encode():
            self.drop(key)
            return None
        return data

    def put(self, key: str, data: bytes) -> None:
        if self.folder is None:
            return
        path = self._path(key)
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(sha256(data).hexdigest().encode() + b"\n" + data)
                os.replace(name, path)
            except BaseException:
                os.unlink(name)
                raise

    def drop(self, key: str) -> None:
        """Removes a file that is of no use, so that it can be written anew."""
        with contextlib.suppress(OSError):
            self._path(key).unlink()

    def prune(self, limit: int) -> None:
        """Removes the oldest files beyond the limit."""
        with contextlib.suppress(OSError):
            files = sorted(self._files(), reverse=True)
            for _, path in files[limit:]:
                path.unlink(missing_ok=True)

    def _files(self) -> Iterator[tuple[float, Path]]:
        if self.folder is not None:
            for path in self.folder.glob(f"??/*{self.suffix}"):
                yield path.stat().st_mtime, path

    def _path(self, key: str) -> Path:
        assert self.folder is not None
        return self.folder / key[:2] / f"{key}{self.suffix}"
