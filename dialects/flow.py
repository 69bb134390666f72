"""The `flow` dialect: tasks connected by FIFOs.

One `flow.task` per C++ function call in hls4ml's top function, one `flow.fifo` per `hls::stream` between two
tasks. Streams are linear: every SSA value of stream type is used exactly once; fan-out is a Clone task. After
`partition`, tasks sit in `flow.subgraph` regions, and the FIFOs that cross a boundary stand between subgraphs.
Names that reach C++ or a report are properties, unique in the whole model. See docs/dialects/flow.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from xdsl.dialects.builtin import (
    I64,
    ArrayAttr,
    DenseArrayBase,
    DictionaryAttr,
    IntegerAttr,
    StringAttr,
    SymbolNameConstraint,
    i64,
)
from xdsl.ir import Block, BlockArgument, Dialect, Operation, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    ParsePropInAttrDict,
    VarConstraint,
    base,
    irdl_op_definition,
    lazy_traits_def,
    operand_def,
    opt_prop_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.irdl.declarative_assembly_format import (
    CustomDirective,
    ParsingState,
    PrintingState,
    RegionVariable,
    TypeDirective,
    VariadicOperandVariable,
    irdl_custom_directive,
)
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.printer import Printer
from xdsl.traits import (
    HasParent,
    IsolatedFromAbove,
    IsTerminator,
    NoTerminator,
    SingleBlockImplicitTerminator,
)

from split4ml.dialects import flow_verify
from split4ml.dialects.flow_attrs import CostAttr, StreamType

STYLES = ("shift", "memory", "lutram", "bram", "uram")
"""How a FIFO is built: a shift register (latency 1), or a memory with an output register (latency 2): of any kind, in LUTs, in
block RAM, in UltraRAM."""


def integer(value: int) -> IntegerAttr[I64]:
    return IntegerAttr(value, 64)


@irdl_op_definition
class InputOp(IRDLOperation):
    """A stream that enters the design.

    source: the name of the tensor in the user's model; shape: its shape there, without the frame axis;
    order: the axes of that shape in the order in which the stream carries them, slowest first.
    """

    name = "flow.input"
    sym_name = prop_def(SymbolNameConstraint())
    source = opt_prop_def(StringAttr)
    shape = opt_prop_def(DenseArrayBase.constr(i64))
    order = opt_prop_def(DenseArrayBase.constr(i64))
    out = result_def(StreamType)

    assembly_format = (
        "$sym_name (`of` $source^)? (`shape` $shape^)? (`order` $order^)? attr-dict `:` type($out)"
    )
    irdl_options = (ParsePropInAttrDict(),)
    traits = lazy_traits_def(lambda: (HasParent(ModelOp),))


@irdl_op_definition
class OutputOp(IRDLOperation):
    """A stream that leaves the design; source, shape and order as for `flow.input`."""

    name = "flow.output"
    sym_name = prop_def(SymbolNameConstraint())
    source = opt_prop_def(StringAttr)
    shape = opt_prop_def(DenseArrayBase.constr(i64))
    order = opt_prop_def(DenseArrayBase.constr(i64))
    stream = operand_def(StreamType)

    assembly_format = (
        "$sym_name $stream (`of` $source^)? (`shape` $shape^)? (`order` $order^)? attr-dict `:` type($stream)"
    )
    irdl_options = (ParsePropInAttrDict(),)


@irdl_op_definition
class TaskOp(IRDLOperation):
    """One C++ function call of hls4ml's top function, of the layer class `kind`.

    layers: names of the nodes in the user's model that it computes; none for a task that hls4ml inserted.
    ii, latency: of its pipelined loop in cycles, as `profile` found them.
    known: ii and latency as a measurement or a report has them (source), which hold in place of estimates; as `read-timing` found them.
    cost: as `estimate` found it.
    """

    name = "flow.task"
    kind = prop_def(StringAttr)
    sym_name = prop_def(SymbolNameConstraint())
    layers = opt_prop_def(ArrayAttr[StringAttr])
    ii = opt_prop_def(IntegerAttr[I64])
    latency = opt_prop_def(IntegerAttr[I64])
    known = opt_prop_def(DictionaryAttr)
    cost = opt_prop_def(CostAttr)
    inputs = var_operand_def(StreamType)
    outputs = var_result_def(StreamType)

    assembly_format = (
        "$kind $sym_name `` `(` $inputs `)` (`layers` $layers^)? (`ii` $ii^)? (`latency` $latency^)? "
        "attr-dict `:` functional-type($inputs, $outputs)"
    )
    irdl_options = (ParsePropInAttrDict(),)
    traits = lazy_traits_def(lambda: (HasParent(ModelOp, SubgraphOp),))

    def verify_(self) -> None:
        flow_verify.verify_task(self)


@irdl_op_definition
class FifoOp(IRDLOperation):
    """A FIFO on one stream, named as hls4ml's C++ variable.

    depth: tokens held at once, at least 1 (the `#pragma HLS STREAM` depth); between two subgraphs it may be 0: their ports are
    wired to each other.
    style: one of STYLES; without one, the tool's rule decides (docs/timing.md).
    default_depth: what hls4ml would have given it. peak: the most tokens ever held in the profile.
    uncuttable: why no boundary may cross it.
    """

    name = "flow.fifo"
    T: ClassVar[VarConstraint[StreamType]] = VarConstraint("T", base(StreamType))
    sym_name = prop_def(SymbolNameConstraint())
    depth = prop_def(IntegerAttr[I64])
    style = opt_prop_def(StringAttr)
    default_depth = opt_prop_def(IntegerAttr[I64])
    peak = opt_prop_def(IntegerAttr[I64])
    uncuttable = opt_prop_def(StringAttr)
    source = operand_def(T)
    out = result_def(T)

    assembly_format = (
        "$sym_name $source `depth` $depth (`of` $default_depth^)? (`peak` $peak^)? (`style` $style^)? "
        "(`uncuttable` $uncuttable^)? attr-dict `:` type($source)"
    )
    irdl_options = (ParsePropInAttrDict(),)

    @property
    def is_boundary(self) -> bool:
        """Between two subgraphs, or between a subgraph and a stream of the top?"""
        return isinstance(self.source.owner, SubgraphOp)

    def verify_(self) -> None:
        flow_verify.verify_fifo(self)


@irdl_op_definition
class YieldOp(IRDLOperation):
    """The streams that leave a subgraph."""

    name = "flow.yield"
    streams = var_operand_def(StreamType)

    assembly_format = "attr-dict ($streams^ `:` type($streams))?"
    traits = lazy_traits_def(lambda: (IsTerminator(), HasParent(SubgraphOp)))


@irdl_custom_directive
class IsolatedBody(CustomDirective):
    """`(%x = %1 : T, …) -> (T, …) { … }`: operands, their names inside, result types and the region."""

    inputs: VariadicOperandVariable
    input_types: TypeDirective
    output_types: TypeDirective
    body: RegionVariable

    def parse(self, parser: Parser, state: ParsingState) -> None:
        def parse_binding() -> tuple[Parser.Argument, UnresolvedOperand]:
            name = parser.parse_argument(expect_type=False)
            parser.parse_punctuation("=")
            value = parser.parse_unresolved_operand()
            parser.parse_punctuation(":")
            return name.resolve(parser.parse_type()), value

        bindings = parser.parse_comma_separated_list(parser.Delimiter.PAREN, parse_binding)
        parser.parse_punctuation("->")
        results = parser.parse_comma_separated_list(parser.Delimiter.PAREN, parser.parse_type)
        self.inputs.set(state, [value for _, value in bindings])
        self.input_types.set(state, [argument.type for argument, _ in bindings])
        self.output_types.set(state, results)
        self.body.set(state, parser.parse_region([argument for argument, _ in bindings]))

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        assert isinstance(op, SubgraphOp)
        state.print_whitespace(printer)

        def print_binding(pair: tuple[BlockArgument, SSAValue]) -> None:
            printer.print_ssa_value(pair[0])
            printer.print_string(" = ")
            printer.print_ssa_value(pair[1])
            printer.print_string(" : ")
            printer.print_attribute(pair[1].type)

        with printer.in_parens():
            printer.print_list(list(zip(op.body.block.args, op.inputs, strict=True)), print_binding)
        printer.print_string(" -> ")
        with printer.in_parens():
            printer.print_list(op.outputs.types, printer.print_attribute)
        printer.print_string(" ")
        printer.print_region(op.body, print_entry_block_args=False)
        state.should_emit_space = True
        state.last_was_punctuation = False


@irdl_op_definition
class SubgraphOp(IRDLOperation):
    """The tasks that become one HLS project. `slr`: the die region it is meant for."""

    name = "flow.subgraph"
    sym_name = prop_def(SymbolNameConstraint())
    slr = opt_prop_def(IntegerAttr[I64])
    inputs = var_operand_def(StreamType)
    outputs = var_result_def(StreamType)
    body = region_def("single_block")

    custom_directives = (IsolatedBody,)
    assembly_format = "$sym_name (`slr` $slr^)? custom<IsolatedBody>($inputs, type($inputs), type($outputs), $body) attr-dict-with-keyword"
    traits = lazy_traits_def(
        lambda: (IsolatedFromAbove(), SingleBlockImplicitTerminator(YieldOp), HasParent(ModelOp))
    )

    @property
    def tasks(self) -> list[TaskOp]:
        return [op for op in self.body.block.ops if isinstance(op, TaskOp)]

    @property
    def fifos(self) -> list[FifoOp]:
        return [op for op in self.body.block.ops if isinstance(op, FifoOp)]

    @property
    def terminator(self) -> YieldOp:
        last = self.body.block.last_op
        assert isinstance(last, YieldOp)
        return last

    def verify_(self) -> None:
        flow_verify.verify_subgraph(self)


@irdl_op_definition
class ModelOp(IRDLOperation):
    """A network as hls4ml lowered it; `archive` holds its weights and layer attributes, `digest` says which.

    Attributes: backend, part, clock_ps, tool (timing constants) and start (protocol), which hls4ml's graph or the
    command line gave; partition, what `partition` says of its solution; sizing, what `size-fifos` has proven.
    """

    name = "flow.model"
    sym_name = prop_def(SymbolNameConstraint())
    archive = prop_def(StringAttr)
    digest = prop_def(StringAttr)
    backend = opt_prop_def(StringAttr)
    part = opt_prop_def(StringAttr)
    clock_ps = opt_prop_def(IntegerAttr[I64])
    tool = opt_prop_def(StringAttr)
    start = opt_prop_def(StringAttr)
    partition = opt_prop_def(DictionaryAttr)
    sizing = opt_prop_def(DictionaryAttr)
    body = region_def("single_block")

    assembly_format = "$sym_name `archive` `(` $archive `,` $digest `)` attr-dict-with-keyword $body"
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
    def subgraphs(self) -> list[SubgraphOp]:
        return [op for op in self.block.ops if isinstance(op, SubgraphOp)]

    @property
    def tasks(self) -> Iterator[TaskOp]:
        """Every task, inside subgraphs or not, in program order."""
        return (op for op in self.walk() if isinstance(op, TaskOp))

    @property
    def tool_name(self) -> str:
        """Such as "vitis-2023.2"; "" if none is stated."""
        return self.tool.data if self.tool is not None else ""

    @property
    def fifos(self) -> Iterator[FifoOp]:
        """Every FIFO, internal or on a boundary, in program order."""
        return (op for op in self.walk() if isinstance(op, FifoOp))

    def verify_(self) -> None:
        flow_verify.verify_model(self)


def symbol(op: Operation) -> str:
    """The name of a named op."""
    name = op.properties["sym_name"]
    assert isinstance(name, StringAttr)
    return name.data


SHIFT_BITS = 1024
"""A FIFO of up to so many bits is a shift register, as Vitis HLS builds it (docs/timing.md)."""


def fifo_style(fifo: FifoOp) -> str:
    """As stated, or `shift` or `memory` by the tool's rule; `wire` if its depth is 0."""
    if fifo.depth.value.data == 0:
        return "wire"
    if fifo.style is not None:
        return fifo.style.data
    type_ = fifo.source.type
    assert isinstance(type_, StreamType)
    depth = fifo.depth.value.data
    width = type_.bus_bits if fifo.is_boundary else type_.width_bits
    return "shift" if depth == 1 or width * depth <= SHIFT_BITS else "memory"


Flow = Dialect(
    "flow",
    [ModelOp, InputOp, OutputOp, TaskOp, FifoOp, SubgraphOp, YieldOp],
    [StreamType, CostAttr],
)
