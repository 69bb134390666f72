"""Small pieces of hls4ml's layer dictionaries, and what is refused on the way to them."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import SSAValue

from split4ml.dialects import nn
from split4ml.dialects.errors import Split4mlError


def error(op: nn.TensorOp, message: str, hint: str | None = None) -> Split4mlError:
    names = ", ".join(repr(name) for name in op.onnx_names)
    return Split4mlError(message, where=f"@{op.symbol}" + (f" (node {names})" if names else ""), hint=hint)


def check_channels_last(op: nn.TensorOp, holds: bool) -> None:
    if not holds:
        raise error(
            op, "its data is channels-first, but hls4ml streams channels-last", "run channels-last first"
        )


def spatial(what: str, extents: Sequence[int]) -> dict[str, int]:
    """`in` and (8, 6) to in_height 8 and in_width 6; one extent is the width."""
    axes = ("width",) if len(extents) == 1 else ("height", "width")
    return {f"{what}_{axis}": int(extent) for axis, extent in zip(axes, extents, strict=True)}


def pad_attributes(pads: Sequence[int]) -> dict[str, int]:
    """ONNX's begins and ends to hls4ml's sides."""
    sides = ("left", "right") if len(pads) == 2 else ("top", "left", "bottom", "right")
    return {f"pad_{side}": int(pad) for side, pad in zip(sides, pads, strict=True)}


def is_non_negative(value: SSAValue) -> bool:
    """Whether no element can be negative, as far as the ops that compute it tell."""
    match value.owner:
        case nn.ReluOp() | nn.SigmoidOp() | nn.SoftplusOp() | nn.SoftmaxOp():
            return True
        case nn.QuantizeOp() as op:
            return not op.precision.signed or (op.precision.saturation != "WRAP" and is_non_negative(op.data))
        case (
            nn.PoolOp()
            | nn.GlobalPoolOp()
            | nn.ReshapeOp()
            | nn.FlattenOp()
            | nn.PadOp()
            | nn.UpsampleOp()
            | nn.SliceOp()
            | nn.ExpandOp()
            | nn.TransposeOp() as op
        ):
            return is_non_negative(op.data)
        case nn.ConcatOp() | nn.AddOp() | nn.MultiplyOp() | nn.MinimumOp() | nn.AverageOp() as op:
            return all(is_non_negative(operand) for operand in op.operands)
        case _:
            return False


def window_strides(op: nn.PoolOp) -> nn.Shape:
    """Strides, or the window's size along an axis with one window only, where the stride does not matter."""
    kernel, pads, last = nn.numbers(op.kernel), nn.numbers(op.pads), op.channels_last is not None
    counts = op.shape[:-1] if last else op.shape[1:]
    extents = nn.shape_of(op.data)[:-1] if last else nn.shape_of(op.data)[1:]
    strides = []
    for axis, step in enumerate(nn.numbers(op.strides)):
        extent = extents[axis] + pads[axis] + pads[len(kernel) + axis]
        single = counts[axis] == 1 and extent < 2 * kernel[axis]
        strides.append(kernel[axis] if single else step)
    return tuple(strides)
