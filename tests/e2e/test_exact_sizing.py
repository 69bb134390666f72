"""`size-fifos{method=exact}` in the IR and in the report."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from e2e_cli import Cli

from split4ml.compiler.design import Design


@pytest.fixture
def profiled(quick: Path, tmp_path: Path) -> Path:
    """A profiled stage, with what it refers to beside it."""
    (stage,) = (quick / "ir").glob("[0-9]*-profile.mlir")
    (tmp_path / "ir").mkdir()
    for name in ("model.fml", "weights", "split4ml.toml"):
        (tmp_path / name).symlink_to(quick / name)
    return Path(shutil.copy(stage, tmp_path / "ir" / stage.name))


def test_bound_in_the_ir_and_in_the_report(quick: Path, profiled: Path, tmp_path: Path, cli: Cli) -> None:
    pipeline = "size-fifos{method=exact},lower-flow-to-stitch"
    done = cli("compile", profiled, "-o", tmp_path / "exact", "-p", pipeline, "--verify", "none", "--quiet")
    assert done.returncode == 0, done.stderr
    bisected, exact = Design(quick).report, Design(tmp_path / "exact").report
    assert bisected["fifo_bits"]["lower_bound"] is None
    bits = exact["fifo_bits"]
    assert bits["lower_bound"] <= bits["sized"] <= bisected["fifo_bits"]["sized"]
    assert bits["lower_bound"] == bits["sized"], "proven optimal within the time limit"
    for what in ("latency_cycles", "interval_cycles"):
        assert exact[what] == bisected[what]


def test_another_method_forgets_the_bound(profiled: Path, cli: Cli) -> None:
    done = cli("opt", profiled, "-p", "size-fifos{method=exact time-limit=0},size-fifos{method=peak}")
    assert done.returncode == 0, done.stderr
    assert "sizing = " not in done.stdout


def test_time_limit_must_not_be_negative(profiled: Path, cli: Cli) -> None:
    done = cli("opt", profiled, "-p", "size-fifos{method=exact time-limit=-1}")
    assert done.returncode == 1
    assert "time limit of -1 seconds" in done.stderr
