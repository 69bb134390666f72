"""What the vendor's tools left in a build survives `--force`, as far as what they read is the same."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from split4ml.compiler.builddir import new_build, write_options
from split4ml.compiler.options import CompileOptions
from split4ml.compiler.synthesised import lost

FILES = {
    "subgraphs/sg0/firmware/sg0.cpp": "one",
    "subgraphs/sg0/build_opt.tcl": "export 1",
    "subgraphs/sg1/firmware/sg1.cpp": "two",
    "stitched/rtl/top.sv": "both",
}
MADE = ["subgraphs/sg0/sg0_prj/ip.v", "subgraphs/sg1/sg1_prj/ip.v", "stitched/top_vivado/top.xpr"]


def compiled(build: Path, files: Mapping[str, str]) -> list[str]:
    """A build of these files in the place of what is there; the subgraphs whose synthesis that costs."""
    with new_build(build, force=True) as folder:
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        (folder / "report.json").write_text('{"schema": 1}\n')
        write_options(folder, CompileOptions())
        return lost(build, folder)


def synthesised(build: Path) -> None:
    compiled(build, FILES)
    for name in MADE:
        (build / name).parent.mkdir(parents=True)
        (build / name).touch()


def kept(build: Path) -> list[str]:
    return [name for name in MADE if (build / name).exists()]


def test_nothing_has_changed(tmp_path: Path) -> None:
    build = tmp_path / "build"
    synthesised(build)
    assert compiled(build, FILES) == []
    assert kept(build) == MADE
    assert [path.name for path in tmp_path.iterdir()] == ["build"]


def test_one_subgraph_has_changed(tmp_path: Path) -> None:
    build = tmp_path / "build"
    synthesised(build)
    assert compiled(build, {**FILES, "subgraphs/sg1/firmware/sg1.cpp": "three"}) == ["sg1"]
    assert kept(build) == MADE[:1]
    assert (build / "subgraphs/sg1/firmware/sg1.cpp").read_text() == "three"


def test_a_file_is_gone_or_new(tmp_path: Path) -> None:
    build = tmp_path / "build"
    synthesised(build)
    assert compiled(build, {**FILES, "subgraphs/sg0/firmware/new.h": "0"}) == ["sg0"]
    assert kept(build) == MADE[1:2]


def test_a_subgraph_is_gone(tmp_path: Path) -> None:
    build = tmp_path / "build"
    synthesised(build)
    fewer = {name: text for name, text in FILES.items() if "sg1" not in name}
    assert compiled(build, fewer) == ["sg1"]
    assert kept(build) == MADE[:1]


def test_the_steps_that_hls4ml_wrote_last_do_not_matter(tmp_path: Path) -> None:
    build = tmp_path / "build"
    synthesised(build)
    (build / "subgraphs/sg0/build_opt.tcl").write_text("export 0")
    assert compiled(build, FILES) == []
    assert kept(build) == MADE
