"""Merges zeros around the data into the convolution that reads them.

%0 = nn.pad @pad %x pads [0, 1, 1, 0, 1, 1]               =>   %1 = nn.conv @conv(%x, %w) … pads [1, 1, 1, 1]
%1 = nn.conv @conv(%0, %w) … pads [0, 0, 0, 0]
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from split4ml.dialects import nn
from split4ml.passes.nn_rewriting import models, replace


@dataclass(frozen=True)
class FusePads(ModulePass):
    """Merge zero padding into convolutions."""

    name = "fuse-pads"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for model in models(op):
            for inner in list(model.block.ops):
                if isinstance(inner, nn.ConvOp) and isinstance(inner.data.owner, nn.PadOp):
                    _fuse(inner, inner.data.owner)


def _fuse(conv: nn.ConvOp, pad: nn.PadOp) -> None:
    pads, rank = nn.numbers(pad.pads), len(pad.shape)
    last = conv.channels_last is not None
    begins, ends = pads[:rank], pads[rank:]
    channel, space = (rank - 1, slice(0, -1)) if last else (0, slice(1, None))
    if begins[channel] or ends[channel]:
        return
    more = (*begins[space], *ends[space])
    replace(
        conv,
        nn.ConvOp(
            conv.symbol,
            pad.data,
            conv.weight,
            conv.bias,
            strides=nn.numbers(conv.strides),
            pads=[old + new for old, new in zip(nn.numbers(conv.pads), more, strict=True)],
            dilations=conv.dilation,
            group=conv.groups,
            channels_last=last,
            onnx=(*pad.onnx_names, *conv.onnx_names),
        ),
    )
    if not pad.result.uses:
        assert pad.parent is not None
        pad.parent.erase_op(pad)
