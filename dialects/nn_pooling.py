"""Operators of `nn` that reduce over space: pooling and means."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import StringAttr, UnitAttr
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


class PoolOp(TensorOp):
    """A function of each window over 1 or 2 spatial axes. pads: begins, then ends."""

    data = operand_def(TENSOR)
    kernel = prop_def(INTEGERS)
    strides = prop_def(INTEGERS)
    pads = prop_def(INTEGERS)
    channels_last = opt_prop_def(UnitAttr)

    def __init__(
        self,
        name: str,
        data: SSAValue,
        *,
        kernel: Sequence[int],
        strides: Sequence[int],
        pads: Sequence[int],
        channels_last: bool = False,
        onnx: Sequence[str] = (),
        count_pads: bool | None = None,
    ) -> None:
        extra = {} if count_pads is None else {"count_pads": unit(count_pads)}
        super().__init__(
            operands=[data],
            properties={
                "sym_name": StringAttr(name),
                "kernel": integers(kernel),
                "strides": integers(strides),
                "pads": integers(pads),
                "channels_last": unit(channels_last),
                "onnx": origin(onnx),
                **extra,
            },
            result_types=[tensor(nn_shape.pooling(shape_of(data), kernel, strides, pads, channels_last))],
        )

    def result_shape(self) -> Shape:
        return nn_shape.pooling(
            shape_of(self.data),
            numbers(self.kernel),
            numbers(self.strides),
            numbers(self.pads),
            self.channels_last is not None,
        )


@irdl_op_definition
class MaxPoolOp(PoolOp):
    """The largest element of each window; pads never win."""

    name = "nn.max_pool"
    assembly_format = (
        "$sym_name $data `kernel` $kernel `strides` $strides `pads` $pads "
        "(`channels_last` $channels_last^)? " + _TYPES
    )
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())


@irdl_op_definition
class AveragePoolOp(PoolOp):
    """The mean of each window; `count_pads`: pads count as zeros, otherwise not at all."""

    name = "nn.average_pool"
    count_pads = opt_prop_def(UnitAttr)
    assembly_format = (
        "$sym_name $data `kernel` $kernel `strides` $strides `pads` $pads "
        "(`count_pads` $count_pads^)? (`channels_last` $channels_last^)? " + _TYPES
    )
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())


class GlobalPoolOp(TensorOp):
    """A function of every channel over all of space: a vector of the channels."""

    data = operand_def(TENSOR)
    channels_last = opt_prop_def(UnitAttr)

    def __init__(
        self, name: str, data: SSAValue, *, channels_last: bool = False, onnx: Sequence[str] = ()
    ) -> None:
        channels, _ = nn_shape.split(shape_of(data), channels_last)
        super().__init__(
            operands=[data],
            properties={
                "sym_name": StringAttr(name),
                "channels_last": unit(channels_last),
                "onnx": origin(onnx),
            },
            result_types=[tensor((channels,))],
        )

    def result_shape(self) -> Shape:
        channels, _ = nn_shape.split(shape_of(self.data), self.channels_last is not None)
        return (channels,)


_GLOBAL = "$sym_name $data (`channels_last` $channels_last^)? " + _TYPES


@irdl_op_definition
class GlobalAveragePoolOp(GlobalPoolOp):
    """The mean of every channel."""

    name = "nn.global_average_pool"
    assembly_format = _GLOBAL
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())


@irdl_op_definition
class GlobalMaxPoolOp(GlobalPoolOp):
    """The largest element of every channel."""

    name = "nn.global_max_pool"
    assembly_format = _GLOBAL
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())


class ReduceOp(TensorOp):
    """A function along `axes`, which vanish unless `keep` is given."""

    data = operand_def(TENSOR)
    axes = prop_def(INTEGERS)
    keep = opt_prop_def(UnitAttr)

    def __init__(
        self, name: str, data: SSAValue, axes: Sequence[int], *, keep: bool, onnx: Sequence[str] = ()
    ) -> None:
        super().__init__(
            operands=[data],
            properties={
                "sym_name": StringAttr(name),
                "axes": integers(axes),
                "keep": unit(keep),
                "onnx": origin(onnx),
            },
            result_types=[tensor(nn_shape.reduction(shape_of(data), axes, keep))],
        )

    def result_shape(self) -> Shape:
        return nn_shape.reduction(shape_of(self.data), numbers(self.axes), self.keep is not None)


_REDUCE = "$sym_name $data `axes` $axes (`keep` $keep^)? " + _TYPES


@irdl_op_definition
class ReduceMeanOp(ReduceOp):
    """The mean along `axes`."""

    name = "nn.reduce_mean"
    assembly_format = _REDUCE
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())


@irdl_op_definition
class ReduceMaxOp(ReduceOp):
    """The largest element along `axes`."""

    name = "nn.reduce_max"
    assembly_format = _REDUCE
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())


@irdl_op_definition
class ReduceSumOp(ReduceOp):
    """The sum along `axes`."""

    name = "nn.reduce_sum"
    assembly_format = _REDUCE
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())
