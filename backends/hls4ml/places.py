"""Where the entries of a configuration file stand, so that a message can name the line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Places:
    """file: what the configuration came from. lines: of entries, by the path of keys to them, counted from 1."""

    file: str = "the hls4ml configuration"
    lines: Mapping[tuple[str, ...], int] = field(default_factory=dict)

    def of(self, *path: object) -> str:
        """`config.yml:12: LayerName: conv1`, with the line of the entry, or of the innermost known one around it."""
        keys = tuple(map(str, path))
        known = (self.lines[keys[:count]] for count in range(len(keys), -1, -1) if keys[:count] in self.lines)
        line = next(known, None)
        return ": ".join([self.file if line is None else f"{self.file}:{line}", *keys])

    def within(self, key: str) -> Places:
        """Of the table under a key."""
        return Places(self.file, {path[1:]: line for path, line in self.lines.items() if path[:1] == (key,)})
