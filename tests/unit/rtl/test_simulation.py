"""Building and running simulations: exported IPs in the place of twins, moved folders, and what goes wrong."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from rtl_models import graph_of, random_tokens, stitched
from xdsl.dialects.builtin import ModuleOp

from split4ml.backends.rtl.top import Port
from split4ml.backends.verilator import tool
from split4ml.backends.verilator.exported import exported
from split4ml.backends.verilator.simulation import Simulation, build_simulation
from split4ml.backends.verilator.tokens import Words
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.timing.schedule import Schedule

STREAM = "!flow.stream<6 x 2 x fixed<12,4>>"
TEXT = f"""
flow.model @m archive("m.fml", "sha256:00") {{
  %i = flow.input @x : {STREAM}
  %0 = flow.task "Relu" @a(%i) : ({STREAM}) -> {STREAM}
  %1 = flow.fifo @f %0 depth 3 : {STREAM}
  %2 = flow.task "Relu" @b(%1) : ({STREAM}) -> {STREAM}
  %3 = flow.fifo @g %2 depth 3 : {STREAM}
  %4 = flow.task "Relu" @c(%3) : ({STREAM}) -> {STREAM}
  flow.output @y %4 : {STREAM}
}}"""
SPLIT = {"a": 0, "b": 1, "c": 2}
PASS = Schedule.of([(k, [0], [0]) for k in range(6)], 7)
SCHEDULES = {"a": PASS, "b": PASS, "c": PASS}

# What Vitis HLS might have exported for the second subgraph: hands on what it gets, padding sign-extended, and reads
# a table of no use from a file.
EXPORTED = """
// module sg1 is described here
module sg1 (ap_clk, ap_rst_n, ap_start, ap_done, ap_idle, ap_ready,
  f_TDATA, f_TVALID, f_TREADY, g_TDATA, g_TVALID, g_TREADY);
  input ap_clk, ap_rst_n, ap_start;
  output ap_done, ap_idle, ap_ready;
  input [31:0] f_TDATA;
  input f_TVALID;
  output f_TREADY;
  output [31:0] g_TDATA;
  output g_TVALID;
  input g_TREADY;
  reg [7:0] table_rom [0:0];
  initial $readmemh("./sg1_table.dat", table_rom);
  reg [31:0] data;
  reg full;
  reg [3:0] beat;
  wire take = f_TVALID & f_TREADY;
  wire unused = table_rom[0] == 8'h5a;
  assign f_TREADY = !full & unused;
  assign g_TVALID = full;
  assign g_TDATA = {{4{data[27]}}, data[27:16], {4{data[11]}}, data[11:0]};
  assign ap_ready = take & beat == 4'd5;
  assign ap_done = ap_ready;
  assign ap_idle = !ap_start;
  always @(posedge ap_clk) begin
    if (!ap_rst_n) begin
      full <= 0;
      beat <= 0;
    end else begin
      if (take) begin
        data <= f_TDATA;
        beat <= beat == 4'd5 ? 4'd0 : beat + 4'd1;
      end
      full <= take | (full & !g_TREADY);
    end
  end
endmodule
"""


@dataclass
class Built:
    module: ModuleOp
    simulation: Simulation
    tokens: dict[str, Words]


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    module = stitched(TEXT, SPLIT)
    folder = tmp_path_factory.mktemp("ip")
    (folder / "hdl").mkdir()
    (folder / "hdl/sg1.v").write_text(EXPORTED)
    (folder / "hdl/sg1_table.dat").write_text("5a\n")
    simulation = build_simulation(module, tmp_path_factory.mktemp("sim"), exported={"sg1": folder})
    tokens = random_tokens(3, graph_of(module), 2)
    tokens["g"] = tokens["f"]
    yield Built(module, simulation, tokens)


def test_an_exported_ip_among_twins(mixed: Built) -> None:
    result = mixed.simulation.run({"a": PASS, "c": PASS}, {}, mixed.tokens, 4, capture=True)
    result.check()
    assert mixed.simulation.kind == "mixed"
    assert np.array_equal(result.outputs["y"], np.concatenate([mixed.tokens["y"]] * 2))
    assert result.peaks.keys() == {"f", "g"} and "sg1.f" not in result.slice_peaks


def test_an_exported_ip_wired_to_twins(mixed: Built) -> None:
    result = mixed.simulation.run({"a": PASS, "c": PASS}, {"f": 0, "g": 0}, mixed.tokens, 4)
    result.check()
    assert result.peaks == {"f": 0, "g": 0}


def test_an_exported_ip_that_computes_wrong_values(mixed: Built) -> None:
    wrong = {**mixed.tokens, "g": mixed.tokens["g"].copy()}
    wrong["g"][4, 1] ^= np.uint64(1)
    result = mixed.simulation.run({"a": PASS, "c": PASS}, {}, wrong, 1)
    with pytest.raises(Split4mlError, match="c read token 4 of g: element 1 is 0x"):
        result.check()


def test_a_moved_folder_still_runs(mixed: Built, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    shutil.copytree(mixed.simulation.workdir, moved)
    simulation = Simulation(mixed.simulation.design, moved)
    simulation.run({"a": PASS, "c": PASS}, {}, mixed.tokens, 1).check()


@pytest.mark.parametrize(
    ("schedules", "depths", "frames", "stalls", "message"),
    [
        ({"a": PASS}, {}, 1, {}, "task c has no schedule"),
        (SCHEDULES, {"h": 2}, 1, {}, "no FIFO 'h'"),
        (SCHEDULES, {"f": -1}, 1, {}, "FIFO f cannot be -1 deep"),
        (SCHEDULES, {"f": 4096}, 1, {}, "FIFO f cannot be 4096 deep in this simulation, at most 16"),
        (SCHEDULES, {}, 0, {}, "at least 1 frame"),
        (SCHEDULES, {}, 1, {"z": np.zeros(1, np.int64)}, "no output 'z'"),
        (SCHEDULES, {}, 1, {"y": np.ones(3, np.int64)}, "never lets it be ready"),
        ({**SCHEDULES, "a": Schedule.of([(0, [0], [0])], 1)}, {}, 1, {}, "task a reads 1 tokens of x"),
    ],
)
def test_data_that_do_not_fit(
    mixed: Built,
    schedules: dict[str, Schedule],
    depths: dict[str, int],
    frames: int,
    stalls: dict[str, np.ndarray[tuple[int], np.dtype[np.int64]]],
    message: str,
) -> None:
    with pytest.raises(Split4mlError, match=message):
        mixed.simulation.run(schedules, depths, mixed.tokens, frames, stalls=stalls)
    assert not [path for path in mixed.simulation.workdir.iterdir() if path.name.startswith("tmp")]


def test_tokens_are_needed_once(mixed: Built) -> None:
    fresh = Simulation(mixed.simulation.design, mixed.simulation.workdir)
    with pytest.raises(Split4mlError, match="needs tokens"):
        fresh.run(SCHEDULES, {}, None, 1)
    with pytest.raises(Split4mlError, match="no tokens of stream f"):
        fresh.run(SCHEDULES, {}, {name: t for name, t in mixed.tokens.items() if name != "f"}, 1)


def test_a_program_that_crashes(mixed: Built, tmp_path: Path) -> None:
    (tmp_path / "simulate").write_text("#!/bin/sh\necho it broke >&2\nexit 7\n")
    (tmp_path / "simulate").chmod(0o755)
    with pytest.raises(Split4mlError, match="ended with status 7: it broke"):
        Simulation(mixed.simulation.design, tmp_path).run(SCHEDULES, {}, mixed.tokens, 1)
    (tmp_path / "simulate").write_text("#!/bin/sh\nkill -SEGV $$\n")
    with pytest.raises(Split4mlError, match="ended with SIGSEGV"):
        Simulation(mixed.simulation.design, tmp_path).run(SCHEDULES, {}, mixed.tokens, 1)
    (tmp_path / "simulate").write_text("#!/bin/sh\nexec sleep 20\n")
    with pytest.raises(Split4mlError, match="longer than 0.2 s"):
        Simulation(mixed.simulation.design, tmp_path).run(SCHEDULES, {}, mixed.tokens, 1, timeout_s=0.2)
    (tmp_path / "simulate").unlink()
    with pytest.raises(Split4mlError, match="could not be run"):
        Simulation(mixed.simulation.design, tmp_path).run(SCHEDULES, {}, mixed.tokens, 1)


@pytest.mark.parametrize("missing", ["g++", "make", "perl"])
def test_a_missing_tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    for name in {"g++", "make", "perl"} - {missing}:
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Split4mlError) as caught:
        build_simulation(stitched(TEXT, SPLIT), tmp_path / "sim")
    assert missing in caught.value.message
    assert not (tmp_path / "sim" / "simulate").exists()


def test_a_source_that_does_not_compile(tmp_path: Path) -> None:
    def edit(sources: dict[str, str]) -> dict[str, str]:
        return {**sources, "m_top.sv": sources["m_top.sv"].replace("endmodule", "endmodul")}

    with pytest.raises(Split4mlError, match="verilator_bin failed while building") as caught:
        build_simulation(stitched(TEXT, SPLIT), tmp_path, edit=edit)
    assert "m_top.sv" in caught.value.message
    assert not (tmp_path / "simulate").exists()


def test_built_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    builds: list[str] = []

    def build(sources: list[Path], workdir: Path, *, foreign: list[Path]) -> Path:
        builds.append(sources[-1].read_text())
        (workdir / "simulate").touch()
        return workdir / "simulate"

    monkeypatch.setattr(tool, "build", build)
    for _ in range(2):
        build_simulation(stitched(TEXT, SPLIT), tmp_path)
    assert len(builds) == 1
    build_simulation(stitched(TEXT.replace("depth 3", "depth 4"), SPLIT), tmp_path)
    assert len(builds) == 2


def test_without_a_design(tmp_path: Path) -> None:
    with pytest.raises(Split4mlError, match=r"0 stitch.design cannot be simulated"):
        build_simulation(ModuleOp([]), tmp_path)
    with pytest.raises(Split4mlError, match="no subgraph 'sg9'"):
        build_simulation(stitched(TEXT, SPLIT), tmp_path, exported={"sg9": tmp_path})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("module sg1 (", "module sg2 ("), "no file defines the module sg1"),
        (("[31:0] f_TDATA", "[15:0] f_TDATA"), "f_TDATA of module sg1 has 16 bits, but the design has 32"),
        (("g_TDATA;", "h_TDATA;"), "has no output g_TDATA"),
        (("ap_idle", "idle"), "has no port ap_idle"),
    ],
)
def test_exported_verilog_with_other_ports(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    (tmp_path / "sg1.v").write_text(EXPORTED.replace(*change))
    ports = (Port("f", 32, 6, True), Port("g", 32, 6, False))
    with pytest.raises(Split4mlError, match=message):
        exported("sg1", tmp_path, ports)
    with pytest.raises(Split4mlError, match="holds no Verilog"):
        exported("sg1", tmp_path / "nowhere", ports)
