"""Options of a compilation: typed, checked, the same from the command line, a script and a file."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from split4ml.compiler.builddir import options_beside, read_options, write_options
from split4ml.compiler.cli.compile_options import compile_options
from split4ml.compiler.cli.parser import build_parser
from split4ml.compiler.options import HELP, CompileOptions, from_toml
from split4ml.dialects.errors import Split4mlError, UsageError

layers = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=10)
valid = st.builds(
    CompileOptions,
    start=st.sampled_from(["per-frame", "held"]),
    clock=st.floats(0.1, 1000),
    precision=st.sampled_from(["fixed<16,6>", "ufixed<8,0,RND,SAT>", "ap_fixed<12,4>"]),
    reuse_factor=st.integers(1, 10**6),
    subgraphs=st.none() | st.just("auto") | st.integers(8, 256),
    cut_before=st.lists(layers, max_size=3).map(tuple),
    keep_together=st.lists(layers, max_size=3).map(tuple),
    budget=st.sampled_from([(), ("lut=5",), ("lut=5", "dsp=0")]),
    minimise=st.sampled_from([(), ("bits", "time")]),
    at_most=st.sampled_from([(), ("time=3600",)]),
    slack=st.none() | st.floats(0, 50),
    jobs=st.none() | st.integers(1, 9),
    slr=st.booleans(),
    budget_by=st.sampled_from([None, "high"]),
    pipeline=st.none() | layers,
    profile_frames=st.integers(4, 100),
    verify=st.sampled_from(["none", "csim", "rtl"]),
)


def parsed(*arguments: str) -> CompileOptions:
    return compile_options(build_parser().parse_args(["compile", "m.onnx", *arguments]))


@given(valid)
def test_toml_reads_back(options: CompileOptions) -> None:
    assert from_toml(options.to_toml(), "x") == options
    assert from_toml(options.to_toml(), "x").to_toml() == options.to_toml()


def test_every_option_has_help() -> None:
    assert set(HELP) == {field.name for field in dataclasses.fields(CompileOptions)}


def test_command_line() -> None:
    options = parsed(
        *[
            "--subgraphs",
            "4",
            "--cut-before",
            "a,b",
            "--cut-before",
            "c",
            "--keep-together",
            "d,e",
            "--keep-together",
            "f,g",
        ],
        *[
            "--budget",
            "lut=5,dsp=4",
            "--budget",
            "ff=3",
            "--clock",
            "2.5",
            "--verify",
            "rtl",
            "--start",
            "held",
            "-p",
            "estimate",
        ],
    )
    assert options == CompileOptions(
        subgraphs=4,
        cut_before=("a", "b", "c"),
        keep_together=("d+e", "f+g"),
        budget=("lut=5", "dsp=4", "ff=3"),
        clock=2.5,
        verify="rtl",
        start="held",
        pipeline="estimate",
    )
    assert options.budgets == {"lut": 5, "dsp": 4, "ff": 3}
    assert options.clock_ps == 2500


def test_wishes_for_the_split() -> None:
    options = parsed(
        *(
            "--minimise",
            "bits,time",
            "--at-most",
            "time=60,bits=9",
            "--pin",
            "a=0,b=slr1",
            "--keep-apart",
            "c,d",
        ),
        *("--slr", "--utilisation", "lut=60", "--jobs", "2", "--memory", "64", "--cut-points", "conv*,pool?"),
    )
    assert (options.minimise, options.at_most) == (("bits", "time"), ("time=60", "bits=9"))
    assert (options.pin, options.keep_apart) == (("a=0", "b=slr1"), ("c+d",))
    assert (options.slr, options.jobs, options.memory) == (True, 2, 64.0)
    assert options.cut_points == ("conv*", "pool?")


def test_a_board_stands_for_its_part() -> None:
    assert parsed("--board", "Alveo U250").part == "xcu250-figd2104-2L-e"
    assert parsed("--board", "zcu102", "--part", "xczu9eg-ffvb1156-2-e").part == "xczu9eg-ffvb1156-2-e"


def test_the_tool_follows_the_backend() -> None:
    assert parsed().tool == "vitis-2023.2"
    assert (parsed("--backend", "Vivado").tool or "").startswith("vivado-")
    assert CompileOptions().updated({"backend": "Vivado"}).tool == parsed("--backend", "Vivado").tool


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--clock 0", "clock period"),
        ("--clock fast", "must be number"),
        ("--subgraphs 0", "subgraphs is 0"),
        ("--subgraphs many", "must be integer|auto"),
        ("--profile-frames 3", "profile-frames is 3, but must be at least 4"),
        ("--reuse-factor 99999999999", "must be at most 2147483647"),
        ("--strategy fast", "strategy: 'fast' is none of latency, resource"),
        ("--precision fixed<16,99999>", "bits before the point, not 99999"),
        ("--budget lut=80%", "no budget such as lut=50000"),
        ("--budget urams=8", "no budget such as lut=50000"),
        ("--budget-by most", "invalid choice"),
        ("--jobs few", "must be integer"),
        ("--board zcu103", ["there is no board 'zcu103'", " did you mean"][0]),
        ("--board zcu102 --part xcvu9p-flga2104-2L-e", "the board zcu102 has the part xczu9eg-ffvb1156-2-e"),
        ("--device-file nowhere.toml", "nowhere.toml"),
        ("--budget lut=8,lut=9", "given twice"),
        ("--io-type io_parallel", "io_parallel"),
        ("--part x;rm", "no FPGA part number"),
        ("--precision float", "no element type"),
        ("--tool vitis-1999", "vitis-1999"),
        ("--backend Vivado --tool vitis-2023.2", "not those of the backend Vivado"),
        ("--reuse-factor 0", "reuse-factor is 0"),
        ("--hls-config nowhere.yml", "nowhere.yml"),
        ("--verify all", "invalid choice"),
        ("--subgraph 3", "there is no option --subgraph"),
    ],
)
def test_what_cannot_be_is_one_clear_message(arguments: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parsed(*arguments.split())
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("schema = ", "no TOML"),
        ("schema = 99", "schema is 99"),
        ("schema = 1\noptions = 3", "no table"),
        ("schema = 1\n[options]\nclok = 3", "has no option 'clok'"),
        ('schema = 1\n[options]\nclock = "x"', "clock is"),
        ("schema = 1\n[options]\nclock = 0", "clock period"),
        ("schema = 1\n[options]\nhls-config = {a = 1}", "hls-config is {"),
    ],
)
def test_a_damaged_file_is_told(text: str, message: str) -> None:
    with pytest.raises(Split4mlError) as caught:
        from_toml(text, "split4ml.toml")
    assert message in str(caught.value)
    assert caught.value.where == "split4ml.toml"


def test_a_build_keeps_copies_of_what_it_names_and_may_be_moved(tmp_path: Path) -> None:
    config = tmp_path / "my.yml"
    config.write_text("Model: {}\n")
    build = tmp_path / "build"
    build.mkdir()
    written = write_options(build, CompileOptions(hls_config=config, subgraphs=3))
    config.unlink()
    assert str(tmp_path) not in (build / "split4ml.toml").read_text()
    assert read_options(build) == written
    moved = build.rename(tmp_path / "moved")
    assert (read_options(moved).hls_config or Path()).read_text() == "Model: {}\n"


def test_an_absolute_path_is_never_written() -> None:
    with pytest.raises(ValueError, match="absolute"):
        CompileOptions(input=Path("/tmp/x.npz")).to_toml()


def test_a_stage_brings_the_options_of_its_build(tmp_path: Path) -> None:
    stage = tmp_path / "ir" / "03-x.mlir"
    stage.parent.mkdir()
    stage.touch()
    assert options_beside(stage) is None
    write_options(tmp_path, CompileOptions(clock=3.0, subgraphs=2))
    arguments = build_parser().parse_args(["compile", str(stage), "--subgraphs", "3"])
    assert compile_options(arguments) == CompileOptions(clock=3.0, subgraphs=3)
