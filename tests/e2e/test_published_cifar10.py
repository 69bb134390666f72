"""A published co-simulation, without its project: hls4ml's MLPerf Tiny CIFAR-10 design, rebuilt from its description.

FIFO occupancies of one frame, read by hls4ml's FIFO pass from a VCD of Vivado HLS' co-simulation in which all FIFOs were 10,000 deep:
github.com/hls4ml-finn-mlperftiny/CIFAR10, commit 18f838c, hls4ml/ (Apache-2.0). The network, as far as timing goes: 32x32x3, convolutions
of 32 1x1, 4 4x4, 32 4x4, 32 4x4 with stride 4 and 32 4x4, padded alike on all sides ("same"), relus merged into them, dense of 10; resource
strategy, reuse factor 16384, which hls4ml lowers where it is more than there is.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from split4ml.compiler.profile_project import traced_design
from split4ml.compiler.progress import Reporter
from split4ml.passes.timing.replay import replay

SEEN = {
    "first": 1,
    "zp2d_second": 1066,
    "second": 1,
    "zp2d_third": 71,
    # the FIFO before the convolution with stride 4: hls4ml of then wrote a padding task there, of today none
    "third": 34,
    "fourth": 1,
    "zp2d_fifth": 23,
    "fifth": 1,
}
"""By the task that writes the FIFO."""
INPUT = 1023


def _conv(name: str, size: int, channels: int, filters: int, window: int, stride: int = 1) -> dict[str, Any]:
    out = -(-size // stride)
    pad = max((out - 1) * stride + window - size, 0)
    found: dict[str, Any] = {
        "name": name,
        "class_name": "Conv2D",
        "data_format": "channels_last",
        "padding": "same",
    }
    for axis, sides in (("height", ("top", "bottom")), ("width", ("left", "right"))):
        found |= {f"in_{axis}": size, f"out_{axis}": out, f"filt_{axis}": window, f"stride_{axis}": stride}
        found |= {f"pad_{sides[0]}": pad // 2, f"pad_{sides[1]}": pad - pad // 2, f"dilation_{axis}": 1}
    return found | {
        "n_chan": channels,
        "n_filt": filters,
        "bias_data": np.zeros(filters),
        "weight_data": np.full((window, window, channels, filters), 0.25),
    }


def layers() -> list[dict[str, Any]]:
    found = [
        {"name": "x", "class_name": "InputLayer", "input_shape": [32, 32, 3]},
        _conv("first", 32, 3, 32, 1),
        _conv("second", 32, 32, 4, 4),
        _conv("third", 32, 4, 32, 4),
        _conv("fourth", 32, 32, 32, 4, stride=4),
        _conv("fifth", 8, 32, 32, 4),
        {"name": "flat", "class_name": "Reshape", "target_shape": [2048]},
        {
            "name": "fc",
            "class_name": "Dense",
            "n_in": 2048,
            "n_out": 10,
            "bias_data": np.zeros(10),
            "weight_data": np.full((2048, 10), 0.25),
        },
    ]
    for before, layer in pairwise(found):
        layer["inputs"], layer["outputs"] = [before["name"]], [layer["name"]]
    return found


def _write(folder: Path) -> None:
    from hls4ml.model.graph import ModelGraph
    from hls4ml.utils.config import create_config

    config = create_config(
        output_dir=str(folder), project_name="net", backend="Vivado", io_type="io_stream", clock_period=10
    )
    model = {"Precision": {"default": "fixed<8,3>"}, "ReuseFactor": 16384, "Strategy": "Resource"}
    config["HLSConfig"] = {"Model": {**model, "BramFactor": 10**9, "TraceOutput": False}}
    ModelGraph.from_layer_list(config, layers(), inputs=["x"], outputs=["fc"]).write()


@pytest.mark.slow
def test_occupancies_of_the_published_co_simulation(tmp_path: Path) -> None:
    project = tmp_path / "project"
    done = subprocess.run(
        [sys.executable, __file__, str(project)], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    _, design, _ = traced_design(project, "vivado-2019.2", None, Reporter())
    # its input was counted in a FIFO, not in the register slice of an AXI4-Stream
    built = replace(design, plain_ports=True).network(unbounded=True)
    run = replay(built.network, 1)
    found = {
        task.name: int(run.peak[built.fifos[stream]])
        for task in design.tasks
        for stream in task.outputs
        if stream in built.fifos
    }
    assert found == {name: pytest.approx(peak, rel=0.03, abs=2) for name, peak in SEEN.items()}
    (source,) = built.network.sources
    assert run.peak[source.channel] == pytest.approx(INPUT, rel=0.03)


if __name__ == "__main__":
    _write(Path(sys.argv[1]))
