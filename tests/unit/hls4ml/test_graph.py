"""Building and describing graphs; what hls4ml would let pass is told to the user."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from split4ml.backends.hls4ml.describe import describe
from split4ml.backends.hls4ml.graph import build_graph, from_model_graph
from split4ml.backends.hls4ml.options import HlsOptions
from split4ml.backends.hls4ml.places import Places
from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.precision import Precision

from .conftest import Saved
from .networks import Network, residual, two_by_two


def test_the_residual_network_as_tasks_and_streams(residual: Saved) -> None:
    info = residual.info
    assert [f"{task.kind} {task.name}" for task in info.tasks] == [
        "ZeroPadding2D zp2d_conv0",
        "Conv2D conv0",
        "BatchNormalization bn0",
        "Activation relu0",
        "Clone clone_relu0",
        "ZeroPadding2D zp2d_conv1",
        "Conv2D conv1",
        "Activation relu1",
        "ZeroPadding2D zp2d_conv2",
        "Conv2D conv2",
        "Merge sum",
        "Activation relu2",
        "Pooling2D maxpool",
        "Pooling2D avgpool",
        "Concatenate both",
        "Dense fc",
        "Softmax softmax",
    ]
    assert {task.name for task in info.tasks if task.inserted} == {
        "zp2d_conv0",
        "zp2d_conv1",
        "zp2d_conv2",
        "clone_relu0",
    }
    padded = info.by_stream["layer18_out"]
    assert (padded.tokens, padded.elements, padded.default_depth) == (64, 3, 64)
    assert (padded.width_bits, padded.bus_bits, padded.bits_per_frame) == (48, 48, 64 * 48)
    assert (padded.producer, padded.consumer) == ("zp2d_conv1", "conv1")
    # The flatten is no task: the dense layer reads the stream that the concatenation writes.
    assert info.by_task["fc"].inputs == info.by_task["both"].outputs
    assert info.by_stream["layer12_out"].cut_reason is None
    assert info.by_task["both"].onnx_names == ("/both", "/flat")
    assert info.inputs == ("x",) and info.input_names == ("x",)
    assert info.outputs == info.by_task["softmax"].outputs


def test_facts_of_a_convolution(residual: Saved) -> None:
    conv = residual.info.by_task["conv1"]
    assert (conv.n_in, conv.n_out, conv.strategy, conv.reuse_factor) == (27, 3, "latency", 1)
    assert (conv.function, conv.config) == ("nnet::conv_2d_cl", "config5")
    assert conv.accumulator == Precision(16, 6)
    assert {name: conv.attrs[name] for name in ("filt_height", "out_width", "n_chan", "stride_width")} == {
        "filt_height": 3,
        "out_width": 6,
        "n_chan": 3,
        "stride_width": 1,
    }
    weight, bias = conv.weights
    (layer,) = (node for node in residual.graph.model.graph.values() if node.name == "conv1")
    data = layer.weights["weight"].data
    raw = np.round(data * 1024).astype(int)
    assert (weight.size, weight.nonzeros) == (81, int(np.count_nonzero(raw)))
    assert weight.max_nonzeros == np.count_nonzero(raw.reshape(27, 3), axis=0).max()
    assert weight.value_bits == int(np.abs(raw).max()).bit_length()
    assert weight.csd_digits == sum(_signed_digits(int(value)) for value in np.abs(raw).ravel())
    assert (bias.role, bias.max_nonzeros) == ("bias", 1)


def _signed_digits(value: int) -> int:
    count = 0
    while value:
        if value & 1:
            value -= 2 - (value & 3)  # the digit 1 or -1 that leaves a multiple of 4
            count += 1
        value >>= 1
    return count


def test_ports_keep_the_order_of_the_model(mixed: Saved) -> None:
    assert mixed.info.inputs == ("right", "left")
    assert mixed.info.output_names == ("decision", "features")
    producers = [mixed.info.by_stream[stream].producer for stream in mixed.info.outputs]
    assert producers == ["decision", "clone_features"]


def test_reuse_factors_are_made_valid_and_reported(mixed: Saved) -> None:
    # hls4ml clamps the first in its convolution, and puts 16384 back when it makes it a pointwise one.
    conv = mixed.info.by_task["conv"]
    assert (conv.kind, conv.strategy, conv.reuse_factor) == ("PointwiseConv2D", "resource", 6)
    assert [(w.layer, w.asked, w.used, w.valid) for w in mixed.graph.warnings] == [
        ("conv", 16384, 6, (1, 2, 6)),
        ("score", 4, 3, (1, 3, 9)),
        ("side", 5, 4, (1, 2, 3, 4, 6, 12)),
    ]
    assert "reuse_factor = 6;" in mixed.graph.model.graph["conv"].get_attr("config_cpp")
    assert str(mixed.graph.warnings[0]) == (
        "conv: a reuse factor of 16384 is not possible, 6 is used instead; the nearest are 1, 2, 6"
    )


def test_the_configuration_is_honoured(mixed: Saved) -> None:
    side = mixed.info.by_task["side"]  # configured under its ONNX name
    assert side.strategy == "resource_unrolled"
    assert [str(weight.precision) for weight in side.weights] == ["fixed<9,3>", "fixed<14,5>"]
    assert str(mixed.info.by_stream["layer8_out"].precision) == "fixed<20,8,RND,SAT>"
    assert mixed.info.by_stream["left"].precision == Precision(14, 5)
    assert mixed.info.by_stream["layer8_out"].bus_bits == 3 * 32


@pytest.mark.parametrize(
    ("config", "message", "hint"),
    [
        ({"LayerName": {"cnov1": {"ReuseFactor": 2}}}, "no layer 'cnov1'", "conv1"),
        ({"LayerType": {"Conv2d_": {"ReuseFactor": 2}}}, "no layer type 'Conv2d_'", "Conv2D"),
        ({"LayerName": {"conv1": {"ReuseFactors": 2}}}, "no setting 'ReuseFactors'", "ReuseFactor"),
        (
            {"LayerName": {"conv1": {"Precision": {"wieght": "fixed<8,3>"}}}},
            "no precision 'wieght'",
            "weight",
        ),
        ({"LayerName": {"conv1": {"Precision": "float"}}}, "'float' is no precision", "fixed<16,6>"),
        ({"LayerName": {"conv1": {"Strategy": "resorce"}}}, "'resorce' is none of", "resource"),
        ({"LayerName": {"conv1": {"ReuseFactor": 0}}}, "no reuse factor", None),
        ({"LayerName": {"conv1": {"n_in": 3}}}, "no setting 'n_in'", None),
        (
            {"LayerName": {"conv1": {"ParallelizationFactor": "1; }"}}},
            "neither a number nor a plain word",
            None,
        ),
        ({"Model": {"Presicion": "fixed<8,3>"}}, "unknown setting 'Presicion'", "Precision"),
        ({"model": {}}, "unknown section 'model'", "Model"),
        ({"LayerName": ["conv1"]}, "list, not a table", None),
        ({"LayerName": {"fc": {"Compression": True}}}, "compressed weights", None),
        ({"LayerName": {"fc": {"ReuseFactor": 2}, "/fc": {"ReuseFactor": 3}}}, "are the same layer fc", None),
    ],
)
def test_slips_in_the_configuration(config: dict[str, Any], message: str, hint: str | None) -> None:
    with pytest.raises(Split4mlError, match=message) as caught:
        build_graph(*residual(), HlsOptions(hls_config=config, places=Places("my.yml")), {"fc": ("/fc",)})
    assert str(caught.value.where).startswith("my.yml")
    if hint:
        assert hint in str(caught.value.hint)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"io_type": "io_parallel"}, "only streams can be split"),
        ({"backend": "Quartus"}, "unknown backend"),
        ({"part": 'x"; exec rm'}, "no FPGA part"),
        ({"clock_ns": 0.0}, "clock period"),
        ({"precision": "auto"}, "cannot be auto"),
        ({"reuse_factor": 0}, "no reuse factor"),
    ],
)
def test_options_that_make_no_sense(change: dict[str, Any], message: str) -> None:
    with pytest.raises(Split4mlError, match=message):
        build_graph(*residual(), replace(HlsOptions(), **change))


def test_a_token_too_wide_for_a_port_cannot_be_cut() -> None:
    n = Network()
    n.dense("last", n.dense("wider", n.input("x", 4), 300), 2)
    info = describe(build_graph(n.layers, ["x"], ["last"]))
    wide = info.by_stream[info.by_task["wider"].outputs[0]]
    assert wide.cut_reason == "its port would have 4800 bits, and Vitis HLS allows 4096"


def test_layers_that_hls4ml_replaces_or_counts_differently() -> None:
    n = Network(9)
    image = n.resize("larger", n.depthwise("each", n.input("x", 4, 4, 3)), 2)
    n.transpose("turned", n.reshape("lines", image, 16, 12), 1, 0)
    names = {layer["name"]: (layer["name"].upper(),) for layer in n.layers}
    info = describe(build_graph(n.layers, ["x"], ["turned"], onnx_names=names))
    assert [(task.kind, task.inserted, task.onnx_names) for task in info.tasks] == [
        ("ZeroPadding2D", True, ()),
        ("DepthwiseConv2D", False, ("EACH",)),
        ("Resize", False, ("LARGER",)),
        ("Repack", False, ("LINES",)),
        ("Transpose", False, ("TURNED",)),
    ]
    each = info.by_task["each"]
    assert (each.n_in, each.n_out, each.weights[0].max_nonzeros) == (9, 3, 9)
    assert [(s.tokens, s.elements) for s in info.streams] == [
        (16, 3),
        (36, 3),
        (16, 3),
        (64, 3),
        (16, 12),
        (12, 16),
    ]


def test_inferred_types() -> None:
    """For one layer; for the whole model, hls4ml 1.3 would try for ever to infer the type of a Clone."""
    auto = {"Precision": {"result": "auto", "accum": "auto"}}
    info = describe(build_graph(*residual(), HlsOptions(hls_config={"LayerName": {"conv1": auto}})))
    # 27 products of 16 x 16 bits, and a bias
    assert str(info.by_stream[info.by_task["conv1"].outputs[0]].precision) == "fixed<38,18>"
    model = {"Model": {"Precision": {"default": "fixed<16,6>", "result": "auto"}}}
    with pytest.raises(Split4mlError, match="clone_relu0: hls4ml cannot infer its types"):
        build_graph(*residual(), HlsOptions(hls_config=model))


def test_names_that_hls4ml_would_confuse() -> None:
    """`bias` and `weight` would replace attributes; `clone_stem` is what hls4ml calls the copy of `stem`."""
    n = Network()
    stem = n.relu("stem", n.input("x", 6))
    left, right = n.dense("bias", stem, 3), n.dense("weight", stem, 3)
    n.relu("clone_stem", n.add("index", left, right))
    info = describe(
        build_graph(
            n.layers,
            ["x"],
            ["clone_stem"],
            HlsOptions(hls_config={"LayerName": {"bias": {"ReuseFactor": 3, "Strategy": "Resource"}}}),
        )
    )
    assert [task.name for task in info.tasks] == [
        "stem",
        "clone_stem",
        "bias",
        "weight",
        "index",
        "clone_stem_1",
    ]
    assert info.by_task["bias"].reuse_factor == 3
    assert info.by_task["clone_stem_1"].kind == "Activation"
    assert not info.by_task["bias"].inserted and info.by_task["clone_stem"].inserted


@pytest.mark.parametrize(
    ("inputs", "asked", "used"), [(4, 4, (4, 5)), (6, 4, (3, 5)), (5, 5, (5, 5)), (3, 6, (6, 10))]
)
def test_both_products_of_a_recurrent_layer_suit_one_function(
    inputs: int, asked: int, used: tuple[int, int]
) -> None:
    # hls4ml takes the function of the product with the state (5 x 20) by the other product's factor.
    n = Network()
    config = {"LayerName": {"memory": {"ReuseFactor": asked, "Strategy": "Resource"}}}
    n.lstm("memory", n.input("x", 3, inputs), 5)
    graph = build_graph(n.layers, ["x"], ["memory"], HlsOptions(hls_config=config))
    layer = graph.model.graph["memory"]
    assert (layer.get_attr("reuse_factor"), layer.get_attr("recurrent_reuse_factor")) == used
    assert [(w.asked, w.used) for w in graph.warnings] == [
        (asked, factor) for factor in used if factor != asked
    ]


def test_names_that_are_not_legal() -> None:
    for name in ("a b", "output", "layer3_out", "x;y", 'q"', "while", "é"):
        n = Network()
        n.relu(name, n.input("x", 4))
        with pytest.raises(Split4mlError, match="cannot be written into C"):
            build_graph(n.layers, ["x"], [name])


def test_networks_that_cannot_be_built() -> None:
    layers, inputs, outputs = residual()
    with pytest.raises(Split4mlError, match="no layer 'softmx'") as caught:
        build_graph(layers, inputs, ["softmx"])
    assert "softmax" in str(caught.value.hint)
    with pytest.raises(Split4mlError, match="two layers are named"):
        build_graph([*layers, layers[1]], inputs, outputs)
    with pytest.raises(Split4mlError, match="no layer type 'Conv3D'"):
        build_graph(
            [{**layer, "class_name": "Conv3D"} if layer["name"] == "conv1" else layer for layer in layers],
            inputs,
            outputs,
        )
    with pytest.raises(Split4mlError, match="nothing would be computed"):
        build_graph(layers, inputs, ["x"])
    broken = [
        {k: v for k, v in layer.items() if k != "n_filt"} if layer["name"] == "conv1" else layer
        for layer in layers
    ]
    with pytest.raises(Split4mlError, match="'n_filt' is missing") as caught:
        build_graph(broken, inputs, outputs)
    assert caught.value.where == "layer conv1"
    unread = Network()
    unread.input("y", 3)
    with pytest.raises(Split4mlError, match="no layer reads the input y"):
        describe(build_graph([*layers[:1], *unread.layers, *layers[1:]], ["x", "y"], outputs))


def test_a_live_model_graph_is_accepted(capfd: pytest.CaptureFixture[str]) -> None:
    from hls4ml.model.graph import ModelGraph
    from hls4ml.utils.config import create_config

    layers, inputs, outputs = two_by_two()
    config = create_config(output_dir="elsewhere", project_name="mine", backend="Vitis", io_type="io_stream")
    config["HLSConfig"] = {"Model": {"Precision": "ap_fixed<16,6>", "ReuseFactor": 1}}
    live_model = ModelGraph.from_layer_list(config, layers, inputs=inputs, outputs=outputs)
    live, own = describe(from_model_graph(live_model)), describe(build_graph(*two_by_two()))
    assert live == own
    assert live_model.config.get_output_dir() == "elsewhere"
    parallel = create_config(
        output_dir="elsewhere", project_name="mine", backend="Vitis", io_type="io_parallel"
    )
    parallel["HLSConfig"] = config["HLSConfig"]
    model = ModelGraph.from_layer_list(parallel, two_by_two()[0], inputs=inputs, outputs=outputs)
    with pytest.raises(Split4mlError, match="only streams can be split"):
        from_model_graph(model)
    with pytest.raises(Split4mlError, match="this is a list"):
        from_model_graph(layers)


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    config = {"LayerName": {"fc": {"Strategy": "Resource", "ReuseFactor": 5}}}
    graph = build_graph(*residual(), HlsOptions(hls_config=config))
    printed = capfd.readouterr()
    assert printed.out == "" and printed.err == ""
    assert "Invalid ReuseFactor=5" in graph.messages


def test_an_lstm_of_two_types_does_not_reach_the_compiler() -> None:
    n = Network()
    n.lstm("steps", n.input("x", 4, 3), 2)
    config = {"LayerName": {"steps": {"Precision": {"result": "fixed<18,8>"}}}}
    with pytest.raises(
        Split4mlError,
        match=r"layer steps \(LSTM\): its data has the type fixed<16,6.*takes data of its results' type",
    ) as caught:
        build_graph(n.layers, ["x"], ["steps"], HlsOptions(hls_config=config))
    assert "give both the same type" in str(caught.value.hint)
    both = {"LayerName": {name: {"Precision": {"result": "fixed<18,8>"}} for name in ("x", "steps")}}
    build_graph(n.layers, ["x"], ["steps"], HlsOptions(hls_config=both))
