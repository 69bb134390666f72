"""Operators of `nn` that work element by element, and softmax."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from xdsl.dialects.builtin import I64, Float32Type, FloatAttr, IntegerAttr, StringAttr, f32
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import (
    ParsePropInAttrDict,
    VarConstraint,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import Pure

from split4ml.dialects import nn_shape
from split4ml.dialects.nn_base import (
    END,
    TENSOR,
    Tensor,
    TensorOp,
    check_number,
    integer,
    origin,
    shape_of,
)
from split4ml.dialects.nn_shape import Shape

_SAME = "$sym_name $data " + END + "type($result)"
_SLOPED = "$sym_name $data `alpha` $alpha " + END + "type($result)"


class ElementwiseOp(TensorOp):
    """A function of one tensor, element by element."""

    T: ClassVar[VarConstraint[Tensor]] = VarConstraint("T", TENSOR)
    data = operand_def(T)
    result = result_def(T)

    def __init__(
        self,
        name: str,
        data: SSAValue,
        *,
        onnx: Sequence[str] = (),
        properties: Mapping[str, Attribute] | None = None,
    ) -> None:
        super().__init__(
            operands=[data],
            properties={"sym_name": StringAttr(name), "onnx": origin(onnx), **(properties or {})},
            result_types=[data.type],
        )

    def result_shape(self) -> Shape:
        return shape_of(self.data)


@irdl_op_definition
class IdentityOp(ElementwiseOp):
    """The data itself; also Dropout, which does nothing in inference."""

    name = "nn.identity"
    assembly_format = _SAME
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())


@irdl_op_definition
class ReluOp(ElementwiseOp):
    """max(x, 0)"""

    name = "nn.relu"
    assembly_format = _SAME
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())


@irdl_op_definition
class SigmoidOp(ElementwiseOp):
    """1 / (1 + exp(-x))"""

    name = "nn.sigmoid"
    assembly_format = _SAME
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())


@irdl_op_definition
class TanhOp(ElementwiseOp):
    """tanh(x)"""

    name = "nn.tanh"
    assembly_format = _SAME
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())


@irdl_op_definition
class SoftplusOp(ElementwiseOp):
    """log(1 + exp(x))"""

    name = "nn.softplus"
    assembly_format = _SAME
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())


@irdl_op_definition
class SoftsignOp(ElementwiseOp):
    """x / (1 + |x|)"""

    name = "nn.softsign"
    assembly_format = _SAME
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())


@irdl_op_definition
class SeluOp(ElementwiseOp):
    """1.0507 x if x >= 0, else 1.0507 * 1.6733 * (exp(x) - 1), with the constants of Klambauer et al. (2017)"""

    name = "nn.selu"
    assembly_format = _SAME
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())


class SlopedOp(ElementwiseOp):
    """An elementwise function with one parameter: a slope, a height or a threshold."""

    alpha = prop_def(FloatAttr[Float32Type])

    def __init__(self, name: str, data: SSAValue, alpha: float, *, onnx: Sequence[str] = ()) -> None:
        super().__init__(name, data, onnx=onnx, properties={"alpha": FloatAttr(alpha, f32)})

    def result_shape(self) -> Shape:
        check_number(self.alpha.value.data, "alpha")
        return super().result_shape()


@irdl_op_definition
class LeakyReluOp(SlopedOp):
    """x if x >= 0, else alpha * x"""

    name = "nn.leaky_relu"
    assembly_format = _SLOPED
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())


@irdl_op_definition
class EluOp(SlopedOp):
    """x if x >= 0, else alpha * (exp(x) - 1)"""

    name = "nn.elu"
    assembly_format = _SLOPED
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())


@irdl_op_definition
class ThresholdedReluOp(SlopedOp):
    """x if x > alpha, else 0"""

    name = "nn.thresholded_relu"
    assembly_format = _SLOPED
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())


@irdl_op_definition
class SoftmaxOp(TensorOp):
    """exp(x) / sum(exp(x)) along `axis`."""

    name = "nn.softmax"
    T: ClassVar[VarConstraint[Tensor]] = VarConstraint("T", TENSOR)
    data = operand_def(T)
    result = result_def(T)
    axis = prop_def(IntegerAttr[I64])

    assembly_format = "$sym_name $data `axis` $axis " + END + "type($result)"
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())

    def __init__(self, name: str, data: SSAValue, axis: int, *, onnx: Sequence[str] = ()) -> None:
        super().__init__(
            operands=[data],
            properties={"sym_name": StringAttr(name), "axis": integer(axis), "onnx": origin(onnx)},
            result_types=[data.type],
        )

    def result_shape(self) -> Shape:
        shape = shape_of(self.data)
        nn_shape.check_axis(self.axis.value.data, len(shape))
        return shape
