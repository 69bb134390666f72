"""What a tiny hand-written project can do wrong, and what the user is told. Also: what exactly is recorded."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from tiny_project import COPY, tiny

from split4ml.backends.trace import ProjectTrace, trace_project
from split4ml.backends.trace.sources import find_top
from split4ml.dialects.errors import Split4mlError
from split4ml.passes.timing.tasktrace import Element


def trace(project: Path, tokens: int = 8, elements: int = 2, timeout: float = 120.0) -> ProjectTrace:
    x: npt.NDArray[np.uint64] = np.arange(tokens * elements, dtype=np.uint64).reshape(tokens, elements)
    return trace_project(project, "tiny", {"x": x}, project.parent / "work", timeout)


def test_a_pipelined_loop_is_recorded(tmp_path: Path) -> None:
    traced = trace(tiny(tmp_path))
    (task,) = traced.tasks
    assert (task.name, task.kind, task.inputs, task.outputs) == ("first", "copy", ("x",), ("y",))
    assert task.op_iteration.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert task.op_write.tolist() == [False, True] * 4
    assert (task.loops.iterations.tolist(), task.loops.ii.tolist()) == ([4], [3])
    assert task.constants["n"] == 4
    assert task.types["accum_t"].integer == 3
    assert np.array_equal(traced.tokens["x"], traced.tokens["y"])


def test_the_outermost_pipeline_counts_and_idle_loops_are_only_counted(tmp_path: Path) -> None:
    kernel = """
    int idle = 0;
    Idle: for (int i = 0; i < 1000; i++) idle += i;
    Rows: for (int i = 0; i < 2; i++) {
        #pragma HLS PIPELINE
        Columns: for (int j = 0; j < 2; j++) {
            #pragma HLS PIPELINE II=9
            res.write(data.read());
        }
    }
    """
    (task,) = trace(tiny(tmp_path, kernel)).tasks
    assert task.loops.site == ("copy:Rows",)
    assert task.loops.ii.tolist() == [1]
    assert task.op_iteration.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    (idle,) = task.counted
    assert (idle.label, idle.instances, idle.iterations) == ("Idle", 1, 1000)


def test_control_that_depends_on_data_is_refused(tmp_path: Path) -> None:
    kernel = """
    for (int i = 0; i < CONFIG_T::n; i++) {
        data_T token = data.read();
        if (token[0] > typename data_T::value_type(0.02)) res.write(token);
    }
    """
    with pytest.raises(Split4mlError, match="first \\(copy\\) depend on the data"):
        trace(tiny(tmp_path, kernel), tokens=12)


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        ("undeclared(data);", "does not compile: .*undeclared"),
        ("for (int i = 0; i < 4; i++) data.read(); abort();", "died by SIGABRT"),
        ("data.read(); exit(7);", "exit status 7"),
        ("assert(CONFIG_T::n == 5); abort();", "SIGABRT: the assertion `CONFIG_T::n == 5` fails"),
        (
            "for (int i = 0; i < 3; i++) res.write(data.read());",
            "reads more tokens of stream x|left over|tokens of stream",
        ),
        ("for (int i = 0; i < 4; i++) data.read();", "does not use stream y"),
    ],
)
def test_faults_become_one_error(kernel: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(Split4mlError, match=message):
        trace(tiny(tmp_path, kernel))


def test_an_assertion_that_fails_is_no_hardware(tmp_path: Path) -> None:
    (task,) = trace(tiny(tmp_path, 'assert(CONFIG_T::n == 5 && "not allowed");\n' + COPY)).tasks
    assert task.op_write.tolist() == [False, True] * 4


def test_a_program_that_hangs_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(Split4mlError, match="did not end within 15 s"):
        trace(tiny(tmp_path, "for (;;) {}"), timeout=15.0)


def test_an_incomplete_frame_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Split4mlError, match="first reads more tokens of stream x than there are"):
        trace(tiny(tmp_path), tokens=7)


def test_wide_elements_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Split4mlError, match="stream x have 65 bits"):
        trace(tiny(tmp_path, element="ap_fixed<65,6>"))


def test_64_bits_are_exact(tmp_path: Path) -> None:
    project = tiny(tmp_path, element="ap_ufixed<64,6>")
    x = np.array([[2**64 - 1, 1], [2**63, 5], [3, 2**63 + 1], [0, 0]], np.uint64)
    traced = trace_project(project, "tiny", {"x": x}, tmp_path / "work")
    assert np.array_equal(traced.tokens["y"], x)
    assert not traced.elements["y"].signed


def test_rounding_and_saturation_are_facts_of_a_type(tmp_path: Path) -> None:
    """They cost stages: sums that saturate cannot be put in another order."""
    project = tiny(tmp_path, element="ap_ufixed<8,0,AP_RND_CONV,AP_SAT>")
    parameters = project / "firmware" / "parameters.h"
    parameters.write_text(parameters.read_text().replace("ap_fixed<9,3>", "ap_fixed<9,3,AP_TRN,AP_SAT>"))
    traced = trace(project)
    assert traced.elements["y"] == Element(8, 0, signed=False, rounds=True, saturates=True)
    (task,) = traced.tasks
    assert task.types["accum_t"] == Element(9, 3, signed=True, rounds=False, saturates=True)


def test_a_header_that_the_project_left_to_the_vendor_is_found(tmp_path: Path) -> None:
    """Projects of older versions have `ap_types` without `ap_shift_reg.h`."""
    project = tiny(tmp_path)
    ap_types = project / "firmware" / "ap_types"
    (ap_types / "ap_shift_reg.h").unlink()
    defines = project / "firmware" / "defines.h"
    defines.write_text('#include "ap_shift_reg.h"\n' + defines.read_text())
    assert trace(project).frames == 2


def test_wrong_inputs_are_refused(tmp_path: Path) -> None:
    project = tiny(tmp_path)
    with pytest.raises(Split4mlError, match="input x has 2 elements"):
        trace(project, elements=3)
    x = np.zeros((4, 2), np.uint64)
    for inputs, message in (
        ({}, "input x is missing"),
        ({"x": x, "z": x}, "there is no input z"),
        ({"x": x[0]}, "shape"),
    ):
        with pytest.raises(Split4mlError, match=message):
            trace_project(project, "tiny", inputs, tmp_path / "work")


def test_what_is_no_project_is_refused(tmp_path: Path) -> None:
    x = {"x": np.zeros((4, 2), np.uint64)}
    with pytest.raises(Split4mlError, match="no hls4ml io_stream project"):
        trace_project(tmp_path, "tiny", x, tmp_path / "work")
    with pytest.raises(Split4mlError, match="no name of a top function"):
        trace_project(tmp_path, "../tiny", x, tmp_path / "work")
    project = tiny(tmp_path, arguments="token_t x[4], token_t y[4]")
    with pytest.raises(Split4mlError, match="no argument of tiny is a stream"):
        trace_project(project, "tiny", x, tmp_path / "work")


def test_tasks_without_dataflow_are_refused(tmp_path: Path) -> None:
    """HLS would run them one after the other: depths and predicted cycles would mean nothing."""
    project = tiny(tmp_path)
    top = project / "firmware" / "tiny.cpp"
    one = "    nnet::copy<token_t, token_t, config1>(x, y); // first\n"
    two = (
        '    hls::stream<token_t> z("z");\n'
        "    nnet::copy<token_t, token_t, config1>(x, z); // first\n    nnet::copy<token_t, token_t, config1>(z, y); // second\n"
    )
    top.write_text(top.read_text().replace(one, "    // #pragma HLS DATAFLOW\n" + two))
    with pytest.raises(Split4mlError, match="no DATAFLOW pragma: HLS runs its 2 tasks one after the other"):
        trace(project)
    top.write_text(top.read_text().replace("// #pragma", "#pragma"))
    assert [task.name for task in trace(project).tasks] == ["first", "second"]


def test_a_foreign_project_needs_no_inputs(tmp_path: Path) -> None:
    """Without inputs: zeros, as many as are read; other arguments, ap_types of hls4ml's and weights that are missing."""
    ports = (
        "hls::stream<token_t> &x, hls::stream<token_t> &y, unsigned short &size_in, const token_t big[4*2]"
    )
    project = tiny(tmp_path, arguments=ports)
    firmware = project / "firmware"
    shutil.rmtree(firmware / "ap_types")
    (firmware / "parameters.h").write_text(
        (firmware / "parameters.h").read_text() + '#include "weights/w2.h"\n'
    )
    text = (firmware / "tiny.cpp").read_text()
    loads = 'size_in = 4;\n#ifndef __SYNTHESIS__\nnnet::load_weights_from_txt<token_t, 7>(w2, "w2.txt");\n#endif\n'
    (firmware / "tiny.cpp").write_text(text.replace("    nnet::copy", loads + "    nnet::copy"))
    (firmware / "other.cpp").write_text("void other() {}\n")
    assert find_top(project) == "tiny"
    traced = trace_project(project, "tiny", None, tmp_path / "work")
    assert traced.frames == 1
    assert traced.tokens["x"].tolist() == traced.tokens["y"].tolist() == [[0, 0]] * 4
    (task,) = traced.tasks
    assert task.op_write.tolist() == [False, True] * 4
