"""How failures look: one clear message, an exit status, and for faults of our own a saved reproducer.

    error: m.mlir:3:12: unknown operand                     status 1: the input or the design is at fault
        %0 = flow.task @a(%q)                                      2: the command makes no sense
                          ^^                                       3: we are at fault
      help: …                                                    130: interrupted

With `--json` a failure is one JSON object on standard output instead: {"error": {"kind", "message", …}}.
"""

from __future__ import annotations

import errno
import itertools
import json
import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from split4ml.dialects.errors import Split4mlError, UsageError

if TYPE_CHECKING:
    from xdsl.utils.lexer import Span

INPUT, USAGE, INTERNAL, INTERRUPTED = 1, 2, 3, 130

ISSUES = "the issue tracker of split4ml"

SURROUNDINGS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS)
"""What an OSError that names no file says of the machine: writing to a file, or standard output, that is open."""


@dataclass(frozen=True)
class Failure:
    """What a user is told. kind: `error`, `usage error` or `internal error`."""

    status: int
    message: str
    where: str | None = None
    hint: str | None = None
    excerpt: str | None = None

    @property
    def kind(self) -> str:
        return {USAGE: "usage", INTERNAL: "internal"}.get(self.status, "input")

    def text(self) -> str:
        prefix = "internal error" if self.status == INTERNAL else "error"
        place = f"{self.where}: " if self.where else ""
        lines = [f"{prefix}: {place}{self.message}"]
        lines += [f"  {line}" for line in (self.excerpt or "").splitlines()]
        lines += [f"  help: {self.hint}"] if self.hint else []
        return "\n".join(lines)

    def json(self) -> str:
        found = {"kind": self.kind, "message": self.message, "where": self.where, "hint": self.hint}
        return json.dumps({"error": found})


class PassCrash(Exception):
    """A pass failed in a way that no input may cause. `ir` is what it was given; the cause is chained."""

    def __init__(self, what: str, ir: str, pipeline: str) -> None:
        super().__init__(what)
        self.ir = ir
        self.pipeline = pipeline


def guarded(run: Callable[[], int], as_json: bool = False) -> int:
    """Runs a command and turns whatever escapes into a message and an exit status."""
    try:
        status = run()
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        return INPUT
    except SystemExit:  # argparse, after --help
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            _drop_output()
        raise
    except BaseException as error:  # noqa: BLE001  (also xDSL's ArgSpecParseError, which is no Exception)
        failure = explain(error) or _internal(error)
    if as_json:
        try:
            print(failure.json(), flush=True)
            return failure.status
        except OSError:  # then it is said in words
            pass
    print(failure.text(), file=sys.stderr)
    try:
        sys.stdout.flush()
    except OSError:
        _drop_output()
    return failure.status


def _drop_output() -> None:
    """Nobody takes it: the interpreter must not complain when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def explain(error: BaseException) -> Failure | None:
    """What a user did to get this; None if it is not a user's doing."""
    if isinstance(error, Split4mlError):
        usage = isinstance(error, UsageError) or getattr(error, "is_usage", False)
        return Failure(
            USAGE if usage else INPUT,
            error.message,
            error.where,
            error.hint,
            getattr(error, "excerpt", None),
        )
    if isinstance(error, OSError) and error.filename is not None:
        return Failure(INPUT, (error.strerror or str(error)).lower(), str(error.filename))
    if isinstance(error, OSError) and error.errno in SURROUNDINGS:
        return Failure(INPUT, f"cannot write: {(error.strerror or str(error)).lower()}")
    if isinstance(error, MemoryError):
        return Failure(INPUT, "out of memory")
    # xDSL's classes, without importing xDSL: an error of a module that is not loaded cannot have come
    if (xdsl := sys.modules.get("xdsl.utils.exceptions")) is None:
        return None
    if isinstance(error, xdsl.ParseError):
        return _parse_error(error)
    if isinstance(error, xdsl.DiagnosticException):
        where, excerpt = getattr(error, "where", None), getattr(error, "excerpt", None)
        return Failure(INPUT, _sentence(str(error)), where, excerpt=excerpt or _offender(error))
    if isinstance(error, xdsl.ArgSpecParseError):
        return Failure(USAGE, "the target specification does not parse", "-t", excerpt=str(error))
    return None


def locate(error: BaseException, span: Span[str] | Span[bytes]) -> None:
    """Notes where in the input an error of xDSL's comes from, for `explain`."""
    lines = span.print_with_context().splitlines()
    error.where, error.excerpt = lines[0], "\n".join(lines[1:3])  # type: ignore[attr-defined]


def _sentence(text: str) -> str:
    """The first line."""
    return (text.strip().splitlines() or ["the IR does not verify"])[0]


def _parse_error(error: BaseException) -> Failure:
    span = error.span  # type: ignore[attr-defined]
    lines = span.print_with_context().splitlines()
    message, *more = str(error.msg).strip().splitlines() or ["does not parse"]  # type: ignore[attr-defined]
    return Failure(INPUT, message, lines[0], excerpt="\n".join([*lines[1:3], *more]))


def _offender(error: BaseException) -> str | None:
    """The op that xDSL underlines in its printout of the module."""
    for note in getattr(error, "__notes__", ()):
        lines = note.splitlines()
        for above, line in itertools.pairwise(lines):
            if line.strip().startswith("^") and set(line.strip()) <= {"^", "-"}:
                text: str = above.strip()
                return text if len(text) <= 160 else text[:157] + "…"
    return None


def _internal(error: BaseException) -> Failure:
    cause = error.__cause__ if isinstance(error, PassCrash) and error.__cause__ else error
    message = f"{error}: {type(cause).__name__}: {_sentence(str(cause) or 'no message')}"
    if not isinstance(error, PassCrash):
        message = message.removeprefix(f"{error}: ")
    path = save_reproducer(error)
    hint = f"this is our fault; please report it to {ISSUES}" + (f", with {path}" if path else "")
    return Failure(INTERNAL, message, hint=hint)


def save_reproducer(error: BaseException) -> Path | None:
    """Writes what is needed to see the fault again; None if no folder takes it."""
    from split4ml.compiler.version import version

    trace = "".join(traceback.format_exception(error))
    lines = [f"split4ml {version()}, Python {sys.version.split()[0]}", "arguments: " + " ".join(sys.argv[1:])]
    ir = ""
    if isinstance(error, PassCrash):
        lines.append(f"again: split4ml opt THIS_FILE -p '{error.pipeline}'")
        ir = error.ir
    text = "".join(f"// {line}\n" for line in [*lines, "", *trace.splitlines()]) + "\n" + ir
    try:
        handle, name = tempfile.mkstemp(prefix="split4ml-crash-", suffix=".mlir")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError:
        return None
    return Path(name)
