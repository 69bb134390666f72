"""The Tcl and the constraints: golden text, and a dry run in a Tcl interpreter with Vivado's commands stubbed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rtl_models import stitched, the_design
from xdsl.dialects.builtin import ModuleOp, StringAttr

from split4ml.backends.rtl.top import rtl_sources
from split4ml.backends.vivado.project import vivado_sources
from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.flow import integer

STREAM = "!flow.stream<4 x 2 x int<12>>"
TEXT = f"""
flow.model @m archive("m.fml", "sha256:00") attributes {{clock_ps = 3333 : i64, part = "xcu250-figd2104-2L-e"}} {{
  %i = flow.input @x : {STREAM}
  %0 = flow.task "Relu" @a(%i) : ({STREAM}) -> {STREAM}
  %1 = flow.fifo @f %0 depth 2 : {STREAM}
  %2 = flow.task "Relu" @b(%1) : ({STREAM}) -> {STREAM}
  flow.output @y %2 : {STREAM}
}}"""

# Commands of UG835 and UG1118 that the script may use.
VIVADO = [
    "create_project",
    "set_property",
    "current_project",
    "add_files",
    "get_files",
    "get_filesets",
    "update_compile_order",
    "launch_runs",
    "wait_on_run",
    "get_runs",
    "open_run",
    "report_utilization",
    "report_timing_summary",
    "write_checkpoint",
    "close_design",
    "close_project",
    "ipx::package_project",
    "ipx::current_core",
    "ipx::associate_bus_interfaces",
    "ipx::create_xgui_files",
    "ipx::update_checksums",
    "ipx::check_integrity",
    "ipx::save_core",
]
CONSTRAINTS = [
    "create_clock",
    "get_ports",
    "create_pblock",
    "resize_pblock",
    "get_pblocks",
    "add_cells_to_pblock",
    "get_cells",
]


@pytest.fixture
def module() -> ModuleOp:
    made = stitched(TEXT, {"a": 0, "b": 1})
    for slr, instance in enumerate(the_design(made).instances):
        instance.properties["slr"] = integer(slr)
    return made


def write(module: ModuleOp, folder: Path) -> Path:
    """As a compile leaves it, with IPs that Vitis HLS has exported."""
    stitched_folder = folder / "stitched"
    (stitched_folder / "rtl").mkdir(parents=True)
    for name, text in rtl_sources(the_design(module)).items():
        (stitched_folder / "rtl" / name).write_text(text)
    for name, text in vivado_sources(the_design(module)).items():
        (stitched_folder / name).write_text(text)
    for name in ("sg0", "sg1"):
        verilog = folder / "subgraphs" / name / f"{name}_prj/solution1/impl/ip/hdl/verilog"
        verilog.mkdir(parents=True)
        (verilog / f"{name}.v").write_text(f"module {name}; endmodule\n")
    (verilog / "table.dat").write_text("0\n")
    return stitched_folder / "build_stitched.tcl"


def dry_run(script: Path, *arguments: str) -> list[list[str]]:
    """The Vivado commands that the script runs, with their arguments."""
    tkinter = pytest.importorskip("tkinter", reason="no Tcl interpreter")
    tcl = tkinter.Tcl()
    calls: list[list[str]] = []
    tcl.eval("namespace eval ipx {}")
    for command in VIVADO:

        def called(*words: str, command: str = command) -> str:
            calls.append([command, *words])
            return " ".join(words)

        tcl.createcommand(command, called)
    tcl.createcommand("get_property", lambda *_: "100%")
    tcl.setvar("argc", str(len(arguments)))
    tcl.setvar("argv", " ".join(arguments))
    tcl.eval(f"source {{{script}}}")
    return calls


def test_every_file_that_is_added_exists(module: ModuleOp, tmp_path: Path) -> None:
    calls = dry_run(write(module, tmp_path))
    added = [Path(word) for call in calls if call[0] == "add_files" for word in call[-1].split()]
    assert all(path.is_file() for path in added)
    assert {path.name for path in added} == {
        *(
            "m_top.sv",
            "split4ml_fifo.sv",
            "split4ml_fifo_memory.sv",
            "split4ml_fifo_shift.sv",
            "split4ml_start.sv",
        ),
        *("sg0.v", "sg1.v", "table.dat", "m_top.xdc", "m_top_slr.xdc"),
    }
    assert calls[0][:4] == ["create_project", "-force", "-part", "xcu250-figd2104-2L-e"]
    assert ["ipx::save_core", ""] in calls and ["launch_runs", "synth_1"] in calls


def test_steps_can_be_chosen(module: ModuleOp, tmp_path: Path) -> None:
    script = write(module, tmp_path)
    assert not any(call[0].startswith("ipx::") for call in dry_run(script, "synth"))
    assert not any(call[0] == "launch_runs" for call in dry_run(script, "package"))
    with pytest.raises(Exception, match='unknown step "bitstream"'):
        dry_run(script, "bitstream")


def test_a_missing_export_is_said(module: ModuleOp, tmp_path: Path) -> None:
    script = write(module, tmp_path)
    (tmp_path / "subgraphs/sg1/sg1_prj/solution1/impl/ip/hdl/verilog/sg1.v").unlink()
    with pytest.raises(Exception, match="subgraph sg1 has no exported IP"):
        dry_run(script)


def test_constraints(module: ModuleOp) -> None:
    files = vivado_sources(the_design(module))
    assert "create_clock -period 3.333 -name ap_clk [get_ports ap_clk]" in files["m_top.xdc"]
    assert "add_cells_to_pblock [get_pblocks pblock_slr1] [get_cells u_ip_sg1]" in files["m_top_slr.xdc"]
    for name in ("m_top.xdc", "m_top_slr.xdc"):
        commands = re.findall(r"(?:^|\[)([a-z_]+)", files[name], re.MULTILINE)
        assert set(commands) <= set(CONSTRAINTS), name


def test_braces_and_brackets_balance(module: ModuleOp) -> None:
    """For machines without a Tcl interpreter."""
    for text in vivado_sources(the_design(module)).values():
        code = re.sub(r'^\s*#.*$|\\.|"[^"\n]*"', "", text, flags=re.MULTILINE)
        for opening, closing in ("{}", "[]"):
            assert code.count(opening) == code.count(closing)


def test_the_same_design_gives_the_same_text(module: ModuleOp) -> None:
    assert vivado_sources(the_design(module)) == vivado_sources(the_design(module))
    assert not any("/work" in text or "/home" in text for text in vivado_sources(the_design(module)).values())


@pytest.mark.parametrize("part", ["xc[exec rm]", "", "a b", "-force"])
def test_a_part_that_is_none(module: ModuleOp, part: str) -> None:
    design = the_design(module)
    design.properties["part"] = StringAttr(part)
    with pytest.raises(Split4mlError, match="is no name of a device"):
        vivado_sources(design)
