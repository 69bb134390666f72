"""Parts and boards: how they are named, what they have, and a user's own file with its mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from split4ml.compiler.devices import BUILT_IN, Parts, catalogue
from split4ml.dialects.errors import Split4mlError

OWN = """\
[[device]]
names = ["mychip"]
slr = [
  { lut = 8000, ff = 16000, dsp = 20, bram18 = 40 },
  { lut = 9000, ff = 18000, dsp = 30, bram18 = 50, uram = 2 },
]

[[board]]
name = "My Board"
part = "mychip-fg484-1"
"""


@pytest.mark.parametrize(
    ("name", "device", "slrs", "lut"),
    [
        ("xcvu13p-flga2577-2-e", "xcvu13p", 4, 1_728_000),
        ("xcu250-figd2104-2L-e", "xcu250", 4, 1_728_000),
        ("XC7Z020CLG400-1", "xc7z020", 1, 53_200),
        ("xc7z020iclg400-1L", "xc7z020", 1, 53_200),
        ("xc7a35ticsg324-1L", "xc7a35t", 1, 20_800),
        ("xcku115-flvb2104-2-i", "xcku115", 2, 663_360),
        ("xcku11p-ffve1517-2-e", "xcku11p", 1, 298_560),
        ("xqzu48dr-fsrg1517-1M-m", "xczu48dr", 1, 425_280),
        ("zu3eg", "xczu3eg", 1, 70_560),
        ("ZCU102", "xczu9eg", 1, 274_080),
        ("pynq z2", "xc7z020", 1, 53_200),
        ("U55C", "xcu55c", 3, 1_303_680),
        ("alveo-u50", "xcu50", 2, 871_680),
        ("vck190", "xcvc1902", 1, 899_840),
    ],
)
def test_names(name: str, device: str, slrs: int, lut: int) -> None:
    found = Parts().find(name)
    assert (found.name, len(found.slr), found.total("lut")) == (device, slrs, lut)
    assert found.source


def test_the_slrs_of_one_device_may_differ() -> None:
    assert [slr["dsp"] for slr in Parts().find("u280").slr] == [2880, 3072, 3072]


@pytest.mark.parametrize(
    ("name", "near"), [("zcu103", "ZCU104"), ("xcvu14p", "xcvu"), ("xc7z02", "xc7z020"), ("Alveo U520", "U")]
)
def test_unknown_names(name: str, near: str) -> None:
    with pytest.raises(Split4mlError, match=f"no device or board '{name}'") as error:
        Parts().find(name)
    assert near in (error.value.hint or "")


def test_every_board_has_a_known_part() -> None:
    known = catalogue()
    assert len(known.boards) >= 40
    for board, part in known.boards.values():
        assert known.device_of(part) is not None, board


def test_registers_are_two_for_each_lut_where_the_fabric_says_so() -> None:
    """A slip of the pen in the data file: 7 series, UltraScale(+) and Versal have two flip-flops for each LUT."""
    for device in catalogue().devices.values():
        for slr in device.slr:
            assert slr["ff"] == 2 * slr["lut"] and slr["bram18"] % 2 == 0, device


def test_a_users_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(OWN)
    found = Parts(path).find("my-board")
    assert found.slr[0]["uram"] == 0 and found.total("lut") == 17_000
    assert found.source == "mine.toml"
    assert Parts(path).find("zcu102").name == "xczu9eg"


@pytest.mark.parametrize(
    ("line", "instead", "where", "message"),
    [
        (1, "[[device]", 1, "no TOML"),
        (1, "[[devices]]", 1, "no table 'devices'"),
        (2, "", 1, "names is missing"),
        (2, 'name = ["mychip"]', 2, "a device has no 'name'"),
        (2, 'names = ["my chip"]', 2, "names lists the beginnings"),
        (2, "names = []", 2, "names lists the beginnings"),
        (3, "slrs = [", 3, "a device has no 'slrs'"),
        (4, "{ lut = 8000, ff = 16000, dsp = 20 },", 3, "an SLR lacks bram18"),
        (4, "{ luts = 8000 },", 4, "no resource 'luts'"),
        (5, "{ lut = 9000, ff = 18000, dsp = -1, bram18 = 0 },", 4, "dsp is -1"),
        (4, "{ lut = 1e9, ff = 1, dsp = 1, bram18 = 1 },", 4, "lut is 1000000000.0"),
        (4, "7,", 3, "an SLR is written"),
        (10, "part = 7", 10, "part is 7"),
        (10, "", 8, "part is missing"),
    ],
)
def test_a_wrong_file_is_told_by_its_line(
    tmp_path: Path, line: int, instead: str, where: int, message: str
) -> None:
    path = tmp_path / "mine.toml"
    lines = OWN.splitlines()
    lines[line - 1] = instead
    path.write_text("\n".join(lines))
    with pytest.raises(Split4mlError, match=message) as error:
        Parts(path).find("zcu102")
    assert error.value.where == f"{path}:{where}"


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(Split4mlError, match="cannot read"):
        Parts(tmp_path / "nowhere.toml").find("zcu102")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Split4mlError, match="no text"):
        Parts(tmp_path / "binary").find("zcu102")


def test_the_data_file_is_in_the_package() -> None:
    assert BUILT_IN.is_file()
