"""What `size-fifos` was asked for and has proven, as an attribute of the model; passes that size again read it back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xdsl.dialects.builtin import ArrayAttr, BoolAttr, DictionaryAttr, IntegerAttr, StringAttr
from xdsl.ir import Attribute

from split4ml.dialects import flow
from split4ml.dialects.flow import integer
from split4ml.passes.timing.sizing import Bound


def note(asked: Mapping[str, object], bound: Bound | None) -> DictionaryAttr | None:
    """None if there is nothing to note. asked: options that are not the default: strings, integers, tuples of strings."""
    found: dict[str, Attribute] = {}
    if bound is not None:
        cost = asked.get("objective") == "cost"
        found |= {
            "method": StringAttr("exact"),
            "cost" if cost else "bits": integer(bound.cost),
            "cost_lower_bound" if cost else "lower_bound": integer(bound.lower),
            "cost_lower_bound_certain" if cost else "lower_bound_certain": integer(bound.lower_certain),
            "optimal": BoolAttr.from_bool(bound.optimal),
        }
    if asked:
        found["asked"] = DictionaryAttr({name: _attribute(value) for name, value in asked.items()})
    return DictionaryAttr(found) if found else None


def asked(model: flow.ModelOp) -> dict[str, Any]:
    """The options that were noted."""
    noted = model.sizing.data.get("asked") if model.sizing is not None else None
    if not isinstance(noted, DictionaryAttr):
        return {}
    return {name: _value(attribute) for name, attribute in noted.data.items()}


def _attribute(value: object) -> Attribute:
    if isinstance(value, tuple):
        return ArrayAttr([StringAttr(str(item)) for item in value])
    if isinstance(value, int):
        return integer(value)
    return StringAttr(str(value))


def _value(attribute: Attribute) -> str | int | tuple[str, ...]:
    if isinstance(attribute, IntegerAttr):
        return int(attribute.value.data)
    if isinstance(attribute, ArrayAttr):
        return tuple(item.data for item in attribute.data if isinstance(item, StringAttr))
    assert isinstance(attribute, StringAttr)
    return attribute.data
