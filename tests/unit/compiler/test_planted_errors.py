"""The checks of `make lint` and `make types` see errors: each is planted in a small copy of the project."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FOLDERS = ("compiler", "dialects", "passes", "backends")

CLEAN = '''"""A module."""

from __future__ import annotations


def half(value: int) -> int:
    """Rounded down."""
    return value // 2
'''
UNUSED = CLEAN.replace("\n\n\ndef", "\n\nimport os\n\n\ndef")
BAD_FORMAT = CLEAN.replace("value // 2", "value//2")
BAD_TYPE = CLEAN.replace("value // 2", "value / 2")
UNTYPED = CLEAN.replace("(value: int) -> int", "(value)")
WRONG_ROOT = CLEAN.replace("\n\n\ndef", "\n\nfrom passes import partition  # noqa: F401\n\n\ndef")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project's settings and links, with one clean module in each folder instead of the real ones."""
    for name in ("pyproject.toml", "Makefile", "constraints.txt"):
        shutil.copy2(ROOT / name, tmp_path)
    shutil.copytree(ROOT / ".pkg", tmp_path / ".pkg", symlinks=True)
    for folder in (*FOLDERS, "examples", "benchmarks", "tests", "tests/unit/area"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / "module.py").write_text(CLEAN)
    for folder in FOLDERS:
        (tmp_path / folder / "__init__.py").write_text('"""A package."""\n')
    (tmp_path / "tests/unit/area/test_it.py").write_text(CLEAN)
    return tmp_path


def make(target: str, project: Path) -> subprocess.CompletedProcess[str]:
    """Runs a target with the tools of this environment; `-o` keeps it from being set up again."""
    venv = ROOT / ".venv"
    command = ["make", target, f"VENV={venv}", "-o", f"{venv}/.stamp", "-o", "setup"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False, env=environment)


def test_a_clean_project_passes(project: Path) -> None:
    for target in ("lint", "types"):
        run = make(target, project)
        assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("folder", [*FOLDERS, "tests/unit/area"])
@pytest.mark.parametrize(
    ("text", "sign"), [(UNUSED, "F401"), (BAD_FORMAT, "reformat"), (WRONG_ROOT, "TID251")]
)
def test_lint_sees(project: Path, folder: str, text: str, sign: str) -> None:
    (project / folder / "module.py").write_text(text)
    run = make("lint", project)
    assert run.returncode != 0
    assert sign in run.stdout + run.stderr


def test_types_are_seen_in_every_folder(project: Path) -> None:
    for folder in FOLDERS:
        (project / folder / "module.py").write_text(BAD_TYPE)
    run = make("types", project)
    assert run.returncode != 0
    for folder in FOLDERS:
        assert f"split4ml/{folder}/module.py:8: error: Incompatible return value type" in run.stdout


def test_missing_annotations_are_seen(project: Path) -> None:
    (project / "passes" / "module.py").write_text(UNTYPED)
    run = make("types", project)
    assert run.returncode != 0
    assert "Function is missing a type annotation" in run.stdout


def test_types_are_seen_in_tests(project: Path) -> None:
    (project / "tests/unit/area/test_it.py").write_text(BAD_TYPE)
    run = make("types", project)
    assert run.returncode != 0
    assert "tests/unit/area/test_it.py:8: error" in run.stdout
