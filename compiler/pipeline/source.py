"""Where a piece of pipeline text stands, and errors that show the place."""

from __future__ import annotations

from dataclasses import dataclass

from split4ml.dialects.errors import Split4mlError


@dataclass(frozen=True)
class Source:
    """name: the script's file, or what a string on the command line is called in messages.

    command_line: the text is an argument of the command, so that an error in it is one of usage.
    """

    name: str
    text: str
    command_line: bool = False


@dataclass(frozen=True)
class Place:
    """Characters `start` to `end` of a source, counted from 0."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        """Counted from 1."""
        return self.source.text.count("\n", 0, self.start) + 1

    @property
    def column(self) -> int:
        """Counted from 1, in characters."""
        return self.start - self._line_start + 1

    @property
    def _line_start(self) -> int:
        return self.source.text.rfind("\n", 0, self.start) + 1

    def __str__(self) -> str:
        return f"{self.source.name}:{self.line}:{self.column}"

    def excerpt(self) -> str:
        """The line, and carets under the place."""
        begin = self._line_start
        stop = self.source.text.find("\n", begin)
        line = self.source.text[begin : stop if stop >= 0 else None].rstrip("\r")
        # tabs stay tabs, so that the carets line up however wide the terminal shows them
        indent = "".join("\t" if character == "\t" else " " for character in line[: self.column - 1])
        width = max(1, min(self.end - self.start, len(line) - self.column + 1))
        return f"{line}\n{indent}{'^' * width}"


@dataclass
class PipelineError(Split4mlError):
    """A fault in a pipeline or script. `where` is derived from `place`."""

    place: Place | None = None

    def __post_init__(self) -> None:
        if self.place is not None:
            self.where = str(self.place)

    @property
    def excerpt(self) -> str | None:
        return self.place.excerpt() if self.place else None

    @property
    def is_usage(self) -> bool:
        return self.place is not None and self.place.source.command_line
