"""Builds that several tests look at, made once with the command that a user runs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from bad_input import LOWER, Lab, tiny
from e2e_cli import EXAMPLES, NETWORKS, Cli, compiled, run_cli


@pytest.fixture(scope="session")
def cli() -> Cli:
    return run_cli


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo network, verified in C and RTL simulation. About a minute."""
    return compiled(
        EXAMPLES / "digits_resnet.onnx",
        *("--input", EXAMPLES / "digits_test.npz", "--subgraphs", 3, "--verify", "rtl"),
        into=tmp_path_factory.mktemp("demo") / "build",
    )


@pytest.fixture(scope="session")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network with two inputs and two outputs, split by hand, checked with nothing."""
    return compiled(
        NETWORKS / "two_ports.onnx",
        *("--subgraphs", 2, "--verify", "none"),
        into=tmp_path_factory.mktemp("quick") / "build",
    )


@pytest.fixture
def lab(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Lab:
    """A place to make mistakes in."""
    return Lab(tmp_path, capfd, monkeypatch)


@pytest.fixture(scope="session")
def tiny_onnx(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of five tasks."""
    return tiny(tmp_path_factory.mktemp("tiny") / "tiny.onnx")


@pytest.fixture(scope="session")
def tiny_split(tiny_onnx: Path) -> Path:
    """Its build in two subgraphs, as far as it goes without C++. Not to be changed."""
    return compiled(
        tiny_onnx, *("--verify", "none", "-p", f"{LOWER}{{subgraphs=2}}"), into=tiny_onnx.parent / "split"
    )


@pytest.fixture(scope="session")
def tiny_build(tiny_onnx: Path) -> Path:
    """Its whole build in two subgraphs, checked with nothing. Not to be changed."""
    return compiled(tiny_onnx, *("--subgraphs", 2, "--verify", "none"), into=tiny_onnx.parent / "build")
