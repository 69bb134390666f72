"""Where a command runs: directories that are not ours, compilers that are missing or fail, signals, other commands."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from bad_input import LOWER, Lab
from e2e_cli import run_cli

PROFILE = f"{LOWER},profile"

# The output directory


def test_what_is_not_ours_is_left_alone(lab: Lab, tiny_onnx: Path, tiny_split: Path) -> None:
    thesis = lab.folder / "thesis"
    thesis.mkdir()
    (thesis / "report.json").write_text('{"schema": 1}')
    lab.write("file", "text")
    (lab.folder / "link").symlink_to(tiny_split)
    (lab.folder / "dangling").symlink_to(lab.folder / "nowhere")
    cases = {
        "thesis": "was not made by split4ml",
        "file": "is no directory",
        "link": "is no directory",
        "dangling": "is no directory",
        "file/below": "cannot make a directory here",
        "n" * 300: "file name too long",
    }
    for name, words in cases.items():
        for force in ((), ("--force",)):
            done = lab.compile(tiny_onnx, *force, into=lab.folder / name)
            assert done.status == 1 and words in done.err, done
    assert (lab.folder / "file").read_text() == "text"


def test_a_folder_that_takes_no_files(lab: Lab, tiny_onnx: Path) -> None:
    parent = lab.folder / "readonly"
    parent.mkdir()
    parent.chmod(0o555)
    if os.access(parent, os.W_OK):  # nothing is read-only for root but what the kernel makes
        parent = Path("/proc")
    done = lab.compile(tiny_onnx, into=parent / "build")
    assert done.status == 1 and f"{parent}: cannot make a directory here" in done.err


def test_an_existing_build_stays_unless_all_goes_well(lab: Lab, tiny_onnx: Path, tiny_split: Path) -> None:
    build = lab.copy(tiny_split)

    def content() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in build.rglob("*") if path.is_file()}

    before = content()
    done = lab.compile(tiny_onnx, into=build)
    assert done.status == 1 and "--force replaces it" in done.err
    # all passes run, and then there is one more that fails
    done = lab.compile(tiny_onnx, "--force", "-p", f"{LOWER},size-fifos", into=build)
    assert done.status == 1 and "no profile of the FIFO" in done.err
    assert content() == before
    assert lab.compile(tiny_onnx, "--force", "--precision", "fixed<12,4>", into=build).status == 0
    assert "fixed<12,4>" in (build / "split4ml.toml").read_text()


def test_outputs_of_other_commands(lab: Lab, tiny_onnx: Path, tiny_split: Path) -> None:
    np.savez(lab.folder / "x.npz", x=np.zeros((1, 2, 8, 8)))
    for output in (lab.folder, lab.folder / "nowhere" / "file"):
        for command in (("opt", tiny_onnx), ("predict", tiny_split, lab.folder / "x.npz", "--quiet")):
            if command[0] == "predict" and output != lab.folder:
                continue  # written last: it would be compiled first
            done = lab.run(*command, "-o", output)
            assert done.status == 1 and str(output.parent) in done.err


# The compiler


@pytest.fixture
def compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Makes `g++` a shell script; without a cache of traces, which would spare it the work."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("SPLIT4ML_CACHE", "")
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def make(script: str) -> Path:
        program = folder / "g++"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return program

    return make


def test_no_compiler(
    lab: Lab, tiny_onnx: Path, tiny_build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is missed before the work begins, and only where it is needed."""
    np.savez(lab.folder / "x.npz", x=np.zeros((1, 2, 8, 8)))
    build = lab.copy(tiny_build)
    commands: list[tuple[object, ...]] = [
        ("compile", tiny_onnx, "-o", lab.out, "--quiet", "--verify", "none"),
        ("compile", tiny_onnx, "-o", lab.out, "--quiet", "-p", LOWER),
        ("predict", build, lab.folder / "x.npz", "-o", lab.folder / "y.npz", "--quiet"),
        ("verify", build, "--quiet"),
    ]
    monkeypatch.setenv("CXX", "no-such-g++")
    for command in commands:
        done = lab.run(*command)
        assert done.status == 1 and "the C++ compiler 'no-such-g++' was not found" in done.err, done
        assert "install g++" in done.err
    monkeypatch.delenv("CXX")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "the C++ compiler 'g++' was not found" in lab.run(*commands[0]).err
    assert lab.compile(tiny_onnx).status == 0


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (
            "echo 'x.h:3:1: error: no such thing' >&2; exit 1",
            "does not compile: x.h:3:1: error: no such thing",
        ),
        ("exit 7", "does not compile: g++ exit status 7"),
        ("kill -9 $$", "the compiler was killed by SIGKILL"),
        ("exit 0", "says that it compiled, but wrote nothing"),
        ("printf 'error: \\033[2J\\a' >&2; exit 1", "error: ?[2J?"),
        ("yes error: long | head -c 1000000 >&2; exit 1", "error: long"),
    ],
)
def test_a_compiler_that_fails(
    lab: Lab, tiny_onnx: Path, tiny_build: Path, compiler: Callable[[str], Path], script: str, words: str
) -> None:
    compiler(script)
    message = lab.refuse(tiny_onnx, "-p", PROFILE, words=[words, "flow.model @tiny, profile"])
    assert len(message) < 700
    build = lab.copy(tiny_build)
    done = lab.run("verify", build, "--quiet")
    assert done.status == 1 and words in done.err and str(build / "subgraphs") in done.err


# Simulations that misbehave

FAULTS = {
    "exit(3);": "subgraph sg0: the C simulation ended itself with status 3",
    "exit(0);": "subgraph sg0: the C simulation ended itself with status 0",
    "abort();": "subgraph sg0: the C simulation crashed (SIGABRT)",
    "return;": "subgraph sg0: after frame 0, the stream x holds 64 tokens instead of 0",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_simulation_that_misbehaves(lab: Lab, tiny_build: Path, fault: str) -> None:
    build = lab.copy(tiny_build)
    source = build / "subgraphs" / "sg0" / "firmware" / "sg0.cpp"
    text = source.read_text()
    body = text.index("{", text.index("void sg0(")) + 1
    source.write_text(f"#include <cstdlib>\n{text[:body]}\n{fault}\n{text[body:]}")
    np.savez(lab.folder / "x.npz", x=np.zeros((2, 2, 8, 8)))
    done = lab.run("predict", build, lab.folder / "x.npz", "-o", lab.folder / "y.npz", "--quiet")
    assert (done.status, done.out) == (1, "") and FAULTS[fault] in done.err, done


def test_a_traced_program_that_exits(lab: Lab, tiny_build: Path) -> None:
    build = lab.copy(tiny_build)
    source = build / "subgraphs" / "sg0" / "firmware" / "sg0.cpp"
    text = source.read_text()
    body = text.index("{", text.index("void sg0(")) + 1
    source.write_text(f"#include <cstdlib>\n{text[:body]}\nexit(5);\n{text[body:]}")
    done = lab.run("verify", build, "--subgraph", "sg0", "--quiet")
    assert done.status == 1 and "the C simulation ended with exit status 5" in done.err
    done = lab.run("verify", build, "--subgraph", "../sg0", "--quiet")
    assert done.status == 1 and "there is no subgraph '../sg0'" in done.err


def test_a_project_of_which_files_are_missing(lab: Lab, tiny_build: Path) -> None:
    build = lab.copy(tiny_build)
    firmware = build / "subgraphs" / "sg0" / "firmware"
    for name, words in (("weights/w2.h", "w2.h"), ("defines.h", "defines.h"), ("sg0.h", "sg0.h")):
        (firmware / name).unlink()
        done = lab.run("verify", build, "--quiet")
        assert done.status == 1 and words in done.err and str(build / "subgraphs" / "sg0") in done.err
    done = lab.run("verify", lab.folder, "--quiet")
    assert done.status == 1 and "this is no build directory" in done.err


# Signals


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_compilation_leaves_nothing(
    lab: Lab, tiny_onnx: Path, compiler: Callable[[str], Path], number: signal.Signals, status: int
) -> None:
    """It is struck while a child compiles the C++, which ends with it."""
    marker = lab.scratch.parent / "compiling"
    compiler(f"echo $$ > {marker}.new; mv {marker}.new {marker}; exec sleep 60")
    code = (  # a shell that put the tests into the background made them ignore Ctrl-C
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from split4ml.compiler.main import main; sys.exit(main())"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, "compile", str(tiny_onnx), "-o", str(lab.out), "--quiet", "-p", PROFILE],
        env={**os.environ, "TMPDIR": str(lab.scratch)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not marker.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [path.suffix for path in lab.folder.iterdir()] == [".partial"]
    process.send_signal(number)
    out, errors = process.communicate(timeout=30)
    assert (process.returncode, out) == (status, "")
    assert errors == ("interrupted\n" if number == signal.SIGINT else "")
    assert list(lab.folder.iterdir()) == [] and list(lab.scratch.iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.kill(int(marker.read_text()), 0)


# Others at work


def test_two_compilations_at_once(lab: Lab, tiny_onnx: Path) -> None:
    """Of the same network: into two folders both succeed, into one folder one does, and the other says why not."""
    command = [
        str(Path(sys.executable).parent / "split4ml"),
        "compile",
        str(tiny_onnx),
        "--quiet",
        "--verify",
        "none",
    ]
    outputs = [lab.folder / name for name in ("a", "b", "same", "same")]
    running = [
        subprocess.Popen([*command, "-p", LOWER, "-o", str(output)], stderr=subprocess.PIPE, text=True)
        for output in outputs
    ]
    errors = [process.communicate(timeout=100)[1] for process in running]
    assert [process.returncode for process in running[:2]] == [0, 0], errors
    assert sorted(process.returncode for process in running[2:]) == [0, 1], errors
    assert sum("this build exists" in error for error in errors) == 1
    assert sorted(path.name for path in lab.folder.iterdir()) == ["a", "b", "same"]
    reports = {(lab.folder / name / "report.json").read_bytes() for name in ("a", "b", "same")}
    assert len(reports) == 1


def test_the_command_itself(lab: Lab) -> None:
    """As a user runs it, not in this process."""
    done = run_cli("compile", lab.write("m.onnx", "hello"), "-o", lab.out)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: {lab.folder / 'm.onnx'}: this is no ONNX file")
    done = run_cli("compile", "--colck", "5")
    assert (done.returncode, done.stdout) == (2, "") and done.stderr.startswith("error: ")
    assert list(lab.folder.iterdir()) == [lab.folder / "m.onnx"]
