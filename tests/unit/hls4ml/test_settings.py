"""A configured type of element is that of the layers that hls4ml builds, wherever it is stated and however it is spelled."""

from __future__ import annotations

from typing import Any

import pytest

from split4ml.backends.hls4ml.graph import Graph, build_graph
from split4ml.backends.hls4ml.options import HlsOptions
from split4ml.backends.hls4ml.settings import reaching
from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.precision import Precision

from .networks import Network

TYPE = "fixed<13,7>"
LAYERS = {
    "conv": ("Conv2D", ("result", "weight", "bias", "accum")),
    "act": ("Activation", ("result", "table")),
    "norm": ("BatchNormalization", ("result", "scale", "bias")),
    "pool": ("MaxPooling2D", ("result", "accum")),
    "mean": ("GlobalAveragePooling2D", ("result", "accum")),
    "fc": ("Dense", ("result", "weight", "bias", "accum")),
    "probs": ("Softmax", ("result", "accum", "exp_table", "inv_table", "inv_inp")),
}
"""By layer: its type, and the roles of its elements."""


def built(config: dict[str, Any], types: dict[str, dict[str, Precision]] | None = None) -> Graph:
    net = Network()
    x = net.input("x", 8, 8, 3)
    pool = net.pool("pool", net.batch_norm("norm", net.relu("act", net.conv("conv", x, 4))))
    net.global_pool("mean", pool)
    soft = net.softmax("probs", net.dense("fc", "mean", 4))
    return build_graph(net.layers, [x], [soft], HlsOptions(hls_config=config), types=types)


def type_of(graph: Graph, layer: str, role: str) -> str:
    node = graph.model.graph[layer]
    if role == "result":
        return str(node.get_output_variable().type.precision)
    return str((node.weights[role].type if role in node.weights else node.types[f"{role}_t"]).precision)


@pytest.mark.parametrize("spelling", ["Precision", "precision", "setting"])
@pytest.mark.parametrize("section", ["LayerType", "LayerName"])
def test_every_role_takes_effect(section: str, spelling: str) -> None:
    config: dict[str, Any] = {}
    for layer, (kind, roles) in LAYERS.items():
        stated = dict.fromkeys(roles, TYPE)
        entry = {f"{role}_t": TYPE for role in roles} if spelling == "setting" else {spelling: stated}
        config[layer if section == "LayerName" else kind] = entry
    graph = built({section: config})
    assert not graph.remarks
    found = {
        (layer, role): type_of(graph, layer, role) for layer, (_, roles) in LAYERS.items() for role in roles
    }
    assert {key: text for key, text in found.items() if not text.startswith("fixed<13,7,")} == {}


def test_tables_of_the_whole_model() -> None:
    graph = built({"Model": {"Precision": {"exp_table": TYPE, "table": "fixed<12,5>"}}})
    assert type_of(graph, "probs", "exp_table").startswith("fixed<13,7,")
    assert type_of(graph, "probs", "inv_table").startswith("fixed<18,8,")
    assert type_of(graph, "act", "table").startswith("fixed<12,5,")


def test_a_layer_wins_over_its_type_and_leaves_the_rest_to_it() -> None:
    of_type = {"Precision": {"weight": TYPE, "bias": TYPE}, "reuse_factor": 4}
    config: dict[str, Any] = {
        "LayerType": {"dense": of_type},
        "LayerName": {"fc": {"Precision": {"weight": "fixed<9,3>"}}},
    }
    graph = built(config)
    assert type_of(graph, "fc", "weight").startswith("fixed<9,3,")
    assert type_of(graph, "fc", "bias").startswith("fixed<13,7,")
    assert graph.model.graph["fc"].get_attr("reuse_factor") == 4
    config["LayerName"]["fc"]["Precision"] = "fixed<9,3>"  # a single one is for all of the layer
    assert type_of(built(config), "fc", "bias").startswith("fixed<9,3,")


def test_types_of_the_network_win_over_those_of_a_type_of_layer() -> None:
    types = {
        "probs": {"inv_inp": Precision(10, 4), "exp_table": Precision(10, 4)},
        "fc": {"weight": Precision(10, 4)},
    }
    config = {
        "LayerType": {"Softmax": {"Precision": {"inv_inp": TYPE, "inv_table": TYPE}}},
        "LayerName": {"probs": {"Precision": {"exp_table": "fixed<9,3>"}}, "fc": {"weight_t": "fixed<9,3>"}},
    }
    graph = built(config, types)
    found = {role: type_of(graph, "probs", role) for role in ("inv_inp", "inv_table", "exp_table")}
    assert [text.split(",TRN")[0] for text in found.values()] == ["fixed<10,4", "fixed<13,7", "fixed<9,3"]
    assert type_of(graph, "fc", "weight").startswith("fixed<9,3,")


@pytest.mark.parametrize(
    ("config", "type_"),
    [
        ({}, "auto"),
        ({"LayerName": {"pad": {"Trace": True}}}, "auto"),
        ({"LayerType": {"zeropadding2d": {"result_t": TYPE}}}, TYPE),
        ({"LayerName": {"pad": {"Precision": {"result": TYPE}}}}, TYPE),
    ],
)
def test_a_padding_has_the_type_of_its_data_unless_one_is_stated(config: dict[str, Any], type_: str) -> None:
    """Not that of the model, which may be narrower."""
    pad = {"name": "pad", "class_name": "ZeroPadding2D"}
    found = reaching(config, [pad], ["ZeroPadding2D"], lambda _: ())
    assert found["LayerName"]["pad"]["Precision"] == {"result": type_}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"LayerType": {"Softmax": {"Precision": {"exp_table": "auto"}}}}, "cannot find the type of a table"),
        ({"LayerName": {"probs": {"ExpTableT": "fixed<>"}}}, "'fixed<>' is no precision"),
        ({"LayerName": {"fc": {"Precision": {"exp_table": TYPE}}}}, "a Dense has no precision 'exp_table'"),
        ({"LayerName": {"fc": {"reuse_factor": 0}}}, "0 is no reuse factor"),
        ({"Model": {"Precision": {"wieght": TYPE}}}, "no layer has a precision 'wieght'"),
        ({"LayerType": {"Dense": {"Trace": False}, "dense": {"Trace": False}}}, "are the same type of layer"),
        ({"LayerName": {"fc": {"precision": TYPE, "Precision": TYPE}}}, "are the same setting"),
    ],
)
def test_slips(config: dict[str, Any], message: str) -> None:
    with pytest.raises(Split4mlError, match=message):
        built(config)
