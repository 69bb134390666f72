"""Pieces of ONNX messages as Python values, with the errors of this front end."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from split4ml.compiler.frontend.onnx_load import first_line
from split4ml.dialects.errors import Split4mlError

Shape = tuple[int, ...]
Array = npt.NDArray[Any]


def attributes_of(proto: onnx.NodeProto, opset: int, where: str) -> dict[str, Any]:
    """Attributes as Python values, strings decoded, the schema's defaults filled in."""
    schema = onnx.defs.get_schema(proto.op_type, opset, "")
    values = {
        name: helper.get_attribute_value(attribute.default_value)
        for name, attribute in schema.attributes.items()
        if attribute.default_value.type != onnx.AttributeProto.UNDEFINED
    }
    values |= {attribute.name: helper.get_attribute_value(attribute) for attribute in proto.attribute}
    try:
        return {name: v.decode() if isinstance(v, bytes) else v for name, v in values.items()}
    except UnicodeDecodeError:
        raise Split4mlError("an attribute holds a string that is not UTF-8", where=where) from None


def array_of(tensor: TensorProto, where: str) -> Array:
    try:
        return numpy_helper.to_array(tensor)
    except (ValueError, TypeError, KeyError) as error:
        raise Split4mlError(f"its data does not fit its type: {first_line(error)}", where=where) from None


def static_shape(kind: onnx.TypeProto, name: str, where: str) -> Shape:
    if not kind.HasField("tensor_type") or not kind.tensor_type.HasField("shape"):
        raise Split4mlError(
            f"the shape of {name!r} is dynamic, but hardware needs static shapes", where=where
        )
    extents = kind.tensor_type.shape.dim
    if any(not extent.HasField("dim_value") for extent in extents):
        shown = "x".join(str(extent.dim_value) if extent.HasField("dim_value") else "?" for extent in extents)
        raise Split4mlError(
            f"the shape of {name!r} is dynamic ({shown}), but hardware needs static shapes",
            where=where,
            hint="export with fixed extents; only the first axis, the batch, may be dynamic",
        )
    return tuple(extent.dim_value for extent in extents)
