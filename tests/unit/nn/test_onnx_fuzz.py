"""Whatever is in a file, its import gives a network or one clear message, in proportion to its size."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from onnx_mutations import Originals, mutated

NETWORKS = Path(__file__).parents[2] / "networks"
NAMES = [
    "zoo/inception.dynamo",
    "zoo/causal.script",
    "zoo/mlp_norm.dynamo",
    "zoo/upsampler.script",
    "quantised/mlp.qdq",
]
ORIGINALS = Originals(
    (NETWORKS / f"{name}.onnx").read_bytes() for name in [*NAMES, "quantised/plain.qonnx", "two_ports"]
)

MOST_BYTES = 1 << 30
MOST_SECONDS = 15.0
"""For files of at most 60 kB, on a machine that may be busy. Most take a tenth of a second, half of it to start."""


class Importer:
    """Talks to import_worker.py."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "mutated.onnx"
        script = Path(__file__).with_name("import_worker.py")
        self.worker = subprocess.Popen(
            [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def check(self, data: bytes) -> str:
        """Asserts what holds of every file; returns whether it was taken."""
        self.path.write_bytes(data)
        assert self.worker.stdin is not None and self.worker.stdout is not None
        self.worker.stdin.write(f"{self.path}\n")
        self.worker.stdin.flush()
        found = json.loads(self.worker.stdout.readline())
        assert found["kind"] in ("ok", "refused"), found["text"]
        assert found["bytes"] < MOST_BYTES and found["seconds"] < MOST_SECONDS, found
        if found["kind"] == "refused":
            message = found["text"]
            assert str(self.path) in message and len(message) < 3000
            assert len(message.splitlines()) <= 2 and "Traceback" not in message
        return str(found["kind"])

    def close(self) -> None:
        assert self.worker.stdin is not None
        self.worker.stdin.close()
        self.worker.wait(60)


@pytest.fixture(scope="module")
def importer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Importer]:
    found = Importer(tmp_path_factory.mktemp("fuzz"))
    yield found
    found.close()


def test_the_originals_are_taken(importer: Importer) -> None:
    assert [importer.check(data) for data in ORIGINALS] == ["ok"] * len(ORIGINALS)


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(mutated(ORIGINALS))
@example(b"")
def test_mutated_files(importer: Importer, data: bytes) -> None:
    """The same ones every time."""
    importer.check(data)


@pytest.mark.slow
@settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
@given(mutated(ORIGINALS))
def test_other_mutated_files(importer: Importer, data: bytes) -> None:
    """Others every time."""
    importer.check(data)


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=200))
def test_any_bytes(importer: Importer, data: bytes) -> None:
    importer.check(data)
