"""Saved graphs: equal bytes for equal graphs, the same graph after loading, and nothing hostile gets through."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from split4ml.backends.hls4ml import tarball
from split4ml.backends.hls4ml.archive import digest, load, save
from split4ml.backends.hls4ml.describe import describe
from split4ml.backends.hls4ml.graph import from_model_graph
from split4ml.dialects.errors import Split4mlError

from .conftest import Saved

Members = dict[str, bytes]


@pytest.mark.parametrize("network", ["residual", "mixed"])
def test_loading_gives_the_graph_back(network: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    saved: Saved = request.getfixturevalue(network)
    again = load(saved.path)
    assert describe(again) == saved.info
    assert save(again, tmp_path / "again.fml") == digest(saved.path)
    assert (tmp_path / "again.fml").read_bytes() == saved.path.read_bytes()


def test_another_process_saves_the_same_bytes(residual: Saved, tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from networks import residual\n"
        "from split4ml.backends.hls4ml.archive import save\n"
        "from split4ml.backends.hls4ml.graph import build_graph\n"
        "layers, inputs, outputs = residual()\n"
        "names = {layer['name']: ('/' + layer['name'],) for layer in layers}\n"
        "save(build_graph(layers, inputs, outputs, None, names, inputs, outputs), Path(sys.argv[2]))\n"
    )
    other = tmp_path / "other.fml"
    command = [sys.executable, "-c", script, str(Path(__file__).parent), str(other)]
    subprocess.run(command, check=True, env={"PYTHONHASHSEED": "12345", "PATH": "/usr/bin:/bin"})
    assert other.read_bytes() == residual.path.read_bytes()


def test_what_hls4ml_itself_saved_is_read(residual: Saved, tmp_path: Path) -> None:
    """Without our names file, so that layers are told from inserted ones by their kind."""
    residual.graph.model.save(str(tmp_path / "theirs.fml"))
    theirs = describe(load(tmp_path / "theirs.fml"))
    assert theirs == describe(from_model_graph(residual.graph.model))
    assert [task.inserted for task in theirs.tasks] == [task.inserted for task in residual.info.tasks]
    assert theirs.streams == residual.info.streams


def _members(path: Path) -> Members:
    with tarfile.open(path) as archive:
        return {m.name: f.read() for m in archive if (f := archive.extractfile(m)) is not None}


def _pack(path: Path, members: Members, extra: Callable[[tarfile.TarFile], None] | None = None) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        if extra is not None:
            extra(archive)
    return path


def _entry(name: str, kind: bytes, target: str = "") -> Callable[[tarfile.TarFile], None]:
    def add(archive: tarfile.TarFile) -> None:
        info = tarfile.TarInfo(name)
        info.type = kind
        info.linkname = target
        archive.addfile(info)

    return add


@pytest.mark.parametrize(
    ("name", "kind", "target"),
    [
        ("w.npy", tarfile.SYMTYPE, "/etc/passwd"),
        ("w.npy", tarfile.LNKTYPE, "config.json"),
        ("w.npy", tarfile.FIFOTYPE, ""),
        ("w.npy", tarfile.CHRTYPE, ""),
        ("folder", tarfile.DIRTYPE, ""),
        ("../../.bashrc", tarfile.REGTYPE, ""),
        ("/etc/cron.d/job", tarfile.REGTYPE, ""),
        ("a/b.npy", tarfile.REGTYPE, ""),
        ("evil.py", tarfile.REGTYPE, ""),
        ("x.pkl", tarfile.REGTYPE, ""),
        ("config.json", tarfile.REGTYPE, ""),
    ],
)
def test_members_that_do_not_belong(
    residual: Saved, tmp_path: Path, name: str, kind: bytes, target: str
) -> None:
    bad = _pack(tmp_path / "bad.fml", _members(residual.path), _entry(name, kind, target))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(Split4mlError, match="no plain file|does not belong|occurs twice"):
        load(bad)
    assert sorted(tmp_path.rglob("*")) == before


def test_sizes_are_limited(residual: Saved, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = tmp_path / "bomb.fml"
    info = tarfile.TarInfo("w.npy")
    info.size = 1 << 50
    with gzip.open(bomb, "wb") as packed:
        packed.write(info.tobuf() + bytes(10240))
    with pytest.raises(Split4mlError, match="unpacks to more than"):
        load(bomb)
    monkeypatch.setattr(tarball, "MAX_MEMBERS", 5)
    with pytest.raises(Split4mlError, match="unpacks to more than"):
        load(residual.path)


def test_files_that_are_no_archive(residual: Saved, tmp_path: Path) -> None:
    whole = residual.path.read_bytes()
    for name, content in (
        ("text", b"hello"),
        ("empty", b""),
        ("cut", whole[: len(whole) // 2]),
        ("flipped", whole[:-9] + b"123456789"),
    ):
        path = tmp_path / f"{name}.fml"
        path.write_bytes(content)
        with pytest.raises(Split4mlError, match="no saved hls4ml graph"):
            load(path)
    with pytest.raises(Split4mlError, match="no such file"):
        load(tmp_path / "none.fml")
    missing = _members(residual.path)
    del missing["graph_state.json"]
    with pytest.raises(Split4mlError, match="has no graph_state.json"):
        load(_pack(tmp_path / "missing.fml", missing))
    with pytest.raises(Split4mlError, match=r"named \*.fml"):
        save(residual.graph, tmp_path / "graph.tar")


def test_arrays_are_numbers(residual: Saved, tmp_path: Path) -> None:
    members = _members(residual.path)
    name = next(name for name in members if name.endswith(".npy"))
    objects, infinite = io.BytesIO(), io.BytesIO()
    np.save(objects, np.array([print], dtype=object), allow_pickle=True)
    np.save(infinite, np.array([np.inf]))
    for content in (
        pickle.dumps(print),
        objects.getvalue(),
        infinite.getvalue(),
        members[name][:-3],
        b"\x93NUMPY\x01\x00\xff\xff",
    ):
        with pytest.raises(Split4mlError, match=f"array {name}"):
            load(_pack(tmp_path / "bad.fml", {**members, name: content}))


def _edit(members: Members, name: str, change: Callable[[dict[str, Any]], object]) -> Members:
    value = json.loads(members[name])
    change(value)
    return {**members, name: json.dumps(value).encode()}


def _attributes(arch: dict[str, Any], layer: str) -> dict[str, Any]:
    attributes: dict[str, Any] = arch[layer]["state"]["attributes"]
    return attributes


ATTACKS: dict[str, tuple[str, Callable[[dict[str, Any]], object], str]] = {
    "code in a word": (
        "model_arch.json",
        lambda a: _attributes(a, "relu0").update(activation='relu<a,b,c>(x,y); system("true"); nnet::relu'),
        "characters that no graph",
    ),
    "code in a name": (
        "model_arch.json",
        lambda a: _attributes(a, "conv0")["conv0"]["state"].update(name="x y"),
        "cannot be written into C",
    ),
    "code in a type name": (
        "model_arch.json",
        lambda a: _attributes(a, "conv0")["conv0"]["state"]["type"]["state"].update(name="t, u"),
        "cannot be written into C",
    ),
    "code in a key": (
        "model_arch.json",
        lambda a: _attributes(a, "conv0").update({"a\nb": 1}),
        "characters that no",
    ),
    "a foreign layer class": (
        "model_arch.json",
        lambda a: a["conv0"].update(class_name="subprocess.Popen"),
        "none of hls4ml's",
    ),
    "a class that is not to be made": (
        "model_arch.json",
        lambda a: _attributes(a, "conv0").update(x={"class_name": "hls4ml.model.graph.np", "state": {}}),
        "none of hls4ml's",
    ),
    "a foreign file": (
        "model_arch.json",
        lambda a: _attributes(a, "conv0").update(weight_data="@ndarray:../../../etc/passwd"),
        "not in the archive",
    ),
    "an incomplete layer": ("model_arch.json", lambda a: a["conv0"].pop("state"), "incomplete"),
    "a layer of no class": ("model_arch.json", lambda a: a["conv0"].update(class_name=7), "none of hls4ml's"),
    "a missing attribute": (
        "model_arch.json",
        lambda a: _attributes(a, "conv0").pop("n_chan"),
        "hls4ml cannot load",
    ),
    "io_parallel": (
        "config.json",
        lambda c: c["config"].update(IOType="io_parallel"),
        "only streams can be split",
    ),
    "Tcl in the part": ("config.json", lambda c: c["config"].update(Part="x [exec true]"), "setting Part"),
    "a clock of no length": (
        "config.json",
        lambda c: c["config"].update(ClockPeriod="5; exit"),
        "characters|ClockPeriod",
    ),
    "shell in the project": (
        "config.json",
        lambda c: c["config"].update(ProjectName="a b"),
        "setting ProjectName",
    ),
    "another backend": ("config.json", lambda c: c["config"].update(Backend="Quartus"), "setting Backend"),
    "another version": ("version.json", lambda v: v.update(hls4ml="0.8.1"), "only 1.3 is read"),
    "no graph": ("graph_state.json", lambda g: g.pop("index"), "incomplete"),
    "unknown outputs": (
        "graph_state.json",
        lambda g: g.update(outputs=["nowhere"]),
        "hls4ml cannot load|nowhere",
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_edited_archives(attack: str, residual: Saved, tmp_path: Path) -> None:
    name, change, message = ATTACKS[attack]
    bad = _pack(tmp_path / "bad.fml", _edit(_members(residual.path), name, change))
    with pytest.raises(Split4mlError, match=message):
        describe(load(bad))


def test_generated_code_and_paths_in_an_archive_are_ignored(residual: Saved, tmp_path: Path) -> None:
    secret = tmp_path / "secret.dat"
    secret.write_text("secret")

    def plant_code(arch: dict[str, Any]) -> None:
        for layer in ("x", "relu0"):
            _attributes(arch, layer)["function_cpp"] = 'system("true");'
            _attributes(arch, layer)["config_cpp"] = "#error planted"

    members = _edit(_members(residual.path), "model_arch.json", plant_code)
    members = _edit(
        members, "config.json", lambda c: c["config"].update(InputData="secret.dat", OutputDir="../out")
    )
    graph = load(_pack(tmp_path / "planted.fml", members))
    assert describe(graph) == residual.info
    assert "system" not in str(graph.model.graph["relu0"].get_attr("function_cpp"))
    assert graph.model.graph["x"].get_attr("function_cpp") is None
    assert graph.model.config.get_output_dir() == "."
    assert graph.model.config.get_config_value("InputData") is None
