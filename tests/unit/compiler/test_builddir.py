"""Build directories appear complete or not at all."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from split4ml.compiler import builddir
from split4ml.compiler.builddir import check_free, is_build, new_build, require_build, write_options
from split4ml.compiler.options import CompileOptions
from split4ml.dialects.errors import Split4mlError


def make(directory: Path, content: str = "new", force: bool = False) -> None:
    with new_build(directory, force) as folder:
        (folder / "content").write_text(content)
        (folder / "report.json").write_text('{"schema": 1}\n')
        write_options(folder, CompileOptions())


def listed(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(params=["exchange", "rename"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """With the kernel's exchange of directories, and without."""
    if request.param == "rename":
        monkeypatch.setattr(builddir, "_exchange", lambda one, other: False)
    yield


def test_it_appears_in_the_end(tmp_path: Path) -> None:
    build = tmp_path / "some" / "where"
    with new_build(build) as folder:
        (folder / "content").touch()
        assert not build.exists()
    assert listed(build) == ["content"]
    assert listed(tmp_path / "some") == ["where"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_failure_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), new_build(tmp_path / "build") as folder:
        (folder / "half").touch()
        raise error
    assert listed(tmp_path) == []


def test_force_replaces_and_leaves_nothing_of_the_old(tmp_path: Path, way: None) -> None:
    make(tmp_path / "build", "old")
    (tmp_path / "build" / "extra").touch()
    make(tmp_path / "build", "new", force=True)
    assert (tmp_path / "build" / "content").read_text() == "new"
    assert listed(tmp_path / "build") == ["content", "report.json", "split4ml.toml"]
    assert listed(tmp_path) == ["build"]


def test_a_failure_keeps_the_old(tmp_path: Path, way: None) -> None:
    make(tmp_path / "build", "old")
    with pytest.raises(RuntimeError), new_build(tmp_path / "build", force=True):
        raise RuntimeError
    assert (tmp_path / "build" / "content").read_text() == "old"
    assert listed(tmp_path) == ["build"]


def test_a_build_is_not_replaced_unasked(tmp_path: Path) -> None:
    make(tmp_path / "build")
    with pytest.raises(Split4mlError, match="exists") as caught:
        make(tmp_path / "build")
    assert caught.value.hint == "--force replaces it"


@pytest.mark.parametrize("force", [False, True])
def test_what_is_not_ours_is_left_alone(tmp_path: Path, force: bool) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "report.json").write_text('{"schema": 1}')
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "thesis")
    for name in ("thesis", "file", "link"):
        with pytest.raises(Split4mlError):
            make(tmp_path / name, force=force)
    assert listed(tmp_path) == ["file", "link", "thesis"]
    assert listed(tmp_path / "thesis") == ["report.json"]


def test_an_empty_directory_may_be_filled(tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    make(tmp_path / "build")
    assert is_build(tmp_path / "build")


def test_a_directory_that_appears_meanwhile_is_left_alone(tmp_path: Path) -> None:
    with pytest.raises(Split4mlError), new_build(tmp_path / "build"):
        (tmp_path / "build").mkdir()
        (tmp_path / "build" / "work").touch()
    assert listed(tmp_path / "build") == ["work"]
    assert listed(tmp_path) == ["build"]


def test_a_place_that_takes_no_directory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Split4mlError, match="cannot make a directory"):
        make(tmp_path / "file" / "build")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_leaves_nothing(tmp_path: Path, number: signal.Signals, status: int) -> None:
    """The whole way through `main`, with a command that waits inside its build directory."""
    code = """if True:
        import sys, time
        from pathlib import Path
        import signal
        from split4ml.compiler import commands, main
        from split4ml.compiler.builddir import new_build

        # a shell that put the tests into the background made them ignore it
        signal.signal(signal.SIGINT, signal.default_int_handler)

        def wait(arguments):
            with new_build(Path("build")) as folder:
                (folder / "half").touch()
                print("ready", flush=True)
                time.sleep(60)

        commands.COMMANDS = {"report": wait}
        sys.argv = ["split4ml", "report", "x"]
        sys.exit(main.main())
    """
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == status
    assert "Traceback" not in errors
    assert listed(tmp_path) == []


def test_require(tmp_path: Path) -> None:
    with pytest.raises(Split4mlError, match="no such build"):
        require_build(tmp_path / "build")
    with pytest.raises(Split4mlError, match="no build directory"):
        require_build(tmp_path)
    make(tmp_path / "build")
    assert require_build(tmp_path / "build") == tmp_path / "build"
    check_free(tmp_path / "other", force=False)
