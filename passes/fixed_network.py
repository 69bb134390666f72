"""A whole network in fixed point, frame by frame as the firmware computes it: every layer's kernel by passes/nn_firmware.py.

Unlike passes/explain_layers.py, which checks each layer with the numbers that really arrived, this goes from the inputs to the
outputs, before there is any firmware. hls4ml's defaults are assumed for what the types do not say (tables, the latency strategy).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from xdsl.ir import SSAValue

from split4ml.dialects import nn
from split4ml.dialects.precision import Precision
from split4ml.passes import nn_numpy
from split4ml.passes.fixed.enclosure import Enclosure, Watch, fit
from split4ml.passes.nn_firmware import Kernel, NotModelled, computed
from split4ml.passes.nn_numpy import to_user
from split4ml.passes.nn_rewriting import array_of, is_constant
from split4ml.passes.weights import WeightStore

Types = Mapping[str, Mapping[str, Precision]]
"""By the operator's name, the types of what is in it."""
Values = dict[SSAValue, Enclosure]


def from_input(
    op: nn.InputOp, inputs: Mapping[str, npt.NDArray[np.floating]], precision: Precision
) -> Enclosure:
    """A user's frames as they enter the firmware."""
    array = np.asarray(inputs[op.source.data], np.float64)
    moved = array.transpose(0, *(axis + 1 for axis in op.axes)).reshape(len(array), *op.shape)
    return fit(Enclosure.of(moved), precision, "result", Watch())


def to_output(op: nn.OutputOp, values: Values) -> Enclosure:
    """Frames of an output in the user's layout."""
    return values[op.data].map(lambda x: to_user(x, op.axes, frames=1))


def layer(
    op: nn.TensorOp,
    types: Mapping[str, Precision],
    elements: Mapping[SSAValue, Precision],
    values: Values,
    weights: WeightStore,
) -> Enclosure:
    """What one operator with data makes of the values so far. elements: types of the tensors. An operator without types, or whose
    arithmetic is not modelled, is exact, but for the type of its result."""
    data = [value for value in op.operands if not is_constant(value)]
    watch = Watch()
    kernel = Kernel(types, [elements[value] for value in data], weights, watch=watch)
    if "result" not in types:
        return fit(_exact(op, values, weights), elements[op.result], "result", watch)
    try:
        return computed(op, kernel, [values[value] for value in data])
    except NotModelled:
        return fit(_exact(op, values, weights), types["result"], "result", watch)


def _exact(op: nn.TensorOp, values: Values, weights: WeightStore) -> Enclosure:
    frames = len(next(values[value].low for value in op.operands if value in values))
    constants = {value: array for value in op.operands if (array := array_of(value, weights)) is not None}
    results = []
    for frame in range(frames):
        operands = [
            values[value].low[frame] if value in values else constants[value] for value in op.operands
        ]
        results.append(nn_numpy.evaluate(op, operands))
    return Enclosure.of(np.stack(results))
