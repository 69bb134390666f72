"""The errors a user may see. Every one says what is wrong, where, and what to do.

`Split4mlError` is raised for faults in the input or the design (exit status 1), `UsageError` for a command
that makes no sense (2); anything else that escapes is our own fault (3). Only the driver renders them.
"""

from __future__ import annotations

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
