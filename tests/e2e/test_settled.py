"""After sizing the split is confirmed with the costs of its FIFOs, or changed; by command and by pipeline."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from bad_input import Lab
from e2e_cli import Cli

BEHIND = "profile,size-fifos{method=peak},settle-split{method=peak}"
"""The passes behind `partition`."""


def split_of(build: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((build / "report.json").read_text())["partition"]
    return found


def stage(build: Path, name: str) -> Path:
    (path,) = (build / "ir").glob(f"[0-9]*-{name}.mlir")
    return path


def test_what_fifos_take_counts_only_where_something_asks_for_it(tiny_build: Path) -> None:
    found = split_of(tiny_build)
    assert (found["rounds"], found["settled"]) == (1, "unaffected")


def test_the_costs_of_subgraphs_are_those_that_were_minimised(tiny_build: Path) -> None:
    """With what any project takes."""
    report = json.loads((tiny_build / "report.json").read_text())
    largest = max(part["cost"]["synth_seconds"] for part in report["subgraphs"])
    assert largest == report["partition"]["objective"]
    tasks = sum(layer["cost"]["synth_mb"] for layer in report["layers"])
    assert sum(part["cost"]["synth_mb"] for part in report["subgraphs"]) > tasks


def test_a_budget_holds_with_fifos(lab: Lab, tiny_build: Path) -> None:
    """From the stage before the partition: with a budget that has room for FIFOs, and with some that have none."""
    before = stage(tiny_build, "estimate")

    def split(options: str) -> int:
        passes = f"partition{{subgraphs=2 {options}}},{BEHIND}"
        return lab.run(
            *("compile", before, "-o", lab.out, "--force", "--quiet", "--verify", "none", "-p", passes)
        ).status

    assert split("") == 0
    alone = max(
        part["cost"]["lut"] for part in json.loads((lab.out / "report.json").read_text())["subgraphs"]
    )
    assert split(f"lut={alone + 10_000}") == 0
    found = split_of(lab.out)
    assert found["settled"] == "stable" and found["rounds"] >= 1

    def refused(most: int) -> str:
        done = lab.run(
            *("compile", before, "-o", lab.folder / "tight", "--quiet", "--verify", "none"),
            *("-p", f"partition{{subgraphs=2 lut={most}}},{BEHIND}"),
        )
        assert done.status == 1 and "lut" in done.err
        return done.err

    # The tasks alone would fit, but not with what a cut adds; and with the least of that, not with FIFOs.
    enough = re.search(r"([\d,]+) lut \([\d,]+ more\) would do", refused(alone))
    assert enough is not None
    assert "FIFOs as they are sized" in refused(int(enough[1].replace(",", "")))


def test_a_split_edited_by_hand_is_left_alone(lab: Lab, tiny_build: Path) -> None:
    build = lab.copy(tiny_build)
    edited = stage(build, "partition")
    text = edited.read_text()
    bits = re.search(r"values = \{[^}]*bits = (\d+)", text)
    assert bits is not None
    edited.write_text(text.replace(bits[0], bits[0].replace(bits[1], "1")))
    done = lab.run("compile", edited, "-o", lab.out, "--quiet", "--verify", "none", "-p", BEHIND)
    assert done.status == 0, done.err
    assert split_of(lab.out)["settled"] == "by-hand"


def test_a_split_without_fifos_on_its_boundaries_is_settled(
    tiny_onnx: Path, tmp_path: Path, cli: Cli
) -> None:
    build = tmp_path / "build"
    wires = 'min-depth="*=0"'
    done = cli(
        "compile", tiny_onnx, "-o", build, "--subgraphs", 2, "--verify", "none", "--quiet", "--fifos", wires
    )
    assert done.returncode == 0, done.stderr
    report = json.loads((build / "report.json").read_text())
    assert report["partition"]["settled"]
    assert any(f["scope"] == "boundary" and f["depth"] == 0 for f in report["fifos"])
