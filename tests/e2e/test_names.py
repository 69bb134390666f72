"""Names that a model may have and no tool should see: safe and unique wherever they go, and the user's own where a user looks."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
import yaml
from bad_input import LOWER, network, noise
from e2e_cli import Cli
from onnx import helper

from split4ml.backends.verilator import tool
from split4ml.dialects.names import is_legal

pytestmark = pytest.mark.slow

NAMES = [
    'a"quoted"',
    "array[0]",
    "[exec touch pwned]",
    "$(touch pwned)",
    "`touch pwned`; x",
    "new\nline */ \\",
    "größe",
    "class",
    "layer3_out",
    "n" * 300,
    "",
    "same",
    "Same",
    "yes",
]
"""Of nodes, in a chain."""
INPUT, OUTPUT = 'in [exec touch pwned]; "$x"', "out */ // $y"
FILE = "we'ird [exec touch pwned];$x.onnx"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    kinds = ["Relu", "Sigmoid"]
    nodes = [helper.make_node("MatMul", [INPUT, "w;"], ["t0"], name="true")]
    for index, name in enumerate(NAMES):
        result = OUTPUT if index == len(NAMES) - 1 else f"t{index + 1}"
        nodes.append(helper.make_node(kinds[index % 2], [f"t{index}"], [result], name=name))
    return network(
        tmp_path_factory.mktemp("names") / FILE, nodes, {INPUT: ["N", 3]}, [OUTPUT], {"w;": noise(3, 3)}
    )


@pytest.fixture(scope="module")
def build(model: Path, cli: Cli) -> Path:
    """Compiled with every check that needs no RTL."""
    target = model.parent / "build"
    done = cli("compile", model, "-o", target, "--subgraphs", 2, "--quiet", cwd=model.parent)
    assert done.returncode == 0, done.stderr
    return target


def test_files_and_their_text(build: Path) -> None:
    for path in build.rglob("*"):
        assert re.fullmatch(r"[A-Za-z0-9_.-]{1,100}", path.name), path
    for part in ("subgraphs", "stitched"):
        for path in (build / part).rglob("*"):
            if path.is_file():
                text = path.read_bytes()
                assert not any(
                    word in text for word in (b"touch pwned", b"[exec", b"$(touch", b"gr\xc3", b"n" * 65)
                ), path
    assert not list(build.parent.rglob("pwned"))


def test_tasks(build: Path) -> None:
    """Legal, unique whatever the case, and each says which of the user's nodes it is."""
    layers = json.loads((build / "report.json").read_text())["layers"]
    names = [layer["name"] for layer in layers]
    assert len(names) == len(NAMES) + 1 and all(map(is_legal, names))
    assert len({name.lower() for name in names}) == len(names)
    said = [name for layer in layers for name in layer["onnx_names"]]
    shown = ["gr\\xf6\\xdfe" if name == "größe" else name or "t11" for name in NAMES]
    assert said == ["true", *shown]


def test_what_is_emitted_is_systemverilog(build: Path) -> None:
    root = tool.verilator_root()
    files = sorted([*(build / "stitched/rtl").glob("*.sv"), *(build / "stitched/sim").glob("*.sv")])
    done = subprocess.run(
        [
            str(root / "bin/verilator_bin"),
            "--lint-only",
            "--timing",
            "-Wno-fatal",
            "--top-module",
            "split4ml_tb",
        ]
        + [str(path) for path in files],
        env={**os.environ, "VERILATOR_ROOT": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 and "%Error" not in done.stderr, done.stderr


def test_the_users_names_are_the_users(build: Path, model: Path, cli: Cli, tmp_path: Path) -> None:
    """In arrays, and as layers of a configuration."""
    np.savez(tmp_path / "x.npz", **{INPUT: np.ones((2, 3), np.float32)})  # type: ignore[arg-type]
    done = cli("predict", build, tmp_path / "x.npz", "-o", tmp_path / "y.npz", "--quiet")
    assert done.returncode == 0, done.stderr
    with np.load(tmp_path / "y.npz") as found:
        assert found.files == [OUTPUT] and found[OUTPUT].shape == (2, 3)
    config = tmp_path / "c.yml"
    assert cli("config", model, "-o", config, "--quiet").returncode == 0
    names = list(yaml.safe_load(config.read_text())["LayerName"])
    assert {"true", 'a"quoted"', "[exec touch pwned]", "new\nline */ \\", "n" * 300, "yes"} <= set(names)
    in_force = tmp_path / "all.yml"
    in_force.write_text(re.sub(r"^( *)#(?=\S)", r"\1", config.read_text(), flags=re.MULTILINE))
    for index, file in enumerate((config, in_force)):
        options = ("--hls-config", file, "--verify", "none", "-p", LOWER, "--quiet")
        done = cli("compile", model, "-o", tmp_path / str(index), *options)
        assert done.returncode == 0, f"{file}: {done.stderr}"
