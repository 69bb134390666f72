"""The `stitch` dialect: the structural top, i.e. instances of subgraphs joined by AXI4-Stream links.

One `stitch.design` stands behind the `flow.model` it belongs to and refers to its subgraphs by symbol. From it come
the SystemVerilog top that Verilator simulates and the Tcl by which Vivado builds it. See docs/dialects/stitch.md.
"""

from __future__ import annotations

from typing import ClassVar

from xdsl.dialects.builtin import (
    I64,
    ArrayAttr,
    FlatSymbolRefAttrConstr,
    IntAttr,
    IntegerAttr,
    StringAttr,
    SymbolNameConstraint,
    SymbolRefAttr,
)
from xdsl.ir import Attribute, Block, Dialect, ParametrizedAttribute, TypeAttribute
from xdsl.irdl import (
    IRDLOperation,
    ParsePropInAttrDict,
    VarConstraint,
    base,
    irdl_attr_definition,
    irdl_op_definition,
    lazy_traits_def,
    operand_def,
    opt_prop_def,
    param_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.irdl.declarative_assembly_format import (
    AttributeVariable,
    CustomDirective,
    ParsingState,
    PrintingState,
    TypeDirective,
    VariadicOperandVariable,
    irdl_custom_directive,
)
from xdsl.parser import AttrParser, Parser, UnresolvedOperand
from xdsl.printer import Printer
from xdsl.traits import HasParent, IsolatedFromAbove, NoTerminator
from xdsl.utils.exceptions import VerifyException

from split4ml.dialects import stitch_verify
from split4ml.dialects.flow_attrs import StreamType
from split4ml.dialects.ports import MAX_PORT_BITS


@irdl_attr_definition
class AxisType(ParametrizedAttribute, TypeAttribute):
    """`!stitch.axis<48 x 64>`: an AXI4-Stream with 48 bits of TDATA and 64 beats a frame."""

    name = "stitch.axis"
    bits: IntAttr = param_def()
    beats: IntAttr = param_def()

    @staticmethod
    def of(stream: StreamType) -> AxisType:
        """What a flow stream becomes on a port."""
        return AxisType(IntAttr(stream.bus_bits), stream.tokens)

    def verify(self) -> None:
        bits, beats = self.bits.data, self.beats.data
        if bits < 8 or bits % 8:
            raise VerifyException(f"TDATA is a whole number of bytes wide, not {bits} bits.")
        if bits > MAX_PORT_BITS:
            raise VerifyException(f"TDATA is {bits} bits wide; a port may have at most {MAX_PORT_BITS}.")
        if beats < 1:
            raise VerifyException(f"An AXI4-Stream carries at least one beat a frame, not {beats}.")

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> tuple[Attribute, ...]:
        with parser.in_angle_brackets():
            bits = parser.parse_shape_dimension(allow_dynamic=False)
            parser.parse_shape_delimiter()
            return (IntAttr(bits), IntAttr(parser.parse_integer(allow_boolean=False, allow_negative=False)))

    def print_parameters(self, printer: Printer) -> None:
        printer.print_string(f"<{self.bits.data} x {self.beats.data}>")


@irdl_op_definition
class InputOp(IRDLOperation):
    """An AXI4-Stream slave port of the top."""

    name = "stitch.input"
    sym_name = prop_def(SymbolNameConstraint())
    out = result_def(AxisType)

    assembly_format = "$sym_name attr-dict `:` type($out)"
    irdl_options = (ParsePropInAttrDict(),)
    traits = lazy_traits_def(lambda: (HasParent(DesignOp),))


@irdl_op_definition
class OutputOp(IRDLOperation):
    """An AXI4-Stream master port of the top."""

    name = "stitch.output"
    sym_name = prop_def(SymbolNameConstraint())
    stream = operand_def(AxisType)

    assembly_format = "$sym_name $stream attr-dict `:` type($stream)"
    irdl_options = (ParsePropInAttrDict(),)
    traits = lazy_traits_def(lambda: (HasParent(DesignOp),))


@irdl_op_definition
class LinkOp(IRDLOperation):
    """An AXI4-Stream from one instance to another, through a FIFO.

    depth: beats held at once. style: as of `flow.fifo` (docs/timing.md); `wire` if depth is 0, and there is none.
    """

    name = "stitch.link"
    T: ClassVar[VarConstraint[AxisType]] = VarConstraint("T", base(AxisType))
    sym_name = prop_def(SymbolNameConstraint())
    depth = prop_def(IntegerAttr[I64])
    style = prop_def(StringAttr)
    source = operand_def(T)
    out = result_def(T)

    assembly_format = "$sym_name $source `depth` $depth `style` $style attr-dict `:` type($source)"
    irdl_options = (ParsePropInAttrDict(),)
    traits = lazy_traits_def(lambda: (HasParent(DesignOp),))

    def verify_(self) -> None:
        stitch_verify.verify_link(self)


@irdl_custom_directive
class Ports(CustomDirective):
    """`(x = %0 : T, …) -> (y : T, …)`: the names of the ports, what is connected, and the types."""

    inputs: VariadicOperandVariable
    input_types: TypeDirective
    output_types: TypeDirective
    input_names: AttributeVariable
    output_names: AttributeVariable

    def parse(self, parser: Parser, state: ParsingState) -> None:
        def parse_input() -> tuple[str, UnresolvedOperand, Attribute]:
            port = parser.parse_identifier(" of a port")
            parser.parse_punctuation("=")
            value = parser.parse_unresolved_operand()
            parser.parse_punctuation(":")
            return port, value, parser.parse_type()

        def parse_output() -> tuple[str, Attribute]:
            port = parser.parse_identifier(" of a port")
            parser.parse_punctuation(":")
            return port, parser.parse_type()

        inputs = parser.parse_comma_separated_list(parser.Delimiter.PAREN, parse_input)
        parser.parse_punctuation("->")
        outputs = parser.parse_comma_separated_list(parser.Delimiter.PAREN, parse_output)
        self.inputs.set(state, [value for _, value, _ in inputs])
        self.input_types.set(state, [type_ for _, _, type_ in inputs])
        self.output_types.set(state, [type_ for _, type_ in outputs])
        self.input_names.set(state, ArrayAttr([StringAttr(port) for port, _, _ in inputs]))
        self.output_names.set(state, ArrayAttr([StringAttr(port) for port, _ in outputs]))

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        assert isinstance(op, InstanceOp)
        state.print_whitespace(printer)
        with printer.in_parens():
            for position, (name, value) in enumerate(zip(op.input_names, op.inputs, strict=True)):
                printer.print_string(f"{', ' if position else ''}{name.data} = ")
                printer.print_ssa_value(value)
                printer.print_string(" : ")
                printer.print_attribute(value.type)
        printer.print_string(" -> ")
        with printer.in_parens():
            for position, (name, result) in enumerate(zip(op.output_names, op.outputs, strict=True)):
                printer.print_string(f"{', ' if position else ''}{name.data} : ")
                printer.print_attribute(result.type)
        state.should_emit_space = True
        state.last_was_punctuation = False


@irdl_op_definition
class InstanceOp(IRDLOperation):
    """The IP of the `flow.subgraph` of the same name. `slr`: the die region it is placed in.

    input_names, output_names: its ports, without the suffixes _TDATA, _TVALID and _TREADY.
    """

    name = "stitch.instance"
    sym_name = prop_def(SymbolNameConstraint())
    slr = opt_prop_def(IntegerAttr[I64])
    input_names = prop_def(ArrayAttr[StringAttr])
    output_names = prop_def(ArrayAttr[StringAttr])
    inputs = var_operand_def(AxisType)
    outputs = var_result_def(AxisType)

    custom_directives = (Ports,)
    assembly_format = (
        "$sym_name (`slr` $slr^)? "
        "custom<Ports>($inputs, type($inputs), type($outputs), $input_names, $output_names) attr-dict"
    )
    irdl_options = (ParsePropInAttrDict(),)
    traits = lazy_traits_def(lambda: (HasParent(DesignOp),))

    def verify_(self) -> None:
        stitch_verify.verify_instance(self)


@irdl_op_definition
class DesignOp(IRDLOperation):
    """The top module `sym_name` of the flow.model `model`, with one clock and one synchronous active-low reset.

    clock_ps: period. start: `per-frame` or `held`. part: the device, if known.
    """

    name = "stitch.design"
    sym_name = prop_def(SymbolNameConstraint())
    model = prop_def(FlatSymbolRefAttrConstr)
    clock_ps = prop_def(IntegerAttr[I64])
    start = prop_def(StringAttr)
    part = opt_prop_def(StringAttr)
    body = region_def("single_block")

    assembly_format = (
        "$sym_name `of` $model `clock` $clock_ps `start` $start (`part` $part^)? attr-dict-with-keyword $body"
    )
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(IsolatedFromAbove(), NoTerminator())

    @property
    def block(self) -> Block:
        return self.body.block

    @property
    def inputs(self) -> list[InputOp]:
        return [op for op in self.block.ops if isinstance(op, InputOp)]

    @property
    def outputs(self) -> list[OutputOp]:
        return [op for op in self.block.ops if isinstance(op, OutputOp)]

    @property
    def instances(self) -> list[InstanceOp]:
        return [op for op in self.block.ops if isinstance(op, InstanceOp)]

    @property
    def links(self) -> list[LinkOp]:
        return [op for op in self.block.ops if isinstance(op, LinkOp)]

    @property
    def held_start(self) -> bool:
        return self.start.data == "held"

    def verify_(self) -> None:
        stitch_verify.verify_design(self)


def axis(type_: Attribute) -> AxisType:
    """The type of a value of this dialect."""
    assert isinstance(type_, AxisType)
    return type_


def reference(name: str) -> SymbolRefAttr:
    return SymbolRefAttr(name)


Stitch = Dialect("stitch", [DesignOp, InputOp, OutputOp, LinkOp, InstanceOp], [AxisType])
