"""Operators of `nn` that multiply by weights: convolution, dense, batch normalisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from xdsl.dialects.builtin import I64, Float32Type, FloatAttr, IntegerAttr, StringAttr, UnitAttr, f32
from xdsl.ir import SSAValue
from xdsl.irdl import (
    ParsePropInAttrDict,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    prop_def,
    traits_def,
)
from xdsl.traits import Pure

from split4ml.dialects import nn_shape
from split4ml.dialects.nn_base import (
    END,
    INTEGERS,
    TENSOR,
    TensorOp,
    check_number,
    check_vector,
    integer,
    integers,
    numbers,
    or_ones,
    origin,
    shape_of,
    tensor,
    unit,
    unless_ones,
)
from split4ml.dialects.nn_shape import Shape


@irdl_op_definition
class ConvOp(TensorOp):
    """Convolution over 1 or 2 spatial axes. pads: begins, then ends. The weight is output x input/group x kernel."""

    name = "nn.conv"
    data = operand_def(TENSOR)
    weight = operand_def(TENSOR)
    bias = opt_operand_def(TENSOR)
    strides = prop_def(INTEGERS)
    pads = prop_def(INTEGERS)
    dilations = opt_prop_def(INTEGERS)
    group = opt_prop_def(IntegerAttr[I64])
    channels_last = opt_prop_def(UnitAttr)

    assembly_format = (
        "$sym_name `` `(` $data `,` $weight (`,` $bias^)? `)` `strides` $strides `pads` $pads "
        "(`dilations` $dilations^)? (`group` $group^)? (`channels_last` $channels_last^)? "
        + END
        + "`(` type($data) `,` type($weight) (`,` type($bias)^)? `)` `->` type($result)"
    )
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())

    def __init__(
        self,
        name: str,
        data: SSAValue,
        weight: SSAValue,
        bias: SSAValue | None,
        *,
        strides: Sequence[int],
        pads: Sequence[int],
        dilations: Sequence[int] | None = None,
        group: int = 1,
        channels_last: bool = False,
        onnx: Sequence[str] = (),
    ) -> None:
        spread = dilations if dilations is not None else [1] * len(strides)
        shape = nn_shape.convolution(
            shape_of(data), shape_of(weight), strides, pads, spread, group, channels_last
        )
        super().__init__(
            operands=[data, weight, bias],
            properties={
                "sym_name": StringAttr(name),
                "strides": integers(strides),
                "pads": integers(pads),
                "dilations": unless_ones(spread),
                "group": integer(group) if group != 1 else None,
                "channels_last": unit(channels_last),
                "onnx": origin(onnx),
            },
            result_types=[tensor(shape)],
        )

    @property
    def dilation(self) -> Shape:
        return or_ones(self.dilations, len(numbers(self.strides)))

    @property
    def groups(self) -> int:
        return self.group.value.data if self.group is not None else 1

    def result_shape(self) -> Shape:
        weight = shape_of(self.weight)
        shape = nn_shape.convolution(
            shape_of(self.data),
            weight,
            numbers(self.strides),
            numbers(self.pads),
            self.dilation,
            self.groups,
            self.channels_last is not None,
        )
        check_vector(self.bias, "bias", weight[0])
        return shape


@irdl_op_definition
class DenseOp(TensorOp):
    """`data @ weight + bias` over the last axis of the data. The weight is inputs x outputs."""

    name = "nn.dense"
    data = operand_def(TENSOR)
    weight = operand_def(TENSOR)
    bias = opt_operand_def(TENSOR)

    assembly_format = (
        "$sym_name `` `(` $data `,` $weight (`,` $bias^)? `)` "
        + END
        + "`(` type($data) `,` type($weight) (`,` type($bias)^)? `)` `->` type($result)"
    )
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())

    def __init__(
        self,
        name: str,
        data: SSAValue,
        weight: SSAValue,
        bias: SSAValue | None = None,
        *,
        onnx: Sequence[str] = (),
    ) -> None:
        super().__init__(
            operands=[data, weight, bias],
            properties={"sym_name": StringAttr(name), "onnx": origin(onnx)},
            result_types=[tensor(nn_shape.dense(shape_of(data), shape_of(weight)))],
        )

    def result_shape(self) -> Shape:
        shape = nn_shape.dense(shape_of(self.data), shape_of(self.weight))
        check_vector(self.bias, "bias", shape[-1])
        return shape


@irdl_op_definition
class BatchNormOp(TensorOp):
    """`scale * (data - mean) / sqrt(variance + epsilon) + bias`, per channel."""

    name = "nn.batch_norm"
    data = operand_def(TENSOR)
    scale = operand_def(TENSOR)
    bias = operand_def(TENSOR)
    mean = operand_def(TENSOR)
    variance = operand_def(TENSOR)
    epsilon = prop_def(FloatAttr[Float32Type])
    channels_last = opt_prop_def(UnitAttr)

    assembly_format = (
        "$sym_name `` `(` $data `,` $scale `,` $bias `,` $mean `,` $variance `)` `epsilon` $epsilon "
        "(`channels_last` $channels_last^)? " + END + "functional-type(operands, $result)"
    )
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())

    def __init__(
        self,
        name: str,
        data: SSAValue,
        scale: SSAValue,
        bias: SSAValue,
        mean: SSAValue,
        variance: SSAValue,
        *,
        epsilon: float,
        channels_last: bool = False,
        onnx: Sequence[str] = (),
    ) -> None:
        super().__init__(
            operands=[data, scale, bias, mean, variance],
            properties={
                "sym_name": StringAttr(name),
                "epsilon": FloatAttr(epsilon, f32),
                "channels_last": unit(channels_last),
                "onnx": origin(onnx),
            },
            result_types=[data.type],
        )

    def result_shape(self) -> Shape:
        shape = shape_of(self.data)
        check_number(self.epsilon.value.data, "epsilon")
        if not shape:
            raise ValueError("A scalar has no channels to normalise.")
        channels = shape[-1 if self.channels_last is not None else 0]
        for what in ("scale", "bias", "mean", "variance"):
            check_vector(cast(SSAValue, getattr(self, what)), what, channels)
        return shape
