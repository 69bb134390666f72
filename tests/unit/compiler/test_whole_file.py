"""Files appear whole or not at all, and what is no file stays what it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from split4ml.compiler.whole_file import whole_file, write_whole
from split4ml.dialects.errors import Split4mlError


def test_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "out.svg"
    write_whole(path, "first")
    with pytest.raises(ZeroDivisionError), whole_file(path) as partial:
        partial.write_text("half")
        raise ZeroDivisionError
    assert [each.name for each in tmp_path.iterdir()] == ["out.svg"] and path.read_text() == "first"


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    link = tmp_path / "link.svg"
    link.symlink_to(tmp_path / "folder" / "real.svg")
    write_whole(link, "text")
    assert link.is_symlink() and (tmp_path / "folder" / "real.svg").read_text() == "text"


def test_what_is_no_file_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_whole(pipe, "text")
    assert os.read(reader, 10) == b"text" and pipe.is_fifo()
    os.close(reader)


def test_standard_output_may_be_a_pipe() -> None:
    program = "from pathlib import Path; from split4ml.compiler.whole_file import write_whole; write_whole(Path('/dev/stdout'), 'text')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "text", "")


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    for path, words in ((tmp_path / "no" / "x", "no such file"), (tmp_path, "is a directory")):
        with pytest.raises(Split4mlError, match=f"cannot write: {words}"):
            write_whole(path, "text")
    assert list(tmp_path.iterdir()) == []
