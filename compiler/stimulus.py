"""Sample inputs, and what the user's model makes of them: blobs that every stage of the IR names.

    builtin.module attributes {split4ml.stimulus = {inputs = ["sha256:…"], outputs = ["sha256:…"], labels = "sha256:…"}}

The lists are in the order of the model's inputs and outputs. `outputs` is absent if there is no reference to compare with (an
hls4ml graph without its model), `labels` if the sample inputs came without classes. `random`: nobody gave sample inputs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, ModuleOp, StringAttr, UnitAttr
from xdsl.ir import Attribute

from split4ml.dialects.errors import Split4mlError
from split4ml.passes.weights import WeightStore

ATTRIBUTE = "split4ml.stimulus"

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Stimulus:
    """inputs, outputs: arrays by the user's tensor names, first axis = frames. labels: class of each frame.
    random: nobody gave them."""

    inputs: Mapping[str, Floats]
    outputs: Mapping[str, Floats] | None = None
    labels: npt.NDArray[np.int64] | None = None
    random: bool = False


def attach(module: ModuleOp, stimulus: Stimulus, store: WeightStore) -> None:
    """Puts the arrays into the store and their names into the module."""
    found: dict[str, Attribute] = {"inputs": _put(stimulus.inputs, store)}
    if stimulus.outputs is not None:
        found["outputs"] = _put(stimulus.outputs, store)
    if stimulus.labels is not None:
        found["labels"] = StringAttr(store.put(stimulus.labels.astype(np.float32)))
    if stimulus.random:
        found["random"] = UnitAttr()
    module.attributes[ATTRIBUTE] = DictionaryAttr(found)


def _put(arrays: Mapping[str, Floats], store: WeightStore) -> ArrayAttr[StringAttr]:
    return ArrayAttr([StringAttr(store.put(array)) for array in arrays.values()])


def blobs(module: ModuleOp) -> list[str]:
    """The names of all blobs of the module's stimulus."""
    attribute = module.attributes.get(ATTRIBUTE)
    if not isinstance(attribute, DictionaryAttr):
        return []
    names: list[str] = []
    for value in attribute.data.values():
        if isinstance(value, UnitAttr):
            continue
        names += [_text(part) for part in value.data] if isinstance(value, ArrayAttr) else [_text(value)]
    return names


def load(
    module: ModuleOp, inputs: Sequence[str], outputs: Sequence[str], store: WeightStore
) -> Stimulus | None:
    """The module's stimulus; `inputs` and `outputs` name the model's ports in order. None if it has none."""
    attribute = module.attributes.get(ATTRIBUTE)
    if attribute is None:
        return None
    if not isinstance(attribute, DictionaryAttr) or "inputs" not in attribute.data:
        raise Split4mlError(
            f"{ATTRIBUTE} is not a dictionary with inputs", hint="take it from an IR file of a build"
        )
    data = attribute.data
    labels = data.get("labels")
    return Stimulus(
        inputs=_get(data["inputs"], inputs, store),
        outputs=_get(data["outputs"], outputs, store) if "outputs" in data else None,
        labels=store.get(_text(labels)).astype(np.int64) if labels is not None else None,
        random="random" in data,
    )


def _get(attribute: Attribute, names: Sequence[str], store: WeightStore) -> dict[str, Floats]:
    parts = attribute.data if isinstance(attribute, ArrayAttr) else ()
    if len(parts) != len(names):
        raise Split4mlError(f"{ATTRIBUTE} has {len(parts)} arrays for {len(names)} ports: {', '.join(names)}")
    return {name: store.get(_text(part)) for name, part in zip(names, parts, strict=True)}


def _text(attribute: Attribute) -> str:
    if not isinstance(attribute, StringAttr):
        raise Split4mlError(f"{ATTRIBUTE} holds {attribute}, which is no blob name")
    return attribute.data
