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


def convolution_weights(kernel: Doubles, groups: int, dilations: Sequence[int]) -> tuple[str, Doubles]:
    """hls4ml's layer class (without its dimension), and the weight as kernel x input x output.

    A depthwise convolution, one filter per channel, has kernel x channel x 1.
    """
    kernel = spread(kernel, dilations)
    if groups > 1 and kernel.shape[1] == 1 and kernel.shape[0] == groups:
        return "DepthwiseConv", np.moveaxis(kernel, (0, 1), (-2, -1))
    full = block_diagonal(kernel, groups) if groups > 1 else kernel
    return "Conv", np.moveaxis(full, (0, 1), (-1, -2))
