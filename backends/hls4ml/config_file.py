"""hls4ml's configuration of a network as a file to start from: every layer with what it has now, and what may be said of it.

Every setting is commented out and states the value that holds anyway, so the file as it is changes nothing, and neither does
taking away a `#`. Only layers of the user's network are listed, not those that hls4ml puts between them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from split4ml.backends.hls4ml.distributed import is_distributed, kept_types
from split4ml.backends.hls4ml.graph import Graph
from split4ml.backends.hls4ml.options import SETTINGS, HlsOptions
from split4ml.backends.hls4ml.reuse import valid_reuse_factors
from split4ml.backends.hls4ml.view import precision_of
from split4ml.dialects.precision import Precision

ROLES = {
    "result": "what the layer writes",
    "weight": "constants, which are rounded to it",
    "bias": "constants that are added",
    "scale": "factors of a normalisation",
    "param": "slope or threshold of an activation",
    "accum": "sums, and what they grow from",
    "table": "entries of the table that a function is looked up in",
    "exp_table": "exponentials of a softmax",
    "inv_table": "their inverted sums",
    "inv_inp": "sums by which these are looked up",
}
"""What an element type may be of, and what that is."""

HEADER = """\
# hls4ml's configuration of {name}, to start from: split4ml compile {name} --hls-config FILE …
# As it is, it changes nothing: every setting states what holds anyway. To change one, take away its `#`, not the space
# before it, and those of the lines it belongs to.
#
# A setting of a layer (LayerName) wins over one for its type (LayerType), and that over the model's. A layer may be
# named by its ONNX node, as here and in Netron, or as split4ml names it, after `layer`; but not by both.
#
# Precision    element types. fixed<16,6> has 16 bits, 6 of them before the point, one for the sign; ufixed<8,0> has no sign;
#              int<8> and uint<8> have no point. fixed<16,6,RND,SAT> rounds to nearest and saturates; without these words
#              numbers are cut off (TRN) and wrap (WRAP). auto: hls4ml takes a type that holds everything.
{roles}
# ReuseFactor  how many multiplications share a multiplier: 1 is fastest and largest. Not every number is possible; a number
#              that is not is replaced by the nearest that is, and a warning says so.
# Strategy     latency: constants unrolled into logic. resource: constants in memory, for large layers and reuse factors.
#              resource_unrolled: in between.
# TableSize    entries of the table of an activation.
"""


@dataclass(frozen=True)
class LayerSettings:
    """One layer. key: its name in the file; nodes: of the user's model; inputs, output: shapes, channels last.

    settings: by key, the values that hold; types: element types by role; factors: reuse factors that are possible, if not all.
    """

    key: str
    layer: str
    kind: str
    nodes: tuple[str, ...]
    inputs: tuple[tuple[int, ...], ...]
    output: tuple[int, ...]
    settings: Mapping[str, int | str]
    types: Mapping[str, Precision]
    factors: tuple[int, ...] | None


def layer_settings(graph: Graph) -> list[LayerSettings]:
    """Of the user's layers that are still there after hls4ml's passes, in their order."""
    found = []
    for name, node in graph.model.graph.items():
        is_input = node.class_name in ("Input", "InputLayer")
        if graph.layers is not None and name not in graph.layers:
            continue
        if not is_input and not node.get_attr("function_cpp"):
            continue  # a view of what another layer writes
        layer = graph.user_names.get(name, name)
        nodes = graph.onnx_names.get(name, ())
        factors = None if is_input else valid_reuse_factors(graph.model, node)
        found.append(
            LayerSettings(
                key=next((n for n in nodes if graph.callable_as.get(n) == name), layer),
                layer=layer,
                kind=graph.kinds.get(name, node.class_name),
                nodes=nodes,
                inputs=tuple(
                    _shape(node.get_input_variable(source)) for source in node.inputs if not is_input
                ),
                output=_shape(node.get_output_variable()),
                settings={} if is_input else _settings(node, factors is not None or _multiplies(node)),
                types=_types(node),
                factors=factors,
            )
        )
    return found


def _shape(variable: Any) -> tuple[int, ...]:
    return tuple(int(size) for size in variable.shape)


def _multiplies(node: Any) -> bool:
    return any(word in node.class_name for word in ("Dense", "Conv"))


def _looks_up(node: Any) -> bool:
    """Whether its function is a table; hls4ml gives the type of one to others too."""
    return node.class_name != "Activation" or node.get_attr("activation") not in ("relu", "linear")


def _settings(node: Any, multiplies: bool) -> dict[str, int | str]:
    settings: dict[str, int | str] = {}
    if multiplies:
        settings["ReuseFactor"] = int(node.get_attr("reuse_factor", 1))
        settings["Strategy"] = str(node.get_attr("strategy")).lower()
    if _looks_up(node) and node.get_attr("table_size") is not None:
        settings["TableSize"] = int(node.get_attr("table_size"))
    return settings


def _types(node: Any) -> dict[str, Precision]:
    """Element types that may be configured."""
    plain = {"FixedPrecisionType", "IntegerPrecisionType"}
    types = {
        "result": node.get_output_variable().type,
        **{k.removesuffix("_t"): v for k, v in node.types.items()},
    }
    weights = {role: variable.type for role, variable in node.weights.items()}
    found = kept_types(node)
    for role, named in {**types, **weights, "result": types["result"]}.items():
        if role == "table" and not _looks_up(node):
            continue
        if role == "accum" and is_distributed(node):
            continue  # nothing is rounded before the result
        if role in ROLES and any(parent.__name__ in plain for parent in type(named.precision).__mro__):
            found[role] = precision_of(named.precision, f"layer {node.name}")
    return {role: found[role] for role in ROLES if role in found}


def configuration(name: str, options: HlsOptions, layers: list[LayerSettings]) -> str:
    """The file's text. name: of the model's file."""
    roles = "\n".join(f"#   {role:<11}{text}" for role, text in ROLES.items())
    lines = [
        HEADER.format(name=_plain(name), roles=roles),
        "Model:",
        "  #Precision:",
        f"    #default: {options.precision}",
        f"  #ReuseFactor: {options.reuse_factor}",
        f"  #Strategy: {options.strategy}",
        "",
        "LayerType:",
    ]
    kinds = dict.fromkeys(layer.kind for layer in layers if "ReuseFactor" in layer.settings)
    for kind in kinds:
        lines += [f"  #{kind}:", f"    #ReuseFactor: {options.reuse_factor}"]
    lines += ["", "LayerName:"]
    for layer in layers:
        lines += ["", *_layer(layer)]
    return "\n".join(lines) + "\n"


def _layer(layer: LayerSettings) -> Iterator[str]:
    shapes = ", ".join(map(_extents, layer.inputs))
    yield f"  # {layer.kind}, {f'{shapes} to ' if shapes else ''}{_extents(layer.output)}"
    if layer.key != layer.layer:
        yield f"  # layer {layer.layer}"
    if others := [node for node in layer.nodes if node != layer.key]:
        yield (
            f"  # also computes {', '.join(map(_quoted, others))}"
            if layer.key in layer.nodes
            else (f"  # ONNX {', '.join(map(_quoted, others))}")
        )
    yield f"  {_quoted(layer.key)}:"
    for key, value in layer.settings.items():
        possible = ""
        if key == "ReuseFactor" and layer.factors is not None:
            few = layer.factors[:12]
            possible = f"  # possible: {', '.join(map(str, few))}{', …' if len(layer.factors) > 12 else ''}"
        yield f"    #{key}: {value}{possible}"
    for role in [role for role in layer.types if role in SETTINGS]:
        yield f"    #{role}_t: {layer.types[role]}"
    if plain := [role for role in layer.types if role not in SETTINGS]:
        yield "    #Precision:"
        for role in plain:
            yield f"      #{role}: {layer.types[role]}"


def _extents(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))


def _quoted(name: str) -> str:
    """As a key of YAML, which takes some plain words for numbers or truth."""
    import yaml

    if re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) and yaml.safe_load(name) == name:
        return name
    return json.dumps(name)


def _plain(name: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in name)
