"""Every stage goes on to the same result, and a person may edit one."""

from __future__ import annotations

import filecmp
import json
import re
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
    for part in ("subgraphs", "stitched"):
        before, after = files(quick / part), files(tmp_path / "again" / part)
        assert before.keys() == after.keys() and before
        assert [name for name in before if not filecmp.cmp(before[name], after[name], shallow=False)] == []
    for name, path in files(tmp_path / "again" / "ir").items():
        assert path.read_bytes() == (quick / "ir" / name).read_bytes()


def test_a_depth_edited_by_hand_reaches_the_projects(quick: Path, tmp_path: Path, cli: Cli) -> None:
    sized = file_of(quick, "size-fifos")
    text = sized.read_text()
    fifo = next(name for name, entry in Design(quick).fifos.items() if entry["scope"] == "internal")
    edited = re.sub(rf"(@{fifo} %\w+ depth )\d+", r"\g<1>37", text)
    assert edited != text
    home = tmp_path / "ir"
    home.mkdir()
    (home / sized.name).write_text(edited)
    (tmp_path / "model.fml").write_bytes((quick / "model.fml").read_bytes())
    (tmp_path / "weights").symlink_to(quick / "weights")
    (tmp_path / "split4ml.toml").write_bytes((quick / "split4ml.toml").read_bytes())
    done = cli("compile", home / sized.name, "-o", tmp_path / "again", "--quiet")
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "again" / "report.json").read_text())
    assert {entry["name"]: entry["depth"] for entry in report["fifos"]}[fifo] == 37
    sources = [path.read_text() for path in (tmp_path / "again" / "subgraphs").glob("*/firmware/sg*.cpp")]
    assert any(f"variable={fifo} depth=37" in source for source in sources)


def test_text_that_contradicts_the_archive_is_refused(quick: Path, tmp_path: Path, cli: Cli) -> None:
    text = file_of(quick, "partition").read_text()
    stage = quick / "ir" / "edited.mlir"
    stage.write_text(text.replace("fixed<16,6>", "fixed<16,7>"))
    try:
        done = cli("compile", stage, "-o", tmp_path / "again", "--quiet")
    finally:
        stage.unlink()
    assert done.returncode == 1
    assert "the text contradicts the archive" in done.stderr and "fixed<16,6>" in done.stderr
    assert not (tmp_path / "again").exists()
