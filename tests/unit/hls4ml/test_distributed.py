"""Distributed arithmetic: its code is read, kept and sliced; what cannot have it is refused. da4ml itself runs in the slow tests only."""

from __future__ import annotations

import json
import re
import shutil
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from split4ml.backends.hls4ml import distributed
from split4ml.backends.hls4ml.adders import read_adders
from split4ml.backends.hls4ml.archive import load, save
from split4ml.backends.hls4ml.csim import Stage, build, run_chain
from split4ml.backends.hls4ml.describe import describe
from split4ml.backends.hls4ml.graph import build_graph
from split4ml.backends.hls4ml.options import HlsOptions
from split4ml.backends.hls4ml.places import Places
from split4ml.backends.hls4ml.project import write_monolithic
from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.precision import Precision
from split4ml.passes.bits import quantize

from .conftest import Saved
from .networks import Network, Network3, residual
from .test_archive import _members, _pack

ARCHIVE = Path(__file__).parents[2] / "networks" / "graphs" / "distributed.fml"
"""As hls4ml saves it, by make_distributed.py beside it."""

CODE = """template <typename inp_t, typename out_t>
void dense_da_7(inp_t model_inp[3], out_t model_out[4]) { // ap_fixed<8,3> -> ap_fixed<12,5>
    #pragma HLS INLINE
  ap_fixed<7, 3, AP_RND, AP_WRAP> model_inp_q_0 = model_inp[0];
    ap_ufixed<1, 0> model_inp_q_1 = 0;

    ap_fixed<7,3> v0 = model_inp_q_0; // 0.0
    ap_ufixed<1,1> v1 = model_inp_q_1; // 0.0
    ap_fixed<8,3> v2 = model_inp[2]; // 0.0
    ap_fixed<10,5> v3 = v0 - bit_shift<2>(v2); // 1.0
    ap_fixed<11,5> v4 = -v3 + bit_shift<-1>(v0); // 2.0
    ap_fixed<12,5> v5 = v4 + ap_ufixed<2,0>(0.75); // 3.0
    ap_ufixed<3,0> v6 = 0.125; // 0.0
    ap_fixed<12,5> v7 = v5 + v1; // 3.0

    model_out[0] = ap_fixed<12,5>(v7);
    model_out[1] = ap_fixed<11,6>(-bit_shift<1>(v3));
    model_out[2] = 0;
    model_out[3] = ap_fixed<4,1>(v6);
}


template <typename inp_t, typename out_t, typename DUMMY> struct dense_da_wrapper_7 {
static void dense(inp_t inp[3], out_t out[4], void *weights=nullptr, void *biases=nullptr) {
    dense_da_7(inp, out);
}
};"""


def test_what_code_computes_is_read_off_it() -> None:
    found = read_adders(CODE, "here")
    assert found.index == 7
    # v4 = -(v0 - 4 v2) + v0 / 2; the second input has no bits
    np.testing.assert_array_equal(found.weight, [[-0.5, -2, 0, 0], [0, 0, 0, 0], [4, 8, 0, 0]])
    np.testing.assert_array_equal(found.bias, [0.75, 0, 0, 0.125])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("v0 - bit_shift<2>(v2);", 'v0 - bit_shift<2>(v2); system("true");', "is no addition"),
        ("v4 = -v3", "v4 = getpid() - v3", "is no addition"),
        ("// 1.0", "// 1.0 \\", "is no addition"),
        ("#pragma HLS INLINE", "#pragma HLS INLINE\n#include </etc/passwd>", "none that hls4ml writes"),
        ("    dense_da_7(inp, out);", "    dense_da_7(inp, out); abort();", "none that hls4ml writes"),
        ("};", "};\nint x = 1;", "none that hls4ml writes"),
        ("v2 = model_inp[2]", "v2 = model_inp[3]", "beyond the 3 inputs"),
        ("model_inp_q_1 = 0", "model_inp_q_1 = model_inp[0]", "is no input"),
        ("model_out[2] = 0", "model_out[4] = 0", "beyond the 4 outputs"),
        ("    model_out[2] = 0;\n", "", "output 2 is missing"),
        ("v5 + v1", "v5 + v8", "v8 is not defined"),
        ("v0 = model_inp_q_0", "v0 = model_inp_q_2", "model_inp_q_2 is not defined"),
    ],
)
def test_code_of_any_other_form_is_refused(old: str, new: str, message: str) -> None:
    assert old in CODE
    with pytest.raises(Split4mlError, match=message):
        read_adders(CODE.replace(old, new), "here")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    graph = load(ARCHIVE)
    path = tmp_path_factory.mktemp("distributed") / "graph.fml"
    save(graph, path)
    return Saved(graph, describe(graph), path)


def test_weights_that_hls4ml_has_deleted_are_described(saved: Saved) -> None:
    tasks = {task.name: task for task in saved.info.tasks}
    assert [tasks[name].strategy for name in ("conv", "relu", "fc")] == [
        "distributed_arithmetic",
        None,
        "distributed_arithmetic",
    ]
    for name, (inputs, outputs) in {"conv": (18, 3), "fc": (27, 3)}.items():
        weight, bias = tasks[name].weights
        assert (weight.role, weight.size, bias.role, bias.size) == (
            "weight",
            inputs * outputs,
            "bias",
            outputs,
        )
        assert weight.nonzeros > weight.size // 2
        assert weight.precision.fraction == 3, "multiples of an eighth"
        assert tasks[name].accumulator is None and "accum" not in tasks[name].types


def test_saving_and_loading_change_nothing(saved: Saved, tmp_path: Path) -> None:
    again = load(saved.path)
    assert describe(again) == saved.info
    save(again, tmp_path / "again.fml")
    assert (tmp_path / "again.fml").read_bytes() == saved.path.read_bytes()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda source: source["state"].update(code=source["state"]["code"].replace("v3 =", "v3 = x")),
            "is no",
        ),
        (lambda source: source["state"].update(code=CODE), "that of another layer"),
        (lambda source: source["state"].pop("code"), "incomplete"),
        (lambda source: source["state"].update(more="int x;"), "incomplete"),
        (lambda source: source.update(class_name="subprocess.Popen"), "characters that no graph"),
    ],
)
def test_code_in_an_archive_is_not_trusted(saved: Saved, tmp_path: Path, change: Any, message: str) -> None:
    members = _members(saved.path)
    layers = json.loads(members["model_arch.json"])
    change(layers["conv"]["state"]["attributes"]["da_codegen"])
    members["model_arch.json"] = json.dumps(layers).encode()
    with pytest.raises(Split4mlError, match=message):
        load(_pack(tmp_path / "bad.fml", members))


def test_code_of_another_size_is_refused(saved: Saved, tmp_path: Path) -> None:
    members = _members(saved.path)
    text = members["model_arch.json"].decode()
    layers = json.loads(text)
    attributes = layers["fc"]["state"]["attributes"]
    attributes["da_codegen"]["state"]["code"] = re.sub(r"_7\b", f"_{attributes['index']}", CODE)
    members["model_arch.json"] = json.dumps(layers).encode()
    with pytest.raises(Split4mlError, match="has 3 inputs and 4 outputs, and its product 27 and 3"):
        describe(load(_pack(tmp_path / "bad.fml", members)))


@pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")
def test_the_split_computes_what_the_whole_does(saved: Saved, tmp_path: Path) -> None:
    """With ports of other names than the streams, and the dense layer's call behind a view."""
    stages = saved.stages(tmp_path, [("conv", "relu"), ("fc",)], rename=True)
    write_monolithic(saved.path, tmp_path / "mono")
    for part, index in (("sg0", 3), ("sg1", 7), ("mono", 3), ("mono", 7)):
        code = (tmp_path / part / "firmware" / "nnet_utils" / "nnet_code_gen.h").read_text()
        assert f"void dense_da_{index}(" in code
    call = r"auto& (\w+) = from_0;\s+nnet::dense<(\w+), result_t, config7>\(\1, to_0\);"
    found_call = re.search(call, (tmp_path / "sg1" / "firmware" / "sg1.cpp").read_text())
    assert found_call is not None
    parameters = (tmp_path / "sg1" / "firmware" / "parameters.h").read_text()
    assert f"nnet::dense_da_7<typename {found_call[2]}::value_type" in parameters
    assert not list((tmp_path / "sg1" / "firmware" / "weights").glob("*.h")), "its weights are adders"
    chain, mono = build([stages, [Stage(tmp_path / "mono")]], tmp_path / "csim")
    data = saved.data(12)
    found, expected = run_chain(chain, data), run_chain(mono, data)
    for stream, raw in expected.items():
        assert len(np.unique(raw)) > 5
        np.testing.assert_array_equal(found[stream], raw)


# --- what may have it


def _depthwise() -> Network3:
    net = Network()
    x = net.input("x", 4, 4, 2)
    ones = ("filt_height", "filt_width", "stride_height", "stride_width", "dilation_height", "dilation_width")
    layer = {
        **dict.fromkeys(("in_height", "in_width", "out_height", "out_width"), 4),
        **dict.fromkeys(("pad_top", "pad_bottom", "pad_left", "pad_right"), 0),
        **dict.fromkeys((*ones, "depth_multiplier"), 1),
        **dict.fromkeys(("n_chan", "n_filt"), 2),
        "depthwise_data": net._weights(1, 1, 2, 1),
        "bias_data": net._weights(2),
    }
    net._add("DepthwiseConv2D", "depth", [x], (4, 4, 2), padding="valid", use_bias=True, **layer)
    return net.layers, ["x"], ["depth"]


def _config(strategy: str = "distributed_arithmetic", **settings: object) -> HlsOptions:
    entry = {"Strategy": strategy, **settings}
    return HlsOptions(hls_config={"LayerName": {"conv1": entry}}, places=Places("my.yml"))


@pytest.mark.parametrize(
    ("options", "where", "message"),
    [
        (_config(ReuseFactor=4), "my.yml: LayerName: conv1", "has the reuse factor 4"),
        (HlsOptions(strategy="da", reuse_factor=2), "layer conv0", "has the reuse factor 2"),
        (
            HlsOptions(hls_config={"LayerType": {"Dense": {"Strategy": "DA"}}}, reuse_factor=3),
            "layer fc",
            "no multipliers that could be reused",
        ),
        (_config(ConvImplementation="Encoded"), "my.yml: LayerName: conv1", "the encoded implementation"),
    ],
)
def test_what_does_not_go_with_it(options: HlsOptions, where: str, message: str) -> None:
    with pytest.raises(Split4mlError, match=message) as caught:
        build_graph(*residual(), options)
    assert caught.value.where == where


def test_a_kind_that_cannot_have_it() -> None:
    """Asked of the whole model, the layer keeps the latency strategy, and the user is told; asked of the layer, that is an error."""
    graph = build_graph(*_depthwise(), HlsOptions(strategy="distributed_arithmetic"))
    assert describe(graph).by_task["depth"].strategy == "latency"
    assert graph.remarks == (
        "layer depth: hls4ml has no distributed arithmetic for a DepthwiseConv2D: it has the latency strategy",
    )
    for section, name in (("LayerName", "depth"), ("LayerType", "DepthwiseConv2D")):
        options = HlsOptions(hls_config={section: {name: {"Strategy": "distributed_arithmetic"}}})
        with pytest.raises(Split4mlError, match="no distributed arithmetic for a DepthwiseConv2D") as caught:
            build_graph(*_depthwise(), options)
        assert "depth" in str(caught.value.where)


@pytest.mark.parametrize(("found", "message"), [(None, "is not installed"), ("0.6.0", "and there is 0.6.0")])
def test_without_da4ml(found: str | None, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def version(package: str) -> str:
        if found is None:
            raise PackageNotFoundError(package)
        return found

    monkeypatch.setattr(distributed, "version", version)
    with pytest.raises(Split4mlError, match=rf"needs .*da4ml>=0\.5\.2,<0\.6.*{message}") as caught:
        build_graph(*residual(), _config())
    assert caught.value.hint == "pip install 'split4ml[da]'"
    describe(load(ARCHIVE))  # what has been generated needs it no more


@pytest.mark.parametrize(
    ("word", "used"), [("resourceunrolled", "resource_unrolled"), ("RESOURCE", "resource")]
)
def test_strategies_are_spelled_as_hls4ml_does(word: str, used: str) -> None:
    """Which takes any other spelling for latency."""
    graph = build_graph(*residual(), _config(word, ReuseFactor=3))
    assert describe(graph).by_task["conv1"].strategy == used


def test_the_type_that_just_holds_all_values() -> None:
    assert distributed.narrowest(np.array([0.0, 0.375, -1.0])) == Precision(5, 2)
    assert distributed.narrowest(np.zeros(3)) == Precision(1, 1)
    values = np.array([24.0, -40.0])
    kind = distributed.narrowest(values)
    assert kind.fraction == -3
    assert len(set(quantize(values, kind).tolist())) == 2


# --- with da4ml


@pytest.mark.slow
def test_code_is_made_of_rounded_weights_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPLIT4ML_CACHE", str(tmp_path))
    weight = {"Precision": {"weight": "fixed<7,2>", "default": "fixed<10,4>"}}
    options = HlsOptions(hls_config={"Model": {"Strategy": "da"}, "LayerType": {"Dense": weight}})
    graph = build_graph(*residual(), options)
    info = describe(graph)
    assert {t.kind for t in info.tasks if t.strategy == "distributed_arithmetic"} == {"Conv2D", "Dense"}
    fc = info.by_task["fc"]
    assert str(fc.types["weight"]) == "fixed<7,2>" and fc.weights[0].precision.fraction <= 5
    data = next(layer for layer in residual()[0] if layer["name"] == "fc")["weight_data"]
    code = read_adders(str(graph.model.graph["fc"].get_attr("da_codegen")), "fc")
    np.testing.assert_array_equal(code.weight, np.floor(data * 32) / 32)
    assert len(list((tmp_path / "adders").glob("??/*.h"))) == 4

    def unused(*_: object) -> str:
        raise AssertionError("it is in the cache")

    monkeypatch.setattr(distributed, "_optimised", unused)
    assert describe(build_graph(*residual(), options)) == info


@pytest.mark.slow
def test_zeros_and_single_weights() -> None:
    """An output without weights, one with a bias only, an input that nothing reads, negative powers of two."""
    weight = np.array([[0, 0, -0.5, 1], [0, 0, 0, 0], [0, 0, 0, -3.25]])
    bias = np.array([0, -1.5, 0, 2.0])
    for data in (Precision(8, 3), Precision(8, 8, False), Precision(4, -1)):
        found = read_adders(distributed._code(5, weight, bias, data, "here"), "here")
        np.testing.assert_array_equal(found.weight, weight)
        np.testing.assert_array_equal(found.bias, bias)


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 6), st.integers(1, 4)),
    bits=st.integers(1, 10),
    fraction=st.integers(-2, 8),
    data=st.builds(Precision, st.integers(1, 12), st.integers(-2, 10), st.booleans()),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_weights(shape: tuple[int, int], bits: int, fraction: int, data: Precision, seed: int) -> None:
    """What is read off the code is what went in; `_code` itself refuses anything else."""
    rng = np.random.default_rng(seed)
    weight, bias = (
        np.ldexp(rng.integers(-(2**bits), 2**bits, size).astype(np.float64), -fraction)
        for size in (shape, shape[1])
    )
    code = distributed._code(1, weight, bias, data, "here")
    assert code.count("model_out[") == shape[1] + 1
    assert distributed.narrowest(weight).fraction <= fraction
