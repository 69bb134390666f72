"""Scripts run statement by statement, and are checked as a whole before."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pytest

from split4ml.compiler.builddir import write_options
from split4ml.compiler.defaults import default_pipeline, pipeline_of
from split4ml.compiler.main import main
from split4ml.compiler.options import CompileOptions
from split4ml.compiler.pipeline.parser import parse_pipeline, parse_script
from split4ml.compiler.pipeline.script import ScriptRunner, check_script
from split4ml.compiler.pipeline.source import PipelineError
from split4ml.compiler.progress import Reporter
from split4ml.dialects.errors import Split4mlError

IR = """\
flow.model @m archive("m.fml", "sha256:00") {
  %i = flow.input @x : !flow.stream<4x1xint<8>>
  %a = flow.task "Relu" @a(%i) {cost = #flow.cost<hls, lut 0:0:0, ff 0:0:0, dsp 0:0:0, bram18 0:0:0, synth_ms 9:9:9, "test">} : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  %1 = flow.fifo @fa %a depth 4 : !flow.stream<4x1xint<8>>
  %b = flow.task "Relu" @b(%1) {cost = #flow.cost<hls, lut 0:0:0, ff 0:0:0, dsp 0:0:0, bram18 0:0:0, synth_ms 9:9:9, "test">} : (!flow.stream<4x1xint<8>>) -> !flow.stream<4x1xint<8>>
  flow.output @y %b : !flow.stream<4x1xint<8>>
}
"""
Compiled = list[tuple[Path, Path, CompileOptions, Collection[str]]]


def run(folder: Path, text: str) -> Compiled:
    """Runs a script beside `in.mlir`; returns what it compiled."""
    (folder / "in.mlir").write_text(IR)
    compiled: Compiled = []
    runner = ScriptRunner(folder, lambda *what: compiled.append(what), Reporter())
    runner.run(text, "s")
    return compiled


def test_run_print_emit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tmp_path, 'load "in.mlir"\npipeline two = partition{subgraphs=2}\nrun two\nprint\nemit "out.mlir"\n')
    printed = capsys.readouterr().out
    assert "flow.subgraph @sg1" in printed
    assert (tmp_path / "out.mlir").read_text() == printed
    # what was emitted runs on
    run(tmp_path, 'load "out.mlir"\nrun partition{subgraphs=1}\nprint\n')
    assert "@sg1" not in capsys.readouterr().out


def test_load_begins_anew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tmp_path, 'load "in.mlir"\nrun partition{subgraphs=2}\nload "in.mlir"\nprint')
    assert "flow.subgraph" not in capsys.readouterr().out


def test_compile(tmp_path: Path) -> None:
    compiled = run(
        tmp_path,
        """\
set clock = 3
set hls-config = "my.yml"
load "in.mlir"
compile -> "one"
pipeline p = estimate, partition{subgraphs=2 cut-before="a b"}
set verify = none
compile p, profile -> "two"
""",
    )
    (source, one, first, _), (_, two, second, fresh) = compiled
    assert (source, one, two) == (tmp_path / "in.mlir", tmp_path / "one", tmp_path / "two")
    assert first == CompileOptions(clock=3.0, hls_config=tmp_path / "my.yml")
    assert second.verify == "none" and "pipeline" in fresh
    assert pipeline_of(second) == parse_pipeline('estimate,partition{subgraphs=2 cut-before="a b"},profile')


def test_a_stage_brings_the_options_of_its_build(tmp_path: Path) -> None:
    (tmp_path / "ir").mkdir()
    (tmp_path / "ir" / "03-x.mlir").write_text(IR)
    write_options(tmp_path, CompileOptions(clock=3.0, subgraphs=2))
    ((_, _, options, fresh),) = run(tmp_path, 'set subgraphs = 1\nload "ir/03-x.mlir"\ncompile -> "b"')
    assert options == CompileOptions(clock=3.0, subgraphs=1)
    assert "pipeline" not in fresh  # it goes on from its stage


@pytest.mark.parametrize(
    "options",
    [
        CompileOptions(),
        CompileOptions(backend="Vivado", clock=4.0, start="held"),
        CompileOptions(subgraphs=3, cut_before=("a b",), keep_together=("c+d",), budget=("lut=5",)),
        CompileOptions(pipeline='estimate,partition{cut-before="x"}', verify="rtl"),
        CompileOptions(profile_frames=12, hls_config=Path("my.yml"), precision="fixed<12,4>"),
    ],
)
def test_the_printed_pipeline_does_what_compile_does(tmp_path: Path, options: CompileOptions) -> None:
    (tmp_path / "in.onnx").touch()
    text = default_pipeline(options, "in.onnx", "build")
    ((source, directory, found, _),) = run(tmp_path, text)
    assert (source, directory) == (tmp_path / "in.onnx", tmp_path / "build")
    assert pipeline_of(found) == pipeline_of(options)
    for name in ("backend", "tool", "clock", "start", "precision", "verify"):
        assert getattr(found, name) == getattr(options, name)
    expected = tmp_path / options.hls_config if options.hls_config else None
    assert found.hls_config == expected


def test_the_pipeline_printed_for_a_stage_goes_on_from_it(tmp_path: Path) -> None:
    options = CompileOptions(precision="fixed<12,4>", subgraphs=3, verify="none")
    ((source, _, found, given),) = run(tmp_path, default_pipeline(options, "in.mlir", "build"))
    assert source == tmp_path / "in.mlir" and found.verify == "none"
    assert set(given) == {"verify"}


def test_print_pipeline(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", "m.onnx", "--subgraphs", "3", "--print-pipeline"]) == 0
    text = capsys.readouterr().out
    check_script(parse_script(text, "printed"))
    assert "partition{subgraphs=3}" in text


@pytest.mark.parametrize(
    ("text", "where", "message", "hint"),
    [
        ("print", "s:1:1", "no model is loaded", "load"),
        ('compile -> "x"', "s:1:12", "no model is loaded", "load"),
        ('load "in.mlir"\nrun partitoin', "s:2:5", "no pass or pipeline 'partitoin'", "'partition'"),
        ('load "in.mlir"\nrun later\npipeline later = estimate', "s:2:5", "no pass or pipeline", ""),
        ("pipeline estimate = profile", "s:1:10", "is a pass", "another name"),
        ("pipeline a = profile\npipeline a = profile", "s:2:10", "is a pipeline already", ""),
        ('load "in.mlir"\npipeline a = profile\nrun a{x=1}', "s:3:7", "takes no options", ""),
        ("set part = x;y", "s:1:5", "no FPGA part number", ""),
        ("set prat = xcu250", "s:1:5", "no option 'prat'", "did you mean 'part'?"),
        ("set clock = soon", "s:1:5", "must be number", ""),
        ('load "in.mlir"\nrun partition\nset clock = 3', "s:3:1", "settings cannot change", "load"),
        ('load "in.mlir"\nrun partition\ncompile -> "x"', "s:3:12", "compile begins with the file", "load"),
        ('load "in.mlir"\nrun partition\nrun profile{frame=1}', "s:3:13", "no option 'frame'", "'frames'"),
        ('load "nowhere.mlir"', "s:1:6", "there is no file 'nowhere.mlir'", ""),
    ],
)
def test_errors(tmp_path: Path, text: str, where: str, message: str, hint: str) -> None:
    with pytest.raises(PipelineError) as caught:
        run(tmp_path, text)
    assert caught.value.where == where
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")


def test_nothing_runs_if_the_end_of_the_script_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(Split4mlError):
        run(tmp_path, 'load "in.mlir"\nemit "out.mlir"\nrun profil')
    assert not (tmp_path / "out.mlir").exists()


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in.mlir").write_text(IR)
    script = tmp_path / "flow.s4ml"
    script.write_text('load "in.mlir"\nrun partition{subgraphs=2}\nprint\n')
    assert main(["run", str(script), "--quiet"]) == 0
    assert "flow.subgraph @sg1" in capsys.readouterr().out
    script.write_text("print\n")
    assert main(["run", str(script)]) == 1
    assert capsys.readouterr().err.startswith(
        f"error: {script}:1:1: no model is loaded yet\n  print\n  ^^^^^\n"
    )
