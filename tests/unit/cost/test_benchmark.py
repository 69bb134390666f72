"""benchmarks/cost_accuracy.py on a table of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCHMARK = Path(__file__).parents[3] / "benchmarks" / "cost_accuracy.py"
LAYERS = """source,design,tool,clock_ns,strategy,reuse,io,kind,module,n_in,n_out,w_prec,in_prec,out_prec,n_nonzeros,lut,ff,dsp,bram18
a/one,net,2023.2,5,resource,8,io_stream,dense,dense_8u,64,32,"fixed<16,6>","fixed<16,6>","fixed<16,6>",,60000,20000,256,114
a/one,net,2023.2,5,latency,1,io_stream,dense,dense_8u,16,8,"fixed<16,6>","fixed<16,6>","fixed<16,6>",128,4200,900,105,0
b/two,net,2024.1,5,,,io_stream,relu,relu_array_8u_relu_config4,,,,"fixed<16,6>","fixed<16,6>",,430,20,0,0
b/two,net,2024.1,5,,,io_stream,relu,relu_config9,,,,,,,430,20,0,0
b/two,net,2024.1,5,,,,teleport,x,,,,,,,1,1,0,0
"""
DESIGNS = (
    "source,design,modules,hls_lut,hls_ff,hls_dsp,hls_bram18,vsynth_lut,vsynth_ff,vsynth_dsp,vsynth_bram18\n"
    + ("a/one,net,2,64200,20900,361,114,30000,15000,361,100\n")
)


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, BENCHMARK, *arguments], capture_output=True, text=True, check=False
    )


def test_rows_are_compared_and_those_left_out_are_counted(tmp_path: Path) -> None:
    (tmp_path / "layers.csv").write_text(LAYERS)
    (tmp_path / "designs.csv").write_text(DESIGNS)
    done = run(tmp_path, "--sources")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(
        "3 modules of 2 sources; left out: 1 (no number of elements), 1 (kind teleport)"
    )
    lines = {line.split("|")[1].strip(): line for line in done.stdout.splitlines() if line.startswith("|")}
    assert "| 100% | 100% |" in lines["dsp, resource"]
    assert lines["lut, relu"].startswith("| lut, relu | 1 | 1 |")
    assert "a/one" in lines and "b/two" in lines
    assert "### After logic synthesis / HLS estimate" in done.stdout


def test_a_folder_without_tables(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert done.returncode == 1
    assert "no rows of layers.csv" in done.stderr
