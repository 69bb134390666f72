"""The split design computes what the monolithic one does, bit for bit; and what a failing simulation says."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from split4ml.backends.hls4ml.csim import Chain, Stage, build, build_chain, run_chain
from split4ml.backends.hls4ml.project import write_monolithic
from split4ml.dialects.errors import Split4mlError

from .conftest import Saved

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")


@pytest.fixture(scope="module")
def split(mixed: Saved, tmp_path_factory: pytest.TempPathFactory) -> tuple[Chain, Chain, Path]:
    """(a split with renamed ports, the monolithic one, the folder of the projects) of the `mixed` network."""
    folder = tmp_path_factory.mktemp("split")
    first = ("conv", "features", "clone_features", "side")
    rest = tuple(task.name for task in mixed.info.tasks if task.name not in first)
    stages = mixed.stages(folder, [first, rest], rename=True)
    write_monolithic(mixed.path, folder / "mono")
    chain, mono = build([stages, [Stage(folder / "mono")]], folder / "csim")
    return chain, mono, folder


def test_two_inputs_two_outputs_and_mixed_strategies(mixed: Saved, split: tuple[Chain, Chain, Path]) -> None:
    chain, mono, _ = split
    data = mixed.data(20)
    found, expected = run_chain(chain, data), run_chain(mono, data)
    assert set(found) == set(expected) == set(mixed.info.outputs)
    for stream, raw in expected.items():
        info = mixed.info.by_stream[stream]
        assert raw.shape == (20 * info.tokens, info.elements)
        assert len(np.unique(raw)) > 5, "the outputs should tell inputs apart"
        np.testing.assert_array_equal(found[stream], raw)


def test_inner_streams_can_be_kept_and_frames_are_independent(
    mixed: Saved, split: tuple[Chain, Chain, Path]
) -> None:
    chain, _, _ = split
    data = mixed.data(4)
    inner = next(stream for stream in chain.outputs[0] if stream not in chain.results)
    together = run_chain(chain, data, keep=[inner])
    assert inner in together
    alone = []
    for frame in range(4):
        one = {s: raw.reshape(4, -1, raw.shape[1])[frame] for s, raw in data.items()}
        alone.append(run_chain(chain, one)["layer10_out"])
    np.testing.assert_array_equal(np.concatenate(alone), together["layer10_out"])


def test_wrong_data_is_refused(mixed: Saved, split: tuple[Chain, Chain, Path]) -> None:
    chain, _, _ = split
    data = mixed.data(2)
    with pytest.raises(Split4mlError, match="no data for the input stream left"):
        run_chain(chain, {"right": data["right"]})
    with pytest.raises(Split4mlError, match="elsewhere is no input stream"):
        run_chain(chain, {**data, "elsewhere": data["left"]})
    with pytest.raises(Split4mlError, match="has shape"):
        run_chain(chain, {**data, "left": data["left"][:-1]})
    with pytest.raises(Split4mlError, match="different numbers of frames"):
        run_chain(chain, {**data, "left": data["left"][: len(data["left"]) // 2]})
    with pytest.raises(Split4mlError, match="values of more than 14 bits"):
        run_chain(chain, {**data, "left": data["left"] + np.uint64(1 << 14)})


def test_stages_in_an_order_that_cannot_run(
    split: tuple[Chain, Chain, Path], mixed: Saved, tmp_path: Path
) -> None:
    _, _, folder = split
    stages = [
        Stage(folder / "sg0", ("right", "left"), ("a", "b", "c")),
        Stage(folder / "sg1", ("b", "c"), ("d",)),
    ]
    with pytest.raises(Split4mlError, match="later subgraph writes"):
        build_chain(stages[::-1], tmp_path)
    with pytest.raises(Split4mlError, match="two writers"):
        build_chain([stages[0], Stage(folder / "sg1", ("d", "e"), ("a",))], tmp_path)
    with pytest.raises(Split4mlError, match="two readers"):
        build_chain([stages[0], stages[0]], tmp_path)
    with pytest.raises(Split4mlError, match="it has 2 inputs, not 3"):
        build_chain([Stage(folder / "sg0", ("x", "y", "z"))], tmp_path)


FAULTS = {
    "exit": ("std::exit(1);", "ended itself with status 1"),
    "crash": ("std::abort();", "crashed \\(SIGABRT\\)"),
    "leftover": ("a.write(a.read());", "the stream from_0 holds 1 tokens instead of 0"),
    "starved": (
        "while (!a.empty()) b.write(a.read()); a.read();",
        "lost or invented tokens.*read while empty",
    ),
    "short": ("while (!a.empty()) a.read();", "the stream to_0 holds 0 tokens instead of 1"),
    "hang": ("for (volatile int i = 0;; i = 0) ;", "did not end within"),
    "broken": ("this does not compile;", "does not compile: toy.cpp:.*error"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_failures_become_one_message(fault: str, tmp_path: Path) -> None:
    code, message = FAULTS[fault]
    _toy(tmp_path / "toy", code)
    with pytest.raises(Split4mlError, match=message) as caught:
        chain = build_chain([Stage(tmp_path / "toy")], tmp_path / "csim")
        run_chain(chain, {"from_0": np.zeros((1, 2), np.uint64)}, timeout=2 if fault == "hang" else 60)
    assert "toy" in str(caught.value.where)


def test_elements_of_more_than_64_bits_pass_unchanged(tmp_path: Path) -> None:
    _toy(tmp_path / "toy", "while (!a.empty()) b.write(a.read());", "ap_fixed<70, 6>")
    chain = build_chain([Stage(tmp_path / "toy")], tmp_path / "csim")
    raw = np.array([[[2**64 - 1, 2**6 - 1], [5, 1]], [[0, 0], [2**63, 32]]], np.uint64)
    np.testing.assert_array_equal(run_chain(chain, {"from_0": raw})["to_0"], raw)


def test_a_missing_compiler_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _toy(tmp_path / "toy", "")
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Split4mlError, match="'g\\+\\+' was not found"):
        build_chain([Stage(tmp_path / "toy")], tmp_path / "csim")


def _toy(project: Path, body: str, element: str = "ap_int<8>") -> None:
    """A project with hls4ml's interface and one token of two elements each way, without its kernels."""
    import hls4ml

    ap_types = Path(hls4ml.__file__).parent / "templates" / "vivado" / "ap_types"
    firmware = project / "firmware"
    firmware.mkdir(parents=True)
    (firmware / "ap_types").symlink_to(ap_types)
    (project / "hls4ml_config.yml").write_text(
        "ProjectName: toy\nInputShapes: {from_0: [2]}\nOutputShapes: {to_0: [2]}\n"
    )
    (firmware / "toy.h").write_text(
        f"""#pragma once
#include "ap_fixed.h"
#include "ap_int.h"
#include "hls_stream.h"
#include <cstdlib>
struct token_t {{
    typedef {element} value_type;
    static const unsigned size = 2;
    value_type data[2];
    value_type &operator[](size_t i) {{ return data[i]; }}
}};
void toy(hls::stream<token_t> &from_0, hls::stream<token_t> &to_0);
"""
    )
    (firmware / "toy.cpp").write_text(
        f"""#include "toy.h"
void toy(hls::stream<token_t> &a, hls::stream<token_t> &b) {{ {body} }}
"""
    )


def test_every_stream_can_be_a_boundary(residual: Saved, tmp_path: Path) -> None:
    """One project per task: each stream of the network, the flattened one included, is cut once, in one build."""
    stages = residual.stages(tmp_path, [[task.name] for task in residual.info.tasks])
    write_monolithic(residual.path, tmp_path / "mono")
    chain, mono = build([stages, [Stage(tmp_path / "mono")]], tmp_path / "csim")
    inner = [s.name for s in residual.info.streams if s.producer and s.consumer]
    data = residual.data(30)
    found, expected = run_chain(chain, data, keep=inner), run_chain(mono, data)
    assert set(inner) < set(found)
    (output,) = residual.info.outputs
    assert len(np.unique(expected[output])) > 5
    np.testing.assert_array_equal(found[output], expected[output])


@pytest.mark.slow
@pytest.mark.parametrize("network", ["residual", "mixed"])
def test_every_two_way_cut(network: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """All cuts along the order of the calls, each as two projects."""
    saved: Saved = request.getfixturevalue(network)
    names = [task.name for task in saved.info.tasks]
    write_monolithic(saved.path, tmp_path / "mono")
    chains = [[Stage(tmp_path / "mono")]]
    for cut in range(1, len(names)):
        chains.append(saved.stages(tmp_path / f"cut{cut}", [names[:cut], names[cut:]], rename=cut % 2 == 0))
    mono, *split_chains = build(chains, tmp_path / "csim")
    data = saved.data(10)
    expected = run_chain(mono, data)
    for chain in split_chains:
        found = run_chain(chain, data)
        for stream, raw in expected.items():
            np.testing.assert_array_equal(found[stream], raw)
