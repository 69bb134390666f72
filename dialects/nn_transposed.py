"""The transposed convolution of `nn`: every element of the data spreads over a window of the result."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import StringAttr, UnitAttr
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
    check_vector,
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
class ConvTransposeOp(TensorOp):
    """Transposed convolution over 1 or 2 spatial axes, without groups. The weight is output x input x kernel.

    Element i of the data adds its multiple of the kernel to the result from `i * stride` on. pads: what is then cut off before,
    then behind; a negative pad behind adds elements that hold the bias.
    """

    name = "nn.conv_transpose"
    data = operand_def(TENSOR)
    weight = operand_def(TENSOR)
    bias = opt_operand_def(TENSOR)
    strides = prop_def(INTEGERS)
    pads = prop_def(INTEGERS)
    dilations = opt_prop_def(INTEGERS)
    channels_last = opt_prop_def(UnitAttr)

    assembly_format = (
        "$sym_name `` `(` $data `,` $weight (`,` $bias^)? `)` `strides` $strides `pads` $pads "
        "(`dilations` $dilations^)? (`channels_last` $channels_last^)? "
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
        channels_last: bool = False,
        onnx: Sequence[str] = (),
    ) -> None:
        spread = dilations if dilations is not None else [1] * len(strides)
        shape = nn_shape.transposed_convolution(
            shape_of(data), shape_of(weight), strides, pads, spread, channels_last
        )
        super().__init__(
            operands=[data, weight, bias],
            properties={
                "sym_name": StringAttr(name),
                "strides": integers(strides),
                "pads": integers(pads),
                "dilations": unless_ones(spread),
                "channels_last": unit(channels_last),
                "onnx": origin(onnx),
            },
            result_types=[tensor(shape)],
        )

    @property
    def dilation(self) -> Shape:
        return or_ones(self.dilations, len(numbers(self.strides)))

    def result_shape(self) -> Shape:
        weight = shape_of(self.weight)
        shape = nn_shape.transposed_convolution(
            shape_of(self.data),
            weight,
            numbers(self.strides),
            numbers(self.pads),
            self.dilation,
            self.channels_last is not None,
        )
        check_vector(self.bias, "bias", weight[0])
        return shape
