"""Every failure is one message and an exit status, never a traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from split4ml.compiler.diagnostics import guarded
from split4ml.compiler.main import main
from split4ml.compiler.passrunner import apply_instance, context
from split4ml.compiler.pipeline.parser import parse_pipeline
from split4ml.dialects.errors import Split4mlError, UsageError, meant


def failing(error: BaseException) -> Callable[[], int]:
    def run() -> int:
        raise error

    return run


@pytest.fixture(autouse=True)
def _crashes_go_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    yield


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (
            Split4mlError("it is bad", "m.onnx", "make it good"),
            1,
            "error: m.onnx: it is bad\n  help: make it good\n",
        ),
        (Split4mlError("it is bad"), 1, "error: it is bad\n"),
        (UsageError("no such thing", hint="--help"), 2, "error: no such thing\n  help: --help\n"),
        (
            FileNotFoundError(2, "No such file or directory", "x.mlir"),
            1,
            "error: x.mlir: no such file or directory\n",
        ),
        (PermissionError(13, "Permission denied", "/x"), 1, "error: /x: permission denied\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
        (MemoryError(), 1, "error: out of memory\n"),
        (OSError(28, "No space left on device"), 1, "error: cannot write: no space left on device\n"),
    ],
)
def test_messages(capsys: pytest.CaptureFixture[str], error: BaseException, status: int, text: str) -> None:
    assert guarded(failing(error)) == status
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", text)


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(failing(Split4mlError("it is bad", "m.onnx", "fix it")), as_json=True) == 1
    assert json.loads(capsys.readouterr().out) == {
        "error": {"kind": "input", "message": "it is bad", "where": "m.onnx", "hint": "fix it"}
    }


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="there is no /dev/full")
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_output_that_nobody_takes(options: list[str]) -> None:
    program = "import sys; from split4ml.compiler.diagnostics import guarded\n"
    program += f"sys.exit(guarded(lambda: print('x' * 100000) or 0, as_json={bool(options)}))"
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", program], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (1, "error: cannot write: no space left on device\n")


def test_a_pipeline_error_shows_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(lambda: len(parse_pipeline("estimate,,x"))) == 2
    assert (
        capsys.readouterr().err
        == "error: -p:1:10: expected the end or a name, found ','\n  estimate,,x\n           ^\n"
    )


def test_our_own_fault_is_saved(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert guarded(failing(RuntimeError("this cannot be"))) == 3
    message = capsys.readouterr().err
    assert message.startswith(
        "internal error: RuntimeError: this cannot be\n  help: this is our fault; please report it"
    )
    assert "Traceback" not in message
    (saved,) = tmp_path.glob("split4ml-crash-*.mlir")
    assert str(saved) in message
    assert "// RuntimeError: this cannot be" in saved.read_text()


def test_a_crashing_pass_leaves_ir_and_pipeline_to_try_again(tmp_path: Path) -> None:
    from xdsl.context import Context
    from xdsl.dialects.builtin import ModuleOp, StringAttr
    from xdsl.passes import ModulePass

    class Crash(ModulePass):
        name = "crash"

        def apply(self, ctx: Context, op: ModuleOp) -> None:
            op.attributes["half"] = StringAttr("done")
            raise IndexError("list index out of range")

    module = ModuleOp([], {"given": StringAttr("this")})

    def run() -> int:
        apply_instance(Crash(), "crash{x=1}", context(), module)
        return 0

    assert guarded(run) == 3
    (saved,) = tmp_path.glob("split4ml-crash-*.mlir")
    text = saved.read_text()
    assert "-p 'crash{x=1}'" in text
    assert "IndexError" in text
    # the module as it was before the pass, and the file is IR that parses
    assert 'given = "this"' in text
    assert "half" not in text.split("\n\n")[-1]
    assert main(["opt", str(saved)]) == 0


def test_a_pass_that_breaks_the_ir_is_our_fault(capsys: pytest.CaptureFixture[str]) -> None:
    from xdsl.context import Context
    from xdsl.dialects.builtin import ModuleOp
    from xdsl.ir import Block
    from xdsl.passes import ModulePass

    class Break(ModulePass):
        name = "break"

        def apply(self, ctx: Context, op: ModuleOp) -> None:
            op.body.add_block(Block())  # a module has one

    def run() -> int:
        apply_instance(Break(), "break", context(), ModuleOp([]))
        return 0

    assert guarded(run) == 3
    assert "the pass break left IR that does not verify" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "where", "message"),
    [
        (b"builtin.module {\n  oops\n}", ":2:3", ""),
        (b'"test.op"(%x) : (i32) -> ()', "", ""),
        (b'"test.op"() : () -> !flow.stream<0 x 1 x int<8>>', ":1:", "at least one token"),
        (b"\x80\x81 not text", "", "no text"),
        (b'"unknown.op"() : () -> ()', ":1:", "unknown.op"),
        (b'"flow.fifo"() : () -> ()', ":1:1", ""),
        (b'"test.op"() {a = 99999999999999999999999999 : i8} : () -> ()', ":1:", ""),
        (b'"test.op"() {a = dense<[1, [2]]> : tensor<2xi8>} : () -> ()', ":1:", ""),
        (b'"test.op"() {a = "\xc3\xa9", b = #flow.cost<x>} : () -> ()', ":1:", ""),
    ],
)
def test_bad_ir_is_one_message_with_a_place(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: bytes, where: str, message: str
) -> None:
    path = tmp_path / "in.mlir"
    path.write_bytes(content)
    assert main(["opt", str(path)]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"error: {path}{where}"), error
    assert message in error
    assert len(error.splitlines()) <= 6


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["opt", "nowhere.mlir"], 1, "nowhere.mlir: no such file or directory"),
        (["opt", "."], 2, "no front end reads"),
        (["opt", ".", "-f", "mlir"], 1, "a folder"),
        (["opt", "x.txt"], 2, "no front end reads .txt"),
        (["opt", "x.onnx", "--split-input-file"], 2, "not split"),
        (["opt", "nowhere.onnx"], 1, "nowhere.onnx"),
        (["opt", "x.mlir", "-p", "profil"], 2, "did you mean 'profile'?"),
        (["opt", "x.mlir", "-t", "{"], 2, "target"),
        (["compile", "nowhere.onnx", "-o", "build"], 1, "nowhere.onnx: there is no such file"),
        (["compile", "m.onnx"], 2, "-o DIR is missing"),
        (["compile", "m.onnx", "-o", "x", "-p", "a{"], 1, "no such file"),
        (["run", "nowhere.s4ml"], 1, "nowhere.s4ml: no such file"),
        (["run", "."], 1, "is a directory"),
        (["report", "nowhere"], 1, "no such build directory"),
        (["predict", "nowhere", "x.npz", "-o", "y.npz"], 1, "no such build directory"),
        (["verify", "nowhere"], 1, "no such build directory"),
        (["verify", "nowhere", "--rtl", "real"], 2, "invalid choice"),
        ([], 2, "COMMAND"),
        (["expolre"], 2, "invalid choice"),
        (["report", "--jsn", "x"], 2, "did you mean '--json'?"),
    ],
)
def test_statuses(
    capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, message: str
) -> None:
    assert main(arguments) == status
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert message in error


def test_a_closed_pipe_is_no_error() -> None:
    command = f"{sys.executable} -m split4ml.compiler.main --help | true"
    run = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert run.stderr == ""
    command = f"{sys.executable} -m split4ml.compiler.main compile m.onnx --print-pipeline | true"
    run = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert run.stderr == ""


@pytest.mark.parametrize(
    ("name", "most", "hint"),
    [
        ("partitoin", 1, "did you mean 'partition'?"),
        ("PROFILE", 1, "did you mean 'profile'?"),
        ("conv", 2, "did you mean 'conv2' or 'conv1'?"),
        ("zzz", 3, None),
    ],
)
def test_nearest_words(name: str, most: int, hint: str | None) -> None:
    assert meant(name, ["partition", "profile", "conv2", "conv1"], most) == hint
