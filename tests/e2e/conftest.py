"""Builds that several tests look at, made once with the command that a user runs."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from bad_input import LOWER, Lab, tiny
from e2e_cli import EXAMPLES, NETWORKS, Cli, compiled, run_cli
from once import once


@pytest.fixture(scope="session")
def cli() -> Cli:
    return run_cli


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo network, verified in C and RTL simulation. About a minute."""
    options = ("--input", EXAMPLES / "digits_test.npz", "--subgraphs", 3, "--verify", "rtl")
    return once(
        tmp_path_factory,
        "demo",
        lambda folder: compiled(EXAMPLES / "digits_resnet.onnx", *options, into=folder / "build"),
    )


@pytest.fixture(scope="session")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network with two inputs and two outputs, split by hand, checked with nothing."""
    options = ("--subgraphs", 2, "--verify", "none")
    return once(
        tmp_path_factory,
        "quick",
        lambda folder: compiled(NETWORKS / "two_ports.onnx", *options, into=folder / "build"),
    )


@pytest.fixture
def lab(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Lab:
    """A place to make mistakes in."""
    return Lab(tmp_path, capfd, monkeypatch)


@pytest.fixture(scope="session")
def tiny_onnx(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of five tasks."""
    return once(tmp_path_factory, "tiny", lambda folder: tiny(folder / "tiny.onnx"))


@pytest.fixture(scope="session")
def tiny_split(tiny_onnx: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its build in two subgraphs, as far as it goes without C++. Not to be changed."""
    options = ("--verify", "none", "-p", f"{LOWER}{{subgraphs=2}}")
    return once(
        tmp_path_factory, "split", lambda folder: compiled(tiny_onnx, *options, into=folder / "build")
    )


@pytest.fixture(scope="session")
def tiny_build(tiny_onnx: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its whole build in two subgraphs, checked with nothing. Not to be changed."""
    options = ("--subgraphs", 2, "--verify", "none")
    return once(
        tmp_path_factory, "build", lambda folder: compiled(tiny_onnx, *options, into=folder / "build")
    )


@pytest.fixture
def profiled(quick: Path, tmp_path: Path) -> Path:
    """A profiled stage, with what it refers to beside it."""
    (stage,) = (quick / "ir").glob("[0-9]*-profile.mlir")
    (tmp_path / "ir").mkdir()
    for name in ("model.fml", "weights", "split4ml.toml"):
        (tmp_path / name).symlink_to(quick / name)
    return Path(shutil.copy(stage, tmp_path / "ir" / stage.name))
