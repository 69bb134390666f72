"""Operators of `nn` that make values coarser: quantisation to an element type, and to a sign."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import StringAttr
from xdsl.ir import SSAValue
from xdsl.irdl import IRDLOperation, ParsePropInAttrDict, irdl_op_definition, prop_def, traits_def
from xdsl.irdl.declarative_assembly_format import (
    AttributeVariable,
    CustomDirective,
    ParsingState,
    PrintingState,
    irdl_custom_directive,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import Pure

from split4ml.dialects.element import parse_element
from split4ml.dialects.nn_base import END
from split4ml.dialects.nn_elementwise import ElementwiseOp
from split4ml.dialects.nn_shape import Shape
from split4ml.dialects.precision import Precision


@irdl_custom_directive
class ElementType(CustomDirective):
    """`fixed<8,1,RND_CONV,SAT>` for a string property."""

    element: AttributeVariable

    def parse(self, parser: Parser, state: ParsingState) -> None:
        self.element.set(state, parse_element(parser))

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        assert isinstance(op, QuantizeOp)
        state.print_whitespace(printer)
        printer.print_string(op.element.data)


@irdl_op_definition
class QuantizeOp(ElementwiseOp):
    """The nearest value that `element` has, by its rounding and overflow modes, as `ap_fixed` converts (UG1399)."""

    name = "nn.quantize"
    element = prop_def(StringAttr)

    assembly_format = "$sym_name $data `to` custom<ElementType>($element) " + END + "type($result)"
    custom_directives = (ElementType,)
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())

    def __init__(self, name: str, data: SSAValue, element: Precision, *, onnx: Sequence[str] = ()) -> None:
        super().__init__(name, data, onnx=onnx, properties={"element": StringAttr(str(element))})

    @property
    def precision(self) -> Precision:
        return Precision.parse(self.element.data)

    def result_shape(self) -> Shape:
        width = self.precision.width  # raises ValueError for what is no type
        if width > 64:
            raise ValueError(f"A quantiser has at most 64 bits, not {width}.")
        return super().result_shape()


@irdl_op_definition
class BipolarOp(ElementwiseOp):
    """1 if x >= 0, else -1"""

    name = "nn.bipolar"
    assembly_format = "$sym_name $data " + END + "type($result)"
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())
