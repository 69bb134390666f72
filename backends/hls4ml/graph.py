"""Builds hls4ml graphs from layer dictionaries, or takes one that a user built."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from split4ml.backends.hls4ml.capture import bounded_inference, captured, explained
from split4ml.backends.hls4ml.clones import wide_clones
from split4ml.backends.hls4ml.distributed import adders_of_rounded_weights, check_layers
from split4ml.backends.hls4ml.options import (
    Config,
    HlsOptions,
    Spelling,
    check_layer_keys,
    check_layer_names,
    full_config,
    known_layer_type,
    suggestion,
    with_parts,
    with_types,
)
from split4ml.backends.hls4ml.padding import padding_in_place
from split4ml.backends.hls4ml.provenance import surviving_names
from split4ml.backends.hls4ml.reuse import ReuseWarning, repair_reuse_factors
from split4ml.backends.hls4ml.settings import reaching
from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.names import is_legal, legal_name
from split4ml.dialects.precision import Precision

PROJECT = "myproject"
Layer = dict[str, Any]

# hls4ml keeps a layer's output variable among its attributes, under the layer's name: such a name would replace
# another attribute. Those of the layer's own dictionary and class are added to these.
_ATTRIBUTES = """index trace result_t name class_name inputs outputs strategy reuse_factor target_cycles implementation
weight bias n_partitions accum_t index_t function_cpp config_cpp include_header precision data_format axis op"""


@dataclass(frozen=True, eq=False)
class Graph:
    """An optimised hls4ml graph and what is known about where it came from.

    model:        hls4ml's `ModelGraph`, not to be changed.
    layers:       hls4ml's names of the layers that the user's network has; None if not known.
    user_names:   what the user calls a layer, where hls4ml's name had to differ.
    onnx_names:   nodes of the user's network by hls4ml's layer name, layers fused away included.
    kinds:        what these layers were before hls4ml's passes: the types that a configuration knows.
    callable_as: what a configuration may call a layer, to hls4ml's name.
    input_names, output_names: the user's names, in the order of the graph's inputs and outputs; may be empty.
    remarks:      what of the configuration has no effect.
    warnings:     reuse factors that are not what was asked for.
    messages:     what hls4ml printed.
    """

    model: Any
    layers: frozenset[str] | None = None
    user_names: Mapping[str, str] = field(default_factory=dict)
    onnx_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    callable_as: Mapping[str, str] = field(default_factory=dict)
    input_names: tuple[str, ...] = ()
    output_names: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    warnings: tuple[ReuseWarning, ...] = ()
    messages: str = ""


def build_graph(
    layers: Sequence[Mapping[str, Any]],
    inputs: Sequence[str],
    outputs: Sequence[str],
    options: HlsOptions | None = None,
    onnx_names: Mapping[str, tuple[str, ...]] | None = None,
    input_names: Sequence[str] = (),
    output_names: Sequence[str] = (),
    types: Mapping[str, Mapping[str, Precision]] | None = None,
    parts: Mapping[str, str] | None = None,
) -> Graph:
    """Runs hls4ml's own flows on a network given as hls4ml layer dictionaries, in topological order.

    inputs, outputs: names of the Input layers, and of the layers whose results leave the network.
    onnx_names: the user's nodes behind each layer; also accepted as `LayerName` in `options.hls_config`.
    types: by layer, element types of `result`, `weight`, …; those of a layer in `options.hls_config` win.
    parts: by layer, one that a pass split into it and others: what `options.hls_config` says of that one holds for its parts.
    Reuse factors that hls4ml cannot use are replaced by the nearest valid one and listed in `Graph.warnings`.
    Raises Split4mlError, naming the layer where possible.
    """
    options = options or HlsOptions()
    onnx = dict(onnx_names or {})
    _check_layers(layers, inputs, outputs)
    renamed = _renames(layers)
    whole = dict(parts or {})
    callable_as, ambiguous = _callable_as(layers, onnx, whole)
    callable_as = {user: renamed.get(name, name) for user, name in callable_as.items()}
    hls_config, spelling = full_config(options, callable_as)
    stated = list(hls_config.get("LayerName", {}))
    whole = {renamed.get(name, name): renamed.get(of, of) for name, of in whole.items()}
    hls_config, spelling = with_parts(hls_config, whole), spelling.with_parts(whole)
    hls_config = with_types(hls_config, {renamed.get(name, name): own for name, own in (types or {}).items()})
    mine = [_rename(layer, renamed) for layer in layers]
    names = [layer["name"] for layer in mine]
    _check_kinds(mine, hls_config, options.backend, spelling)
    settled = reaching(hls_config, mine, *_kinds(options.backend))
    remarks = check_layers(mine, hls_config, settled, spelling)
    with captured() as printed, explained("hls4ml cannot build this network"):
        model = _model_graph(
            mine,
            settled,
            options,
            [renamed.get(n, n) for n in inputs],
            [renamed.get(n, n) for n in outputs],
        )
        asked = {node.name: int(model.config.get_reuse_factor(node)) for node in model.graph.values()}
    for name in stated:
        if name in ambiguous:
            several = " and ".join(ambiguous[name])
            raise Split4mlError(
                f"several nodes are named {name!r}", spelling.of_layer(name), f"name the layer: {several}"
            )
    check_layer_names(stated, [*callable_as, *names, *model.graph], spelling)
    _check_inserted(model, hls_config, names, spelling)
    _check_lstms(model, renamed)
    with captured(), explained("hls4ml cannot build this network"):
        warnings = repair_reuse_factors(model, asked)
    return Graph(
        model=model,
        layers=frozenset(names),
        user_names={new: old for old, new in renamed.items()},
        onnx_names=surviving_names(model, mine, {renamed.get(n, n): nodes for n, nodes in onnx.items()}),
        kinds={layer["name"]: layer["class_name"] for layer in mine},
        callable_as=callable_as,
        input_names=tuple(input_names),
        output_names=tuple(output_names),
        warnings=tuple(dataclasses.replace(w, layer=_user(renamed, w.layer)) for w in warnings),
        remarks=(*remarks, *_without_effect(model, mine, hls_config, stated, spelling)),
        messages=printed.text,
    )


def _without_effect(
    model: Any, layers: Sequence[Layer], hls_config: Config, stated: Sequence[str], spelling: Spelling
) -> Iterator[str]:
    """What of a configuration reaches nothing: types of which there is no layer, layers that are merged into others."""
    kinds = {str(layer["class_name"]).lower() for layer in layers}
    kinds |= {node.class_name.lower() for node in model.graph.values()}
    for kind in hls_config.get("LayerType", {}):
        if kind.lower() not in kinds:
            yield f"{spelling.places.of('LayerType', kind)}: the network has no layer of this type"
    for name in stated:
        if name not in model.graph:
            yield f"{spelling.of_layer(name)}: hls4ml merges this layer into another, and may have no use for its settings"


def from_model_graph(model: Any) -> Graph:
    """A live hls4ml `ModelGraph` with io_stream and the Vitis or Vivado backend. It is not changed.

    Raises Split4mlError if it is anything else.
    """
    import hls4ml.model.graph

    if not isinstance(model, hls4ml.model.graph.ModelGraph):
        raise Split4mlError(f"this is a {type(model).__name__}, not an hls4ml ModelGraph")
    io_type = model.config.get_config_value("IOType")
    if io_type != "io_stream":
        raise Split4mlError(
            f"the hls4ml model was built with {io_type}: only streams can be split",
            hint='convert it again with io_type="io_stream"',
        )
    if model.config.backend.name not in ("Vitis", "Vivado"):
        raise Split4mlError(
            f"the hls4ml model is for the backend {model.config.backend.name}, not Vitis or Vivado",
            hint='convert it again with backend="Vitis"',
        )
    if not any("apply_templates" in flow for group in model._applied_flows for flow in group):
        raise Split4mlError(
            "the hls4ml model has not been through hls4ml's flows", hint="build it with convert_from_…"
        )
    return Graph(model)


def _model_graph(
    layers: list[Layer], hls_config: Config, options: HlsOptions, inputs: list[str], outputs: list[str]
) -> Any:
    from hls4ml.model.graph import ModelGraph
    from hls4ml.utils.config import create_config

    config = create_config(
        output_dir=".",
        project_name=PROJECT,
        backend=options.backend,
        io_type=options.io_type,
        part=options.part,
        clock_period=options.clock_ns,
        write_weights_txt=False,
    )
    config["HLSConfig"] = hls_config
    config["Stamp"] = "0" * 8  # hls4ml's is random
    with bounded_inference(), wide_clones(), padding_in_place(), adders_of_rounded_weights():
        return ModelGraph.from_layer_list(config, layers, inputs=inputs, outputs=outputs)


def _check_layers(layers: Sequence[Mapping[str, Any]], inputs: Sequence[str], outputs: Sequence[str]) -> None:
    names = [str(layer.get("name")) for layer in layers]
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            raise Split4mlError(f"two layers are named {name!r} (hls4ml does not distinguish case)")
        seen.add(name.lower())
        if not is_legal(name):
            raise Split4mlError(
                f"a layer is named {name!r}, which cannot be written into C++, Tcl and HDL",
                hint=f"name it {legal_name(name, seen)!r}",
            )
    for what, wanted in (("input", inputs), ("output", outputs)):
        if not wanted:
            raise Split4mlError(f"the network has no {what}s")
        if len(set(wanted)) != len(wanted):
            raise Split4mlError(f"an {what} of the network is listed twice: {', '.join(wanted)}")
        for name in wanted:
            if name not in names:
                raise Split4mlError(
                    f"there is no layer {name!r} to be an {what}", hint=suggestion(name, names)
                )
    kinds = {str(layer["name"]): layer.get("class_name") for layer in layers}
    for name in inputs:
        if kinds[name] not in ("Input", "InputLayer"):
            raise Split4mlError(f"the input {name!r} is a {kinds[name]}, not an Input layer")
    for name in outputs:
        if name in inputs:
            raise Split4mlError(f"the output {name!r} is an input: nothing would be computed")


def _renames(layers: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Layers whose names hls4ml would take for attributes, or for layers it inserts itself."""
    names = {str(layer["name"]) for layer in layers}
    taken = set(names)
    renames = {}
    for layer in layers:
        name = str(layer["name"])
        clash = name in _ATTRIBUTES.split() or name in layer or name.lower().endswith("_t")
        prefix, _, rest = name.partition("_")
        clash = clash or (prefix in ("clone", "repack", "broadcast", "zp1d", "zp2d") and rest in names)
        if clash:
            renames[name] = legal_name(f"{name}_layer", taken)
            taken.add(renames[name])
    return renames


def _rename(layer: Mapping[str, Any], renames: Mapping[str, str]) -> Layer:
    result = dict(layer)
    result["name"] = renames.get(result["name"], result["name"])
    for edges in ("inputs", "outputs"):
        if edges in result:
            result[edges] = [renames.get(name, name) for name in result[edges]]
    return result


def _user(renamed: Mapping[str, str], name: str) -> str:
    return next((old for old, new in renamed.items() if new == name), name)


def _callable_as(
    layers: Sequence[Mapping[str, Any]], onnx: Mapping[str, tuple[str, ...]], parts: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Layers by what a configuration may call them, and the names of ONNX nodes that would be several layers'. Parts count as
    the layer that was split."""
    layer_names = [str(layer["name"]) for layer in layers]
    onnx = {name: nodes for name, nodes in onnx.items() if name not in parts} | {
        whole: onnx.get(part, ()) for part, whole in parts.items()
    }
    names = list(dict.fromkeys([*(parts.get(name, name) for name in layer_names), *layer_names]))
    found: dict[str, list[str]] = {}
    for name in names:
        for node in onnx.get(name, ()):
            others = found.setdefault(node, [])
            # the padding of a pool, or a part of a concatenation, is named after the layer that it belongs to
            others[:] = [other for other in others if not other.startswith(f"{name}_")]
            if not any(name.startswith(f"{other}_") for other in others):
                others.append(name)
    found = {node: owners for node, owners in found.items() if node not in names}
    single = {node: owners[0] for node, owners in found.items() if len(owners) == 1}
    several = {node: owners for node, owners in found.items() if len(owners) > 1}
    return single | {name: name for name in names}, several


def _check_lstms(model: Any, renamed: Mapping[str, str]) -> None:
    """hls4ml's kernel multiplies data and states, which have the type of its results, by one function; others do not compile."""
    for node in model.graph.values():
        if node.class_name != "LSTM":
            continue
        data, result = (
            variable.type.precision for variable in (node.get_input_variable(), node.get_output_variable())
        )
        if str(data) != str(result):
            raise Split4mlError(
                f"its data has the type {data} and its results {result}, but hls4ml's LSTM takes data of its results' type only",
                f"layer {_user(renamed, node.name)} (LSTM)",
                "give both the same type in --hls-config (Precision: result) or on the layers in front of it",
            )


def _check_kinds(layers: list[Layer], hls_config: Config, backend_name: str, spelling: Spelling) -> None:
    with captured():
        from hls4ml.backends import get_backend
        from hls4ml.model.layers import layer_map

    backend = get_backend(backend_name)
    kind_of = {}
    for layer in layers:
        kind = layer.get("class_name")
        if kind not in layer_map:
            raise Split4mlError(
                f"hls4ml has no layer type {kind!r}",
                f"layer {layer['name']}",
                suggestion(str(kind), layer_map),
            )
        kind_of[layer["name"]] = layer_map[kind]
    _check_roles(hls_config, {backend.create_layer_class(layer) for layer in layer_map.values()}, spelling)
    # The backend adds attributes of its own, such as the type of the accumulator.
    seen: dict[str, str] = {}
    for name, entry in hls_config.get("LayerType", {}).items():
        where = spelling.places.of("LayerType", name)
        kind = known_layer_type(name, layer_map, where)
        if seen.setdefault(kind, name) != name:
            raise Split4mlError(f"{seen[kind]!r} and {name!r} are the same type of layer", where)
        check_layer_keys(
            entry, backend.create_layer_class(layer_map[kind]), kind, spelling.places, "LayerType", name
        )
    for name, entry in hls_config.get("LayerName", {}).items():
        if name in kind_of:
            layer_class = backend.create_layer_class(kind_of[name])
            user = spelling.layers.get(name, name)
            check_layer_keys(entry, layer_class, kind_of[name].__name__, spelling.places, "LayerName", user)


def _check_roles(hls_config: Config, classes: Iterable[Any], spelling: Spelling) -> None:
    """What the types of elements are of that are stated for all layers."""
    attributes = (attribute.name for one in classes for attribute in one.expected_attributes)
    known = {"default", *(name.removesuffix("_t") for name in attributes if name.endswith("_t"))}
    for role in hls_config.get("Model", {}).get("Precision", {}):
        if role not in known:
            where = spelling.places.of("Model", "Precision", role)
            raise Split4mlError(f"no layer has a precision {role!r}", where, suggestion(str(role), known))


def _kinds(backend_name: str) -> tuple[list[str], Callable[[str], list[str]]]:
    """hls4ml's types of layers, and the attributes of each that a user may set."""
    from hls4ml.backends import get_backend
    from hls4ml.model.layers import layer_map

    @cache
    def configurable(kind: str) -> list[str]:
        layer_class = get_backend(backend_name).create_layer_class(layer_map[kind])
        return [attribute.name for attribute in layer_class.expected_attributes if attribute.configurable]

    return list(layer_map), configurable


def _check_inserted(model: Any, hls_config: Config, names: Sequence[str], spelling: Spelling) -> None:
    """The keys of entries for layers that hls4ml put there."""
    for name, entry in hls_config.get("LayerName", {}).items():
        if name not in names and name in model.graph:
            node = model.graph[name]
            check_layer_keys(entry, type(node), node.class_name, spelling.places, "LayerName", name)
