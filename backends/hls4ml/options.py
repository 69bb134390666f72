"""What a user may configure about the firmware, and the check of hls4ml's own configuration file.

hls4ml ignores names it does not know and falls back on defaults; here every such slip is an error with a suggestion.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from split4ml.backends.hls4ml.places import Places
from split4ml.dialects.errors import Split4mlError, meant
from split4ml.dialects.precision import TYPED, Precision

BACKENDS = ("Vitis", "Vivado")
DISTRIBUTED = "distributed_arithmetic"
STRATEGIES = ("latency", "resource", "resource_unrolled", DISTRIBUTED)
MAX_REUSE_FACTOR = 2**31 - 1
"""The generated C++ holds it in an `unsigned`, hls4ml's own sources in an `int`."""
_MODEL_KEYS = (
    "Precision",
    "ReuseFactor",
    "Strategy",
    "ConvImplementation",
    "TargetCycles",
    "PipelineStyle",
    "PipelineInterval",
    "BramFactor",
    "Compression",
    "TraceOutput",
)
LAYER_KEYS = (
    "Precision",
    "ReuseFactor",
    "Strategy",
    "ConvImplementation",
    "TargetCycles",
    "Trace",
    "Compression",
)
SETTINGS = ("table", "exp_table", "inv_table", "inv_inp")
"""Types that hls4ml takes as settings of a layer (`exp_table_t`), not as its precisions; users may write either."""


def squash(key: str) -> str:
    """A key of hls4ml's configuration, whose `TableSize` and `table_size` are the same."""
    return key.replace("_", "").lower()


WORDS = {squash(key): key for key in LAYER_KEYS}
"""hls4ml's spelling of the settings of every layer."""
TYPE_KEYS = {squash(f"{role}_t"): role for role in TYPED}
"""What an element type is of that is written as a setting, such as `exp_table_t`."""
_SECTIONS = ("Model", "LayerType", "LayerName")
_PRECISION = re.compile(r"auto|(?:ap_)?u?(?:fixed|int)<[\w\s,-]+>")

Config = dict[str, Any]


@dataclass(frozen=True)
class HlsOptions:
    """How hls4ml is to build the firmware.

    backend:      `Vitis` or `Vivado`.
    part:         FPGA part number; clock_ns: period in nanoseconds.
    precision:    default element type, such as `fixed<16,6>`.
    reuse_factor: default multiplications per multiplier, at least 1.
    strategy:     `latency`, `resource`, `resource_unrolled` or `distributed_arithmetic`.
    hls_config:   hls4ml's own configuration (Model, LayerType, LayerName); wins over the defaults above.
    io_type:      `io_stream`; `io_parallel` is refused.
    places:       where the entries of `hls_config` stand, for messages.
    """

    backend: str = "Vitis"
    part: str = "xcvu13p-flga2577-2-e"
    clock_ns: float = 5.0
    precision: str = "fixed<16,6>"
    reuse_factor: int = 1
    strategy: str = "latency"
    hls_config: Mapping[str, Any] | None = None
    io_type: str = "io_stream"
    places: Places = field(default_factory=Places)


def check_options(options: HlsOptions) -> None:
    """Raises Split4mlError for anything that hls4ml would refuse later, or worse, not refuse."""
    if options.io_type != "io_stream":
        raise Split4mlError(
            f"io type {options.io_type!r} is not supported: only streams can be split",
            hint="use io_stream; an io_parallel network is one pipeline without FIFOs between its layers",
        )
    if options.backend not in BACKENDS:
        raise Split4mlError(
            f"unknown backend {options.backend!r}", hint=suggestion(options.backend, BACKENDS)
        )
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{2,63}", options.part):
        raise Split4mlError(
            f"{options.part!r} is no FPGA part number", hint="for example xcvu13p-flga2577-2-e"
        )
    if not 0.1 <= options.clock_ns <= 1000:
        raise Split4mlError(f"a clock period of {options.clock_ns} ns is not between 0.1 and 1000 ns")
    _check_precision(options.precision, "the default precision")
    if options.precision == "auto":
        raise Split4mlError(
            "the default precision cannot be auto", hint="set auto for single layers in the configuration"
        )
    _check_reuse_factor(options.reuse_factor, "the default reuse factor")
    strategy_named(options.strategy, "the default strategy")


def full_config(options: HlsOptions, layer_names: Mapping[str, str]) -> tuple[Config, Spelling]:
    """hls4ml's `HLSConfig` from the options, checked, with `LayerName` keys replaced through `layer_names`; and how the user
    wrote these.

    layer_names: what a user may call a layer (its name, or an ONNX node's) to hls4ml's name. Names of layers that
    hls4ml inserts are unknown before it ran, so unknown ones are left for `check_layer_names`.
    """
    check_options(options)
    config: Config = {
        "Model": {
            "Precision": {"default": options.precision},
            "ReuseFactor": options.reuse_factor,
            "Strategy": strategy_named(options.strategy, "the default strategy"),
            # Never: large weights would become memory ports of the top function.
            "BramFactor": 10**9,
            "TraceOutput": False,
        }
    }
    places, user = options.places, options.hls_config
    if user is None:
        return config, Spelling(places, {})
    if isinstance(user, Mapping) and isinstance(user.get("HLSConfig"), Mapping):
        user, places = user["HLSConfig"], places.within("HLSConfig")  # a whole hls4ml_config.yml
    _check_mapping(user, places.of())
    for key in user:
        if key not in _SECTIONS:
            raise Split4mlError(f"unknown section {key!r}", places.of(key), suggestion(str(key), _SECTIONS))
    model = _table(user, places, "Model")
    _check_values(model, places, ("Model",), _MODEL_KEYS)
    for key, value in model.items():
        if key == "Precision":
            precision = value if isinstance(value, Mapping) else {"default": value}
            config["Model"]["Precision"].update(precision)
        elif key == "Strategy":
            config["Model"][key] = strategy_named(value, places.of("Model", key))
        else:
            config["Model"][key] = value
    spelled: dict[str, str] = {}
    for section in ("LayerType", "LayerName"):
        entries: Config = {}
        for name in _table(user, places, section):
            entry = _table(user[section], places, section, name)
            _check_values(entry, places, (section, name), None)
            if entry:  # hls4ml takes one without settings for a layer that shall have the defaults
                entries[str(name)] = _in_words(entry, places, section, name)
        if section == "LayerName":
            entries, spelled = _by_layer(entries, layer_names, places)
        if entries:
            config[section] = entries
    return config, Spelling(places, spelled)


@dataclass(frozen=True)
class Spelling:
    """How a configuration was written. layers: the user's word for each hls4ml layer that it names."""

    places: Places
    layers: Mapping[str, str]

    def of_layer(self, layer: str) -> str:
        """The place of a layer's entry."""
        return self.places.of("LayerName", self.layers.get(layer, layer))

    def with_parts(self, parts: Mapping[str, str]) -> Spelling:
        """The word for a layer that was split is that for its parts too."""
        words = {part: self.layers[whole] for part, whole in parts.items() if whole in self.layers}
        return Spelling(self.places, {**words, **self.layers})


def _table(outer: Mapping[str, Any], places: Places, *path: str) -> Mapping[str, Any]:
    """The table under the last key of a path, in the one under those before it. A key with nothing behind it has an empty one."""
    value = outer.get(path[-1])
    return _check_mapping({} if value is None else value, places.of(*path))


def with_types(config: Config, types: Mapping[str, Mapping[str, Precision]]) -> Config:
    """`config` with element types for layers, except where its `LayerName` states the same ones."""
    layers = dict(config.get("LayerName", {}))
    for name, own in types.items():
        entry = dict(layers.get(name, {}))
        stated = entry.get("Precision", {})
        stated = dict(stated) if isinstance(stated, Mapping) else {"default": stated}
        settings = {TYPE_KEYS.get(squash(str(key))) for key in entry}
        own = {key: precision for key, precision in own.items() if key not in settings}
        for key in [key for key in own if key in SETTINGS and key not in stated]:
            entry[f"{key}_t"] = str(own[key])
        own = {key: precision for key, precision in own.items() if key not in SETTINGS}
        if "default" not in stated:  # a single precision is for all of the layer
            entry["Precision"] = {key: str(precision) for key, precision in own.items()} | stated
        layers[name] = entry
    return {**config, "LayerName": layers} if layers else config


def with_parts(config: Config, parts: Mapping[str, str]) -> Config:
    """`config` with what its `LayerName` says of a layer said of that layer's parts instead, but for precisions, which the parts
    state themselves. parts: by name, the layer that was split; what is said of a part by its own name wins."""
    layers = dict(config.get("LayerName", {}))
    split = {whole: layers.pop(whole) for whole in set(parts.values()) if whole in layers}
    for part, whole in parts.items():
        if whole in split:
            common = {key: value for key, value in split[whole].items() if key != "Precision"}
            layers[part] = common | layers.get(part, {})
    return {**config, "LayerName": layers} if layers or split else config


def _in_words(entry: Mapping[str, Any], places: Places, *path: str) -> Config:
    """A layer's entry in hls4ml's spelling of the settings of every layer."""
    spelled: dict[str, str] = {}
    for key in entry:
        word = WORDS.get(squash(str(key)), str(key))
        if spelled.setdefault(word, key) != key:
            raise Split4mlError(f"{spelled[word]!r} and {key!r} are the same setting", places.of(*path, key))
    found = {word: entry[key] for word, key in spelled.items()}
    if "Strategy" in found:
        found["Strategy"] = strategy_named(found["Strategy"], places.of(*path, spelled["Strategy"]))
    return found


def _by_layer(
    entries: Config, layer_names: Mapping[str, str], places: Places
) -> tuple[Config, dict[str, str]]:
    result: Config = {}
    spelled: dict[str, str] = {}
    for name, entry in entries.items():
        layer = layer_names.get(name, name)
        if layer in result:
            raise Split4mlError(
                f"{spelled[layer]!r} and {name!r} are the same layer {layer}", places.of("LayerName", name)
            )
        result[layer], spelled[layer] = entry, name
    return result, spelled


def known_layer_type(name: str, kinds: Iterable[str], where: str) -> str:
    """The layer type of hls4ml that a `LayerType` entry is for. Raises Split4mlError if there is none."""
    lower = {kind.lower(): kind for kind in kinds}
    if name.lower() not in lower:
        raise Split4mlError(f"hls4ml has no layer type {name!r}", where, suggestion(name, lower.values()))
    return lower[name.lower()]


def check_layer_names(names: Iterable[str], known: Collection[str], spelling: Spelling) -> None:
    """Raises Split4mlError for the first name in a `LayerName` section that no layer has."""
    for layer in names:
        if layer not in known:
            name = spelling.layers.get(layer, layer)
            raise Split4mlError(
                f"the network has no layer {name!r}", spelling.of_layer(layer), suggestion(name, known)
            )


def check_layer_keys(
    entry: Mapping[str, Any], layer_class: Any, kind: str, places: Places, *path: str
) -> None:
    """The keys of one layer's entry against what its hls4ml class lets a user configure."""
    attributes = [attribute for attribute in layer_class.expected_attributes if attribute.configurable]
    known = [*LAYER_KEYS, *(attribute.config_name for attribute in attributes)]
    normal = {squash(key) for key in known}
    for key in entry:
        if squash(str(key)) not in normal:
            where = places.of(*path, key)
            raise Split4mlError(f"a {kind} has no setting {key!r}", where, suggestion(str(key), known))
    types = ["default", "result", *(a.name.removesuffix("_t") for a in attributes if a.name.endswith("_t"))]
    precision = entry.get("Precision")
    if isinstance(precision, Mapping):
        for variable in precision:
            if variable not in types:
                raise Split4mlError(
                    f"a {kind} has no precision {variable!r}",
                    places.of(*path, "Precision", variable),
                    suggestion(str(variable), types),
                )


def suggestion(name: str, known: Iterable[str]) -> str | None:
    """A hint naming the nearest known word, or all of them if they are few."""
    words = list(dict.fromkeys(known))
    others = f"there are {', '.join(sorted(words))}" if 0 < len(words) <= 30 else None
    return meant(name, words) or others


def _check_mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise Split4mlError(f"this is {type(value).__name__}, not a table of settings", where)
    return value


def _check_values(
    entry: Mapping[str, Any], places: Places, path: tuple[str, ...], keys: tuple[str, ...] | None
) -> None:
    for key, value in entry.items():
        place = places.of(*path, key)
        if keys is not None and key not in keys:
            raise Split4mlError(f"unknown setting {key!r}", place, suggestion(str(key), keys))
        match WORDS.get(squash(str(key)), key) if keys is None else key:
            case "Precision":
                for variable, text in (value if isinstance(value, Mapping) else {"default": value}).items():
                    _check_precision(text, places.of(*path, key, variable), variable not in SETTINGS)
            case str() as word if squash(word) in TYPE_KEYS:
                _check_precision(value, place, TYPE_KEYS[squash(word)] not in SETTINGS)
            case "ReuseFactor":
                _check_reuse_factor(value, place)
            case "Strategy":
                strategy_named(value, place)
            case "ConvImplementation":
                _check_word(value, ("LineBuffer", "Encoded"), place)
            case "PipelineStyle":
                _check_word(value, ("auto", "dataflow"), place)
            case "Compression" if value:
                raise Split4mlError(
                    "compressed weights cannot be saved by hls4ml", place, "leave Compression out"
                )
            case _:
                _check_scalar(value, place)


def _check_precision(value: Any, where: str, inferred: bool = True) -> None:
    """inferred: whether hls4ml can find the type itself."""
    if not isinstance(value, str) or not _PRECISION.fullmatch(value.strip()):
        raise Split4mlError(
            f"{value!r} is no precision",
            where,
            "write fixed<16,6>, ufixed<8,0,RND,SAT>, int<8> or auto; floating point cannot be synthesised here",
        )
    if value.strip() == "auto" and not inferred:
        raise Split4mlError(
            "hls4ml cannot find the type of a table itself", where, "write fixed<18,8,RND,SAT>"
        )


def _check_reuse_factor(value: Any, where: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise Split4mlError(f"{value!r} is no reuse factor, which is a whole number of at least 1", where)
    if value > MAX_REUSE_FACTOR:
        raise Split4mlError(f"a reuse factor is at most {MAX_REUSE_FACTOR}, not {value}", where)


def strategy_named(value: Any, where: str) -> str:
    """The strategy in hls4ml's own spelling; it would take any other for latency. Raises Split4mlError for one that it does not
    know."""
    if isinstance(value, str) and squash(value) == "da":
        return DISTRIBUTED
    return _check_word(value, STRATEGIES, where)


def _check_word(value: Any, words: tuple[str, ...], where: str) -> str:
    """The word that is meant, in whatever case."""
    known = {squash(word): word for word in words}
    if not isinstance(value, str) or squash(value) not in known:
        raise Split4mlError(f"{value!r} is none of {', '.join(words)}", where, meant(str(value), words))
    return known[squash(value)]


def _check_scalar(value: Any, where: str) -> None:
    """Settings end in generated C++: numbers, booleans and plain words only."""
    if value is None or isinstance(value, (bool, int, float)):
        return
    if not isinstance(value, str) or not re.fullmatch(r"[\w .,:<>+-]{0,200}", value):
        raise Split4mlError(f"{value!r} is neither a number nor a plain word", where)
