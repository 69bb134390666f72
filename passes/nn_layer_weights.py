"""Convolution weights in the forms hls4ml streams have: no groups but depthwise, no dilation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from split4ml.passes.nn_rewriting import Doubles


def spread(kernel: Doubles, dilations: Sequence[int]) -> Doubles:
    """Zeros between the taps of an output x input x kernel weight: hls4ml's line buffers ignore dilation."""
    reach = [(size - 1) * step + 1 for size, step in zip(kernel.shape[2:], dilations, strict=True)]
    wide = np.zeros((*kernel.shape[:2], *reach))
    wide[(slice(None), slice(None), *(slice(None, None, step) for step in dilations))] = kernel
    return wide


def block_diagonal(kernel: Doubles, groups: int) -> Doubles:
    """The weight of an ungrouped convolution that computes the same, with zeros between the groups."""
    filters, per_group = kernel.shape[:2]
    full = np.zeros((filters, per_group * groups, *kernel.shape[2:]))
    each = filters // groups
    for group in range(groups):
        rows = slice(group * each, (group + 1) * each)
        full[rows, group * per_group : (group + 1) * per_group] = kernel[rows]
    return full


def convolution_weights(
    kernel: Doubles, groups: int, dilations: Sequence[int], depthwise: bool = True
) -> tuple[str, Doubles]:
    """hls4ml's layer class (without its dimension), and the weight as kernel x input x output.

    A depthwise convolution, one filter per channel, has kernel x channel x 1, if there may be such layers.
    """
    kernel = spread(kernel, dilations)
    if depthwise and groups > 1 and kernel.shape[1] == 1 and kernel.shape[0] == groups:
        return "DepthwiseConv", np.moveaxis(kernel, (0, 1), (-2, -1))
    full = block_diagonal(kernel, groups) if groups > 1 else kernel
    return "Conv", np.moveaxis(full, (0, 1), (-1, -2))


def rows_of(kind: str, kernel: Sequence[int], strides: Sequence[int]) -> int:
    """How many rows hls4ml's form of a kernel of this size has: two for one row that steps over rows of an image.

    For filters of one row hls4ml takes its one-dimensional line buffer (`conv_2d_buffer_cl`, `depthwise_conv_2d_buffer_cl`), which
    knows of no rows to leave out. A filter of one element that is not depthwise has a kernel of its own, which steps.
    """
    pointwise = kind == "Conv" and tuple(kernel) == (1, 1)
    return 2 if len(strides) == 2 and kernel[0] == 1 and strides[0] > 1 and not pointwise else kernel[0]


def with_rows(
    kind: str, kernel: Doubles, strides: Sequence[int], pads: Sequence[int]
) -> tuple[Doubles, tuple[int, ...]]:
    """A kernel x input x output weight with as many rows as hls4ml needs (`rows_of`), a second one of zeros.

    The pads grow by a row at the bottom, so that there are as many windows as before.
    """
    if rows_of(kind, kernel.shape[:-2], strides) == kernel.shape[0]:
        return kernel, tuple(pads)
    return np.concatenate([kernel, np.zeros_like(kernel)]), (pads[0], pads[1], pads[2] + 1, pads[3])
