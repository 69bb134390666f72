"""Compiles the instrumented sources and runs them in a child process, everything captured."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from split4ml.backends.cxx import failure, find_compiler, printable, signal_name
from split4ml.dialects.errors import Split4mlError

_FLAGS = ("-std=c++14", "-O1", "-w", "-fpermissive", "-D__builtin_assume(x)=")


def compile_cpp(source: Path, output: Path, includes: list[Path], where: str, timeout: float) -> None:
    """Compiles one translation unit to a program. Raises Split4mlError with the compiler's first error."""
    command = [find_compiler(), *_FLAGS, *(f"-I{path}" for path in includes), str(source), "-o", str(output)]
    try:
        done = _captured(command, timeout)
    except subprocess.TimeoutExpired:
        raise Split4mlError(f"the C++ was not compiled within {timeout:.0f} s", where) from None
    if done.returncode:
        text = failure(_relative(done.stderr, [source.parent, *includes]), done.returncode)
        raise Split4mlError(f"the project's C++ does not compile: {text}", where)
    if not output.exists():
        raise Split4mlError(f"{command[0]} says that it compiled, but wrote nothing", where)


def _captured(
    command: list[str], timeout: float, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Raises subprocess.TimeoutExpired."""
    return subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout,
        stdin=subprocess.DEVNULL,
        cwd=folder,
    )


def _relative(text: str, folders: list[Path]) -> str:
    """A compiler's messages without the folders that we chose."""
    for folder in folders:
        text = text.replace(f"{folder}/", "")
    return text


def run_child(command: list[str], where: str, timeout: float, folder: Path) -> None:
    """Runs a traced program in `folder`. Raises Split4mlError, with the program's own last words, if it fails."""
    try:
        done = _captured(command, timeout, folder)
    except subprocess.TimeoutExpired:
        raise Split4mlError(f"the C simulation did not end within {timeout:.0f} s", where) from None
    if done.returncode == 0:
        return
    ours = re.search(r"^split4ml: (\w+) ?(.*)$", done.stderr, re.MULTILINE)
    if ours:
        raise Split4mlError(*_explain(ours.group(1), ours.group(2).split(), where))
    words = (done.stderr.strip() or done.stdout.strip()).splitlines()
    said = f": {printable(words[-1])}" if words else ""
    if done.returncode < 0:
        raise Split4mlError(f"the C simulation died by {signal_name(-done.returncode)}{said}", where)
    raise Split4mlError(f"the C simulation ended with exit status {done.returncode}{said}", where)


def _explain(kind: str, words: list[str], where: str) -> tuple[str, str, str | None]:
    name = words[0] if words else "?"
    match kind:
        case "underrun":
            reader = words[1] if len(words) > 1 else "a task"
            return (
                f"{reader} reads more tokens of stream {name} than there are",
                where,
                "give whole frames of every input",
            )
        case "leftover":
            return (
                f"tokens are left over in stream {name} after a frame",
                where,
                "give whole frames of every input",
            )
        case "width":
            return (
                f"the elements of stream {name} have {words[1]} bits; only 1 to 64 can be traced",
                where,
                "choose a narrower precision, with max_precision if hls4ml's config_from_…_model infers the types",
            )
        case "elements":
            return f"a token of input {name} has {words[1]} elements, not what was given", where, None
        case "idle":
            return f"a frame consumes nothing of input {name}", where, None
        case _:
            return f"the traced program failed: {kind} {' '.join(words)}", where, None
