"""What a saved graph may say: its JSON is checked word by word before hls4ml instantiates anything from it.

hls4ml writes many of a graph's strings into C++ unchecked, resolves class names in any loaded module, opens files that
the archive names, and keeps generated code in it. So: classes are hls4ml's own serialisable ones, files are the
archive's own arrays, strings have no character that ends a C++ expression, and generated code is dropped, to
be generated again; but for that of distributed arithmetic, whose every statement is read.
"""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from split4ml.backends.hls4ml.adders import read_adders
from split4ml.backends.hls4ml.distributed import CODE
from split4ml.dialects.errors import Split4mlError

Json = Any

# No quote, backslash, brace, parenthesis, semicolon, hash or line break. `:` is for names, `<>` for types, the
# rest for einsum equations and lists of numbers.
_PLAIN = re.compile(r"[\w .,:<>+*/=|@%&\[\]-]*")
# Descriptions that front ends leave behind and no template uses may also call something (`quantized_bits(6,0)`).
_DESCRIPTION = re.compile(r"[a-z_]*(?:quantizer|initializer|regularizer|constraint)")
_CALL = re.compile(r"[\w .,:<>+*/=|@%&\[\]()-]*")
_MAX_TEXT = 1_000_000
# hls4ml names files in the archive after layers, and puts the names into C++.
_LAYER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,149}")
_EXTENT = re.compile(
    r"n_(?:in|out|chan|filt|elem)|(?:in|out|filt|stride|pool|dilation)_(?:height|width)|reuse_factor"
)
_PADDING = re.compile(r"pad_(?:top|left|bottom|right)")
_ARRAY = "@ndarray:"
_MODULES = ("hls4ml.model.", "hls4ml.backends.fpga.", "hls4ml.backends.vivado.", "hls4ml.backends.vitis.")
_GENERATED = ("config_cpp", "function_cpp", "include_header")

_CONFIG_KEYS = {
    "ProjectName": re.compile(r"[A-Za-z_]\w{0,99}"),
    "Backend": re.compile(r"Vitis|Vivado"),
    "Version": re.compile(r"[\w.+-]{1,40}"),
    "Part": re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{2,63}"),
    "ClockUncertainty": re.compile(r"[0-9.]{1,12}%?|[0-9.]{1,12}ns"),
    "IOType": re.compile(r"io_stream"),
}


def parse_json(text: bytes, name: str, where: str) -> dict[str, Json]:
    """Raises Split4mlError unless it is one JSON object."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Split4mlError(f"its {name} is no JSON: {error}", where) from None
    if not isinstance(value, dict):
        raise Split4mlError(f"its {name} is no JSON object", where)
    return value


def clean_config(state: dict[str, Json], where: str) -> dict[str, Json]:
    """`config.json`: hls4ml's settings, less whatever names a place or a time."""
    _check_strings(state, where, "config.json")
    config = state.get("config")
    if not isinstance(config, dict):
        raise Split4mlError("its config.json has no settings", where)
    kept: dict[str, Json] = {}
    for key, pattern in _CONFIG_KEYS.items():
        value = config.get(key)
        if value is None and key in ("Version", "ClockUncertainty"):
            continue
        if key == "IOType" and isinstance(value, str) and not pattern.fullmatch(value):
            raise Split4mlError(
                f"the graph was built with {value}: only streams can be split",
                where,
                'convert it again with io_type="io_stream"',
            )
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise Split4mlError(f"its setting {key} is {value!r}", where)
        kept[key] = value
    period = config.get("ClockPeriod")
    if isinstance(period, bool) or not isinstance(period, (int, float)) or not 0.1 <= period <= 1000:
        raise Split4mlError(f"its ClockPeriod is {period!r}", where)
    kept |= {
        "ClockPeriod": period,
        "OutputDir": ".",
        "Stamp": "0" * 8,
        "HLSConfig": config.get("HLSConfig") or {},
        "WriterConfig": {
            "Namespace": None,
            "WriteWeightsTxt": False,
            "WriteTar": False,
            "TBOutputStream": "both",
            "WriteEmulationConstants": False,
        },
    }
    for shapes in ("InputShapes", "OutputShapes"):
        kept[shapes] = config.get(shapes) or {}
    return {**state, "config": kept, "writer_config": kept["WriterConfig"], "trace_output": False}


def clean_state(state: dict[str, Json], where: str) -> dict[str, Json]:
    """`graph_state.json`, with the passes that ran in a defined order."""
    _check_strings(state, where, "graph_state.json")
    try:
        flows = [
            {str(flow): sorted(passes) for flow, passes in group.items()} for group in state["applied_flows"]
        ]
        names = [*state["inputs"], *state["outputs"]]
        if not all(isinstance(name, str) for name in names) or isinstance(state["index"], bool):
            raise TypeError
        return {**state, "applied_flows": flows, "index": int(state["index"])}
    except (KeyError, TypeError, AttributeError, ValueError):
        raise Split4mlError("its graph_state.json is incomplete", where) from None


def clean_layers(layers: dict[str, Json], arrays: Mapping[str, bytes], where: str) -> dict[str, Json]:
    """`model_arch.json` without generated code."""
    result = {}
    for name, layer in layers.items():
        place = f"{where}, layer {name[:80]!r}"
        if not _LAYER.fullmatch(name):
            raise Split4mlError("this is no name of a layer, which the generated C++ could hold", place)
        try:
            class_name, state = layer["class_name"], layer["state"]
            attributes = state["attributes"]
            edges = [*state["inputs"], *state["outputs"]]
            adders = attributes.get(CODE)
            kept = {
                key: _without_quantizers(_normal(value))
                for key, value in attributes.items()
                if key not in _GENERATED and not _is_source(value) and not key.endswith("quantizer")
            }
        except (KeyError, TypeError, AttributeError):
            raise Split4mlError("its entry in model_arch.json is incomplete", place) from None
        if not all(isinstance(edge, str) for edge in edges):
            raise Split4mlError("its entry in model_arch.json is incomplete", place)
        _check_class(class_name, place)
        _check_strings(kept, place, "attributes")
        _check_nested(kept, arrays, place)
        _check_extents(kept, place)
        if adders is not None:
            _check_adders(adders, kept, place)
            kept |= {
                CODE: adders,
                "function_cpp": "",
            }  # of a Dense: or hls4ml would delete weights that it has deleted
        result[name] = {**layer, "state": {**state, "attributes": kept}}
    return result


def _check_adders(source: Json, attributes: Mapping[str, Json], where: str) -> None:
    code = (
        source["state"].get("code") if _is_source(source) and isinstance(source.get("state"), dict) else None
    )
    if (
        not isinstance(code, str)
        or set(source) != {"class_name", "state"}
        or set(source["state"]) != {"code"}
    ):
        raise Split4mlError("its code for distributed arithmetic is incomplete", where)
    _check_class(source["class_name"], where)
    if read_adders(code, where).index != attributes.get("index"):
        raise Split4mlError("its code for distributed arithmetic is that of another layer", where)


def _check_extents(attributes: Mapping[str, Json], where: str) -> None:
    for key, value in attributes.items():
        if key == "n_filt" and type(value) is int and value == -1:
            continue  # a normalisation of a vector, with a scale for every element
        least = 1 if _EXTENT.fullmatch(key) else 0 if _PADDING.fullmatch(key) else None
        if key == "n_filt" and type(value) is int and value == -1:
            continue  # batch normalisation of a vector
        if least is not None and (type(value) is not int or not least <= value < 1 << 31):
            raise Split4mlError(
                f"its {key} is {str(value)[:40]!r}, which is no number of at least {least}", where
            )


def _normal(value: Json) -> Json:
    """An in-place variable's copy of the variable it is a view of has a packed type before hls4ml saved it and a
    plain one after it loaded it: the plain one, so that loading and saving again changes nothing."""
    if isinstance(value, dict) and str(value.get("class_name", "")).endswith(".InplaceTensorVariable"):
        source = value["state"]["input_var"]
        named = {key: source["state"]["type"]["state"][key] for key in ("name", "precision")}
        type_ = {"class_name": "hls4ml.model.types.NamedType", "state": named}
        source = {**source, "state": {**source["state"], "type": type_}}
        return {**value, "state": {**value["state"], "input_var": source}}
    return value


def _without_quantizers(value: Json) -> Json:
    """The weights are quantised by the time a graph is saved, and their types say to what; hls4ml would import the package that
    the quantisers came from (QKeras) to load them."""
    if isinstance(value, dict) and isinstance(state := value.get("state"), dict) and state.get("quantizer"):
        return {**value, "state": {**state, "quantizer": None}}
    return value


def _is_source(value: Json) -> bool:
    return isinstance(value, dict) and str(value.get("class_name", "")).endswith(".Source")


def _check_class(name: Json, where: str) -> None:
    from hls4ml.model.types import Serializable

    if isinstance(name, str) and name.startswith(_MODULES):
        module, _, attribute = name.rpartition(".")
        found = getattr(sys.modules.get(module), attribute, None)
        if isinstance(found, type) and issubclass(found, Serializable):
            return
    raise Split4mlError(f"it names the class {str(name)[:80]!r}, which is none of hls4ml's", where)


def _check_nested(value: Json, arrays: Mapping[str, bytes], where: str) -> None:
    if isinstance(value, dict):
        if "class_name" in value and "state" in value:
            _check_class(value["class_name"], where)
        for item in value.values():
            _check_nested(item, arrays, where)
    elif isinstance(value, list):
        for item in value:
            _check_nested(item, arrays, where)
    elif isinstance(value, str) and value.startswith(_ARRAY) and value[len(_ARRAY) :] not in arrays:
        raise Split4mlError(
            f"it refers to the file {value[len(_ARRAY) :][:80]!r}, which is not in the archive", where
        )


def _check_strings(value: Json, where: str, key: str) -> None:
    if isinstance(value, str):
        allowed = _CALL if _DESCRIPTION.fullmatch(key) else _PLAIN
        if len(value) > _MAX_TEXT or not allowed.fullmatch(value):
            raise Split4mlError(
                f"its {key} holds characters that no graph of hls4ml needs: {value[:60]!r}", where
            )
    elif isinstance(value, dict):
        for name, item in value.items():
            _check_strings(str(name), where, f"key in {key}")
            _check_strings(item, where, str(name))
    elif isinstance(value, list):
        for item in value:
            _check_strings(item, where, key)


def check_array(name: str, content: bytes, where: str) -> None:
    """A `.npy` of plain numbers (hls4ml loads it without pickle; a clear message instead of numpy's)."""
    try:
        array = np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError, OSError, TypeError, SyntaxError, MemoryError) as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        if "pickle" in why:  # numpy's advice how to load it nevertheless is none that we give
            why = "it is no .npy file of numbers, or holds Python objects, which are not loaded"
        raise Split4mlError(f"its array {name} cannot be read: {why}", where) from None
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiub" or not np.all(np.isfinite(array)):
        raise Split4mlError(f"its array {name} does not hold finite numbers", where)
