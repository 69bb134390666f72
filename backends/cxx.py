"""The C++ compiler that simulations are built with: which one, and what its failure means."""

from __future__ import annotations

import os
import re
import shutil
import signal

from split4ml.dialects.errors import Split4mlError

_TEXT = 400


def find_compiler() -> str:
    """The C++ compiler: `$CXX`, or else g++. Raises Split4mlError if there is none."""
    name = os.environ.get("CXX") or "g++"
    found = shutil.which(name)
    if found is None:
        raise Split4mlError(
            f"the C++ compiler {name!r} was not found",
            hint="install g++ (Debian, Ubuntu: `apt install g++`): the generated C++ is compiled to be traced and simulated",
        )
    return found


def failure(errors: str, status: int) -> str:
    """What went wrong, in one line: the first error among the messages, or how the compiler ended."""
    if status < 0:
        return f"the compiler was killed by {signal_name(-status)} (out of memory?)"
    match = re.search(r"^(?:.*/)?([^/\n]*\b(?:fatal )?error: .*)$", errors, re.MULTILINE)
    lines = errors.strip().splitlines()
    return printable(match[1] if match else lines[-1] if lines else f"g++ exit status {status}")


def signal_name(number: int) -> str:
    """`SIGSEGV`, or `signal 77` for one without a name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def printable(text: str) -> str:
    """A line of a foreign program's output that may be shown: cut short, no control characters."""
    return "".join(c if c.isprintable() else "?" for c in text.strip()[:_TEXT])
