"""The generated SystemVerilog: what Vivado would read passes Verilator's linter, and is the same every time."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from rtl_models import random_design, stitched, the_design, the_model

from split4ml.backends.rtl.render import library, render
from split4ml.backends.rtl.top import rtl_sources, top_of
from split4ml.backends.rtl.twin import sim_design
from split4ml.backends.verilator import tool
from split4ml.dialects.errors import Split4mlError


def lint(files: list[Path], top: str, *flags: str) -> str:
    root = tool.verilator_root()
    done = subprocess.run(
        [
            str(root / "bin/verilator_bin"),
            "--lint-only",
            "-Wall",
            "--top-module",
            top,
            *flags,
            *map(str, files),
        ],
        env={**os.environ, "VERILATOR_ROOT": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr


def black_box(module: str) -> str:
    """A module with the ports of a twin, and nothing in it."""
    header = module[module.index("module ") : module.index(");") + 3]
    return f"/* verilator lint_off UNDRIVEN */\n/* verilator lint_off UNUSEDSIGNAL */\n{header}endmodule\n"


@pytest.mark.parametrize("start", ["per-frame", "held"])
def test_what_is_synthesised_is_clean(tmp_path: Path, start: str) -> None:
    module = random_design(11, 8, 2, 3, start)
    model, design = the_model(module), the_design(module)
    files = []
    for name, text in rtl_sources(design).items():
        (tmp_path / name).write_text(text)
        files.append(tmp_path / name)
    for name, text in sim_design(model, design).sources.items():
        if re.fullmatch(r"sg\d+\.sv", name):
            (tmp_path / name).write_text(black_box(text))
            files.append(tmp_path / name)
    unused = (
        "-Wno-PINCONNECTEMPTY",
        "-Wno-VARHIDDEN",
        "-Wno-DECLFILENAME",
        "-Wno-UNUSEDSIGNAL",
        "-Wno-UNUSEDPARAM",
    )
    assert "%Warning" not in (said := lint(files, "m_top", *unused)) and "%Error" not in said, said


def test_the_top_is_the_same_in_hardware_and_in_simulation() -> None:
    module = random_design(12, 7, 1, 3)
    model, design = the_model(module), the_design(module)
    simulated = sim_design(model, design).sources
    hardware = rtl_sources(design)
    assert {name: simulated[name] for name in hardware} == hardware
    assert sim_design(model, design).sources == simulated


def test_a_top_reads_well() -> None:
    """Golden: the instance and the FIFO as they are written."""
    stream = "!flow.stream<4 x 2 x int<12>>"
    text = f"""
    flow.model @m archive("m.fml", "sha256:00") {{
      %i = flow.input @x : {stream}
      %0 = flow.task "Relu" @a(%i) : ({stream}) -> {stream}
      %1 = flow.fifo @f %0 depth 40 : {stream}
      %2 = flow.task "Relu" @b(%1) : ({stream}) -> {stream}
      flow.output @y %2 : {stream}
    }}"""
    top = rtl_sources(the_design(stitched(text, {"a": 0, "b": 1})))["m_top.sv"]
    assert (
        """  split4ml_fifo #(
      .WIDTH(32),
      .DEPTH(40),
      .MEMORY(1),
      .ID(0),
      .SIM_DEPTH(64)
  ) u_fifo_f (
      .clk(ap_clk),
      .rst_n(ap_rst_n),
      .s_tdata(axis_f_in_tdata),
      .s_tvalid(axis_f_in_tvalid),
      .s_tready(axis_f_in_tready),
      .m_tdata(axis_f_out_tdata),
      .m_tvalid(axis_f_out_tvalid),
      .m_tready(axis_f_out_tready)
  );
"""
        in top
    )
    assert (
        """      .ap_ready(u_ap_ready[1]),
      .f_TDATA(axis_f_out_tdata),
      .f_TVALID(axis_f_out_tvalid),
      .f_TREADY(axis_f_out_tready),
      .y_TDATA(y_TDATA),
      .y_TVALID(y_TVALID),
      .y_TREADY(y_TREADY)
  );
"""
        in top
    )


def test_a_link_without_a_fifo(tmp_path: Path) -> None:
    """Wires, in which Verilator's linter finds nothing but that there is no use for clock and reset."""
    texts = {name: text for name, text in library().items() if name.startswith("split4ml_fifo")}
    files = [tmp_path / name for name in texts]
    for file in files:
        file.write_text(texts[file.name])
    unused = ("-Wno-DECLFILENAME", "-Wno-UNUSEDSIGNAL", "-Wno-UNUSEDPARAM", "-Wno-PINCONNECTEMPTY")
    said = lint(files, "split4ml_fifo", "-GDEPTH=0", *unused)
    assert "%Warning" not in said and "%Error" not in said, said


def test_a_template_refuses_what_it_is_not_given() -> None:
    import jinja2

    with pytest.raises(jinja2.UndefinedError):
        render("top.sv.j2")


def test_a_task_whose_name_is_no_identifier() -> None:
    stream = "!flow.stream<4 x 2 x int<12>>"
    text = f"""
    flow.model @m archive("m.fml", "sha256:00") {{
      %i = flow.input @x : {stream}
      %0 = flow.task "Relu" @"a(); endmodule"(%i) : ({stream}) -> {stream}
      flow.output @y %0 : {stream}
    }}"""
    module = stitched(text, {"a(); endmodule": 0})
    with pytest.raises(Split4mlError, match="of a task is no identifier"):
        sim_design(the_model(module), the_design(module))


def test_a_task_with_too_many_streams() -> None:
    stream = "!flow.stream<1 x 1 x int<8>>"
    results = ", ".join(f"%r{n}" for n in range(33))
    lines = [f"%i = flow.input @x : {stream}"]
    lines.append(f'{results} = flow.task "Clone" @c(%i) : ({stream}) -> ({", ".join([stream] * 33)})')
    lines += [f"flow.output @y{n} %r{n} : {stream}" for n in range(33)]
    text = 'flow.model @m archive("m.fml", "sha256:00") {\n' + "\n".join(lines) + "\n}"
    module = stitched(text, {"c": 0})
    assert len(top_of(the_design(module)).outputs) == 33
    with pytest.raises(Split4mlError, match="more than 32 streams"):
        sim_design(the_model(module), the_design(module))
