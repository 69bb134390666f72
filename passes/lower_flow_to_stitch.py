"""Adds the structural top of every partitioned `flow.model` behind it.

flow.model @m {                            flow.model @m { … }
  %in = flow.input @x                      stitch.design @m_top of @m clock 5000 start "per-frame" {
  %0 = flow.subgraph @sg0 (%a = %in)         %0 = stitch.input @x : !stitch.axis<16 x 64>
  %1 = flow.fifo @f %0 depth 4        =>     %1 = stitch.instance @sg0 (x = %0 : …) -> (f : …)
  %2 = flow.subgraph @sg1 (%b = %1)          %2 = stitch.link @f %1 depth 4 style "shift" : …
  flow.output @y %2                          %3 = stitch.instance @sg1 (f = %2 : …) -> (y : …)
}                                            stitch.output @y %3 : … }
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.builder import ImplicitBuilder
from xdsl.context import Context
from xdsl.dialects.builtin import ArrayAttr, ModuleOp, StringAttr
from xdsl.ir import Attribute, Block, Region, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from split4ml.dialects import flow, stitch
from split4ml.dialects.errors import Split4mlError
from split4ml.dialects.flow import symbol
from split4ml.dialects.flow_attrs import StreamType
from split4ml.dialects.names import MAX_LENGTH
from split4ml.dialects.stitch_verify import is_hdl_name
from split4ml.passes.flow_graph import stream_name

DEFAULT_CLOCK_PS = 5000
"""hls4ml's default clock period."""

DEFAULT_START = "per-frame"


@dataclass(frozen=True)
class LowerFlowToStitch(ModulePass):
    """Describe the stitched top of a partitioned model: instances, links, clock and start protocol."""

    name = "lower-flow-to-stitch"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for design in [inner for inner in op.ops if isinstance(inner, stitch.DesignOp)]:
            Rewriter.erase_op(design)
        for model in [inner for inner in op.ops if isinstance(inner, flow.ModelOp)]:
            op.body.block.insert_op_after(stitch_design(model), model)


def stitch_design(model: flow.ModelOp) -> stitch.DesignOp:
    """The top of a partitioned model. Raises Split4mlError if it has no subgraphs, or a name that no HDL accepts."""
    if not model.subgraphs:
        raise Split4mlError(
            f"flow.model @{symbol(model)} has no subgraphs to stitch",
            hint="run the pass `partition` before `lower-flow-to-stitch`",
        )
    if model.backend is not None and model.backend.data != "Vitis":
        raise Split4mlError(
            f"flow.model @{symbol(model)} is of the {model.backend.data} backend, whose ports are one AXI-Stream per "
            "channel: no stitched top is built for it",
            hint="use the Vitis backend, or leave lower-flow-to-stitch out",
        )
    name = f"{symbol(model)[: MAX_LENGTH - 4]}_top"
    for op in (*model.inputs, *model.outputs, *model.fifos, *model.subgraphs):
        if not is_hdl_name(symbol(op)):
            raise Split4mlError(
                f"the name {symbol(op)!r} of {op.name} is reserved in SystemVerilog or by the tools",
                where=symbol(model),
                hint="rename the layer",
            )
    if not is_hdl_name(name):
        raise Split4mlError(f"the name {symbol(model)!r} of the model is no legal one in SystemVerilog")
    block = Block()
    values: dict[SSAValue, SSAValue] = {}
    with ImplicitBuilder(block):
        for op in model.block.ops:
            if isinstance(op, flow.InputOp):
                (values[op.out],) = stitch.InputOp.create(
                    properties={"sym_name": op.sym_name}, result_types=[_axis(op.out)]
                ).results
        for op in _in_order(model):
            if isinstance(op, flow.SubgraphOp):
                results = _instance(op, values).results
                values.update(zip(op.outputs, results, strict=True))
            else:
                (values[op.out],) = stitch.LinkOp.create(
                    properties={
                        "sym_name": op.sym_name,
                        "depth": op.depth,
                        "style": StringAttr(flow.fifo_style(op)),
                    },
                    operands=[values[op.source]],
                    result_types=[_axis(op.out)],
                ).results
        for leaving in model.outputs:
            stitch.OutputOp.create(
                properties={"sym_name": leaving.sym_name}, operands=[values[leaving.stream]]
            )
    properties: dict[str, Attribute] = {
        "sym_name": StringAttr(name),
        "model": stitch.reference(symbol(model)),
        "clock_ps": flow.integer(DEFAULT_CLOCK_PS) if model.clock_ps is None else model.clock_ps,
        "start": StringAttr(DEFAULT_START) if model.start is None else model.start,
    }
    if model.part is not None:
        properties["part"] = model.part
    return stitch.DesignOp.create(properties=properties, regions=[Region(block)])


def _axis(value: SSAValue) -> stitch.AxisType:
    assert isinstance(value.type, StreamType)
    return stitch.AxisType.of(value.type)


def _instance(subgraph: flow.SubgraphOp, values: dict[SSAValue, SSAValue]) -> stitch.InstanceOp:
    properties: dict[str, Attribute] = {
        "sym_name": subgraph.sym_name,
        "input_names": ArrayAttr([StringAttr(stream_name(v)) for v in subgraph.inputs]),
        "output_names": ArrayAttr([StringAttr(stream_name(v)) for v in subgraph.outputs]),
    }
    if subgraph.slr is not None:
        properties["slr"] = subgraph.slr
    return stitch.InstanceOp.create(
        properties=properties,
        operands=[values[v] for v in subgraph.inputs],
        result_types=[_axis(v) for v in subgraph.outputs],
    )


def _in_order(model: flow.ModelOp) -> list[flow.SubgraphOp | flow.FifoOp]:
    """Subgraphs and boundary FIFOs, each behind what it reads; the text of a model may have any order."""
    rest = [op for op in model.block.ops if isinstance(op, flow.SubgraphOp | flow.FifoOp)]
    known: set[SSAValue] = {op.out for op in model.inputs}
    ordered: list[flow.SubgraphOp | flow.FifoOp] = []
    while rest:
        (*ready,) = (op for op in rest if all(operand in known for operand in op.operands))
        if not ready:  # the verifier of flow.model has excluded it
            raise AssertionError("the subgraphs form a cycle")
        ordered.append(ready[0])
        known.update(ready[0].results)
        rest.remove(ready[0])
    return ordered
