"""Weights of layers: those that are quantised as integers with a type, and the scale that is left over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from split4ml.compiler.frontend.onnx_builder import Builder
from split4ml.compiler.frontend.onnx_graph import Array, Node
from split4ml.dialects.precision import Precision
from split4ml.passes.grid import Grid


@dataclass(frozen=True, eq=False)
class Weight:
    """array: what the layer computes with. element: its type, if it is quantised. scale: by which every output is to be
    multiplied then, of one element or one per output; None if it is in the array."""

    array: Array
    element: Precision | None = None
    scale: Array | None = None


_TILE = 256
"""Rows and columns that fit the cache together: copying a large matrix across its rows takes ten times as long."""


def transposed(matrix: Array) -> Array:
    """The transpose of a matrix, laid out in rows again."""
    rows, columns = matrix.shape
    result = np.empty((columns, rows), matrix.dtype)
    for row in range(0, rows, _TILE):
        for column in range(0, columns, _TILE):
            part = matrix[row : row + _TILE, column : column + _TILE]
            result[column : column + _TILE, row : row + _TILE] = part.T
    return result


def quantised_weight(builder: Builder, node: Node, index: int, array: Array, outputs: int) -> Weight:
    """A weight operand, whose axis `outputs` counts the layer's outputs.

    Powers of two go into its type. Another scale stays apart, unless it differs along other axes: then the weight is an
    ordinary one.
    """
    scaled = builder.graph.scaled.get(node.inputs[index])
    if scaled is None:
        return Weight(array)
    if scaled.is_exact:
        exact = scaled.integers * scaled.scale
        return Weight(exact.astype(np.float32), Grid.of_array(exact).element())
    scale = scaled.along(outputs)
    if scale is None:
        return Weight(array)
    return Weight(scaled.integers.astype(np.float32), Grid.of_array(scaled.integers).element(), scale)
