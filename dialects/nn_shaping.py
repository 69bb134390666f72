"""Operators of `nn` that move data without computing: reshape, flatten, transpose, concat, slice, expand."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from xdsl.dialects.builtin import I64, IntegerAttr, StringAttr
from xdsl.ir import SSAValue
from xdsl.irdl import (
    ParsePropInAttrDict,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    traits_def,
    var_operand_def,
)
from xdsl.traits import Pure

from split4ml.dialects import nn_shape
from split4ml.dialects.nn_base import (
    END,
    INTEGERS,
    TENSOR,
    TensorOp,
    integer,
    integers,
    numbers,
    or_ones,
    origin,
    shape_of,
    tensor,
    unless_ones,
)
from split4ml.dialects.nn_shape import Shape

_TYPES = END + "functional-type(operands, $result)"


@irdl_op_definition
class ReshapeOp(TensorOp):
    """The same elements, last axis fastest, in another shape."""

    name = "nn.reshape"
    data = operand_def(TENSOR)
    assembly_format = "$sym_name $data " + _TYPES
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())

    def __init__(self, name: str, data: SSAValue, shape: Shape, *, onnx: Sequence[str] = ()) -> None:
        super().__init__(
            operands=[data],
            properties={"sym_name": StringAttr(name), "onnx": origin(onnx)},
            result_types=[tensor(shape)],
        )

    def result_shape(self) -> Shape:
        before, after = shape_of(self.data), self.shape
        if prod(before) != prod(after):
            raise ValueError(f"Shapes {list(before)} and {list(after)} differ in their number of elements.")
        return after


@irdl_op_definition
class FlattenOp(TensorOp):
    """The same elements, last axis fastest, as a vector."""

    name = "nn.flatten"
    data = operand_def(TENSOR)
    assembly_format = "$sym_name $data " + _TYPES
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())

    def __init__(self, name: str, data: SSAValue, *, onnx: Sequence[str] = ()) -> None:
        super().__init__(
            operands=[data],
            properties={"sym_name": StringAttr(name), "onnx": origin(onnx)},
            result_types=[tensor((prod(shape_of(data)),))],
        )

    def result_shape(self) -> Shape:
        return (prod(shape_of(self.data)),)


@irdl_op_definition
class TransposeOp(TensorOp):
    """Axis `order[i]` of the data becomes axis i of the result."""

    name = "nn.transpose"
    data = operand_def(TENSOR)
    order = prop_def(INTEGERS)
    assembly_format = "$sym_name $data `order` $order " + _TYPES
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())

    def __init__(self, name: str, data: SSAValue, order: Sequence[int], *, onnx: Sequence[str] = ()) -> None:
        super().__init__(
            operands=[data],
            properties={"sym_name": StringAttr(name), "order": integers(order), "onnx": origin(onnx)},
            result_types=[tensor(nn_shape.permutation(shape_of(data), order))],
        )

    def result_shape(self) -> Shape:
        return nn_shape.permutation(shape_of(self.data), numbers(self.order))


@irdl_op_definition
class ConcatOp(TensorOp):
    """One tensor after the other along `axis`."""

    name = "nn.concat"
    inputs = var_operand_def(TENSOR)
    axis = prop_def(IntegerAttr[I64])
    assembly_format = "$sym_name `` `(` $inputs `)` `axis` $axis " + _TYPES
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())

    def __init__(self, name: str, inputs: Sequence[SSAValue], axis: int, *, onnx: Sequence[str] = ()) -> None:
        super().__init__(
            operands=[inputs],
            properties={"sym_name": StringAttr(name), "axis": integer(axis), "onnx": origin(onnx)},
            result_types=[tensor(nn_shape.concatenation([shape_of(value) for value in inputs], axis))],
        )

    def result_shape(self) -> Shape:
        if not self.inputs:
            raise ValueError("There is nothing to concatenate.")
        return nn_shape.concatenation([shape_of(value) for value in self.inputs], self.axis.value.data)


@irdl_op_definition
class SliceOp(TensorOp):
    """Elements `starts` to before `ends` of every axis; with `steps`, every so manieth of them."""

    name = "nn.slice"
    data = operand_def(TENSOR)
    starts = prop_def(INTEGERS)
    ends = prop_def(INTEGERS)
    steps = opt_prop_def(INTEGERS)
    assembly_format = "$sym_name $data `from` $starts `to` $ends (`steps` $steps^)? " + _TYPES
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())

    def __init__(
        self,
        name: str,
        data: SSAValue,
        starts: Sequence[int],
        ends: Sequence[int],
        steps: Sequence[int] | None = None,
        *,
        onnx: Sequence[str] = (),
    ) -> None:
        spread = steps if steps is not None else [1] * len(starts)
        super().__init__(
            operands=[data],
            properties={
                "sym_name": StringAttr(name),
                "starts": integers(starts),
                "ends": integers(ends),
                "steps": unless_ones(spread),
                "onnx": origin(onnx),
            },
            result_types=[tensor(nn_shape.sliced(shape_of(data), starts, ends, spread))],
        )

    @property
    def step(self) -> Shape:
        """`steps`, spelled out if absent."""
        return or_ones(self.steps, len(numbers(self.starts)))

    def result_shape(self) -> Shape:
        return nn_shape.sliced(shape_of(self.data), numbers(self.starts), numbers(self.ends), self.step)


@irdl_op_definition
class ExpandOp(TensorOp):
    """The data repeated along axes where it has one element and the result more."""

    name = "nn.expand"
    data = operand_def(TENSOR)
    assembly_format = "$sym_name $data " + _TYPES
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())

    def __init__(self, name: str, data: SSAValue, shape: Shape, *, onnx: Sequence[str] = ()) -> None:
        super().__init__(
            operands=[data],
            properties={"sym_name": StringAttr(name), "onnx": origin(onnx)},
            result_types=[tensor(shape)],
        )

    def result_shape(self) -> Shape:
        before, after = shape_of(self.data), self.shape
        if len(before) != len(after) or nn_shape.broadcast(before, after) != after:
            raise ValueError(f"Data of shape {list(before)} cannot be repeated to {list(after)}.")
        return after
