"""The operator of `nn` that looks vectors up by whole numbers."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import StringAttr
from xdsl.ir import SSAValue
from xdsl.irdl import ParsePropInAttrDict, irdl_op_definition, operand_def, traits_def
from xdsl.traits import Pure

from split4ml.dialects.nn_base import END, TENSOR, TensorOp, origin, shape_of, tensor
from split4ml.dialects.nn_shape import Shape


@irdl_op_definition
class EmbeddingOp(TensorOp):
    """Row `data[i]` of the table for every i. data: whole numbers, from 0 to before the rows; table: rows x columns."""

    name = "nn.embedding"
    data = operand_def(TENSOR)
    table = operand_def(TENSOR)
    assembly_format = "$sym_name `` `(` $data `,` $table `)` " + END + "functional-type(operands, $result)"
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())

    def __init__(self, name: str, data: SSAValue, table: SSAValue, *, onnx: Sequence[str] = ()) -> None:
        super().__init__(
            operands=[data, table],
            properties={"sym_name": StringAttr(name), "onnx": origin(onnx)},
            result_types=[tensor((*shape_of(data), shape_of(table)[-1]))],
        )

    def result_shape(self) -> Shape:
        data, table = shape_of(self.data), shape_of(self.table)
        if len(data) != 1 or len(table) != 2:
            raise ValueError(
                f"It needs a vector and a table of rows x columns, not shapes {list(data)} and {list(table)}."
            )
        return (data[0], table[1])
