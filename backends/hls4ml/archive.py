"""Saved hls4ml graphs (`.fml`): written so that equal graphs give equal bytes, read as untrusted input.

The format is hls4ml's own (`hls4ml.utils.serialization`: JSON and `.npy` files in a `.tar.gz`), plus `split4ml.json`
with the user's names, which hls4ml ignores. Depths of FIFOs are not saved: hls4ml recomputes them, so the IR
is the authority. A foreign archive is nevertheless code: its graph becomes C++ that a C simulation compiles and runs.
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from split4ml.backends.hls4ml.capture import captured, explained
from split4ml.backends.hls4ml.graph import Graph
from split4ml.backends.hls4ml.sanitise import check_array, clean_config, clean_layers, clean_state, parse_json
from split4ml.backends.hls4ml.tarball import read_members, write_members
from split4ml.backends.hls4ml.templates import apply_templates
from split4ml.dialects.errors import Split4mlError

_JSON = ("model_arch.json", "config.json", "graph_state.json", "version.json")
_NAMES = "split4ml.json"
_MAX_NAME = 10_000
_ALLOWED = re.compile(
    r"(?:model_arch|config|graph_state|version|split4ml)\.json|[A-Za-z0-9_][A-Za-z0-9_.-]{0,200}\.npy"
)
_TEST_DATA = re.compile(r"(?:input|output)_data_tb\.[a-z]{1,4}")


def save(graph: Graph, path: Path) -> str:
    """Writes a graph to `path` (ending in `.fml`) and returns its digest. Two saves of one graph are equal bytes.

    Raises Split4mlError if hls4ml cannot save it.
    """
    if path.suffix != ".fml":
        raise Split4mlError(f"a saved graph is named *.fml, not {path.name!r}")
    members = _members(graph)
    write_members(path, members)
    return _digest(members)


def digest(path: Path) -> str:
    """sha256, as hex, of an archive's sorted contents; time stamps and compression do not count."""
    return _digest(_clean(read_members(path, _ALLOWED, _TEST_DATA), str(path)))


def load(path: Path) -> Graph:
    """Reads an archive, distrusting all of it; generated code is generated again. Raises Split4mlError."""
    members = _clean(read_members(path, _ALLOWED, _TEST_DATA), str(path))
    with tempfile.TemporaryDirectory(prefix="split4ml-") as folder:
        safe = Path(folder) / "graph.fml"
        write_members(safe, {name: data for name, data in members.items() if name != _NAMES}, level=1)
        with captured(), explained(f"hls4ml cannot load {path}"):
            from hls4ml.utils.serialization import deserialize_model

            model = deserialize_model(str(safe), folder)
            regenerate(model)
    names = _names(members, str(path))
    for ports, key in ((model.inputs, "input_names"), (model.outputs, "output_names")):
        if names.get(key) and len(names[key]) != len(ports):
            raise Split4mlError(f"its {_NAMES} has {len(names[key])} {key} for {len(ports)} ports", str(path))
    return Graph(model=model, **names)


def regenerate(model: Any) -> None:
    """Generates all code of a loaded graph: instruction tables, unrolled kernels, configurations and calls."""
    history = copy.deepcopy(model._applied_flows)
    model.apply_flow("vivado:specific_types")
    apply_templates(model)
    model._applied_flows = history  # what was saved is what a second save writes


def _digest(members: Mapping[str, bytes]) -> str:
    total = hashlib.sha256()
    for name in sorted(members):
        for part in (name.encode(), members[name]):
            total.update(len(part).to_bytes(8, "little"))
            total.update(part)
    return total.hexdigest()


def _members(graph: Graph) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory(prefix="split4ml-") as folder:
        raw = Path(folder) / "graph.fml"
        with captured(), explained("hls4ml cannot save this graph"):
            from hls4ml.utils.serialization import serialize_model

            serialize_model(graph.model, str(raw))
        members = read_members(raw, _ALLOWED, _TEST_DATA)
    members[_NAMES] = json.dumps(
        {
            "layers": sorted(graph.layers) if graph.layers is not None else None,
            "user_names": dict(graph.user_names),
            "onnx_names": {layer: list(nodes) for layer, nodes in graph.onnx_names.items()},
            "input_names": list(graph.input_names),
            "output_names": list(graph.output_names),
        },
        sort_keys=True,
    ).encode()
    return _clean(members, "this graph")


def _clean(members: Mapping[str, bytes], where: str) -> dict[str, bytes]:
    """Checked and normalised contents: what is digested is what is loaded."""
    for name in _JSON:
        if name not in members:
            raise Split4mlError(f"it is no saved hls4ml graph: it has no {name}", where)
    arrays = {name: data for name, data in members.items() if name.endswith(".npy")}
    for name, data in arrays.items():
        check_array(name, data, where)
    version = parse_json(members["version.json"], "version.json", where)
    if not str(version.get("hls4ml", "")).startswith("1.3."):
        raise Split4mlError(
            f"it was saved by hls4ml {str(version.get('hls4ml'))[:20]}, and only 1.3 is read",
            where,
            "save it again with hls4ml 1.3",
        )
    with captured():
        import hls4ml  # noqa: F401  # registers the classes that names in the archive are checked against
    cleaned = {
        "config.json": clean_config(parse_json(members["config.json"], "config.json", where), where),
        "graph_state.json": clean_state(
            parse_json(members["graph_state.json"], "graph_state.json", where), where
        ),
        "model_arch.json": clean_layers(
            parse_json(members["model_arch.json"], "model_arch.json", where), arrays, where
        ),
        "version.json": version,
    }
    if _NAMES in members:
        cleaned[_NAMES] = parse_json(members[_NAMES], _NAMES, where)
    # Order in JSON objects is that of the graph: keep it.
    return arrays | {name: json.dumps(value, indent=1).encode() for name, value in cleaned.items()}


def _names(members: Mapping[str, bytes], where: str) -> dict[str, Any]:
    """What of `Graph` hls4ml does not save. IR text holds ASCII only (front ends escape the rest)."""
    if _NAMES not in members:
        return {}
    names = parse_json(members[_NAMES], _NAMES, where)
    try:
        layers = names["layers"]
        found: dict[str, Any] = {
            "layers": None if layers is None else frozenset(str(name) for name in layers),
            "user_names": {str(new): str(old) for new, old in names["user_names"].items()},
            "onnx_names": {
                str(layer): tuple(map(str, nodes)) for layer, nodes in names["onnx_names"].items()
            },
            "input_names": tuple(map(str, names["input_names"])),
            "output_names": tuple(map(str, names["output_names"])),
        }
    except (KeyError, TypeError, AttributeError):
        raise Split4mlError(f"its {_NAMES} is incomplete", where) from None
    texts = [
        *found["user_names"].values(),
        *(name for nodes in found["onnx_names"].values() for name in nodes),
    ]
    ports = [found["input_names"], found["output_names"]]
    for name in [*texts, *(name for side in ports for name in side)]:
        if not name.isascii() or len(name) > _MAX_NAME:
            raise Split4mlError(
                f"its {_NAMES} has the name {name[:60]!r}, which is too long or not ASCII", where
            )
    for side in ports:
        if "" in side or len(set(side)) != len(side):
            raise Split4mlError(f"its {_NAMES} has an empty name of a port, or one twice", where)
    return found
