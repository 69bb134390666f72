"""The errors a user may see. Every one says what is wrong, where, and what to do.

`Split4mlError` is raised for faults in the input or the design (exit status 1), `UsageError` for a command
that makes no sense (2); anything else that escapes is our own fault (3). Only the driver renders them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass
class Split4mlError(Exception):
    """A fault in the user's input or design.

    message: one sentence, what is wrong, with the value found.
    where: file, `file:line`, layer or op, if known.
    hint: what to do about it, if known.
    """

    message: str
    where: str | None = None
    hint: str | None = None

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}\n  help: {self.hint}" if self.hint else text


class CheckFailed(Split4mlError):
    """A check found a design that is not what it should be. The driver keeps the evidence."""


class UsageError(Split4mlError):
    """A command line or option that makes no sense."""


def meant(name: str, known: Iterable[str], most: int = 1) -> str | None:
    """A hint: the known words nearest to one that is not, in whatever case, at most so many; None if none is near."""
    from difflib import get_close_matches

    alike: dict[str, list[str]] = {}
    for word in dict.fromkeys(known):
        alike.setdefault(word.lower(), []).append(word)
    found = get_close_matches(name.lower(), alike, most)
    near = [get_close_matches(name, alike[match], 1, cutoff=0)[0] for match in found]
    return f"did you mean {' or '.join(map(repr, near))}?" if near else None
