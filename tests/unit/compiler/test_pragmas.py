"""Depths in the top function of an hls4ml project, and what such a project says of its target."""

from __future__ import annotations

from pathlib import Path

import pytest

from split4ml.backends.trace.toplevel import parse_top
from split4ml.compiler.pragmas import apply_depths
from split4ml.compiler.project_facts import ProjectFacts, project_facts
from split4ml.dialects.errors import Split4mlError, UsageError

TOP = """void top(hls::stream<a_t> &x) {
    hls::stream<nnet::array<ap_fixed<16,6>, 4*1>> one("one");
    #pragma HLS STREAM variable=one depth=100
    hls::stream<b_t> two("two"); // no pragma
    nnet::relu<a_t, b_t, c>(one, two); // relu
}
"""


@pytest.fixture
def top(tmp_path: Path) -> Path:
    path = tmp_path / "top.cpp"
    path.write_bytes(TOP.replace("\n", "\r\n").encode())
    path.chmod(0o640)
    return path


def test_depths_are_set_and_added(top: Path) -> None:
    assert apply_depths(top, {"one": 3, "two": 1}) == {"one": (100, 3), "two": (None, 1)}
    wanted = TOP.replace("depth=100", "depth=3").replace(
        "// no pragma\n", "// no pragma\n    #pragma HLS STREAM variable=two depth=1\n"
    )
    assert top.read_bytes() == wanted.replace("\n", "\r\n").encode(), (
        "nothing else changes, line ends included"
    )
    assert top.stat().st_mode & 0o777 == 0o640
    assert apply_depths(top, {"one": 3, "two": 1}) == {}, "twice is once"
    assert [path.name for path in top.parent.iterdir()] == ["top.cpp"]


def test_all_depths_or_none(top: Path) -> None:
    before = top.read_bytes()
    with pytest.raises(Split4mlError, match="stream three was not found"):
        apply_depths(top, {"one": 3, "three": 1})
    assert top.read_bytes() == before


def test_a_pragma_twice_is_refused(top: Path) -> None:
    top.write_text(TOP + "#pragma HLS STREAM variable=one depth=7\n")
    with pytest.raises(Split4mlError, match="one has 2 pragmas"):
        apply_depths(top, {"one": 3})


@pytest.mark.parametrize(
    ("stated", "written", "depth"),
    [
        ("STREAM depth=9 variable=one", "STREAM depth=3 variable=one", 9),
        ("stream variable = one  depth = 9 dim=1", "stream variable = one  depth = 3 dim=1", 9),
        (
            "STREAM variable=one type=fifo depth=(9) // deep",
            "STREAM variable=one type=fifo depth=3 // deep",
            9,
        ),
        ("STREAM variable=&one", "STREAM variable=&one depth=3", None),
    ],
)
def test_pragmas_as_people_write_them(top: Path, stated: str, written: str, depth: int | None) -> None:
    before = TOP.replace("STREAM variable=one depth=100", stated)
    before = before.replace("#pragma", "/*\n#pragma HLS STREAM variable=one depth=77\n*/\n    #pragma")
    top.write_text(before)
    found = parse_top(before, "top", set()).depths
    assert found == ({} if depth is None else {"one": depth})
    assert apply_depths(top, {"one": 3}) == {"one": (depth, 3)}
    assert top.read_text() == before.replace(stated, written)
    assert apply_depths(top, {"one": 3}) == {}


def test_a_depth_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="depth of stream one is 'N \\* 2', which is no number"):
        parse_top(TOP.replace("depth=100", "depth=N * 2"), "top", set())


@pytest.mark.parametrize(
    ("name", "text", "facts"),
    [
        (
            "hls4ml_config.yml",
            "Backend: Vivado\nClockPeriod: 4\nPart: xc7z020clg400-1\n",
            ProjectFacts("Vivado", "xc7z020clg400-1", 4.0, "vivado-2020.1"),
        ),
        (
            "project.tcl",
            'variable x\nset backend "vitis"\nset part "xcu250"\nset clock_period 3.33\n',
            ProjectFacts("vitis", "xcu250", 3.33, "vitis-2023.2"),
        ),
        (
            "build_prj.tcl",
            "set_part {xcvu13p-flga2577-2-e}\ncreate_clock -period 5 -name default\n",
            ProjectFacts("Vitis", "xcvu13p-flga2577-2-e", 5.0, "vitis-2023.2"),
        ),
    ],
)
def test_a_project_says_its_target(tmp_path: Path, name: str, text: str, facts: ProjectFacts) -> None:
    (tmp_path / name).write_text(text)
    assert project_facts(tmp_path, None, None) == facts
    told = project_facts(tmp_path, "vitis-2022.2", 2.0)
    assert (told.tool, told.clock_ns) == ("vitis-2022.2", 2.0)


def test_without_a_clock_there_are_no_cycles(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="clock period"):
        project_facts(tmp_path, None, None)
    with pytest.raises(UsageError, match="no timing constants"):
        project_facts(tmp_path, "vitis-1999.1", 5.0)


@pytest.mark.parametrize("clock", [0.0, -3.0, float("nan"), float("inf")])
def test_what_is_no_clock_period_is_refused(tmp_path: Path, clock: float) -> None:
    with pytest.raises(UsageError, match="must be between 0.1 and 1000 ns"):
        project_facts(tmp_path, None, clock)


def test_other_vendors_have_other_cycles(tmp_path: Path) -> None:
    (tmp_path / "hls4ml_config.yml").write_text("Backend: Quartus\nClockPeriod: 5\n")
    with pytest.raises(UsageError, match="of the backend Quartus"):
        project_facts(tmp_path, None, None)
    assert project_facts(tmp_path, "vitis-2023.2", None).tool == "vitis-2023.2"
