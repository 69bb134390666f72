"""Operators of `nn` that change the extents of space: zeros around the data, and repeated elements."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import StringAttr, UnitAttr
from xdsl.ir import SSAValue
from xdsl.irdl import ParsePropInAttrDict, irdl_op_definition, operand_def, opt_prop_def, prop_def, traits_def
from xdsl.traits import Pure

from split4ml.dialects import nn_shape
from split4ml.dialects.nn_base import (
    END,
    INTEGERS,
    TENSOR,
    TensorOp,
    integers,
    numbers,
    origin,
    shape_of,
    tensor,
    unit,
)
from split4ml.dialects.nn_shape import Shape

_TYPES = END + "functional-type($data, $result)"


@irdl_op_definition
class PadOp(TensorOp):
    """Zeros around the data. pads: elements before each axis, then after each, of all axes."""

    name = "nn.pad"
    data = operand_def(TENSOR)
    pads = prop_def(INTEGERS)
    assembly_format = "$sym_name $data `pads` $pads " + _TYPES
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())

    def __init__(self, name: str, data: SSAValue, pads: Sequence[int], *, onnx: Sequence[str] = ()) -> None:
        super().__init__(
            operands=[data],
            properties={"sym_name": StringAttr(name), "pads": integers(pads), "onnx": origin(onnx)},
            result_types=[tensor(nn_shape.padded(shape_of(data), pads))],
        )

    def result_shape(self) -> Shape:
        return nn_shape.padded(shape_of(self.data), numbers(self.pads))


@irdl_op_definition
class UpsampleOp(TensorOp):
    """Every element repeated `scales` times along each spatial axis: nearest-neighbour resizing by integers."""

    name = "nn.upsample"
    data = operand_def(TENSOR)
    scales = prop_def(INTEGERS)
    channels_last = opt_prop_def(UnitAttr)
    assembly_format = "$sym_name $data `scales` $scales (`channels_last` $channels_last^)? " + _TYPES
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())

    def __init__(
        self,
        name: str,
        data: SSAValue,
        scales: Sequence[int],
        *,
        channels_last: bool = False,
        onnx: Sequence[str] = (),
    ) -> None:
        super().__init__(
            operands=[data],
            properties={
                "sym_name": StringAttr(name),
                "scales": integers(scales),
                "channels_last": unit(channels_last),
                "onnx": origin(onnx),
            },
            result_types=[tensor(nn_shape.repetition(shape_of(data), scales, channels_last))],
        )

    def result_shape(self) -> Shape:
        return nn_shape.repetition(shape_of(self.data), numbers(self.scales), self.channels_last is not None)
