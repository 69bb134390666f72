"""Simulates the Verilog that HLS generated for an hls4ml project, and writes what was measured as JSON.

    .venv/bin/python benchmarks/simulate_rtl.py PROJECT -o TRUTH.json [--verilog DIR] [--top NAME] [--vcd FILE]

PROJECT is an hls4ml project (the folder that holds firmware/) that was synthesised: its Verilog is taken from
`*_prj/solution1/syn/verilog`, or from DIR. Verilator simulates it: one frame alone (one ap_start), then 4, 8 and 14 frames
flooding with ap_start held. Control does not depend on data, so that the inputs are random. TRUTH.json is what
`against_rtl.py` compares predictions with: latency, frame ends and, for every FIFO, its peaks. --vcd writes the occupancy and the
strobes of all FIFOs in the run of 8 frames, in the names of the Verilog.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from split4ml.backends.trace.sources import find_top
from split4ml.backends.trace.tasks import trace_tasks
from split4ml.backends.verilator.tool import compiler, verilator_root

RUNS = ((1, False), (4, True), (8, True), (14, True))
"""(frames, ap_start held)"""

PATIENCE = 200_000
"""Cycles without any handshake after which a run is over."""

MAIN = r"""
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>
#include "Vtop.h"
#include "verilated.h"
#include "svdpi.h"

static long long now = 0;
static long long moved = 0;
static std::map<std::string, int> ids;
static std::FILE *events;
extern "C" int s4_register(const char *name) {
    const int id = int(ids.size());
    ids[name] = id;
    return id;
}
extern "C" void s4_event(int id, int write, int read) {
    moved = now;
    const int record[4] = {id, int(now), write, read};
    std::fwrite(record, sizeof record, 1, events);
}
struct Port { int tokens; long long done = 0, first = -1; std::vector<long long> ends; };

int main(int argc, char **argv) {
    const int frames = std::atoi(argv[1]);
    const bool held = std::atoi(argv[2]);
    const long long patience = std::atoll(argv[3]);
    events = std::fopen(argv[4], "wb");
    VerilatedContext context;
    context.commandArgs(argc, argv);
    Vtop top{&context};
    Port in[@INPUTS@], out[@OUTPUTS@];
@TOKENS@
    auto edge = [&] { top.@CLOCK@ = 1; top.eval(); top.@CLOCK@ = 0; top.eval(); };
    top.@CLOCK@ = 0;
    top.ap_start = 0;
@QUIET@
    top.@RESET@ = @ASSERTED@;
    for (int i = 0; i < 20; i++) edge();
    top.@RESET@ = !@ASSERTED@;
    bool start = true;
    long long finished = 0;
    for (now = 0;; now++) {
        top.ap_start = held || start;
@DRIVE@
        top.eval();
        const bool ready = top.ap_ready;
@ACCEPT@
        edge();
        if (ready) start = false;
        bool all = true;
        for (Port &p : out) all = all && p.done >= (long long)(p.tokens) * frames;
        if (all || now - moved > patience) break;
    }
    std::fclose(events);
    std::FILE *result = std::fopen(argv[5], "w");
    for (auto &entry : ids) std::fprintf(result, "fifo %d %s\n", entry.second, entry.first.c_str());
    for (Port &p : in) std::fprintf(result, "in %lld\n", p.first);
    for (Port &p : out) {
        std::fprintf(result, "out");
        for (long long e : p.ends) std::fprintf(result, " %lld", e);
        std::fprintf(result, "\n");
    }
    std::fclose(result);
    top.final();
    return 0;
}
"""

PROBE = """
import "DPI-C" function int s4_register(input string name);
import "DPI-C" function void s4_event(input int id, input int w, input int r);
module s4_probe(input wire clk, input wire reset, input wire w, input wire r);
    int id;
    initial id = s4_register($sformatf("%m"));
    always @(posedge clk) if (!reset && (w | r)) s4_event(id, {31'b0, w}, {31'b0, r});
endmodule
"""


@dataclass(frozen=True)
class Port:
    """A stream at the top: `axis` (TVALID, TREADY) or a FIFO's side."""

    name: str
    is_input: bool
    axis: bool

    @property
    def stream(self) -> str:
        """As the C++ calls it: Vivado HLS makes a port of every element of a token, `x_V_data_0_V`."""
        pattern = r"_V_data_\d+_V$" if self.axis else r"(_V)?(_data)?(_\d+)?(_V)?$"
        return re.sub(pattern, "", self.name)


@dataclass
class Run:
    """first: cycle of the first accepted beat; ends: of the last beat of each frame; events: int32[n, 4]."""

    first: int
    ends: list[int]
    fifos: dict[str, int]
    events: np.ndarray[Any, Any]
    peaks: dict[str, int] = field(default_factory=dict)


def top_ports(text: str, top: str) -> tuple[list[Port], str, str]:
    """Streams of the top module, and the names of its clock and reset."""
    header = re.search(rf"\bmodule\s+{top}\s*\((.*?)\);", text, re.DOTALL)
    if header is None:
        raise SystemExit(f"there is no module {top}")
    names = re.findall(r"\w+", header.group(1))
    inputs = set(re.findall(r"^\s*input\s+(?:wire\s+)?(?:\[[^\]]*\]\s*)?(\w+)\s*;", text, re.MULTILINE))
    ports = []
    for name in names:
        if name.endswith("_TVALID"):
            ports.append(Port(name[:-7], name in inputs, True))
        elif name.endswith("_empty_n"):
            ports.append(Port(name[:-8], True, False))
        elif name.endswith("_full_n") and name != "start_full_n":
            ports.append(Port(name[:-7], False, False))
    reset = next(n for n in ("ap_rst_n", "ap_rst") if n in names)
    return ports, "ap_clk", reset


def fifo_modules(folder: Path) -> list[str]:
    """Names of the modules that are FIFOs of data, not of start tokens."""
    found = []
    for path in sorted(folder.glob("*.v")):
        text = path.read_text(errors="replace")
        if "if_full_n" in text and "start_for" not in path.name:
            found += [
                m
                for m in re.findall(r"^\s*module\s+(\w+)", text, re.MULTILINE)
                if re.search(r"fifo_w\d+_d\d+_[AS](_x\d*)?$", m)
            ]
    return found


def build(folder: Path, top: str, read: dict[str, int], written: dict[str, int], workdir: Path) -> Path:
    """`read`, `written`: tokens a frame of the top's streams."""
    text = (folder / f"{top}.v").read_text(errors="replace")
    ports, clock, reset = top_ports(text, top)
    names = set(re.findall(r"\w+", re.search(rf"\bmodule\s+{top}\s*\((.*?)\);", text, re.DOTALL).group(1)))  # type: ignore[union-attr]
    inputs = [p for p in ports if p.is_input]
    outputs = [p for p in ports if not p.is_input]
    quiet = [f"    top.{n} = 1;" for n in ("ap_continue", "start_full_n") if n in names]
    count, drive, accept = [], [], []
    for number, port in enumerate(inputs):
        valid, ready = ("TVALID", "TREADY") if port.axis else ("empty_n", "read")
        count.append(f"    in[{number}].tokens = {_tokens(port, read)};")
        drive.append(
            f"        top.{port.name}_{valid} = in[{number}].done < (long long)(in[{number}].tokens) * frames;"
        )
        accept.append(
            f"        if (top.{port.name}_{valid} && top.{port.name}_{ready}) {{ Port &p = in[{number}]; if (p.first < 0) p.first = now; p.done++; moved = now; }}"
        )
        quiet.append(f"    top.{port.name}_{valid} = 0;")
    for number, port in enumerate(outputs):
        valid, ready = ("TVALID", "TREADY") if port.axis else ("write", "full_n")
        count.append(f"    out[{number}].tokens = {_tokens(port, written)};")
        quiet.append(f"    top.{port.name}_{ready} = 1;")
        accept.append(
            f"        if (top.{port.name}_{valid}) {{ Port &p = out[{number}]; p.done++; moved = now; if (p.done % p.tokens == 0) p.ends.push_back(now); }}"
        )
    main = MAIN
    for key, value in {
        "INPUTS": str(len(inputs)),
        "OUTPUTS": str(len(outputs)),
        "TOKENS": "\n".join(count),
        "CLOCK": clock,
        "RESET": reset,
        "ASSERTED": "0" if reset.endswith("_n") else "1",
        "QUIET": "\n".join(quiet),
        "DRIVE": "\n".join(drive),
        "ACCEPT": "\n".join(accept),
    }.items():
        main = main.replace(f"@{key}@", value)
    binds = []
    for module in fifo_modules(folder):
        binds.append(
            f"bind {module} s4_probe s4_probe_i(.clk(clk), .reset(reset), "
            ".w(if_write & if_write_ce & if_full_n), .r(if_read & if_read_ce & if_empty_n));"
        )
    (workdir / "main.cpp").write_text(main)
    (workdir / "probe.sv").write_text(PROBE + "\n".join(binds) + "\n")
    root = verilator_root()
    environment = {**os.environ, "VERILATOR_ROOT": str(root)}
    obj = workdir / "obj"
    command = [
        str(root / "bin" / "verilator_bin"),
        *("--cc", "--exe", "--no-timing", "-O3", "--x-assign", "fast", "--x-initial", "fast"),
        *("--top-module", top, "--prefix", "Vtop", "--Mdir", str(obj), "-CFLAGS", "-std=c++17"),
        *(
            "-Wno-fatal",
            "-Wno-lint",
            "-Wno-style",
            "-Wno-TIMESCALEMOD",
            "-Wno-STMTDLY",
            "-y",
            str(folder.resolve()),
        ),
        *(str(path.resolve()) for path in sorted(folder.glob("*.v"))),
        *(str(workdir / name) for name in ("probe.sv", "main.cpp")),
    ]
    _run(command, environment, workdir)
    make = [
        *("make", "-C", str(obj), "-f", "Vtop.mk", "-j2", "CFG_CXXFLAGS_PCH_I=-include"),
        *(
            "OPT_FAST=-O1",
            "OPT_SLOW=-O0",
            f"CXX={compiler()}",
            f"LINK={compiler()}",
            f"PYTHON3={sys.executable}",
        ),
    ]
    _run(make, environment, workdir)
    return obj / "Vtop"


def _tokens(port: Port, tokens: dict[str, int]) -> int:
    if len(tokens) == 1:
        return next(iter(tokens.values()))
    for name in (
        port.name,
        port.stream,
        port.name.removesuffix("_r"),
        port.stream.removesuffix("_r"),
        port.name.removesuffix("_V"),
    ):
        if name in tokens:
            return tokens[name]
    raise SystemExit(f"which stream of the C++ is port {port.name}? {', '.join(tokens)}")


def _run(command: list[str], environment: dict[str, str], cwd: Path) -> None:
    done = subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(
            f"{Path(command[0]).name} failed:\n" + "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        )


def simulate(program: Path, folder: Path, frames: int, held: bool, workdir: Path) -> Run:
    for path in folder.glob("*.dat"):
        if not (workdir / path.name).exists():
            (workdir / path.name).symlink_to(path.resolve())
    events, result = workdir / "events.bin", workdir / "result.txt"
    _run(
        [str(program), str(frames), str(int(held)), str(PATIENCE), str(events), str(result)],
        dict(os.environ),
        workdir,
    )
    fifos: dict[str, int] = {}
    firsts, ends = [], []
    for line in result.read_text().splitlines():
        what, *rest = line.split()
        if what == "fifo":
            fifos[rest[1].removesuffix(".s4_probe_i")] = int(rest[0])
        elif what == "in":
            firsts.append(int(rest[0]))
        else:
            ends.append([int(e) for e in rest])
    whole = [max(each) for each in zip(*ends, strict=False)]
    recorded = np.fromfile(events, np.int32).reshape(-1, 4)
    run = Run(min(f for f in firsts if f >= 0), whole, fifos, recorded)
    for name, number in fifos.items():
        mine = recorded[recorded[:, 0] == number]
        held_now = np.cumsum(mine[:, 2] - mine[:, 3])
        run.peaks[name] = int(held_now.max(initial=0))
    return run


def stream_of(instance: str) -> str:
    """`layer2_out` of `myproject.layer2_out_V_data_0_V_U`."""
    name = instance.rpartition(".")[2]
    return re.sub(r"(_V)?(_data)?(_\d+)?(_V)?_U\d*$", "", name)


def facts(folder: Path, top: str) -> dict[str, Any]:
    """Tool and clock from the Verilog's own words; a module inside says less than the top."""
    found: dict[str, str] = {}
    for path in [folder / f"{top}.v", *sorted(folder.glob("*.v"))]:
        text = path.read_text(errors="replace")[:4000]
        for key, pattern in (
            ("version", r"HLS_VERSION=(\w+)|hls_ip_(\d+_\d+)"),
            ("clock", r"HLS_INPUT_CLOCK=([\d.]+)"),
            ("part", r"HLS_INPUT_PART=([\w-]+)"),
            ("vivado", r"(Vivado\(TM\) HLS)"),
            ("top_version", r"(?:Version: |Generated by Vitis HLS v)(\d{4}\.\d)"),
        ):
            if key not in found and (match := re.search(pattern, text)):
                found[key] = next(g for g in match.groups() if g)
        if "clock" in found:
            break
    version = found.get("version") or found.get("top_version", "").replace(".", "_")
    return {
        "tool": {"name": "Vivado HLS" if "vivado" in found else "Vitis HLS", "version": version},
        "clock_ns": found.get("clock"),
        "part": found.get("part"),
    }


def write_vcd(path: Path, run: Run, top: str, clock_ps: int) -> None:
    """Occupancy and strobes of all FIFOs, with the clock."""
    codes: list[str] = []

    def code() -> str:
        number, text = len(codes), ""
        while True:
            text += chr(33 + number % 94)
            number //= 94
            if not number:
                codes.append(text)
                return text

    clock = code()
    order = sorted(run.fifos, key=lambda n: run.fifos[n])
    lines = ["$timescale 1ps $end", f"$scope module {top} $end", f"$var wire 1 {clock} ap_clk $end"]
    signals = {}
    for name in order:
        signals[run.fifos[name]] = code(), code(), code()
        u, w, r = signals[run.fifos[name]]
        bits = max(1, run.peaks[name].bit_length())
        lines += [
            f"$scope module {name.rpartition('.')[2]} $end",
            f"$var wire {bits} {u} mOutPtr [{bits - 1}:0] $end",
        ]
        lines += [f"$var wire 1 {w} if_write $end", f"$var wire 1 {r} if_read $end", "$upscope $end"]
    lines += ["$upscope $end", "$enddefinitions $end", "#0", "$dumpvars", f"1{clock}"]
    for u, w, r in signals.values():
        lines += [f"b0 {u}", f"0{w}", f"0{r}"]
    lines.append("$end")
    held = dict.fromkeys(signals, 0)
    high: dict[str, bool] = {}
    at = 0
    last = int(run.events[-1, 1]) if len(run.events) else 0
    with path.open("w") as file:
        file.write("\n".join(lines) + "\n")
        changed: list[int] = []
        for cycle in range(last + 2):
            out = [f"#{cycle * clock_ps}", f"1{clock}"] if cycle else []
            out += [f"b{held[n]:b} {signals[n][0]}" for n in changed]
            changed, now = [], {}
            while at < len(run.events) and run.events[at, 1] == cycle:
                number, _, w, r = (int(v) for v in run.events[at])
                if w:
                    now[signals[number][1]] = True
                if r:
                    now[signals[number][2]] = True
                held[number] += w - r
                if w != r:
                    changed.append(number)
                at += 1
            out += [f"1{c}" for c in now if c not in high] + [f"0{c}" for c in high if c not in now]
            high = now
            file.write("\n".join([*out, f"#{cycle * clock_ps + clock_ps // 2}", f"0{clock}"]) + "\n")


def measure(project: Path, folder: Path, module: str | None, vcd: Path | None) -> dict[str, Any]:
    top = find_top(project)
    module = module or top
    traced = trace_tasks(project, top)
    tokens = {s: task.tokens(s) for task in traced.tasks for s in (*task.inputs, *task.outputs)}
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch) / "rtl"
        work.mkdir()
        read, written = ({n: tokens[n] for n in names} for names in (traced.inputs, traced.outputs))
        program = build(folder, module, read, written, work)
        about = facts(folder, module)
        runs = {}
        for frames, held in RUNS:
            runs[frames] = simulate(program, folder, frames, held, work)
            if frames == 8 and vcd is not None:
                write_vcd(vcd, runs[frames], module, round(float(about["clock_ns"] or 5) * 1000))
    depths = traced.top.depths
    lone, free = runs[1], runs[14]
    fifos: dict[str, dict[str, Any]] = {}
    for name in lone.fifos:
        stream = stream_of(name)
        entry = fifos.setdefault(
            stream,
            {
                "stream": stream,
                "inst": name,
                "depth": depths.get(stream),
                "tokens_per_frame": tokens.get(stream),
            },
        )
        for key, frames in (("single", 1), ("flood4", 4), ("flood8", 8), ("free", 14)):
            entry[f"peak_{key}"] = max(entry.get(f"peak_{key}", 0), runs[frames].peaks[name])
    ends = [e - free.first for e in free.ends]
    gaps = np.diff(ends)[3:]
    return {
        "name": project.name,
        **about,
        "top_simulated": module,
        "latency_single_frame": lone.ends[0] - lone.first if lone.ends else None,
        "frame_end_cycles_free_running": ends,
        "intervals_free_running": np.diff(ends).tolist(),
        "interval_steady": int(gaps[0]) if len(gaps) and np.all(gaps == gaps[0]) else None,
        "frame_end_cycles_4_frames": [e - runs[4].first for e in runs[4].ends],
        "frame_end_cycles_8_frames": [e - runs[8].first for e in runs[8].ends],
        "fifos": list(fifos.values()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("project", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--verilog", type=Path)
    parser.add_argument("--top")
    parser.add_argument("--vcd", type=Path)
    arguments = parser.parse_args()
    folder = arguments.verilog
    if folder is None:
        places = sorted(arguments.project.glob("*_prj/solution1/syn/verilog"))
        if not places:
            raise SystemExit(
                f"{arguments.project} has no *_prj/solution1/syn/verilog: synthesise it, or give --verilog"
            )
        folder = places[0]
    if shutil.which("make") is None:
        raise SystemExit("make is needed")
    measured = measure(arguments.project, folder, arguments.top, arguments.vcd)
    arguments.output.write_text(json.dumps(measured, indent=1) + "\n")
    print(
        f"{measured['name']}: lone {measured['latency_single_frame']}, ends {measured['frame_end_cycles_free_running'][:6]}"
    )


if __name__ == "__main__":
    main()
