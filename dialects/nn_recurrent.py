"""Recurrent operators of `nn`: one step per row of the data, from a state of zeros."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from xdsl.dialects.builtin import StringAttr, UnitAttr
from xdsl.ir import SSAValue
from xdsl.irdl import ParsePropInAttrDict, irdl_op_definition, operand_def, opt_prop_def, traits_def
from xdsl.traits import Pure

from split4ml.dialects.nn_base import END, TENSOR, TensorOp, origin, shape_of, tensor, unit
from split4ml.dialects.nn_shape import Shape

_FORMAT = (
    "$sym_name `` `(` $data `,` $weight `,` $recurrent `,` $bias `,` $recurrent_bias `)` (`sequences` $sequences^)? "
    + END
    + "functional-type(operands, $result)"
)


class RecurrentOp(TensorOp):
    """data: steps x inputs. weight: inputs x gates·state, recurrent: state x gates·state, biases: gates·state.

    The result is the last state, or with `sequences` the state after every step: steps x state.
    """

    GATES: ClassVar[int]

    data = operand_def(TENSOR)
    weight = operand_def(TENSOR)
    recurrent = operand_def(TENSOR)
    bias = operand_def(TENSOR)
    recurrent_bias = operand_def(TENSOR)
    sequences = opt_prop_def(UnitAttr)

    def __init__(
        self,
        name: str,
        data: SSAValue,
        weight: SSAValue,
        recurrent: SSAValue,
        bias: SSAValue,
        recurrent_bias: SSAValue,
        *,
        sequences: bool,
        onnx: Sequence[str] = (),
    ) -> None:
        state = shape_of(recurrent)[0]
        shape = (shape_of(data)[0], state) if sequences else (state,)
        super().__init__(
            operands=[data, weight, recurrent, bias, recurrent_bias],
            properties={
                "sym_name": StringAttr(name),
                "sequences": unit(sequences),
                "onnx": origin(onnx),
            },
            result_types=[tensor(shape)],
        )

    def result_shape(self) -> Shape:
        data, recurrent = shape_of(self.data), shape_of(self.recurrent)
        if len(data) != 2:
            raise ValueError(f"The data needs steps and inputs, but has shape {list(data)}.")
        if len(recurrent) != 2 or recurrent[1] != self.GATES * recurrent[0]:
            raise ValueError(
                f"The recurrent weight must be state x {self.GATES} states, not of shape {list(recurrent)}."
            )
        state = recurrent[0]
        columns = self.GATES * state
        for what, value, wanted in (
            ("weight", self.weight, (data[1], columns)),
            ("bias", self.bias, (columns,)),
            ("recurrent bias", self.recurrent_bias, (columns,)),
        ):
            if shape_of(value) != wanted:
                raise ValueError(f"The {what} has shape {list(shape_of(value))}, but needs {list(wanted)}.")
        return (data[0], state) if self.sequences is not None else (state,)


@irdl_op_definition
class LstmOp(RecurrentOp):
    """Gates i, f, g, o of `x @ weight + bias + h @ recurrent + recurrent_bias`, with sigmoids but for g's tanh:
    c = f c + i g, h = o tanh(c). Hochreiter and Schmidhuber (1997), in Keras' and PyTorch's order of gates."""

    GATES: ClassVar[int] = 4
    name = "nn.lstm"
    assembly_format = _FORMAT
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())


@irdl_op_definition
class GruOp(RecurrentOp):
    """Gates z, r, n: n = tanh(its part of x + r (its part of h)), h = (1 - z) n + z h; Keras' order, reset after the matrix."""

    GATES: ClassVar[int] = 3
    name = "nn.gru"
    assembly_format = _FORMAT
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())


@irdl_op_definition
class RnnOp(RecurrentOp):
    """h = tanh(x @ weight + bias + h @ recurrent + recurrent_bias), of Elman (1990)"""

    GATES: ClassVar[int] = 1
    name = "nn.rnn"
    assembly_format = _FORMAT
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())
