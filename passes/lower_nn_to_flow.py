"""Lowers an `nn.model` to a `flow.model` through hls4ml, which chooses the layers.

    nn.model @m { … nn.conv @conv1 … }   =>   flow.model @m archive("model.fml", "sha256:…") { … flow.task "Conv2D" @conv1 … }

hls4ml's own flows run on the layers: precisions, fusion, stream insertion, the backend's layers. What comes out, with all that
hls4ml inserted, is read back; weights and layer attributes stay in the archive that the model names.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from split4ml.dialects import nn
from split4ml.passes.flow_from_graph import Port, build_model
from split4ml.passes.interfaces import Lowering
from split4ml.passes.weights import WeightStore


def port_of(op: nn.InputOp | nn.OutputOp) -> Port:
    """The user's tensor: `order` says which of its axes stands where in the shape here."""
    shape = nn.shape_of(op.result if isinstance(op, nn.InputOp) else op.data)
    user = [0] * len(op.axes)
    for axis, place in enumerate(op.axes):
        user[place] = shape[axis]
    return Port(op.source.data, tuple(user), op.axes)


@dataclass(frozen=True)
class LowerNNToFlow(ModulePass):
    """Lower a network to tasks and FIFOs through hls4ml, with the precisions and reuse factors of its configuration."""

    name = "lower-nn-to-flow"
    lowering: Lowering = field(kw_only=True)
    weights: WeightStore = field(kw_only=True)

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for model in [inner for inner in op.ops if isinstance(inner, nn.ModelOp)]:
            self._lower(model)

    def _lower(self, model: nn.ModelOp) -> None:
        from split4ml.passes.nn_layers import layers_of

        network = layers_of(model, self.weights)
        lowered = self.lowering.lower(
            network.layers,
            network.inputs,
            network.outputs,
            network.onnx_names,
            [port.source.data for port in model.inputs],
            [port.source.data for port in model.outputs],
            network.types,
            network.parts,
        )
        info = lowered.info
        ports = dict(zip(info.inputs, map(port_of, model.inputs), strict=True))
        ports |= dict(zip(info.outputs, map(port_of, model.outputs), strict=True))
        flow_model = build_model(
            info,
            model.symbol,
            lowered.archive,
            lowered.digest,
            self.lowering.tool,
            self.lowering.start,
            ports,
        )
        Rewriter.insert_op(flow_model, InsertPoint.before(model))
        Rewriter.erase_op(model)
