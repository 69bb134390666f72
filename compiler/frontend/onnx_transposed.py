"""ConvTranspose, in all its spellings of pads and extents, and the operators that turn channels into space and back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from xdsl.ir import SSAValue

from split4ml.compiler.frontend.onnx_builder import Builder, origin
from split4ml.compiler.frontend.onnx_graph import Array, Node
from split4ml.compiler.frontend.onnx_ops import handles
from split4ml.compiler.frontend.onnx_refusals import axes_of_space
from split4ml.compiler.frontend.onnx_weights import quantised_weight
from split4ml.dialects import nn
from split4ml.dialects.nn_base import typed
from split4ml.passes.nn_layer_weights import block_diagonal
from split4ml.passes.part_by_convolution import BIT


@handles("ConvTranspose")
def conv_transpose(builder: Builder, node: Node, name: str) -> SSAValue:
    kernel = builder.constant(node, 1, "weight")
    bias = builder.optional(node, 2, "bias")
    if kernel.ndim not in (3, 4):
        raise builder.error(node, *axes_of_space(kernel.ndim - 2))
    rank = kernel.ndim - 2
    strides = node.attributes.get("strides") or [1] * rank
    dilations = node.attributes.get("dilations") or [1] * rank
    groups = node.attributes["group"]
    quantised = quantised_weight(builder, node, 1, kernel, 1)
    if quantised.scale is not None:
        quantised = type(quantised)(kernel)  # a scale that is no power of two stays in the weight
    weight = ungrouped(quantised.array, groups)
    return builder.emit(
        nn.ConvTransposeOp(
            name,
            builder.data(node),
            builder.weight(weight, name, "weight", quantised.element),
            builder.weight(bias, name, "bias") if bias is not None else None,
            strides=strides,
            pads=_pads(builder, node, kernel.shape[2:], strides, dilations),
            dilations=dilations,
            onnx=origin(node),
        )
    )


def ungrouped(kernel: Array, groups: int) -> Array:
    """ONNX's input x output/group x kernel as output x input x kernel, with zeros between the groups."""
    if groups < 1 or kernel.shape[0] % groups:
        raise ValueError(f"The {kernel.shape[0]} channels do not divide into {groups} groups.")
    parts = np.split(kernel, groups)
    swapped = np.concatenate([part.swapaxes(0, 1) for part in parts])
    return block_diagonal(swapped, groups).astype(kernel.dtype) if groups > 1 else swapped


def _pads(
    builder: Builder, node: Node, kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int]
) -> list[int]:
    """What is cut off before and behind; behind, what is added instead is negative."""
    rank, wanted = len(kernel), builder.result_shape(node)[1:]
    spatial = builder.data_shape(node)[2:]
    whole = [
        (size - 1) * strides[axis] + (kernel[axis] - 1) * dilations[axis] + 1
        for axis, size in enumerate(spatial)
    ]
    mode = node.attributes.get("auto_pad", "NOTSET")
    extra = node.attributes.get("output_padding") or [0] * rank
    if mode == "VALID" or (mode == "NOTSET" and node.attributes.get("output_shape") is None):
        given = [0] * (2 * rank) if mode == "VALID" else node.attributes.get("pads") or [0] * (2 * rank)
        begins = list(given[:rank])
        if min(begins) < 0:
            raise builder.error(node, f"pads {list(given)} add to the result before its first element")
    else:
        totals = [max(0, whole[axis] + extra[axis] - wanted[axis]) for axis in range(rank)]
        begins = [total // 2 if mode == "SAME_UPPER" else total - total // 2 for total in totals]
    ends = [size - begin - want for size, begin, want in zip(whole, begins, wanted, strict=True)]
    return [*begins, *ends]


@handles("DepthToSpace")
def depth_to_space(builder: Builder, node: Node, name: str) -> SSAValue:
    """Channels that become rows and columns: a transposed convolution whose weights are zeros and ones."""
    channels, block = builder.data_shape(node)[1], node.attributes["blocksize"]
    if block < 1 or channels % (block * block):
        raise builder.error(node, f"its {channels} channels are not {block} x {block} of anything")
    weight = _places(channels // block**2, block, node.attributes.get("mode", "DCR") == "CRD")
    return _blockwise(builder, node, name, nn.ConvTransposeOp, weight, block)


@handles("SpaceToDepth")
def space_to_depth(builder: Builder, node: Node, name: str) -> SSAValue:
    """Rows and columns that become channels: a convolution whose weights are zeros and ones."""
    channels, block = builder.data_shape(node)[1], node.attributes["blocksize"]
    if block < 1 or any(size % block for size in builder.data_shape(node)[2:]):
        raise builder.error(node, f"space is not divisible into blocks of {block}")
    weight = _places(channels, block, False).swapaxes(0, 1)
    return _blockwise(builder, node, name, nn.ConvOp, weight, block)


def _places(channels: int, block: int, columns_first: bool) -> Array:
    """few x many x rows x columns: 1 where one of the many channels is one of the few's element of a block.

    columns_first: of the many, all elements of one channel are neighbours (ONNX's mode CRD); else all channels of one element.
    """
    every = np.eye(channels * block * block, dtype=np.float32)
    if columns_first:
        return every.reshape(channels, block, block, -1).transpose(0, 3, 1, 2)
    return every.reshape(block, block, channels, -1).transpose(2, 3, 0, 1)


def _blockwise(
    builder: Builder,
    node: Node,
    name: str,
    kind: type[nn.ConvOp | nn.ConvTransposeOp],
    places: Array,
    block: int,
) -> SSAValue:
    """A layer of one window per block, whose weights of zeros and ones have a type that holds just these."""
    weight = builder.weight(places, name, "places")
    op = kind(
        *(name, builder.data(node), weight, None),
        strides=[block, block],
        pads=[0, 0, 0, 0],
        onnx=origin(node),
    )
    op.types = typed({"weight": BIT})
    return builder.emit(op)
