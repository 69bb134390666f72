"""Tasks traced on their own do what they do in the whole project; and what is known is not traced again."""

from __future__ import annotations

import multiprocessing
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_project import COPY, tiny

from split4ml.backends.trace.cache import TraceCache, cache_folder
from split4ml.backends.trace.closure import Definitions, task_code
from split4ml.backends.trace.sources import prepare
from split4ml.backends.trace.taskfile import from_values, to_values
from split4ml.backends.trace.tasks import known_tasks, trace_tasks
from split4ml.backends.trace.toplevel import TaskCall
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.timing.program import ProgramBuilder
from split4ml.passes.timing.tasktrace import Element, TaskTrace, Weights


@pytest.mark.parametrize("fixture", ["residual", "reused", "assorted"])
def test_alone_as_in_the_whole(fixture: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    project: Any = request.getfixturevalue(fixture)
    traced = trace_tasks(project.path, "net", cache=TraceCache(tmp_path))
    assert (traced.inputs, traced.outputs) == (project.trace.inputs, project.trace.outputs)
    for alone, whole in zip(traced.tasks, project.trace.tasks, strict=True):
        assert to_values(alone) == to_values(whole)
    again = trace_tasks(project.path, "net", cache=TraceCache(tmp_path))
    assert again.fresh == 0
    assert [to_values(t) for t in again.tasks] == [to_values(t) for t in traced.tasks]


def test_a_frame_takes_the_memory_of_what_differs_in_it(residual: Any) -> None:
    for task in residual.trace.tasks:
        assert task.program.size < 60
        assert len(task.op_write) == len(task.op_loop) == task.operations


def _project(folder: Path, count: int = 4, tokens: int = 4) -> Path:
    """`count` copies in a row, with names of their own; the last one has other types."""
    project = tiny(folder, COPY)
    firmware = project / "firmware"
    types = "".join(f"typedef token_t layer{k}_t;\n" for k in range(count))
    types += "typedef nnet::array<ap_fixed<8,3>, 2> last_t;\n"
    with (firmware / "defines.h").open("a") as file:
        file.write(types)
    configs = "".join(
        f"struct config{k} {{ static const unsigned n = {tokens}; }};\n" for k in range(2, count + 2)
    )
    with (firmware / "parameters.h").open("a") as file:
        file.write(configs)
    calls, source = [], "x"
    for k in range(count):
        target, kind = (f"s{k}", f"layer{k}_t") if k < count - 1 else ("y", "last_t")
        if target != "y":
            calls.append(f'    hls::stream<{kind}> {target}("{target}");')
        before = "token_t" if k == 0 else f"layer{k - 1}_t"
        body = f"nnet::copy<{before}, {kind}, config{k + 2}>({source}, {target}); // t{k}"
        calls.append("    " + body)
        source = target
    (firmware / "nnet_utils" / "nnet_copy.h").write_text(
        (firmware / "nnet_utils" / "nnet_copy.h")
        .read_text()
        .replace(
            "res.write(data.read());",
            "data_T in = data.read(); res_T out; out[0] = in[0]; out[1] = in[1]; res.write(out);",
        )
    )
    (firmware / "tiny.cpp").write_text(
        '#include "parameters.h"\nvoid tiny(hls::stream<token_t> &x, hls::stream<last_t> &y) {\n#pragma HLS DATAFLOW\n'
        + "\n".join(calls)
        + "\n}\n"
    )
    return project


def test_a_compiler_error_is_where_the_user_finds_it(tmp_path: Path) -> None:
    project = tiny(tmp_path)
    top = project / "firmware" / "tiny.cpp"
    top.write_text(top.read_text().replace("    nnet::copy<", "\n    nnet::copied<"))
    with pytest.raises(Split4mlError, match=r"does not compile: tiny\.cpp:4:\d+: error: .*copied"):
        trace_tasks(project, "tiny", cache=TraceCache(tmp_path))


def test_equal_tasks_are_traced_once(tmp_path: Path) -> None:
    cache = TraceCache(tmp_path / "cache")
    seen: list[tuple[int, int]] = []
    traced = trace_tasks(
        _project(tmp_path), "tiny", cache=cache, progress=lambda done, total: seen.append((done, total))
    )
    assert traced.fresh == 2, "three of the four are one code"
    assert seen[0] == (0, 2) and seen[-1] == (2, 2)
    assert [t.name for t in traced.tasks] == ["t0", "t1", "t2", "t3"]
    assert [t.inputs + t.outputs for t in traced.tasks] == [
        ("x", "s0"),
        ("s0", "s1"),
        ("s1", "s2"),
        ("s2", "y"),
    ]
    assert traced.tasks[3].types["y"].width == 8
    other = trace_tasks(_project(tmp_path / "longer", 6), "tiny", cache=cache)
    assert other.fresh == 0, "another project of the same layers"
    assert known_tasks(_project(tmp_path / "new", 4, tokens=5), "tiny", cache) is None


CALL = TaskCall("t", "copy", ("x", "y"), ("w",), None, "nnet::copy(x, y, w);")
KEY = "0a" * 32


def _known(folder: Path) -> tuple[TraceCache, Path, dict[str, Any]]:
    """A cache that holds one trace, its file, and the trace."""
    builder = ProgramBuilder()
    task = TaskTrace(
        name="t",
        kind="copy",
        inputs=("x",),
        outputs=("y",),
        program=builder.program([builder.loop("f:L", 1, [[0, 1]] * 9)]),
        counted=(),
        functions={},
        constants={},
        types={"x": Element(8, 3, True), "y": Element(9, 3, True)},
        weights=(Weights("w", 4, 3, 2, 1),),
        elements={"x": 2, "y": 2},
    )
    cache = TraceCache(folder / "cache")
    cache.put(KEY, CALL, task)
    (path,) = (folder / "cache").glob("*/*.trace")
    return cache, path, to_values(task)


def test_what_is_known_gets_the_names_of_the_call(tmp_path: Path) -> None:
    cache, _, values = _known(tmp_path)
    found = cache.get(KEY, CALL)
    assert found is not None and to_values(found) == values
    other = cache.get(KEY, replace(CALL, name="u", streams=("a", "b"), others=("v",)))
    assert other is not None
    assert (other.name, other.inputs, other.outputs) == ("u", ("a",), ("b",))
    assert (other.types["b"].width, other.elements["a"], other.weights[0].name) == (9, 2, "v")


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "other"])
def test_a_damaged_file_counts_as_absent(damage: str, tmp_path: Path) -> None:
    cache, path, _ = _known(tmp_path)
    data = path.read_bytes()
    path.write_bytes(
        {
            "cut": data[: len(data) // 2],
            "flip": data[:80] + bytes([data[80] ^ 1]) + data[81:],
            "empty": b"",
            "other": b"0" * len(data),
        }[damage]
    )
    assert cache.get(KEY, CALL) is None
    assert not path.exists(), "so that it can be written anew"


def test_a_file_under_another_name_is_no_answer(tmp_path: Path) -> None:
    cache, path, _ = _known(tmp_path)
    wrong = "0b" * 32
    (tmp_path / "cache" / "0b").mkdir()
    shutil.copy(path, tmp_path / "cache" / "0b" / f"{wrong}.trace")
    assert cache.get(wrong, CALL) is None


def test_a_folder_that_cannot_be_written_is_no_harm(tmp_path: Path) -> None:
    _, _, values = _known(tmp_path)
    (tmp_path / "file").write_text("in the way")
    for cache in (TraceCache(tmp_path / "file" / "traces"), TraceCache(None)):
        cache.put(KEY, CALL, from_values(values))
        assert cache.get(KEY, CALL) is None
        cache.prune()


def _write_and_read(folder: Path, times: int) -> bool:
    cache, _, values = _known(folder)
    for _ in range(times):
        cache.put(KEY, CALL, from_values(values))
        found = cache.get(KEY, CALL)
        if found is None or to_values(found) != values:
            return False
    return True


def test_processes_may_share_it(tmp_path: Path) -> None:
    with multiprocessing.get_context("fork").Pool(3) as pool:
        assert all(pool.starmap(_write_and_read, [(tmp_path, 200)] * 3))
    assert len(list((tmp_path / "cache").glob("*/*"))) == 1, "nothing half-written is left"


def test_the_oldest_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache, path, values = _known(tmp_path)
    os.utime(path, (1, 1))
    for k in range(4):
        cache.put(f"{k}c" * 32, CALL, from_values(values))
    monkeypatch.setattr("split4ml.backends.trace.cache.LIMIT", 4)
    cache.prune()
    assert len(list((tmp_path / "cache").glob("*/*"))) == 4
    assert not path.exists()


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SPLIT4ML_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path / "traces"
    monkeypatch.setenv("SPLIT4ML_CACHE", "")
    assert cache_folder() is None
    monkeypatch.delenv("SPLIT4ML_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "split4ml" / "traces"


def test_what_the_code_depends_on_makes_the_key(residual: Any, tmp_path: Path) -> None:
    """Every edit that could change a trace changes the code; names, comments and other layers do not."""

    def code(old: str, new: str, file: str, layer: str = "c1") -> str:
        copied = tmp_path / str(len(list(tmp_path.iterdir())))
        shutil.copytree(residual.path / "firmware", copied / "firmware")
        path = copied / "firmware" / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        sources = prepare(copied, "net", copied / "work")
        call = next(c for c in sources.parsed.tasks if c.name == layer)
        return sources.kernel_digest + sources.code(call).text

    plain = code("", "", "parameters.h")
    config = "struct config2 :"
    assert code("// c1", "// another comment", "parameters.h") == plain
    assert code("struct relu_config3", "struct relu_config33", "parameters.h") == plain
    assert code("layer2_t", "layer_of_c1_t", "defines.h") != plain, "the type is then undefined in the call"
    assert code(config, "struct unrelated {};\n" + config, "parameters.h") == plain
    assert (
        code(
            "static const unsigned filt_height = 3;", "static const unsigned filt_height = 5;", "parameters.h"
        )
        != plain
    )
    assert (
        code(
            "typedef nnet::array<ap_fixed<16,6>, 4*1> layer2_t",
            "typedef nnet::array<ap_fixed<17,6>, 4*1> layer2_t",
            "defines.h",
        )
        != plain
    )
    assert code("for (unsigned i_iw", "for (int i_iw", "nnet_utils/nnet_conv2d_stream.h") != plain


def test_canonical_names_do_not_collide() -> None:
    """Two parameters that are swapped are another code."""
    definitions = Definitions()
    definitions.add(
        "typedef ap_fixed<8,3> a_t;\ntypedef ap_fixed<9,3> b_t;\nstruct c { typedef a_t x; typedef b_t y; };\n"
    )
    definitions.add("struct d { typedef b_t x; typedef a_t y; };")

    def code(config: str) -> str:
        call = TaskCall("n", "f", ("s", "t"), (), config, f"nnet::f<{config}>(s, t);")
        return task_code(call, definitions, {"s": "a_t", "t": "b_t"}).text

    assert code("c") != code("d")
    renamed = Definitions(
        {k.replace("a_t", "q_t"): [i.replace("a_t", "q_t") for i in v] for k, v in definitions.texts.items()}
    )
    call = TaskCall("m", "f", ("u", "v"), (), "c", "nnet::f<c>(u, v);")
    assert task_code(call, renamed, {"u": "q_t", "v": "b_t"}).text == code("c")


def test_writers_and_readers_must_agree(tmp_path: Path) -> None:
    project = _project(tmp_path)
    parameters = project / "firmware" / "parameters.h"
    text = parameters.read_text()
    parameters.write_text(
        text.replace(
            "struct config3 { static const unsigned n = 4;", "struct config3 { static const unsigned n = 3;"
        )
    )
    with pytest.raises(Split4mlError, match="t0 writes 4 tokens of stream s0 a frame, and t1 reads 3"):
        trace_tasks(project, "tiny", cache=TraceCache(None))


def test_stored_programs_are_checked(residual: Any) -> None:
    values = to_values(residual.trace.tasks[0])
    assert np.array_equal(from_values(values).op_iteration, residual.trace.tasks[0].op_iteration)
    for change in (
        {"root": 99},
        {"bodies": [[-1]] * len(values["bodies"])},
        {"bodies": [[7]] * len(values["bodies"])},
    ):
        with pytest.raises((ValueError, IndexError)):
            from_values({**values, **change})
    assert replace(residual.trace.tasks[0], name="z").name == "z"
