"""Operators of `nn` whose scale depends on the frame: hardware's streams have none, but a network may be read with them."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import I64, Float32Type, FloatAttr, IntegerAttr, StringAttr, UnitAttr, f32
from xdsl.ir import SSAValue
from xdsl.irdl import (
    ParsePropInAttrDict,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    traits_def,
)
from xdsl.traits import Pure

from split4ml.dialects import nn_shape
from split4ml.dialects.nn_base import (
    END,
    TENSOR,
    TensorOp,
    check_number,
    integer,
    origin,
    shape_of,
)
from split4ml.dialects.nn_shape import Shape


@irdl_op_definition
class LocalResponseNormOp(TensorOp):
    """x / (bias + alpha / size * sum of x**2 over `size` neighbouring channels) ** beta, of Krizhevsky et al. (2012)."""

    name = "nn.local_response_norm"
    data = operand_def(TENSOR)
    size = prop_def(IntegerAttr[I64])
    alpha = prop_def(FloatAttr[Float32Type])
    beta = prop_def(FloatAttr[Float32Type])
    bias = prop_def(FloatAttr[Float32Type])
    channels_last = opt_prop_def(UnitAttr)

    assembly_format = (
        "$sym_name $data `size` $size `alpha` $alpha `beta` $beta `bias` $bias (`channels_last` $channels_last^)? "
        + END
        + "functional-type(operands, $result)"
    )
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())

    def __init__(
        self,
        name: str,
        data: SSAValue,
        size: int,
        *,
        alpha: float = 1e-4,
        beta: float = 0.75,
        bias: float = 1.0,
        onnx: Sequence[str] = (),
    ) -> None:
        super().__init__(
            operands=[data],
            properties={
                "sym_name": StringAttr(name),
                "size": integer(size),
                "alpha": FloatAttr(alpha, f32),
                "beta": FloatAttr(beta, f32),
                "bias": FloatAttr(bias, f32),
                "onnx": origin(onnx),
            },
            result_types=[data.type],
        )

    def result_shape(self) -> Shape:
        shape = shape_of(self.data)
        nn_shape.split(shape, self.channels_last is not None)
        if self.size.value.data < 1:
            raise ValueError(f"The size must be at least 1, not {self.size.value.data}.")
        for what in ("alpha", "beta", "bias"):
            check_number(getattr(self, what).value.data, what)
        return shape
