"""Every stage goes on to the same result, and a person may edit one."""

from __future__ import annotations

import filecmp
import json
import re
import shutil
from pathlib import Path

import pytest
from e2e_cli import Cli

from split4ml.compiler.design import Design

STAGES = ("import", "fold-batch-norm", "flow", "partition", "profile", "stitch")


def file_of(build: Path, stage: str) -> Path:
    """The file of a stage, whatever its number."""
    (path,) = (build / "ir").glob(f"[0-9]*-{stage}.mlir")
    return path


def files(folder: Path) -> dict[str, Path]:
    return {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file()}


def test_every_stage_parses_and_prints_as_it_is(quick: Path, cli: Cli) -> None:
    for stage in sorted((quick / "ir").iterdir()):
        done = cli("opt", stage)
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip() == stage.read_text().strip()


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_fed_back_gives_the_same_bytes(stage: str, quick: Path, tmp_path: Path, cli: Cli) -> None:
    done = cli("compile", file_of(quick, stage), "-o", tmp_path / "again", "--quiet")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "again" / "report.json").read_bytes() == (quick / "report.json").read_bytes()
    for part in ("subgraphs", "stitched", "profile"):
        before, after = files(quick / part), files(tmp_path / "again" / part)
        assert before.keys() == after.keys() and before
        assert [name for name in before if not filecmp.cmp(before[name], after[name], shallow=False)] == []
    for name, path in files(tmp_path / "again" / "ir").items():
        assert path.read_bytes() == (quick / "ir" / name).read_bytes()
    with Design(tmp_path / "again") as design:  # what its arithmetic is checked against
        assert design.session.network(design.model) is not None


def edited(quick: Path, folder: Path, stage: str, old: str, new: str) -> Path:
    """A copy of the build with one stage changed; the stage's file."""
    shutil.copytree(quick, folder)
    path = file_of(folder, stage)
    text = re.sub(old, new, path.read_text(), count=1)
    assert text != path.read_text()
    path.write_text(text)
    return path


def test_a_depth_edited_by_hand_reaches_the_projects(quick: Path, tmp_path: Path, cli: Cli) -> None:
    fifo = next(name for name, entry in Design(quick).fifos.items() if entry["scope"] == "internal")
    stage = edited(quick, tmp_path / "mine", "size-fifos", rf"(@{fifo} %\w+ depth )\d+", r"\g<1>37")
    done = cli("compile", stage, "-o", tmp_path / "again", "--quiet")
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "again" / "report.json").read_text())
    assert {entry["name"]: entry["depth"] for entry in report["fifos"]}[fifo] == 37
    sources = [path.read_text() for path in (tmp_path / "again" / "subgraphs").glob("*/firmware/sg*.cpp")]
    assert any(f"variable={fifo} depth=37" in source for source in sources)


def test_a_split_changed_by_hand_is_not_called_optimal(quick: Path, tmp_path: Path, cli: Cli) -> None:
    """Whatever the attribute claims, the report says what the subgraphs are."""
    stage = edited(quick, tmp_path / "mine", "partition", r"crossing_bits = \d+", "crossing_bits = 1")
    done = cli("compile", stage, "-o", tmp_path / "again", "--quiet")
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "again" / "report.json").read_text())["partition"]
    true = json.loads((quick / "report.json").read_text())["partition"]
    assert (found["method"], found["optimal"], found["lower_bound"]) == ("by-hand", False, None)
    assert found["crossing_bits_per_frame"] == true["crossing_bits_per_frame"]


def test_text_that_contradicts_the_archive_is_refused(quick: Path, tmp_path: Path, cli: Cli) -> None:
    stage = edited(quick, tmp_path / "mine", "partition", "uncuttable|fixed<16,6>", "fixed<16,7>")
    done = cli("compile", stage, "-o", tmp_path / "again", "--quiet")
    assert done.returncode == 1 and done.stderr.startswith("error:")
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize(
    ("stage", "option", "words"),
    [
        ("partition", ("--subgraphs", "5"), "split already"),
        ("flow", ("--precision", "fixed<12,4>"), "lowered already"),
        ("flow", ("--clock", "3"), "lowered for 5.0"),
        ("flow", ("--board", "zcu102"), "lowered for xcvu13p"),
        ("flow", ("-p", "estimate", "--cut-before", "x"), "belongs to the pass partition"),
        ("flow", ("--tile-weights", "99"), "lowered already"),
        ("import", ("-p", "lower-nn-to-flow", "--tile-weights", "99"), "belongs to the pass tile"),
        ("import", ("-p", "remove-identity"), "leave no design"),
        ("flow", ("-p", "estimate", "--verify", "rtl"), "needs the stitched top"),
    ],
)
def test_options_that_would_be_ignored_are_refused(
    stage: str, option: tuple[str, ...], words: str, quick: Path, tmp_path: Path, cli: Cli
) -> None:
    done = cli("compile", file_of(quick, stage), "-o", tmp_path / "again", "--quiet", *option)
    assert done.returncode == 2
    assert words in done.stderr
    assert not (tmp_path / "again").exists()
