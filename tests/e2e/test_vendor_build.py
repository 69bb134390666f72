"""`make -C BUILD`, with stand-ins for the vendor's tools: what is called, in which order, and what is not called again."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from e2e_cli import NETWORKS, Cli

HLS = """#!/bin/sh
echo "$PWD" >> "$CALLS"
[ "$*" = "$WANTED" ] || exit 3
name=$(basename "$PWD"); grep -q "set project_name \\"$name\\"" project.tcl || exit 4
if [ "$name" = "$BROKEN" ]; then echo "ERROR: no licence"; exit 1; fi
mkdir -p ${name}_prj/solution1/impl/ip/hdl/verilog && touch ${name}_prj/solution1/impl/ip/hdl/verilog/$name.v
"""
VIVADO = """#!/bin/sh
echo "$PWD" >> "$CALLS"
[ "$*" = "-mode batch -source build_stitched.tcl" ] && mkdir -p $(ls *_top.xdc | sed s/.xdc/_vivado/)
"""


class Vendor:
    """Calls make, and lists the folders in which a tool was called."""

    def __init__(self, folder: Path) -> None:
        self.calls = folder / "calls"
        self.bin = folder / "bin"
        self.bin.mkdir()
        for name, text in (("vitis-run", HLS), ("vitis_hls", HLS), ("vivado_hls", HLS), ("vivado", VIVADO)):
            (self.bin / name).write_text(text)
            (self.bin / name).chmod(0o755)

    def make(
        self, build: Path, *words: str, broken: str = "", wanted: str = "--mode hls --tcl build_prj.tcl"
    ) -> tuple[list[str], str]:
        self.calls.write_text("")
        path = f"{self.bin}:{os.environ['PATH']}"
        done = subprocess.run(
            ["make", "-C", str(build), *words],
            env={**os.environ, "PATH": path, "CALLS": str(self.calls), "BROKEN": broken, "WANTED": wanted},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode != 0) == bool(broken), done.stdout + done.stderr
        return [Path(line).name for line in self.calls.read_text().splitlines()], done.stdout + done.stderr


@pytest.fixture
def vendor(tmp_path: Path) -> Vendor:
    return Vendor(tmp_path)


def test_a_change_costs_the_synthesis_of_what_it_changes(
    quick: Path, vendor: Vendor, tmp_path: Path, cli: Cli
) -> None:
    build = tmp_path / "build"
    shutil.copytree(quick, build)
    calls, said = vendor.make(build, broken="sg1")
    assert calls[0] == "sg0" and "stitched" not in calls
    assert "ERROR: no licence" in said and "subgraphs/sg1/build.log" in said

    assert sorted(vendor.make(build, "-j2")[0]) == ["sg1", "stitched"]
    assert vendor.make(build)[0] == []

    inside = next(f for f in (build / "subgraphs/sg1/firmware").glob("sg1.cpp"))
    depths = [line for line in inside.read_text().splitlines() if "pragma HLS STREAM" in line]
    fifo = depths[0].split("variable=")[1].split()[0]
    demand = f'min-depth="{fifo}=777"'
    done = cli(
        "compile", NETWORKS / "two_ports.onnx", "-o", build, "--subgraphs", 2, "--verify", "none", "--force", "--fifos", demand
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "changed since they were synthesised, which is gone: sg1" in done.stderr
    assert vendor.make(build)[0] == ["sg1", "stitched"]


def test_older_tools(quick: Path, vendor: Vendor, tmp_path: Path) -> None:
    build = tmp_path / "build"
    shutil.copytree(quick, build)
    assert vendor.make(build, "HLS=vitis_hls -f", "subgraphs", wanted="-f build_prj.tcl")[0] == ["sg0", "sg1"]
    assert vendor.make(build, "subgraphs/sg0")[0] == []


def test_vivado_hls(tiny_onnx: Path, vendor: Vendor, tmp_path: Path, cli: Cli) -> None:
    build = tmp_path / "build"
    unsplit = "channels-last,lower-nn-to-flow,check-archive"
    done = cli("compile", tiny_onnx, "-o", build, "--verify", "none", "--backend", "Vivado", "-p", unsplit)
    assert done.returncode == 0, done.stderr
    steps = "reset=0 csim=0 synth=1 cosim=0 validation=0 export=1 vsynth=0 fifo_opt=0"
    assert vendor.make(build, wanted=f"-f build_prj.tcl {steps}")[0] == ["tiny"]
    assert vendor.make(build)[0] == []
