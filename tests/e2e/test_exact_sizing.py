"""`size-fifos` in the IR and in the report: `exact`, and demands on latency, interval and depths."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from e2e_cli import Cli

from split4ml.backends.report.render import proof_of_depths, summary
from split4ml.compiler.design import Design
from split4ml.compiler.main import main


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
    said = dict(summary(exact))["FIFO bits"]
    assert (
        said.endswith("by default; proven optimal") and "proven" not in dict(summary(bisected))["FIFO bits"]
    )


def test_how_far_depths_may_be_from_the_best() -> None:
    assert proof_of_depths({"lower_bound": None, "sized": 10}) == ""
    assert (
        proof_of_depths({"lower_bound": 8, "sized": 10})
        == "; not proven optimal, at most 25.0% above the least"
    )
    assert proof_of_depths({"lower_bound": 0, "sized": 10}) == "; not proven optimal"
    assert proof_of_depths({"lower_bound": 0, "sized": 0}) == "; proven optimal"


def test_another_method_forgets_the_bound(profiled: Path, cli: Cli) -> None:
    done = cli("opt", profiled, "-p", "size-fifos{method=exact time-limit=0},size-fifos{method=peak}")
    assert done.returncode == 0, done.stderr
    assert "sizing = " not in done.stdout


def test_time_limit_must_not_be_negative(profiled: Path, cli: Cli) -> None:
    done = cli("opt", profiled, "-p", "size-fifos{method=exact time-limit=-1}")
    assert done.returncode == 2
    assert "time limit of -1 seconds" in done.stderr


def test_demands_hold_and_are_noted(profiled: Path, cli: Cli) -> None:
    done = cli("opt", profiled, "-p", 'size-fifos{latency=50% interval=10% min-depth="*=2" max-depth="*=40"}')
    assert done.returncode == 0, done.stderr
    depths = [int(depth) for depth in re.findall(r"flow\.fifo @\w+ %\w+ depth (\d+)", done.stdout)]
    assert depths and min(depths) == 2 and max(depths) <= 40
    for words in ('latency = "50%"', 'interval = "10%"', 'min_depth = ["*=2"]', 'max_depth = ["*=40"]'):
        assert words in done.stdout


def test_wires_between_subgraphs(profiled: Path, cli: Cli) -> None:
    """Where they are as fast as FIFOs, `*=0` leaves FIFOs between subgraphs out, and no others; what they cost is proven."""
    bits = {}
    for method in ("bisect", "exact"):
        done = cli(
            "opt", profiled, "-p", f'size-fifos{{method={method} min-depth="*=0"}},lower-flow-to-stitch'
        )
        assert done.returncode == 0, done.stderr
        wires = set(re.findall(r"flow\.fifo @(\w+) %\w+ depth 0 ", done.stdout))
        assert wires and wires == set(
            re.findall(r'stitch\.link @(\w+) %\w+ depth 0 style "wire"', done.stdout)
        )
        assert 'min_depth = ["*=0"]' in done.stdout
        bits[method] = wires
    assert "optimal = true" in done.stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ('pin="layer9999_out=3"', "'layer9999_out' is no FIFO of this design"),
        ('max-depth="cpy*=3"', "'cpy*' matches no FIFO"),
        ("pin=3", "FIFO=DEPTH"),
        ('min-depth="layer18_out=0"', "inside one a depth is at least 1, not 0"),
        ('pin="*=-1"', "FIFO=DEPTH"),
        ("latency=fast", "neither `keep` nor per cent nor cycles"),
        ("latency=1", "latency of at most 1 cycles is out of reach: with FIFOs of any depth it is"),
        ("interval=2", "interval of at most 2 cycles is out of reach"),
        ('min-depth="*=8" max-depth="*=4"', "cannot be at least 8 and at most 4 deep"),
    ],
)
def test_demands_that_cannot_be_met(
    profiled: Path, options: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["opt", str(profiled), "-p", f"size-fifos{{{options}}}"]) in (1, 2)
    assert words in capsys.readouterr().err
