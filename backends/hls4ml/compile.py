"""Compiles written projects to shared libraries for C simulation."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from split4ml.backends.cxx import failure, find_compiler
from split4ml.backends.hls4ml.bridge import (
    bridge_source,
    header_folder,
    read_interface,
    read_weights,
    sources_digest,
)
from split4ml.dialects.errors import Split4mlError

# -O1 compiles a third faster than hls4ml's -O3 and runs as fast (-O0 runs 20 times slower). The warnings that are switched
# off one by one cost more time than all else where there are many weights: -w only hides them. No floating-point
# freedom: tables of softmax and the like are computed in double, and must be the same in every build. Hidden
# symbols: several projects, with the same names inside, live in one process.
FLAGS = (
    "-std=c++17", "-O1", "-g0", "-w", "-fPIC", "-shared", "-fvisibility=hidden", "-ffp-contract=off",
    "-Wno-free-nonheap-object", "-Wno-mismatched-new-delete", "-Wno-use-after-free", "-Wno-dangling-pointer",
    "-Wno-mismatched-dealloc",
)  # fmt: skip
_OPTIONAL = ("-fno-gnu-unique",)  # g++ only
JOBS = 2
_TIMEOUT = 3600.0


def compile_projects(
    projects: Sequence[Path], workdir: Path, jobs: int = JOBS, timeout: float = _TIMEOUT
) -> list[Path]:
    """One library per project, in `workdir`, `jobs` at a time; what is already there and unchanged is kept.

    timeout: seconds for one project. Raises Split4mlError with the compiler's first error; nothing partly written
    is left behind.
    """
    compiler = find_compiler()
    flags = (*FLAGS, *_OPTIONAL) if "clang" not in Path(compiler).name else FLAGS
    workdir.mkdir(parents=True, exist_ok=True)
    running: set[subprocess.Popen[str]] = set()
    stopped = threading.Event()
    lock = threading.Lock()

    def one(project: Path) -> Path:
        interface = read_interface(project)
        key = hashlib.sha256(" ".join((compiler, *flags, sources_digest(project))).encode()).hexdigest()[:16]
        library = workdir / f"{interface.top}-{key}.so"
        if library.exists():
            return library
        source = workdir / f"{interface.top}-{key}.cpp"
        try:
            weights = read_weights(project)
        except (OSError, UnicodeDecodeError) as error:
            raise Split4mlError(f"its weights cannot be read: {error}", str(project)) from None
        np.concatenate([np.zeros(0), *(weight.values for weight in weights)]).tofile(weights_file(library))
        source.write_text(bridge_source(interface, weights))
        partial = library.with_suffix(".part")
        includes = [f"-I{path}" for path in (project, project / "firmware" / "ap_types", header_folder())]
        command = [compiler, *flags, *includes, str(source), "-o", str(partial)]
        with lock:
            if stopped.is_set():
                raise Split4mlError("the compilation was stopped", str(project))
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                start_new_session=True,
            )
            running.add(process)
        try:
            _, errors = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            _kill(process)
            raise Split4mlError(f"its C++ was not compiled within {timeout:.0f} s", str(project)) from None
        finally:
            with lock:
                running.discard(process)
        if process.returncode:
            partial.unlink(missing_ok=True)
            raise Split4mlError(
                f"its C++ does not compile: {failure(errors, process.returncode)}",
                str(project),
                "if a setting of the hls4ml configuration is unusual, try the default; else report it",
            )
        if not partial.exists():
            raise Split4mlError(f"{compiler} says that it compiled, but wrote nothing", str(project))
        partial.replace(library)
        return library

    with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        futures = [pool.submit(one, project) for project in projects]
        try:
            return [future.result() for future in futures]
        except BaseException:  # an error in one, or Ctrl-C: let the others go
            with lock:
                stopped.set()
                for process in running:
                    _kill(process)
            raise


def weights_file(library: Path) -> Path:
    """The numbers that a library expects before it runs, float64 in the order of its arrays."""
    return library.with_suffix(".f64")


def _kill(process: subprocess.Popen[str]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        process.kill()
