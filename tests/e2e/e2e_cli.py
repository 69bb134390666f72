"""What the end-to-end tests share: where things are, and the command as a user runs it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
NETWORKS = ROOT / "tests" / "networks"

Cli = Callable[..., subprocess.CompletedProcess[str]]


def run_cli(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """`split4ml …`, as installed beside this Python."""
    command = [str(Path(sys.executable).parent / "split4ml"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=900, check=False)


def compiled(*arguments: object, into: Path) -> Path:
    """A finished build of a silent compilation."""
    done = run_cli("compile", *arguments, "-o", into, "--quiet")
    assert done.returncode == 0, done.stderr
    assert done.stderr == "" and done.stdout == ""
    return into
