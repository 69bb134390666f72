"""A user's configuration in the words that reach hls4ml's layers.

hls4ml reads a type of element under one of two headings, by what it is of (`Precision: {weight: …}`, but `exp_table_t: …`), and takes no
notice of it under the other; it looks a type of layer up by the name of its class, which for pools is neither `MaxPooling2D` nor
`AveragePooling2D`; and words in another case than its own reach nothing. Here all of these mean what they say.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from split4ml.backends.hls4ml.options import LAYER_KEYS, SETTINGS, TYPE_KEYS, Config, squash


def reaching(
    config: Config,
    layers: Iterable[Mapping[str, Any]],
    kinds: Iterable[str],
    configurable: Callable[[str], Collection[str]],
) -> Config:
    """`config` with what it says of types of layers, and of tables for the model, said of every layer that it is for; and with the
    type of its data for every padding of which it says none.

    config: as `full_config` gives it. layers: as dictionaries of hls4ml, with their final names. kinds: hls4ml's words for types of layers.
    configurable: the attributes of a type of layer that a user may set.
    """
    words = {kind.lower(): kind for kind in kinds}
    by_kind = {
        words.get(str(kind).lower(), str(kind)): _entry(entry)
        for kind, entry in config.get("LayerType", {}).items()
    }
    by_name = {name: _entry(entry) for name, entry in config.get("LayerName", {}).items()}
    roles = config.get("Model", {}).get("Precision", {})
    tables = {f"{role}_t": precision for role, precision in roles.items() if role in SETTINGS}
    for layer in layers:
        name, kind = str(layer["name"]), str(layer["class_name"])
        attributes = {squash(key): key for key in configurable(kind)}
        entry = {key: value for key, value in tables.items() if squash(key) in attributes}
        entry = _over(by_name.get(name, {}), _over(by_kind.get(words.get(kind.lower(), kind), {}), entry))
        if kind.startswith("ZeroPadding"):  # its data's type, not the model's, which may be narrower
            entry.setdefault("Precision", {"result": "auto"})
        if entry:
            by_name[name] = {
                key if key in LAYER_KEYS else attributes.get(squash(key), key): value
                for key, value in entry.items()
            }
    sections = {"LayerType": by_kind, "LayerName": by_name}
    return {**config, **{section: entries for section, entries in sections.items() if entries}}


def _entry(entry: Mapping[str, Any]) -> Config:
    """One entry with every type of element under the heading where hls4ml reads it; what stands there already wins."""
    stated = entry.get("Precision", {})
    precision = dict(stated) if isinstance(stated, Mapping) else {"default": stated}
    found: Config = {}
    for key, value in entry.items():
        if (role := TYPE_KEYS.get(squash(str(key)))) is None:
            found[key] = value
        elif role in SETTINGS:
            found[f"{role}_t"] = value
        else:
            precision.setdefault(role, value)
    for role in [role for role in precision if role in SETTINGS]:
        found.setdefault(f"{role}_t", precision.pop(role))
    found.pop("Precision", None)
    return found | ({"Precision": precision} if precision else {})


def _over(own: Config, general: Config) -> Config:
    """A layer's settings, and those of its type where it has none. A precision for all of a layer hides those of its type."""
    result = general | own
    if "Precision" in own and "Precision" in general and "default" not in own["Precision"]:
        result["Precision"] = general["Precision"] | own["Precision"]
    return result
