"""Operators of `nn` on two tensors, element by element."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import StringAttr
from xdsl.ir import SSAValue
from xdsl.irdl import ParsePropInAttrDict, irdl_op_definition, operand_def, traits_def
from xdsl.traits import Pure

from split4ml.dialects import nn_shape
from split4ml.dialects.nn_base import END, TENSOR, TensorOp, origin, shape_of, tensor
from split4ml.dialects.nn_shape import Shape


class BinaryOp(TensorOp):
    """A function of two tensors, element by element, with ONNX's broadcasting."""

    left = operand_def(TENSOR)
    right = operand_def(TENSOR)

    def __init__(self, name: str, left: SSAValue, right: SSAValue, *, onnx: Sequence[str] = ()) -> None:
        super().__init__(
            operands=[left, right],
            properties={"sym_name": StringAttr(name), "onnx": origin(onnx)},
            result_types=[tensor(nn_shape.broadcast(shape_of(left), shape_of(right)))],
        )

    def result_shape(self) -> Shape:
        return nn_shape.broadcast(shape_of(self.left), shape_of(self.right))


_BINARY = "$sym_name `` `(` $left `,` $right `)` " + END + "functional-type(operands, $result)"


@irdl_op_definition
class AddOp(BinaryOp):
    """left + right"""

    name = "nn.add"
    assembly_format = _BINARY
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())


@irdl_op_definition
class SubtractOp(BinaryOp):
    """left - right"""

    name = "nn.subtract"
    assembly_format = _BINARY
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())


@irdl_op_definition
class MultiplyOp(BinaryOp):
    """left * right"""

    name = "nn.multiply"
    assembly_format = _BINARY
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())


@irdl_op_definition
class MaximumOp(BinaryOp):
    """max(left, right)"""

    name = "nn.maximum"
    assembly_format = _BINARY
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())


@irdl_op_definition
class MinimumOp(BinaryOp):
    """min(left, right)"""

    name = "nn.minimum"
    assembly_format = _BINARY
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())


@irdl_op_definition
class AverageOp(BinaryOp):
    """(left + right) / 2"""

    name = "nn.average"
    assembly_format = _BINARY
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())


@irdl_op_definition
class PReluOp(BinaryOp):
    """left if left >= 0, else right * left: `right` is the slope"""

    name = "nn.prelu"
    assembly_format = _BINARY
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())
