"""Saved hls4ml graphs (`.fml`) that mean harm, through the command: no path escapes, no pickle is loaded, no bomb goes off."""

from __future__ import annotations

import gzip
import json
import pickle
import tarfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bad_input import Lab, members, npy, pack

Json = Any


@pytest.fixture(scope="module")
def good(tiny_split: Path) -> dict[str, bytes]:
    return members(tiny_split / "model.fml")


def link(kind: bytes, target: str = "/etc/passwd") -> tarfile.TarInfo:
    entry = tarfile.TarInfo("evil.npy")
    entry.type, entry.linkname = kind, target
    return entry


def test_a_good_archive_is_taken(lab: Lab, good: dict[str, bytes]) -> None:
    assert lab.compile(pack(lab.folder / "a.fml", good)).status == 0


def test_files_that_are_no_archive(lab: Lab, tiny_split: Path) -> None:
    data = (tiny_split / "model.fml").read_bytes()
    whole = [
        b"",
        b"hello",
        gzip.compress(b""),
        gzip.compress(b"hello"),
        gzip.compress(data),
        pickle.dumps({}),
    ]
    for content in [*whole, *(data[: len(data) * part // 8] for part in range(1, 8)), data[:-1]]:
        lab.refuse(lab.write("a.fml", content), words=["a.fml: it is no saved hls4ml graph"])


class Harmful:
    """Unpickling it would leave a file."""

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return (Path.touch, (Path("unpickled"),))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("../evil.npy", b""),
        ("/tmp/evil.npy", b""),
        ("folder/evil.npy", b""),
        ("evil.py", b"raise SystemExit"),
        ("evil.pkl", pickle.dumps(Harmful())),
        ("evil\n$(id).npy", b""),
        ("e" * 5000 + ".npy", b""),
        ("é.npy", b""),
        ("evil.npy", pickle.dumps(Harmful())),
        ("evil.npy", npy(np.array([Harmful()], object))),
        ("evil.npy", npy(np.array(["text"]))),
        ("evil.npy", npy(np.array([np.nan]))),
    ],
)
def test_members_that_do_not_belong(
    lab: Lab, good: dict[str, bytes], name: str, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(lab.folder)
    message = lab.refuse(pack(lab.folder / "a.fml", {**good, name: data}), words=["a.fml: its "])
    assert len(message) < 400 and "allow_pickle" not in message


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE]
)
def test_members_that_are_no_files(lab: Lab, good: dict[str, bytes], kind: bytes) -> None:
    lab.refuse(pack(lab.folder / "a.fml", good, [link(kind)]), words=["'evil.npy' is no plain file"])


def test_sizes(lab: Lab) -> None:
    """A size that is only claimed, and a real one: 400 MB of zeros in 400 kB."""
    entry = tarfile.TarInfo("evil.npy")
    entry.size = 1 << 40
    lab.refuse(lab.write("a.fml", gzip.compress(entry.tobuf())), words=["more than 4 GiB"])
    entry.size = 400 << 20
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = packer.compress(entry.tobuf())
    for _ in range(400):
        bomb += packer.compress(bytes(1 << 20))
    begin = time.monotonic()
    lab.refuse(
        lab.write("a.fml", bomb + packer.flush()), words=["bytes unpack to more than 250 times as many"]
    )
    assert time.monotonic() - begin < 2


def test_an_array_that_only_claims_to_be_large(lab: Lab, good: dict[str, bytes]) -> None:
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (999999999999,), }".ljust(117) + b"\n"
    array = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    lab.refuse(
        pack(lab.folder / "a.fml", {**good, "c1_weight_data.npy": array}),
        words=["c1_weight_data.npy cannot be read"],
    )


@pytest.mark.parametrize(
    "name", ["config.json", "graph_state.json", "model_arch.json", "split4ml.json", "version.json"]
)
def test_json_that_is_none(lab: Lab, good: dict[str, bytes], name: str) -> None:
    for text in (b"", b"{", b"[]", b"{}", b"[" * 100_000, b"\xff", b'{"a": 1' + b"0" * 5000 + b"}"):
        message = lab.refuse(pack(lab.folder / "a.fml", {**good, name: text}))
        assert "a.fml" in message or name == "model_arch.json"
    if name != "split4ml.json":
        rest = {other: data for other, data in good.items() if other != name}
        lab.refuse(pack(lab.folder / "a.fml", rest), words=[f"it has no {name}"])


def attributes(arch: Json, layer: str = "c1") -> Json:
    return arch[layer]["state"]["attributes"]


def named(**values: Json) -> Callable[[Json], object]:
    return lambda names: names.update(values)


EDITS: dict[str, tuple[str, Callable[[Json], object], str]] = {
    "io_parallel": (
        "config.json",
        lambda c: c["config"].update(IOType="io_parallel"),
        "only streams can be split",
    ),
    "Tcl": ("config.json", lambda c: c["config"].update(Part="x[exec id]"), "its setting Part"),
    "a shell": ("config.json", lambda c: c["config"].update(ProjectName="$(id)"), "its ProjectName"),
    "C++": (
        "model_arch.json",
        lambda a: attributes(a).update(data_format='"); system("'),
        "characters that no graph",
    ),
    "a class": (
        "model_arch.json",
        lambda a: a["c1"].update(class_name="subprocess.Popen"),
        "none of hls4ml's",
    ),
    "a file": (
        "model_arch.json",
        lambda a: attributes(a).update(weight_data="@ndarray:/etc/passwd"),
        "not in the archive",
    ),
    "a name": ("model_arch.json", lambda a: a.update({"../x": a.pop("c1")}), "no name of a layer"),
    "a negative size": ("model_arch.json", lambda a: attributes(a).update(n_chan=-3), "its n_chan is '-3'"),
    "a huge size": ("model_arch.json", lambda a: attributes(a).update(in_width=10**30), "its in_width is"),
    "a size of text": (
        "model_arch.json",
        lambda a: attributes(a).update(in_height="x"),
        "its in_height is 'x'",
    ),
    "a circle": (
        "model_arch.json",
        lambda a: a["c1"]["state"].update(inputs=["add"]),
        "no earlier layer writes",
    ),
    "no layers": ("model_arch.json", lambda a: a.clear(), "no layer computes the output"),
    "another hls4ml": ("version.json", lambda v: v.update(hls4ml="0.8.1"), "only 1.3 is read"),
    "too many names": ("split4ml.json", named(input_names=["a", "b"]), "2 input_names for 1 ports"),
    "an empty name": ("split4ml.json", named(input_names=[""]), "empty name"),
    "no name at all": ("split4ml.json", named(input_names=["\ud800"]), "not ASCII"),
    "a long name": ("split4ml.json", named(output_names=["y" * 100_000]), "too long"),
    "no names": ("split4ml.json", named(onnx_names=3), "is incomplete"),
}


@pytest.mark.parametrize("case", EDITS)
def test_edited_graphs(lab: Lab, good: dict[str, bytes], case: str) -> None:
    name, edit, words = EDITS[case]
    content = json.loads(good[name])
    edit(content)
    archive = pack(lab.folder / "a.fml", {**good, name: json.dumps(content).encode()})
    message = lab.refuse(archive, words=["a.fml", words])
    assert len(message) < 500


def test_the_name_of_an_archive_may_be_anything(lab: Lab, good: dict[str, bytes]) -> None:
    archive = pack(lab.folder / "a b'$(touch x) é.fml", good)
    assert lab.compile(archive).status == 0
    assert json.loads((lab.out / "report.json").read_text())["model"] == "a_b_touch_x"
